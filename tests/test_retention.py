"""What is forgotten by itself: handled updates and sent rows, never words, never what failed."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from handlers import open_database, retention
from models.database import Database
from models.delivery import Inbox, InboxState, Outbox, OutboxState, SendClass, What
from models.plan import Plan
from tests.tables import make_tables

TODAY = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
async def database(database_url: str) -> Database:
    """An empty database whose wall clock stands at TODAY."""
    found = open_database(database_url, lambda: TODAY)
    await make_tables(found)
    return found


async def test_handled_updates_are_forgotten_before_telegram_counts_anew_and_dead_ones_are_kept(
    database: Database,
) -> None:
    async with database.work(lambda: TODAY, Plan()) as work:
        for number, (days, state) in enumerate(
            [(8, InboxState.DONE), (8, InboxState.DEAD), (8, InboxState.NEW), (1, InboxState.DONE)]
        ):
            received = TODAY - timedelta(days=days)
            work.add(Inbox(update_id=number, lane="1", raw="{}", received_at=received, state=state))
    async with database.work(lambda: TODAY, Plan()) as work:
        assert await retention.forget_inbox(work)
        assert not await retention.forget_inbox(work)
    async with database.work(lambda: TODAY, Plan()) as work:
        left = [(row.state, row.update_id) for row in await work.all(select(Inbox).order_by(col(Inbox.id)))]
    await database.close()
    assert left == [(InboxState.DEAD, None), (InboxState.NEW, 2), (InboxState.DONE, 3)]


async def test_sent_rows_are_forgotten_after_a_month_and_refused_ones_stay_to_be_seen(database: Database) -> None:
    async with database.work(lambda: TODAY, Plan()) as work:
        for days, state in [(40, OutboxState.SENT), (40, OutboxState.DEAD), (2, OutboxState.SENT)]:
            created = TODAY - timedelta(days=days)
            work.add(
                Outbox(
                    lane="c1",
                    priority=0,
                    send_class=SendClass.A,
                    what=What.WORDS,
                    body={},
                    state=state,
                    created_at=created,
                    chat_id=1,
                )
            )
    async with database.work(lambda: TODAY, Plan()) as work:
        assert await retention.forget_outbox(work)
    async with database.work(lambda: TODAY, Plan()) as work:
        left = [row.state for row in await work.all(select(Outbox).order_by(col(Outbox.id)))]
    await database.close()
    assert left == [OutboxState.DEAD, OutboxState.SENT]
