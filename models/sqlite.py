"""SQLite: how its connections are made and begin, and a cheaper way to its thread."""

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any, Self

import aiosqlite
from sqlalchemy.engine import Connection

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # FULL: what was acknowledged to Telegram survives a power cut, not only a kill.
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=5000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
)
READ_ONLY = "huifang_read_only"


class OneTripCursor:
    """A statement and its rows in one trip to the connection's thread.

    The driver's own cursor makes four: open, execute, fetch, close. Each wakes two threads that then wait for
    each other, which cost more than SQLite's work.
    """

    def __init__(self, connection: "OneTripConnection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Any = ()) -> None:
        """Run a statement and keep its rows."""
        await self._connection.run(self._execute, sqlite3.Cursor.execute, sql, parameters)

    async def executemany(self, sql: str, parameters: Any) -> None:
        """Run a statement for each of many rows of parameters."""
        await self._connection.run(self._execute, sqlite3.Cursor.executemany, sql, parameters)

    def _execute(self, how: Callable[..., Any], sql: str, parameters: Any) -> None:
        cursor = self._connection._conn.cursor()
        try:
            how(cursor, sql, parameters)
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else []
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()

    async def fetchall(self) -> list[Any]:
        """The rows."""
        return self._rows

    async def close(self) -> None:
        """Nothing is open."""


class OneTripConnection(aiosqlite.Connection):
    """The driver's connection with cheaper cursors."""

    async def run(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call a function in the connection's thread."""
        await self._execute(function, *arguments)  # type: ignore[no-untyped-call]

    def cursor(self) -> OneTripCursor:  # type: ignore[override]
        """A cursor, made without a trip."""
        return OneTripCursor(self)


def connect(*arguments: Any, **options: Any) -> OneTripConnection:
    """A connection, to be awaited; takes what sqlite3.connect takes."""
    connection = OneTripConnection(partial(sqlite3.connect, *arguments, **options), iter_chunk_size=64)
    connection._thread.daemon = True  # a connection that was never closed must not keep the process alive
    return connection


def use_one_trip(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
    """Before a connection is made: make it our way."""
    options["async_creator_fn"] = connect


def prepare(connection: Any, _record: Any) -> None:
    """After a connection was made."""
    # The driver's own BEGIN comes too late and deferred, which loses updates; we begin ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def begin(connection: Connection) -> None:
    """At the start of a transaction: writers wait for each other here, not in the middle."""
    read_only = connection.get_execution_options().get(READ_ONLY)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
