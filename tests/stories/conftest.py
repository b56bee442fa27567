"""One shop for a module's stories on each database; every story brings its own customers."""

from collections.abc import AsyncIterator, Generator
from typing import Any

import pytest

from tests.stories.shop import Shop, open_shop
from tests.telegram import transcript

FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    """Remember for the fixtures' end whether the story went wrong."""
    report = yield
    if call.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="module")
async def open_all_day(
    request: pytest.FixtureRequest, module_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shop]:
    """The shop that a module's stories share; the module may say its PLAN, SETTINGS, FORUM = False, and
    GROUPS: further staff groups by a name that stands in the plan for their id, and whether they have topics."""
    module = request.module
    async with open_shop(
        tmp_path_factory.mktemp("shop"),
        module_database,
        forum=getattr(module, "FORUM", True),
        plan=getattr(module, "PLAN", ""),
        groups=getattr(module, "GROUPS", {}),
        **getattr(module, "SETTINGS", {}),
    ) as running:
        yield running
        await running.telegram.settled()
        assert await running.telegram.violations() == []


@pytest.fixture
async def shop(request: pytest.FixtureRequest, open_all_day: Shop) -> AsyncIterator[Shop]:
    """The module's shop; nothing that the bot does meanwhile is against Telegram's rules or a bug.

    Of a story that goes wrong, what the bot printed and what stood in the groups is shown.
    """
    seen, logged = len(await open_all_day.telegram.violations()), len(open_all_day.bot.log)
    yield open_all_day
    if request.node.stash.get(FAILED, False):
        print("The bot said:", open_all_day.bot.log[logged:][-4000:])
        for group in (open_all_day.group, *open_all_day.groups.values()):
            print(transcript((await open_all_day.telegram.chat(group))[-40:]))
    assert (await open_all_day.telegram.violations())[seen:] == []
    lines = open_all_day.bot.log[logged:].splitlines()
    assert [line for line in lines if " ERROR " in line or "Traceback" in line] == [], "\n".join(lines[-40:])
