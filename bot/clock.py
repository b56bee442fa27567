"""The clock: what people's time is, and small ticks that look for what is due.

APScheduler only wakes the ticks; what is due stands in the database, so a tick that is late or missed loses
nothing.
"""

import asyncio
import contextlib
import itertools
import logging
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from handlers.contact import judge_again
from models.database import Begin, Look, is_outage
from models.installation import time_ahead
from models.work import Work

log = logging.getLogger(__name__)

#: A name, the seconds between two looks, and a use case that returns whether it did something.
Tick = tuple[str, int, Callable[[Work], Awaitable[bool]]]
#: How often we look whether people's time has leapt, where it can; and what hurries us (seconds, a signal).
LEAP_SECONDS = 1.0
#: How long the end of the process waits for units of work of ticks.
END_SECONDS = 5.0
TIME_HAS_LEAPT = signal.SIGUSR1


def wall() -> datetime:
    """The real time (UTC), for limits, leases and retries."""
    return datetime.now(UTC)


class Clock:
    """People's time: the real one, or ahead of it where the demo lets days pass."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        """This moment (UTC), as people see it."""
        return wall() + self.ahead

    async def catch_up(self, look: Look) -> None:
        """Take over how far ahead the database says we are."""
        async with look() as session:
            self.ahead = await time_ahead(session)


def has_followed(ahead: timedelta) -> str:
    """What the log says when the bot has followed a leap: who made it waits for this line."""
    return f"people's time is {ahead.total_seconds():.0f} s ahead, and what is due by then is done"


class Ticks:
    """The ticks of a process, one of a kind at a time: each at once and then at its interval, all after a leap."""

    def __init__(self, begin: Begin, ticks: tuple[Tick, ...], on_said: Callable[[], None]) -> None:
        """`on_said` is called after each unit of work that left rows for the sender."""
        self._begin = begin
        self._ticks = ticks
        self._on_said = on_said
        self._under_way = {name: asyncio.Lock() for name, _, _ in ticks}
        self._ends = False
        #: Not started yet: that is for the process that sends.
        self.scheduler = AsyncIOScheduler(timezone=UTC)
        for name, seconds, use_case in ticks:
            self.scheduler.add_job(
                self._look,
                "interval",
                args=[name, use_case],
                seconds=seconds,
                next_run_time=wall(),  # else a bot that is restarted each half hour would never do what is hourly
                id=name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )

    async def follow_leaps(self, clock: Clock, look: Look, told: asyncio.Event) -> None:
        """A duty: when people's time has leapt, do at once whatever is due by then. For ever.

        Who is `told` need not wait for the next look.
        """
        done = timedelta(0)
        while True:
            try:
                await clock.catch_up(look)
            except Exception as error:
                if not is_outage(error):
                    raise
            if clock.ahead != done or told.is_set():
                told.clear()
                done = clock.ahead
                await self._do_what_is_due()
                await run_tick(self._begin, "held", judge_again, self._on_said)
                log.info(has_followed(done))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEAP_SECONDS):
                    await told.wait()

    async def _do_what_is_due(self) -> None:
        """Every tick in order, again and again until none has anything to do."""
        idle = 0
        for name, _, use_case in itertools.cycle(self._ticks):
            idle = 0 if await self._run(name, use_case) else idle + 1
            if idle >= len(self._ticks):
                return

    async def end(self) -> None:
        """Begin no other unit of work, and wait for those under way: the end of the process would cut them short."""
        self._ends = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                for under_way in self._under_way.values():
                    async with under_way:
                        pass

    async def _look(self, name: str, use_case: Callable[[Work], Awaitable[bool]]) -> None:
        try:
            await self._run(name, use_case)
        except asyncio.CancelledError:
            # The process ends: nothing was committed, and what is due is due at the next start. The scheduler, whose
            # task this is, would report it as an error.
            log.info("tick %s: stopped", name)

    async def _run(self, name: str, use_case: Callable[[Work], Awaitable[bool]]) -> bool:
        async with self._under_way[name]:
            return await run_tick(self._begin, name, use_case, self._on_said, lambda: self._ends)


async def run_tick(
    begin: Begin,
    name: str,
    use_case: Callable[[Work], Awaitable[bool]],
    on_said: Callable[[], None],
    ends: Callable[[], bool] = lambda: False,
) -> bool:
    """One tick: one unit of work after another while there is something to do. Returns whether there was."""
    units = 0
    did_work = True
    try:
        while did_work and not ends():
            async with begin() as work:
                did_work = await use_case(work)
            if work.said:
                on_said()
            units += did_work
    except Exception as error:  # its unit of work left nothing; the other ticks have their turn, and this one again
        if is_outage(error):
            log.warning("tick %s: the database cannot be written (%s)", name, type(error).__name__)
        else:
            log.exception("tick %s failed", name)
    return units > 0
