"""What falls due under kills and over the nights of the clocks; `python -m tests.schedules` is the long form."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.clock import run_tick
from tests.schedules import Options, schedules


@pytest.mark.timeout(240)
async def test_f47_f48_f49_what_falls_due_goes_once_under_kills_over_the_nights_of_the_clocks(
    database_url: str, tmp_path: Path
) -> None:
    db = "sqlite" if database_url.startswith("sqlite") else "postgres"
    options = Options(restarts=4, due=40, db=db, seed=2026)
    report = await schedules(options, tmp_path, database_url)
    print(options, report, sep="\n")
    assert report.violations == []


async def test_a_process_that_ends_in_the_midst_of_a_tick_reports_no_error() -> None:
    entered, ended = asyncio.Event(), []

    @asynccontextmanager
    async def begin() -> AsyncIterator[Any]:
        try:
            yield None
        except BaseException as error:
            ended.append(type(error))
            raise

    async def never_done(_work: Any) -> bool:
        entered.set()
        await asyncio.Event().wait()
        return True

    tick = asyncio.create_task(run_tick(begin, "visits_due", never_done, lambda: None))
    await entered.wait()
    tick.cancel()
    await tick
    assert ended == [asyncio.CancelledError], "the work was rolled back"
