"""What is stored of questionnaires: frozen definitions, invitations with their answers, polls, waves."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint, text
from sqlmodel import Field

from models.base import Base, BigKey, Json, text_enum
from models.cases import Case, CaseKind
from models.contact import Purpose
from models.customers import Customer

#: The rule of what a visit asks.
VISIT = "visit"
#: The rule of the stars: what the program itself asks about a resolved case, where the plan has no surveys.
STARS = "resolved"


class QuestionnaireVersion(Base, table=True):
    """A definition as its file said it when it was first seen; it never changes. `current` is what is sent now."""

    __tablename__ = "questionnaire_versions"
    __table_args__ = (UniqueConstraint("key", "version", name="uq_questionnaire_versions_key_version"),)

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    key: str
    version: int
    digest: str
    text: str
    current: bool = True
    taken_at: datetime


class InvitationState(enum.StrEnum):
    """Where an invitation stands.

    planned -> asked -> started (an answer was given) -> finished; or stopped by the customer, expired by time,
    cancelled by us (`reason` says why).
    """

    PLANNED = "planned"
    ASKED = "asked"
    STARTED = "started"
    FINISHED = "finished"
    STOPPED = "stopped"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


#: States in which answers are taken.
OPEN = (InvitationState.ASKED, InvitationState.STARTED)
_DUE = text("state = 'planned'")
_OPEN = text("state in ('asked', 'started')")
_SCORED = text("csat IS NOT NULL OR nps IS NOT NULL OR ces IS NOT NULL")


class Invitation(Base, table=True):
    """One questionnaire for one customer, from the plan to the last answer.

    `occurrence` is what it is for; there is one for each ("csat:case:1001:1"). `rule` says by what it came:
    "resolved", "visit", "survey:0" or "wave:7". `at_question` is the one that is asked now. `message_id` is our
    message in which it stands, and `telegram_id` Telegram's where a press has told it. `attached`: it stands under
    the words that the case is resolved. `by_staff_id` is the agent who fills it in for the customer, in a form at
    `form_message_id`. `remind_at` and `expires_at` keep their distance from
    the asking, `lapses_at` is when asking has no sense any more. `reason` says why it was put off or ended.
    `assignee_id`, `department`, `kind` and `tier` are those of the case and its customer when it was asked: whatever
    becomes of the case, the score stays where it was earned. `csat`, `nps` and `ces` are what was given, of that
    `episode` of the case.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        Index("ix_invitations_due", "due_at", sqlite_where=_DUE, postgresql_where=_DUE),
        Index("ix_invitations_remind", "remind_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_invitations_expire", "expires_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_invitations_customer", "customer_id", "questionnaire"),
        Index("ix_invitations_wave", "wave_id", "state"),
        Index("ix_invitations_ended", "ended_at", sqlite_where=_SCORED, postgresql_where=_SCORED),
    )

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    customer_id: int = Field(foreign_key="customers.id", sa_type=BigInteger)
    case_id: int | None = Field(default=None, foreign_key="cases.id", sa_type=BigInteger, index=True)
    episode: int | None = None
    questionnaire: str
    version: int
    rule: str
    wave_id: int | None = Field(default=None, foreign_key="survey_waves.id", sa_type=BigInteger)
    occurrence: str = Field(unique=True)
    plan_version: int | None = Field(default=None, foreign_key="plan_versions.id", sa_type=BigInteger)
    state: InvitationState = Field(default=InvitationState.PLANNED, sa_type=text_enum(InvitationState))
    reason: str | None = None
    attached: bool = False
    due_at: datetime
    lapses_at: datetime | None = None
    asked_at: datetime | None = None
    ended_at: datetime | None = None
    remind_at: datetime | None = None
    reminded_at: datetime | None = None
    expires_at: datetime | None = None
    at_question: str | None = None
    message_id: int | None = Field(default=None, sa_type=BigInteger)
    telegram_id: int | None = Field(default=None, sa_type=BigInteger)
    by_staff_id: int | None = Field(default=None, foreign_key="staff.id", sa_type=BigInteger)
    form_message_id: int | None = Field(default=None, sa_type=BigInteger)
    csat: int | None = None
    nps: int | None = None
    ces: int | None = None
    assignee_id: int | None = Field(default=None, foreign_key="staff.id", sa_type=BigInteger)
    department: str | None = None
    kind: CaseKind | None = Field(default=None, sa_type=text_enum(CaseKind))
    tier: str | None = None

    @property
    def about(self) -> str:
        """The occurrence by which the contact budget knows it."""
        return f"invitation:{self.occurrence}"

    @property
    def purpose(self) -> Purpose:
        """What it counts as: one's own case is service, what a visit asks a visit, all else a survey."""
        if self.case_id:
            return Purpose.SERVICE
        return Purpose.VISIT if self.rule == VISIT else Purpose.SURVEY

    @property
    def open(self) -> bool:
        """Whether answers are taken."""
        return self.state in OPEN

    @property
    def brief(self) -> bool:
        """Whether one tap is all that it asks for: it has no way back and no end, and counts no questions."""
        return self.rule == STARS

    def ask(self, now: datetime, customer: Customer, case: Case | None) -> None:
        """It is asked now, and keeps whose the case is at this moment."""
        self.state, self.asked_at, self.tier = InvitationState.ASKED, now, customer.tier
        if case is not None:
            self.assignee_id, self.department, self.kind = case.assignee_id, case.department, case.kind

    def end(self, state: InvitationState, now: datetime, reason: str | None) -> None:
        """It is over, or was never asked."""
        self.state, self.reason, self.ended_at = state, reason, now

    def put_off(self, to: datetime, reason: str | None = None) -> None:
        """Ask at `to` instead; the reminder and the end keep their distance."""
        self.reason = reason
        later = to - self.due_at
        self.due_at = to
        self.remind_at = self.remind_at and self.remind_at + later
        self.expires_at = self.expires_at and self.expires_at + later


