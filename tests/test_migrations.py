"""The tables of the first version to those of today, on both databases."""

from datetime import UTC, datetime
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

import models.tables  # noqa: F401 - every table
from models.base import metadata
from models.database import Database
from models.migrations import NewerDatabase, configuration, head, migrate


def database_at(url: str) -> Database:
    return Database(url, lambda: datetime.now(UTC))


def drift(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


async def test_an_empty_database_gets_the_tables_that_the_program_has(database_url: str) -> None:
    database = database_at(database_url)
    assert await migrate(database.engine) is None
    async with database.engine.begin() as connection:
        differences = await connection.run_sync(drift)
    await database.close()
    assert differences == []


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    database = database_at(database_url)
    await migrate(database.engine)
    assert await migrate(database.engine) == head()
    await database.close()


async def test_one_step_back_and_forward_again(database_url: str) -> None:
    database = database_at(database_url)
    await migrate(database.engine)
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda found: command.downgrade(configuration(found), "base"))
        left = await connection.run_sync(lambda found: inspect(found).get_table_names())
    assert left == ["alembic_version"]
    await migrate(database.engine)
    async with database.engine.begin() as connection:
        assert await connection.run_sync(drift) == []
    await database.close()


async def test_a_database_of_a_later_version_is_left_alone_and_said_so(database_url: str) -> None:
    database = database_at(database_url)
    await migrate(database.engine)
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    with pytest.raises(NewerDatabase, match="later"):
        await migrate(database.engine)
    await database.close()
