"""The unit of work: what one update, tick or page action reads, changes and says, in one transaction.

Rare rows are ordinary ORM objects. The rows that every message makes (messages, links, outbox) are collected and
written by executemany; both are seen by every query of the same work. What a concept has fetched for a whole batch it
keeps in the work's memory, so a use case need not know whether it runs alone or among a hundred.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol, TypeVar

from sqlalchemy import BigInteger, bindparam, insert, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm.base import instance_state
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from models.audit import Actor, Audit, by_whom
from models.base import Base
from models.plan import Plan

Memory = TypeVar("Memory")
_DEFAULTS: dict[type[SQLModel], dict[str, Any]] = {}


class Counter(Base, table=True):
    """The last number given out, by what it numbers (cases, customers)."""

    __tablename__ = "counters"

    name: str = Field(primary_key=True)
    value: int = Field(default=0, sa_type=BigInteger)


_COUNTERS = Counter.__table__  # type: ignore[attr-defined]
_COUNTED = _COUNTERS.c.name == bindparam("counter")
_BUMP = (
    update(_COUNTERS)
    .where(_COUNTED)
    .values(value=_COUNTERS.c.value + bindparam("count", type_=BigInteger))
    .returning(_COUNTERS.c.value)
)
_COUNT = update(_COUNTERS).where(_COUNTED).values(value=bindparam("last", type_=BigInteger))


def _row(table: type[SQLModel], values: dict[str, Any]) -> dict[str, Any]:
    """All columns of a row, so that rows of a table can be written together."""
    if table not in _DEFAULTS:
        fields = table.model_fields
        _DEFAULTS[table] = {
            name: field.get_default(call_default_factory=True)
            for name, field in fields.items()
            if not field.is_required() and name != "id"
        }
    return {**_DEFAULTS[table], **values}


@cache
def _rank(table: type[SQLModel]) -> int:
    """The place of a table in an order in which every table stands behind those that it refers to."""
    return SQLModel.metadata.sorted_tables.index(table.__table__)  # type: ignore[attr-defined]


@cache
def _insert(table: type[Base], dialect: str) -> Any:
    if not table.kept_if_there:
        return insert(table)
    build = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return build(table).on_conflict_do_nothing()


@dataclass
class Change:
    """A row that a work has changed: `before` has what its attributes were, those that changed, or it `is_new`."""

    row: SQLModel
    is_new: bool
    before: dict[str, Any]

    def touches(self, *names: str) -> bool:
        """Whether one of these attributes has changed."""
        return any(name in self.before for name in names)


class Happening(Protocol):
    """Something that has happened, for others to act on."""

    def entry(self) -> tuple[type[Base], dict[str, Any]] | None:
        """The table and the values of the row that tells it for good; None where none does."""


class Work:
    """What is true, as of `now` (UTC), and what becomes of it. `calls` go out after the commit, best effort."""

    def __init__(
        self,
        session: AsyncSession,
        now: datetime,
        real_now: datetime,
        plan: Plan,
        plan_version: int | None,
        follow_up: "Ending",
    ) -> None:
        """`now` is the moment people see; `real_now` is the wall clock, for limits, retries and short waits.

        `plan` is the plan in force, and `plan_version` its key in `plan_versions`. `follow_up` ends each part.
        """
        self._follow_up = follow_up
        self.session = session
        self.now = now
        self.real_now = real_now
        self.plan = plan
        self.plan_version = plan_version
        self.age = timedelta()  # how long the update in hand has been with us
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.said = False  # whether rows for the sender were added
        self.happened: list[Happening] = []  # what others have yet to act on, see `handlers/happenings`
        self._new: dict[Any, list[SQLModel]] = defaultdict(list)
        self._rows: dict[type[Base], list[dict[str, Any]]] = defaultdict(list)
        self._numbers: dict[str, int] = {}  # the last number of each counter that we have taken from
        self._unwritten: set[str] = set()  # counters whose last number is not in the database yet
        self._memory: dict[Any, Any] = {}
        self._changes: dict[int, Change] = {}

    def memory(self, kind: Callable[[], Memory]) -> Memory:
        """What a concept remembers while this work lasts: the one object of that class, made when first asked for."""
        if kind not in self._memory:
            self._memory[kind] = kind()
        found: Memory = self._memory[kind]
        return found

    @asynccontextmanager
    async def part(self) -> AsyncIterator[None]:
        """One deed among several that share this work's transaction: what follows from it follows at its end."""
        yield
        await self._follow_up(self)

    # -- writing

    def add(self, row: SQLModel) -> None:
        """A new row of any table. It is written before those that refer to it, whichever was added first.

        Only a changed row that comes to name a new one, whose key is made by us, wants a flush in between.
        """
        self._new[type(row)].append(row)

    def append(self, table: type[Base], **values: Any) -> None:
        """A new row of a table that every message writes to; nobody needs the object."""
        self._rows[table].append(_row(table, values))

    async def flush(self) -> None:
        """Send everything to the database, so that queries see it."""
        self._note_changes()
        await self._flush_objects()
        if not self._rows:
            return
        rows, self._rows = self._rows, defaultdict(list)
        connection = await self.session.connection()
        for table in sorted(rows, key=lambda table: not table.written_first):
            await connection.execute(_insert(table, connection.dialect.name), rows[table])

    def _note_changes(self) -> None:
        """Remember what is about to be written: the first value that an attribute had in this work counts."""
        for row in (row for rows in self._new.values() for row in rows):
            self._changes.setdefault(id(row), Change(row, True, {}))
        for row in self.session.dirty:
            change = self._changes.setdefault(id(row), Change(row, False, {}))
            for name, value in instance_state(row).committed_state.items():
                change.before.setdefault(name, value)

    def take_changes(self) -> list[Change]:
        """The rows that were changed since this was last asked, with what they were before."""
        self._note_changes()
        found, self._changes = list(self._changes.values()), {}
        return found

    async def _flush_objects(self) -> None:
        """New rows table by table, for the ORM, which knows no relations of ours, would take any order."""
        new, self._new = self._new, defaultdict(list)
        for kind in sorted(new, key=_rank) if len(new) > 1 else new:
            self.session.add_all(new[kind])
            await self.session.flush()
        if self.session.dirty or self.session.deleted:
            await self.session.flush()

    async def finish(self) -> None:
        """Send what is left; the work is over then, and can be committed."""
        await self.flush()
        if self._unwritten:
            lasts = [{"counter": name, "last": self._numbers[name]} for name in sorted(self._unwritten)]
            await (await self.session.connection()).execute(_COUNT, lasts)

    async def number(self, name: str, count: int = 1) -> int:
        """The next number of a counter, starting at 1; of `count` numbers taken at once, the last.

        The first number taken holds the counter until the work ends, so the others need no round trip.
        """
        if name in self._numbers:
            self._numbers[name] += count
            self._unwritten.add(name)
            return self._numbers[name]
        await self.flush()
        bumped = await (await self.session.connection()).execute(_BUMP, {"counter": name, "count": count})
        self._numbers[name] = int(bumped.scalar_one())
        return self._numbers[name]

    async def alone(self, what: str) -> None:
        """Until the end of this work, no other process does `what`; on SQLite that is so anyway."""
        if (await self.session.connection()).dialect.name == "postgresql":
            lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))").bindparams(what=what)
            await (await self.session.connection()).execute(lock)

    def audit(self, by: Actor | None, action: str, subject: str, /, **details: Any) -> None:
        """An entry of the audit."""
        self.append(Audit, at=self.now, action=action, subject=subject, details=details, **by_whom(by))

    def happen(self, happening: Happening) -> None:
        """Note what has happened: kept where it belongs to somebody's timeline, and followed by what follows from it
        (`handlers/__init__.py`) before the work ends."""
        self.happened.append(happening)
        if entry := happening.entry():
            table, values = entry
            self.append(table, at=self.now, **values)

    # -- reading

    async def all(self, query: Any, **values: Any) -> Sequence[Any]:
        """The rows of a query, with all that this work has written; `values` are for its named parameters."""
        await self.flush()
        found: Sequence[Any] = (await self.session.exec(query, params=values or None)).all()
        return found

    async def first(self, query: Any) -> Any:
        """The first row of a query, or None."""
        await self.flush()
        return (await self.session.exec(query)).first()


#: What is done at the end of a work, or of a part of it.
Ending = Callable[[Work], Awaitable[None]]
