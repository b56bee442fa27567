"""The sections of the care plan, as tables of the TOML file; an empty file is a valid plan.

A duration of a standard counts working time of the calendar; visits, surveys and keeping count calendar time.
An absent key has its default, an absent array means none.
"""

import re
from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from models.plan.aftercare import Closing, ContactRules, Goal, RecoveryRules, Reports, Retention, Survey, VisitRule
from models.plan.kinds import Count, Day, Hours, Id, Kind, Language, Money, Section, Spans, Text, Time, Weekday, Zone

#: An answer waits at most so long before it goes.
LONGEST_GRACE = timedelta(seconds=60)


def _short(value: timedelta) -> timedelta:
    if value > LONGEST_GRACE:
        raise ValueError(f"expected at most {LONGEST_GRACE.total_seconds():.0f}s: a customer waits for it")
    return value


class Business(Section):
    """Who we are, and for whom nothing else is known: language and time zone.

    For `answer_grace` an answer waits before it goes to the customer, so that a tap takes it back (None: it goes at
    once).
    """

    name: Text = {"zh": "", "en": ""}
    language: Language = "zh"
    timezone: Zone = ZoneInfo("Asia/Shanghai")
    enrolment: Literal["group", "approve"] = "approve"
    answer_grace: Annotated[Time, AfterValidator(_short)] | None = None


class OpenDay(Section):
    """A day on which we work although the week says no, with the hours of a weekday."""

    day: Day
    as_: Weekday = Field(alias="as")


class Calendar(Section):
    """Working time. Without hours for any day, all time is working time.

    `holidays` is a country of the package `holidays`, or "". `closed` goes before `open`, both before holidays.
    """

    holidays: str = ""
    mon: Spans = ()
    tue: Spans = ()
    wed: Spans = ()
    thu: Spans = ()
    fri: Spans = ()
    sat: Spans = ()
    sun: Spans = ()
    closed: tuple[Day, ...] = ()
    open: tuple[OpenDay, ...] = ()

    @property
    def week(self) -> tuple[Spans, ...]:
        """The hours of Monday to Sunday."""
        return (self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun)

    @property
    def always(self) -> bool:
        """Whether no hours are given, so that all time is working time."""
        return not any(self.week)


class Department(Section):
    """Who answers which matters. `group` is "main" (STAFF_GROUP_ID) or a chat id.

    `capacity` is how many open cases one agent carries at most (None: no limit). With `answer_by_reply` only what
    replies to the customer's words or to a card is an answer; other words in the topic stay among staff.
    """

    id: Id
    name: Text = {}
    group: Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)] = "main"
    kinds: tuple[Kind, ...] = ()
    keywords: tuple[str, ...] = ()
    assign: Literal["least_loaded", "round_robin", "claim"] = "claim"
    capacity: Annotated[int, Field(ge=1)] | None = None
    answer_by_reply: bool = False

    @field_validator("group")
    @classmethod
    def _is_a_group(cls, value: str) -> str:
        if value != "main" and not re.fullmatch(r"-\d{1,16}", value):
            raise ValueError('expected "main" or the id of a group such as -1001234567890')
        return value


class Times(Section):
    """The times of a service standard; None where nothing is promised."""

    first_response: Time | None = None
    next_response: Time | None = None
    resolution: Time | None = None


class TierRule(Section):
    """What a customer must reach, in any of these, to be of a tier."""

    spent_12m: Money | None = None
    orders_12m: Count | None = None


class Tier(Times):
    """A tier of customers by value; the first in the file is the highest. Without `when` it is everybody's."""

    id: Id
    name: Text = {}
    when: TierRule = TierRule()
    visit_every: Time | None = None
    contacts_per_30d: Count = 2
    dedicated_agent: bool = False


class SegmentRule(Section):
    """Whom a segment holds, by any of these. Other keys are fields of the file: `industry = "hotel"`."""

    model_config = Section.model_config | {"extra": "allow"}

    tag: str | None = None
    purchased: str | None = None

    @property
    def fields(self) -> dict[str, str]:
        """What the customer's file must say, by the key of the field."""
        return {key: str(value) for key, value in (self.model_extra or {}).items()}


