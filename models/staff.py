"""Staff and their groups: who may act, and where they sit."""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column
from sqlmodel import Field

from models.base import Base, BigKey, Json, text_enum


class Role(enum.StrEnum):
    """What a member of staff may do; each role may all that the one before may."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        """0 for an agent up to 3 for an owner."""
        return list(Role).index(self)


class Staff(Base, table=True):
    """A member of staff, known by the Telegram user id; `active` ends with the membership.

    Away since `away_since`, until `away_until` or until they say that they are back.
    """

    __tablename__ = "staff"

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    user_id: int = Field(sa_type=BigInteger, unique=True)
    name: str
    username: str | None = Field(default=None, index=True)
    role: Role = Field(default=Role.AGENT, sa_type=text_enum(Role))
    language: str = "zh"
    active: bool = True
    started_bot: bool = False
    away_since: datetime | None = None
    away_until: datetime | None = None
    joined_at: datetime
    left_at: datetime | None = None

    def may(self, role: Role) -> bool:
        """Whether this person, now, may do what needs `role`."""
        return self.active and self.role.rank >= role.rank


class StaffGroup(Base, table=True):
    """A group where staff work. `chat_id` is where it is now; `configured_id` is what the setting says.

    When Telegram moves a group to a new id, `chat_id` follows and wins over the setting.
    """

    __tablename__ = "staff_groups"

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    configured_id: int = Field(sa_type=BigInteger, unique=True)
    chat_id: int = Field(sa_type=BigInteger, unique=True)
    title: str = ""
    is_forum: bool = True
    late_list_on: date | None = None  # the day of the last list of what is late
    trouble: str | None = None  # what is wrong with the bot's rights there, told to owners once


class GroupMember(Base, table=True):
    """Who works in which staff group: a member's word there makes them one, leaving ends it.

    `turn` grows with each case that the group's departments give out: whose is the lowest comes next.
    """

    __tablename__ = "group_members"

    group_id: int = Field(foreign_key="staff_groups.id", sa_type=BigInteger, primary_key=True)
    staff_id: int = Field(foreign_key="staff.id", sa_type=BigInteger, primary_key=True, index=True)
    turn: int = Field(default=0, sa_type=BigInteger)


class PlanVersion(Base, table=True):
    """A care plan as it was in force from `taken_at` on: a case keeps the version that it was promised under."""

    __tablename__ = "plan_versions"

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    text: str
    taken_at: datetime


class Installation(Base, table=True):
    """The one bot that this database belongs to.

    `ahead_seconds` moves people's time (due times, shown times) forward where days are to pass: the demo.
    `plan_trouble` is the digest of the plan file's text of which managers were told that it cannot be used.
    """

    __tablename__ = "installation"

    id: int = Field(default=1, primary_key=True)
    bot_id: int = Field(sa_type=BigInteger)
    bot_username: str
    owner_ids: list[int] = Field(default_factory=list, sa_type=Json)
    ahead_seconds: int = 0
    plan_trouble: str | None = None


#: What is numbered.
COUNTERS = ("case", "customer")


class Counter(Base, table=True):
    """The last number given out, by what it numbers (cases, customers); how far a long piece of work has come."""

    __tablename__ = "counters"

    name: str = Field(primary_key=True)
    value: int = Field(default=0, sa_type=BigInteger)


class Audit(Base, table=True):
    """Who did what to whom, and when; only ever added to."""

    __tablename__ = "audit"

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    at: datetime = Field(index=True)
    actor: str  # "staff:12", "customer:7", "system"
    action: str
    subject: str
    details: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
