"""Recovery: what follows a low score, from the score to the moment at which it is made good."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, text
from sqlmodel import Field, col, select

from models.base import Base, BigKey
from models.cases import Case
from models.work import Work

_OPEN = text("ended_at IS NULL")


class Recovery(Base, table=True):
    """A low score of a case that somebody else than its handler sees to.

    `due_at` is when the one in charge has to have spoken to the customer, by the plan's time for the tier (None:
    no time is promised); `missed_at` when that moment passed without it. It ends when the case is resolved anew.
    """

    __tablename__ = "recoveries"
    __table_args__ = (
        Index("ix_recoveries_due", "due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("uq_recoveries_one_per_case", "case_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    customer_id: int = Field(foreign_key="customers.id", sa_type=BigInteger, index=True)
    case_id: int = Field(foreign_key="cases.id", sa_type=BigInteger)
    score: int
    handler_id: int | None = Field(default=None, foreign_key="staff.id", sa_type=BigInteger)
    to_id: int | None = Field(default=None, foreign_key="staff.id", sa_type=BigInteger)
    began_at: datetime
    due_at: datetime | None = None
    spoken_at: datetime | None = None
    missed_at: datetime | None = None
    ended_at: datetime | None = None


# -- queries


async def open_recovery(work: Work, case: Case) -> Recovery | None:
    """The recovery of a case that is under way: there is one at most."""
    query = select(Recovery).where(Recovery.case_id == case.id, col(Recovery.ended_at).is_(None))
    found: Recovery | None = await work.first(query)
    return found


async def has_another(work: Work, recovery: Recovery) -> bool:
    """Whether another recovery of the same customer is under way."""
    query = select(Recovery.id).where(
        Recovery.customer_id == recovery.customer_id, col(Recovery.ended_at).is_(None), Recovery.id != recovery.id
    )
    return await work.first(query) is not None


async def missed_recovery(work: Work) -> Recovery | None:
    """The first whose time has passed unspoken and untold; locked on PostgreSQL."""
    query = select(Recovery).where(
        col(Recovery.ended_at).is_(None),
        col(Recovery.due_at) <= work.now,
        col(Recovery.spoken_at).is_(None),
        col(Recovery.missed_at).is_(None),
    )
    found: Recovery | None = await work.first(query.order_by(col(Recovery.due_at)).with_for_update(skip_locked=True))
    return found
