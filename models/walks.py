"""Walks: what comes again by itself, once a day, once in a period or ahead of time, and how far it has come.

A use case asks each time the clock looks, `walk = await daily(work, "birthdays", at=time(10))`, and gets None where
nothing is due. What it does for one walk it may do in portions of customers, one in each unit of work: `walk.step`
notes how far it came, `walk.end` that all is done. Whatever was missed meanwhile is one walk, not several.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, delete
from sqlmodel import Field, col, select

from models.base import Base
from models.calendars import moment
from models.work import Work

#: What is to be ready at least so far ahead is completed once a day; less than that, when half of it is used up.
SELDOM = timedelta(days=2)
_DAY = timedelta(days=1)
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)


class Walk(Base, table=True):
    """How far one thing that comes again has come.

    All is done up to `until`; that of a day is done up to the day's end. A walk that is under way will have done all
    up to `horizon`; it has looked at `seen` customers, up to the number `after`. `plan_version` is the plan that it
    goes by, where another plan is a reason to begin anew.
    """

    __tablename__ = "walks"

    name: str = Field(primary_key=True)
    until: datetime
    horizon: datetime | None = None
    after: int = Field(default=0, sa_type=BigInteger)
    seen: int = Field(default=0, sa_type=BigInteger)
    plan_version: int | None = Field(default=None, sa_type=BigInteger)

    # -- when it is due: each returns up to when the walk goes that is due or under way, and None where none is

    def due_daily(
        self, now: datetime, at: time, zone: ZoneInfo, still_wanted: timedelta | None = None
    ) -> datetime | None:
        """Once on each day of that zone, from `at` on by the wall clock; days that were missed are over.

        One that is `still_wanted` only so long after `at` is not begun later, nor on another day gone on with.
        """
        day = now.astimezone(zone).date()
        begins, ends = moment(day, at, zone), moment(day + _DAY, time(0), zone)
        if still_wanted is not None and now >= begins + still_wanted:
            return None
        if self.horizon is not None and (still_wanted is None or now < self.horizon):
            return self.horizon
        return ends if (self.horizon or self.until) <= begins <= now else None

    def due_in_period(self, now: datetime, every: timedelta) -> datetime | None:
        """Once in each period of that length, from its beginning on; periods that were missed are over."""
        begins = beginning_of_period(now, every)
        return self.horizon or (begins + every if self.until <= begins else None)

    def due_ahead(self, now: datetime, ahead: timedelta, zone: ZoneInfo) -> datetime | None:
        """When less is done than `ahead` of now: completed once on each day of that zone, what is short sooner."""
        horizon = now + ahead
        if ahead < SELDOM:
            due = self.until <= now + ahead / 2
        else:
            due = self.until.astimezone(zone).date() < horizon.astimezone(zone).date()
        return self.horizon or (horizon if due else None)

    # -- how it goes

    def begin(self, horizon: datetime) -> None:
        """It sets out, from the first customer on, to have done all up to that moment."""
        self.horizon, self.after, self.seen = horizon, 0, 0

    def step(self, after: int, seen: int = 0) -> None:
        """So many customers more were looked at, the last of them with that number."""
        self.after, self.seen = after, self.seen + seen

    def end(self) -> None:
        """All is done that it set out for."""
        self.until, self.horizon = self.horizon or self.until, None

    def renew(self, plan_version: int | None, now: datetime, horizon: datetime) -> None:
        """The plan is another one: what was done ahead of now does not count, and it begins anew at once."""
        self.plan_version, self.until = plan_version, min(self.until, now)
        self.begin(horizon)


def period_of(now: datetime, every: timedelta) -> int:
    """Which period of that length it is, counted from a fixed day."""
    return (now - _FIRST) // every


def beginning_of_period(now: datetime, every: timedelta) -> datetime:
    """When the period of that length began in which `now` is."""
    return _FIRST + period_of(now, every) * every


# -- what use cases ask: the walk that is due or under way; who has been given one steps or ends it


async def daily(
    work: Work, name: str, *, at: time, still_wanted: timedelta | None = None, by_plan: bool = False
) -> Walk | None:
    """Once on each day of the business, from `at` on; nothing is owed from before the first look.

    Later than `still_wanted` after it, or on another day, it is left until the next time. A walk that goes `by_plan`
    comes at once under a plan that it has not come under.
    """
    zone = work.plan.business.timezone
    tonight = moment(work.now.astimezone(zone).date() + _DAY, time(0), zone)
    return await _due(
        work, name, lambda walk: walk.due_daily(work.now, at, zone, still_wanted), anew=tonight if by_plan else None
    )


async def in_period(work: Work, name: str, every: timedelta) -> Walk | None:
    """Once in each period of that length; the one in which the first look falls is the first."""
    since = beginning_of_period(work.now, every)
    return await _due(work, name, lambda walk: walk.due_in_period(work.now, every), since=since)


async def kept_ahead(work: Work, name: str, ahead: timedelta) -> Walk | None:
    """What is to be ready so far ahead of its time: from `until` to `horizon` is to be done, for all customers.

    Nothing is owed from before the first look. Under another plan it begins with now.
    """
    zone = work.plan.business.timezone
    return await _due(work, name, lambda walk: walk.due_ahead(work.now, ahead, zone), anew=work.now + ahead)


async def set_out(work: Work, name: str) -> Walk:
    """A walk that goes once, because somebody said so; who has come to its end forgets it."""
    walk = await _known(work, name, work.now)
    if walk.horizon is None:
        walk.begin(work.now)
    return walk


async def forget(work: Work, name: str) -> None:
    """This walk comes no more."""
    await work.flush()
    await work.session.exec(delete(Walk).where(col(Walk.name) == name))


async def walk_named(work: Work, name: str) -> Walk | None:
    """The walk of that name, None before the first look."""
    found: Walk | None = await work.first(select(Walk).where(Walk.name == name))
    return found


async def _known(work: Work, name: str, since: datetime) -> Walk:
    walk = await walk_named(work, name)
    if walk is None:
        walk = Walk(name=name, until=since)
        work.add(walk)
        await work.flush()
    return walk


async def _due(
    work: Work,
    name: str,
    rule: Callable[[Walk], datetime | None],
    *,
    since: datetime | None = None,
    anew: datetime | None = None,
) -> Walk | None:
    """The walk of that name where the rule says that it is due: claimed, and begun where it was not under way.

    `since` is up to when all counts as done at the first look, now if not said; `anew` up to when another plan makes
    it go at once.
    """
    walk = await _known(work, name, since or work.now)
    if anew is not None and walk.plan_version != work.plan_version:
        walk.renew(work.plan_version, work.now, anew)
    if rule(walk) is None:
        return None
    await work.flush()
    await work.session.refresh(walk, with_for_update=True)
    horizon = rule(walk)  # another process may have done it meanwhile
    if horizon is not None and horizon != walk.horizon:
        walk.begin(horizon)
    return walk if horizon is not None else None
