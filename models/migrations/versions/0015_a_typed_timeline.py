"""a typed timeline

Revision: 0015

Events name who did it by columns, and people and departments by their keys. Spans are told from them as far as they
go: what no event tells (an answer without an assignee, whose turn it was) is as it is now, or unknown.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from models.base import Json, new_id

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

#: Rows read and written at once.
AT_ONCE = 1000
COUNTED = ("state", "assignee_id", "department", "kind", "severity", "tier", "waits_for")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_EVENTS = sa.table(
    "case_events",
    *(sa.column(name, BIG) for name in ("id", "case_id", "staff_id", "customer_id")),
    sa.column("at", UTCDateTime()),
    *(sa.column(name, AutoString()) for name in ("what", "kind", "actor")),
    sa.column("details", Json),
)
_CASES = sa.table(
    "cases",
    *(sa.column(name, BIG) for name in ("id", "customer_id", "assignee_id")),
    *(sa.column(name, AutoString()) for name in ("state", "department", "kind", "severity", "source")),
    *(sa.column(name, UTCDateTime()) for name in ("opened_at", "last_agent_at", "last_customer_at")),
)
_SPANS = sa.table(
    "case_spans",
    *(sa.column(name, BIG) for name in ("id", "case_id", "assignee_id")),
    *(sa.column(name, UTCDateTime()) for name in ("since", "until")),
    *(sa.column(name, AutoString()) for name in COUNTED if name != "assignee_id"),
)


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "case_spans",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("assignee_id", sa.BigInteger(), nullable=True),
        sa.Column("department", AutoString(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=True),
        sa.Column("severity", AutoString(), nullable=True),
        sa.Column("tier", AutoString(), nullable=True),
        sa.Column("waits_for", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_spans_case_id_cases")),
        sa.ForeignKeyConstraint(["assignee_id"], ["staff.id"], name=op.f("fk_case_spans_assignee_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_spans")),
    )
    op.create_index("ix_case_spans_case", "case_spans", ["case_id", "since"])
    op.create_index("ix_case_spans_since", "case_spans", ["since"])
    lasting = sa.text("until IS NULL")
    op.create_index(
        "uq_case_spans_lasting",
        "case_spans",
        ["case_id"],
        unique=True,
        sqlite_where=lasting,
        postgresql_where=lasting,
    )
    with op.batch_alter_table("cases") as batch_op:
        batch_op.add_column(sa.Column("card_drawn", AutoString(), nullable=True))
        batch_op.create_index("ix_cases_opened", ["opened_at"])
        resolved = sa.text("resolved_at IS NOT NULL")
        batch_op.create_index("ix_cases_resolved", ["resolved_at"], sqlite_where=resolved, postgresql_where=resolved)
    for table in ("case_events", "audit", "merges"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("staff_id", sa.BigInteger(), nullable=True))
            batch_op.add_column(sa.Column("customer_id", sa.BigInteger(), nullable=True))
            if table == "case_events":
                batch_op.add_column(sa.Column("kind", sa.String(length=32), nullable=False, server_default=""))
    connection = op.get_bind()
    for table in ("case_events", "audit", "merges"):
        _name_actors(connection, table)
    _rewrite(connection)
    with op.batch_alter_table("case_events") as batch_op:
        batch_op.alter_column("kind", server_default=None)
        batch_op.drop_column("what")
        batch_op.drop_column("actor")
        batch_op.create_foreign_key(op.f("fk_case_events_staff_id_staff"), "staff", ["staff_id"], ["id"])
    for table in ("audit", "merges"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("actor")


def downgrade() -> None:
    """Back: who did it is written as one word again."""
    for table in ("audit", "merges"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("actor", AutoString(), nullable=False, server_default="system"))
    with op.batch_alter_table("case_events") as batch_op:
        batch_op.add_column(sa.Column("actor", AutoString(), nullable=False, server_default="system"))
        batch_op.add_column(sa.Column("what", AutoString(), nullable=False, server_default=""))
    connection = op.get_bind()
    for table in ("case_events", "audit", "merges"):
        for prefix in ("staff", "customer"):
            actor = f"'{prefix}:' || {prefix}_id"
            connection.execute(
                sa.text(f"UPDATE {table} SET actor = {actor} WHERE {prefix}_id IS NOT NULL")  # noqa: S608
            )
    connection.execute(sa.text("UPDATE case_events SET what = kind"))
    with op.batch_alter_table("case_events") as batch_op:
        batch_op.drop_constraint(op.f("fk_case_events_staff_id_staff"), type_="foreignkey")
        for name in ("kind", "staff_id", "customer_id"):
            batch_op.drop_column(name)
    for table in ("audit", "merges"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("staff_id")
            batch_op.drop_column("customer_id")
    with op.batch_alter_table("cases") as batch_op:
        batch_op.drop_index("ix_cases_opened")
        batch_op.drop_index("ix_cases_resolved")
        batch_op.drop_column("card_drawn")
    op.drop_table("case_spans")


def _name_actors(connection: sa.Connection, table: str) -> None:
    """ "staff:12" becomes 12 in `staff_id`, and so on."""
    for prefix in ("staff", "customer"):
        number = f"CAST(substr(actor, {len(prefix) + 2}) AS BIGINT)"
        where = f"actor LIKE '{prefix}:%'"
        connection.execute(sa.text(f"UPDATE {table} SET {prefix}_id = {number} WHERE {where}"))  # noqa: S608


# -- events and spans


class _Known:
    """Whom and what names meant: staff by name where it is one person's, departments by any name of any plan."""

    def __init__(self, connection: sa.Connection) -> None:
        people: dict[str, set[int]] = defaultdict(set)
        for number, name in connection.execute(sa.text("SELECT id, name FROM staff")):
            people[name].add(number)
        self.people = {name: next(iter(found)) for name, found in people.items() if len(found) == 1}
        self.departments: dict[str, str] = {}
        for (text,) in connection.execute(sa.text("SELECT text FROM plan_versions ORDER BY id")):
            for each in _departments(text):
                names = each.get("name") or {}
                spoken = names.values() if isinstance(names, dict) else [names]
                self.departments.update({str(name): str(each["id"]) for name in (*spoken, each["id"])})

    def person(self, name: Any) -> int | None:
        """The key of that member of staff; None for nobody, and where several have the name."""
        return self.people.get(str(name)) if name else None

    def department(self, name: Any) -> str | None:
        """The id of that department."""
        return self.departments.get(str(name), str(name)) if name else None


