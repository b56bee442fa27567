"""held words

Revision: 0020

A case counts the words of agents that wait until somebody says whom they are for.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("held_count", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.alter_column("held_count", server_default=None)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_column("held_count")