class Segment(Times):
    """A kind of customer; of several that hold a customer, the strictest standard wins."""

    id: Id
    name: Text = {}
    when: SegmentRule = SegmentRule()


class FileField(Section):
    """A field of the customer's file beside the built-in ones."""

    id: Id
    name: Text = {}
    kind: Literal["text", "number", "date", "choice", "phone", "city"] = "text"
    choices: tuple[str, ...] = ()
    ask: bool = False


class Severity(Times):
    """How serious a matter is; the first in the file is the gravest. Its own times are absolute, for every tier."""

    id: Id
    name: Text = {}
    keywords: tuple[str, ...] = ()
    except_: tuple[str, ...] = Field(default=(), alias="except")
    time: Annotated[float, Field(gt=0, le=1)] = 1.0
    around_the_clock: bool = False
    say: Text | None = None


class Alarm(Section):
    """Words that bring somebody at once and stop automatic questions about the case."""

    id: Id
    name: Text = {}
    keywords: tuple[str, ...] = ()
    except_: tuple[str, ...] = Field(default=(), alias="except")
    tell: Literal["supervisor", "manager", "owner"] = "supervisor"


class Shift(Section):
    """When an agent is on duty outside working time: days on which the hours begin, which may pass midnight."""

    agent: Annotated[str, Field(pattern=r"^@?\w+$")]
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    hours: Annotated[Hours, Field(validate_default=True)] = "00:00-24:00"  # type: ignore[assignment]


class Duty(Section):
    """Who is paged outside working time, and who is told when nobody answers within ten minutes."""

    roster: tuple[Shift, ...] = ()
    tell: Literal["supervisor", "manager", "owner"] = "manager"


class Step(Section):
    """Who is told at which share of a time allowed; 1.0 is the moment at which it is missed."""

    at: Annotated[float, Field(gt=0, le=10)]
    tell: Literal["assignee", "department", "supervisor", "manager", "owner"]


class Escalation(Section):
    """Who is told when it gets late, and how often the customer hears from a person."""

    steps: tuple[Step, ...] = ()
    update_every: dict[Kind, Time] = {}


class Authority(Section):
    """What a role may grant without approval, in the business's currency."""

    agent: Money = 0
    supervisor: Money = 0
    manager: Money = 0


class Procedure(Section):
    """The steps for a kind of case, in order."""

    kind: Kind
    steps: tuple[Text, ...] = ()


class Plan(Section):
    """The whole care plan. The tables of the file are named in the singular, as there: `department`, `tier`."""

    business: Business = Business()
    calendar: Calendar = Calendar()
    department: tuple[Department, ...] = ()
    tier: tuple[Tier, ...] = ()
    segment: tuple[Segment, ...] = ()
    field: tuple[FileField, ...] = ()
    severity: tuple[Severity, ...] = ()
    alarm: tuple[Alarm, ...] = ()
    duty: Duty = Duty()
    escalation: Escalation = Escalation()
    authority: Authority = Authority()
    procedure: tuple[Procedure, ...] = ()
    closing: Closing = Closing()
    contact: ContactRules = ContactRules()
    visit: tuple[VisitRule, ...] = ()
    survey: tuple[Survey, ...] = ()
    recovery: RecoveryRules = RecoveryRules()
    goal: tuple[Goal, ...] = ()
    reports: Reports = Reports()
    retention: Retention = Retention()

    def tier_named(self, tier_id: str | None) -> Tier | None:
        """The tier with that id."""
        return next((tier for tier in self.tier if tier.id == tier_id), None)

    def severity_named(self, severity_id: str | None) -> Severity | None:
        """The severity with that id."""
        return next((severity for severity in self.severity if severity.id == severity_id), None)

    def department_named(self, department_id: str | None) -> Department | None:
        """The department with that id."""
        return next((department for department in self.department if department.id == department_id), None)
