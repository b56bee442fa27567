"""What SQLAlchemy has once put into SQL serves every database of the process, and of those forked from it.

It remembers with each engine by itself, and tests open a thousand: putting it anew took longer than most of what they
do. The statements are the same: one kind of database is spoken to in one way.
"""

import contextlib
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import util
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite

from handlers import open_database
from models.database import Database

_KNOWN: dict[type, Any] = {}
_open = Database.__init__


def _open_knowing(database: Database, *given: Any) -> None:
    _open(database, *given)
    engine = database.engine.sync_engine
    engine._compiled_cache = _KNOWN.setdefault(type(engine.dialect), util.LRUCache(5_000))


def put_for_postgres() -> None:
    """What is known in SQLite's words is put into PostgreSQL's too, without a server: processes that are forked from
    this one then find it there."""
    engine = open_database("postgresql+asyncpg:///none", lambda: datetime.now(UTC)).engine.sync_engine
    for (_, _, columns, *_), known in list(_KNOWN[SQLiteDialect_aiosqlite].items()):
        with contextlib.suppress(AttributeError):  # an INSERT that is SQLite's own from the start
            known.statement._compile_w_cache(
                engine.dialect,
                compiled_cache=engine._compiled_cache,
                column_keys=list(columns),
                for_executemany=known.for_executemany,
                schema_translate_map=None,
            )


def share() -> None:
    """From now on, in this process."""
    # By setattr, for what is done here is nothing that the type checker would let pass.
    for dialect in (SQLiteDialect_aiosqlite, PGDialect_asyncpg):
        setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))  # noqa: B010
        setattr(dialect, "__hash__", lambda one: hash(type(one)))  # noqa: B010
    setattr(Database, "__init__", _open_knowing)  # noqa: B010
