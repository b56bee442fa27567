"""a typed timeline

Revision: 0015

Events name who did it by columns, and people and departments by their keys. A name that is nobody's today, or two
people's, is nobody: but who has a case at last is known from the case, and who gave one up from whoever had it.

Spans are told from the events, the audit of tiers, merges and the first response. What none of them tells (whose turn
it was in an open case before its last words) is unknown.
"""

import tomllib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson
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
#: Customers whose tiers are kept in mind for their other cases.
KEPT = 20_000
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
    *(
        sa.column(name, UTCDateTime())
        for name in ("opened_at", "first_response_at", "last_agent_at", "last_customer_at")
    ),
)
_AUDIT = sa.table(
    "audit",
    *(sa.column(name, BIG) for name in ("id", "staff_id")),
    sa.column("at", UTCDateTime()),
    *(sa.column(name, AutoString()) for name in ("action", "subject")),
    sa.column("details", Json),
)
_MERGES = sa.table(
    "merges",
    *(sa.column(name, BIG) for name in ("id", "survivor_id", "merged_id")),
    *(sa.column(name, UTCDateTime()) for name in ("at", "undone_at")),
    sa.column("moved", Json),
)
_CUSTOMERS = sa.table("customers", sa.column("id", BIG), sa.column("tier", AutoString()))


def upgrade() -> None:
    """Forward."""
    connection = op.get_bind()
    references = {"case_id": "cases", "assignee_id": "staff"}
    # PostgreSQL looks whether all spans refer to something at once afterwards, which costs less than for each row.
    # SQLite cannot add that to a table, and looks for nothing here.
    late = connection.dialect.name == "postgresql"
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
        *(
            sa.ForeignKeyConstraint([name], [f"{of}.id"], name=op.f(f"fk_case_spans_{name}_{of}"))
            for name, of in references.items()
            if not late
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_spans")),
    )
    with op.batch_alter_table("cases") as batch_op:
        batch_op.add_column(sa.Column("card_drawn", AutoString(), nullable=True))
        batch_op.create_index("ix_cases_opened", ["opened_at"])
        batch_op.create_index("ix_cases_resolved", ["resolved_at"], **_only("resolved_at IS NOT NULL"))
    for table in ("case_events", "audit", "merges"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("staff_id", sa.BigInteger(), nullable=True))
            batch_op.add_column(sa.Column("customer_id", sa.BigInteger(), nullable=True))
            if table == "case_events":
                batch_op.add_column(sa.Column("kind", sa.String(length=32), nullable=False, server_default=""))
    for table in ("case_events", "audit", "merges"):
        _name_actors(connection, table)
    _rewrite(connection)
    for name, of in references.items() if late else ():
        op.create_foreign_key(op.f(f"fk_case_spans_{name}_{of}"), "case_spans", of, [name], ["id"])
    op.create_index("ix_case_spans_case", "case_spans", ["case_id", "since"])
    op.create_index("ix_case_spans_since", "case_spans", ["since"])
    op.create_index("uq_case_spans_lasting", "case_spans", ["case_id"], unique=True, **_only("until IS NULL"))
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
    """ "staff:12" becomes 12 in `staff_id`, and so on; an event has its kind with that, so its row changes once."""
    changed = ["kind = what"] if table == "case_events" else []
    for prefix in ("staff", "customer"):
        number = f"CAST(substr(actor, {len(prefix) + 2}) AS BIGINT)"
        changed.append(f"{prefix}_id = CASE WHEN actor LIKE '{prefix}:%' THEN {number} END")
    # The names are ours: a table of the list above, columns of this function.
    connection.execute(sa.text(f"UPDATE {table} SET {', '.join(changed)}"))  # noqa: S608


# -- events and spans

