"""When satisfaction is asked: after a case as the plan says, once each time, or of many by a manager."""

import re

from models.questionnaires import InvitationState
from tests.stories import asking
from tests.stories.asking import question, resolved, runs_of
from tests.stories.shop import Agent, Customer, Shop
from tests.telegram import buttons, words

PLAN = asking.PLAN


async def test_a_complaint_is_not_asked_about_by_the_survey(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await resolved(shop, wang, chen, "投诉", "房间漏水", "已换房")
    await shop.calms_down()

    said = await wang.hears("已换房")

    assert [each["text"] for each in buttons(said)] == ["没有解决"]
    assert await runs_of(shop, wang) == []


async def test_a_request_is_asked_about_a_day_later_reminded_once_and_ends_by_itself(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    number = await resolved(shop, wang, chen, "报修/售后", "空调坏了", "空调已修好")
    await shop.calms_down()
    assert [run.state for run in await runs_of(shop, wang)] == [InvitationState.PLANNED]

    await shop.time_passes(days=1, minutes=1)
    asked = await question(wang, f"关于您的服务单 {number}")
    await shop.time_passes(days=1, minutes=1)
    await wang.hears("在下面继续")
    again = await question(wang, "满意吗", after=asked)
    await shop.time_passes(days=1)
    await shop.calms_down()
    assert len([each for each in await wang.chat() if "满意吗" in words(each) and buttons(each)]) == 1
    await wang.presses(again, "5 非常满意")
    await question(wang, "说说原因")
    await shop.time_passes(days=3)
    await wang.hears("这份问卷已经结束")
    assert "已经结束" in await wang.presses(again, buttons(again)[0]["callback_data"], forge=True)
    (run,) = await runs_of(shop, wang)
    assert (run.state, run.csat) == (InvitationState.EXPIRED, 5), "what was answered counts"


async def test_an_answer_that_comes_late_counts_and_the_next_question_follows(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await resolved(shop, wang, chen, "报修/售后", "窗帘掉了", "窗帘已装好")
    await shop.time_passes(days=1, minutes=1)
    five = buttons(await question(wang, "满意吗"))[4]["callback_data"]
    await shop.time_passes(days=3, minutes=1)
    over = await wang.hears("这份问卷已经结束")

    await wang.presses(over, five, forge=True)

    at = await question(wang, "说说原因")
    (run,) = await runs_of(shop, wang)
    assert (run.state, run.csat) == (InvitationState.STARTED, 5)
    await wang.presses(at, "跳过")
    assert (await asking.run_ended(shop, wang)).state is InvitationState.FINISHED


async def test_f52_whoever_blocked_us_just_now_is_not_waited_for(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    number = await resolved(shop, wang, chen, "报修/售后", "花洒坏了", "花洒已换")
    await shop.calms_down()
    await asking.blocked_by(shop, wang)

    await shop.time_passes(days=1, minutes=1)

    run = await asking.run_ended(shop, wang)
    assert (run.state, run.reason) == (InvitationState.CANCELLED, "unreachable")
    assert (await wang.row()).open_run_id is None, "something else can be asked when they are back"
    said = await chen.says("/why", to=wang)
    assert f"工单 {number} · 未发：客户已停用机器人" in words(await chen.sees("主动联系", of=wang, after=said))


async def test_f51_a_reopened_case_is_not_asked_about_and_each_episode_only_once(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await resolved(shop, wang, chen, "报修/售后", "电视没信号", "已换机顶盒")
    await wang.presses(await wang.hears("已换机顶盒"), "没有解决")
    await chen.card(wang, "重新处理 1 次")
    await shop.time_passes(days=1, minutes=1)
    await shop.calms_down()
    assert [run.state for run in await runs_of(shop, wang)] == [InvitationState.CANCELLED]

    await chen.says("/resolve 线路已修", to=wang)
    await wang.hears("线路已修")
    await wang.says("谢谢")
    await shop.time_passes(days=1, minutes=1)
    await question(wang, "满意吗")
    await shop.calms_down()

    found = await runs_of(shop, wang)
    assert [run.state for run in found] == [InvitationState.CANCELLED, InvitationState.ASKED]
    assert len({run.occurrence for run in found}) == 2


async def test_a_wave_is_held_and_goes_on_and_its_progress_is_shown(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await wang.says("你好")
    await chen.answers("您好", wang)
    await chen.says("/tag +held", to=wang)
    await shop.calms_down()
    said = await shop.owner.says("/survey nps held")
    preview = await shop.owner.sees("可以询问的 1 位", after=said)
    assert "需要经理" in await chen.presses(preview, "发送"), "agents send nothing to many"

    wave = wave_said(await shop.owner.presses(preview, "发送"))
    at = await question(wang, "推荐给朋友")
    said = await shop.owner.says("/survey")
    await shop.owner.sees("计划 1，已发 1", after=said)
    assert "已经决定" in await shop.owner.presses(preview, "发送")
    await wang.presses(at, "8 很可能")
    await wang.presses(await question(wang, "因为什么"), "跳过")
    await wang.hears("谢谢您抽时间")
    said = await shop.owner.says(f"/survey cancel {wave}")
    await shop.owner.sees(after=said)
    said = await shop.owner.says("/survey nosuch")
    await shop.owner.sees("没有这份问卷", after=said)


async def test_i14_one_questionnaire_at_a_time(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await resolved(shop, wang, chen, "咨询", "健身房在哪", "在三楼")
    first = await question(wang, "满意吗")
    await wang.says("/start")
    wave = await ask_segment_of(shop, wang, chen)
    await shop.time_passes(seconds=1)
    await shop.calms_down()
    states = {run.questionnaire: run.state for run in await runs_of(shop, wang)}
    assert states == {"csat": InvitationState.ASKED, "nps": InvitationState.PLANNED}

    said = await shop.owner.says(f"/survey pause {wave}")
    await shop.owner.sees("已暂停", after=said)
    await wang.presses(first, "不填了")
    await shop.time_passes(seconds=1)
    await shop.calms_down()
    assert not [each for each in await wang.chat() if "推荐给朋友" in words(each)], "it waits"
    said = await shop.owner.says(f"/survey resume {wave}")
    await shop.owner.sees("发送中", after=said)

    await question(wang, "推荐给朋友")


async def ask_segment_of(shop: Shop, customer: Customer, agent: Agent) -> str:
    """Send a questionnaire to the one customer of a segment; returns the number of the wave."""
    await agent.says("/tag +unhappy", to=customer)
    await shop.calms_down()
    said = await shop.owner.says("/survey nps unhappy")
    preview = await shop.owner.sees("可以询问的", after=said)
    return wave_said(await shop.owner.presses(preview, "发送"))


def wave_said(toast: str) -> str:
    """The number in "wave 3 is being planned"."""
    return str(re.findall(r"\d+", toast)[0])


async def test_an_anonymous_poll_stands_in_the_group_and_counts_for_nothing(shop: Shop) -> None:
    await shop.owner.says("/poll 周五聚餐去哪 | 火锅 | 烧烤")
    poll = await shop.owner.sees(where=lambda message: "poll" in message)
    assert poll["poll"]["is_anonymous"]
    assert [each["text"] for each in poll["poll"]["options"]] == ["火锅", "烧烤"]
    said = await shop.owner.says("/poll 只有问题")
    await shop.owner.sees("请写成", after=said)
