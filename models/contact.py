"""The contact budget: what we send unasked, whether it may go now, and what each customer agreed to.

`rule` decides on plain facts; the rows keep what became of every contact, and why.
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Column, Index, text
from sqlmodel import Field

from models.base import Base, BigKey, text_enum
from models.calendars import after, during
from models.plan import Plan, Tier

#: The window of the cap.
CAP_WINDOW = timedelta(days=30)
#: So long after we have stopped waiting for an answer a press still counts, if nothing else has followed: Telegram
#: keeps what people do while we are away for a day, and does not say when they did it.
LATE_PRESS = timedelta(days=1)
#: While a complaint is open it is looked at again after the calm that follows it, or after this.
LOOK_AGAIN = timedelta(hours=1)


class Purpose(enum.StrEnum):
    """What we write for. When the budget is short the earlier goes first.

    `service` is about one's own case: outside cap and gap, never in quiet hours. `visit` and `survey` until the
    customer says no, `marketing` only after the customer has said yes.
    """

    SERVICE = "service"
    VISIT = "visit"
    SURVEY = "survey"
    MARKETING = "marketing"

    @property
    def rank(self) -> int:
        """0 goes first."""
        return list(Purpose).index(self)


#: What a customer can switch off; "stop writing to me" switches off all of them.
OPTIONAL = (Purpose.VISIT, Purpose.SURVEY, Purpose.MARKETING)


class ContactState(enum.StrEnum):
    """planned -> sent, or moved (still to come), suppressed, cancelled; the last two and a move have a reason."""

    PLANNED = "planned"
    SENT = "sent"
    MOVED = "moved"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"


#: States of what is still to come.
AHEAD = (ContactState.PLANNED, ContactState.MOVED)


class Contact(Base, table=True):
    """One contact that we begin, sent or not; `about` says for which occurrence, and there is one for each.

    `what` is what is sent ("visit", "invitation", "reminder"); `reason` a label under [contact_reason];
    `planned_at` is when it is, or was, to go; `noted_at` when it came to stand as it does.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        Index("ix_contacts_sent", "customer_id", "sent_at"),
        Index(
            "ix_contacts_ahead",
            "customer_id",
            "planned_at",
            sqlite_where=text("state in ('planned', 'moved')"),
            postgresql_where=text("state in ('planned', 'moved')"),
        ),
    )

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    customer_id: int = Field(foreign_key="customers.id", sa_type=BigInteger)
    purpose: Purpose = Field(sa_type=text_enum(Purpose))
    what: str
    about: str = Field(unique=True)
    case_id: int | None = Field(default=None, foreign_key="cases.id", sa_type=BigInteger)
    planned_at: datetime
    sent_at: datetime | None = None
    noted_at: datetime
    state: ContactState = Field(default=ContactState.PLANNED, sa_type=text_enum(ContactState))
    reason: str | None = None


class Consent(Base, table=True):
    """A yes or no of a customer to a purpose, with the wording they saw; the latest counts, all are kept.

    `how` is "button" or "words".
    """

    __tablename__ = "consents"

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    customer_id: int = Field(foreign_key="customers.id", sa_type=BigInteger, index=True)
    purpose: Purpose = Field(sa_type=text_enum(Purpose))
    given: bool
    at: datetime
    wording: str
    how: str


@dataclass(frozen=True)
class Ahead:
    """A contact that is planned."""

    purpose: Purpose
    at: datetime


@dataclass(frozen=True)
class Facts:
    """What the rule looks at, of one customer.

    `sent` are the moments of what went within the cap's window, by purpose; `ahead` is what is planned beside the
    contact in question; `allowed` are the purposes that the customer agreed to or did not refuse.
    """

    zone: ZoneInfo
    cap: int
    allowed: frozenset[Purpose] = frozenset(Purpose) - {Purpose.MARKETING}
    sent: tuple[tuple[Purpose, datetime], ...] = ()
    ahead: tuple[Ahead, ...] = ()
    complaint_open: bool = False
    recovering: bool = False
    complaint_ended_at: datetime | None = None
    unreachable: bool = False
    banned: bool = False
    alarm: bool = False


@dataclass(frozen=True)
class Ruling:
    """When a contact may go: at `at`, or never (None). `reason` says why not at the moment asked for."""

    at: datetime | None
    reason: str | None = None

    def now(self, moment: datetime) -> bool:
        """Whether it may go at that moment."""
        return self.at is not None and self.at <= moment


