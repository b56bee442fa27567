"""The clock: what people's time is, and small ticks that look for what is due.

APScheduler only wakes the ticks; what is due stands in the database, so a tick that is late or missed loses
nothing.
"""

import asyncio
import contextlib
import logging
import math
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from handlers.contact import judge_again
from models.database import Begin, Look, is_outage
from models.installation import time_ahead
from models.work import Work

log = logging.getLogger(__name__)

#: A name, the seconds between two looks, and a use case that returns whether it did something.
Tick = tuple[str, int, Callable[[Work], Awaitable[bool]]]
#: How often ticks are looked at; none has a shorter interval.
LOOK_SECONDS = 1
#: How often we look whether people's time has leapt, where it can; and what hurries us (seconds, a signal).
LEAP_SECONDS = 1.0
#: How long the end of the process waits for units of work of ticks.
END_SECONDS = 5.0
TIME_HAS_LEAPT = signal.SIGUSR1
#: What waits for a person's hours is judged anew when time has leapt.
HELD: Tick = ("held", LOOK_SECONDS, judge_again)


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
    """The ticks of a process, looked at together: each at once and then at its interval, all after a leap.

    Those that find nothing share a unit of work, for most find nothing; what one does is committed by itself.
    """

    def __init__(self, begin: Begin, ticks: tuple[Tick, ...], on_said: Callable[[], None]) -> None:
        """`on_said` is called after each unit of work that left rows for the sender."""
        self._begin = begin
        self._ticks = ticks
        self._on_said = on_said
        # At once: else a bot that is restarted each half hour would never do what is hourly.
        self._due_at = {name: -math.inf for name, _, _ in ticks}
        self._under_way = asyncio.Lock()
        self._ends = False
        #: Not started yet: that is for the process that sends.
        self.scheduler = AsyncIOScheduler(timezone=UTC)
        self.scheduler.add_job(
            self.look,
            "interval",
            seconds=LOOK_SECONDS,
            next_run_time=wall(),
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
                async with self._under_way:
                    for ticks in (self._ticks, [HELD]):
                        while await self._pass(ticks):
                            pass
                log.info(has_followed(done))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEAP_SECONDS):
                    await told.wait()

    async def end(self) -> None:
        """Begin no other unit of work, and wait for the one under way: the end of the process would cut it short."""
        self._ends = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS), self._under_way:
                pass

    async def look(self) -> None:
        """What the scheduler wakes: every tick whose interval is over, until none of them finds anything more."""
        try:
            async with self._under_way:
                acted: list[Tick] = []
                while due := self._due(acted):
                    acted = await self._pass(due)
        except asyncio.CancelledError:
            # The process ends: nothing was committed, and what is due is due at the next start. The scheduler, whose
            # task this is, would report it as an error.
            log.info("ticks: stopped")

    def _due(self, acted: list[Tick]) -> list[Tick]:
        """Those that have something more to do, and those whose interval is over, in order; a new interval begins."""
        now = time.monotonic()
        over = {name for name, due_at in self._due_at.items() if due_at <= now}
        for name, seconds, _ in self._ticks:
            if name in over:
                self._due_at[name] = now + seconds - LOOK_SECONDS / 2  # the look that comes just before is meant
        return [tick for tick in self._ticks if tick[0] in over or tick in acted]

    async def _pass(self, ticks: Sequence[Tick]) -> list[Tick]:
        """Each of them once; returns those that did something. One that fails keeps no other from its turn."""
        acted: list[Tick] = []
        rest = list(ticks)
        while rest and not self._ends:
            looked = 0
            try:
                async with self._begin() as work:
                    for _, _, use_case in rest:
                        looked += 1
                        if did := await use_case(work):
                            break
                if work.said:
                    self._on_said()
                if did:
                    acted.append(rest[looked - 1])
            except Exception as error:  # whatever it is: logged, without effect, and it takes nobody's turn
                if looked > 1:  # its unit of work was also that of others
                    for tick in rest[:looked]:
                        acted += await self._pass([tick])
                elif is_outage(error):
                    log.warning("tick %s: the database cannot be written (%s)", rest[0][0], type(error).__name__)
                else:
                    log.exception("tick %s failed", rest[0][0])
            del rest[: max(1, looked)]
        return acted
