"""Which passwords are taken. Length counts; no rule asks for signs or digits."""

import unicodedata
from pathlib import Path

MIN_CHARACTERS = 8
MAX_CHARACTERS = 256
COMMON = Path(__file__).with_name("common_passwords.txt")
DECORATION = 4
"""A common word with up to so many digits and signs around it is common too."""
OWN_WORDS = frozenset({"tracker", "trackertracker", "visitors", "dashboard"})


def faults_of(password: str, email: str) -> list[str]:
    """Return what is wrong with ``password`` for the user ``email``; empty when nothing is.

    Reads the list of common passwords, some milliseconds: call it off the event loop.
    """
    if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        return [f"must have {MIN_CHARACTERS} to {MAX_CHARACTERS} characters"]
    if any(unicodedata.category(character) in ("Cs", "Cc") for character in password):
        return ["must not hold control characters"]
    plain = normal(password).casefold()
    account = email.casefold()
    if plain in (account, account.partition("@")[0]) or _core(plain) in OWN_WORDS:
        return ["must not be the e-mail address or the name of this service"]
    if len(set(plain)) < 3 or _is_common(plain):
        return ["is one of those that everybody tries first"]
    return []


def normal(password: str) -> str:
    """Return one form for what looks the same, so that any keyboard can type it (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def _core(plain: str) -> str:
    return plain.strip("0123456789!?.*#$-_ ")


def _is_common(plain: str) -> bool:
    # Read each time: passwords are set rarely, and the words would take 2 MB for ever.
    core = _core(plain)
    words = {plain, core} if len(plain) - len(core) <= DECORATION else {plain}
    with COMMON.open(encoding="utf-8") as lines:
        return any(line.rstrip("\n") in words for line in lines if not line.startswith("#"))
