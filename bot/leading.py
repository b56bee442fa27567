"""What only one process of a bot may do at a time: send, poll, watch the clock."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text

from models.database import Database, is_outage

log = logging.getLogger(__name__)

LEADER_LOCK = 0x48F1_0002
#: How often others try to take over, and how often we look whether we still hold the lock (seconds).
LEADER_SECONDS = 1.0


async def lead(database: Database, leading: list[Callable[[], Coroutine[Any, Any, None]]], ticks: Any) -> None:
    """Do what only one process may do (send, poll, watch the clock) while we are that process."""
    while True:
        async with _leadership(database) as lost:
            log.info("this process sends%s", "" if len(leading) < 2 else " and polls")
            ticks.start() if not ticks.running else ticks.resume()
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(duty()) for duty in leading]
                    await lost.wait()
                    for task in tasks:
                        task.cancel()
            finally:
                ticks.pause()
        log.warning("the database let go of us; another process may send now")


@asynccontextmanager
async def _leadership(database: Database) -> AsyncIterator[asyncio.Event]:
    """Hold the advisory lock of PostgreSQL; the event is set when its connection is lost. SQLite is ours anyway."""
    lost = asyncio.Event()
    if database.is_sqlite:
        yield lost
        return
    waited = False
    while True:
        try:
            async with database.engine.connect() as connection:
                connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
                lock = text("SELECT pg_try_advisory_lock(:lock)")
                if (await connection.execute(lock, {"lock": LEADER_LOCK})).scalar_one():
                    watch = asyncio.create_task(_watch(connection, lost))
                    try:
                        yield lost
                        return
                    finally:
                        watch.cancel()
                        with contextlib.suppress(Exception):  # the connection may be gone
                            await connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LEADER_LOCK})
        except Exception as error:
            if not is_outage(error):
                raise
        if not waited:
            log.info("another process sends; this one takes over when it ends")
        waited = True
        await asyncio.sleep(LEADER_SECONDS)


async def _watch(connection: Any, lost: asyncio.Event) -> None:
    try:
        while True:
            await asyncio.sleep(LEADER_SECONDS)
            await connection.execute(text("SELECT 1"))
    except Exception as error:  # whatever it is, we cannot be sure of the lock any more
        log.warning("the connection that makes us the sender is lost (%s)", type(error).__name__)
        lost.set()