def _departments(text: str) -> list[dict[str, Any]]:
    try:
        found = tomllib.loads(text).get("department", [])
    except tomllib.TOMLDecodeError:
        return []
    return [each for each in found if isinstance(each, dict) and each.get("id")]


def _typed(row: Any, source: str, known: _Known) -> dict[str, Any]:
    """The details of an event under their keys of today."""
    old = row.details or {}
    match row.what:
        case "opened":
            return {"kind": old.get("kind"), "source": source}
        case "kind":
            return {"before": old.get("before"), "kind": old.get("kind")}
        case "assigned":
            return {"to": known.person(old.get("to"))}
        case "unassigned":
            why = "left" if "left" in old else "away"
            return {"holder": known.person(old.get(why)), "why": why}
        case "handed_over":
            return {"giver": known.person(old.get("giver")), "to": known.person(old.get("to"))}
        case "transferred":
            ends = {key: known.department(old.get(key)) for key in ("before", "after")}
            return {**ends, "reason": old.get("reason", "")}
        case "closed":
            return {"why": old.get("why") or ("staff" if row.staff_id else "accepted")}
        case "scored":
            return {"measure": "csat", "score": old.get("score")}
        case "paged" | "page_unanswered" | "alarm":
            people = [known.person(name) for name in old.get("people", ())]
            return {**old, "people": [each for each in people if each]}
        case "acknowledged":
            return {"of": old.get("of")}
        case "praised":
            return {"praised": old.get("staff")}
        case "promised":
            return {"at": old.get("at"), "words": old.get("words", "")}
        case "resolved":
            return {"summary": old.get("summary", "")}
    return dict(old)


def _rewrite(connection: sa.Connection) -> None:
    """Every event under its kind with its details of today, and the spans that they tell."""
    known, tiers = _Known(connection), _tiers(connection)
    last = 0
    while cases := connection.execute(
        sa.select(_CASES).where(_CASES.c.id > last).order_by(_CASES.c.id).limit(AT_ONCE)
    ).all():
        first, last = cases[0].id, cases[-1].id
        within = _EVENTS.c.case_id.between(first, last)
        rows = connection.execute(sa.select(_EVENTS).where(within).order_by(_EVENTS.c.case_id, _EVENTS.c.id)).all()
        events = {case_id: list(found) for case_id, found in groupby(rows, key=lambda row: row.case_id)}
        changed, spans = [], []
        for case in cases:
            told = [(row, _typed(row, case.source, known)) for row in events.get(case.id, ())]
            changed += [{"row": row.id, "named": row.what, "typed": details} for row, details in told]
            spans += _spans(case, told, tiers.get(case.customer_id, []))
        if changed:
            change = sa.update(_EVENTS).where(_EVENTS.c.id == sa.bindparam("row"))
            values = {"kind": sa.bindparam("named"), "details": sa.bindparam("typed", type_=Json)}
            connection.execute(change.values(**values), changed)
        connection.execute(sa.insert(_SPANS), spans)


