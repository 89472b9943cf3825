"""Refusals, and the one place where they become answers."""

from collections.abc import Mapping, Sequence

import msgspec


class FieldFault(msgspec.Struct, frozen=True):
    """One wrong field and what to do about it; never repeats what was sent."""

    field: str
    message: str


class APIError(Exception):
    """A request that is answered with a failure."""

    def __init__(
        self,
        status: int,
        message: str,
        faults: Sequence[FieldFault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.faults = faults
        self.headers = headers
