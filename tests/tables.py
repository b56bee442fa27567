"""The tables of this version, made at once: tests that are not about migrations need not run them all each time."""

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


def _make(connection: Connection) -> None:
    metadata.create_all(connection)
    MigrationContext.configure(connection).stamp(_SCRIPTS, "head")
