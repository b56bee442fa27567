"""A questionnaire for a hundred thousand customers is planned while updates go on being stored."""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlmodel import col, func, insert, select

import templates
from handlers import open_database, questionnaires
from models import inbox
from models.customers import Customer
from models.database import Database
from models.plan import Plan
from models.questionnaires import Invitation, SurveyWave, WaveState
from models.work import Work
from tests.bench.report import Goal, percentile
from tests.postgres import new_database, running_postgres
from tests.tables import make_tables

AT_ONCE = 10_000
#: Seconds between two updates that are stored meanwhile.
BETWEEN = 0.02


@dataclass
class Wave:
    """What was measured: seconds of the planning, of asking the first fifty, and of storing each update meanwhile."""

    database: str
    customers: int
    seconds: float
    planned: int
    asking: float
    waits: list[float]
    busy: float = field(default_factory=lambda: os.getloadavg()[0])


async def measure(kind: str, customers: int) -> Wave:
    """Fill a database with customers, then plan a wave to all of them."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        address: Any = nullcontext(f"sqlite+aiosqlite:///{folder / 'huifang.db'}")
        if kind == "postgres":
            address = new_database(stack.enter_context(running_postgres()))
        async with address as url:
            database = open_database(url, lambda: datetime.now(UTC))
            await make_tables(database)
            await _fill(database, customers)
            found = await _plan(database, kind, customers)
            await database.close()
            return found


def _begin(database: Database) -> Any:
    return database.work(lambda: datetime.now(UTC), Plan())


async def _fill(database: Database, customers: int) -> None:
    now = datetime.now(UTC)
    for first in range(1, customers + 1, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, customers + 1))
        rows = [
            Customer(
                id=n, user_id=7_000_000_000 + n, name=f"Customer {n}", language="en", created_at=now
            ).model_dump()
            for n in numbers
        ]
        async with _begin(database) as work:
            await (await work.session.connection()).execute(insert(Customer), rows)
    texts = {path.name: path.read_text("utf-8") for path in (templates.ROOT / "questionnaires").glob("*.toml")}
    async with _begin(database) as work:
        await questionnaires.take_definitions(work, texts)
        work.add(
            SurveyWave(
                key="bench",
                questionnaire="nps",
                version=1,
                rule="wave",
                state=WaveState.PLANNING,
                strata=[None],
                made_at=work.now,
            )
        )


async def _plan(database: Database, kind: str, customers: int) -> Wave:
    waits: list[float] = []
    planned_all = asyncio.Event()
    storing = asyncio.create_task(_store(database, waits, planned_all))
    await asyncio.sleep(0)  # the first update is before us
    began = time.perf_counter()
    await _until_nothing(database, questionnaires.plan_waves)
    seconds = time.perf_counter() - began
    planned_all.set()
    await storing
    began = time.perf_counter()
    async with _begin(database) as work:
        await questionnaires.ask_due(work)
    asking = time.perf_counter() - began
    async with _begin(database) as work:
        planned = await work.first(select(func.count(col(Invitation.id))))
    return Wave(kind, customers, seconds, planned, asking, waits)


async def _until_nothing(database: Database, tick: Callable[[Work], Any]) -> None:
    did_work = True
    while did_work:
        async with _begin(database) as work:
            did_work = await tick(work)


async def _store(database: Database, waits: list[float], planned_all: asyncio.Event) -> None:
    """Updates that come while it is planned, the last of which may be stored after."""
    number = 0
    while not planned_all.is_set():
        number += 1
        began = time.perf_counter()
        async with _begin(database) as work:
            await inbox.store(work, [{"update_id": number, "lane": "1", "raw": "{}"}])
        waits.append(time.perf_counter() - began)
        await asyncio.sleep(BETWEEN)


def words(wave: Wave) -> str:
    """The figures."""
    return "\n".join(
        (
            f"{wave.database}, {wave.customers:,} customers; "
            f"load of the machine: {wave.busy:.1f} of {os.cpu_count()}",
            f"  planned {wave.planned:,} invitations in {wave.seconds:.1f} s; "
            f"the first 50 asked in {wave.asking:.2f} s",
            f"  meanwhile {len(wave.waits)} updates were stored: p50 {percentile(wave.waits, 50) * 1000:.0f} ms, "
            f"p99 {percentile(wave.waits, 99) * 1000:.0f} ms",
        )
    )


def goals(wave: Wave) -> list[Goal]:
    """What a wave may cost."""
    return [
        Goal("planned", wave.planned, "", wave.customers, at_least=True),
        Goal("a wave's planning", wave.seconds, " s", 20),
        Goal("p99 of storing an update meanwhile", percentile(wave.waits, 99) * 1000, " ms", 300),
    ]
