"""The sandbox's own clock, which a test may move forward."""

import asyncio
import time


class Clock:
    """Seconds since 1970, never running backwards."""

    def __init__(self) -> None:
        self._start = time.time() - time.monotonic()
        self._moved = asyncio.Event()

    def now(self) -> float:
        return self._start + time.monotonic()

    def unix(self) -> int:
        return int(self.now())

    def advance(self, seconds: float) -> None:
        self._start += seconds
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Wait until this clock, not the wall's, is `seconds` further."""
        due = self.now() + seconds
        while (left := due - self.now()) > 0:
            try:
                await asyncio.wait_for(self._moved.wait(), left)
            except TimeoutError:
                return
