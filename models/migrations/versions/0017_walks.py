"""one table for what comes again by itself

Revision: 0017
"""

import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

WALKS = sa.table(
    "walks",
    sa.column("name", AutoString()),
    sa.column("until", UTCDateTime()),
    sa.column("horizon", UTCDateTime()),
    sa.column("after", sa.BigInteger()),
    sa.column("seen", sa.BigInteger()),
    sa.column("plan_version", sa.BigInteger()),
)
RUNS = sa.table("visit_runs", *(sa.column(each.name, each.type) for each in WALKS.columns if each.name != "seen"))
WAVES = sa.table(
    "survey_waves",
    sa.column("id", sa.BigInteger()),
    sa.column("key", AutoString()),
    sa.column("state", AutoString()),
    sa.column("was", AutoString()),
    sa.column("made_at", UTCDateTime()),
    sa.column("after", sa.BigInteger()),
    sa.column("seen", sa.BigInteger()),
)
GROUPS = sa.table("staff_groups", sa.column("id", sa.BigInteger()), sa.column("late_list_on", sa.Date()))
COUNTERS = sa.table("counters", sa.column("name", AutoString()), sa.column("value", sa.BigInteger()))
PLANS = sa.table("plan_versions", sa.column("id", sa.BigInteger()), sa.column("text", AutoString()))
#: The day from which the periods of surveys are counted.
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
OF_VISITS, OF_WAVE, OF_GROUP = "visits:", "wave:", "late_list:"
MORNING = "visits_morning"


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "walks",
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.Column("horizon", UTCDateTime(), nullable=True),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("plan_version", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_walks")),
    )
    connection = op.get_bind()
    found = [*_of_visits(connection), *_of_days(connection), *_of_waves(connection)]
    if found:
        op.bulk_insert(WALKS, found)
    connection.execute(COUNTERS.delete().where(COUNTERS.c.name.in_(["rules_day", "rules_reached"])))
    op.drop_table("visit_runs")
    with op.batch_alter_table("staff_groups", schema=None) as batch_op:
        batch_op.drop_column("late_list_on")
    with op.batch_alter_table("survey_waves", schema=None) as batch_op:
        batch_op.drop_column("after")
        batch_op.drop_column("seen")


def _walk(name: str, until: datetime, **more: Any) -> dict[str, Any]:
    return {"name": name, "until": until, "horizon": None, "after": 0, "seen": 0, "plan_version": None, **more}


def _of_visits(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """The planning of each rule as far as it has come; the morning's list as done until the end of its day."""
    for row in connection.execute(sa.select(RUNS)).mappings():
        if row["name"] == "morning":
            zone = _plan(connection)[1]
            yield _walk(MORNING, _end_of(row["until"].astimezone(zone).date(), zone))
        else:
            yield _walk(OF_VISITS + row["name"], **{key: row[key] for key in row if key != "name"})


def _of_days(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """The rules' last night and the groups' last lists; rules that were owed are so still, by having no plan."""
    version, zone = _plan(connection)
    day = connection.scalar(sa.select(COUNTERS.c.value).where(COUNTERS.c.name == "rules_day"))
    if day:
        yield _walk("rules", _end_of(date.fromordinal(day), zone), plan_version=version)
    for row in connection.execute(sa.select(GROUPS).where(GROUPS.c.late_list_on.is_not(None))):
        yield _walk(f"{OF_GROUP}{row.id}", _end_of(row.late_list_on, zone))


def _of_waves(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """The periods of surveys that have had their wave, and how far a wave's planning has come."""
    until: dict[str, datetime] = {}
    for row in connection.execute(sa.select(WAVES)):
        if row.key.startswith("every:"):
            _, questionnaire, seconds, period = row.key.split(":")
            name = f"survey:{questionnaire}:{seconds}"
            ends = FIRST + (int(period) + 1) * timedelta(seconds=int(seconds))
            until[name] = max(ends, until.get(name, ends))
        if row.after and "planning" in (row.state, row.was):
            made = row.made_at
            yield _walk(f"{OF_WAVE}{row.id}", made, horizon=made, after=row.after, seen=row.seen)
    for name, ends in until.items():
        yield _walk(name, ends)


def _plan(connection: sa.Connection) -> tuple[int | None, ZoneInfo]:
    """The version of the plan in force, and the business's time zone as it says."""
    latest = connection.execute(sa.select(PLANS).order_by(PLANS.c.id.desc()).limit(1)).first()
    said = tomllib.loads(latest.text).get("business", {}) if latest else {}
    return latest.id if latest else None, ZoneInfo(said.get("timezone", "Asia/Shanghai"))


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0), zone).astimezone(UTC)


def downgrade() -> None:
    """Back: a rules' night, lists of the day and a wave in the middle of its planning may come once more."""
    op.create_table(
        "visit_runs",
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.Column("horizon", UTCDateTime(), nullable=True),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("plan_version", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_visit_runs")),
    )
    with op.batch_alter_table("staff_groups", schema=None) as batch_op:
        batch_op.add_column(sa.Column("late_list_on", sa.Date(), nullable=True))
    with op.batch_alter_table("survey_waves", schema=None) as batch_op:
        for name in ("after", "seen"):
            batch_op.add_column(sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("survey_waves", schema=None) as batch_op:
        for name in ("after", "seen"):
            batch_op.alter_column(name, server_default=None)
    connection = op.get_bind()
    runs = [
        {**{key: row[key] for key in row if key != "seen"}, "name": run}
        for row in connection.execute(sa.select(WALKS)).mappings()
        if (run := _name_of_run(row["name"])) is not None
    ]
    if runs:
        op.bulk_insert(RUNS, runs)
    for row in connection.execute(sa.select(WALKS).where(WALKS.c.name.startswith(OF_WAVE))):
        came = WAVES.update().where(WAVES.c.id == int(row.name.removeprefix(OF_WAVE)))
        connection.execute(came.values(after=row.after, seen=row.seen))
    op.drop_table("walks")


def _name_of_run(walk: str) -> str | None:
    if walk == MORNING:
        return "morning"
    return walk.removeprefix(OF_VISITS) if walk.startswith(OF_VISITS) else None
