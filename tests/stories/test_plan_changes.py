"""The care plan changes while the bot runs, or cannot be used: the service goes on."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import col, select

from models.audit import Audit
from models.cases import Case
from models.installation import PlanVersion
from models.staff import StaffGroup
from tests.stories.shop import Shop, case_number, open_shop, until
from tests.telegram import Json, buttons, words

ZH = '[business]\nname = "海港家居"\nlanguage = "zh"\nenrolment = "group"\n'
EN = ZH.replace('"zh"', '"en"')


@pytest.fixture
async def shop(tmp_path: Path, database_url: str) -> AsyncIterator[Shop]:
    """A shop whose plan is ZH, and whose owner and manager have a private chat with the bot."""
    async with open_shop(tmp_path, database_url, plan=ZH) as running:
        yield running
        assert await running.telegram.violations() == []
        assert "Traceback" not in running.bot.log


def plan_file(shop: Shop) -> Path:
    return Path(shop.bot.environment["PLAN_FILE"])


def replace(path: Path, text: str) -> None:
    """As an editor or a deployment does: a new file in the place of the old one."""
    new = path.with_suffix(".new")
    new.write_text(text, "utf-8")
    os.replace(new, path)


async def version(shop: Shop, text: str) -> int:
    """The key under which that plan is in force, once it is."""
    latest = select(PlanVersion).order_by(col(PlanVersion.id).desc())
    found = await until(lambda: shop.stored(latest), lambda found: bool(found and found[0].text == text))
    return int(found[0].id)


async def case_of(shop: Shop, said: Json) -> Case:
    found = await shop.stored(select(Case).where(Case.id == case_number(said)))
    case: Case = found[0]
    return case


async def told(shop: Shop, containing: str) -> list[Json]:
    """What the owner has read in private of that."""
    return [each for each in await shop.telegram.chat(shop.owner.user) if containing in words(each)]


async def test_a_changed_plan_is_in_force_without_a_restart_and_a_case_keeps_its_own(shop: Shop) -> None:
    wang, li, chen = await shop.customer(), await shop.customer("李伟"), await shop.agent()
    await chen.says("早")
    first = await case_of(shop, await wang.complains("水壶坏了"))
    await chen.card(wang, containing="待受理")

    replace(plan_file(shop), EN)
    new = await version(shop, EN)
    second = await case_of(shop, await li.complains("灯也坏了"))
    await chen.card(li, containing="nobody yet")

    assert first.plan_version != second.plan_version
    assert second.plan_version == new
    audited = await shop.stored(select(Audit).where(Audit.action == "plan_changed"))
    assert [each.subject for each in audited][-1] == f"plan:{new}"
    await chen.answers("马上给您换一个", to=wang)
    [again] = await shop.stored(select(Case).where(Case.id == first.id))
    assert again.plan_version == first.plan_version, "it keeps the plan that it was promised under"


async def test_a_plan_brings_a_department_with_a_group_of_its_own(shop: Shop) -> None:
    group = await shop.telegram.group("维修部", members=[shop.owner.user])
    department = f'[[department]]\nid = "repair"\ngroup = {group["id"]}\nkinds = ["request"]\n'
    replace(plan_file(shop), ZH + department)

    await version(shop, ZH + department)
    await until(lambda: shop.stored(select(StaffGroup).where(StaffGroup.title == "维修部")), bool)


async def test_a_broken_plan_changes_nothing_and_managers_hear_why_once(shop: Shop) -> None:
    customer = await shop.customer()
    await shop.telegram.say(shop.owner.user, "/start")
    path = plan_file(shop)

    replace(path, ZH + "[closing]\nreopen_witin = '7d'\n")
    why = await shop.telegram.wait_message(shop.owner.user, "reopen_within")
    assert "plan.toml:6: closing.reopen_witin: unknown key; did you mean reopen_within?" in words(why)
    assert "仍按原来的计划运行" in words(why)
    assert buttons(await customer.complains("门坏了")), "the service goes on"
    replace(path, ZH + "[closing\n")
    await shop.telegram.wait_message(shop.owner.user, "not TOML")

    replace(path, ZH)
    await shop.telegram.wait_message(shop.owner.user, "已经改好")
    await shop.calms_down()
    assert len(await told(shop, "仍按原来的计划运行")) == 2, "once for each broken text"
    assert len(await told(shop, "已经改好")) == 1


async def test_a_half_written_file_is_waited_for(shop: Shop) -> None:
    await shop.telegram.say(shop.owner.user, "/start")
    path = plan_file(shop)
    before = len(await told(shop, "仍按原来的计划运行"))

    with path.open("w", encoding="utf-8") as file:
        for part in (EN[:20], EN[20:40], EN[40:]):
            file.write(part)
            file.flush()
            await asyncio.sleep(0.6)

    await version(shop, EN)
    await shop.calms_down()
    assert len(await told(shop, "仍按原来的计划运行")) == before


async def test_a_start_with_a_bad_plan_file_goes_on_with_the_plan_before(shop: Shop) -> None:
    customer = await shop.customer()
    await shop.telegram.say(shop.owner.user, "/start")
    plan, path = await version(shop, ZH), plan_file(shop)
    await shop.bot.stop()
    path.write_text("[business\n", "utf-8")

    for _ in range(2):
        since = len(shop.bot.log)
        await shop.bot.restart()
        assert "PLAN_FILE cannot be used; the plan of" in shop.bot.log[since:]
        await shop.telegram.wait_message(shop.owner.user, "not TOML")
        await shop.calms_down()
        await shop.bot.stop()
    path.unlink()
    await shop.bot.restart()
    await shop.telegram.wait_message(shop.owner.user, "can be read")
    case = await case_of(shop, await customer.complains("还能受理吗"))

    assert case.plan_version == plan
    assert len(await told(shop, "仍按原来的计划运行")) == 2, "not again at each start"
    replace(path, EN)
    await version(shop, EN)
