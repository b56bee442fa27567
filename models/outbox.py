"""Queries on the outbox for the sender: what waits, what went out lately, what pauses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import ARRAY, BigInteger, any_, bindparam, delete, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.base import stands_at
from models.cases import Case
from models.delivery import Outbox, OutboxState, Pause, Priority, SendClass, What
from models.messages import Author, Message
from models.work import Work

#: How many old rows go in one transaction, so that nobody waits for it long.
DELETED_AT_ONCE = 2000

_TABLE = Outbox.__table__  # type: ignore[attr-defined]
_OUTLINES = select(  # type: ignore[call-overload]
    _TABLE.c.priority,
    _TABLE.c.id,
    _TABLE.c.lane,
    _TABLE.c.group_id,
    _TABLE.c.chat_id,
    _TABLE.c.what,
    _TABLE.c.cost,
    _TABLE.c.size,
    _TABLE.c.not_before,
    _TABLE.c.state,
)
_WAIT = stands_at(_TABLE.c.state, OutboxState.NEW)
_AFTER = _OUTLINES.where(_WAIT, _TABLE.c.id > bindparam("after"))
_LATE = _OUTLINES.where(_TABLE.c.id == any_(bindparam("ids", type_=ARRAY(BigInteger))))


@dataclass(slots=True, order=True)
class Waiting:
    """The outline of a waiting row, in the order of a lane.

    Answers and relays keep the order in which they were written: nothing urgent stands above the words that it is
    about. Notices and what is scheduled come behind them.
    """

    rank: int = field(init=False)
    id: int
    priority: int = field(compare=False)
    lane: str = field(compare=False)
    scope: str = field(compare=False)
    what: What = field(compare=False)
    cost: int = field(compare=False)
    size: int = field(compare=False)  # UTF-16 units of a text that may be merged, else 0
    not_before: datetime | None = field(compare=False)

    def __post_init__(self) -> None:
        self.rank = max(self.priority, Priority.RELAY)


def scope_of(group_id: int | None, chat_id: int | None) -> str:
    """Whose limit a row counts against: a staff group's, or a private chat's."""
    return f"g{group_id}" if group_id else f"c{chat_id}"


def _waiting(rows: Iterable[Any]) -> list[Waiting]:
    return [Waiting(row[1], row[0], row[2], scope_of(row[3], row[4]), row[5], row[6], row[7], row[8]) for row in rows]


async def waiting_after(session: AsyncSession, row_id: int) -> list[Waiting]:
    """The rows that wait, with keys above that one."""
    return _waiting((await session.exec(_AFTER, params={"after": row_id})).all())


async def outlines_of(session: AsyncSession, ids: Sequence[int]) -> list[Waiting]:
    """Those of these rows that wait, as they are now."""
    if not ids:
        return []
    return _waiting((await session.exec(_OUTLINES.where(_WAIT, _TABLE.c.id.in_(ids)))).all())


async def arrived_late(session: AsyncSession, ids: Sequence[int]) -> tuple[list[Waiting], list[int]]:
    """Of these keys (PostgreSQL): the rows that wait, and the keys that are there, whatever became of their rows."""
    rows = (await session.exec(_LATE, params={"ids": ids})).all() if ids else []
    return _waiting(row for row in rows if row.state is OutboxState.NEW), [row.id for row in rows]


async def waiting_among(work: Work, ids: Sequence[int]) -> list[Waiting]:
    """Those of these rows that wait."""
    return _waiting(await work.all(_OUTLINES.where(_WAIT, _TABLE.c.id.in_(ids)))) if ids else []


async def sent_since(work: Work, moment: datetime) -> list[tuple[str, int, bool, datetime]]:
    """What went out since then: scope, cost, whether it made a topic, and when; what is in flight counts as now."""
    columns: tuple[Any, ...] = (Outbox.group_id, Outbox.chat_id, Outbox.cost, Outbox.what, Outbox.sent_at)
    lately = await work.all(select(*columns).where(col(Outbox.sent_at) >= moment))
    in_flight = await work.all(select(*columns).where(stands_at(Outbox.state, OutboxState.SENDING)))
    return [
        (scope_of(group_id, chat_id), cost, what is What.TOPIC, sent_at or work.real_now)
        for group_id, chat_id, cost, what, sent_at in (*lately, *in_flight)
    ]


async def pauses(work: Work) -> list[tuple[str, datetime]]:
    """The pauses that Telegram asked for and that still last."""
    await work.session.exec(delete(Pause).where(col(Pause.until) < work.real_now))
    return [(pause.scope, pause.until) for pause in await work.all(select(Pause))]


async def keep_pause(work: Work, scope: str, until: datetime) -> None:
    """Remember a pause over a restart."""
    pause: Pause | None = await work.first(select(Pause).where(Pause.scope == scope).with_for_update())
    if pause is None:
        work.add(Pause(scope=scope, until=until))
    else:
        pause.until = max(pause.until, until)


async def set_aside(work: Work, ids: Sequence[int], error: str) -> Sequence[Outbox]:
    """Mark rows dead that we cannot handle; returns them."""
    values = {"state": OutboxState.DEAD, "error": error[:500]}
    await work.session.exec(update(Outbox).where(col(Outbox.id).in_(ids)).values(**values))
    return await work.all(select(Outbox).where(col(Outbox.id).in_(ids)))


async def answer_lag(session: AsyncSession, since: datetime) -> dict[str, float]:
    """How long agents' words took to the customer, of those that went out since then (the latest 1,000): how many,
    and the median and the 95th percentile in seconds, from Telegram's time stamp, which counts whole seconds.

    No clock of a case counts it: what was said in time was said in time.
    """
    query = (
        select(Message.written_at, Outbox.sent_at)
        .join(Message, col(Message.id) == Outbox.message_id)
        .where(col(Outbox.sent_at) >= since, col(Outbox.chat_id).is_not(None), Outbox.send_class == SendClass.A)
        .where(Message.author == Author.AGENT)
    )
    rows = (await session.exec(query.order_by(col(Outbox.sent_at).desc()).limit(1000))).all()
    lags = sorted(max(0.0, (sent - written).total_seconds()) for written, sent in rows if sent)
    found: dict[str, float] = {"count": len(lags)}
    for name, share in (("median_seconds", 0.5), ("p95_seconds", 0.95)):
        if lags:
            found[name] = round(lags[ceil(share * len(lags)) - 1], 1)
    return found


async def unsent(work: Work, message_id: int) -> Outbox | None:
    """The outbox row that has yet to carry that message."""
    row: Outbox | None = await work.first(
        select(Outbox)
        .where(
            Outbox.message_id == message_id,
            Outbox.state == OutboxState.NEW,
            col(Outbox.what).in_((What.WORDS, What.COPY)),
        )
        .with_for_update()
    )
    return row


async def hasten(work: Work, group_id: int) -> None:
    """What waits for another try in that group is tried now."""
    waiting = update(Outbox).where(col(Outbox.group_id) == group_id, stands_at(Outbox.state, OutboxState.NEW))
    await work.session.exec(waiting.where(col(Outbox.attempts) > 0).values(not_before=None))


async def let_go(work: Work, prefix: str) -> None:
    """What waits for its moment under a key that begins so may go now."""
    waiting = update(Outbox).where(col(Outbox.key).startswith(prefix), stands_at(Outbox.state, OutboxState.NEW))
    await work.session.exec(waiting.where(col(Outbox.attempts) == 0).values(not_before=None))


async def rows_in_flight(work: Work) -> Sequence[Outbox]:
    """Rows whose sending was begun and not recorded."""
    query = select(Outbox).where(stands_at(Outbox.state, OutboxState.SENDING)).order_by(col(Outbox.id))
    return await work.all(query.with_for_update())


async def delete_sent(work: Work, before: datetime) -> int:
    """Delete rows sent or cancelled before that moment, some at a time; returns how many.

    The last row stays: SQLite would give its key again, and the sender looks only above the keys it has seen.
    """
    over = col(Outbox.state).in_((OutboxState.SENT, OutboxState.CANCELLED))
    last = select(func.max(col(Outbox.id))).scalar_subquery()
    some = select(Outbox.id).where(col(Outbox.created_at) < before, over, col(Outbox.id) < last)
    some = some.limit(DELETED_AT_ONCE)
    return int((await work.session.exec(delete(Outbox).where(col(Outbox.id).in_(some)))).rowcount)


async def scheduled_count(work: Work) -> int:
    """How many scheduled messages wait for the sender."""
    waiting = select(func.count()).where(Outbox.state == OutboxState.NEW, Outbox.priority == Priority.SCHEDULED)
    return int(await work.first(waiting))


async def last_told(work: Work, chat_id: int) -> Outbox | None:
    """What a member of staff was told last of a case, in private."""
    of_case = (col(Outbox.case_id).is_not(None), col(Outbox.customer_id).is_(None), col(Outbox.group_id).is_(None))
    query = select(Outbox).where(Outbox.chat_id == chat_id, *of_case, Outbox.what == What.SAY)
    row: Outbox | None = await work.first(query.order_by(col(Outbox.id).desc()).limit(1))
    return row


async def misdirected(work: Work, customer_id: int, chat_id: int | None) -> Sequence[Outbox]:
    """What waits to be said to that customer in another chat than this one, which is theirs."""
    elsewhere = col(Outbox.chat_id).is_not(None) if chat_id is None else col(Outbox.chat_id) != chat_id
    query = select(Outbox).where(stands_at(Outbox.state, OutboxState.NEW), Outbox.customer_id == customer_id)
    query = query.where(col(Outbox.group_id).is_(None), elsewhere, Outbox.what != What.RECALL)
    return await work.all(query.order_by(col(Outbox.id)).with_for_update())


async def pending_send(work: Work, key: str) -> Outbox | None:
    """The unsent outbox row with that key."""
    row: Outbox | None = await work.first(
        select(Outbox).where(Outbox.key == key, stands_at(Outbox.state, OutboxState.NEW)).with_for_update()
    )
    return row


async def case_shown_at(work: Work, group_id: int, telegram_id: int) -> Case | None:
    """The case whose card, latest or earlier, that message of the staff group is, or that it tells about."""
    case: Case | None = await work.first(
        select(Case).where(Case.group_id == group_id, Case.card_message_id == telegram_id)
    )
    return case or await work.first(
        select(Case)
        .join(Outbox, col(Outbox.case_id) == Case.id)
        .where(Outbox.group_id == group_id, Outbox.telegram_id == telegram_id, col(Outbox.message_id).is_(None))
        .order_by(col(Outbox.id).desc())
        .limit(1)
    )


async def customer_named_at(work: Work, group_id: int, telegram_id: int) -> int | None:
    """The number of the customer whom what we said there was about."""
    said = select(Outbox.customer_id).where(
        Outbox.group_id == group_id,
        Outbox.telegram_id == telegram_id,
        col(Outbox.message_id).is_(None),
        # A call that changes a message, as by taking its buttons, names nobody.
        col(Outbox.customer_id).is_not(None),
    )
    customer_id: int | None = await work.first(said.order_by(col(Outbox.id).desc()).limit(1))
    return customer_id


async def row_shown_at(work: Work, group_id: int | None, chat_id: int, telegram_id: int) -> Outbox | None:
    """What we said that stands there: in that staff group, or in that private chat; None for what is long ago."""
    here = Outbox.group_id == group_id if group_id else Outbox.chat_id == chat_id
    query = select(Outbox).where(Outbox.telegram_id == telegram_id, here, Outbox.what == What.SAY)
    row: Outbox | None = await work.first(query.order_by(col(Outbox.id).desc()).limit(1))
    return row
