"""A bot's updates: retention, offsets and long polls. Webhooks take over from here."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from .clock import Clock
from .errors import ApiError, Json
from .ledger import Ledger

# Seconds that Telegram keeps an update; counted from the message's date where it has one.
KEPT = {"callback_query": 150, "inline_query": 30, "chosen_inline_result": 600}
KEPT_OTHERWISE = 24 * 3600
NOT_BY_DEFAULT = frozenset(("chat_member", "message_reaction", "message_reaction_count"))
CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
LONGEST_POLL = 50.0
FUTURE_OFFSET = 10


@dataclass(slots=True)
class Entry:
    """An update that waits; `lane` is the queue that a webhook keeps in order."""

    update_id: int
    kind: str
    lane: tuple[str, int]
    text: bytes
    expires: float
    handed_out: bool = False
    # A repeated update older than what was acknowledged: it goes once and is forgotten then.
    late: bool = False


class Updates:
    def __init__(self, clock: Clock, ledger: Ledger, first_id: int) -> None:
        self._clock = clock
        self._ledger = ledger
        self.entries: deque[Entry] = deque()
        self.next_id = first_id
        self.acknowledged = first_id - 1
        self.allowed: frozenset[str] | None = None
        self.divert: Callable[[Entry], None] | None = None
        self._poll: asyncio.Future[None] | None = None
        # Injected updates may stand out of order in the queue.
        self._irregular = False
        self._next_expiry = float("inf")
        self._last_offset: tuple[int, float] = (-1, 0.0)

    def wants(self, kind: str) -> bool:
        return kind in self.allowed if self.allowed is not None else kind not in NOT_BY_DEFAULT

    def allow(self, kinds: list[str]) -> None:
        """Telegram remembers the list; an empty one means the default again."""
        self.allowed = frozenset(kinds) if kinds else None

    def push(self, kind: str, payload: Json, lane: tuple[str, int]) -> None:
        """Queue an update as it is now; later changes of the payload do not reach it."""
        if not self.wants(kind):
            return
        update_id = self.next_id
        text = dump({"update_id": update_id, kind: payload})
        date = payload.get("edit_date") or payload.get("date") or self._clock.now()
        if kind in KEPT:
            date = self._clock.now()
        self._queue(Entry(update_id, kind, lane, text, date + KEPT.get(kind, KEPT_OTHERWISE)))

    def inject(self, update: Any, text: bytes, copies: int = 1) -> int:
        """Queue an update that a test made, of whatever shape; returns the id it counts as."""
        given = update.get("update_id") if isinstance(update, dict) else None
        update_id = self.next_id
        if isinstance(given, int) and not isinstance(given, bool) and 0 < given < 2**31:
            update_id = given
        kind = next((key for key in update if key != "update_id"), "") if isinstance(update, dict) else ""
        lane = ("chat", _chat_id(update))
        late = update_id <= self.acknowledged
        self._irregular = self._irregular or update_id < self.next_id
        for _ in range(copies):
            expires = self._clock.now() + KEPT_OTHERWISE
            self._queue(Entry(update_id, kind, lane, text, expires, late=late))
        return update_id

    def _queue(self, entry: Entry) -> None:
        self.next_id = max(self.next_id, entry.update_id + 1)
        self._ledger.add("update", update_id=entry.update_id, update=entry.kind)
        if self.divert is not None:
            self.divert(entry)
            return
        self.entries.append(entry)
        self._next_expiry = min(self._next_expiry, entry.expires)
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)

    async def poll(self, offset: int, limit: int, seconds: float, gone: asyncio.Event) -> list[Entry]:
        """Forget what `offset` acknowledges, then the oldest updates, waiting `seconds` for one.

        `gone` is set when the caller has hung up. Raises 409 when another poll takes over.
        """
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(ApiError(409, CONFLICT))
        limit = self._hasty(offset, limit)
        self._acknowledge(offset)
        ready = self._oldest(limit)
        if not ready and seconds > 0:
            await self._wait(min(seconds, LONGEST_POLL), gone)
            ready = [] if gone.is_set() else self._oldest(limit)
        for entry in ready:
            entry.handed_out = True
        return ready

    async def _wait(self, seconds: float, gone: asyncio.Event) -> None:
        self._poll = asyncio.get_running_loop().create_future()
        poll = self._poll
        hung_up = asyncio.ensure_future(gone.wait())
        done, _ = await asyncio.wait((poll, hung_up), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        hung_up.cancel()
        if poll in done:
            poll.result()
        else:
            poll.cancel()

    def _hasty(self, offset: int, limit: int) -> int:
        """Telegram hands out one update to a caller that repeats an offset within half a second."""
        last_offset, at = self._last_offset
        now = self._clock.now()
        self._last_offset = (offset, now)
        return 1 if offset == last_offset and now - at < 0.5 else limit

    def _acknowledge(self, offset: int) -> None:
        if offset < 0:
            keep = max(0, len(self.entries) + offset)
            offset = self.entries[keep].update_id if keep < len(self.entries) else 0
        if offset <= 0 or offset > self.next_id + FUTURE_OFFSET:
            return
        self.acknowledged = max(self.acknowledged, offset - 1)
        forgotten = 0
        while self.entries and self._settled(self.entries[0], offset):
            self.entries.popleft()
            forgotten += 1
        if self._irregular:
            kept = [entry for entry in self.entries if not self._settled(entry, offset)]
            forgotten += len(self.entries) - len(kept)
            self.entries = deque(kept)
            self._irregular = bool(kept)
        if forgotten:
            self._ledger.add("ack", offset=offset, forgotten=forgotten)

    def _settled(self, entry: Entry, offset: int) -> bool:
        return entry.update_id < offset and (entry.handed_out or not entry.late)

    def _oldest(self, limit: int) -> list[Entry]:
        self.expire()
        return [entry for entry, _ in zip(self.entries, range(limit), strict=False)]

    def expire(self) -> None:
        """Drop what Telegram would have dropped by now."""
        now = self._clock.now()
        if now < self._next_expiry:
            return
        for entry in self.entries:
            if entry.expires <= now:
                self._ledger.add("expired", update_id=entry.update_id, update=entry.kind)
        self.entries = deque(entry for entry in self.entries if entry.expires > now)
        self._next_expiry = min((entry.expires for entry in self.entries), default=float("inf"))

    def drop_all(self) -> None:
        self.entries.clear()

    def wake(self) -> None:
        """End the poll under way, empty-handed (the connection is about to be cut)."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)


def _chat_id(update: Any) -> int:
    if isinstance(update, dict):
        for part in update.values():
            if isinstance(part, dict) and isinstance(chat := part.get("chat"), dict):
                chat_id = chat.get("id")
                return chat_id if isinstance(chat_id, int) else 0
    return 0


def dump(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
