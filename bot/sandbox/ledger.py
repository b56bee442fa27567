"""The ledger, an append-only record of what happened, and the live stream of the same."""

import asyncio
import contextlib
import time
from typing import Any

from .errors import Json


class Ledger:
    """Entries `{n, t, kind, ...}`; `t` is the machine's monotonic clock, in seconds."""

    def __init__(self) -> None:
        self.entries: list[Json] = []
        self.counts: dict[str, int] = {}
        self.last_activity = time.monotonic()
        self.news = 0  # grows with whatever happens
        self._listeners: set[asyncio.Queue[Json]] = set()
        self._awaited = asyncio.Event()

    def add(self, kind: str, **facts: Any) -> Json:
        """Append an entry; a call's entry is completed by its caller when the answer is known."""
        entry: Json = {"n": len(self.entries) + 1, "t": time.monotonic(), "kind": kind, **facts}
        self.entries.append(entry)
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self._tell()
        return entry

    def violation(self, reason: str, **facts: Any) -> None:
        """Something that a well-behaved bot never does."""
        entry = self.add("violation", reason=reason, **facts)
        self.publish("violation", entry)

    def count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1

    def select(self, since: int = 0, method: str | None = None, kind: str | None = None) -> list[Json]:
        """Entries with n > since, oldest first."""
        entries = self.entries[since:]
        if kind is not None:
            entries = [entry for entry in entries if entry["kind"] == kind]
        if method is not None:
            entries = [entry for entry in entries if entry.get("method") == method]
        return entries

    def publish(self, event: str, data: Json) -> None:
        """Hand an event to everyone who watches the stream."""
        self._tell()
        for listener in self._listeners:
            listener.put_nowait({"event": event, **data})

    def _tell(self) -> None:
        self.news += 1
        self._awaited.set()
        self._awaited = asyncio.Event()

    async def news_after(self, seen: int, seconds: float) -> None:
        """Wait until something has happened since `news` was `seen`, or that long."""
        if self.news <= seen:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._awaited.wait(), seconds)

    @property
    def watched(self) -> bool:
        return bool(self._listeners)

    def listen(self) -> asyncio.Queue[Json]:
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self._listeners.add(queue)
        return queue

    def forget(self, queue: asyncio.Queue[Json]) -> None:
        self._listeners.discard(queue)
