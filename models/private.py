"""What members of staff write to the bot alone and of which nobody knows yet whom it is for."""

import enum
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, UniqueConstraint, delete
from sqlmodel import Field, col, select

from models.base import Base, BigKey, Json, text_enum
from models.work import Work


class Became(enum.StrEnum):
    """What its writer said such words are."""

    ANSWER = "answer"
    NOTE = "note"
    OWN = "own"  # those of a customer, which they are as well


class PrivateWords(Base, table=True):
    """Words of a member of staff that went to nobody; they are asked whom they are for.

    `as_written` is the message as it came; `case_ids` are the cases that were offered. Items of an `album` are
    decided together. `asked_at` is real time.
    """

    __tablename__ = "private_words"
    __table_args__ = (UniqueConstraint("staff_id", "telegram_id"),)

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    staff_id: int = Field(foreign_key="staff.id", sa_type=BigInteger)
    telegram_id: int = Field(sa_type=BigInteger)
    album: str | None = None
    as_written: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    case_ids: list[int] = Field(default_factory=list, sa_type=Json)
    asked_at: datetime = Field(index=True)
    decided: Became | None = Field(default=None, sa_type=text_enum(Became))


# -- queries


async def words_numbered(work: Work, key: int) -> PrivateWords | None:
    """Such words by their key."""
    found: PrivateWords | None = await work.first(
        select(PrivateWords).where(PrivateWords.id == key).with_for_update()
    )
    return found


async def words_at(work: Work, staff_id: int, telegram_id: int) -> PrivateWords | None:
    """Those that stand there in somebody's chat."""
    query = select(PrivateWords).where(PrivateWords.staff_id == staff_id, PrivateWords.telegram_id == telegram_id)
    found: PrivateWords | None = await work.first(query.with_for_update())
    return found


async def album_words(work: Work, staff_id: int, album: str) -> Sequence[PrivateWords]:
    """The items of an album that nobody has decided about, in order."""
    query = select(PrivateWords).where(PrivateWords.staff_id == staff_id, PrivateWords.album == album)
    query = query.where(col(PrivateWords.decided).is_(None)).order_by(col(PrivateWords.telegram_id))
    return await work.all(query.with_for_update())


async def delete_words(work: Work, before: datetime) -> int:
    """Delete what was asked about before that moment, decided or not; returns how many."""
    return int((await work.session.exec(delete(PrivateWords).where(col(PrivateWords.asked_at) < before))).rowcount)
