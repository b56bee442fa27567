"""Telegram is asked who sits in the staff groups: before somebody gets authority, at the start, and each hour."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from bot.gateway import Gateway
from handlers import staff
from handlers.chat.groups import sits_there
from handlers.refusals import Seat
from handlers.standings import Answer, seat_in
from models import inbox
from models.database import Begin, is_outage
from models.delivery import Fate
from models.standings import LOOKED_AT, unconfirmed

log = logging.getLogger(__name__)

#: An update waits for the answer in its lane: not for long.
ANSWER_SECONDS = 3.0
#: A lane waits so long at most, should we not live to see the answer.
ASKED_SECONDS = 15.0
#: So many are asked at once, and in one round.
AT_ONCE, ROUND = 4, 20
#: Between two looks for those of whom an hour is over, and between two rounds of such.
LOOK_SECONDS, ROUND_SECONDS = 10.0, 1.0


class Standings:
    """Asks by the gateway, and keeps the answers in a unit of work of its own."""

    def __init__(self, begin: Begin, gateway: Gateway) -> None:
        self._begin = begin
        self._gateway = gateway
        self._places = asyncio.Semaphore(AT_ONCE)

    async def ask(self, seats: Iterable[Seat]) -> None:
        """Ask about these seats; whoever is gone loses authority. That Telegram does not answer is kept as well."""
        answers = await asyncio.gather(*(self._answer(seat) for seat in seats))
        async with self._begin() as work:
            await staff.take_answers(work, answers)

    async def _answer(self, seat: Seat) -> Answer:
        async with self._places:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    return await self._call(seat, seat.chat_id)
            except TimeoutError:
                log.info("Telegram does not say in time who sits in the group %d", seat.chat_id)
                return Answer(seat, None)

    async def _call(self, seat: Seat, chat_id: int) -> Answer:
        params = {"chat_id": chat_id, "user_id": seat.user_id}
        outcome = await self._gateway.call("getChatMember", params)
        if outcome.fate is Fate.MOVED and outcome.new_chat_id and outcome.new_chat_id != chat_id:
            return await self._call(seat, outcome.new_chat_id)
        if outcome.fate is not Fate.SENT:
            log.info("Telegram does not say who sits in the group %d: %s", chat_id, outcome.detail)
            return Answer(seat, None, outcome.retry_after)
        return Answer(seat, sits_there(outcome.result))

    async def watch(self, now: Callable[[], datetime], on_said: Callable[[], None]) -> None:
        """A duty: ask about all who have authority, for the start has forgotten what Telegram said, and about each
        again when an hour is over. For ever."""
        while True:
            try:
                asked = await self.look(now() - LOOKED_AT)
            except Exception as error:
                if not is_outage(error):
                    raise
                asked = 0
            if asked:
                on_said()
            await asyncio.sleep(ROUND_SECONDS if asked else LOOK_SECONDS)

    async def look(self, since: datetime) -> int:
        """Ask about some of whom Telegram has said nothing since then; returns how many."""
        async with self._begin() as work:
            await staff.see_to_strays(work)
            seats = [seat_in(group, user_id) for group, user_id in await unconfirmed(work, since, ROUND)]
        if seats:
            await self.ask(seats)
        return len(seats)


class Asking:
    """Updates that wait in their lanes, while others go on, until Telegram has answered or had its time."""

    def __init__(
        self, begin: Begin, standings: Standings, then: Callable[[Any, Exception | None], Awaitable[None]]
    ) -> None:
        """`then` is called with the update's row when it is to be done again, or with what nobody foresaw."""
        self._begin = begin
        self._standings = standings
        self._then = then
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self, row: Any, seats: Iterable[Seat]) -> None:
        """Let the update of that row wait, and ask."""
        async with self._begin() as work:
            await inbox.hold_lane(work, row.id, work.real_now + timedelta(seconds=ASKED_SECONDS), row.attempts)
        task = asyncio.create_task(self._ask(row, tuple(seats)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, row: Any, seats: tuple[Seat, ...]) -> None:
        failure: Exception | None = None
        try:
            await self._standings.ask(seats)
            async with self._begin() as work:
                await inbox.postpone(work, row.id, work.real_now, row.attempts, None)
        except Exception as error:  # whatever it is, the update that waits is told, and counts it as its failure
            if is_outage(error):
                log.warning("what Telegram answers cannot be kept (%s); it is asked again", type(error).__name__)
                return
            failure = error
        await self._then(row, failure)

    async def end(self) -> None:
        """Ask no more: the process ends, and at the next start the updates ask again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def over(self) -> bool:
        """Wait until Telegram has answered whatever it was asked; whether there was anything."""
        tasks = list(self._tasks)
        await asyncio.gather(*tasks)
        return bool(tasks)
