"""Approvals: somebody asks, somebody with the right decides, and what nobody decides runs out."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Index, text
from sqlmodel import Field, col, select

from models.base import Base, BigKey, Json, text_enum
from models.customers import Customer
from models.questionnaires import SurveyWave, WaveState
from models.questionnaires.waves import has_audience
from models.staff import Role, Staff, memberships_of, staff_member
from models.work import Work


class ApprovalKind(enum.StrEnum):
    """What is asked for; `RULES` says who decides."""

    TIER = "tier"
    CANDIDATE = "candidate"
    WAVE = "wave"
    MERGE = "merge"


class Decision(enum.StrEnum):
    """How it ended; until then there is none."""

    YES = "yes"
    NO = "no"
    RAN_OUT = "ran_out"


@dataclass(frozen=True)
class Rule:
    """Who decides, how long it stands, whether a no may become a yes while it does.

    `asker_may`: it is the asker's own confirmation of what was shown; else it takes somebody else.
    """

    role: Role
    asker_may: bool
    lasts: timedelta
    no_may_turn: bool = False


RULES = {
    ApprovalKind.TIER: Rule(Role.SUPERVISOR, asker_may=False, lasts=timedelta(days=14)),
    ApprovalKind.CANDIDATE: Rule(Role.SUPERVISOR, asker_may=False, lasts=timedelta(days=30), no_may_turn=True),
    # What a preview shows is soon no longer so.
    ApprovalKind.WAVE: Rule(Role.MANAGER, asker_may=True, lasts=timedelta(days=1)),
    ApprovalKind.MERGE: Rule(Role.AGENT, asker_may=True, lasts=timedelta(days=1)),
}


@dataclass(frozen=True)
class No:
    """Why not: the name of a refusal, and the values that its words take."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)


class Approval(Base, table=True):
    """Something that wants a yes, and what became of it.

    What it is about, by kind: tier: `customer_id`, `details` tier, until (ISO), reason; candidate: `staff_id`, who
    asks by their first word in a group; wave: `wave_id`; merge: `customer_id` stays, `merged_id` becomes part of it.
    It stays with the number it was asked for when that is merged. Where it was asked: a group (None: in private with
    the asker), there the topic of `topic_of_id` or the thread; `message_id` is Telegram's of the question, known once
    a button under it was pressed.
    """

    __tablename__ = "approvals"
    __table_args__ = (
        Index(
            "ix_approvals_open",
            "expires_at",
            sqlite_where=text("decision is null"),
            postgresql_where=text("decision is null"),
        ),
    )

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    kind: ApprovalKind = Field(sa_type=text_enum(ApprovalKind))
    customer_id: int | None = Field(default=None, foreign_key="customers.id", sa_type=BigInteger, index=True)
    merged_id: int | None = Field(default=None, foreign_key="customers.id", sa_type=BigInteger)
    staff_id: int | None = Field(default=None, foreign_key="staff.id", sa_type=BigInteger, index=True)
    wave_id: int | None = Field(default=None, foreign_key="survey_waves.id", sa_type=BigInteger)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    asked_by_id: int = Field(foreign_key="staff.id", sa_type=BigInteger)
    asked_at: datetime
    expires_at: datetime
    group_id: int | None = Field(default=None, foreign_key="staff_groups.id", sa_type=BigInteger)
    topic_of_id: int | None = Field(default=None, foreign_key="customers.id", sa_type=BigInteger)
    thread_id: int | None = Field(default=None, sa_type=BigInteger)
    message_id: int | None = Field(default=None, sa_type=BigInteger)
    decision: Decision | None = Field(default=None, sa_type=text_enum(Decision))
    decided_by_id: int | None = Field(default=None, foreign_key="staff.id", sa_type=BigInteger)
    decided_at: datetime | None = None

    @property
    def rule(self) -> Rule:
        """Who decides, and for how long it stands."""
        return RULES[self.kind]

    def stands(self, now: datetime) -> bool:
        """Whether nobody has decided yet, and it has not run out."""
        return self.decision is None and now < self.expires_at

    def why_not(self, by: Staff, yes: bool, now: datetime) -> No | None:
        """Why this person may not say that now; None if they may."""
        if not by.may(self.rule.role):
            return No("role", {"role": self.rule.role.value})
        if by.id == self.asked_by_id and not self.rule.asker_may:
            return No("approval_own")
        turns = self.decision is Decision.NO and yes and self.rule.no_may_turn
        if self.decision in (Decision.YES, Decision.NO) and not turns:
            return No("approval_decided")
        return No("approval_ran_out") if self.decision is Decision.RAN_OUT or now >= self.expires_at else None


