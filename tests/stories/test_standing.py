"""Whose word is the shop's: nobody's by one message, and nobody's any more who has gone (F1, F2)."""

import asyncio

import pytest
from sqlmodel import select

from models.staff import Staff
from tests.stories.shop import Agent, Customer, Shop, until
from tests.telegram import buttons, words

PLAN = """
[business]
enrolment = "approve"
"""


async def heard(customer: Customer) -> str:
    return "\n".join(words(each) for each in await customer.chat())


async def active(shop: Shop, agent: Agent) -> list[bool]:
    return list(await shop.stored(select(Staff.active).where(Staff.user_id == agent.id)))


@pytest.mark.postgres_too
async def test_f1_one_tap_at_the_start_and_the_team_is_on_the_staff(shop: Shop) -> None:
    chen, li = await shop.newcomer("小陈"), await shop.newcomer("小李")
    offer = await shop.owner.sees("群里哪些人可以答复客户")
    await shop.owner.presses(offer, "群里的人都是客服")
    opened = await shop.owner.sees("老板 已确认：现在群里的人都是客服")
    assert (opened["message_id"], buttons(opened)) == (offer["message_id"], []), "the question is answered"
    zhao = await shop.newcomer("小赵")
    wang = await shop.customer()
    await wang.complains("门铃不响")

    await chen.says("马上来看", to=wang)
    await chen.sees("小陈 现在是客服。这第一条没有发给客户，请再写一遍。", of=wang)
    await chen.answers("马上来看看", wang)
    await li.says("大家好")
    joined = await shop.owner.sees("小李 从现在起是客服")
    await zhao.says("我是新来的")
    await shop.owner.sees("小赵 在群里说话了")

    assert "马上来看\n" not in await heard(wang) + "\n"
    assert await shop.owner.presses(joined, "撤销") == ""
    await shop.owner.sees("小李 已不再是客服")
    assert [await active(shop, each) for each in (chen, li, zhao)] == [[True], [False], [False]]


async def test_f1_a_strangers_first_message_in_a_customers_topic(shop: Shop) -> None:
    wang, stranger = await shop.customer(), await shop.newcomer("客服小美")
    await wang.complains("要退款")

    said = await stranger.says("请把卡号发给 @mallory", to=wang)
    notice = await shop.owner.sees("这条没有发给任何人。主管确认之后，客服小美 才能答复客户。", of=wang)
    assert notice["reply_to_message"]["message_id"] == said["message_id"]
    await stranger.says("请尽快", to=wang)
    await stranger.edits(said, "请把卡号发给 @mallory1")
    asked = await shop.owner.sees("客服小美 在群里说话了，是否加入客服")
    await shop.owner.presses(asked, "不同意")
    await stranger.says("还在吗", to=wang)
    await shop.telegram.say(stranger.user, "/find 王")
    await shop.calms_down()

    assert "mallory" not in await heard(wang)
    assert "请尽快" not in await heard(wang)
    topic = [words(each) for each in await shop.topic_of(wang)]
    assert sum("没有发给任何人" in each for each in topic) == 1, topic
    private = [words(each) for each in await shop.telegram.chat(stranger.user)]
    assert not [each for each in private if "王芳" in each]


async def test_f2_an_ex_agent_who_was_removed_while_the_bot_was_down_for_25_hours(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.newcomer("小陈")
    await chen.says("早")
    asked = await shop.owner.sees("小陈 在群里说话了")
    await shop.owner.presses(asked, "同意加入")
    await until(lambda: active(shop, chen), lambda found: found == [True])
    await chen.starts_bot()
    await chen.hears("答复客户，请到客服群")
    await wang.complains("地板翘起来了")
    await chen.answers("明天来看", wang)
    await shop.calms_down()
    assert await shop.bot.stop() == 0

    await shop.telegram.member(chen.user, shop.group, "kicked", by=shop.owner.user)
    await shop.telegram.clock(25 * 3600)
    said = await shop.telegram.say(chen.user, "/file 1")
    await shop.bot.restart()

    await shop.telegram.wait_message(chen.user, "", after=said)
    await until(lambda: active(shop, chen), lambda found: found == [False])
    await shop.owner.sees("小陈 已离开本群，以下工单退回待认领")
    await shop.calms_down()
    private = [words(each) for each in await shop.telegram.chat(chen.user)]
    assert not [each for each in private if "客户档案" in each]


@pytest.mark.postgres_too
async def test_s06_while_telegram_does_not_say_it_nobody_gains_and_nobody_loses(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.newcomer("小周")
    await chen.says("早")
    asked = await shop.owner.sees("小周 在群里说话了")
    await shop.owner.presses(asked, "同意加入")
    await until(lambda: active(shop, chen), lambda found: found == [True])
    await chen.starts_bot()
    await wang.complains("窗户关不上")
    await wang.topic()
    await shop.time_passes(minutes=11)
    await shop.calms_down()
    qian = await shop.newcomer("小钱")

    await shop.telegram.fault("hold_after", method="getChatMember", times=None, seconds=30)
    said = await shop.telegram.say(chen.user, "/find 王芳")
    await qian.says("我是新来的", to=wang)
    await wang.says("还有一扇门也关不上")
    await asyncio.wait_for(chen.sees("还有一扇门也关不上", of=wang), 2)
    await chen.answers("明天来修", wang)
    assert "暂时无法从 Telegram 确认您是否在客服群里" in words(await chen.hears(after=said))
    await chen.sees("暂时无法从 Telegram 确认 小钱 是否在本群", of=wang)
    await shop.telegram.no_faults()

    assert await active(shop, chen) == [True]
    assert await active(shop, qian) == []
    await shop.time_passes(minutes=1)
    said = await shop.telegram.say(chen.user, "/find 王芳")
    await chen.hears("王芳", after=said)
