"""The one bot that a database belongs to: whose it is, the plans that were in force, and what is counted."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.base import Base, BigKey, Json
from models.plan import Plan, stored_plan
from models.work import Work


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


_AHEAD = select(Installation.ahead_seconds)
#: What is numbered.
COUNTERS = ("case", "customer")


@lru_cache(maxsize=50)
def _plan_of_text(text_of_plan: str) -> Plan:
    return stored_plan(text_of_plan)


async def plan_of(work: Work, promised: Any) -> Plan:
    """The plan that a case, or whatever else keeps its version, was promised under."""
    version: int | None = promised.plan_version
    if version is None or version == work.plan_version:
        return work.plan
    known = work.memory(dict[int, Plan])
    if version not in known:
        known[version] = _plan_of_text(await work.first(select(PlanVersion.text).where(PlanVersion.id == version)))
    return known[version]


async def owners_by_settings(work: Work) -> Sequence[int]:
    """The Telegram ids of the owners whom the settings name."""
    found: Sequence[int] | None = await work.first(select(Installation.owner_ids))
    return found or ()


async def time_ahead(session: AsyncSession) -> timedelta:
    """How far people's time is ahead of the real one."""
    seconds = (await session.exec(_AHEAD)).first()
    return timedelta(seconds=seconds or 0)
