"""Rows that wait again: what was in flight when it failed may meet another row that took its key meanwhile."""

from datetime import UTC, datetime

from sqlmodel import col, select

from handlers import delivery
from models.database import Database
from models.delivery import Outbox, OutboxState, SendClass, What
from models.migrations import migrate
from models.plan import Plan

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


async def test_a_redraw_in_flight_at_a_crash_waits_again_beside_the_one_that_was_asked_for_after_it(
    database_url: str,
) -> None:
    database = Database(database_url, lambda: NOW)
    await migrate(database.engine)
    async with database.work(lambda: NOW, Plan()) as work:
        for state in (OutboxState.SENDING, OutboxState.SENDING, OutboxState.NEW):
            work.add(
                Outbox(
                    lane="g1:1",
                    priority=2,
                    send_class=SendClass.C,
                    what=What.CARD,
                    body={"fresh": False},
                    group_id=1,
                    customer_id=1,
                    key="card:1001",
                    state=state,
                    created_at=NOW,
                )
            )
    async with database.work(lambda: NOW, Plan()) as work:
        assert len(await delivery.recover(work, set())) == 2
    async with database.work(lambda: NOW, Plan()) as work:
        found = [(row.state, row.key) for row in await work.all(select(Outbox).order_by(col(Outbox.id)))]
    await database.close()
    new = OutboxState.NEW
    assert found == [(new, None), (new, None), (new, "card:1001")]
