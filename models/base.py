"""What every table shares: column types, identifiers, and the cleaning of foreign text."""

import enum
import itertools
import os
import time
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Integer, MetaData, literal_column
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

# Alembic needs the same names on both databases to alter constraints later.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata: MetaData = SQLModel.metadata

#: Telegram's ids pass 2**31; SQLite counts its keys only in a column spelled INTEGER.
BigKey = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB, "postgresql")


def text_enum(kind: type[enum.StrEnum]) -> Any:
    """An enum stored as its value in text, so that a new member needs no migration of a type."""
    return SqlEnum(
        kind,
        native_enum=False,
        length=32,
        create_constraint=False,
        validate_strings=True,
        values_callable=lambda members: [member.value for member in members],
    )


def stands_at(column: Any, member: enum.StrEnum) -> Any:
    """That the column has this value, spelled out: a partial index serves no value that comes as a parameter."""
    return column == literal_column(f"'{member.value}'")


_PROCESS = int.from_bytes(os.urandom(2), "big") & 0x3FF
_EPOCH_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
_counter = itertools.count()


def new_id() -> int:
    """A 63-bit identifier that grows with time: 41 bits of milliseconds, 10 of process, 12 of count.

    Rows that others refer to before they are written (messages) need their key without a round trip.
    """
    milliseconds = time.time_ns() // 1_000_000 - _EPOCH_MS
    return milliseconds << 22 | _PROCESS << 12 | next(_counter) & 0xFFF


def clean(text: str) -> str:
    """Text that both databases and Telegram take: NUL and lone surrogates become U+FFFD, one for one.

    The length in UTF-16 units stays as it was, so the entities of the text still fit.
    """
    if text.isascii() and "\0" not in text:
        return text
    text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        # A pair of lone surrogates is one character; what stays alone is replaced.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


class Base(SQLModel):
    """The parent of every table.

    Of rows collected by a unit of work, those of a table `written_first` go before the others, which refer to them;
    of one `kept_if_there` a row whose key is taken says the same and is let be.
    """

    written_first: ClassVar[bool] = False
    kept_if_there: ClassVar[bool] = False
