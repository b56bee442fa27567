"""What the service standards ask of the database: the clocks of a case, what is due, what is late."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, select

from models.cases import Case
from models.customers import Customer
from models.standards.clocks import Clock, Timed
from models.work import Work

#: Built once: it is asked every two seconds, and building it takes longer than running it.
_WAITING: Any = (
    select(Clock.id, Case.customer_id)
    .join(Case, col(Case.id) == col(Clock.case_id))
    .where(col(Clock.look_at) <= bindparam("now"))
    .order_by(col(Clock.look_at), col(Clock.id))
    .limit(bindparam("most"))
)


async def clocks_of(work: Work, case_id: int) -> list[Clock]:
    """The clocks of a case that are not over, in the order in which they were started."""
    query = select(Clock).where(Clock.case_id == case_id, col(Clock.ended_at).is_(None)).order_by(col(Clock.id))
    return list(await work.all(query))


async def last_clock(work: Work, case_id: int, what: Timed) -> Clock | None:
    """The latest clock of that kind, over or not."""
    query = select(Clock).where(Clock.case_id == case_id, Clock.what == what).order_by(col(Clock.id).desc()).limit(1)
    clock: Clock | None = await work.first(query)
    return clock


async def clock(work: Work, clock_id: int) -> Clock | None:
    """A clock by its key."""
    found: Clock | None = await work.first(select(Clock).where(Clock.id == clock_id))
    return found


async def due_clocks(work: Work, now: datetime, most: int) -> Sequence[tuple[Clock, Case, Customer]]:
    """Clocks that want to be looked at, the longest waiting first, with their cases and customers, all locked.

    Customers are locked first, as everywhere; those whom another process has in hand come with the next look.
    """
    found = await work.all(_WAITING, now=now, most=most)
    if not found:
        return []
    wanted = {customer_id for _, customer_id in found}
    lock = select(Customer).where(col(Customer.id).in_(wanted)).order_by(col(Customer.id))
    customers = {each.id: each for each in await work.all(lock.with_for_update(skip_locked=True))}
    # What was answered while we waited for a lock is not due any more.
    query: Any = (
        select(Clock, Case)
        .join(Case, col(Case.id) == col(Clock.case_id))
        .where(col(Clock.id).in_([key for key, _ in found]), col(Clock.look_at) <= now)
        .where(col(Case.customer_id).in_(customers))
        .order_by(col(Clock.look_at), col(Clock.id))
        .with_for_update(of=Clock)
    )
    return [(clock, case, customers[case.customer_id]) for clock, case in await work.all(query)]


async def words_due(work: Work, case_ids: Sequence[int], now: datetime) -> dict[tuple[int, Timed], datetime]:
    """When, in these cases, a person's word is due that the customer can count on: by an agent's own time that is
    still ahead (PROMISE), by the interval at which a person speaks (UPDATE)."""
    if not case_ids:
        return {}
    query = select(Clock).where(
        col(Clock.case_id).in_(case_ids),
        col(Clock.what).in_((Timed.PROMISE, Timed.UPDATE)),
        col(Clock.due_at).is_not(None),
    )
    moments = {
        (clock.case_id, clock.what): clock.due_at if clock.what is Timed.PROMISE else clock.look_at
        for clock in await work.all(query)
    }
    return {key: moment for key, moment in moments.items() if moment and moment > now}


async def late_cases(work: Work, group_id: int, now: datetime) -> Sequence[tuple[Case, Customer]]:
    """The unfinished cases of a group in which something is late, the longest first."""
    query: Any = (
        select(Case, Customer)
        .join(Customer, col(Customer.id) == col(Case.customer_id))
        .where(Case.group_id == group_id, col(Case.due_at) < now)
        .order_by(col(Case.due_at))
    )
    return await work.all(query)
