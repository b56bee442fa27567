"""Whose turn it is: cases in a circle, customers with an agent of their own, and a department in a plain group."""

import pytest
from sqlmodel import select

from models.cases import Case
from models.staff import Staff
from models.timeline import CaseEvent
from tests.stories.shop import Agent, Customer, Shop, case_number, is_card
from tests.telegram import words

GROUPS = {"-100advice": False}
PLAN = """
[[department]]
id = "service"
name = { zh = "售后服务部", en = "After-sales" }
kinds = ["complaint", "request"]
keywords = ["漏水"]
assign = "round_robin"
capacity = 3
[[department]]
id = "advice"
name = { zh = "售前咨询", en = "Advice" }
group = "-100advice"
kinds = ["enquiry", "suggestion", "praise"]
[[tier]]
id = "vip"
name = { zh = "VIP客户", en = "VIP" }
when = { spent_12m = 50000 }
dedicated_agent = true
[[tier]]
id = "regular"
name = { zh = "普通客户", en = "Regular" }
"""
pytestmark = pytest.mark.usefixtures("crew")


@pytest.fixture(scope="module")
async def crew(open_all_day: Shop) -> list[Agent]:
    """Three who take turns, and one for advice."""
    shop = open_all_day
    people = [await shop.agent(f"小{name}", username=f"turn_{at}") for at, name in enumerate("甲乙丙")]
    await shop.owner.starts_bot()
    people.append(await shop.agent("小梅", username="turn_may", group="-100advice"))
    for person in people:
        await person.says("早")
        await shop.calms_down()
    return people


async def holder(shop: Shop, number: int) -> str | None:
    """Who has the case, by name, once nothing moves any more."""
    await shop.calms_down()
    query = select(Staff.name).join(Case, Case.assignee_id == Staff.id).where(Case.id == number)  # type: ignore[arg-type]
    return next(iter(await shop.stored(query)), None)


async def who_has(shop: Shop, crew: list[Agent], number: int) -> Agent:
    name = await holder(shop, number)
    return next(each for each in crew if each.name == name)


async def opens(customer: Customer, text: str) -> int:
    said = await customer.says(text)
    return case_number(await customer.hears("编号", after=said))


async def test_cases_go_round_and_who_has_enough_is_passed_over(shop: Shop, crew: list[Agent]) -> None:
    people = [await shop.customer("轮流") for _ in range(10)]

    got = [await holder(shop, await opens(each, "水管漏水")) for each in people]

    assert got == ["小甲", "小乙", "小丙"] * 3 + [None], "each in turn, and none beyond the capacity"
    card = await crew[0].card(people[-1])
    assert "负责：老板" in words(card), "whom nobody has is in the hands of who is in charge"
    for each in people:
        await crew[1].says("/close", to=each)
        await each.hears("办结")
    await shop.calms_down()


async def test_a_vip_goes_to_their_own_agent_and_past_the_turn(shop: Shop, crew: list[Agent]) -> None:
    vip, other = await shop.customer("贵客"), await shop.customer("常客")
    last, own = {}, {}
    for each in (vip, other):
        last[each] = await who_has(shop, crew, await opens(each, "漏水"))
        own[each] = next(person for person in crew if person is not last[each])
        await crew[0].says("/close", to=each)
        await each.hears("办结")
        await crew[0].says(f"/set agent @{own[each].user['username']}", to=each)
        await crew[0].sees(own[each].name, of=each)
    said = await shop.owner.says("/tier vip until 2099-12-31 老客户", to=vip)
    await shop.owner.sees("VIP客户", of=vip, after=said)
    await shop.time_passes(days=8)

    numbers = [await opens(vip, "又漏水了"), await opens(other, "又漏水了")]

    assert await who_has(shop, crew, numbers[0]) is own[vip]
    assert await who_has(shop, crew, numbers[1]) is last[other], "whose tier has no agents of its own: the last one"
    assert not [each for each in await vip.chat() if "VIP" in words(each)], "no customer is shown a tier"
    for each in (vip, other):
        await crew[0].says("/close", to=each)
    await shop.calms_down()


async def test_whoever_has_a_case_passes_it_on_and_both_hear_of_it(shop: Shop, crew: list[Agent]) -> None:
    wang = await shop.customer("王芳")
    number = await opens(wang, "漏水")
    giver = await who_has(shop, crew, number)
    taker, third = [each for each in crew[:3] if each is not giver]
    for each in (giver, taker):
        await each.starts_bot()
    said = await third.says(f"/assign @{taker.user['username']}", to=wang)
    await third.sees("这一步需要主管", of=wang, after=said)

    await giver.says(f"/assign @{taker.user['username']}", to=wang)

    await giver.sees(f"工单 {number}：{giver.name} 交给 {taker.name}", of=wang)
    await giver.hears(f"交给 {taker.name}")
    await taker.hears(f"工单 {number} 分给您了")
    assert await holder(shop, number) == taker.name
    said = await giver.says(f"/assign @{third.user['username']}", to=wang)
    await giver.sees("这一步需要主管", of=wang, after=said)
    events = select(CaseEvent.details).where(CaseEvent.case_id == number, CaseEvent.kind == "assigned")
    (key,) = await shop.stored(select(Staff.id).where(Staff.user_id == taker.id))
    assert {"to": key} in await shop.stored(events)
    await taker.says("/close", to=wang)


async def test_a_case_goes_to_a_plain_group_and_comes_back(shop: Shop, crew: list[Agent]) -> None:
    wang, may = await shop.customer("王芳"), crew[3]
    number = await opens(wang, "请问周末营业吗")
    relayed = await may.sees("请问周末营业吗")
    assert wang.name in words(relayed), "in a plain group the name tells customers apart"
    await may.says("营业的，九点开门", reply_to=relayed)
    await wang.hears("营业的，九点开门")

    await may.says("/transfer 售后服务部 其实是漏水", reply_to=relayed)

    moved = await crew[0].sees("其实是漏水", of=wang)
    assert "请问周末营业吗" in words(moved)
    assert await holder(shop, number) is not None
    await wang.says("楼上漏水")
    await crew[0].sees("楼上漏水", of=wang)
    said = await may.says("您好", reply_to=relayed)
    await may.sees("没有发给客户", after=said)
    await crew[0].says("/transfer advice 只是问时间", to=wang)
    back = await may.sees("只是问时间")
    assert f"{number}" in words(back)
    card = await shop.telegram.wait_message(may.group, f"工单 {number}", where=is_card, after=back)
    await may.says("还是九点", reply_to=card)
    await wang.hears("还是九点")
    await may.says("/close", reply_to=card)
    await wang.hears("办结")
