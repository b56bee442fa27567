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

from sqlalchemy import BigInteger, insert, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel, col
from sqlmodel.ext.asyncio.session import AsyncSession

from models.audit import Audit
from models.base import Base
from models.plan import Plan

Memory = TypeVar("Memory")
_DEFAULTS: dict[type[SQLModel], dict[str, Any]] = {}


class Counter(Base, table=True):
    """The last number given out, by what it numbers (cases, customers)."""

    __tablename__ = "counters"

    name: str = Field(primary_key=True)
    value: int = Field(default=0, sa_type=BigInteger)


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
        self._rows: dict[type[Base], list[dict[str, Any]]] = defaultdict(list)
        self._memory: dict[Any, Any] = {}

    def memory(self, kind: Callable[[], Memory]) -> Memory:
        """What a concept remembers while this work lasts: the one object of that class, made when first asked for."""
        if kind not in self._memory:
            self._memory[kind] = kind()
        found: Memory = self._memory[kind]
        return found

    # -- writing

    def add(self, row: SQLModel) -> None:
        """A new row of any table."""
        self.session.add(row)

    def append(self, table: type[Base], **values: Any) -> None:
        """A new row of a table that every message writes to; nobody needs the object."""
        self._rows[table].append(_row(table, values))

    async def flush(self) -> None:
        """Send everything to the database, so that queries see it."""
        if self.session.new or self.session.dirty or self.session.deleted:
            await self.session.flush()
        if not self._rows:
            return
        rows, self._rows = self._rows, defaultdict(list)
        connection = await self.session.connection()
        for table in sorted(rows, key=lambda table: not table.written_first):
            await connection.execute(_insert(table, connection.dialect.name), rows[table])

    async def number(self, name: str, count: int = 1) -> int:
        """The next number of a counter, starting at 1; of `count` numbers taken at once, the last."""
        await self.flush()
        bump = (
            update(Counter)
            .where(col(Counter.name) == name)
            .values(value=col(Counter.value) + count)
            .returning(col(Counter.value))
        )
        return int((await self.session.exec(bump)).scalar_one())

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
