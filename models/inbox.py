"""Queries on the inbox: storing what came, and claiming what is to be handled next."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, func, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from models.base import stands_at
from models.delivery import Inbox, InboxState
from models.work import Work

#: How many old rows go in one transaction, so that nobody waits for it long.
DELETED_AT_ONCE = 2000
_TABLE = Inbox.__table__  # type: ignore[attr-defined]
_NEW = stands_at(_TABLE.c.state, InboxState.NEW)
_NOW = bindparam("now", type_=_TABLE.c.not_before.type)
_RETRYING = select(_TABLE.c.lane).where(_NEW, _TABLE.c.attempts > 0, _TABLE.c.not_before > _NOW).distinct()
_COLUMNS: tuple[Any, ...] = (_TABLE.c.id, _TABLE.c.lane, _TABLE.c.raw, _TABLE.c.attempts, _TABLE.c.received_at)
_DUE = (
    select(*_COLUMNS)
    .where(_NEW, func.coalesce(_TABLE.c.not_before, _NOW) <= _NOW, _TABLE.c.lane.not_in(_RETRYING))
    .order_by(_TABLE.c.id)
    .limit(bindparam("most"))
)
_DUE_IN_LANES = _DUE.where(_TABLE.c.lane.in_(bindparam("lanes", expanding=True)))
_FINISH = (
    update(_TABLE).where(_TABLE.c.id.in_(bindparam("ids", expanding=True))).values(state=InboxState.DONE, error=None)
)
_LOCK = text(
    "SELECT lane FROM unnest(CAST(:lanes AS text[])) AS lane"
    " WHERE pg_try_advisory_xact_lock(hashtextextended(lane, 0))"
)


async def store(work: Work, rows: Sequence[dict[str, Any]]) -> None:
    """Store raw updates; one that is there already changes nothing."""
    if not rows:
        return
    connection = await work.session.connection()
    full = [{"state": InboxState.NEW, "attempts": 0, "received_at": work.real_now, **row} for row in rows]
    await connection.execute(_insert(connection.dialect.name), full)


@cache
def _insert(dialect: str) -> Any:
    build = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return build(Inbox).on_conflict_do_nothing(index_elements=["update_id"])


async def claim(work: Work, limit: int) -> Sequence[Any]:
    """The oldest unfinished rows, of lanes that nobody else works on, in the order in which they came.

    A lane whose next row waits for another try waits with it; a row that waits for a message that it builds on
    (`not_before` without attempts) does not hold up its lane. On PostgreSQL a lane is held by an advisory lock
    until the work ends.
    """
    rows = await work.all(_DUE, now=work.real_now, most=limit)
    if not rows or (await work.session.connection()).dialect.name == "sqlite":
        return rows
    lanes = await _lock(work, list(dict.fromkeys(row.lane for row in rows)))
    # What stood in a lane may have been handled between the look and the lock: look again.
    return await work.all(_DUE_IN_LANES, now=work.real_now, most=limit, lanes=lanes)


async def hold(work: Work, row_id: int) -> bool:
    """Whether that row is still to be handled, by us: on PostgreSQL its lane is held until the work ends."""
    query = select(Inbox.lane).where(Inbox.id == row_id, Inbox.state == InboxState.NEW)
    lane: str | None = await work.first(query)
    if lane is None or (await work.session.connection()).dialect.name == "sqlite":
        return lane is not None
    return bool(await _lock(work, [lane])) and await work.first(query) is not None


async def _lock(work: Work, lanes: list[str]) -> Sequence[str]:
    """Those of these lanes that nobody else holds; they are ours until the work ends."""
    connection = await work.session.connection()
    locked: Sequence[str] = (await connection.execute(_LOCK, {"lanes": lanes})).scalars().all()
    return locked


async def finish(work: Work, ids: Iterable[int]) -> None:
    """These rows have taken effect."""
    await work.flush()
    await (await work.session.connection()).execute(_FINISH, {"ids": list(ids)})


async def drop(work: Work, row_id: int) -> None:
    """This row is none of ours, and nothing of it is kept."""
    await work.flush()
    await work.session.exec(delete(Inbox).where(col(Inbox.id) == row_id))


async def bury(work: Work, row_id: int, error: str) -> None:
    """This row has failed for good; it stays for a replay."""
    await _mark(work, row_id, state=InboxState.DEAD, error=error[:2000])


async def postpone(work: Work, row_id: int, until: datetime, attempts: int, error: str | None) -> None:
    """Try this row again at that (real) time."""
    await _mark(work, row_id, not_before=until, attempts=attempts, error=error and error[:2000])


async def _mark(work: Work, row_id: int, **values: Any) -> None:
    await work.flush()
    await work.session.exec(update(Inbox).where(col(Inbox.id) == row_id).values(**values))


async def hold_lane(work: Work, row_id: int, until: datetime, attempts: int) -> None:
    """This row waits until then, and its lane with it; `postpone` lets it go sooner."""
    await _mark(work, row_id, not_before=until, attempts=max(1, attempts))


async def replay(work: Work) -> int:
    """Make every dead row new again, to be handled by the program as it is now; returns how many."""
    again = update(Inbox).where(col(Inbox.state) == InboxState.DEAD)
    result = await work.session.exec(again.values(state=InboxState.NEW, attempts=0, not_before=None))
    return int(result.rowcount)


async def counts(work: Work) -> dict[str, int]:
    """How many rows there are in each state."""
    rows = await work.all(select(Inbox.state, func.count()).group_by(Inbox.state))
    return {state.value: number for state, number in rows}


async def delete_handled(work: Work, before: datetime) -> int:
    """Delete handled updates received before that moment, some at a time, and free the ids of dead ones.

    Returns how many were deleted.
    """
    old = col(Inbox.received_at) < before
    dead = update(Inbox).where(old, col(Inbox.state) == InboxState.DEAD, col(Inbox.update_id).is_not(None))
    await work.session.exec(dead.values(update_id=None))
    some = select(Inbox.id).where(old, Inbox.state == InboxState.DONE).limit(DELETED_AT_ONCE)
    return int((await work.session.exec(delete(Inbox).where(col(Inbox.id).in_(some)))).rowcount)
