"""The tables of the first version to those of today, on both databases."""

from datetime import UTC, datetime
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

import models.tables  # noqa: F401 - every table
from handlers import open_database
from models.base import metadata
from models.cases import Case
from models.customers import Customer
from models.database import Database
from models.migrations import NewerDatabase, configuration, head, migrate
from models.timeline import CaseEvent


def database_at(url: str) -> Database:
    return open_database(url, lambda: datetime.now(UTC))


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


ROWS_OF_THE_FIRST_VERSION = (
    "INSERT INTO staff_groups (id, configured_id, chat_id, title, is_forum) VALUES (1, -1, -1, 'staff', true)",
    "INSERT INTO customers (id, user_id, name, language, language_chosen, next_is_new, created_at)"
    " VALUES (7, 70, 'Li Wei', 'en', false, false, '2026-11-21 09:00:00+00:00')",
    "INSERT INTO cases (id, customer_id, group_id, state, subject, summary, comment_open, episode, reopened_count,"
    " chased_count, opened_at, last_customer_at) VALUES (1001, 7, 1, 'open', 'kettle', '', false, 0, 0, 0,"
    " '2026-11-21 09:00:00+00:00', '2026-11-21 09:00:00+00:00')",
    "INSERT INTO case_events (id, case_id, at, what, actor, details)"
    " VALUES (1, 1001, '2026-11-21 09:00:00+00:00', 'opened', 'customer:7', '{}')",
)


async def test_f57_rows_of_the_first_version_come_through_every_migration(database_url: str) -> None:
    database = database_at(database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda found: command.upgrade(configuration(found), "0001"))
        for row in ROWS_OF_THE_FIRST_VERSION:
            await connection.exec_driver_sql(row)
    await migrate(database.engine)
    async with AsyncSession(database.engine) as session:
        customer, case = (await session.exec(select(Customer, Case).where(Case.customer_id == Customer.id))).one()
        events = (await session.exec(select(CaseEvent))).all()
    await database.close()
    assert (customer.name, customer.segments, customer.fields) == ("Li Wei", [], {})
    assert (case.id, case.customer_id, case.source) == (1001, 7, "telegram")
    assert len(events) == 1


async def test_a_database_of_a_later_version_is_left_alone_and_said_so(database_url: str) -> None:
    database = database_at(database_url)
    await migrate(database.engine)
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    with pytest.raises(NewerDatabase, match="later"):
        await migrate(database.engine)
    await database.close()
