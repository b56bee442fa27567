"""Queries that run all the time use the indexes that are made for them, on both databases."""

from collections.abc import AsyncIterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from handlers import open_database
from models import inbox, outbox
from models.database import Database
from models.delivery import Outbox, OutboxState, SendClass, What
from models.outbox import pending_send, rows_in_flight
from models.plan import Plan
from tests.tables import make_tables

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with a few rows that were sent."""
    found = open_database(database_url, lambda: NOW)
    await make_tables(found)
    async with found.work(lambda: NOW, Plan()) as work:
        for number in range(20):
            work.add(
                Outbox(
                    lane="c1",
                    priority=0,
                    send_class=SendClass.A,
                    what=What.WORDS,
                    body={},
                    chat_id=1,
                    state=OutboxState.SENT,
                    created_at=NOW,
                    sent_at=NOW - timedelta(hours=number),
                )
            )
    yield found
    await found.close()


@contextmanager
def statements(database: Database) -> Any:
    """What is executed meanwhile: statement and parameters, as the driver takes them."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        found.append((statement, parameters))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield found
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def plan_of(database: Database, statement: str, parameters: Any) -> str:
    """How the database goes about it, where it would rather not read a whole table."""
    async with database.engine.connect() as connection:
        if database.is_sqlite:
            rows = (await connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)).all()
            return "\n".join(row.detail for row in rows)
        await connection.exec_driver_sql("SET enable_seqscan = off")
        return "\n".join((await connection.exec_driver_sql("EXPLAIN " + statement, parameters)).scalars().all())


async def test_looking_for_what_waits_reads_only_what_waits(database: Database) -> None:
    with statements(database) as found:
        async with database.reading() as session:
            await outbox.waiting_after(session, 0)
            if not database.is_sqlite:
                await outbox.arrived_late(session, [1, 2, 3])
    (waiting, *late) = [await plan_of(database, *each) for each in found if "FROM outbox" in each[0]]
    assert "ix_outbox_new" in waiting
    assert all("pk_outbox" in plan for plan in late)


async def test_taking_over_reads_only_what_is_in_flight_and_what_was_sent_lately(database: Database) -> None:
    with statements(database) as found:
        async with database.work(lambda: NOW, Plan()) as work:
            await rows_in_flight(work)
            await outbox.sent_since(work, NOW - timedelta(minutes=1))
    sending, lately, in_flight = [await plan_of(database, *each) for each in found if "FROM outbox" in each[0]]
    assert "ix_outbox_sending" in sending
    assert "ix_outbox_sent" in lately
    assert "ix_outbox_sending" in in_flight


async def test_a_pending_key_is_looked_for_among_what_waits(database: Database) -> None:
    with statements(database) as found:
        async with database.work(lambda: NOW, Plan()) as work:
            await pending_send(work, "album:1:2")
    (plan,) = [await plan_of(database, *each) for each in found if "FROM outbox" in each[0]]
    assert "ix_outbox_new" in plan


async def test_the_next_updates_are_found_without_those_that_are_done(database: Database) -> None:
    with statements(database) as found:
        async with database.work(lambda: NOW, Plan()) as work:
            await inbox.claim(work, 100)
    (plan,) = [await plan_of(database, *each) for each in found if "FROM inbox" in each[0]]
    assert "ix_inbox_todo" in plan
    assert "SCAN inbox\n" not in plan + "\n"
