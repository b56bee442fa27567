"""The database: engines for SQLite and PostgreSQL, and the one place where a unit of work is committed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from models import sqlite
from models.plan import Plan
from models.work import Ending, Work

#: A process that hangs inside a transaction loses it after this time, with all its locks (milliseconds).
POSTGRES_IDLE_LIMIT = "10000"

#: How those who run the program begin a unit of work, or a session that only reads.
Begin = Callable[[], AbstractAsyncContextManager[Work]]
Look = Callable[[], AbstractAsyncContextManager[AsyncSession]]


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


class Database:
    """One database. `work()` is a unit of work: it takes effect whole or not at all."""

    def __init__(self, url: str, wall: Callable[[], datetime], follow_up: Ending, conclude: Ending) -> None:
        """`url` as SQLAlchemy spells it, with an async driver; `wall` tells the real time (UTC).

        `follow_up` ends each part of a unit of work, and `conclude` the whole of it, before it is committed.
        """
        self._wall = wall
        self._follow_up = follow_up
        self._conclude = conclude
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        arguments: dict[str, Any] = {}
        if not self.is_sqlite:
            limits = {"idle_in_transaction_session_timeout": POSTGRES_IDLE_LIMIT}
            arguments = {"connect_args": {"server_settings": limits}, "pool_size": 8, "pool_pre_ping": True}
        self.engine: AsyncEngine = create_async_engine(
            self.url,
            json_serializer=_dumps,
            json_deserializer=orjson.loads,
            **arguments,
            hide_parameters=True,  # the text of an error goes to the log, and customers' words must not
        )
        # PostgreSQL shows each statement what is committed by then anyway: without a transaction around the looks of
        # an idle sender, ten a second, each is one trip instead of three.
        self._reads: dict[str, Any] = (
            {sqlite.READ_ONLY: True} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        )
        self._ending: set[asyncio.Task[None]] = set()
        # One writer at a time: waiting here is fair and free, waiting in SQLite is neither.
        self._writer: asyncio.Lock | nullcontext[None] = asyncio.Lock() if self.is_sqlite else nullcontext()
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "do_connect", sqlite.use_one_trip)
            event.listen(self.engine.sync_engine, "connect", sqlite.prepare)
            event.listen(self.engine.sync_engine, "begin", sqlite.begin)

    @asynccontextmanager
    async def work(
        self, now: Callable[[], datetime], plan: Plan, plan_version: int | None = None
    ) -> AsyncIterator[Work]:
        """A unit of work: concluded and committed at the end, rolled back by any exception, a Refusal too.

        `now` tells people's time (UTC); it is asked when the work begins, after a wait for another to end.
        """
        async with self._writer, self._session(commits=True) as session:
            work = Work(session, now(), self._wall(), plan, plan_version, self._follow_up)
            yield work
            await self._conclude(work)
            await work.finish()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads and holds up no writer."""
        async with self._session() as session:
            await session.connection(execution_options=self._reads)
            yield session

    @asynccontextmanager
    async def _session(self, *, commits: bool = False) -> AsyncIterator[AsyncSession]:
        """A session; what was done in it is rolled back, or committed where it `commits` and nothing was raised."""
        session = AsyncSession(self.engine, expire_on_commit=False, autoflush=False)
        good = False
        try:
            yield session
            good = commits
        finally:
            # Who is cancelled at this moment does not wait for it; `close` does, or the end of the process would cut
            # the commit or the connection's rollback short.
            ending = asyncio.create_task(_end(session, commit=good))
            self._ending.add(ending)
            ending.add_done_callback(self._ended)
            await asyncio.shield(ending)

    def _ended(self, ending: asyncio.Task[None]) -> None:
        self._ending.discard(ending)
        if not ending.cancelled():
            ending.exception()  # who waited for it has it

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.gather(*self._ending, return_exceptions=True)
        await self.engine.dispose()


async def _end(session: AsyncSession, *, commit: bool) -> None:
    try:
        if commit:
            await session.commit()
    finally:
        await session.close()


def is_outage(error: BaseException) -> bool:
    """Whether the database, not the work, failed: locked, full, gone, or two works in each other's way.

    Such work is simply done again; it is not the update's fault.
    """
    # OSError: a connection refused or cut, a socket that is not there, before the driver could say more.
    if isinstance(error, OperationalError | InterfaceError | OSError | TimeoutError):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    code = str(getattr(getattr(error, "orig", None) or error, "sqlstate", None) or "")
    # 08 connection, 40 serialization and deadlock, 53 resources, 57 shutdown, 25P03 idle in transaction
    return code[:2] in {"08", "40", "53", "57"} or code == "25P03"
