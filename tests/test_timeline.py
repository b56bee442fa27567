"""The timeline is typed: each kind of event is told by one class, with details that have keys, and people by ids."""

import ast
import inspect
import re
import typing
from pathlib import Path

import pytest

import handlers  # noqa: F401 - every fact
from handlers.happenings.facts import Fact
from handlers.happenings.standards import Escalated
from models.staff import Staff
from models.timeline import EventKind

ROOMS = ("bot", "handlers", "models", "templates")
TAKES_APART = ("partition", "split", "removeprefix", "startswith", "rpartition")
HERE = Path(__file__).parents[1]
FACTS = Fact.__subclasses__()


def test_each_kind_of_event_is_told_by_exactly_one_fact() -> None:
    kinds = [fact.kind_of_event for fact in FACTS]
    assert sorted(kinds) == sorted(EventKind)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_a_fact_has_every_detail_that_the_timeline_keeps_of_it(fact: type[Fact]) -> None:
    known = {*typing.get_type_hints(fact), *(name for name, each in inspect.getmembers(fact) if is_property(each))}
    keys = fact.kind_of_event.keys
    assert set(keys) <= known - {"case", "by", "actor"}
    assert len(keys) == len(set(keys))


def is_property(member: object) -> bool:
    return isinstance(member, property)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_people_stand_in_a_fact_as_people_and_never_as_names(fact: type[Fact]) -> None:
    """So that the timeline, which keeps people by their keys, cannot keep what somebody was called."""
    hints = typing.get_type_hints(fact)
    for key in fact.kind_of_event.keys:
        found = hints.get(key) or typing.get_type_hints(getattr(fact, key).fget)["return"]
        if key in ("to", "giver", "holder", "people", "praised") and fact is not Escalated:
            assert people_in(found), f"{fact.__name__}.{key} is no member of staff"
        assert not re.search("name|title|label", key)


def people_in(hint: object) -> bool:
    return hint is Staff or Staff in typing.get_args(hint)


def test_nobody_reads_who_did_something_out_of_a_text() -> None:
    """Who did it are columns; "staff:12" is written as the subject of an entry of the audit, and read by people."""
    found = []
    for path in (path for room in ROOMS for path in (HERE / room).rglob("*.py")):
        source = path.read_text("utf-8")
        if "migrations" in path.parts or not re.search(r"""["'](staff|customer):|\.(actor|subject)\.""", source):
            continue
        tree = ast.parse(source)
        written = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            value = node.value if isinstance(node, ast.Constant) and node not in written else ""
            of = node.value.attr if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) else ""
            taken_apart = of in ("actor", "subject") and isinstance(node, ast.Attribute) and node.attr in TAKES_APART
            if taken_apart or (isinstance(value, str) and re.fullmatch(r"(staff|customer):\d*", value)):
                found.append(f"{path.relative_to(HERE)}: {ast.unparse(node)}")
    assert found == []
