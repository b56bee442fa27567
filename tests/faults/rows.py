"""The bot's database as a test looks at it, from outside and beside the running bot."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

POLL_SECONDS = 0.05

Ask = Callable[[str, dict[str, Any]], Awaitable[list[Any]]]


async def rows(url: str, query: str, **values: Any) -> list[Any]:
    """The rows of a query, or of a statement with RETURNING, in a transaction of its own."""
    async with _open(url) as ask:
        return await ask(query, values)


@asynccontextmanager
async def _open(url: str) -> AsyncIterator[Ask]:
    """Ask this database something, each time in a transaction of its own, by one connection."""
    if is_sqlite(url):
        file = sqlite3.connect(sqlite_path(url), isolation_level=None, timeout=10, check_same_thread=False)
        try:
            yield partial(_ask_file, file)
        finally:
            file.close()
        return
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            yield partial(_ask_server, connection)
    finally:
        await engine.dispose()


async def _ask_file(file: sqlite3.Connection, query: str, values: dict[str, Any]) -> list[Any]:
    return (await asyncio.to_thread(file.execute, query, values)).fetchall()


async def _ask_server(connection: AsyncConnection, query: str, values: dict[str, Any]) -> list[Any]:
    result = await connection.execute(text(query), values)
    return list(result.all()) if result.returns_rows else []


async def number(url: str, query: str, **values: Any) -> int:
    """The one number of a query."""
    return int((await rows(url, query, **values))[0][0] or 0)


async def wait_rows(
    url: str,
    query: str,
    enough: Callable[[list[Any]], bool] = bool,
    timeout: float = 20,  # noqa: ASYNC109
    **values: Any,
) -> list[Any]:
    """The rows of a query, once they are enough."""
    found: list[Any] = []
    try:
        async with asyncio.timeout(timeout), _open(url) as ask:
            while True:
                found = await ask(query, values)
                if enough(found):
                    return found
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise AssertionError(f"after {timeout} s the database still says {found} to: {query}") from None


async def idle(url: str, timeout: float = 60) -> None:  # noqa: ASYNC109
    """Wait until everything that came is handled and everything to say is said."""
    left = (
        "SELECT state, count(*) FROM inbox WHERE state = 'new' GROUP BY state"
        " UNION ALL SELECT state, count(*) FROM outbox WHERE state IN ('new', 'sending') GROUP BY state"
    )
    await wait_rows(url, left, lambda found: not found, timeout)


@asynccontextmanager
async def held(url: str, table: str = "inbox") -> AsyncIterator[None]:
    """Nobody else can write while this lasts: to the whole database (SQLite), or to a table (PostgreSQL)."""
    if is_sqlite(url):
        connection = sqlite3.connect(sqlite_path(url), isolation_level=None, timeout=10)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield
        finally:
            connection.close()
        return
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as other:
            await other.execute(text(f"LOCK TABLE {table} IN EXCLUSIVE MODE"))
            yield
            await other.rollback()
    finally:
        await engine.dispose()


async def hang_up(url: str) -> int:
    """Cut every connection to this database of PostgreSQL but our own; returns how many."""
    return await number(
        url,
        "SELECT count(*) FROM (SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a"
        " WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()) AS cut",
    )


def is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")


def sqlite_path(url: str) -> str:
    return str(make_url(url).database)
