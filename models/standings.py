"""What Telegram last said of who sits in which staff group, for it is asked before somebody gets authority."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import BigInteger, and_, or_, update
from sqlmodel import Field, col, select

from models.base import Base
from models.staff import GroupMember, Staff, StaffGroup
from models.work import Work

#: How long an answer counts for who wants something; who has authority is looked at again each hour.
REMEMBERED, LOOKED_AT = timedelta(minutes=10), timedelta(hours=1)


class Standing(Base, table=True):
    """Somebody in a staff group, of whatever standing: `present` as Telegram said at `said_at`, None if it never did.

    `ask_again_at` is set while it gave no answer. `joined_at` is when it told us that they came in. `told_at` is when
    they were told that their words go to nobody, `album` the album of which nothing goes to a customer.
    """

    __tablename__ = "standings"
    kept_if_there: ClassVar[bool] = True  # two may begin it at once

    group_id: int = Field(foreign_key="staff_groups.id", sa_type=BigInteger, primary_key=True)
    user_id: int = Field(sa_type=BigInteger, primary_key=True)
    present: bool | None = None
    said_at: datetime | None = None
    ask_again_at: datetime | None = None
    joined_at: datetime | None = None
    told_at: datetime | None = None
    album: str | None = None

    def is_fresh(self, now: datetime) -> bool:
        """Whether Telegram said it just now, for all that we want to know."""
        return self.said_at is not None and now < self.said_at + REMEMBERED

    def must_wait(self, now: datetime) -> bool:
        """Whether it gave no answer, and is not to be asked yet."""
        return self.ask_again_at is not None and now < self.ask_again_at


# -- queries


async def standing_of(work: Work, group_id: int, user_id: int) -> Standing | None:
    """How somebody stands there, as far as we know."""
    query = select(Standing).where(Standing.group_id == group_id, Standing.user_id == user_id)
    found: Standing | None = await work.first(query)
    return found


async def standing_for(work: Work, group_id: int, user_id: int) -> Standing:
    """The same; of whom nothing is known, a new one that says so, whoever else begins it at that moment."""
    found = await standing_of(work, group_id, user_id)
    if found is None:
        work.append(Standing, group_id=group_id, user_id=user_id)
        found = await standing_of(work, group_id, user_id)
    assert found is not None  # noqa: S101 - it was just written
    return found


async def forget_answers(work: Work) -> None:
    """What Telegram said counts for nothing any more, as after we were away: it is asked anew."""
    await work.flush()
    await work.session.exec(update(Standing).values(said_at=None, ask_again_at=None))


async def unconfirmed(work: Work, since: datetime, limit: int) -> Sequence[Any]:
    """Groups and users with authority there of whom Telegram has said nothing since then, and may be asked."""
    here = and_(col(Standing.group_id) == GroupMember.group_id, col(Standing.user_id) == Staff.user_id)
    waits = or_(col(Standing.ask_again_at).is_(None), col(Standing.ask_again_at) <= work.now)
    query = (
        select(StaffGroup, Staff.user_id)
        .join(GroupMember, col(GroupMember.group_id) == StaffGroup.id)
        .join(Staff, and_(col(Staff.id) == GroupMember.staff_id, col(Staff.active)))
        .outerjoin(Standing, here)
        .where(or_(col(Standing.said_at).is_(None), col(Standing.said_at) <= since), waits)
    )
    return await work.all(query.order_by(col(Staff.id), col(StaffGroup.id)).limit(limit))


async def strays(work: Work) -> Sequence[Staff]:
    """Those with authority who sit in no staff group, owners too."""
    seated = select(GroupMember.staff_id)
    return await work.all(select(Staff).where(col(Staff.active), col(Staff.id).not_in(seated)))
