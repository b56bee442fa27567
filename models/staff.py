"""Staff and their groups: who may act, and where they sit."""

import enum
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, bindparam, func
from sqlmodel import Field, col, select

from models.base import Base, BigKey, text_enum
from models.work import Work

#: For how long "who is in this group is staff" holds for who has not written yet.
TEAM_LASTS = timedelta(days=7)


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

    Away since `away_since`, until `away_until` or until they say that they are back. Has authority since
    `admitted_at`, by `admitted_by_id` (None: by the plan's rule or the settings); from whom it was taken at
    `dismissed_at` gets it again by an owner alone. `as_customer_since` is when they said last that what they write to
    the bot is a customer's (real time).
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
    admitted_at: datetime | None = None
    admitted_by_id: int | None = Field(default=None, sa_type=BigInteger)
    dismissed_at: datetime | None = None
    as_customer_since: datetime | None = None

    @property
    def as_actor(self) -> dict[str, int | None]:
        """Who did something, as columns."""
        return {"staff_id": self.id, "customer_id": None}

    @property
    def subject(self) -> str:
        """Whom something was done to, in the audit."""
        return f"staff:{self.id}"

    def may(self, role: Role) -> bool:
        """Whether this person, now, may do what needs `role`."""
        return self.active and self.role.rank >= role.rank


class StaffGroup(Base, table=True):
    """A group where staff work. `chat_id` is where it is now; `configured_id` is what the setting says.

    When Telegram moves a group to a new id, `chat_id` follows and wins over the setting. Whoever sat there at
    `team_from` is staff with their first word for a week; `team_offered_at` is when that was offered.
    """

    __tablename__ = "staff_groups"

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    configured_id: int = Field(sa_type=BigInteger, unique=True)
    chat_id: int = Field(sa_type=BigInteger, unique=True)
    title: str = ""
    is_forum: bool = True
    trouble: str | None = None  # what is wrong with the bot's rights there, told to owners once
    team_offered_at: datetime | None = None
    team_from: datetime | None = None

    def takes(self, joined_at: datetime | None, now: datetime) -> bool:
        """Whether who came in then (None: before we knew of it) is of the team that was there when it was named."""
        named = self.team_from
        return named is not None and now < named + TEAM_LASTS and (joined_at is None or joined_at < named)


class GroupMember(Base, table=True):
    """Who works in which staff group: a member's word there makes them one, leaving ends it.

    `turn` grows with each case that the group's departments give out: whose is the lowest comes next.
    """

    __tablename__ = "group_members"

    group_id: int = Field(foreign_key="staff_groups.id", sa_type=BigInteger, primary_key=True)
    staff_id: int = Field(foreign_key="staff.id", sa_type=BigInteger, primary_key=True, index=True)
    turn: int = Field(default=0, sa_type=BigInteger)


# -- queries

_USERS: Any = bindparam("user_ids", expanding=True)
_STAFF = select(Staff).where(col(Staff.user_id).in_(_USERS))
_GROUPS = select(StaffGroup).order_by(col(StaffGroup.id))


class _Known:
    """Groups and people that this work has met; `members` are the memberships of which it is sure."""

    def __init__(self) -> None:
        self.groups: list[StaffGroup] | None = None
        self.people: dict[int, Staff | None] = {}
        self.members: set[tuple[int, int]] = set()
        self.called: frozenset[str] | None = None


def memberships_known(work: Work) -> set[tuple[int, int]]:
    """Groups and staff of whom it is known in this work that they sit there."""
    return work.memory(_Known).members


async def staff_groups(work: Work) -> list[StaffGroup]:
    """Every staff group, the main one first; they are few."""
    known = work.memory(_Known)
    if known.groups is None:
        known.groups = list(await work.all(_GROUPS))
    return known.groups


async def main_group(work: Work) -> StaffGroup:
    """The staff group of the setting: for what concerns no case, and whoever has none yet."""
    return (await staff_groups(work))[0]


async def staff_group(work: Work, group_id: int) -> StaffGroup:
    """A staff group by its key."""
    return next(group for group in await staff_groups(work) if group.id == group_id)


def add_staff_group(work: Work, group: StaffGroup) -> None:
    """Add a new staff group."""
    work.add(group)
    known = work.memory(_Known)
    known.groups = [*(known.groups or []), group]


async def fetch_staff(work: Work, user_ids: Sequence[int]) -> None:
    """Fetch those of these Telegram users who are staff in one query."""
    people = work.memory(_Known).people
    people.update(dict.fromkeys(user_ids))
    people.update({person.user_id: person for person in await work.all(_STAFF, user_ids=user_ids)})


async def staff_of_user(work: Work, user_id: int) -> Staff | None:
    """The member of staff with that Telegram user id, active or not."""
    people = work.memory(_Known).people
    if user_id not in people:
        people[user_id] = await work.first(select(Staff).where(Staff.user_id == user_id))
    return people[user_id]


def remember_staff(work: Work, person: Staff) -> None:
    """Add a new member of staff."""
    work.add(person)
    work.memory(_Known).people[person.user_id] = person


async def staff_member(work: Work, staff_id: int) -> Staff:
    """The member of staff with that key."""
    person: Staff = await work.first(select(Staff).where(Staff.id == staff_id))
    return person


async def staff_numbered(work: Work, staff_id: int) -> Staff | None:
    """The same; None where there is none."""
    found: Staff | None = await work.first(select(Staff).where(Staff.id == staff_id))
    return found


async def staff_named(work: Work, username: str) -> Staff | None:
    """The active member of staff with that @name, in any case of letters.

    Names on Telegram pass from one person to another: where two were last seen under it, it is nobody's.
    """
    found = await work.all(select(Staff).where(func.lower(Staff.username) == username.lower(), col(Staff.active)))
    return found[0] if len(found) == 1 else None


async def dismissed_named(work: Work, username: str) -> Staff | None:
    """Whose authority was taken, by their @name; None where that is nobody, or more than one."""
    taken = col(Staff.dismissed_at).is_not(None)
    found = await work.all(select(Staff).where(func.lower(Staff.username) == username.lower(), taken))
    return found[0] if len(found) == 1 else None


async def owners(work: Work) -> Sequence[Staff]:
    """Every owner."""
    return await work.all(select(Staff).where(Staff.role == Role.OWNER, col(Staff.active)))


async def managers(work: Work) -> Sequence[Staff]:
    """Every manager and owner."""
    return await work.all(
        select(Staff)
        .where(col(Staff.role).in_((Role.MANAGER, Role.OWNER)), col(Staff.active))
        .order_by(col(Staff.id))
    )


async def staff_with_chat(work: Work) -> Sequence[Staff]:
    """Everybody on the staff who has a private chat with the bot."""
    return await work.all(select(Staff).where(col(Staff.active), col(Staff.started_bot)).order_by(col(Staff.id)))


async def active_staff(work: Work) -> Sequence[Staff]:
    """Everybody on the staff, who joined first first."""
    return await work.all(select(Staff).where(col(Staff.active)).order_by(col(Staff.id)))


async def names_of_staff(work: Work) -> Sequence[str]:
    """The names of everybody on the staff."""
    return await work.all(select(Staff.name).where(col(Staff.active)))


async def staff_called(work: Work) -> frozenset[str]:
    """What everybody on the staff is called: their names and @names, asked for once in a unit of work."""
    known = work.memory(_Known)
    if known.called is None:
        rows = await work.all(select(Staff.name, Staff.username).where(col(Staff.active)))
        known.called = frozenset(each for row in rows for each in row if each)
    return known.called


async def members_of(work: Work, group_id: int) -> Sequence[Staff]:
    """The active staff who work in that group, who joined first first."""
    members = select(GroupMember.staff_id).where(GroupMember.group_id == group_id)
    return await work.all(select(Staff).where(col(Staff.active), col(Staff.id).in_(members)).order_by(col(Staff.id)))


async def has_team(work: Work, group_id: int) -> bool:
    """Whether somebody else than owners works in that group."""
    return any(person.role is not Role.OWNER for person in await members_of(work, group_id))


async def memberships_of(work: Work, staff_id: int) -> Sequence[GroupMember]:
    """In which groups somebody works."""
    return await work.all(select(GroupMember).where(GroupMember.staff_id == staff_id))


async def absent_staff(work: Work) -> Sequence[Staff]:
    """The active staff who have said that they are away."""
    return await work.all(select(Staff).where(col(Staff.active), col(Staff.away_since).is_not(None)))


async def owner_count(work: Work) -> int:
    """How many owners there are."""
    return len(await owners(work))
