"""The tables of this version, made at once: tests that are not about migrations need not run them all each time."""

import sqlite3
from contextlib import closing

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

import models.tables  # noqa: F401 - every table
from models.base import metadata
from models.database import Database
from models.migrations import configuration

_SCRIPTS = ScriptDirectory.from_config(configuration())


async def make_tables(database: Database) -> None:
    """In an empty database, what `migrate` would make (tests/test_migrations.py holds one against the other)."""
    async with database.engine.begin() as connection:
        await connection.run_sync(_make)


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
