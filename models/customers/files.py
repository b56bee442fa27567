"""What a customer's file tells of the past."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from models.cases import recent_cases
from models.customers.rows import Customer, Purchase, ServiceEvent
from models.messages import Author, Message
from models.work import Work

#: How many of the latest are shown.
LATEST = 3


@dataclass(frozen=True)
class History:
    """Purchases and events (the latest), what was bought in all (hundredths), cases, merged numbers.

    `unheard` counts the words that came while the customer was banned.
    """

    purchases: Sequence[Purchase]
    bought: int
    spent: int
    events: Sequence[ServiceEvent]
    cases: int
    open: list[int]
    merged: list[int]
    unheard: int


async def history(work: Work, customer_id: int) -> History:
    """The customer's past."""
    bought, spent = await work.first(
        select(func.count(), func.coalesce(func.sum(Purchase.amount), 0)).where(Purchase.customer_id == customer_id)
    )
    cases = await recent_cases(work, customer_id, 100)
    unheard = select(func.count()).where(Message.customer_id == customer_id, Message.author == Author.UNHEARD)
    return History(
        purchases=await _latest(work, Purchase, customer_id),
        bought=int(bought),
        spent=int(spent),
        events=await _latest(work, ServiceEvent, customer_id),
        cases=len(cases),
        open=[case.id for case in cases if case.unfinished][:10],
        merged=list(await work.all(select(Customer.id).where(Customer.merged_into_id == customer_id).limit(10))),
        unheard=int(await work.first(unheard)),
    )


async def _latest(work: Work, table: Any, customer_id: int) -> Sequence[Any]:
    query = select(table).where(col(table.customer_id) == customer_id)
    return await work.all(query.order_by(col(table.at).desc(), col(table.id).desc()).limit(LATEST))
