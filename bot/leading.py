"""What only one process of a bot may do at a time: send, poll, watch the clock."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.database import Database, is_outage

log = logging.getLogger(__name__)

LEADER_LOCK = 0x48F1_0002
#: How often others try to take over, and how often we look whether we still hold the lock (seconds).
LEADER_SECONDS = 1.0
#: A leader that has not looked for so long stops sending; PostgreSQL ends its session soon after.
DOUBT_SECONDS = 4.0
SESSION_LIMIT = "SET idle_session_timeout = '8s'"

Duty = Callable[[], Coroutine[Any, Any, None]]


class Leadership:
    """The right to send. On PostgreSQL an advisory lock, lost with its connection; on SQLite ours anyway."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen = 0.0

    def certain(self) -> bool:
        """Whether we surely hold it now; a process that was stopped for a while does not know."""
        return self._database.is_sqlite or time.monotonic() - self._seen < DOUBT_SECONDS

    async def lead(self, duties: list[Duty], ticks: AsyncIOScheduler) -> None:
        """Whenever the right is ours, do the duties and run the ticks, until it is lost; for ever."""
        if self._database.is_sqlite:
            await _do(duties, ticks, asyncio.Event().wait)
            return
        waiting = False
        while True:
            try:
                led = await self._try_to_lead(duties, ticks)
            except Exception as error:
                if not is_outage(error):
                    raise
                led = True
            if led:
                log.warning("the database let go of us; another process may send now")
            elif not waiting:
                log.info("another process sends; this one takes over when it ends")
            waiting = not led
            await asyncio.sleep(LEADER_SECONDS)

    async def _try_to_lead(self, duties: list[Duty], ticks: AsyncIOScheduler) -> bool:
        """Lead while we hold the lock; False when another process has it."""
        async with self._database.engine.connect() as plain:
            connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
            lock = text("SELECT pg_try_advisory_lock(:lock)")
            if not (await connection.execute(lock, {"lock": LEADER_LOCK})).scalar_one():
                return False
            try:
                await connection.execute(text(SESSION_LIMIT))
                self._seen = time.monotonic()
                await _do(duties, ticks, lambda: self._watch(connection))
            finally:
                with contextlib.suppress(Exception):  # it may be gone; what counts is that the lock goes with it
                    await connection.invalidate()
        return True

    async def _watch(self, connection: AsyncConnection) -> None:
        """Return when the connection, and with it the lock, is lost."""
        try:
            while True:
                await connection.execute(text("SELECT 1"))
                self._seen = time.monotonic()
                await asyncio.sleep(LEADER_SECONDS)
        except Exception as error:  # whatever it is, we cannot be sure of the lock any more
            log.warning("the connection that makes us the sender is lost (%s)", type(error).__name__)


async def _do(duties: list[Duty], ticks: AsyncIOScheduler, until: Callable[[], Awaitable[Any]]) -> None:
    log.info("this process sends")
    if ticks.running:
        ticks.resume()
    else:
        ticks.start()
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(duty()) for duty in duties]
            await until()
            for task in tasks:
                task.cancel()
    finally:
        ticks.pause()
