"""The sweep of the clocks: what a look costs that finds nothing, and how fast a great many that fall due are told.

A database holds as many cases as a large business has in years, all but a few of them closed, each with the clocks
that it had. The sweep is the product's own tick, in this process.
"""

import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import text
from sqlmodel import func, select

from bot.clock import Ticks
from handlers import open_database
from handlers.standards.sweep import sweep
from models.cases import Case, CaseState
from models.customers import Customer
from models.database import Database
from models.delivery import Outbox
from models.installation import PlanVersion
from models.migrations import migrate
from models.plan import read_plan
from models.staff import GroupMember, Role, Staff, StaffGroup
from models.standards import Clock, Timed
from models.timeline import CaseEvent
from models.work import Work
from tests.bench.report import Goal, percentile
from tests.postgres import new_database, running_postgres

PLAN = """
[[tier]]
id = "regular"
first_response = "1h"
resolution = "3d"
[escalation]
steps = [{ at = 0.5, tell = "assignee" }, { at = 1.0, tell = "supervisor" }]
[contact]
quiet = ""
"""
NOW = datetime(2027, 2, 18, 2, 0, tzinfo=UTC)
LOOKS = 300
HOUR = timedelta(hours=1)
#: Cases made in one transaction.
CHUNK = 20_000


@dataclass(frozen=True)
class Size:
    """How much there is."""

    database: str = "sqlite"
    cases: int = 1_000_000
    open: int = 10_000


@dataclass(frozen=True)
class Results:
    """Seconds of each look that found nothing, beside few closed cases and beside many, and of the great many due."""

    few: list[float]
    many: list[float]
    due: float
    told: int  # clocks that were recorded as told
    queued: int  # rows for the sender


async def measure(size: Size) -> Results:
    """Fill a database, look in vain, then let everything fall due at once."""
    async with _database(size) as database:
        await _fill(database, 1, size.open, closed=False, customers=size.open)
        await _analyze(database)
        few = await _looks(database)
        await _fill(database, size.open + 1, size.cases, closed=True, customers=size.open)
        await _analyze(database)
        many = await _looks(database)
        begun = time.monotonic()
        await _tick(database, NOW + HOUR)
        due = time.monotonic() - begun
        return Results(few, many, due, *await _counts(database))


async def _looks(database: Database) -> list[float]:
    found = []
    for _ in range(LOOKS):
        begun = time.perf_counter()
        await _tick(database, NOW)
        found.append(time.perf_counter() - begun)
    return found


async def _tick(database: Database, now: datetime) -> None:
    plan = read_plan(PLAN)

    def begin() -> AbstractAsyncContextManager[Work]:
        return database.work(lambda: now, plan, 1)

    await Ticks(begin, (("clocks", 1, sweep),), lambda: None).look()


async def _counts(database: Database) -> tuple[int, int]:
    async with database.reading() as session:
        told: Any = select(func.count()).select_from(CaseEvent).where(CaseEvent.kind == "escalated")
        queued: Any = select(func.count()).select_from(Outbox)
        return (await session.exec(told)).one(), (await session.exec(queued)).one()


@asynccontextmanager
async def _database(size: Size) -> AsyncIterator[Database]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        url = f"sqlite+aiosqlite:///{folder / 'huifang.db'}"
        if size.database == "postgres":
            url = await stack.enter_async_context(new_database(stack.enter_context(running_postgres())))
        database = open_database(url, lambda: datetime.now(UTC))
        await migrate(database.engine)
        async with database.work(lambda: NOW, read_plan(PLAN)) as work:
            work.add(PlanVersion(id=1, text=PLAN, taken_at=NOW))
            work.add(StaffGroup(id=1, configured_id=-1001, chat_id=-1001, title="Staff", is_forum=False))
            for key, role in enumerate((Role.AGENT, Role.SUPERVISOR), start=1):
                work.add(Staff(id=key, user_id=key, name=role.value, role=role, started_bot=True, joined_at=NOW))
            await work.flush()
            for key in (1, 2):
                work.add(GroupMember(group_id=1, staff_id=key))
            for number in range(1, size.open + 1):
                work.append(Customer, id=number, user_id=1000 + number, name="Wang", language="zh", created_at=NOW)
        yield database
        await database.close()


async def _fill(database: Database, first: int, last: int, *, closed: bool, customers: int) -> None:
    """Cases, each with the clock of its first response: over, or due in an hour."""
    for start in range(first, last + 1, CHUNK):
        async with database.work(lambda: NOW, read_plan(PLAN)) as work:
            for number in range(start, min(start + CHUNK, last + 1)):
                state = {"state": CaseState.CLOSED, "closed_at": NOW} if closed else {"state": CaseState.NEW}
                ahead = (
                    {"ended_at": NOW, "kept": True}
                    if closed
                    else {
                        "running_since": NOW,
                        "due_at": NOW + HOUR,
                        "look_at": NOW + HOUR / 2,
                    }
                )
                work.append(
                    Case,
                    id=number,
                    customer_id=number % customers + 1,
                    group_id=1,
                    plan_version=1,
                    opened_at=NOW,
                    last_customer_at=NOW,
                    **state,
                )
                work.append(Clock, case_id=number, what=Timed.FIRST_RESPONSE, started_at=NOW, allowed=3600, **ahead)


async def _analyze(database: Database) -> None:
    """What both databases do by themselves now and then."""
    async with database.work(lambda: NOW, read_plan(PLAN)) as work:
        await (await work.session.connection()).execute(text("ANALYZE"))


def goals(size: Size, results: Results) -> list[Goal]:
    """What is asked of the sweep."""
    many, few = (percentile(each, 50) * 1000 for each in (results.many, results.few))
    return [
        Goal("a look that finds nothing, median", many, " ms", 5),
        Goal("a look that finds nothing, p99", percentile(results.many, 99) * 1000, " ms", 5),
        Goal(f"its median beside {size.cases:,} cases, as a multiple of that beside few", many / few, "", 1.5),
        Goal(f"{size.open:,} due at once, recorded and queued", results.due, " s", 60),
        Goal("of them told", results.told, "", size.open, at_least=True),
        Goal("rows queued for the sender", results.queued, "", size.open, at_least=True),
    ]
