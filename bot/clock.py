"""The clock: what people's time is, and small ticks that look for what is due.

APScheduler only wakes the ticks; what is due stands in the database, so a tick that is late or missed loses
nothing.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from models.database import Database, is_outage
from models.plan import Plan
from models.work import Work

log = logging.getLogger(__name__)

Tick = tuple[str, int, Callable[[Work], Awaitable[bool]]]


def now() -> datetime:
    """This moment (UTC)."""
    return datetime.now(UTC)


def scheduler(
    database: Database, plan: Callable[[], Plan], ticks: tuple[Tick, ...], on_said: Callable[[], None]
) -> AsyncIOScheduler:
    """A scheduler, not yet started, that runs each tick at its interval, one of a kind at a time."""
    found = AsyncIOScheduler(timezone=UTC)
    for name, seconds, use_case in ticks:
        found.add_job(
            _run, "interval", args=[database, plan, name, use_case, on_said], seconds=seconds, id=name,
            coalesce=True, max_instances=1, misfire_grace_time=None,
        )  # fmt: skip
    return found


async def _run(
    database: Database, plan: Callable[[], Plan], name: str, use_case: Callable[[Work], Awaitable[bool]],
    on_said: Callable[[], None],
) -> None:  # fmt: skip
    """One tick: one unit of work after another while there is something to do."""
    did_work = True
    try:
        while did_work:
            async with database.work(now(), plan()) as work:
                did_work = await use_case(work)
            if work.said:
                on_said()
    except Exception as error:
        if not is_outage(error):
            raise
        log.warning("tick %s: the database cannot be written (%s)", name, type(error).__name__)