# -- queries


async def approval_numbered(work: Work, approval_id: int) -> Approval | None:
    """The approval with that key, locked on PostgreSQL."""
    found: Approval | None = await work.first(select(Approval).where(Approval.id == approval_id).with_for_update())
    return found


async def approval_of_wave(work: Work, wave_id: int) -> Approval | None:
    """What was asked about that wave."""
    found: Approval | None = await work.first(select(Approval).where(Approval.wave_id == wave_id).with_for_update())
    return found


async def overdue_approvals(work: Work, limit: int) -> Sequence[Approval]:
    """Some of those that nobody decided in time, the oldest first."""
    query = select(Approval).where(col(Approval.decision).is_(None), Approval.expires_at <= work.now)
    return await work.all(query.order_by(col(Approval.expires_at)).limit(limit).with_for_update(skip_locked=True))


async def latest_candidacy(work: Work, staff_id: int, group_id: int) -> Approval | None:
    """What was last asked about that newcomer in that group."""
    query = select(Approval).where(
        Approval.kind == ApprovalKind.CANDIDATE, Approval.staff_id == staff_id, Approval.group_id == group_id
    )
    found: Approval | None = await work.first(query.order_by(col(Approval.id).desc()).limit(1).with_for_update())
    return found


async def open_candidacies(work: Work, group_id: int) -> Sequence[Approval]:
    """Newcomers of that group about whom nobody has decided yet, the first fifty."""
    query = select(Approval).where(
        Approval.kind == ApprovalKind.CANDIDATE,
        Approval.group_id == group_id,
        col(Approval.decision).is_(None),
        Approval.expires_at > work.now,
    )
    return await work.all(query.order_by(col(Approval.id)).limit(50).with_for_update())


async def matter_gone(work: Work, approval: Approval) -> No | None:
    """Why there is nothing left to decide, whoever asks; None if there is."""
    match approval.kind:
        case ApprovalKind.TIER:
            gone = await _merged_meanwhile(work, approval.customer_id)
            known = work.plan.tier_named(approval.details["tier"]) is not None
            return gone or (None if known else No("approval_no_tier"))
        case ApprovalKind.CANDIDATE:
            return await _candidate_gone(work, approval)
        case ApprovalKind.WAVE:
            return await _wave_gone(work, approval.wave_id)
        case ApprovalKind.MERGE:
            both = (approval.customer_id, approval.merged_id)
            return await _merged_meanwhile(work, *both) or await two_accounts(work, *both)


async def _merged_meanwhile(work: Work, *customer_ids: int | None) -> No | None:
    """Locked on PostgreSQL, so that two who merge at once do so one after the other."""
    query = select(Customer.id, Customer.merged_into_id).where(col(Customer.id).in_(customer_ids))
    for number, into in await work.all(query.order_by(col(Customer.id)).with_for_update()):
        if into is not None:
            return No("approval_merged", {"number": number, "into": into})
    return None


async def two_accounts(work: Work, *customer_ids: int | None) -> No | None:
    """Whether these two each have a Telegram account: then they cannot be merged."""
    mine = (col(Customer.id).in_(customer_ids), col(Customer.user_id).is_not(None))
    return No("merge_two_accounts") if len(await work.all(select(Customer.id).where(*mine))) > 1 else None


async def _candidate_gone(work: Work, approval: Approval) -> No | None:
    person = await staff_member(work, approval.staff_id or 0)
    if person.active:
        return No("approval_admitted", {"name": person.name})
    groups = {each.group_id for each in await memberships_of(work, approval.staff_id or 0)}
    return None if approval.group_id in groups else No("approval_left", {"name": person.name})


async def _wave_gone(work: Work, wave_id: int | None) -> No | None:
    wave: SurveyWave | None = await work.first(select(SurveyWave).where(SurveyWave.id == wave_id).with_for_update())
    if wave is None or wave.state is not WaveState.PREVIEW:
        return No("stale")
    return None if has_audience(work.plan, wave) else No("no_audience")
