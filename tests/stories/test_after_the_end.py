"""A matter that ended longer ago than the plan's `reopen_within`."""

from sqlmodel import col, select

from models.cases import Case
from tests.stories.shop import Agent, Customer, Shop, case_number
from tests.telegram import words

PLAN = """
[business]
name = { zh = "海港家居", en = "Harbour Home" }
[closing]
reopen_within = "7d"
"""


async def long_ago(shop: Shop, about: str = "沙发塌了") -> tuple[Customer, Agent, int]:
    """A customer whose case ended eight days ago."""
    wang, chen = await shop.customer(), await shop.agent()
    number = case_number(await wang.complains(about))
    await chen.says("/close", to=wang)
    await wang.hears(f"服务单 {number} 已办结")
    await shop.time_passes(days=8)
    return wang, chen, number


async def test_a_word_too_late_to_reopen_opens_a_new_case_with_its_parent(shop: Shop) -> None:
    wang, chen, before = await long_ago(shop)

    after = case_number(await wang.complains("沙发又塌了"))

    assert after != before
    card = await chen.card(wang, f"工单 {after}")
    assert f"接续工单 {before}" in words(card)
    assert "以往工单 1 件" in words(card)


async def test_a_reply_about_an_old_matter_continues_that_one_and_no_other(shop: Shop) -> None:
    wang, chen, sofa = await long_ago(shop)
    about_sofa = await wang.hears(f"服务单 {sofa} 已办结")
    lamp = case_number(await wang.complains("台灯不亮"))

    received = await wang.says("沙发又塌了", reply_to=about_sofa)
    again = case_number(await wang.hears("服务单编号", after=received))

    parents = {case.id: case.parent_id for case in await shop.stored(select(Case).where(col(Case.id) >= sofa))}
    assert parents[again] == sofa
    assert again != lamp
    assert f"接续工单 {sofa}" in words(await chen.card(wang, f"工单 {again}"))


async def test_the_shop_greets_under_its_own_name(shop: Shop) -> None:
    wang, anna = await shop.customer(), await shop.customer("Anna", language="en")

    await wang.says("/start")
    await wang.hears("您好，这里是海港家居")
    await anna.says("/start")
    await anna.hears("Hello, this is Harbour Home")
    await anna.says("/privacy")
    await anna.hears("the care team of Harbour Home")
