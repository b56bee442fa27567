"""The worker: inbox rows to use cases, many in one transaction, each as if it were alone.

A batch is one unit of work for speed. When any update of it fails, all of it is rolled back and every update is
done again in a unit of work of its own, by the same code; so the rare path is the common one with a batch of one.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import orjson
from telegram import Update
from telegram.ext import Application

from bot.gateway import Gateway
from handlers import DOORS, delivery, follow_up, staff
from handlers.doors import STAFF_PLACES, Errand, NotYet, Place, current
from handlers.locating import locate
from models import inbox
from models.base import clean
from models.database import Begin, is_outage
from models.prefetching import prefetch
from models.work import Work

log = logging.getLogger(__name__)

BATCH = 100
#: Seconds before the second, third and fourth try of an update that failed; then it is dead.
RETRY_SECONDS = (0.2, 1.0, 3.0)
LOOK_AGAIN_SECONDS = 0.5
#: After a batch that was not full: what it said is to go out before we hold up the sender with another look.
SOON_SECONDS = 0.05
NOT_YET_SECONDS = 0.5


class Unreadable(Exception):
    """An update that the library cannot read: trying again is of no use before an upgrade."""


class Failed(Exception):
    """A handler raised; `row` is the inbox row, the cause is the error."""

    def __init__(self, row: Any) -> None:
        super().__init__(f"inbox {row.id}")
        self.row = row


class Worker:
    """Handles what the inbox holds until it is stopped. `wake` is called by whoever stored something."""

    def __init__(
        self,
        begin: Begin,
        application: Application[Any, Any, Any, Any, Any, Any],
        gateway: Gateway,
        on_said: Callable[[], None],
    ) -> None:
        """`begin` begins a unit of work; `on_said` is called after a commit that left rows for the sender."""
        self._begin = begin
        self._application = application
        self._gateway = gateway
        self._on_said = on_said
        self._woken = asyncio.Event()
        self._calls: set[asyncio.Task[Any]] = set()
        application.add_handlers(list(DOORS))
        application.add_error_handler(_record_error)

    def wake(self) -> None:
        """Something was stored."""
        self._woken.set()

    async def run(self) -> None:
        """Handle updates for ever."""
        while True:
            self._woken.clear()
            seconds = LOOK_AGAIN_SECONDS
            try:
                taken = await self.batch()
                if taken >= BATCH:
                    continue
                if taken:
                    seconds = SOON_SECONDS
            except Exception as error:
                if not is_outage(error):
                    raise
                log.warning("the database cannot be written (%s); updates wait in it", type(error).__name__)
                seconds = 1.0
            try:
                async with asyncio.timeout(seconds):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def batch(self) -> int:
        """Handle the oldest waiting updates; returns how many were taken up."""
        try:
            return await self._take(BATCH)
        except Failed as failed:
            log.info("%s failed; its batch is done again one by one: %r", failed, failed.__cause__)
        taken = 0
        while taken < BATCH:
            try:
                took = await self._take(1)
            except Failed as failed:
                await self._record_failure(failed)
                took = 1
            if not took:
                break
            taken += took
        return taken

    async def _take(self, limit: int) -> int:
        """Handle up to `limit` updates in one unit of work; raises Failed, with nothing done, when one fails."""
        rows: Sequence[Any] = ()
        try:
            async with self._begin() as work:
                rows = await inbox.claim(work, limit)
                updates = [(row, _read(row.raw)) for row in rows]
                users = [user_id for _, raw in updates if (user_id := _user_id(raw)) is not None]
                messages = [each for _, raw in updates if isinstance(each := raw.get("message"), dict)]
                await prefetch(work, users, messages)
                done = [row.id for row, raw in updates if await self._settled(work, row, raw)]
                if done:
                    await inbox.finish(work, done)
        except (Failed, OSError):
            raise
        except Exception as error:
            # The commit itself failed, by the fault of no row in particular, or of one that we cannot name.
            if is_outage(error) or not rows:
                raise
            raise Failed(rows[0]) from error
        if work.said:
            self._on_said()
        for method, params in work.calls:
            task = asyncio.create_task(self._gateway.call(method, params))
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)
        return len(rows)

    async def _settled(self, work: Work, row: Any, raw: dict[str, Any]) -> bool:
        """Handle one row; False when it is not done but dead or put off."""
        work.age = work.real_now - row.received_at
        try:
            await self._handle(work, raw)
        except NotYet:
            until = work.real_now + timedelta(seconds=NOT_YET_SECONDS)
            await inbox.postpone(work, row.id, until, row.attempts, None)
            return False
        except Unreadable as error:
            log.warning("inbox %d cannot be read: %s", row.id, error)
            await inbox.bury(work, row.id, str(error))
            await delivery.hand_over_raw(work, raw)
            return False
        except Exception as error:
            if is_outage(error):
                raise
            raise Failed(row) from error
        return True

    async def _handle(self, work: Work, raw: dict[str, Any]) -> None:
        try:
            update = Update.de_json(raw, self._application.bot)
        except Exception as error:
            raise Unreadable(f"{type(error).__name__}: {error}") from error
        if _placeless(raw):
            raise Unreadable("a message without a chat")  # which the library lets pass
        place = await locate(work, raw)
        if _is_word_of_staff(place):
            await staff.enrol(work, place)
        errand = Errand(work, place, self._application.bot.username)
        current.set(errand)
        await self._application.process_update(update)
        if errand.error is not None:
            raise errand.error
        await follow_up(work)

    async def _record_failure(self, failed: Failed) -> None:
        """Put the update off, or after the last try bury it and hand its words to staff as they came."""
        row, error = failed.row, failed.__cause__
        attempts = row.attempts + 1
        log.error("inbox %d failed (try %d)", row.id, attempts, exc_info=error)
        async with self._begin() as work:
            if attempts <= len(RETRY_SECONDS):
                until = work.real_now + timedelta(seconds=RETRY_SECONDS[attempts - 1])
                await inbox.postpone(work, row.id, until, attempts, repr(error))
            else:
                await inbox.bury(work, row.id, repr(error))
                await delivery.hand_over_raw(work, _read(row.raw))
        self._on_said()


async def _record_error(_update: object, context: Any) -> None:
    """The library swallows what handlers raise; we want it back."""
    current.get().error = context.error


def _placeless(raw: dict[str, Any]) -> bool:
    words = (raw.get("message"), raw.get("edited_message"))
    return any(isinstance(each, dict) and not isinstance(each.get("chat"), dict) for each in words)


def _is_word_of_staff(place: Place) -> bool:
    return place.where in STAFF_PLACES and place.what == "message" and not place.second_hand and place.has_words


def _read(raw: str) -> dict[str, Any]:
    """The update, with text that databases and Telegram take; what is no object is wrapped in one."""
    try:
        found = orjson.loads(raw)
        dirty = "\\u0000" in raw
    except orjson.JSONDecodeError:
        dirty = True
        try:
            found = json.loads(raw)
        except ValueError:
            found = {"unreadable": {"text": raw[:1000]}}
    if not isinstance(found, dict):
        found = {"unreadable": {"text": raw[:1000]}}
    cleaned: dict[str, Any] = _cleaned(found) if dirty else found
    return cleaned


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): _cleaned(item) for key, item in value.items()}
    return value


def _user_id(raw: dict[str, Any]) -> int | None:
    """Who sent the update, for fetching beforehand; None where that is not plain."""
    for key, value in raw.items():
        sender = (value.get("from") or value.get("user")) if key != "update_id" and isinstance(value, dict) else None
        if isinstance(sender, dict):
            user_id = sender.get("id")
            if isinstance(user_id, int) and not isinstance(user_id, bool) and abs(user_id) < 2**53:
                return user_id
    return None
