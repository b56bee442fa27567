"""words of staff in private

Revision: 0022

What staff write to the bot alone and nobody knows whom it is for is kept until they say so; whoever writes as a
customer has said since when; and what was told somebody last in private is found.
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from models.base import Json

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TOLD = sa.text("case_id is not null and customer_id is null and group_id is null")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "private_words",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("telegram_id", sa.BigInteger(), nullable=False),
        sa.Column("album", AutoString(), nullable=True),
        sa.Column("as_written", Json, nullable=False),
        sa.Column("case_ids", Json, nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column(
            "decided",
            sa.Enum("answer", "note", "own", name="became", native_enum=False, length=32),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_private_words_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_private_words")),
        sa.UniqueConstraint("staff_id", "telegram_id", name=op.f("uq_private_words_staff_id")),
    )
    with op.batch_alter_table("private_words", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_private_words_asked_at"), ["asked_at"], unique=False)
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("as_customer_since", UTCDateTime(), nullable=True))
    op.create_index(
        "ix_outbox_told", "outbox", ["chat_id", "id"], unique=False, sqlite_where=_TOLD, postgresql_where=_TOLD
    )


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_outbox_told", table_name="outbox")
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.drop_column("as_customer_since")
    op.drop_table("private_words")
