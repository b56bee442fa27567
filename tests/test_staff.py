"""Staff by use cases alone: a word enrols, leaving ends it, an owner gives roles and nobody else."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handlers import cases, staff
from handlers.customers import Account
from handlers.refusals import Refusal
from models.customers import Customer
from models.staff import Role, Staff, memberships_of, staff_group, staff_member, staff_of_user
from tests.desk import AGENT, MANAGER, SUPERVISOR, Desk, open_desk

NOON = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)  # a Wednesday, noon in Shanghai
PLAN = '[business]\ntimezone = "Asia/Shanghai"\nenrolment = "group"\n'
OWNER = 4
LEI = Account(900, "Lei", username="lei", language_code="en-GB")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'staff.sqlite'}"
    async with open_desk(url, PLAN, NOON, Desk) as found:
        await found.cast()
        await found.hire(Staff(id=OWNER, user_id=104, name="owner", role=Role.OWNER, joined_at=NOON))
        yield found


async def appoints(desk: Desk, by: int, whom: int, role: Role) -> str | None:
    """Somebody gives somebody a role; how it was refused, if it was."""
    try:
        async with desk.work() as work:
            await staff.appoint(work, await staff_member(work, whom), role, await staff_member(work, by))
    except Refusal as refusal:
        return refusal.key
    return None


async def roles(desk: Desk) -> dict[int, Role]:
    return {person.id: person.role for person in await desk.rows(Staff)}


async def test_a_word_in_the_group_makes_an_agent_once_in_their_own_language(desk: Desk) -> None:
    for _ in range(2):
        async with desk.work() as work:
            await desk.enrols(work, LEI)
    *_, lei = await desk.rows(Staff)
    assert (lei.name, lei.username, lei.language, lei.role, lei.active) == ("Lei", "lei", "en", Role.AGENT, True)
    async with desk.work() as work:
        assert [each.group_id for each in await memberships_of(work, lei.id)] == [1]


async def test_who_leaves_gives_back_their_cases_and_their_authority_and_is_an_agent_when_they_return(
    desk: Desk,
) -> None:
    await desk.welcome(Customer(id=1, user_id=501, name="Li Wei", language="zh", created_at=NOON))
    number = await desk.opens()
    async with desk.work() as work:
        cases.take(work, await desk.case(work, number), await staff_member(work, SUPERVISOR))
    async with desk.work() as work:
        await staff.leave(work, await staff_member(work, SUPERVISOR), await staff_group(work, 1))
    async with desk.work() as work:
        left = await staff_member(work, SUPERVISOR)
        assert (left.active, left.role, left.left_at) == (False, Role.AGENT, NOON)
        assert (await desk.case(work, number)).assignee_id != SUPERVISOR
    assert "staff/left" in await desk.told()
    assert await appoints(desk, OWNER, SUPERVISOR, Role.MANAGER) == "role_who"
    async with desk.work() as work:
        await desk.enrols(work, Account(100 + SUPERVISOR, "Back"))
        back = await staff_of_user(work, 100 + SUPERVISOR)
    assert back
    assert (back.active, back.role) == (True, Role.AGENT)


async def test_only_an_owner_gives_roles_and_the_last_owner_stays(desk: Desk) -> None:
    before = await roles(desk)
    for by in (AGENT, SUPERVISOR, MANAGER):
        assert await appoints(desk, by, AGENT, Role.OWNER) == "role"
    assert await appoints(desk, OWNER, OWNER, Role.AGENT) == "last_owner"
    assert await roles(desk) == before
    assert await appoints(desk, OWNER, AGENT, Role.OWNER) is None
    assert await appoints(desk, OWNER, OWNER, Role.AGENT) is None
    assert await appoints(desk, OWNER, AGENT, Role.AGENT) == "role"
    assert await roles(desk) == {**before, AGENT: Role.OWNER, OWNER: Role.AGENT}
