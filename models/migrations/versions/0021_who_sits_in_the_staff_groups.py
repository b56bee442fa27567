"""who sits in the staff groups

What Telegram last said of it, and since when and by whom somebody has authority. Of those who have it already, the
audit says it; who was there before anybody could be asked about is on the staff as before.

Revision: 0021
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BY = "SELECT max(a.id) FROM audit a WHERE a.subject = 'staff:' || staff.id AND a.action IN ('enrolled', 'owner')"


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "standings",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=True),
        sa.Column("said_at", UTCDateTime(), nullable=True),
        sa.Column("ask_again_at", UTCDateTime(), nullable=True),
        sa.Column("joined_at", UTCDateTime(), nullable=True),
        sa.Column("told_at", UTCDateTime(), nullable=True),
        sa.Column("album", AutoString(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["staff_groups.id"], name=op.f("fk_standings_group_id_staff_groups")),
        sa.PrimaryKeyConstraint("group_id", "user_id", name=op.f("pk_standings")),
    )
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("admitted_at", UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("admitted_by_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("dismissed_at", UTCDateTime(), nullable=True))
    with op.batch_alter_table("staff_groups", schema=None) as batch_op:
        batch_op.add_column(sa.Column("team_offered_at", UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("team_from", UTCDateTime(), nullable=True))
    for column, said in (("admitted_at", "at"), ("admitted_by_id", "staff_id")):
        op.execute(f"UPDATE staff SET {column} = (SELECT a2.{said} FROM audit a2 WHERE a2.id = ({BY})) WHERE active")  # noqa: S608 - columns of ours
    op.execute("UPDATE staff SET admitted_at = joined_at WHERE active AND admitted_at IS NULL")


def downgrade() -> None:
    """Back. In place: other tables refer to these two, so SQLite could not make them anew."""
    for column in ("team_from", "team_offered_at"):
        op.drop_column("staff_groups", column)
    for column in ("dismissed_at", "admitted_by_id", "admitted_at"):
        op.drop_column("staff", column)
    op.drop_table("standings")
