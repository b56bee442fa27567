"""Webhook delivery: in order and one at a time within a queue, with Telegram's retries."""

import asyncio
from collections import deque
from typing import Any

import aiohttp
import orjson

from .updates import Entry
from .world import Bot, World

TIMEOUT = 60.0
LONGEST_PAUSE = 60.0
LONGEST_RETRY_AFTER = 3600.0
GONE_SECONDS = 23 * 3600


class Webhook:
    """Sends a bot's updates to its URL until they are taken or too old."""

    def __init__(self, world: World, bot: Bot, url: str, secret: str, connections: int) -> None:
        self._world = world
        self._bot = bot
        self.url = url
        self._secret = secret
        self.connections = connections
        self.last_error_date = 0
        self.last_error_message = ""
        self._lanes: dict[tuple[str, int], deque[Entry]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(connections)
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        self._gone_since: float | None = None

    @property
    def pending(self) -> int:
        return sum(len(lane) for lane in self._lanes.values())

    def take_over(self) -> None:
        """Deliver what waits and everything that comes."""
        updates = self._bot.updates
        waiting, updates.entries = updates.entries, deque()
        updates.divert = self._add
        for entry in waiting:
            self._add(entry)

    def give_back(self) -> None:
        """Stop; what was not taken waits for long polls."""
        for task in self._tasks:
            task.cancel()
        updates = self._bot.updates
        updates.divert = None
        left = [entry for lane in self._lanes.values() for entry in lane]
        updates.entries.extend(sorted(left, key=lambda entry: entry.update_id))
        self._lanes.clear()
        _spawn(self.close())

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    def _add(self, entry: Entry) -> None:
        lane = self._lanes.get(entry.lane)
        if lane is not None:
            lane.append(entry)
            return
        self._lanes[entry.lane] = deque((entry,))
        task = asyncio.get_running_loop().create_task(self._drain(entry.lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, name: tuple[str, int]) -> None:
        lane = self._lanes[name]
        failures = 0
        while lane:
            entry = lane[0]
            if entry.expires <= self._world.clock.now():
                self._world.ledger.add("expired", update_id=entry.update_id, update=entry.kind)
                lane.popleft()
                continue
            pause = await self._deliver(entry, failures)
            if pause is None:
                lane.popleft()
                failures = 0
            else:
                failures += 1
                await self._world.clock.sleep(pause)
        del self._lanes[name]

    async def _deliver(self, entry: Entry, failures: int) -> float | None:
        """Try once; None when it was taken, else the seconds until the next try."""
        headers = {"Content-Type": "application/json"}
        if self._secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self._secret
        status, retry_after, body = 0, "", b""
        entry.handed_out = True
        async with self._slots:
            try:
                async with self._session.post(self.url, data=entry.text, headers=headers) as answer:
                    status, retry_after = answer.status, answer.headers.get("Retry-After", "")
                    body = await answer.read()
                taken = 200 <= status < 300
                error = "" if taken else f"Wrong response from the webhook: {status} {answer.reason}"
            except (aiohttp.ClientError, TimeoutError, OSError) as failure:
                error = "Connection timed out" if isinstance(failure, TimeoutError) else "Connection refused"
        ledger, facts = self._world.ledger, {"status": status, "ok": not error, "failures": failures}
        ledger.add("webhook", update_id=entry.update_id, **facts)
        if not error:
            self._gone_since = None
            await self._obey(body)
            return None
        self.last_error_date, self.last_error_message = self._world.clock.unix(), error
        self._count_gone(status)
        return _pause(failures, retry_after)

    async def _obey(self, body: bytes) -> None:
        """Telegram carries out a call that it finds in an answer; a well-made bot answers nothing."""
        try:
            given = orjson.loads(body) if body else None
        except orjson.JSONDecodeError:
            return
        if not isinstance(given, dict) or "method" not in given:
            return
        method = str(given.pop("method"))
        self._world.ledger.violation("webhook_answer_body", method=method)
        await self._world.execute(self._bot, method, given)

    def _count_gone(self, status: int) -> None:
        """410 for 23 hours removes the webhook."""
        now = self._world.clock.now()
        if status != 410:
            self._gone_since = None
        elif self._gone_since is None:
            self._gone_since = now
        elif now - self._gone_since >= GONE_SECONDS and self._bot.webhook is self:
            self._bot.webhook = None
            self.give_back()


def _pause(failures: int, retry_after: str) -> float:
    if retry_after.isdigit():
        return min(float(retry_after), LONGEST_RETRY_AFTER)
    return 0.0 if failures == 0 else min(2.0**failures, LONGEST_PAUSE)


_closing: set[asyncio.Task[None]] = set()


def _spawn(work: Any) -> None:
    task = asyncio.get_running_loop().create_task(work)
    _closing.add(task)
    task.add_done_callback(_closing.discard)
