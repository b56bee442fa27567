"""Rows into the database: what is new, what changes, what is as it was. A row is known by its `ref`.

So importing twice changes nothing, and repeating an import that was interrupted completes it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import update
from sqlmodel import SQLModel, col, select

from models.customers import Customer, Purchase, ServiceEvent
from models.customers.tiers import segments_by_rule, tier_by_rule
from models.importing.checking import Row
from models.importing.columns import BadRow, What
from models.work import Work

#: How many rows are compared with what is there in one query; both databases limit a query's parameters.
AT_ONCE = 1000
TABLES: dict[What, type[Purchase] | type[ServiceEvent]] = {"purchases": Purchase, "events": ServiceEvent}
#: What an import may change of a customer who is known.
_FILE = ("name", "language", "salutation", "phone", "city", "zone", "tags", "fields", "notes")
T = TypeVar("T")


@dataclass
class Compared:
    """What an import would do: rows to add, values to change by key, how many are as they were, bad rows."""

    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    same: int = 0
    bad: list[tuple[int, BadRow]] = field(default_factory=list)


def parts(items: Iterable[T], limit: int) -> Iterator[list[T]]:
    """The items in lists of at most `limit`."""
    iterator = iter(items)
    while part := list(islice(iterator, limit)):
        yield part


async def compare(work: Work, what: What, rows: Sequence[Row]) -> Compared:
    """What these rows would change; nothing is written."""
    found = Compared()
    for part in parts(rows, AT_ONCE):
        await (
            _compare_customers(work, part, found) if what == "customers" else _compare_others(work, what, part, found)
        )
    return found


async def write(work: Work, what: What, compared: Compared) -> None:
    """Write what was compared in the same work."""
    if what != "customers":
        for values in compared.new:
            work.append(TABLES[what], **values)
        await _change(work, TABLES[what], compared.changed)
        return
    last = await work.number("customer", len(compared.new)) if compared.new else 0
    for number, values in enumerate(compared.new, last - len(compared.new) + 1):
        work.append(Customer, id=number, **values)
    await _change(work, Customer, compared.changed)


async def _change(work: Work, table: type[SQLModel], changed: list[dict[str, Any]]) -> None:
    await work.flush()
    if changed:
        await work.session.exec(update(table), params=changed)


async def _compare_customers(work: Work, rows: Sequence[Row], found: Compared) -> None:
    refs = [row.ref for row in rows]
    columns = [getattr(Customer, name) for name in ("id", "ref", "user_id", "merged_into_id", *_FILE)]
    known = {each.ref: each for each in await work.all(select(*columns).where(col(Customer.ref).in_(refs)))}
    for row in rows:
        before = known.get(row.ref)
        if before is None:
            found.new.append(_new_customer(work, row))
            continue
        values = {**row.values, "fields": {**before.fields, **row.own}}
        if before.user_id is not None:
            del values["name"]  # Telegram says what a person calls themselves
            values.pop("language", None)  # and they may have chosen
        kept = {name: getattr(before, name) for name in _FILE}
        if before.merged_into_id is not None or {**kept, **values} == kept:
            found.same += 1
        else:
            found.changed.append({"id": before.id, **kept, **values})


def _new_customer(work: Work, row: Row) -> dict[str, Any]:
    values = {
        "ref": row.ref,
        "language": work.plan.business.language,
        "created_at": work.now,
        "fields": row.own,
        "tier": tier_by_rule(work.plan, 0, 0),
        **row.values,
    }
    if work.plan.segment:
        values["segments"] = segments_by_rule(work.plan, Customer(id=0, **values), ())
    return values


async def _compare_others(work: Work, what: What, rows: Sequence[Row], found: Compared) -> None:
    table = TABLES[what]
    customers = await _customers_by_ref(work, {row.customer for row in rows})
    query = select(table).where(col(table.ref).in_([row.ref for row in rows]))
    known = {each.ref: each for each in await work.all(query)}
    for row in rows:
        customer_id = customers.get(row.customer)
        before = known.get(row.ref)
        if customer_id is None:
            found.bad.append((row.number, BadRow(f'no customer has the number "{row.customer[:60]}"', "customer")))
        elif before is None:
            found.new.append({**row.values, "ref": row.ref, "customer_id": customer_id})
        else:
            values = {**row.values, "customer_id": customer_id}
            if all(getattr(before, key) == value for key, value in values.items()):
                found.same += 1
            else:
                found.changed.append({"id": before.id, **values})


async def _customers_by_ref(work: Work, refs: set[str]) -> dict[str, int]:
    """The numbers of these customers; who was merged is the one they were merged into."""
    query = select(Customer.ref, Customer.id, Customer.merged_into_id).where(col(Customer.ref).in_(refs))
    return {ref: merged_into or customer_id for ref, customer_id, merged_into in await work.all(query)}
