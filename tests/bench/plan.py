"""A night's planning of visits for a million customers, by the running product, while customers go on writing.

The database is filled first; then the product starts, and its clock plans. The figures are the database's: when the
pass began and ended. Meanwhile messages come in, and the server's ledger says how long each took.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.database import Database
from models.migrations import migrate
from tests.bench.processes import NO_LIMITS, Product, peak_mib, running
from tests.bench.relay import Bench, Load
from tests.bench.report import Goal, percentile
from tests.postgres import new_database, running_postgres
from tests.running import RunningBot
from tests.telegram import Telegram

PLAN = """
[[tier]]
id = "vip"
when = { spent_12m = 50000 }
visit_every = "30d"
[[tier]]
id = "key"
when = { spent_12m = 10000 }
visit_every = "90d"
[[tier]]
id = "regular"
visit_every = "180d"

[[visit]]
id = "periodic"
when = "tier"
by = { vip = "agent", key = "agent", regular = "bot" }
sample = { regular = 0.2 }
"""
#: Of a hundred customers one is VIP and nine are key; they joined over two years, at every hour of the day.
_FILL = """
INSERT INTO customers (id, user_id, name, language, language_chosen, next_is_new, tier, tier_by, segments, tags, fields,
    notes, created_at)
SELECT n, 7000000000 + n, 'Customer ' || n, 'en', {no}, {no},
    CASE WHEN n % 100 = 0 THEN 'vip' WHEN n % 100 < 10 THEN 'key' ELSE 'regular' END, 'hand', '[]', '[]', '{{}}', '',
    {joined}
FROM {numbers} WHERE n > {done}
"""
AT_ONCE = 100_000
#: Numbers below belong to those who write.
FIRST = 1000
#: How many messages come while it plans, and how many a second.
MESSAGES, RATE = 250, 25.0
_SQLITE = {
    "no": "0", "joined": "strftime('%Y-%m-%d %H:%M:%S.000000', 'now', '-' || (n * 7919 % 63072000) || ' seconds')",
    "numbers": "(WITH RECURSIVE c(n) AS (SELECT {done} + 1 UNION ALL SELECT n + 1 FROM c WHERE n < {last}) SELECT n FROM c)",
}  # fmt: skip
_POSTGRES = {
    "no": "false", "joined": "now() - (n::bigint * 7919 % 63072000) * interval '1 second'",
    "numbers": "generate_series({done} + 1, {last}) AS n",
}  # fmt: skip


@dataclass
class Night:
    """What was measured."""

    database: str
    customers: int
    first: float = 0.0  # seconds of the first pass
    again: float = 0.0  # of another one, with nothing new
    planned: int = 0
    added: int = 0  # by the other one
    memory: float = 0.0  # peak of the product, MiB
    before: float = 0.0  # peak before it planned
    busy: float = field(default_factory=lambda: os.getloadavg()[0])
    latencies: list[float] = field(default_factory=list)  # seconds, while it planned
    lost: int = 0


class Planner(Product):
    """The product under a plan with visits that come again."""

    async def start(self) -> None:
        path = self.folder / "plan.toml"
        path.write_text(PLAN, "utf-8")
        self.running = await RunningBot.start(
            self.folder, bot_token=self.token, staff_group_id=self.group["id"], owner_ids="", plan_file=path,
            telegram_api_url=self.telegram.url, database_url=self.database_url, **NO_LIMITS,
        )  # fmt: skip


async def measure(database: str, customers: int) -> Night:
    """One night, and another with nothing new."""
    night = Night(database, customers)
    async with _stage(database) as (telegram, product, planner, engine):
        bench = Bench(telegram, Load(database, customers=50))
        async with running(product):
            await bench.introduce(product)
        await _fill(engine, database, customers)
        async with running(planner):
            night.before = peak_mib(planner.pid)
            night.first, night.latencies, night.lost = await _pass(engine, bench, planner)
            night.planned = await _count(engine, "SELECT count(*) FROM visits")
            async with engine.begin() as connection:
                await connection.execute(text("UPDATE visit_runs SET until = :now"), {"now": _now(database)})
            night.again, _, _ = await _pass(engine, bench, planner)
            night.added = await _count(engine, "SELECT count(*) FROM visits") - night.planned
            night.memory = peak_mib(planner.pid)
    return night


def _now(database: str) -> Any:
    now = datetime.now(UTC)
    return now if database == "postgres" else f"{now:%Y-%m-%d %H:%M:%S.%f}"


async def _pass(engine: AsyncEngine, bench: Bench, planner: Planner) -> tuple[float, list[float], int]:
    """Until the pass is over: its seconds, and how long each message took meanwhile, and how many were lost."""
    pouring = asyncio.create_task(bench._pour(planner, MESSAGES, RATE))
    began = None
    while True:
        under_way = await _count(engine, "SELECT count(*) FROM visit_runs WHERE horizon IS NOT NULL")
        if began is None and under_way:
            began = time.monotonic()
        if began is not None and not under_way:
            seconds = time.monotonic() - began
            break
        await asyncio.sleep(0.05)
    journeys = await pouring
    times = [journey.arrived - journey.there for journey in journeys if journey.arrived is not None]
    return seconds, times, len(journeys) - len(times)


async def _count(engine: AsyncEngine, query: str) -> int:
    async with engine.connect() as connection:
        found: int = (await connection.execute(text(query))).scalar_one()
        await connection.rollback()
        return found


async def _fill(engine: AsyncEngine, database: str, customers: int) -> None:
    """A million files, some at a time; the night's look at tiers is done already."""
    kind = _POSTGRES if database == "postgres" else _SQLITE
    for done in range(FIRST, FIRST + customers, AT_ONCE):
        last = min(done + AT_ONCE, FIRST + customers)
        numbers = kind["numbers"].format(done=done, last=last)
        query = _FILL.format(no=kind["no"], joined=kind["joined"], numbers=numbers, done=done)
        async with engine.begin() as connection:
            await connection.execute(text(query.replace(":", r"\:")))
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO counters (name, value) VALUES ('rules_day', 9999999)"))
        if database == "postgres":
            await connection.execute(text("ANALYZE customers"))


