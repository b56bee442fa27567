"""The clock: what people's time is, and small ticks that look for what is due.

APScheduler only wakes the ticks; what is due stands in the database, so a tick that is late or missed loses
nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from models.database import Begin, is_outage
from models.installation import time_ahead
from models.work import Work

log = logging.getLogger(__name__)

#: A name, the seconds between two looks, and a use case that returns whether it did something.
Tick = tuple[str, int, Callable[[Work], Awaitable[bool]]]


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

    async def follow(self, work: Work) -> bool:
        """A tick: take over how far ahead the database says we are."""
        self.ahead = await time_ahead(work)
        return False


def scheduler(begin: Begin, ticks: tuple[Tick, ...], on_said: Callable[[], None]) -> AsyncIOScheduler:
    """A scheduler, not yet started, that runs each tick at its interval, one of a kind at a time."""
    found = AsyncIOScheduler(timezone=UTC)
    for name, seconds, use_case in ticks:
        found.add_job(
            run_tick,
            "interval",
            args=[begin, name, use_case, on_said],
            seconds=seconds,
            id=name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    return found


async def run_tick(
    begin: Begin, name: str, use_case: Callable[[Work], Awaitable[bool]], on_said: Callable[[], None]
) -> None:
    """One tick: one unit of work after another while there is something to do."""
    did_work = True
    try:
        while did_work:
            async with begin() as work:
                did_work = await use_case(work)
            if work.said:
                on_said()
    except asyncio.CancelledError:
        # The process ends: nothing was committed, and what is due is due at the next start. The scheduler, whose task
        # this is, would report it as an error.
        log.info("tick %s: stopped", name)
    except Exception as error:
        if not is_outage(error):
            raise
        log.warning("tick %s: the database cannot be written (%s)", name, type(error).__name__)
