"""Alembic, configured in code: the tables of every version of the program, and the way between them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

#: One number for all processes of one database; whoever holds it migrates.
LOCK = 0x48F1_0001


class NewerDatabase(Exception):
    """The database was made by a later version of the program."""


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration, on that connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


async def migrate(engine: AsyncEngine) -> str | None:
    """Bring the tables to this version, in one transaction; returns the version before (None: an empty database).

    Raises NewerDatabase where this program is too old for the tables.
    """
    async with engine.connect() as connection, _references_unchecked(connection), connection.begin():
        return await connection.run_sync(_upgrade)


@asynccontextmanager
async def _references_unchecked(connection: AsyncConnection) -> AsyncIterator[None]:
    """On SQLite, let a table be replaced by its altered copy while others refer to its rows.

    The switch means nothing within a transaction, so it is turned before and after.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = (await connection.get_raw_connection()).driver_connection
    await driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        await driver.execute("PRAGMA foreign_keys=ON")


def _upgrade(connection: Connection) -> str | None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    before = version(connection)
    config = configuration(connection)
    if before is not None and not is_known(before):
        raise NewerDatabase(f"the database is at version {before}, which this program does not know")
    if before != head():
        command.upgrade(config, "head")
        if connection.dialect.name == "sqlite" and (
            lost := connection.execute(text("PRAGMA foreign_key_check")).all()
        ):
            raise ValueError(f"rows would refer to nothing: {lost[:5]}")
    return before


def version(connection: Connection) -> str | None:
    """The version of the tables, None for an empty database."""
    found: str | None = MigrationContext.configure(connection).get_current_revision()
    return found


def head() -> str | None:
    """The version of this program."""
    return _scripts().get_current_head()


def is_known(found: str) -> bool:
    """Whether this program knows tables of that version; a later program's it does not."""
    return found in {script.revision for script in _scripts().walk_revisions()}


@cache
def _scripts() -> ScriptDirectory:
    """The migrations of this program, which do not change while it runs."""
    return ScriptDirectory.from_config(configuration())
