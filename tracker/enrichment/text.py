"""Makes text of the outside world safe to keep and to show."""

import unicodedata

MAX_CHARACTERS = 512
_JOINERS = "\u200c\u200d"  # Persian and Indic names, and emoji, are misspelt without them
_DROPPED = frozenset({"Cc", "Cf", "Cs"})


def clean(text: str) -> str:
    """Return ``text`` on one line, without control, direction and invisible characters.

    The length is not limited here.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept = (
        " " if character.isspace() else character
        for character in text
        if character in _JOINERS or character.isspace() or unicodedata.category(character) not in _DROPPED
    )
    return " ".join("".join(kept).split())


def plain(text: str) -> str:
    """Return ``text`` as a mail program would read it: compatibility forms folded, nothing invisible."""
    folded = unicodedata.normalize("NFKC", clean(text))
    return "".join(character for character in folded if unicodedata.category(character) not in _DROPPED)
