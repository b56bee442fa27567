"""What Alembic runs: our tables, on the connection that the caller brings."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import JSON
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

import models.tables  # noqa: F401 - every table, so that the comparison sees them all
from models.base import metadata


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """How a new migration spells our column types."""
    if kind == "type":
        for column_type, spelled in (
            (AutoString, "AutoString()"),
            (UTCDateTime, "UTCDateTime()"),
            (JSON, "Json"),
        ):
            if isinstance(item, column_type):
                return spelled
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    compare_type=True,
    render_item=render_item,
    # SQLite cannot alter a column: the table is copied.
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
