"""What a customer says is kept, whatever is refused beside it: a refusal rolls back the deed, never the words."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from handlers.chat import entrance
from handlers.chat.doors import Door, Place
from handlers.refusals import Refusal
from models.cases import Case
from models.customers import Customer
from models.messages import Author, Message
from models.work import Work
from tests.desk import open_desk
from tests.line import Line

SQLITE_ALONE = "Where words go is the same on every database; the rollback itself is tested with the refusals."
NOW = datetime(2027, 2, 18, 2, 0, tzinfo=UTC)
WANG = 7001


@pytest.fixture
async def line(database_url: str) -> AsyncIterator[Line]:
    async with open_desk(database_url, "", NOW, Line) as line:
        await line.cast()
        yield line


async def refuse(_work: Work, _place: Place) -> None:
    raise Refusal("stale")


def refusing(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """From now on these doors say no."""
    doors = entrance.DOORS
    for name in names:
        assert [each for each in doors if each.name == name], name
        assert next(each for each in doors if each.name == name).refused, f"{name} would lose words"
    refused = [each if each.name not in names else _no(each) for each in doors]
    monkeypatch.setattr(entrance, "DOORS", tuple(refused))


def _no(door: Door) -> Door:
    return replace(door, do=refuse)


async def words_of(line: Line) -> list[str]:
    return [each.text for each in await line.rows(Message) if each.author is Author.CUSTOMER]


@pytest.mark.parametrize(
    "command", [each.name for each in entrance.DOORS if each.who == "customer" and "command" in each.name]
)
async def test_words_beside_a_command_that_is_refused_are_a_case_all_the_same(
    line: Line, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    refusing(monkeypatch, command)
    typed = "/" + command.removeprefix("customer_").removesuffix("_command") if "customer" in command else "/whatever"
    await line.customer_writes(WANG, f"{typed} 我家的水壶漏水了")
    assert ["水壶漏水" in each for each in await words_of(line)] == [True]
    assert len(await line.rows(Case)) == 1


@pytest.mark.parametrize("door", ["visit_words", "questionnaire_words"])
async def test_words_for_a_visit_or_a_questionnaire_that_are_refused_reach_staff(
    line: Line, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    await line.customer_writes(WANG, "你好，水壶漏水")
    taken = [each if each.name != door else replace(each, match=lambda _: True) for each in entrance.DOORS]
    monkeypatch.setattr(entrance, "DOORS", tuple(taken))
    refusing(monkeypatch, door)
    await line.customer_writes(WANG, "还是漏")
    assert await words_of(line) == ["你好，水壶漏水", "还是漏"]


async def test_a_contact_that_is_refused_is_still_shown_to_staff(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, "own_contact")
    await line.customer_writes(WANG, contact={"phone_number": "+8613800000000", "first_name": "王", "user_id": WANG})
    assert len(await line.rows(Message)) >= 1
    assert [each.phone for each in await line.rows(Customer)] == [None]
