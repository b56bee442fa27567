"""The databases that tests get are real, empty and reachable from other processes."""

import asyncio
import os
import subprocess
import sys

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.clock import wall
from handlers import open_database
from models.plan import Plan
from models.work import Counter
from tests.tables import make_tables

ASK_ANOTHER_PROCESS = """
import asyncio, os
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import create_async_engine

async def main():
    engine = create_async_engine(os.environ["DATABASE_URL"])
    async with engine.connect() as connection:
        print(await connection.scalar(text("SELECT word FROM words")))
    await engine.dispose()

asyncio.run(main())
"""


async def test_a_word_written_here_is_read_by_another_process(database_url: str) -> None:
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE words (word TEXT)"))
        await connection.execute(text("INSERT INTO words VALUES ('投诉')"))
    await engine.dispose()

    answer = subprocess.run(  # noqa: ASYNC221 - nothing else runs on this loop
        [sys.executable, "-c", ASK_ANOTHER_PROCESS],
        env={**os.environ, "DATABASE_URL": database_url, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=30,
        check=True,
    )
    assert answer.stdout.strip() == "投诉"


async def test_every_test_gets_an_empty_database(database_url: str) -> None:
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE words (word TEXT)"))
    await engine.dispose()


def test_what_gives_a_connection_back_when_the_process_ends_is_not_cut_short(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = []
    close = AsyncSession.close

    async def slowly(session: AsyncSession) -> None:
        await asyncio.sleep(0.5)
        await close(session)
        closed.append(session)

    async def end_in_the_midst() -> None:
        database = open_database(database_url, wall)

        async def look() -> None:
            async with database.work(wall, Plan()) as work:
                await work.session.execute(text("SELECT 1"))
                await asyncio.sleep(10)

        looking = asyncio.create_task(look())
        await asyncio.sleep(0.2)
        looking.cancel()
        await asyncio.wait([looking], timeout=0.05)
        looking.cancel()
        await database.close()

    monkeypatch.setattr(AsyncSession, "close", slowly)
    asyncio.run(end_in_the_midst())
    assert len(closed) == 1


async def test_f23_a_work_that_is_cancelled_as_it_gives_its_connection_back_ends_whole(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    database = open_database(database_url, wall)
    await make_tables(database)

    async def one_word() -> None:
        async with database.work(wall, Plan()) as work:
            work.add(Counter(name="words"))

    task = asyncio.create_task(one_word())
    loop = asyncio.get_running_loop()
    event.listen(database.engine.sync_engine, "reset", lambda *_: loop.call_soon(task.cancel))
    await asyncio.wait([task])
    async with database.reading() as session:
        assert [row.name for row in await session.exec(select(Counter))] == ["words"]
    await database.close()
    assert task.cancelled()
    assert "reset" not in caplog.text
