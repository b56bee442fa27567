"""A night's planning of visits for a million customers, while updates go on being stored.

The database is filled first; then a process of its own plans, transaction by transaction, as the clock does.
"""

import asyncio
import json
import os
import sys
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import text

from handlers import open_database
from models.migrations import migrate
from tests.bench.report import Goal, percentile
from tests.postgres import new_database, running_postgres
from tests.running import ROOT

#: Of a hundred customers one is VIP and nine are key; they joined over two years, at every hour of the day.
_FILL = """
INSERT INTO customers (id, user_id, name, language, language_chosen, next_is_new, tier, tier_by, segments, tags,
    fields, notes, created_at)
SELECT n, 7000000000 + n, 'Customer ' || n, 'en', {no}, {no},
    CASE WHEN n % 100 = 0 THEN 'vip' WHEN n % 100 < 10 THEN 'key' ELSE 'regular' END, 'rule', '[]', '[]', '{{}}', '',
    {joined}
FROM {numbers}
"""
AT_ONCE = 100_000
_SQLITE = {
    "no": "0",
    "joined": "strftime('%Y-%m-%d %H:%M:%S.000000', 'now', '-' || (n * 7919 % 63072000) || ' seconds')",
    "numbers": "(WITH RECURSIVE c(n) AS (SELECT {done} + 1 UNION ALL SELECT n + 1 FROM c WHERE n < {last})"
    " SELECT n FROM c)",
}
_POSTGRES = {
    "no": "false",
    "joined": "now() - (n * 7919 % 63072000) * interval '1 second'",
    "numbers": "generate_series({done}::bigint + 1, {last}) AS n",
}


@dataclass
class Night:
    """What was measured: seconds, MiB, and the seconds that it took to store each update."""

    database: str
    customers: int
    first: float
    again: float
    planned: int
    added: int
    memory: float
    before: float
    waits: list[float]
    busy: float = field(default_factory=lambda: os.getloadavg()[0])


async def measure(database: str, customers: int) -> Night:
    """A night, and the same night once more."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        address: Any = nullcontext(f"sqlite+aiosqlite:///{folder / 'huifang.db'}")
        if database == "postgres":
            address = new_database(stack.enter_context(running_postgres()))
        async with address as url:
            await _fill(url, database, customers)
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.bench.planner", url), cwd=ROOT, stdout=asyncio.subprocess.PIPE
            )
            output, _ = await process.communicate()
            assert process.returncode == 0, "the planner failed"
            return Night(database, customers, **json.loads(output))


async def _fill(url: str, database: str, customers: int) -> None:
    made = open_database(url, lambda: datetime.now(UTC))
    await migrate(made.engine)
    kind = _POSTGRES if database == "postgres" else _SQLITE
    for done in range(0, customers, AT_ONCE):
        numbers = kind["numbers"].format(done=done, last=min(done + AT_ONCE, customers))
        query = _FILL.format(no=kind["no"], joined=kind["joined"], numbers=numbers)
        async with made.engine.begin() as connection:
            await connection.exec_driver_sql(query)
    if database == "postgres":
        async with made.engine.begin() as connection:
            await connection.execute(text("ANALYZE customers"))
    await made.close()


def words(night: Night) -> str:
    """The figures."""
    return "\n".join(
        (
            f"{night.database}, {night.customers} customers; "
            f"load of the machine: {night.busy:.1f} of {os.cpu_count()}",
            f"  planned {night.planned} visits in {night.first:.1f} s; again {night.added} in {night.again:.1f} s",
            f"  peak {night.memory:.0f} MiB (before planning {night.before:.0f})",
            f"  meanwhile {len(night.waits)} updates were stored: p50 {percentile(night.waits, 50) * 1000:.0f} ms, "
            f"p99 {percentile(night.waits, 99) * 1000:.0f} ms",
        )
    )


def goals(night: Night) -> list[Goal]:
    """What a night may cost."""
    return [
        Goal("a night's planning", night.first, " s", 30),
        Goal("the same again", night.again, " s", 5),
        Goal("added by it", night.added, "", 0),
        Goal("peak memory", night.memory, " MiB", 200),
        Goal("p99 of storing an update meanwhile", percentile(night.waits, 99) * 1000, " ms", 300),
    ]
