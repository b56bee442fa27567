"""Parcels: outbox rows on their way, and what can be done to the rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import col

from models.delivery import Outbox, OutboxState
from models.outbox import pending_send
from models.work import Work

#: How long words wait for their customer's topic before they go to General.
TOPIC_WAIT = timedelta(seconds=5)
#: How soon a row that cannot go yet is looked at again.
LOOK_AGAIN = timedelta(milliseconds=500)
#: The longest pause before another attempt (seconds).
LONGEST_BACKOFF = 60.0


@dataclass
class Parcel:
    """One call that stands for one outbox row, or for several texts merged into one message."""

    rows: Sequence[Any]  # outbox rows, the first of which says what it is
    chat_id: int = 0
    method: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    file: tuple[str, bytes] | None = None  # name and content of a document to upload
    drawn: str | None = None  # of a card: the digest of what it shows
    apart: bool = False  # an album whose items cannot go together
    paused: Sequence[str] = ()  # the scopes that a 429 told us to leave alone

    @property
    def head(self) -> Any:
        """The row that says what the parcel is."""
        return self.rows[0]

    @property
    def items(self) -> list[dict[str, Any]]:
        """Of an album: the messages it holds, in their order."""
        return sorted(self.head.body.get("items", ()), key=lambda item: item["telegram_id"])

    @property
    def singly(self) -> bool:
        """Whether it is one item of an album of which each goes by itself."""
        return self.apart or bool(self.head.body.get("singly"))

    @property
    def unfinished(self) -> bool:
        """Whether it is the first of an album's items that go singly, and others follow."""
        return self.singly and len(self.items) > 1


class NotNow(Exception):
    """The row cannot go yet; look again at `at` (real time)."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at


class NotNeeded(Exception):
    """Nothing is left to send."""


async def put_back(work: Work, parcel: Parcel, *, not_before: datetime | None, **values: Any) -> None:
    """Let the rows wait again; a wait counts as an attempt unless `attempts` says otherwise."""
    values.setdefault("attempts", parcel.head.attempts + (not_before is not None))
    await change(work, parcel, state=OutboxState.NEW, not_before=not_before, **values)


async def change(work: Work, parcel: Parcel, **values: Any) -> None:
    """Change the parcel's rows. One that waits again gives up its key where another has taken it meanwhile."""
    key = parcel.head.key
    if key and values.get("state") is OutboxState.NEW and await pending_send(work, key):
        values["key"] = None
    await work.flush()
    connection = await work.session.connection()
    ids = [row.id for row in parcel.rows]
    await connection.execute(update(Outbox).where(col(Outbox.id).in_(ids)).values(**values))


def plain(body: dict[str, Any]) -> dict[str, Any]:
    """The body of the same row without formatting."""
    bare = {**body, "plain": True, "entities": None}
    return bare


def backoff(work: Work, attempts: int) -> datetime:
    """0.5, 1, 2 ... 60 seconds from now."""
    return work.real_now + timedelta(seconds=min(LONGEST_BACKOFF, 0.5 * 2.0 ** min(attempts, 10)))
