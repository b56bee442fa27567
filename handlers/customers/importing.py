"""Imports: rows of a table become customers, purchases and events, and what follows from them is set going."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import col, select

from handlers.customers.rules import refresh
from handlers.happenings.people import EventImported
from models.customers import Customer, Purchase, ServiceEvent
from models.importing.checking import Row
from models.importing.columns import What
from models.importing.storing import AT_ONCE, Compared, compare, parts, write
from models.work import Work

#: How many imported rows one unit of work sets going.
FRESH_AT_ONCE = 200


async def take_in(work: Work, what: What, rows: Sequence[Row], *, commit: bool) -> Compared:
    """Compare rows with what is there and, with `commit`, write them: all of them or, where one is bad, none."""
    found = await compare(work, what, rows)
    if not commit or found.bad:
        return found
    await write(work, what, found)
    work.audit(None, "imported", what, new=len(found.new), changed=len(found.changed))
    if what == "customers" and (work.plan.tier or work.plan.segment):
        for some in parts((values["id"] for values in found.changed), AT_ONCE):
            await refresh(work, await work.all(select(Customer).where(col(Customer.id).in_(some))))
    return found


async def set_going(work: Work) -> bool:
    """A tick: what was imported has happened; rules look at those who bought, visits may follow."""
    purchases = await _fresh(work, Purchase)
    events = await _fresh(work, ServiceEvent)
    for row in purchases:
        row.fresh = False
        work.happen(EventImported(row.customer_id, "purchase", row.ref, row.at))
    for row in events:
        row.fresh = False
        work.happen(EventImported(row.customer_id, row.name, row.ref, row.at))
    buyers = {row.customer_id for row in purchases}
    if buyers:
        await refresh(work, await work.all(select(Customer).where(col(Customer.id).in_(buyers))))
    return bool(purchases or events)


async def _fresh(work: Work, table: Any) -> Sequence[Any]:
    return await work.all(select(table).where(col(table.fresh)).order_by(col(table.id)).limit(FRESH_AT_ONCE))