def _tiers(connection: sa.Connection) -> dict[int, list[tuple[Any, str | None, str | None]]]:
    """By customer: when the tier changed, from what to what; the last entry, without a moment, is the tier of now."""
    audit = sa.table(
        "audit",
        sa.column("id", BIG),
        sa.column("at", UTCDateTime()),
        sa.column("action", AutoString()),
        sa.column("subject", AutoString()),
        sa.column("details", Json),
    )
    found: dict[int, list[tuple[Any, str | None, str | None]]] = defaultdict(list)
    for row in connection.execute(sa.select(audit).where(audit.c.action == "tier").order_by(audit.c.id)):
        number = row.subject.partition(":")[2]
        if number.isdecimal():
            found[int(number)].append((row.at, row.details.get("before"), row.details.get("after")))
    for number, tier in connection.execute(sa.text("SELECT id, tier FROM customers")):
        if tier or number in found:
            found[number].append((None, tier, tier))
    return found


def _steps(
    case: Any, told: Sequence[tuple[Any, dict[str, Any]]], tiers: Sequence[Any]
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """What each event, and each change of tier, made of the case: the moment, and what is other from then on."""
    moves = [(row.at, row.what, row.staff_id, details) for row, details in told]
    moves += [(at, "tier", None, {"tier": after}) for at, _, after in tiers if at is not None and at > case.opened_at]
    holder: int | None = None
    is_new = True
    for at, what, staff_id, details in sorted(moves, key=lambda move: move[0]):
        step: dict[str, Any] = {}
        match what:
            case "claimed":
                step["assignee_id"] = staff_id
            case "assigned" | "handed_over" | "recovery":
                step["assignee_id"] = details.get("to")
            case "unassigned":
                step["assignee_id"] = None
            case "transferred":
                step |= {"department": details["after"], "assignee_id": None}
            case "kind":
                step["kind"] = details["kind"]
            case "severity":
                step["severity"] = details.get("after")
            case "tier":
                step["tier"] = details["tier"]
            case "pending" | "resolved" | "closed":
                step["state"] = what
                if what == "resolved" and holder is None:
                    step["assignee_id"] = staff_id
            case "answered" | "reopened":
                step["state"] = "open"
        if is_new and step.get("assignee_id") and "state" not in step:
            step["state"] = "open"
        is_new = is_new and "state" not in step
        holder = step.get("assignee_id", holder)
        if step:
            yield at, step


def _spans(case: Any, told: Sequence[tuple[Any, dict[str, Any]]], tiers: Sequence[Any]) -> list[dict[str, Any]]:
    """The spans of a case, in order; the last one is as the case stands."""
    now = _at_first(case, told, tiers)
    spans = [{"since": case.opened_at, **now}]
    for at, step in _steps(case, told, tiers):
        now = {**now, **step}
        at = max(at, spans[-1]["since"])
        if {key: spans[-1][key] for key in now} == now:
            continue
        if spans[-1]["since"] == at:
            spans[-1].update(now)
        else:
            spans.append({"since": at, **now})
    stands = {key: getattr(case, key) for key in ("state", "assignee_id", "department", "kind", "severity")}
    spans[-1].update(stands, tier=tiers[-1][1] if tiers else None)
    found = []
    for number, span in enumerate(spans):
        following = spans[number + 1]["since"] if number + 1 < len(spans) else None
        turn = _turn(case if following is None else None, span["state"])
        found.append({"id": new_id(), "case_id": case.id, "until": following, "waits_for": turn, **span})
    return found


def _at_first(case: Any, told: Sequence[tuple[Any, dict[str, Any]]], tiers: Sequence[Any]) -> dict[str, Any]:
    """How the case was when it was opened: what the first event that changes something says was before."""

    def before(what: str, value: Any) -> Any:
        return next((details.get("before") for row, details in told if row.what == what), value)

    opened = next((details for row, details in told if row.what == "opened"), None)
    has_kind = any(row.what == "kind" for row, _ in told)
    return {
        "state": "new",
        "assignee_id": None,
        "department": before("transferred", case.department),
        "kind": opened["kind"] if opened else None if has_kind else case.kind,
        "severity": before("severity", case.severity),
        "tier": next((old for at, old, _ in tiers if at is None or at > case.opened_at), None),
    }


def _turn(lasting: Any, state: str) -> str | None:
    """Whose turn it was, where the state says it, or the words of a case that still is so."""
    if state == "closed":
        return None
    if state in ("pending", "resolved"):
        return "customer"
    if lasting is None:
        return "us" if state == "new" else None
    ours = lasting.last_agent_at is None or lasting.last_agent_at < lasting.last_customer_at
    return "us" if ours else "customer"
