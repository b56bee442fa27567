"""Rows that wait again: what was in flight when it failed may meet another row that took its key meanwhile."""

import asyncio
from datetime import UTC, datetime

from sqlmodel import col, select

from handlers import delivery, open_database
from handlers.delivery.parcels import Parcel
from models.cases import Case, case_held, case_numbered
from models.customers import Customer
from models.delivery import Fate, Outbox, OutboxState, Outcome, SendClass, What
from models.plan import Plan
from models.staff import StaffGroup
from tests.tables import make_tables

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


async def test_a_redraw_in_flight_at_a_crash_waits_again_beside_the_one_that_was_asked_for_after_it(
    database_url: str,
) -> None:
    database = open_database(database_url, lambda: NOW)
    await make_tables(database)
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


async def test_a_card_that_comes_to_stand_while_its_case_moves_away_is_retired_where_it_stands(
    database_url: str,
) -> None:
    database = open_database(database_url, lambda: NOW)
    await make_tables(database)
    async with database.work(lambda: NOW, Plan()) as work:
        for number in (1, 2):
            work.add(StaffGroup(id=number, configured_id=-number, chat_id=-number))
        work.add(Customer(id=7, user_id=7, name="Li Wei", language="en", created_at=NOW))
        await work.flush()
        work.add(Case(id=1001, customer_id=7, group_id=1, opened_at=NOW, last_customer_at=NOW))
        card = Outbox(
            lane="g1:7",
            priority=2,
            send_class=SendClass.A,
            what=What.CARD,
            body={"fresh": True},
            group_id=1,
            customer_id=7,
            case_id=1001,
            state=OutboxState.SENDING,
            created_at=NOW,
        )
        work.add(card)

    async def shown() -> None:
        async with database.work(lambda: NOW, Plan()) as work:
            parcel = Parcel([card], chat_id=-1, method="sendMessage")
            await delivery.settle(work, [(parcel, Outcome(Fate.SENT, result={"message_id": 55}))])

    async with database.work(lambda: NOW, Plan()) as work:
        case = await case_held(work, 1001)
        assert case is not None
        case.group_id = 2
        await work.flush()
        showing = asyncio.create_task(shown())
        await asyncio.sleep(0.2)  # on PostgreSQL it would be through by then, if it did not wait
    await showing
    async with database.work(lambda: NOW, Plan()) as work:
        case = await case_numbered(work, 1001)
        assert case is not None
        assert (case.group_id, case.card_message_id) == (2, None)
        (call,) = await work.all(select(Outbox).where(Outbox.what == What.CHANGE))
        assert (call.group_id, call.body["at"]) == (1, 55)
    await database.close()
