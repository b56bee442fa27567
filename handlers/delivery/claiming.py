"""Claiming outbox rows: which of those that were picked may go now, each message with the call that says it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, update

from handlers import contact
from handlers.delivery.composing import compose
from handlers.delivery.failing import wrong_recipient
from handlers.delivery.parcels import NotNeeded, NotNow, Parcel, change, put_back
from models.cases import fetch_numbered
from models.customers import chats_of, fetch_customers_numbered
from models.delivery import Outbox, OutboxState, What
from models.outbox import Waiting
from models.topics import fetch_topics
from models.work import Work

#: What the contact budget holds back is judged anew after this at the latest: people's time may leap in the demo.
NIGHT_LOOK = timedelta(seconds=20)
_TABLE = Outbox.__table__  # type: ignore[attr-defined]  # SQLModel makes it, and does not declare it
#: Built once: building a statement takes longer than running it, and this one runs for every few messages.
_CLAIM = (
    update(_TABLE)
    .where(_TABLE.c.id.in_(bindparam("ids", expanding=True)), _TABLE.c.state == OutboxState.NEW)
    .values(state=OutboxState.SENDING, claimed_at=bindparam("at"))
    .returning(*_TABLE.c)
)


async def claim(work: Work, picked: Sequence[Sequence[Waiting]]) -> list[Parcel]:
    """Claim rows, each sequence to be one message, and say what to call for them.

    A row that somebody else has, that was cancelled or changed meanwhile, or that cannot go yet is left out.
    From the commit of this work until the commit of the result, the fate of a claimed row is unknown.
    """
    if not picked:
        return []
    await work.flush()
    connection = await work.session.connection()
    wanted = {"ids": [row.id for group in picked for row in group], "at": work.real_now}
    rows = {row.id: row for row in (await connection.execute(_CLAIM, wanted)).all()}
    await fetch_topics(work, [row.customer_id for row in rows.values() if row.group_id and row.customer_id])
    shown = await fetch_numbered(work, [row.case_id for row in rows.values() if row.what is What.CARD])
    await fetch_customers_numbered(work, [case.customer_id for case in shown])
    chats = await chats_of(work, [row.customer_id for row in rows.values() if _names_both(row)])
    parcels = []
    for group in picked:
        parcel = Parcel([rows[outline.id] for outline in group if outline.id in rows])
        if any(_names_both(row) and chats.get(row.customer_id) != row.chat_id for row in parcel.rows):
            await wrong_recipient(work, parcel)
        elif parcel.rows and await _addressed(work, parcel, group[0]):
            parcels.append(parcel)
    return parcels


def _names_both(row: Any) -> bool:
    """Whether a row is for a customer's chat, which must be theirs still. What is only taken back is taken back
    wherever it stands."""
    return bool(row.customer_id and row.chat_id and not row.group_id and row.what is not What.RECALL)


async def _addressed(work: Work, parcel: Parcel, outline: Waiting) -> bool:
    try:
        if parcel.head.cost != outline.cost or (parcel.head.not_before or work.real_now) > work.real_now:
            raise NotNow(parcel.head.not_before or work.real_now)  # an album grew
        await _keep_to_budget(work, parcel.head)
        await compose(work, parcel)
    except NotNow as wait:
        await put_back(work, parcel, not_before=wait.at, attempts=parcel.head.attempts)  # a wait is no failure
        return False
    except NotNeeded:
        await change(work, parcel, state=OutboxState.CANCELLED)
        return False
    return True


async def _keep_to_budget(work: Work, row: Any) -> None:
    """What goes unasked is judged once more in its turn: it may be night by now, or the customer has said stop."""
    ruling = await contact.still_may(work, row.key)
    if ruling is not None and ruling.at is None:
        raise NotNeeded
    if ruling is not None and ruling.at is not None and ruling.at > work.now:
        raise NotNow(work.real_now + min(ruling.at - work.now, NIGHT_LOOK))
