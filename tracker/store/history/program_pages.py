"""Pages of program files that nobody uses now."""

import ctypes
import logging
import re
from pathlib import Path

log = logging.getLogger(__name__)

MAPPINGS = Path("/proc/self/maps")
MAPPINGS_IN_DETAIL = Path("/proc/self/smaps")
MADV_DONTNEED = 4

_READ_ONLY = re.compile(r"^(([0-9a-f]+)-([0-9a-f]+) r-[-x]p .* /.*)$((?:\n[A-Z]\w+:.*)*)", re.MULTILINE)
_UNCHANGED = re.compile(r"^(?:Anonymous|Swap): +0 kB$", re.MULTILINE)


class ProgramPages:
    """Of the program files that are mapped when this is made.

    Opening a history, or a batch for it, runs through half of a program of 50 MB, of which a
    service that nobody talks to uses nothing, and of others little. These pages are never more
    than a copy of the file, which the system could take back at any time.
    """

    def __init__(self) -> None:
        # Whatever the loader has changed in a file's page would be lost: only what is as in the file.
        self._unchanged = {
            mapping: (int(start, 16), int(end, 16) - int(start, 16))
            for mapping, start, end, details in _READ_ONLY.findall(_text_of(MAPPINGS_IN_DETAIL))
            if len(_UNCHANGED.findall(details)) == len(("Anonymous", "Swap"))
        }

    def give_back(self) -> int:
        """Give the pages back to the system and return how many bytes were mapped.

        Takes some 5 ms; what is used again comes back by itself, from the file, in 10 ms in all.
        Of mappings that stand as they stood only: what is being loaded looks otherwise for a moment.
        0 where there is no ``/proc``.
        """
        given = 0
        for mapping in self._unchanged.keys() & _text_of(MAPPINGS).splitlines():
            start, size = self._unchanged[mapping]
            if ctypes.CDLL(None).madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), MADV_DONTNEED) == 0:
                given += size
        return given


def _text_of(file: Path) -> str:
    try:
        return file.read_text()
    except OSError as error:
        log.debug("program pages are kept: %s", error)
        return ""
