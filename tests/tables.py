"""The tables of this version, made once: tests that are not about migrations need not run them all each time."""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine

import models.tables  # noqa: F401 - every table
from bot.clock import wall
from handlers import open_database
from models.base import metadata
from models.database import Database
from models.migrations import configuration

_SCRIPTS = ScriptDirectory.from_config(configuration())
_SQLITE: list[bytes] = []  # a file with the tables, once there is one
_SERVERS: set[str] = set()  # those that have a database with the tables, to be copied
_COPIED = "huifang_tables"


async def make_tables(database: Database) -> None:
    """In an empty database, what `migrate` would make (tests/test_migrations.py holds one against the other)."""
    path = database.engine.url.database
    if database.engine.dialect.name == "sqlite" and path:
        await _copy_file(Path(path))
    elif database.engine.dialect.name == "sqlite":  # in memory, for as long as its connection
        async with database.engine.begin() as connection:
            await connection.run_sync(_make)
    else:
        await _copy_database(database)


async def make_tables_at(url: str) -> None:
    """The same by the address: for a process that starts there, which then need not run all migrations first."""
    database = open_database(url, wall)
    await make_tables(database)
    await database.close()


async def _copy_file(path: Path) -> None:
    if not _SQLITE:
        with TemporaryDirectory() as folder:
            made = Path(folder) / "tables.db"
            await _make_at(f"sqlite+aiosqlite:///{made}")
            _SQLITE.append(made.read_bytes())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_SQLITE[0])


async def _copy_database(database: Database) -> None:
    await database.engine.dispose()
    url = database.engine.url.set(drivername="postgresql")
    server = url.set(database="postgres").render_as_string(hide_password=False)
    connection = await asyncpg.connect(server)
    try:
        if server not in _SERVERS:
            await connection.execute(f"CREATE DATABASE {_COPIED}")
            made = make_url(server).set(drivername="postgresql+asyncpg", database=_COPIED)
            await _make_at(made.render_as_string(hide_password=False))
            _SERVERS.add(server)
        await connection.execute(f"DROP DATABASE {url.database} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {url.database} TEMPLATE {_COPIED}")
    finally:
        await connection.close()


async def _make_at(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(_make)
    await engine.dispose()


class KeptDatabase:
    """A database on a file of SQLite that is put back as it was, again and again, for one example after another.

    One engine serves them all: what it has learnt to say it need not learn anew, which took longer than an example.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._kept = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self._file)) as connection:
            connection.backup(self._kept)

    @property
    def _file(self) -> str:
        return str(self.database.url.database)

    def put_back(self) -> None:
        """All rows as they were; nobody is at work meanwhile."""
        with closing(sqlite3.connect(self._file)) as connection:
            self._kept.backup(connection)

    def close(self) -> None:
        """Forget how it was."""
        self._kept.close()


def _make(connection: Connection) -> None:
    metadata.create_all(connection)
    MigrationContext.configure(connection).stamp(_SCRIPTS, "head")
