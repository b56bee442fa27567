"""The worker: inbox rows to use cases, many in one transaction, each as if it were alone.

A batch is one unit of work for speed. When an update of it fails or is refused, all of it is rolled back; those
before it are done again together, and it in a unit of work of its own, by the same code. So a refused deed leaves
nothing, whatever it did before it refused; the refusal is then said in a work that does nothing else.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import orjson
from telegram import Bot, Update

from bot.gateway import Gateway
from bot.standings import Asking, Standings
from handlers import delivery
from handlers.chat import entrance
from handlers.chat.locating import threads_of
from handlers.refusals import AskFirst, NotYet, Refusal
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


class Stopped(Exception):
    """An update that cannot share its unit of work with others; `before` says how many of the batch precede it.

    It is not `certain` that it is this one's fault where the commit failed.
    """

    certain = True

    def __init__(self, row: Any, before: int) -> None:
        super().__init__(f"inbox {row.id}: {type(self).__name__.lower()}")
        self.row = row
        self.before = before


class Failed(Stopped):
    """A use case raised what nobody foresaw: the cause."""


class Waits(Stopped):
    """What it builds on has not arrived, or Telegram must be asked first."""


class Refused(Stopped):
    """Its deed was refused, politely."""

    def __init__(self, row: Any, before: int, refusal: Refusal) -> None:
        super().__init__(row, before)
        self.refusal = refusal


class Worker:
    """Handles what the inbox holds until it is stopped. `wake` is called by whoever stored something."""

    def __init__(self, begin: Begin, bot: Bot, gateway: Gateway, on_said: Callable[[], None]) -> None:
        """`begin` begins a unit of work; `on_said` is called after a commit that left rows for the sender."""
        self._begin = begin
        self._bot = bot
        self._gateway = gateway
        self.asking = Asking(begin, Standings(begin, gateway), self._asked)
        self._on_said = on_said
        self._limit = BATCH
        self._woken = asyncio.Event()
        self._calls: set[asyncio.Task[Any]] = set()

    def wake(self) -> None:
        """Something was stored."""
        self._woken.set()

    async def run(self) -> None:
        """Handle updates for ever."""
        while True:
            self._woken.clear()
            seconds = LOOK_AGAIN_SECONDS
            try:
                limit = self._limit
                taken = await self.batch()
                if taken >= limit or self._limit < limit:
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
        """Handle the oldest waiting updates; returns how many were taken up.

        Where one stops the others, the next batches are smaller: what stops them seldom comes alone.
        """
        try:
            taken = await self._take(self._limit)
        except Stopped as stop:
            log.info("%s; those before it are done again, then it by itself", stop)
            self._limit = max(1, self._limit // 4)
            return await self._again(stop)
        self._limit = min(BATCH, 2 * self._limit)
        return taken

    async def _again(self, stop: Stopped) -> int:
        """All was rolled back: do those before the one that stopped us, then that one in a work of its own."""
        if stop.before == 0 and stop.certain:  # nothing that it could have been the fault of
            await self._follow(stop)
            return 1
        taken = 0
        if stop.before:
            try:
                taken = await self._take(stop.before)
            except Stopped as earlier:
                return await self._again(earlier)
        return taken + await self._take_one()

    async def _take_one(self) -> int:
        """Handle the next update by itself, whatever becomes of it; returns whether there was one."""
        try:
            return await self._take(1)
        except Stopped as stop:
            await self._follow(stop)
        return 1

    async def _follow(self, stop: Stopped) -> None:
        """What follows where an update was stopped by itself."""
        match stop:
            case Refused():
                await self._say_no(stop)
            case Waits():
                await self._put_off(stop)
            case Failed():
                await self._record_failure(stop)

    async def _take(self, limit: int) -> int:
        """Handle up to `limit` updates in one unit of work; raises Stopped, with nothing done, when one stops it."""
        rows: Sequence[Any] = ()
        try:
            async with self._begin() as work:
                rows = await inbox.claim(work, limit)
                updates = [(row, _read(row.raw)) for row in rows]
                raws = [raw for _, raw in updates]
                users = [user_id for raw in raws if (user_id := _user_id(raw)) is not None]
                threads, names = threads_of(raws)
                await prefetch(work, users, threads, names)
                done = []
                for before, (row, raw) in enumerate(updates):
                    if await self._settled(work, row, raw, before):
                        done.append(row.id)
                if done:
                    await inbox.finish(work, done)
        except (Stopped, OSError):
            raise
        except Exception as error:
            # The commit itself failed, by the fault of no row in particular, or of one that we cannot name.
            if is_outage(error) or not rows:
                raise
            failed = Failed(rows[0], 0)
            failed.certain = len(rows) == 1
            raise failed from error
        self._went_well(work)
        return len(rows)

    def _went_well(self, work: Work) -> None:
        """After a commit: what was said is sent, and calls that answer a press go at once."""
        if work.said:
            self._on_said()
        for method, params in work.calls:
            task = asyncio.create_task(self._gateway.call(method, params))
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)

    async def _settled(self, work: Work, row: Any, raw: dict[str, Any], before: int) -> bool:
        """Handle one row, which so many others precede; False when it is not done but dead, or gone: what others say
        in their groups is not kept."""
        work.age = work.real_now - row.received_at
        try:
            self._parse(raw)
            async with work.part():
                if await entrance.hear(work, raw, self._bot.username):
                    return True
            await inbox.drop(work, row.id)
            return False
        except Refusal as refusal:
            raise Refused(row, before, refusal) from refusal
        except NotYet as wait:
            raise Waits(row, before) from wait
        except Unreadable as error:
            log.warning("inbox %d cannot be read: %s", row.id, error)
            await inbox.bury(work, row.id, str(error))
            await delivery.hand_over_raw(work, raw)
            return False
        except Exception as error:
            if is_outage(error):
                raise
            raise Failed(row, before) from error

    def _parse(self, raw: dict[str, Any]) -> None:
        """Let the library read the update; raises Unreadable where it cannot."""
        try:
            Update.de_json(raw, self._bot)
        except Exception as error:
            raise Unreadable(f"{type(error).__name__}: {error}") from error
        if _placeless(raw):
            raise Unreadable("a message without a chat")  # which the library lets pass

    async def _say_no(self, refused: Refused) -> None:
        """The deed left nothing; in a work of its own whoever asked for it hears why."""
        row = refused.row
        try:
            async with self._begin() as work:
                if not await inbox.hold(work, row.id):
                    return
                work.age = work.real_now - row.received_at
                await entrance.say_no(work, _read(row.raw), self._bot.username, refused.refusal)
                await inbox.finish(work, [row.id])
        except Exception as error:
            if is_outage(error):
                raise
            failed = Failed(row, 0)
            failed.__cause__ = error
            await self._record_failure(failed)
            return
        self._went_well(work)

    async def _put_off(self, waits: Waits) -> None:
        """What it builds on has not arrived: look again soon; or Telegram is asked, and answers."""
        row = waits.row
        if isinstance(waits.__cause__, AskFirst):
            await self.asking.begin(row, waits.__cause__.seats)
            return
        async with self._begin() as work:
            until = work.real_now + timedelta(seconds=NOT_YET_SECONDS)
            await inbox.postpone(work, row.id, until, row.attempts, None)

    async def _asked(self, row: Any, error: Exception | None) -> None:
        """Telegram has answered, or had its time: the update is done again."""
        if error is not None:
            failed = Failed(row, 0)
            failed.__cause__ = error
            await self._record_failure(failed)
        self._on_said()  # whoever is gone by its word is told of
        self.wake()

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


def _placeless(raw: dict[str, Any]) -> bool:
    words = (raw.get("message"), raw.get("edited_message"))
    return any(isinstance(each, dict) and not isinstance(each.get("chat"), dict) for each in words)


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
