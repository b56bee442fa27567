"""The timeline is typed: each kind of event is told in one way, with details that have keys, and people by ids."""

import ast
import inspect
import re
import typing
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import col, select

from handlers import AFTER
from handlers.happenings.cases import SeverityChanged
from handlers.happenings.facts import Fact, Happening
from models.customers import Customer, customer_numbered
from models.staff import staff_member
from models.timeline import CaseEvent, EventKind, entry_of, remember
from models.work import Work
from tests.desk import AGENT, SUPERVISOR, Desk, open_desk

ROOMS = ("bot", "handlers", "models", "templates")
TAKES_APART = ("partition", "split", "removeprefix", "startswith", "rpartition")
HERE = Path(__file__).parents[1]
FACTS = Fact.__subclasses__()
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def trees(looked_for: str) -> Iterator[tuple[str, ast.Module]]:
    """The modules of the program in which that can be found, with where they stand."""
    for path in (path for room in ROOMS for path in (HERE / room).rglob("*.py")):
        source = path.read_text("utf-8")
        if "migrations" not in path.parts and re.search(looked_for, source):
            yield str(path.relative_to(HERE)), ast.parse(source)


@cache
def remembered() -> list[tuple[str, EventKind, list[ast.keyword]]]:
    """Where something is remembered, as what, and with which details."""
    found = []
    for path, tree in trees(r"\bremember\("):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "remember":
                place, kind = f"{path}:{node.lineno}", node.args[2]
                assert isinstance(kind, ast.Attribute), f"{place}: the kind is not to be read here"
                found.append((place, EventKind[kind.attr], node.keywords))
    return found


def test_each_kind_of_event_is_told_by_one_fact_or_remembered() -> None:
    by_facts = [fact.kind_of_event for fact in FACTS]
    assert sorted([*by_facts, *{kind for _, kind, _ in remembered()}]) == sorted(EventKind)


def test_what_nothing_follows_from_is_remembered_and_has_no_class() -> None:
    assert {*Happening.__subclasses__(), *FACTS} - {Fact} == AFTER.keys()


def test_what_is_remembered_has_every_detail_of_its_kind_and_no_other() -> None:
    given = {place: (kind.name, sorted(str(each.arg) for each in details)) for place, kind, details in remembered()}
    assert given == {place: (kind.name, sorted(kind.keys)) for place, kind, _ in remembered()}
    assert all(len(kind.keys) == len(set(kind.keys)) for kind in EventKind)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_a_fact_has_every_detail_that_the_timeline_keeps_of_it(fact: type[Fact]) -> None:
    known = {*typing.get_type_hints(fact), *(name for name, each in inspect.getmembers(fact) if is_property(each))}
    assert set(fact.kind_of_event.keys) <= known - {"case", "by", "actor"}


def is_property(member: object) -> bool:
    return isinstance(member, property)


def test_no_detail_is_what_somebody_or_something_is_called() -> None:
    """People are handed over as people, of whom their keys are kept; departments and the like by their ids."""
    found = [
        f"{place}: {ast.unparse(node)}"
        for place, _, details in remembered()
        for node in (node for each in details for node in ast.walk(each.value))
        if (isinstance(node, ast.Attribute) and node.attr in ("name", "title", "username"))
        or (isinstance(node, ast.Name) and node.id in ("label", "text_of", "department_name"))
    ]
    assert found == []
    assert not [key for kind in EventKind for key in kind.keys if re.search("name|title|label", key)]


def test_nobody_reads_who_did_something_out_of_a_text() -> None:
    """Who did it are columns; "staff:12" is written as the subject of an entry of the audit, and read by people."""
    found = []
    for path, tree in trees(r"""["'](staff|customer):|\.(actor|subject)\."""):
        written = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            value = node.value if isinstance(node, ast.Constant) and node not in written else ""
            of = node.value.attr if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) else ""
            taken_apart = of in ("actor", "subject") and isinstance(node, ast.Attribute) and node.attr in TAKES_APART
            if taken_apart or (isinstance(value, str) and re.fullmatch(r"(staff|customer):\d*", value)):
                found.append(f"{path}: {ast.unparse(node)}")
    assert found == []


