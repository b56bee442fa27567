"""The unit of work: what one update, tick or page action reads, changes and says, in one transaction.

Rare rows are ordinary ORM objects. The rows that every message makes (messages, links, outbox) are collected and
written by executemany; both are seen by every query of the same work. What a concept has fetched for a whole batch it
keeps in the work's memory, so a use case need not know whether it runs alone or among a hundred.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import BigInteger, bindparam, insert, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from models.audit import Audit
from models.base import Base
from models.plan import Plan

Memory = TypeVar("Memory")
_DEFAULTS: dict[type[SQLModel], dict[str, Any]] = {}


class Counter(Base, table=True):
    """The last number given out, by what it numbers (cases, customers); how far a long piece of work has come."""

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


class Work:
    """What is true, as of `now` (UTC), and what becomes of it. `calls` go out after the commit, best effort."""

    def __init__(
        self, session: AsyncSession, now: datetime, real_now: datetime, plan: Plan, plan_version: int | None
    ) -> None:
        """`now` is the moment people see; `real_now` is the wall clock, for limits, retries and short waits.

        `plan` is the plan in force, and `plan_version` its key in `plan_versions`.
        """
        self.session = session
        self.now = now
        self.real_now = real_now
        self.plan = plan
        self.plan_version = plan_version
        self.age = timedelta()  # how long the update in hand has been with us
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.said = False  # whether rows for the sender were added
        self.happened: list[Any] = []  # what others have yet to act on, see `handlers/happenings.py`
        self._new: dict[Any, list[SQLModel]] = defaultdict(list)
        self._rows: dict[type[Base], list[dict[str, Any]]] = defaultdict(list)
        self._numbers: dict[str, int] = {}  # the last number of each counter that we have taken from
        self._unwritten: set[str] = set()  # counters whose last number is not in the database yet
        self._memory: dict[Any, Any] = {}

    def memory(self, kind: Callable[[], Memory]) -> Memory:
        """What a concept remembers while this work lasts: the one object of that class, made when first asked for."""
        if kind not in self._memory:
            self._memory[kind] = kind()
        found: Memory = self._memory[kind]
        return found

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
        await self._flush_objects()
        if not self._rows:
            return
        rows, self._rows = self._rows, defaultdict(list)
        connection = await self.session.connection()
        for table in sorted(rows, key=lambda table: not table.written_first):
            await connection.execute(_insert(table, connection.dialect.name), rows[table])

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

    def event(self, case: Any, what: str, actor: str, **details: Any) -> None:
        """An entry of the case's timeline."""
        from models.cases import CaseEvent

        self.append(CaseEvent, case_id=case.id, at=self.now, what=what, actor=actor, details=details)

    def audit(self, actor: str, action: str, subject: str, **details: Any) -> None:
        """An entry of the audit."""
        self.append(Audit, at=self.now, actor=actor, action=action, subject=subject, details=details)

    def happen(self, happening: Any) -> None:
        """Note what has happened, for others to act on in the same work."""
        self.happened.append(happening)

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