def allowed_by(consents: Iterable[Consent]) -> frozenset[Purpose]:
    """The purposes allowed, by the latest word on each; `consents` in the order in which they were given."""
    latest = {consent.purpose: consent.given for consent in consents}
    return frozenset(each for each in Purpose if latest.get(each, each is not Purpose.MARKETING)) | {Purpose.SERVICE}


def rule(plan: Plan, facts: Facts, purpose: Purpose, at: datetime, *, call: bool = False) -> Ruling:
    """Whether a contact may go at `at` (UTC), or when at the earliest, or never; `call` is an agent's call."""
    if reason := _refused(facts, purpose, call):
        return Ruling(None, reason)
    moment, reason = at, None
    if purpose is not Purpose.SERVICE:
        if facts.cap == 0:
            return Ruling(None, "cap")
        moment, reason = _within_budget(plan, facts, purpose, at)
    loud = _out_of_quiet(plan, facts.zone, moment, call)
    if loud is None:
        return Ruling(None, "quiet")
    return Ruling(loud, reason or ("quiet" if loud > at else None))


def _refused(facts: Facts, purpose: Purpose, call: bool) -> str | None:
    """Why it goes not at all."""
    if facts.unreachable and not call:
        return "unreachable"
    if facts.banned:
        return "banned"
    if purpose not in facts.allowed:
        return "no_consent" if purpose is Purpose.MARKETING else "opted_out"
    if facts.alarm and not (call and purpose is Purpose.SERVICE):
        return "alarm"
    return None


def _within_budget(plan: Plan, facts: Facts, purpose: Purpose, at: datetime) -> tuple[datetime, str | None]:
    """The earliest moment from `at` on that calm, gap, cap and what goes first leave; each only moves it on."""
    calm = plan.contact.calm_after_complaint
    if facts.complaint_open:
        return at + (calm or LOOK_AGAIN), "complaint_open"
    if facts.recovering:
        return at + LOOK_AGAIN, "recovery"
    found: list[tuple[datetime, str]] = []
    if facts.complaint_ended_at:
        found.append((facts.complaint_ended_at + calm, "calm"))
    gap, cap = plan.contact.gap, facts.cap
    found += [(sent + gap, "gap") for _, sent in facts.sent]
    counted = sorted(sent for each, sent in facts.sent if each is not Purpose.SERVICE)
    if len(counted) >= cap:
        found.append((counted[-cap] + CAP_WINDOW, "cap"))
    first = [each for each in facts.ahead if each.purpose.rank < purpose.rank]
    found += [(each.at + gap, "yields") for each in first if at <= each.at < at + gap]
    taking = sorted(
        each.at for each in first if each.purpose is not Purpose.SERVICE and at <= each.at < at + CAP_WINDOW
    )
    lately = sum(sent > at - CAP_WINDOW for sent in counted)
    if taking and lately + len(taking) >= cap:
        found.append((taking[-1] + gap, "yields"))
    moment, reason = max(found, default=(at, ""), key=lambda each: each[0])
    return (moment, reason) if moment > at else (at, None)


def _out_of_quiet(plan: Plan, zone: ZoneInfo, at: datetime, call: bool) -> datetime | None:
    """The first moment from `at` on outside the quiet hours; None where they leave none."""
    spans = [span for span in (plan.contact.quiet, plan.contact.call_quiet if call else None) if span]
    for _ in range(2 * len(spans) + 1):
        within = [span for span in spans if during(at, span, zone)]
        if not within:
            return at
        at = max(after(at, span, zone) for span in within)
    return None


def quiet_hours(plan: Plan) -> str:
    """The quiet hours as people read them: "21:00-09:00", or "" for none."""
    span = plan.contact.quiet
    return (
        "" if span is None else "-".join(f"{each // 60 % 24:02d}:{each % 60:02d}" for each in (span.start, span.end))
    )


def cap_of(plan: Plan, tier_id: str | None) -> int:
    """How many contacts beside service a customer of that tier gets within the window."""
    tier = plan.tier_named(tier_id)
    default: int = Tier.model_fields["contacts_per_30d"].default
    return default if tier is None else tier.contacts_per_30d