class Answer(Base, table=True):
    """The answer to one question of an invitation: the last one given counts.

    `value` lists what was chosen: one number, one option, or several; None is skipped, or words. Whoever gave it
    stands in `customer_id`, or in `staff_id` an agent who did so for the customer.
    """

    __tablename__ = "answers"
    __table_args__ = (Index("uq_answers_question", "invitation_id", "question", unique=True),)

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    invitation_id: int = Field(foreign_key="invitations.id", sa_type=BigInteger)
    question: str
    value: list[Any] | None = Field(default=None, sa_column=Column(Json, nullable=True))
    text: str | None = None
    media: dict[str, Any] | None = Field(default=None, sa_type=Json)
    case_id: int | None = Field(default=None, foreign_key="cases.id", sa_type=BigInteger)  # the case made of it
    customer_id: int | None = Field(default=None, foreign_key="customers.id", sa_type=BigInteger)
    staff_id: int | None = Field(default=None, foreign_key="staff.id", sa_type=BigInteger)
    at: datetime


class Poll(Base, table=True):
    """A native poll that asks one question of an invitation: votes name the poll only."""

    __tablename__ = "polls"

    poll_id: str = Field(primary_key=True)
    invitation_id: int = Field(foreign_key="invitations.id", sa_type=BigInteger, index=True)
    question: str
    telegram_id: int = Field(sa_type=BigInteger)
    closed: bool = False


class WaveState(enum.StrEnum):
    """preview -> planning -> running -> done; paused and back; cancelled for good."""

    PREVIEW = "preview"
    PLANNING = "planning"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


#: States of waves that go on.
ALIVE = (WaveState.PLANNING, WaveState.RUNNING)


class SurveyWave(Base, table=True):
    """A questionnaire for many customers at once: by the plan's interval, or by hand (`staff_id`).

    `key` is what it is for, so that a period is planned once. `audience` is the id of a tier or a segment, or None
    for everybody. Of each stratum in turn every so many customers is drawn: `share` of 10,000. `strata` are the
    tiers still to come; how far the planning of the first of them has come says the wave's walk. `was` is the state
    that a pause interrupted; of a cancelled wave it says that nothing of it is left.
    """

    __tablename__ = "survey_waves"

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    key: str = Field(unique=True)
    questionnaire: str
    version: int
    rule: str
    audience: str | None = None
    share: int = 10_000
    salt: int = 0
    apart_seconds: int = 0
    state: WaveState = Field(default=WaveState.PREVIEW, sa_type=text_enum(WaveState), index=True)
    was: WaveState | None = Field(default=None, sa_type=text_enum(WaveState))
    staff_id: int | None = Field(default=None, foreign_key="staff.id", sa_type=BigInteger)
    strata: list[str | None] = Field(default_factory=list, sa_type=Json)
    planned: int = 0
    lasts_seconds: int = 259_200
    remind_seconds: int | None = None
    plan_version: int | None = Field(default=None, foreign_key="plan_versions.id", sa_type=BigInteger)
    made_at: datetime
