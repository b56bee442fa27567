"""Return visits: planned contacts to learn whether a customer is well served, and when they fall due.

A visit that comes again ("every 90 days") stands on a grid that begins with an anchor of the customer, so that each
occurrence has a number of its own and planning it again adds nothing.
"""

import enum
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Column, Index, text
from sqlmodel import Field, col, select

from models.base import Base, BigKey, text_enum
from models.calendars import after, during, moment, working_time
from models.cases import Case, case_numbered
from models.contact import Purpose
from models.customers import Customer
from models.plan import Plan, VisitRule
from models.plan.sections import TierRule
from models.work import Work

#: The rule of a visit that somebody asked for.
BY_HAND = "by_hand"
#: Visits that come again are planned so far ahead at most.
AHEAD = timedelta(days=14)
#: Visits that would all begin with the working day are spread over its first hours.
MORNING = timedelta(hours=2)
#: An agent's call is not repeated in the same half of the day; this is where the halves meet (hour).
NOON = 13


class VisitState(enum.StrEnum):
    """planned -> due (an agent's task) or asked (by the bot) -> done; moved: still to come, later than planned.

    missed: its window passed. cancelled: what it was about is gone, or it may not go. Both have a reason.
    """

    PLANNED = "planned"
    MOVED = "moved"
    DUE = "due"
    ASKED = "asked"
    DONE = "done"
    MISSED = "missed"
    CANCELLED = "cancelled"


#: Still to come, and begun but not over.
TO_COME = (VisitState.PLANNED, VisitState.MOVED)
BEGUN = (VisitState.DUE, VisitState.ASKED)
LIVE = (*TO_COME, *BEGUN)
_TO_COME = text("state in ('planned', 'moved')")
_BEGUN = text("state in ('due', 'asked')")
_LIVE = text("state in ('planned', 'moved', 'due', 'asked')")
_UNTOLD = text("state = 'missed' and not told")


class By(enum.StrEnum):
    """Who visits."""

    AGENT = "agent"
    BOT = "bot"


class Outcome(enum.StrEnum):
    """What became of a visit that is done; the last four say that nobody was reached."""

    WELL = "well"
    NOT_YET = "not_yet"
    PROBLEM = "problem"
    WISH = "wish"
    WORDS = "words"  # the customer answered in words
    CALL = "call"  # wants to be called
    STOP = "stop"  # wants no more visits
    INVITED = "invited"  # a questionnaire was sent
    DECLINED = "declined"
    UNANSWERED = "unanswered"
    NOT_REACHED = "not_reached"
    WRONG_NUMBER = "wrong_number"