@asynccontextmanager
async def _stage(database: str) -> AsyncIterator[tuple[Telegram, Product, Planner, AsyncEngine]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        address: Any = nullcontext(f"sqlite+aiosqlite:///{folder / 'huifang.db'}")
        if database == "postgres":
            address = new_database(stack.enter_context(running_postgres()))
        telegram = await Telegram.start()
        try:
            group = await telegram.group("Staff")
            async with address as url:
                made = Database(url, lambda: datetime.now(UTC))
                await migrate(made.engine)
                try:
                    product = Product(telegram, group, folder, url)
                    yield telegram, product, Planner(telegram, group, folder, url), made.engine
                finally:
                    await made.close()
        finally:
            await telegram.stop()


def words(night: Night) -> str:
    """The figures."""
    return "\n".join((
        f"{night.database}, {night.customers} customers; load of the machine before: {night.busy:.1f} of {os.cpu_count()}",
        f"  planned {night.planned} visits in {night.first:.1f} s; again {night.added} in {night.again:.1f} s",
        f"  peak {night.memory:.0f} MiB (before planning {night.before:.0f})",
        f"  meanwhile {len(night.latencies)} messages: p50 {percentile(night.latencies, 50) * 1000:.0f} ms, "
        f"p99 {percentile(night.latencies, 99) * 1000:.0f} ms, lost {night.lost}",
    ))  # fmt: skip


def goals(night: Night) -> list[Goal]:
    """What a night may cost."""
    return [
        Goal("a night's planning", night.first, " s", 30),
        Goal("again, with nothing new", night.again, " s", 5),
        Goal("peak memory", night.memory, " MiB", 200),
        Goal("p99 from update to call meanwhile", percentile(night.latencies, 99) * 1000, " ms", 300),
        Goal("lost", night.lost, "", 0),
    ]
