"""python -m tests.bench.planner DATABASE_URL: plan a night as the clock does, while updates are stored.

A process of its own, so that its memory is the planning's. Prints what it measured as JSON.
"""

import asyncio
import json
import os
import sys
import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from handlers import open_database
from handlers.visits.recurring import plan_ahead
from models import inbox
from models.plan import Plan, read_plan
from tests.bench.processes import peak_mib

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
#: How many updates come a second.
RATE = 50.0


def wall() -> datetime:
    return datetime.now(UTC)


class Night:
    """Planning, and intake beside it, on one database."""

    def __init__(self, url: str) -> None:
        self.database = open_database(url, wall)
        self.plan: Plan = read_plan(PLAN)
        self.waits: list[float] = []
        self._planning = False

    async def measure(self) -> dict[str, Any]:
        before = peak_mib(os.getpid())
        storing = asyncio.create_task(self._store())
        first = await self._pass()
        planned = await self._count()
        async with self.database.engine.begin() as connection:  # the same night, once more
            await connection.execute(text("UPDATE walks SET until = (SELECT min(due_at) FROM visits)"))
        again = await self._pass()
        storing.cancel()
        return {
            "first": first,
            "planned": planned,
            "again": again,
            "added": await self._count() - planned,
            "memory": peak_mib(os.getpid()),
            "before": before,
            "waits": self.waits,
        }

    async def _pass(self) -> float:
        began = time.monotonic()
        self._planning = True
        did_work = True
        while did_work:
            async with self.database.work(wall, self.plan) as work:
                did_work = await plan_ahead(work)
        self._planning = False
        return time.monotonic() - began

    async def _store(self) -> None:
        """Updates come, and each is stored before Telegram is told so."""
        for number in range(1, 1_000_000):
            began, meanwhile = time.monotonic(), self._planning
            async with self.database.work(wall, self.plan) as work:
                await inbox.store(work, [{"update_id": number, "lane": "c1", "raw": "{}", "state": "done"}])
            if meanwhile:
                self.waits.append(time.monotonic() - began)
            await asyncio.sleep(max(0.0, 1 / RATE - (time.monotonic() - began)))

    async def _count(self) -> int:
        async with self.database.reading() as session:
            connection = await session.connection()
            found: int = (await connection.execute(text("SELECT count(*) FROM visits"))).scalar_one()
            return found


async def _main(url: str) -> None:
    night = Night(url)
    print(json.dumps(await night.measure()))
    await night.database.close()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