#: What each kind of event tells (`DETAILS` of the timeline, as it was at this version).
KEYS = {
    "opened": ("kind", "source"),
    "kind": ("before", "kind"),
    "severity": ("before", "after"),
    "subject": ("subject",),
    "assigned": ("to",),
    "unassigned": ("holder", "why"),
    "handed_over": ("giver", "to"),
    "transferred": ("before", "after", "reason"),
    "resolved": ("summary",),
    "closed": ("why",),
    "reopened": ("why",),
    "scored": ("measure", "score"),
    "commented": ("comment",),
    "paged": ("people",),
    "page_unanswered": ("people",),
    "alarm": ("alarm", "people"),
    "acknowledged": ("of",),
    "escalated": ("of", "to"),
    "warned": ("of",),
    "promised": ("at", "words"),
    "recovery": ("to", "due_at"),
    "praised": ("praised",),
    "begged": ("words",),
    "visited": ("outcome",),
    "from_answer": ("answer",),
}
#: The events that said who has a case from then on. Resolving does where nobody had it.
HOLDS = ("claimed", "assigned", "unassigned", "handed_over", "transferred", "recovery")
#: The events that an answer wrote by itself, and all that say anything of the state.
WITH_ANSWER = ("claimed", "promised", "begged")
TELLS = (*HOLDS, *WITH_ANSWER, "pending", "resolved", "closed")
#: An answer opens a new case, and claims it where there is room. Its moment is known by Telegram's time alone:
#: a claim within this time is taken for its own.
SOON = timedelta(minutes=5)
#: Somebody has the case, and no event says who.
SOMEBODY = 0


class _Known:
    """Whom and what names meant: staff by name where it is one person's, departments by the plan in force then."""

    def __init__(self, connection: sa.Connection) -> None:
        people: dict[str, set[int]] = defaultdict(set)
        for number, name in connection.execute(sa.text("SELECT id, name FROM staff")):
            people[name].add(number)
        self.people = {name: next(iter(found)) for name, found in people.items() if len(found) == 1}
        self.plans: list[tuple[datetime, dict[str, str]]] = []
        versions = sa.table("plan_versions", sa.column("id"), sa.column("text"), sa.column("taken_at", UTCDateTime()))
        for _, text, at in connection.execute(sa.select(versions).order_by(versions.c.id)):
            self.plans.append((at, _departments(text)))

    def person(self, name: Any) -> int | None:
        """The key of that member of staff; None for nobody, and where several have the name or nobody any more."""
        return name if isinstance(name, int) else self.people.get(str(name)) if name else None

    def department(self, name: Any, at: datetime) -> str | None:
        """The id of the department that was called so at that moment, else at any, the latest first."""
        then = [names for taken_at, names in self.plans if taken_at <= at][-1:]
        return next((names[name] for names in (*then, *self._latest_first) if name in names), None)

    @cached_property
    def _latest_first(self) -> list[dict[str, str]]:
        return [names for _, names in reversed(self.plans)]


def _departments(text: str) -> dict[str, str]:
    """By each name that a plan has for a department, its id; what the business called it counts most."""
    try:
        plan = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
    language = (plan.get("business") or {}).get("language", "zh")
    found: dict[int, dict[str, str]] = {0: {}, 1: {}, 2: {}}
    for each in plan.get("department", ()):
        number = str(each.get("id", ""))
        names = each.get("name") or {}
        for spoken, name in (names if isinstance(names, dict) else {language: names}).items():
            found[2 if spoken == language else 1].setdefault(str(name), number)
        found[0][number] = number
    return {**found[0], **found[1], **found[2]}


@dataclass(slots=True)
class _Told:
    """An event with its details of today, and what of the case was other from then on."""

    row: Any
    at: datetime
    details: dict[str, Any]
    step: dict[str, Any]


