"""The tables of the first version to those of today, on both databases."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

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
from models.walks import Walk


def database_at(url: str) -> Database:
    return open_database(url, lambda: datetime.now(UTC))


def drift(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


@pytest.fixture(scope="module")
async def migrated(module_database: str) -> AsyncIterator[Database]:
    """An empty database brought to this version; each of the tests leaves it so."""
    database = database_at(module_database)
    assert await migrate(database.engine) is None
    yield database
    await database.close()


async def test_an_empty_database_gets_the_tables_that_the_program_has(migrated: Database) -> None:
    async with migrated.engine.begin() as connection:
        assert await connection.run_sync(drift) == []


async def test_migrating_again_changes_nothing(migrated: Database) -> None:
    assert await migrate(migrated.engine) == head()
    async with migrated.engine.begin() as connection:
        assert await connection.run_sync(drift) == []


async def test_a_database_of_a_later_version_is_left_alone_and_said_so(migrated: Database) -> None:
    async with migrated.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    with pytest.raises(NewerDatabase, match="later"):
        await migrate(migrated.engine)
    async with migrated.engine.begin() as connection:
        assert await connection.run_sync(drift) == []
        await connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head()})


async def test_one_step_back_and_forward_again(migrated: Database) -> None:
    async with migrated.engine.begin() as connection:
        await connection.run_sync(lambda found: command.downgrade(configuration(found), "base"))
        left = await connection.run_sync(lambda found: inspect(found).get_table_names())
    assert left == ["alembic_version"]
    await migrate(migrated.engine)
    async with migrated.engine.begin() as connection:
        assert await connection.run_sync(drift) == []


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


ROWS_BEFORE_WALKS = (
    ROWS_OF_THE_FIRST_VERSION[0],
    "INSERT INTO plan_versions (id, text, taken_at) VALUES (1, '', '2026-11-21 09:00:00+00:00'),"
    " (2, '[business]\ntimezone = \"America/New_York\"', '2026-11-22 09:00:00+00:00')",
    "INSERT INTO visit_runs (name, until, horizon, after, plan_version) VALUES"
    " ('morning', '2026-11-23 14:00:00+00:00', NULL, 0, NULL),"
    " ('periodic', '2026-12-07 09:00:00+00:00', '2026-12-08 09:00:00+00:00', 20000, 2)",
    "INSERT INTO counters (name, value) VALUES ('case', 1001), ('rules_day', 739943), ('rules_reached', 0)",
    "UPDATE staff_groups SET late_list_on = '2026-11-23'",
    "INSERT INTO survey_waves (id, key, questionnaire, version, rule, share, salt, apart_seconds, state, strata,"
    " after, seen, planned, lasts_seconds, made_at) VALUES"
    " (1, 'every:nps:7776000:3', 'nps', 1, 'every', 5000, 0, 7776000, 'done', '[]', 0, 0, 9, 1,"
    " '2026-09-28 00:00:00+00:00'),"
    " (2, 'every:nps:7776000:2', 'nps', 1, 'every', 5000, 0, 7776000, 'done', '[]', 0, 0, 9, 1,"
    " '2026-06-30 00:00:00+00:00'),"
    " (3, 'hand:1:2', 'nps', 1, 'wave', 10000, 0, 0, 'planning', '[\"vip\"]', 700, 650, 9, 1,"
    " '2026-11-23 00:00:00+00:00')",
)


async def test_what_came_once_a_day_before_there_were_walks_comes_neither_again_nor_too_late(
    database_url: str,
) -> None:
    database, new_york = database_at(database_url), ZoneInfo("America/New_York")
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda found: command.upgrade(configuration(found), "0014"))
        for row in ROWS_BEFORE_WALKS:
            await connection.exec_driver_sql(row)
    await migrate(database.engine)
    async with AsyncSession(database.engine) as session:
        walks = {walk.name: walk for walk in (await session.exec(select(Walk))).all()}
        counters = (await session.exec(text("SELECT name FROM counters"))).scalars().all()  # type: ignore[call-overload]
    await database.close()
    assert list(counters) == ["case"]
    for name, at in (("visits_morning", time(9)), ("rules", time(3)), ("late_list:1", time(18))):
        walk = walks.pop(name)
        for day, due in ((23, False), (24, True)):
            now = datetime(2026, 11, day, 18, 30, tzinfo=new_york)
            assert (walk.due_daily(now, at, new_york) is not None) == due, (name, day)
    periods = walks.pop("survey:nps:7776000")
    for month, due in ((12, False), (1, True)):
        now = datetime(2026 + (month == 1), month, 1, tzinfo=UTC)
        assert (periods.due_in_period(now, timedelta(days=90)) is not None) == due
    planning, wave = walks.pop("visits:periodic"), walks.pop("wave:3")
    assert (planning.until, planning.horizon) == (at_nine(7), at_nine(8))
    assert (planning.after, planning.plan_version, wave.after, wave.seen) == (20000, 2, 700, 650)
    assert wave.horizon is not None
    assert walks == {}


def at_nine(day: int) -> datetime:
    return datetime(2026, 12, day, 9, tzinfo=UTC)
