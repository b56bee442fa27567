"""Who may do what: every deed is done by everybody, and held against the table in `tests/authority.py`."""

import inspect
from collections.abc import AsyncIterator
from typing import Any

import pytest

from handlers.authority import require
from handlers.chat.doors import CUSTOMER, Door
from handlers.chat.entrance import DOORS
from handlers.customers.merging import unite
from handlers.refusals import Refusal
from models.staff import Role
from tests.authority import ASKED, DONE, OWN, TABLE, Way
from tests.deeds import Deed, modules, name_of, use_cases_behind, use_cases_of
from tests.desk import Desk, open_desk
from tests.scene import EVERYBODY, NOW, PLAN, person, row, set_scene

SQLITE_ALONE = "authority is no matter of storage"


class Undone(Exception):
    """What was done is to be rolled back."""


@pytest.fixture(scope="module")
async def desk(module_database: str) -> AsyncIterator[Desk]:
    async with open_desk(module_database, PLAN, NOW, Desk) as found:
        await set_scene(found)
        yield found


async def told(desk: Desk, way: Way, who: str) -> str:
    """What somebody is told who does it; nothing of it stays."""
    names = list(inspect.signature(way.call).parameters)[2:]
    try:
        async with desk.work() as work:
            by, rows = await person(work, who), [await row(work, each) for each in names]
            done = way.call(work, by, *rows)
            found = await done if inspect.isawaitable(done) else done
            raise Undone(ASKED if found == ASKED else DONE)
    except Undone as undone:
        return str(undone)
    except Refusal as no:
        return " ".join([no.key, *([no.values["role"]] if no.key == "role" else [])])


def asks_who(deed: Deed) -> bool:
    return "by" in inspect.signature(deed).parameters


def lowest(deed: Deed) -> Role | str:
    """Who may do it at least, in one of its ways."""
    ways = [way.lowest for way in TABLE if way.deed is deed]
    return OWN if OWN in ways else min((Role(way) for way in ways), key=lambda role: role.rank)


@pytest.mark.parametrize("way", TABLE, ids=str)
async def test_a_deed_is_for_whom_the_table_says_and_refused_to_all_others(desk: Desk, way: Way) -> None:
    assert {who: await told(desk, way, who) for who in EVERYBODY} == {who: way.answer(who) for who in EVERYBODY}


def test_every_deed_of_the_chat_stands_in_the_table() -> None:
    named = {name_of(deed) for module in modules() for deed in use_cases_of(module) if asks_who(deed)}
    assert {name_of(way.deed) for way in TABLE} == named


def test_every_deed_in_the_table_is_behind_a_door() -> None:
    behind = {name_of(deed) for door in DOORS for deed in use_cases_behind(door)}
    assert {name_of(way.deed) for way in TABLE} <= behind


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_no_deed_asks_for_less_than_its_door(door: Door) -> None:
    for deed in filter(asks_who, use_cases_behind(door)):
        asked = lowest(deed)
        if isinstance(door.who, Role):
            assert isinstance(asked, Role), f"{name_of(deed)} is for customers alone"
            assert asked.rank >= door.who.rank, name_of(deed)
        else:
            assert (door.who, asked) == (CUSTOMER, OWN), name_of(deed)


@pytest.mark.parametrize(
    ("who", "expected"),
    [("agent", DONE), ("the customer", DONE), ("another customer", "stale"), ("left", "not_staff")],
)
async def test_two_numbers_are_merged_by_staff_or_by_the_customer_who_stays(
    desk: Desk, who: str, expected: str
) -> None:
    def call(work: Any, by: Any, li: Any, caller: Any) -> Any:
        return unite(work, li, caller, by)

    assert await told(desk, Way(unite, Role.AGENT, call), who) == expected


def test_nobody_is_no_staff() -> None:
    with pytest.raises(Refusal, match="not_staff"):
        require(None)
