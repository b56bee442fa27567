"""What SQLAlchemy has once put into SQL serves every database of the process, and of those forked from it.

It remembers with each engine by itself, and tests open a thousand: putting it anew took longer than most of what they
do. The statements are the same: one kind of database is spoken to in one way.
"""

from typing import Any

from sqlalchemy import util
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite

from models.database import Database

_KNOWN: dict[type, Any] = {}
_open = Database.__init__


def _open_knowing(database: Database, *given: Any) -> None:
    _open(database, *given)
    engine = database.engine.sync_engine
    engine._compiled_cache = _KNOWN.setdefault(type(engine.dialect), util.LRUCache(5_000))


def share() -> None:
    """From now on, in this process."""
    # By setattr, for what is done here is nothing that the type checker would let pass.
    for dialect in (SQLiteDialect_aiosqlite, PGDialect_asyncpg):
        setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))  # noqa: B010
        setattr(dialect, "__hash__", lambda one: hash(type(one)))  # noqa: B010
    setattr(Database, "__init__", _open_knowing)  # noqa: B010
