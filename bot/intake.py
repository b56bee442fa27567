"""The intake: what Telegram hands us is stored and committed before it is acknowledged."""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

import orjson

from bot.gateway import Gateway
from models import inbox
from models.base import clean
from models.database import Begin, is_outage
from models.delivery import Fate

log = logging.getLogger(__name__)

#: Every kind of update that we handle; what is not named here Telegram does not send.
ALLOWED_UPDATES = [
    "message",
    "edited_message",
    "callback_query",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "message_reaction",
]
POLL_SECONDS = 25
#: A poll that takes longer than this has stalled and is begun anew.
WATCHDOG_SECONDS = POLL_SECONDS + 15
CONFLICT_SECONDS = 3.0
#: When Telegram does not answer: customers should not wait much longer than its outage lasts (seconds).
LONGEST_WAIT = 3.0
#: An empty answer that came sooner means that the server does not wait; asking on at once would only burn time.
EARLY_SECONDS = 0.2
MOST_UPDATE_ID = 2**62


class Intake:
    """Stores updates, those that arrive together in one transaction."""

    def __init__(self, begin: Begin, on_stored: Callable[[], None]) -> None:
        """`begin` begins a unit of work; `on_stored` is called after each commit."""
        self._begin = begin
        self._on_stored = on_stored
        self._queue: asyncio.Queue[tuple[list[dict[str, Any]], asyncio.Future[None]]] = asyncio.Queue()

    async def keep(self, updates: list[Any]) -> None:
        """Store raw updates; returns after the commit, raises what the database raised."""
        async with self._begin() as work:
            await inbox.store(work, [inbox_row(update) for update in updates])
        self._on_stored()

    async def keep_one(self, body: bytes) -> None:
        """Store one update from a webhook, together with others that wait for the same commit."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self._queue.put(([inbox_row(_parsed(body))], done))
        await done

    async def run(self) -> None:
        """Commit, for ever, what `keep_one` was given."""
        while True:
            waiting = [await self._queue.get()]
            while not self._queue.empty() and len(waiting) < 100:
                waiting.append(self._queue.get_nowait())
            error: Exception | None = None
            try:
                async with self._begin() as work:
                    await inbox.store(work, [row for rows, _ in waiting for row in rows])
                self._on_stored()
            except Exception as failure:  # whatever it is, whoever waits must not be told that it is stored
                error = failure
            for _, done in waiting:
                if done.cancelled():
                    continue
                if error:
                    done.set_exception(error)
                else:
                    done.set_result(None)


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            return {"unreadable": {"text": body.decode("utf-8", "replace")}}


def inbox_row(update: Any) -> dict[str, Any]:
    """An update as an inbox row: its id, its lane, and its text exactly as JSON."""
    try:
        raw = orjson.dumps(update).decode()
    except (TypeError, ValueError):  # lone surrogates, integers beyond 64 bits
        raw = json.dumps(update)
    update_id = update.get("update_id") if isinstance(update, dict) else None
    if isinstance(update_id, bool) or not isinstance(update_id, int) or not 0 <= update_id < MOST_UPDATE_ID:
        update_id = None
    return {"update_id": update_id, "lane": clean(lane_of(update)), "raw": raw}


def lane_of(update: Any) -> str:
    """What must stay in order: a private chat, or a topic of a group."""
    if not isinstance(update, dict):
        return "?"
    found = next((value for key, value in update.items() if key != "update_id"), None)
    if not isinstance(found, dict):
        return "?"
    nested = found.get("message")
    message = nested if isinstance(nested, dict) else found
    chat = message.get("chat")
    chat_id = chat.get("id") if isinstance(chat, dict) else None
    if chat_id is None:
        sender = found.get("from") or found.get("user")
        chat_id = sender.get("id") if isinstance(sender, dict) else "?"
    thread = message.get("message_thread_id") if message.get("is_topic_message") else None
    return f"{chat_id}:{thread}"[:64] if thread else str(chat_id)[:64]


class Poller:
    """Long polling: the offset moves only past what is committed."""

    def __init__(self, gateway: Gateway, intake: Intake) -> None:
        self._gateway = gateway
        self._intake = intake
        self._offset = 0
        self.last_answer = 0.0  # seconds of the loop's clock: when Telegram last answered a poll

    async def run(self) -> None:
        """Poll for ever."""
        failures = 0
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                async with asyncio.timeout(WATCHDOG_SECONDS):
                    outcome = await self._gateway.updates_from(self._offset, POLL_SECONDS, ALLOWED_UPDATES)
            except TimeoutError:
                log.warning("a poll stalled for %d s; the connection is made anew", WATCHDOG_SECONDS)
                await self._gateway.reconnect()
                continue
            if outcome.fate is Fate.SENT:
                failures = 0
                self.last_answer = loop.time()
                await self._keep(outcome.result)
                if not outcome.result and self.last_answer - began < EARLY_SECONDS:
                    await asyncio.sleep(EARLY_SECONDS)
                continue
            failures += 1
            await self._wait_out(outcome.detail, outcome.retry_after, failures)

    async def _keep(self, updates: Any) -> None:
        if not isinstance(updates, list) or not updates:
            return
        while True:
            try:
                await self._intake.keep(updates)
                break
            except Exception as error:
                if not is_outage(error):
                    raise
                log.warning("updates cannot be stored (%s) and stay with Telegram", type(error).__name__)
                await asyncio.sleep(1)
        ids = [row["update_id"] for row in map(inbox_row, updates) if row["update_id"] is not None]
        # Not the highest ever: after a quiet week Telegram may count anew, from below.
        self._offset = max(ids, default=self._offset - 1) + 1

    async def _wait_out(self, detail: str, retry_after: float, failures: int) -> None:
        if detail.startswith("409"):
            log.warning("another process polls for this bot, or a webhook is set; waiting for it to end (%s)", detail)
            await asyncio.sleep(CONFLICT_SECONDS)
            return
        seconds = retry_after or min(LONGEST_WAIT, 0.25 * 2.0 ** min(failures, 6))
        log.warning("Telegram cannot be polled (%s); again in %g s", detail, seconds)
        if failures % 5 == 0:
            await self._gateway.reconnect()
        await asyncio.sleep(seconds)
