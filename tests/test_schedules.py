"""What falls due under kills and over the nights of the clocks; `python -m tests.schedules` is the long form."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.clock import Ticks
from tests.schedules import Options, schedules
from tests.tables import make_tables_at


@pytest.mark.timeout(240)
async def test_f47_f48_f49_what_falls_due_goes_once_under_kills_over_the_nights_of_the_clocks(
    database_url: str, tmp_path: Path
) -> None:
    db = "sqlite" if database_url.startswith("sqlite") else "postgres"
    options = Options(restarts=4, due=14, db=db, seed=2026, forked=True)
    await make_tables_at(database_url)
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

    ticks = Ticks(begin, (("visits_due", 3600, never_done),), lambda: None)
    tick = asyncio.create_task(ticks.look())  # as the scheduler does
    await entered.wait()
    tick.cancel()
    await tick
    assert ended == [asyncio.CancelledError], "the work was rolled back"


async def test_f23_the_end_waits_for_the_unit_of_work_under_way_and_begins_no_other() -> None:
    entered, go_on, done = asyncio.Event(), asyncio.Event(), []

    @asynccontextmanager
    async def begin() -> AsyncIterator[Any]:
        yield SimpleNamespace(said=False)

    async def always_more(_work: Any) -> bool:
        entered.set()
        await go_on.wait()
        done.append("a unit of work")
        return True

    ticks = Ticks(begin, (("visits_due", 3600, always_more),), lambda: None)
    tick = asyncio.create_task(ticks.look())
    await entered.wait()
    end = asyncio.create_task(ticks.end())
    await asyncio.sleep(0)
    assert not end.done()
    go_on.set()
    await asyncio.gather(end, tick)
    assert done == ["a unit of work"]


async def test_what_is_looked_for_once_an_hour_is_looked_for_by_a_bot_that_never_runs_so_long() -> None:
    looked = asyncio.Event()

    @asynccontextmanager
    async def begin() -> AsyncIterator[Any]:
        yield SimpleNamespace(said=False)

    async def forget(_work: Any) -> bool:
        looked.set()
        return False

    ticks = Ticks(begin, (("forget_inbox", 3600, forget),), lambda: None)
    ticks.scheduler.start()
    try:
        async with asyncio.timeout(20):
            await looked.wait()
    finally:
        ticks.scheduler.shutdown(wait=False)


async def test_a_tick_that_fails_takes_nothing_from_those_that_looked_with_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    committed: list[list[str]] = []

    @asynccontextmanager
    async def begin() -> AsyncIterator[Any]:
        work = SimpleNamespace(said=False, done=[])
        yield work
        committed.append(work.done)

    async def finds_nothing(work: Any) -> bool:
        work.done.append("finds nothing")
        return False

    async def fails(work: Any) -> bool:
        work.done.append("fails")
        raise ValueError("nobody foresaw this")

    async def acts_once(work: Any) -> bool:
        work.done.append("acts once")
        return ["acts once"] not in committed

    ticks = Ticks(begin, tuple((each.__name__, 1, each) for each in (finds_nothing, fails, acts_once)), lambda: None)
    await ticks.look()
    assert committed == [["finds nothing"], ["acts once"], ["acts once"]]
    assert [record.message for record in caplog.records if record.exc_info] == ["tick fails failed"]