# -- how it is written


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with open_desk(database_url, "", NOW, Desk) as desk:
        await desk.cast()
        await desk.welcome(Customer(id=1, user_id=7001, name="王芳", language="zh", created_at=NOW))
        yield desk


async def test_people_are_kept_by_their_keys_and_moments_as_text_in_the_order_of_the_telling(desk: Desk) -> None:
    number = await desk.opens()
    async with desk.work() as work:
        case, customer = await desk.case(work, number), await customer_numbered(work, 1)
        agent, supervisor = await staff_member(work, AGENT), await staff_member(work, SUPERVISOR)
        remember(work, case, EventKind.CHASED, customer)
        work.happen(SeverityChanged(case, agent, None, "grave"))
        remember(work, case, EventKind.HANDED_OVER, supervisor, giver=agent, to=None)
        remember(work, case, EventKind.PAGED, None, people=[agent, supervisor])
        remember(work, case, EventKind.RECOVERY, None, to=supervisor, due_at=NOW)
        found = await events(work)
    told = [(row.case_id, row.at, row.staff_id, row.customer_id, row.kind, row.details) for row in found]
    assert told[-5:] == [
        (number, NOW, None, 1, EventKind.CHASED, {}),
        (number, NOW, AGENT, None, EventKind.SEVERITY, {"before": None, "after": "grave"}),
        (number, NOW, SUPERVISOR, None, EventKind.HANDED_OVER, {"giver": AGENT, "to": None}),
        (number, NOW, None, None, EventKind.PAGED, {"people": [AGENT, SUPERVISOR]}),
        (number, NOW, None, None, EventKind.RECOVERY, {"to": SUPERVISOR, "due_at": "2026-03-02T02:00:00+00:00"}),
    ]


async def events(work: Work) -> list[CaseEvent]:
    return list(await work.all(select(CaseEvent).order_by(col(CaseEvent.id))))


async def test_every_kind_is_kept_by_its_word_and_found_again_with_its_keys(desk: Desk) -> None:
    number = await desk.opens()
    async with desk.work() as work:
        case, before = await desk.case(work, number), len(await events(work))
        for kind in EventKind:
            remember(work, case, kind, None, **dict.fromkeys(kind.keys, "x"))
    async with desk.work() as work:
        found = (await events(work))[before:]
    assert [row.kind for row in found] == list(EventKind)
    assert [set(row.details) for row in found] == [set(row.kind.keys) for row in found]
    rows = sorted((await desk.tables())["case_events"], key=lambda row: int(row["id"]))
    assert [row["kind"] for row in rows[before:]] == [kind.value for kind in EventKind]


async def test_details_that_are_not_those_of_the_kind_are_refused(desk: Desk) -> None:
    number = await desk.opens()
    async with desk.work() as work:
        case = await desk.case(work, number)
        with pytest.raises(ValueError, match=r"^ASSIGNED has the details \['to'\], not \[\]$"):
            remember(work, case, EventKind.ASSIGNED, None)
        with pytest.raises(ValueError, match=r"^ASSIGNED has the details \['to'\], not \['by', 'to'\]$"):
            remember(work, case, EventKind.ASSIGNED, None, by=None, to=None)
        with pytest.raises(ValueError, match=r"^CLAIMED has the details \[\], not \['to'\]$"):
            remember(work, case, EventKind.CLAIMED, None, to=None)


def test_a_fact_that_lacks_a_detail_is_refused() -> None:
    fact: Any = SimpleNamespace(kind_of_event=EventKind.ALARM, case=None, actor=None, alarm="fire")
    with pytest.raises(ValueError, match=r"^ALARM has the details \['alarm', 'people'\], not \['alarm'\]$"):
        entry_of(fact)
