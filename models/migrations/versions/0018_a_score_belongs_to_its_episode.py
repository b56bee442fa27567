"""a score belongs to its episode, and an invitation keeps whose the case was

Scores and their reasons go from the cases to the invitations; who answered stands in columns; the stars become a
run like any other. Of invitations asked before, nobody can say any more whose the case was then: they get whose it
is today.

Revision: 0018
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KINDS = ("complaint", "enquiry", "request", "suggestion", "praise")
SCORED = "csat IS NOT NULL OR nps IS NOT NULL OR ces IS NOT NULL"
#: How long the stars can be answered, and the reason given afterwards.
STARS, REASON = timedelta(days=3), timedelta(days=1)
INVITATIONS = sa.table(
    "invitations",
    sa.column("id", sa.BigInteger),
    sa.column("case_id", sa.BigInteger),
    sa.column("customer_id", sa.BigInteger),
    sa.column("episode", sa.Integer),
    sa.column("rule", sa.String),
    sa.column("state", sa.String),
    sa.column("attached", sa.Boolean),
    sa.column("at_question", sa.String),
    sa.column("csat", sa.Integer),
    sa.column("asked_at", UTCDateTime()),
    sa.column("ended_at", UTCDateTime()),
    sa.column("expires_at", UTCDateTime()),
)
CASES = sa.table(
    "cases",
    sa.column("id", sa.BigInteger),
    sa.column("episode", sa.Integer),
    sa.column("comment_open", sa.Boolean),
)


def upgrade() -> None:
    """Forward."""
    _who_answered()
    _whose_it_was()
    _scores_of_cases()
    _stars_are_runs()
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_column("comment")
        batch_op.drop_column("comment_open")
        batch_op.drop_column("score")


def _who_answered() -> None:
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("customer_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("staff_id", sa.BigInteger(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_answers_customer_id_customers"), "customers", ["customer_id"], ["id"]
        )
        batch_op.create_foreign_key(batch_op.f("fk_answers_staff_id_staff"), "staff", ["staff_id"], ["id"])
    op.execute('UPDATE answers SET staff_id = CAST(substr("by", 7) AS BIGINT) WHERE "by" LIKE \'staff:%\'')
    op.execute(
        "UPDATE answers SET customer_id ="
        " (SELECT customer_id FROM invitations WHERE invitations.id = answers.invitation_id)"
        " WHERE \"by\" LIKE 'customer:%'"
    )
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.drop_column("by")


def _whose_it_was() -> None:
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("assignee_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("department", AutoString(), nullable=True))
        kind = sa.Enum(*KINDS, name="casekind", native_enum=False, length=32)
        batch_op.add_column(sa.Column("kind", kind, nullable=True))
        batch_op.add_column(sa.Column("tier", AutoString(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_invitations_assignee_id_staff"), "staff", ["assignee_id"], ["id"])
        batch_op.create_index(
            "ix_invitations_ended",
            ["ended_at"],
            unique=False,
            sqlite_where=sa.text(SCORED),
            postgresql_where=sa.text(SCORED),
        )
    op.execute(
        "UPDATE invitations SET tier = (SELECT tier FROM customers WHERE customers.id = invitations.customer_id)"
        " WHERE asked_at IS NOT NULL"
    )
    op.execute(
        "UPDATE invitations SET"
        " assignee_id = (SELECT assignee_id FROM cases WHERE cases.id = invitations.case_id),"
        " department = (SELECT department FROM cases WHERE cases.id = invitations.case_id),"
        " kind = (SELECT kind FROM cases WHERE cases.id = invitations.case_id)"
        " WHERE asked_at IS NOT NULL AND case_id IS NOT NULL"
    )


def _scores_of_cases() -> None:
    """Those given before there were questionnaires stand with the case only."""
    op.execute(
        "INSERT INTO invitations (customer_id, case_id, episode, questionnaire, version, rule, occurrence, state,"
        " attached, due_at, asked_at, ended_at, csat, assignee_id, department, kind, tier)"
        " SELECT cases.customer_id, cases.id, cases.episode, 'csat', 1, 'resolved',"
        " 'csat:case:' || CAST(cases.id AS VARCHAR) || ':' || CAST(cases.episode AS VARCHAR), 'finished', true,"
        " cases.resolved_at, cases.resolved_at,"
        " CASE WHEN cases.closed_at > cases.resolved_at THEN cases.closed_at ELSE cases.resolved_at END,"
        " cases.score, cases.assignee_id, cases.department, cases.kind, customers.tier"
        " FROM cases JOIN customers ON customers.id = cases.customer_id"
        " WHERE cases.score IS NOT NULL AND cases.resolved_at IS NOT NULL AND NOT EXISTS ("
        "SELECT 1 FROM invitations i WHERE i.case_id = cases.id AND i.episode = cases.episode"
        " AND (i.csat IS NOT NULL OR i.questionnaire = 'csat'))"
    )
    op.execute(
        "INSERT INTO answers (invitation_id, question, text, customer_id, at)"
        " SELECT i.id, 'reason', cases.comment, i.customer_id, i.ended_at"
        " FROM cases JOIN invitations i ON i.case_id = cases.id AND i.episode = cases.episode"
        " WHERE i.rule = 'resolved' AND i.csat IS NOT NULL AND i.ended_at IS NOT NULL AND cases.comment <> ''"
        " AND NOT EXISTS (SELECT 1 FROM answers a WHERE a.invitation_id = i.id AND a.question = 'reason')"
    )


def _stars_are_runs() -> None:
    """Stars that wait for a tap, or for the reason, can be answered for as long as such questions are."""
    now, connection = datetime.now(UTC), op.get_bind()
    stars = INVITATIONS.c.rule == "resolved"
    waiting = sa.select(INVITATIONS.c.id, INVITATIONS.c.asked_at).where(stars, INVITATIONS.c.state == "asked")
    for row in connection.execute(waiting).all():
        _change(row.id, row.asked_at + STARS, now, state="asked", at_question="satisfaction", over="expired")
    reasons = (
        sa.select(INVITATIONS.c.id, INVITATIONS.c.ended_at)
        .join(CASES, sa.and_(CASES.c.id == INVITATIONS.c.case_id, CASES.c.episode == INVITATIONS.c.episode))
        .where(stars, INVITATIONS.c.state == "finished", INVITATIONS.c.ended_at > now - REASON, CASES.c.comment_open)
    )
    for row in connection.execute(reasons).all():
        _change(row.id, row.ended_at + REASON, now, state="started", at_question="reason", over="finished")
    op.execute(
        "UPDATE customers SET open_run_id = (SELECT max(i.id) FROM invitations i WHERE i.customer_id = customers.id"
        " AND i.rule = 'resolved' AND i.state IN ('asked', 'started')) WHERE open_run_id IS NULL"
    )


def _change(key: int, until: datetime, now: datetime, *, state: str, at_question: str, over: str) -> None:
    values = {"state": state, "at_question": at_question, "attached": True, "ended_at": None, "expires_at": until}
    if until <= now:
        values = {"state": over, "ended_at": until, "expires_at": None}
    op.get_bind().execute(sa.update(INVITATIONS).where(INVITATIONS.c.id == key).values(**values))


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("score", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("comment_open", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("comment", AutoString(), nullable=True))
    op.execute(
        "UPDATE cases SET score = (SELECT max(i.csat) FROM invitations i"
        " WHERE i.case_id = cases.id AND i.episode = cases.episode AND i.csat IS NOT NULL)"
    )
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.alter_column("comment_open", server_default=None)

    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_invitations_assignee_id_staff"), type_="foreignkey")
        batch_op.drop_index("ix_invitations_ended", sqlite_where=sa.text(SCORED), postgresql_where=sa.text(SCORED))
        for column in ("tier", "kind", "department", "assignee_id"):
            batch_op.drop_column(column)

    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("by", AutoString(), nullable=False, server_default="system"))
    op.execute("UPDATE answers SET \"by\" = 'staff:' || CAST(staff_id AS VARCHAR) WHERE staff_id IS NOT NULL")
    op.execute(
        "UPDATE answers SET \"by\" = 'customer:' || CAST(customer_id AS VARCHAR) WHERE customer_id IS NOT NULL"
    )
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.alter_column("by", server_default=None)
        batch_op.drop_constraint(batch_op.f("fk_answers_customer_id_customers"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_answers_staff_id_staff"), type_="foreignkey")
        batch_op.drop_column("staff_id")
        batch_op.drop_column("customer_id")