class _Reading:
    """The events of one case, read in the order in which they were written."""

    def __init__(self, case: Any, rows: Sequence[Any], known: _Known) -> None:
        self.case, self.known = case, known
        self.holder: int | None = None
        self.state = "new"
        first_of = {row.what: row for row in reversed(rows)}
        self.first = {"state": "new", "assignee_id": None, **self._at_first(first_of)}
        self.kind, self.department = self.first["kind"], self.first["department"]
        self.told: list[_Told] = []
        last_of = {row.what: number for number, row in enumerate(rows)}
        last_hold = max((last_of.get(what, -1) for what in HOLDS), default=-1)
        at = case.opened_at
        for number, row in enumerate(rows):
            at = max(at, row.at)
            self._answered_before(at, row)
            old = dict(row.details or {})
            if number == last_hold and case.assignee_id and old.get("to"):
                old["to"] = case.assignee_id  # whoever has the name today
            if number == last_of.get("transferred"):
                old["after"] = case.department
            details = {**old, **self._typed(row, old)}
            step = self._step(row, details, old)
            self._follow(step)
            self.told.append(_Told(row, at, {key: details.get(key) for key in KEYS.get(row.what, ())}, step))
        self._answered_before(None, None)

    def _at_first(self, first_of: dict[str, Any]) -> dict[str, Any]:
        """How the case was when it was opened: what the first event that changes something says was before."""
        moved, graver, opened = (first_of.get(what) for what in ("transferred", "severity", "opened"))
        kind = self.case.kind
        if opened is not None and "kind" in opened.details:
            kind = opened.details["kind"]
        elif (confirmed := first_of.get("kind")) is not None:
            kind = confirmed.details.get("before")
        return {
            "kind": kind,
            "severity": graver.details.get("before") if graver is not None else self.case.severity,
            "department": (
                self.known.department(moved.details.get("before"), moved.at)
                if moved is not None
                else self.case.department
            ),
        }

    def _typed(self, row: Any, old: dict[str, Any]) -> dict[str, Any]:
        """The details that have other keys or values today."""
        known = self.known
        match row.what:
            case "opened":
                return {"source": self.case.source, "kind": self.first["kind"]}
            case "kind":
                return {"before": old.get("before", self.kind)}
            case "assigned":
                return {"to": known.person(old.get("to"))}
            case "unassigned":
                why = old.get("why") or ("left" if "left" in old else "away")
                return {"holder": self.holder or known.person(old.get("holder", old.get(why))), "why": why}
            case "handed_over":
                giver = self.holder or known.person(old.get("giver"))
                return {"giver": giver, "to": known.person(old.get("to"))}
            case "transferred":
                after = known.department(old.get("after"), row.at)
                return {"before": self.department, "after": after, "reason": old.get("reason", "")}
            case "closed":
                return {"why": old.get("why") or ("staff" if row.staff_id else "accepted")}
            case "scored":
                return {"measure": "csat"}
            case "paged" | "page_unanswered" | "alarm":
                people = [known.person(name) for name in old.get("people", ())]
                return {"people": [each for each in people if each]}
            case "praised":
                return {"praised": old.get("praised", old.get("staff"))}
            case "promised":
                return {"words": old.get("words", "")}
            case "resolved":
                return {"summary": old.get("summary", "")}
        return {}

    def _step(self, row: Any, details: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
        """What the event made of the case."""
        step: dict[str, Any] = {}
        match row.what:
            case "claimed":
                step["assignee_id"] = row.staff_id
            case "assigned" | "handed_over" | "recovery":
                step["assignee_id"] = details.get("to") or (SOMEBODY if old.get("to") else None)
            case "unassigned":
                step["assignee_id"] = None
            case "transferred":
                step |= {"department": details["after"], "assignee_id": None}
            case "kind":
                step["kind"] = details.get("kind")
            case "severity":
                step["severity"] = details.get("after")
            case "pending" | "resolved" | "closed":
                step["state"] = row.what
                if row.what == "resolved" and self.holder is None:
                    step["assignee_id"] = row.staff_id
            case "answered" | "reopened":
                step["state"] = "open"
            case "promised" | "begged" if self.state == "new":
                step["state"] = "open"  # which was said to the customer
        if self.state == "new" and step.get("assignee_id") is not None:
            step.setdefault("state", "open")
        return step

    def _follow(self, step: dict[str, Any]) -> None:
        self.holder = step.get("assignee_id", self.holder)
        self.state = step.get("state", self.state)
        self.kind = step.get("kind", self.kind)
        self.department = step.get("department", self.department)

    def _answered_before(self, at: datetime | None, row: Any) -> None:
        """An answer opened a new case though nobody took it with that; no event says so."""
        answered: datetime | None = self.case.first_response_at
        if self.state != "new" or answered is None or (at and answered > at):
            return
        if at and row.what not in TELLS:
            return  # a later one may have the answer's moment
        answered = max(answered, self.case.opened_at)
        if at and row.what in WITH_ANSWER and at - answered <= SOON:
            return
        self.told.append(_Told(None, answered, {}, {"state": "open"}))
        self.state = "open"


def _rewrite(connection: sa.Connection) -> None:
    """Every event with its details of today, and the spans that they tell."""
    known, tiers = _Known(connection), _Tiers(connection)
    last = 0
    while cases := connection.execute(
        sa.select(_CASES).where(_CASES.c.id > last).order_by(_CASES.c.id).limit(AT_ONCE)
    ).all():
        first, last = cases[0].id, cases[-1].id
        within = _EVENTS.c.case_id.between(first, last)
        read = (_EVENTS.c[name] for name in ("id", "case_id", "staff_id", "at", "what", "details"))
        rows = connection.execute(sa.select(*read).where(within).order_by(_EVENTS.c.case_id, _EVENTS.c.id)).all()
        events = {case_id: list(found) for case_id, found in groupby(rows, key=lambda row: row.case_id)}
        tiers.fetch(connection, cases)
        changed, spans = [], []
        for case in cases:
            reading = _Reading(case, events.get(case.id, ()), known)
            changed += [
                (orjson.dumps(each.details).decode(), each.row.id)
                for each in reading.told
                if each.row is not None and each.details != each.row.details
            ]
            spans += _spans(case, reading, *tiers.of(case))
        _change(connection, changed)
        _insert(connection, spans)
    tiers.close(connection)


# Values go to the driver as it takes them: to have them converted one by one took longer than all else. PostgreSQL
# takes them as one array for each column: a statement for each row took it longer than the statement itself.


def _change(connection: sa.Connection, changed: list[tuple[str, int]]) -> None:
    """Give events their details of today."""
    if changed and connection.dialect.name == "sqlite":
        connection.exec_driver_sql("UPDATE case_events SET details = ? WHERE id = ?", changed)
    elif changed:
        statement = (
            "UPDATE case_events SET details = anew.details::jsonb"
            " FROM unnest($1::text[], $2::bigint[]) AS anew (details, id) WHERE case_events.id = anew.id"
        )
        connection.exec_driver_sql(statement, _by_column(changed))


def _insert(connection: sa.Connection, spans: list[tuple[Any, ...]]) -> None:
    """Write spans."""
    into = (
        "INSERT INTO case_spans"
        " (id, case_id, since, until, state, assignee_id, department, kind, severity, tier, waits_for)"
    )
    if spans and connection.dialect.name == "sqlite":
        rows = [(*row[:2], _written(row[2]), _written(row[3]), *row[4:]) for row in spans]
        connection.exec_driver_sql(into + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    elif spans:
        arrays = (
            " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::text[],"
            " $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])"
        )
        connection.exec_driver_sql(into + arrays, _by_column(spans))


def _by_column(rows: list[Any]) -> tuple[list[Any], ...]:
    return tuple(list(column) for column in zip(*rows, strict=True))


def _written(at: datetime | None) -> str | None:
    """A moment as SQLite keeps it."""
    return None if at is None else at.astimezone(UTC).isoformat(" ", "microseconds").removesuffix("+00:00")


#: A change of a customer's tier: when, from what, to what, and whether it was only done where the tier was `before`.
_Change = tuple[datetime, str | None, str | None, bool]


class _Tiers:
    """Which tier a case's customer had when: from the audit, and from merges, by which cases change hands."""

    def __init__(self, connection: sa.Connection) -> None:
        op.create_index("ix_audit_of_tiers", "audit", ["subject"], **_only("action = 'tier'"))
        self.owners: dict[int, list[tuple[datetime, int, int]]] = defaultdict(list)
        self.merged: dict[int, list[_Change]] = defaultdict(list)
        self._forget()
        for row in connection.execute(sa.select(_MERGES).order_by(_MERGES.c.id)):
            for (number,) in row.moved.get("rows", {}).get("cases.customer_id", ()):
                self.owners[number].append((row.at, row.merged_id, row.survivor_id))
                if row.undone_at:
                    self.owners[number].append((row.undone_at, row.survivor_id, row.merged_id))
            if took := row.moved.get("file", {}).get("tier"):
                before, became = took
                self.merged[row.survivor_id].append((row.at, before, became, False))
                if row.undone_at:
                    self.merged[row.survivor_id].append((row.undone_at, became, before, True))

    def fetch(self, connection: sa.Connection, cases: Sequence[Any]) -> None:
        """Read about the customers of these cases, but for those of whom it was read for earlier ones."""
        numbers = {case.customer_id for case in cases}
        for case in cases:
            numbers |= {number for _, *both in self.owners.get(case.id, ()) for number in both}
        if len(self.known) > KEPT:
            self._forget()
        numbers -= self.known
        self.known |= numbers
        of = sa.select(_AUDIT).where(_AUDIT.c.action == "tier").order_by(_AUDIT.c.id)
        for row in connection.execute(of.where(_AUDIT.c.subject.in_([f"customer:{number}" for number in numbers]))):
            if row.staff_id is not None and row.details.get("after") is None:
                continue  # left to the rules, whose change stands for itself
            number = int(row.subject.partition(":")[2])
            self.changes[number].append((row.at, row.details.get("before"), row.details.get("after"), False))
        now = sa.select(_CUSTOMERS).where(_CUSTOMERS.c.id.in_(numbers))
        self.now |= {row.id: row.tier for row in connection.execute(now)}

    def _forget(self) -> None:
        self.known: set[int] = set()
        self.changes: dict[int, list[_Change]] = defaultdict(list)
        self.now: dict[int, str | None] = {}

    def _of_customer(self, number: int) -> list[tuple[datetime | None, str | None]]:
        """The tiers, each with when it began; the first began before we know."""
        changes = sorted([*self.changes.get(number, ()), *self.merged.get(number, ())], key=lambda change: change[0])
        tier = changes[0][1] if changes else self.now.get(number)
        found: list[tuple[datetime | None, str | None]] = [(None, tier)]
        for at, before, after, only_then in changes:
            if not only_then or before == found[-1][1]:
                found.append((at, after))
        return found

    def of(self, case: Any) -> tuple[str | None, list[tuple[datetime, str | None]]]:
        """The tier of a case when it was opened, and its changes since."""
        moves = sorted(self.owners.get(case.id, ()), key=lambda move: move[0])
        owner, since = moves[0][1] if moves else case.customer_id, case.opened_at
        steps: list[tuple[datetime, str | None]] = []
        for at, _, following in [*moves, (None, 0, 0)]:
            tiers = self._of_customer(owner)
            steps.append((since, [tier for begun, tier in tiers if begun is None or begun <= since][-1]))
            steps += [(begun, tier) for begun, tier in tiers if begun and begun > since and (not at or begun < at)]
            owner, since = following, at
        return steps[0][1], steps[1:]

    def close(self, connection: sa.Connection) -> None:
        """Leave the audit as it was."""
        op.drop_index("ix_audit_of_tiers", "audit")


def _only(condition: str) -> dict[str, Any]:
    """The rows that an index has."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


_counted = itemgetter(*COUNTED)


def _spans(
    case: Any, reading: _Reading, tier: str | None, tiers: Sequence[tuple[datetime, str | None]]
) -> list[tuple[Any, ...]]:
    """A case's spans as rows, in order, none of no time and no two alike in a row; the last is as the case stands."""
    moves = [(each.at, each.step) for each in reading.told if each.step]
    moves += [(at, {"tier": value}) for at, value in tiers]
    now = {**reading.first, "tier": tier}
    spans = [(case.opened_at, now)]
    for at, step in sorted(moves, key=lambda move: move[0]):
        tier = step.get("tier", tier)
        now = {**now, **step}
        # What is over is counted by the tier that it ended with.
        now["tier"] = spans[-1][1]["tier"] if now["state"] == "closed" else tier
        _put(spans, at, {**now, "assignee_id": now["assignee_id"] or None})
    stands = {key: getattr(case, key) for key in ("state", "assignee_id", "department", "kind", "severity")}
    _put(spans, spans[-1][0], {**spans[-1][1], **stands})
    spans = _with_turns(case, spans)
    ends = [since for since, _ in spans[1:]] + [None]
    return [
        (new_id(), case.id, since, until, *_counted(values))
        for (since, values), until in zip(spans, ends, strict=True)
    ]


def _put(spans: list[tuple[datetime, dict[str, Any]]], at: datetime, values: dict[str, Any]) -> None:
    """From that moment on the case was so."""
    if spans[-1][0] >= at:
        at = spans.pop()[0]
    if not spans or spans[-1][1] != values:
        spans.append((at, values))


def _with_turns(case: Any, spans: list[tuple[datetime, dict[str, Any]]]) -> list[tuple[datetime, dict[str, Any]]]:
    """Whose turn it was where the state says it, and in an open case that lasts since the last words."""
    turns = {"new": "us", "pending": "customer", "resolved": "customer"}
    *before, (since, lasting) = [(at, {**values, "waits_for": turns.get(values["state"])}) for at, values in spans]
    if lasting["state"] != "open":
        return [*before, (since, lasting)]
    ours = case.last_agent_at is None or case.last_agent_at < case.last_customer_at
    spoken = since if case.last_agent_at is None else case.last_customer_at if ours else case.last_agent_at
    turned = (max(since, spoken), {**lasting, "waits_for": "us" if ours else "customer"})
    return [*before, (since, lasting), turned] if spoken > since else [*before, turned]
