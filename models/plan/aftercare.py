"""The sections of the plan on what comes after the answer: closing, contacts, visits, surveys, figures, keeping."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from models.plan.kinds import Day, Duration, Hours, Id, Kind, Section, Share, Time, TimeOfDay, Weekly


class Closing(Section):
    """How long a finished matter can be taken up again, and what the customer's silence means."""

    reopen_within: Duration = timedelta(days=7)
    remind_pending_after: Time = timedelta(days=1)
    close_pending_after: Time = timedelta(days=7)
    close_after_silence: dict[Kind, Time] = {}


class ContactRules(Section):
    """The contact budget: what holds for all that we send unasked. `quiet` and `call_quiet` "" mean never."""

    quiet: Annotated[Hours, Field(validate_default=True)] = "21:00-09:00"  # type: ignore[assignment]
    call_quiet: Annotated[Hours, Field(validate_default=True)] = "12:00-14:00"  # type: ignore[assignment]
    gap: Duration = timedelta(days=2)
    calm_after_complaint: Duration = timedelta(days=3)


def _by_tier(value: object) -> object:
    return {"*": value} if isinstance(value, str) else value


class VisitRule(Section):
    """A rule for return visits.

    `when` is case_resolved, case_closed, purchase, event:NAME, silence or tier; `by` says who visits, for all or
    by tier; `sample` is the share of a tier that is visited (1 where a tier is not named).
    """

    id: Id
    when: Annotated[str, Field(pattern=r"^(case_resolved|case_closed|purchase|silence|tier|event:\S{1,40})$")]
    kinds: tuple[Kind, ...] = ()
    after: Duration = timedelta(0)
    by: Annotated[dict[str, Literal["agent", "bot"]], BeforeValidator(_by_tier)] = {"*": "bot"}
    not_handler: bool = False
    attempts: Annotated[int, Field(ge=1, le=20)] = 3
    questionnaire: str | None = None
    sample: dict[str, Share] = {}
    window: Time = timedelta(days=7)
    purpose: Literal["service", "visit", "marketing"] | None = None

    @property
    def purpose_of(self) -> str:
        """Its purpose in the contact budget: a visit about one's own case is service, else as said, else visit."""
        return self.purpose or ("service" if self.when.startswith("case_") else "visit")

    def by_whom(self, tier: str | None) -> str:
        """ "agent" or "bot" for a customer of that tier."""
        return self.by.get(tier or "", self.by.get("*", "bot"))


class Survey(Section):
    """When a questionnaire is sent: after a case (with a delay by kind), or every `every` to a share."""

    questionnaire: str
    when: Literal["case_resolved", "case_closed", "every"] = "case_resolved"
    after: dict[Kind, Duration] = {}
    every: Time | None = None
    sample: Share = 1.0
    expires: Time = timedelta(days=3)
    remind_after: Time | None = None


class RecoveryRules(Section):
    """What follows a low score."""

    csat_at_most: Annotated[int, Field(ge=0, le=5)] = 2
    nps_at_most: Annotated[int, Field(ge=0, le=10)] = 6
    to: Literal["supervisor", "manager", "owner"] = "supervisor"
    within: dict[str, Time] = {}


class Goal(Section):
    """A figure that we aim for."""

    metric: Literal[
        "csat",
        "nps",
        "ces",
        "first_response_met",
        "next_response_met",
        "resolution_met",
        "visits_done",
        "response_rate",
        "reopened",
    ]
    target: float
    window: Time = timedelta(days=30)
    owner: str | None = None
    by: Day | None = None


class Reports(Section):
    """When figures come by themselves; "" means never."""

    daily: TimeOfDay = None
    weekly: Weekly = None


class Retention(Section):
    """How long what is kept."""

    messages: Time = timedelta(days=730)
    files: Time = timedelta(days=365)
    inbox: Time = timedelta(days=14)
