"""Two customers who are one person: what moves from one to the other, and the way back."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint, func, or_, update
from sqlmodel import SQLModel, col, select

from models.approvals import Approval
from models.audit import Actor
from models.cases import Case
from models.customers import forget_customers
from models.customers.rows import Customer, JoinToken, Merge, TierBy
from models.delivery import Outbox, OutboxState
from models.messages import Message
from models.tables import TABLES
from models.topics import Topic, TopicState
from models.work import Work

#: What stays with the number it was made for.
_STAYS = {Topic, Merge, JoinToken, Outbox, Approval}
#: What the survivor takes over where the own file says nothing.
_TAKEN = (
    "salutation",
    "phone",
    "city",
    "zone",
    "notes",
    "dedicated_agent_id",
    "ref",
    "last_contact_at",
    "banned_until",
    "muted_until",
)
_TIER = ("tier", "tier_by", "tier_reason", "tier_approved_by", "tier_until")
#: Who somebody is in Telegram.
_PERSON = ("user_id", "name", "username", "language", "language_chosen", "unreachable_since", "open_run_id")
#: What still goes to the topic of the number it is of when its turn comes, or comes again.
_UNSENT = (OutboxState.NEW, OutboxState.SENDING)
_AT_ONCE = 1000


def _tables() -> Iterator[tuple[type[SQLModel], str]]:
    """Every table whose rows belong to a customer, and the column that says to whom."""
    for table in TABLES:
        if table in _STAYS or table is Customer:
            continue
        for column in _sql(table).columns:
            if any(key.column.table.name == "customers" for key in column.foreign_keys):
                yield table, column.name


def _sql(table: Any) -> Any:
    return table.__table__


def _alone(table: type[SQLModel], column: str) -> list[list[str]]:
    """The other columns of each unique key that the customer is part of: rows alike in them cannot be one's both."""
    sql = _sql(table)
    unique = [each for each in sql.constraints if isinstance(each, UniqueConstraint)]
    keys = [sql.primary_key, *unique, *(each for each in sql.indexes if each.unique)]
    named = [[each.name for each in key.columns] for key in keys]
    return [[name for name in names if name != column] for names in named if column in names]


async def counts(work: Work, customer_id: int) -> dict[str, int]:
    """How many rows of each table belong to that customer, for the preview."""
    found = {}
    for table, column in _tables():
        if table.__tablename__ in ("cases", "messages", "purchases", "service_events"):
            query = select(func.count()).select_from(table).where(getattr(table, column) == customer_id)
            found[str(table.__tablename__)] = int(await work.first(query))
    return found


async def merge(work: Work, survivor: Customer, merged: Customer, by: Actor) -> Merge:
    """Make one customer of two, of whom at most one has a Telegram account; both numbers lead to the survivor."""
    both = col(Customer.id).in_((survivor.id, merged.id))
    await work.all(
        select(Customer).where(both).order_by(col(Customer.id)).with_for_update()
    )  # nobody speaks meanwhile
    rows = {
        f"{table.__tablename__}.{column}": await _move(work, table, column, survivor.id, merged.id)
        for table, column in _tables()
    }
    unsent = update(Outbox).where(col(Outbox.customer_id) == merged.id, col(Outbox.state).in_(_UNSENT))
    await work.session.exec(unsent.values(customer_id=survivor.id))
    topics = await _move_topics(work, survivor.id, merged.id)
    file = await _take_over(work, survivor, merged)
    merged.merged_into_id = survivor.id
    found = Merge(
        survivor_id=survivor.id,
        merged_id=merged.id,
        staff_id=by.as_actor["staff_id"],
        customer_id=by.as_actor["customer_id"],
        at=work.now,
        moved={"rows": rows, "topics": topics, "file": file},
    )
    work.add(found)
    await work.flush()
    forget_customers(work, survivor, merged)
    return found


async def _move(work: Work, table: type[SQLModel], column: str, to: int, of: int) -> list[list[Any]]:
    """Move one's rows to the other, but for those that the other has already; returns their keys."""
    keys = [each.name for each in _sql(table).primary_key.columns]
    mine = getattr(table, column)
    alone = _alone(table, column)
    if not alone:
        (key,) = keys
        moved = [[found] for found in await work.all(select(getattr(table, key)).where(mine == of))]
        if moved:
            await work.session.exec(update(table).where(mine == of).values({column: to}))
        return moved
    moved = []
    theirs = await work.all(select(table).where(mine == to))
    for row in await work.all(select(table).where(mine == of)):
        if any(
            all(getattr(row, name) == getattr(each, name) for name in names) for names in alone for each in theirs
        ):
            continue
        values = {key: getattr(row, key) for key in keys if key != column}
        await work.session.exec(_of(table, values, column, of).values({column: to}))
        moved.append(list(values.values()))
    return moved


