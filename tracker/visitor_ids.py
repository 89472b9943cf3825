"""Session ids for visitors who bring none."""

import hashlib
import hmac

from tracker.core.clock import Clock

DAY_S = 86_400


class AnonymousIds:
    """The same id for the same address and user agent within one UTC day, and no way back.

    The salt changes with the day, so nobody can be followed from one day to the next.
    """

    def __init__(self, secret: bytes, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def __call__(self, address: str, user_agent: str) -> str:
        day = int(self._clock.now().unix_s // DAY_S)
        text = f"{day}\n{address}\n{user_agent}"
        return hmac.digest(self._secret, text.encode(errors="replace"), hashlib.sha256).hex()[:32]