class Visit(Base, table=True):
    """One return visit. `rule` is the plan's, or BY_HAND; `occurrence` says for what it is, and is unique.

    It is to be made between `due_at` and `window_until`. `owner_id` is the agent who makes it. `reason` says why it
    was put off or is not made: a label under [visit_reason] or [contact_reason]. `told` says that a supervisor knows
    of a missed one. `message_id` is our message that asks the customer.
    """

    __tablename__ = "visits"
    __table_args__ = (
        Index("ix_visits_due", "due_at", sqlite_where=_TO_COME, postgresql_where=_TO_COME),
        Index("ix_visits_begun", "window_until", sqlite_where=_BEGUN, postgresql_where=_BEGUN),
        Index("ix_visits_live", "customer_id", sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index("ix_visits_owner", "owner_id", sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index("ix_visits_plan", "plan_version", sqlite_where=_TO_COME, postgresql_where=_TO_COME),
        Index("ix_visits_untold", "id", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD),
        Index("ix_visits_case", "case_id"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    customer_id: int = Field(foreign_key="customers.id", sa_type=BigInteger)
    case_id: int | None = Field(default=None, foreign_key="cases.id", sa_type=BigInteger)
    rule: str
    occurrence: str = Field(unique=True)
    by: By = Field(sa_type=text_enum(By))
    purpose: Purpose = Field(sa_type=text_enum(Purpose))
    owner_id: int | None = Field(default=None, foreign_key="staff.id", sa_type=BigInteger)
    due_at: datetime
    window_until: datetime
    state: VisitState = Field(default=VisitState.PLANNED, sa_type=text_enum(VisitState))
    reason: str | None = None
    attempts: int = 0
    outcome: Outcome | None = Field(default=None, sa_type=text_enum(Outcome))
    note: str = ""
    questionnaire: str | None = None
    plan_version: int | None = Field(default=None, sa_type=BigInteger)
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    told: bool = False
    message_id: int | None = Field(default=None, sa_type=BigInteger)

    @property
    def live(self) -> bool:
        """Whether it is still to come or not over."""
        return self.state in LIVE

    @property
    def about(self) -> str:
        """The occurrence by which the contact budget knows it; each try is one of its own."""
        return f"visit:{self.occurrence}" + (f":{self.attempts}" if self.attempts else "")

    def end(
        self, state: VisitState, now: datetime, *, reason: str | None = None, outcome: Outcome | None = None
    ) -> None:
        """It is over."""
        self.state, self.reason, self.outcome, self.ended_at = state, reason, outcome, now

    def move(self, to: datetime, reason: str, *, window: timedelta | None = None) -> None:
        """It is to be made later; with `window` it gets a new one, else the old one still closes when it did."""
        self.state, self.reason, self.due_at = VisitState.MOVED, reason, to
        self.outcome = self.ended_at = None
        if window is not None:
            self.window_until = to + window


def share_of(*what: object) -> float:
    """A number from 0 up to 1 that is always the same for the same things, and evenly spread over others."""
    return zlib.crc32(":".join(map(str, what)).encode()) / 2**32


def default_tier(plan: Plan) -> str | None:
    """The tier of whoever has none by a rule."""
    return next((tier.id for tier in reversed(plan.tier) if tier.when == TierRule()), None)


def every(plan: Plan, rule: VisitRule, tier: str | None) -> timedelta | None:
    """How often a rule that comes again does so for a tier; None for never."""
    found = plan.tier_named(tier or default_tier(plan))
    if rule.when == "silence":
        return rule.after or None
    return found.visit_every if rule.when == "tier" and found else None


def occurrence_of(rule: VisitRule, customer_id: int, interval: timedelta, anchor: int, number: int) -> str:
    """The key of an occurrence that comes again: by the interval, or by what the silence began with."""
    on = anchor if rule.when == "silence" else int(interval.total_seconds())
    return f"{rule.id}:{customer_id}:{on}:{number}"


def gone_from(plan: Plan, rule: VisitRule, visit: "Visit", customer: Customer) -> bool:
    """Whether a visit that comes again would not be planned any more: another tier, or the silence was broken."""
    if rule.when not in ("tier", "silence"):
        return False
    interval = every(plan, rule, customer.tier)
    if interval is None:
        return True
    since = (customer.last_contact_at if rule.when == "silence" else None) or customer.created_at
    expected = occurrence_of(rule, customer.id, interval, int(since.timestamp()), 0)
    return visit.occurrence.rpartition(":")[0] != expected.rpartition(":")[0]


@lru_cache(maxsize=600)
def zone_named(name: str) -> ZoneInfo:
    """The time zone of that IANA name."""
    return ZoneInfo(name)


def numbers(anchor: int, interval: timedelta, since: datetime, until: datetime) -> Iterator[tuple[int, datetime]]:
    """The occurrences after `since` and up to `until`, with their moments: every `interval` from the anchor on.

    The anchor is in seconds (UTC). Of many that an outage left behind, the latest hundred.
    """
    step = interval.total_seconds()
    first = int((since.timestamp() - anchor) // step) + 1
    last = int((until.timestamp() - anchor) // step)
    for number in range(max(1, first, last - 99), last + 1):
        yield number, datetime.fromtimestamp(anchor + number * step, UTC)


def placed(
    plan: Plan, zone: ZoneInfo, at: datetime, by: By, seed: str, spread: timedelta = timedelta(0)
) -> tuple[datetime, str | None]:
    """The moment at which a visit that is due at `at` is to be made: within working time, outside quiet hours; and
    the reason, where that puts it off.

    What would stand at the very opening, as many do, is spread by `seed` over the first hours; `spread` moves every
    moment by up to so much.
    """
    at += spread * share_of("spread", seed)
    found = next_open(plan, zone, at, by)
    if found == at:
        return at, None
    hours, reason = working_time(plan), _closed_by(plan, zone, at, by)
    later = MORNING * share_of("morning", seed)
    try:
        return next_open(plan, zone, hours.add(found, later), by), reason
    except ValueError:  # a calendar that ends
        return found, reason


def _closed_by(plan: Plan, zone: ZoneInfo, at: datetime, by: By) -> str:
    """Why a visit cannot be made at that moment: in quiet hours, in those for calls, or outside working time."""
    if plan.contact.quiet and during(at, plan.contact.quiet, zone):
        return "quiet"
    call_quiet = plan.contact.call_quiet if by is By.AGENT else None
    return "call_quiet" if call_quiet and during(at, call_quiet, zone) else "closed"


def next_open(plan: Plan, zone: ZoneInfo, at: datetime, by: By) -> datetime:
    """The first moment from `at` on in working time (for an agent) and outside the customer's quiet hours."""
    hours = working_time(plan)
    spans = [span for span in (plan.contact.quiet, plan.contact.call_quiet if by is By.AGENT else None) if span]
    for _ in range(100):
        before = at
        try:
            at = hours.opens_at(at) if by is By.AGENT else at
        except ValueError:
            return before
        for span in spans:
            at = after(at, span, zone)
        if at == before and not any(during(at, span, zone) for span in spans):
            break
    return at


def other_half(plan: Plan, zone: ZoneInfo, now: datetime) -> datetime:
    """When to try again after a call that reached nobody: in another half of the day."""
    local = now.astimezone(zone)
    in_the_morning = local.hour < NOON
    day = local.date() + timedelta(days=0 if in_the_morning else 1)
    found = next_open(plan, zone, moment(day, time(NOON + 1 if in_the_morning else 9), zone), By.AGENT)
    # Where only one half is worked, the same half of another day is all there is.
    return found if found > now else next_open(plan, zone, now + timedelta(days=1), By.AGENT)


def wanted(rule: VisitRule, case: Case) -> bool:
    """Whether the rule is about cases of that kind."""
    return not rule.kinds or case.counted_kind.value in rule.kinds


def sampled(rule: VisitRule, tier: str | None, *what: object) -> bool:
    """Whether an occurrence is among those that are visited."""
    return share_of(rule.id, *what) < rule.sample.get(tier or "", 1.0)


# -- queries


async def visit_numbered(work: Work, number: int) -> Visit | None:
    """The visit with that key; until this work ends nobody else changes it."""
    found: Visit | None = await work.first(select(Visit).where(Visit.id == number).with_for_update())
    return found


async def visit_begun_last(work: Work, customer_id: int) -> Visit | None:
    """The customer's visit that was asked, or given as a task, last."""
    begun = select(Visit).where(Visit.customer_id == customer_id, col(Visit.begun_at).is_not(None))
    found: Visit | None = await work.first(begun.order_by(col(Visit.begun_at).desc()))
    return found


async def case_of(work: Work, visit: Visit) -> Case | None:
    """The case that the visit is about, if any."""
    return await case_numbered(work, visit.case_id) if visit.case_id else None
