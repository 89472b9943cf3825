"""Text from outside: what may be kept, shown and compared.

Free text is repaired (``clean``), because a visitor's odd page title is no
reason to lose the event. Identifiers are not (``is_identifier``): repairing one
would silently make two visitors one.
"""

import re
from unicodedata import is_normalized

REPLACEMENT = "\ufffd"

_SURROGATES = range(0xD800, 0xE000)
_SPACES = (0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029)
_CONTROLS = (*range(0x01, 0x20), *range(0x7F, 0xA0))
_BIDI = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))

_REPAIRS: dict[int, str] = {
    **dict.fromkeys((*_CONTROLS, *_BIDI), ""),
    **dict.fromkeys(_SPACES, " "),
    **dict.fromkeys((0x00, *_SURROGATES), REPLACEMENT),
}
_HARMFUL = re.compile("[" + "".join(f"\\U{code:08x}" for code in _REPAIRS) + "]")


def clean(text: str, limit: int) -> str:
    """Return the first ``limit`` characters of ``text``, made safe to store and show.

    NUL and lone surrogates become U+FFFD, which shows that something was there;
    line breaks and tabs become a space; other control characters and bidirectional
    overrides and isolates are taken out. Linear in ``limit``, not in ``text``.
    """
    text = text[:limit]
    if text.isprintable() or not _HARMFUL.search(text):
        return text
    return text.translate(_REPAIRS)


def is_identifier(text: str, limit: int) -> bool:
    """Tell whether ``text`` can be an id, a key or a name: see ``identifier_problem``."""
    return identifier_problem(text, limit) is None


def identifier_problem(text: str, limit: int) -> str | None:
    """Return why ``text`` cannot be an identifier of at most ``limit`` characters, or ``None``.

    Identifiers are compared as they are, so whatever looks like another one is
    refused: control, surrogate, bidirectional, zero-width and unassigned
    characters, spaces other than U+0020, spaces at the ends, and what is not in
    Unicode normal form C. The reason never repeats the text.
    """
    if not text:
        return "must not be empty"
    if len(text) > limit:
        return f"must have at most {limit} characters"
    if not text.isprintable():
        return "must not hold control, invisible or unassigned characters"
    if text[0] == " " or text[-1] == " ":
        return "must not begin or end with a space"
    if not text.isascii() and not is_normalized("NFC", text):
        return "must be in Unicode normal form C"
    return None
