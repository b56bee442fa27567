"""The clocks that run for a case.

A clock is a row, and all that falls due is asked of one index: `look_at` says when a clock wants to be looked at
next. A promise counts working time unless the standard runs around the clock; what waits for the customer counts
all time.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Column, Index, text
from sqlmodel import Field

from models.base import Base, BigKey, Json, new_id, text_enum
from models.calendars import ALWAYS, WorkingTime, working_time
from models.plan import Plan

#: At this share of a promised time the customer hears that it may be missed, while there is time to do something.
CUSTOMER_HEARS_AT = 0.9
#: Where the plan has no steps, at this share of a time that an agent named the agent is reminded.
PROMISE_REMINDS_AT = 0.8


class Timed(enum.StrEnum):
    """What a clock measures.

    Promises: the first word of a person after the customer's first, the next word after a later one, the end of the
    matter, a moment that an agent named (`promise`), and a word at least every so often (`update`).
    Waits: for the customer's answer (`pending`), for the customer's word that it is done (`confirmation`).
    """

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"
    PROMISE = "promise"
    UPDATE = "update"
    PENDING = "pending"
    CONFIRMATION = "confirmation"


RESPONSES = (Timed.FIRST_RESPONSE, Timed.NEXT_RESPONSE)
#: What people see as due on a card and in the list of cases.
SHOWN = (*RESPONSES, Timed.RESOLUTION, Timed.PROMISE)
WAITS = (Timed.PENDING, Timed.CONFIRMATION)


class Clock(Base, table=True):
    """One time that runs for a case. All moments are UTC in people's time, amounts are seconds.

    `used` is what had run until `running_since`, which is None while the clock stands still; `due_at` is None then,
    too. `all_hours` tells a clock of all time from one of working time. `step` counts the marks that were passed
    (see `marks`), `look_at` is the next one. `told` has for each mark that was ever passed the latest due moment for
    which it was (seconds). `acknowledged_by` is who said that they have it.
    """

    __tablename__ = "clocks"
    __table_args__ = (
        Index(
            "ix_clocks_look",
            "look_at",
            sqlite_where=text("look_at IS NOT NULL"),
            postgresql_where=text("look_at IS NOT NULL"),
        ),
    )

    # Made by us: clocks are written together, which a database that gives the keys does one by one.
    id: int | None = Field(default_factory=new_id, sa_column=Column(BigKey, primary_key=True))
    case_id: int = Field(foreign_key="cases.id", sa_type=BigInteger, index=True)
    what: Timed = Field(sa_type=text_enum(Timed))
    all_hours: bool = False
    started_at: datetime
    allowed: float
    used: float = 0.0
    running_since: datetime | None = None
    due_at: datetime | None = None
    look_at: datetime | None = None
    step: int = 0
    told: list[float] = Field(default_factory=list, sa_type=Json)
    ended_at: datetime | None = None
    kept: bool | None = None
    acknowledged_by: int | None = Field(default=None, foreign_key="staff.id", sa_type=BigInteger)

    def hours(self, plan: Plan) -> WorkingTime:
        """The hours in which it runs."""
        return ALWAYS if self.all_hours else working_time(plan)

    def elapsed(self, now: datetime, plan: Plan) -> float:
        """How much of the time allowed is used (seconds); a machine's clock that was set back takes nothing away."""
        if self.running_since is None:
            return self.used
        return self.used + self.hours(plan).between(self.running_since, now).total_seconds()

    def moment(self, share: float, plan: Plan) -> datetime:
        """When that share of the time allowed will have passed, of a clock that runs."""
        assert self.running_since is not None  # noqa: S101
        return self.hours(plan).add(self.running_since, timedelta(seconds=self.allowed * share - self.used))

    def run(self, at: datetime, plan: Plan) -> None:
        """Start it, or let it go on with what is left."""
        self.ended_at = self.kept = None
        self.running_since = self.running_since or at
        self.due_at = self.moment(1, plan)
        self.set_look(plan)

    def change(self, allowed: timedelta, all_hours: bool, now: datetime, plan: Plan) -> None:
        """Allow another time from the same start; marks that now lie ahead again will be passed once more."""
        self.allowed, self.all_hours = allowed.total_seconds(), all_hours
        if self.running_since:
            behind = [mark for mark in marks(plan, self.what) if self.moment(mark.share, plan) <= now]
            self.step = min(self.step, len(behind))
            self.run(self.running_since, plan)

    def set_look(self, plan: Plan) -> None:
        """Be looked at when the next mark is passed."""
        left = marks(plan, self.what)[self.step :]
        self.look_at = self.moment(left[0].share, plan) if left and self.running_since else None

    def stop(self, at: datetime, plan: Plan) -> None:
        """Stand still, with what is left."""
        self.used = self.elapsed(at, plan)
        self.running_since = self.due_at = self.look_at = None

    def end(self, at: datetime, plan: Plan) -> None:
        """It is over; a promise was kept or not."""
        self.stop(at, plan)
        self.ended_at = max(at, self.started_at)
        self.kept = None if self.what in WAITS else self.used <= self.allowed

    def passed(self, now: datetime, plan: Plan) -> "list[Mark]":
        """The marks that it has passed since it was last looked at, in order."""
        if self.running_since is None:
            return []
        return [mark for mark in marks(plan, self.what)[self.step :] if self.moment(mark.share, plan) <= now]

    def leave_behind(self, passed: "Sequence[Mark]", plan: Plan) -> "list[Mark]":
        """Go past these marks; returns those that were passed for no due moment as late as this one before.

        Who lengthens a time and shortens it again asks for nobody to be told twice.
        """
        due, begin, end = self.moment(1, plan).timestamp(), self.step, self.step + len(passed)
        before = [*self.told, *[0.0] * (end - len(self.told))]
        self.told = [max(each, due) if begin <= n < end else each for n, each in enumerate(before)]
        self.step = end
        self.set_look(plan)
        return [mark for mark, told in zip(passed, before[begin:end], strict=True) if told < due]

    def has_told(self, level: str, plan: Plan) -> bool:
        """Whether it has passed a step of the plan at which those of that level are told."""
        return any(mark.does == level for mark in marks(plan, self.what)[: self.step])