def _of(table: type[SQLModel], values: dict[str, Any], column: str, customer_id: int) -> Any:
    found = update(table).where(getattr(table, column) == customer_id)
    for key, value in values.items():
        found = found.where(getattr(table, key) == value)
    return found


async def _move_topics(work: Work, to: int, of: int) -> list[int]:
    """A topic goes along where the survivor has none in that group."""
    live = col(Topic.state) != TopicState.GONE
    have = set(await work.all(select(Topic.group_id).where(Topic.customer_id == to, live)))
    moved = []
    for topic in await work.all(select(Topic).where(Topic.customer_id == of, live)):
        if topic.group_id not in have:
            topic.customer_id = to
            moved.append(topic.id)
    await work.flush()
    return moved


async def _take_over(work: Work, survivor: Customer, merged: Customer) -> dict[str, list[Any]]:
    """Fill the survivor's file; returns, by field, what it was and what it became, and what the other had."""
    new: dict[str, Any] = {key: getattr(merged, key) for key in _TAKEN if not getattr(survivor, key)}
    if merged.user_id is None and not survivor.salutation:
        new["salutation"] = merged.salutation or merged.name
    if merged.tier_by is TierBy.HAND and survivor.tier_by is TierBy.RULE:
        new |= {key: getattr(merged, key) for key in _TIER}
    if merged.user_id is not None:
        new |= {key: getattr(merged, key) for key in _PERSON}
        new["salutation"] = survivor.salutation or merged.salutation or survivor.name
    new["tags"] = list(dict.fromkeys([*survivor.tags, *merged.tags]))
    new["fields"] = {**merged.fields, **survivor.fields}
    new = {key: value for key, value in new.items() if value != getattr(survivor, key)}
    file = {key: [_plain(getattr(survivor, key)), _plain(value)] for key, value in new.items()}
    for key in ("user_id", "ref"):  # which cannot be two's at once
        if key in new:
            setattr(merged, key, None)
    await work.flush()
    for key, value in new.items():
        setattr(survivor, key, value)
    return file


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


async def latest_merge(work: Work, merged_id: int) -> Merge | None:
    """The merge by which that customer became part of another, if it still holds."""
    query = select(Merge).where(Merge.merged_id == merged_id, col(Merge.undone_at).is_(None))
    found: Merge | None = await work.first(query.order_by(col(Merge.id).desc()))
    return found


async def undo(work: Work, done: Merge, survivor: Customer, merged: Customer) -> None:
    """Two again: what moved goes back; what has changed since the merge stays as it is now."""
    tables = {f"{table.__tablename__}.{column}": (table, column) for table, column in _tables()}
    for name, moved in done.moved["rows"].items():
        if name in tables:
            await _move_back(work, *tables[name], moved, survivor.id, merged.id)
    for topic in await work.all(select(Topic).where(col(Topic.id).in_(done.moved["topics"]))):
        topic.customer_id = merged.id
    await work.flush()
    cases, messages = (select(table.id).where(table.customer_id == merged.id) for table in (Case, Message))
    unsent = update(Outbox).where(col(Outbox.customer_id) == survivor.id, col(Outbox.state).in_(_UNSENT))
    of_merged = or_(col(Outbox.case_id).in_(cases), col(Outbox.message_id).in_(messages))
    await work.session.exec(unsent.where(of_merged).values(customer_id=merged.id))
    back = {}
    for key, (before, became) in done.moved["file"].items():
        if _plain(getattr(survivor, key)) == became:
            back[key] = (before, became)
    for key, (before, _) in back.items():
        setattr(survivor, key, _typed(key, before))
    merged.merged_into_id = None
    done.undone_at = work.now
    await work.flush()
    for key in ("user_id", "ref"):
        if key in back:
            setattr(merged, key, back[key][1])
    await work.flush()
    forget_customers(work, survivor, merged)


def _typed(key: str, value: Any) -> Any:
    if key == "tier_by":
        return TierBy(value)
    is_moment = isinstance(value, str) and _sql(Customer).columns[key].type.python_type is datetime
    return datetime.fromisoformat(value) if is_moment else value


async def _move_back(
    work: Work, table: type[SQLModel], column: str, moved: list[list[Any]], of: int, to: int
) -> None:
    keys = [each.name for each in _sql(table).primary_key.columns if each.name != column]
    if len(keys) == 1:
        for start in range(0, len(moved), _AT_ONCE):
            some = [key for (key,) in moved[start : start + _AT_ONCE]]
            rows = update(table).where(getattr(table, keys[0]).in_(some), getattr(table, column) == of)
            await work.session.exec(rows.values({column: to}))
        return
    for values in moved:
        await work.session.exec(_of(table, dict(zip(keys, values, strict=True)), column, of).values({column: to}))
