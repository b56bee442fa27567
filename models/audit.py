"""Who did what to whom, and when."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column
from sqlmodel import Field

from models.base import Base, BigKey, Json


class Audit(Base, table=True):
    """Who did what to whom, and when; only ever added to."""

    __tablename__ = "audit"

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    at: datetime = Field(index=True)
    actor: str  # "staff:12", "customer:7", "system"
    action: str
    subject: str
    details: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