@dataclass(frozen=True)
class Mark:
    """A share of a time allowed, and what happens there: a step of the plan ("assignee", "department", "supervisor",
    "manager", "owner"), "late", or for the customer "warn", "remind", "close", or for the assignee "update"."""

    share: float
    does: str


def marks(plan: Plan, what: Timed) -> list[Mark]:
    """The marks of a clock, in order. Where the plan tells nobody, the customer is told nothing either."""
    closing = plan.closing
    if what is Timed.UPDATE:
        return [Mark(1, "update")]
    if what is Timed.CONFIRMATION:
        return [Mark(1, "close")]
    if what is Timed.PENDING:
        reminder = Mark(closing.remind_pending_after / closing.close_pending_after, "remind")
        return [*([reminder] if reminder.share < 1 else []), Mark(1, "close")]
    found = [Mark(step.at, step.tell) for step in plan.escalation.steps]
    if what is Timed.PROMISE and not found:
        found.append(Mark(PROMISE_REMINDS_AT, "assignee"))  # an agent's own time, whatever the plan says
    if found and what in (Timed.FIRST_RESPONSE, Timed.RESOLUTION):
        found.append(Mark(CUSTOMER_HEARS_AT, "warn"))
    return sorted([*found, Mark(1, "late")], key=lambda mark: mark.share)


def start(case_id: int, what: Timed, at: datetime, allowed: timedelta, plan: Plan, *, all_hours: bool) -> Clock:
    """A new clock, running since `at`."""
    clock = Clock(case_id=case_id, what=what, started_at=at, allowed=allowed.total_seconds(), all_hours=all_hours)
    clock.run(at, plan)
    if what is Timed.UPDATE:
        assert clock.due_at is not None  # noqa: S101
        clock.look_at = working_time(plan).opens_at(clock.due_at)
    return clock


def next_due(clocks: Sequence[Clock]) -> Clock | None:
    """Of what people see as due, the next."""
    running = [clock for clock in clocks if clock.due_at is not None and clock.what in SHOWN]
    return min(running, key=lambda clock: clock.due_at or clock.started_at, default=None)
