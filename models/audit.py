"""Who did what to whom, and when."""

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import BigInteger, Column
from sqlmodel import Field

from models.base import Base, BigKey, Json


class Actor(Protocol):
    """Somebody who does something: a member of staff or a customer."""

    @property
    def as_actor(self) -> dict[str, int | None]:
        """Their key as the columns `staff_id` and `customer_id`."""


def by_whom(by: Actor | None) -> dict[str, int | None]:
    """Who did something, as the columns of timeline, audit and answers say it; None is the clock or the program."""
    return by.as_actor if by else {"staff_id": None, "customer_id": None}


class Audit(Base, table=True):
    """Who did what to whom, and when; only ever added to. Without staff and customer it was the program itself.

    `subject` is whom or what it was done to: "staff:12", "customer:7", "group:1", ...
    """

    __tablename__ = "audit"

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    at: datetime = Field(index=True)
    staff_id: int | None = Field(default=None, sa_type=BigInteger)
    customer_id: int | None = Field(default=None, sa_type=BigInteger)
    action: str
    subject: str
    details: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
