"""Satisfaction: asked at the right moment, one question at a time, and something follows from every answer."""

import asyncio
from typing import Any

from sqlmodel import col, select

from models.messages import Author
from models.questionnaires import Answer, Invitation, InvitationState
from models.recovery import Recovery
from tests.stories.shop import Agent, Customer, Shop, case_number
from tests.telegram import Json, buttons, words

PLAN = """
[business]
name = { zh = "海港酒店", en = "Harbour Hotel" }
[contact]
quiet = ""
call_quiet = ""
gap = "0s"
calm_after_complaint = "0s"
[[segment]]
id = "stay_zh"
when = { tag = "stay_zh" }
[[segment]]
id = "stay_en"
when = { tag = "stay_en" }
[[segment]]
id = "unhappy"
when = { tag = "unhappy" }
[[segment]]
id = "held"
when = { tag = "held" }
[[tier]]
id = "regular"
contacts_per_30d = 50
[[survey]]
questionnaire = "csat"
when = "case_resolved"
after = { enquiry = "0s", request = "1d" }
expires = "3d"
remind_after = "1d"
[recovery]
csat_at_most = 2
nps_at_most = 6
to = "supervisor"
within = { regular = "4h" }
"""


async def resolved(shop: Shop, customer: Customer, agent: Agent, kind: str, matter: str, done: str) -> int:
    """A matter of that kind, from the first word until we say that it is done."""
    received = await customer.complains(matter)
    await customer.presses(received, kind)
    await agent.answers("好的", customer)
    await agent.says(f"/resolve {done}", to=customer)
    await customer.hears(done)
    return case_number(received)


async def question(customer: Customer, containing: str, after: Json | None = None) -> Json:
    """The message in which that question stands now."""
    return await customer.hears(containing, after=after, where=lambda message: bool(buttons(message)))


async def supervisor(shop: Shop) -> Agent:
    """The supervisor of the module, who has a private chat with the bot."""
    sun = await shop.agent("孙主管", username="sun", id=4_900_000_001)
    await sun.says("大家好")
    await shop.telegram.say(sun.user, "/start")
    said = await shop.owner.says("/role @sun supervisor")
    await shop.owner.sees("孙主管", after=said)
    return sun


async def runs_of(shop: Shop, customer: Customer) -> list[Invitation]:
    row = await customer.row()
    query = select(Invitation).where(Invitation.customer_id == row.id).order_by(col(Invitation.id))
    return list(await shop.stored(query))


async def answers_of(shop: Shop, invitation: Invitation) -> dict[str, Any]:
    rows: list[Answer] = list(await shop.stored(select(Answer).where(Answer.invitation_id == invitation.id)))
    return {row.question: row.text if row.value is None else row.value for row in rows}


async def ask_segment(shop: Shop, customer: Customer, agent: Agent, key: str, segment: str) -> None:
    """A manager sends a questionnaire to the one customer of a segment."""
    await customer.says("在吗")
    await agent.answers("在的", customer)
    await agent.says(f"/tag +{segment}", to=customer)
    await shop.calms_down()
    said = await shop.owner.says(f"/survey {key} {segment}")
    preview = await shop.owner.sees("可以询问的 1 位", after=said)
    await shop.owner.presses(preview, "发送")


async def test_an_enquiry_is_asked_about_at_once_under_what_was_done(shop: Shop) -> None:
    wang, chen = await shop.customer("王芳"), await shop.agent("小陈")
    await resolved(shop, wang, chen, "咨询", "几点可以退房", "中午十二点前退房")

    asked = await question(wang, "满意吗")
    assert "中午十二点前退房" in words(asked), "one message: what was done, and the question"
    assert "第 1 题，共 2 题" in words(asked)
    assert [each["text"] for each in buttons(asked)] == [
        "1 非常不满意", "2 不满意", "3 一般", "4 满意", "5 非常满意", "不填了", "没有解决",
    ]  # fmt: skip
    await wang.presses(asked, "4 满意")
    why = await question(wang, "说说原因")
    assert why["message_id"] == asked["message_id"], "the same message, changed in place"
    await wang.says("回得很快")
    await wang.hears("意见我们已经记下")
    shown = await chen.sees("回得很快", of=wang)
    assert "问：方便说说原因吗" in words(shown)
    assert "评分：4 满意" in words(await chen.card(wang, "已办结"))
    (run,) = await runs_of(shop, wang)
    assert (run.state, run.csat) == (InvitationState.FINISHED, 4)
    assert await answers_of(shop, run) == {"satisfaction": [4], "reason": "回得很快"}


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


async def test_f53_pressed_twice_late_and_by_somebody_else(shop: Shop) -> None:
    wang, chen, zhao = await shop.customer(), await shop.agent(), await shop.customer("赵六")
    await zhao.says("/start")
    await resolved(shop, wang, chen, "咨询", "早餐几点", "七点到十点")
    asked = await question(wang, "满意吗")
    five, one = (each["callback_data"] for each in (buttons(asked)[4], buttons(asked)[2]))
    welcome = await zhao.hears("海港酒店")
    assert "失效" in await zhao.presses(welcome, five, forge=True), "another's questionnaire"
    (run,) = await runs_of(shop, wang)
    assert run.csat is None

    await shop.telegram.down(1.5)
    await shop.telegram.press(wang.user, asked, five, forge=True)
    await question(wang, "说说原因")
    await wang.presses(asked, one, forge=True)
    await shop.calms_down()

    (run,) = await runs_of(shop, wang)
    assert run.csat == 3, "the last answer counts until the end"
    assert run.state is InvitationState.STARTED
    await wang.presses(await question(wang, "说说原因"), "跳过")
    await wang.hears("意见我们已经记下")
    assert "已经结束" in await wang.presses(asked, five, forge=True)
    (run,) = await runs_of(shop, wang)
    assert run.csat == 3


async def test_a_low_score_is_recovered_by_a_supervisor_and_not_by_the_one_who_handled_it(shop: Shop) -> None:
    wang, chen, sun = await shop.customer(), await shop.agent("小陈"), await supervisor(shop)
    number = await resolved(shop, wang, chen, "咨询", "发票怎么开", "前台可以开")

    await wang.presses(await question(wang, "满意吗"), "1 非常不满意")

    promised = await wang.hears("已经交给主管")
    assert str(number) in words(promised)
    assert "最晚" in words(promised), "the plan promises a time"
    begun = await chen.sees("服务补救", of=wang)
    assert "由 孙主管 负责" in words(begun)
    card = await chen.card(wang, "处理人：孙主管")
    assert "处理中" in words(card)
    await shop.telegram.wait_message(sun.user, "服务补救")
    await wang.says("问了三次都没人回")  # the reason is asked for all the same
    await chen.sees("问了三次", of=wang)

    await shop.time_passes(hours=4, minutes=1)
    await shop.owner.sees("服务补救超时", of=wang)
    await sun.answers("实在抱歉，我来给您开", wang)
    await sun.says("/resolve 发票已寄出", to=wang)
    await wang.hears("发票已寄出")
    await shop.calms_down()
    (recovery,) = await shop.stored(select(Recovery).where(Recovery.case_id == number))
    assert recovery.ended_at is not None
    assert (await wang.row()).recovering_since is None


async def test_kind_words_reach_the_one_who_is_praised(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent("小陈")
    await chen.says("早")
    await shop.telegram.say(chen.user, "/start")
    await resolved(shop, wang, chen, "咨询", "能延迟退房吗", "可以延到两点")
    await wang.presses(await question(wang, "满意吗"), "5 非常满意")
    await question(wang, "说说原因")
    await wang.says("小陈特别耐心")

    await chen.sees("客户表扬 小陈", of=wang)
    await shop.telegram.wait_message(chen.user, "小陈特别耐心")


async def test_an_open_answer_becomes_a_case_in_one_tap(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent("小陈")
    number = await resolved(shop, wang, chen, "咨询", "有停车位吗", "地下一层可停")
    await wang.presses(await question(wang, "满意吗"), "3 一般")
    await question(wang, "说说原因")
    await wang.says("停车场灯坏了一半")
    shown = await chen.sees("停车场灯坏了一半", of=wang)

    assert "已开工单" in await chen.presses(shown, "转为工单")

    card = await chen.card(wang, "停车场灯坏了一半")
    assert f"接续工单 {number}" in words(card)
    assert "已经转为工单" in await chen.presses(shown, "转为工单")


async def test_the_hotels_ten_questions_across_a_restart_until_it_is_enough(shop: Shop) -> None:
    li, chen = await shop.customer("李雷"), await shop.agent("小陈")
    await ask_segment(shop, li, chen, "hotel", "stay_zh")

    at = await question(li, "第 1 题，共 9 题")
    assert "感谢您入住" in words(at)
    await li.presses(at, "4 满意")
    at = await question(li, "第 2 题")
    assert [each["text"] for each in buttons(at)][:7] == [
        "1 非常费力", "2 费力", "3 有点费力", "4 一般", "5 还算轻松", "6 轻松", "7 非常轻松",
    ]  # fmt: skip
    await li.presses(at, "上一题")
    await li.presses(await question(li, "您选的是：4 满意"), "5 非常满意")
    await li.presses(await question(li, "第 2 题"), "6 轻松")
    await li.presses(await question(li, "第 3 题"), "5 非常满意")

    await question(li, "投票就在下面")
    poll = await li.hears(where=lambda message: "poll" in message)
    assert not poll["poll"]["is_anonymous"]
    await shop.calms_down()
    await shop.bot.kill()
    await shop.telegram.vote(li.id, poll["poll"]["id"], [0, 2])
    await shop.bot.restart()
    at = await question(li, "您选的是：早餐、洗衣")
    await li.presses(at, "下一题")
    at = await question(li, "第 5 题，共 10 题")
    assert "早餐" in words(at)
    await shop.calms_down()
    assert (await li.hears(where=lambda message: "poll" in message))["poll"]["is_closed"]
    await li.presses(at, "😄 很好")
    await li.presses(await question(li, "第 6 题"), "🙂 不错")
    await li.presses(await question(li, "第 7 题"), "没有")
    await question(li, "发一张照片")
    await li.says(photo=True)
    at = await question(li, "第 9 题")
    assert "0 绝对不会" in [each["text"] for each in buttons(at)]
    await chen.sees(of=li, where=lambda message: "photo" in message)

    await li.says("后面不想填了")
    await li.hears("不再往下问了")
    await li.says("以后别给我发了")
    await li.hears(after=at["message_id"], where=lambda message: "不再" in words(message) and not buttons(message))
    bill = await li.says("发票还没开")
    await chen.sees("发票还没开", of=li)
    await chen.answers("这就给您开", li)
    said = await shop.owner.says("/survey nps stay_zh")
    await shop.owner.sees("没有可以询问的客户", after=said)
    await shop.time_passes(days=4)
    await shop.calms_down()
    later = [words(each) for each in await li.chat() if each["message_id"] > bill["message_id"]]
    assert not [text for text in later if "题" in text or "满意吗" in text]
    run = next(run for run in await runs_of(shop, li) if run.questionnaire == "hotel")
    assert (run.state, run.csat) == (InvitationState.STOPPED, 5)
    assert await answers_of(shop, run) == {
        "overall": [5], "arrival": [6], "room": [5], "used": ["breakfast", "laundry"], "breakfast": [5],
        "staff": [4], "trouble": ["none"], "picture": ["photo"],
    }  # fmt: skip


async def test_the_same_in_english_to_the_last_question(shop: Shop) -> None:
    anna, chen = await shop.customer("Anna", language="en"), await shop.agent("小陈")
    await ask_segment(shop, anna, chen, "hotel", "stay_en")

    await anna.presses(await question(anna, "Question 1 of 9"), "5 Very satisfied")
    await anna.presses(await question(anna, "Question 2"), "7 Very easy")
    await anna.presses(await question(anna, "Question 3"), "4 Satisfied")
    at = await question(anna, "Question 4")
    assert "choose in the poll first" in await anna.presses(at, "Next")
    poll = await anna.hears(where=lambda message: "poll" in message)
    await shop.calms_down()
    await shop.telegram.vote(anna.id, poll["poll"]["id"], [4])
    await anna.presses(await question(anna, "You chose: None of them"), "Next")
    await anna.presses(await question(anna, "Question 5 of 9"), "😄 Very good")
    await anna.presses(await question(anna, "Question 6"), "Nothing")
    await anna.presses(await question(anna, "send a photo"), "Skip")
    await anna.presses(await question(anna, "recommend us"), "9 Very likely")
    at = await question(anna, "anything else")
    other = await anna.says("Is the pool open today?", reply_to=await anna.hears("在的"))
    await chen.sees("Is the pool open today?", of=anna, after=0)
    assert "anything else" in words(await question(anna, "anything else")), "a reply to an agent is no answer"
    await anna.says("The view was lovely")
    await anna.hears("We hope to welcome you again")
    shown = await chen.sees("The view was lovely", of=anna)
    assert "还有什么想对我们说的" in words(shown)
    summary = await chen.sees("已填完", of=anna)
    assert "9 非常可能" in words(summary)
    assert other
    said = [words(each) for each in await anna.chat() if each["message_id"] > at["message_id"]]
    assert not [text for text in said if any("一" <= c <= "鿿" for c in text)]


async def test_a_wave_is_held_and_goes_on_and_its_progress_is_shown(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await wang.says("你好")
    await chen.answers("您好", wang)
    await chen.says("/tag +held", to=wang)
    await shop.calms_down()
    said = await shop.owner.says("/survey nps held")
    preview = await shop.owner.sees("可以询问的 1 位", after=said)
    wave = buttons(preview)[0]["callback_data"].split(":")[1]
    assert "需要经理" in await chen.presses(preview, "发送"), "agents send nothing to many"

    await shop.owner.presses(preview, "发送")
    at = await question(wang, "推荐给朋友")
    said = await shop.owner.says("/survey")
    await shop.owner.sees("计划 1，已发 1", after=said)
    assert "失效" in await shop.owner.presses(preview, "发送")
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
    await ask_segment_of(shop, wang, chen)
    await asyncio.sleep(2.5)
    await shop.calms_down()
    states = {run.questionnaire: run.state for run in await runs_of(shop, wang)}
    assert states == {"csat": InvitationState.ASKED, "nps": InvitationState.PLANNED}

    await wang.presses(first, "不填了")

    await question(wang, "推荐给朋友")


async def ask_segment_of(shop: Shop, customer: Customer, agent: Agent) -> None:
    await agent.says("/tag +unhappy", to=customer)
    await shop.calms_down()
    said = await shop.owner.says("/survey nps unhappy")
    await shop.owner.presses(await shop.owner.sees("可以询问的", after=said), "发送")


async def test_begging_for_stars_is_told_to_whoever_is_in_charge(shop: Shop) -> None:
    wang, chen, sun = await shop.customer(), await shop.agent("小陈"), await supervisor(shop)
    await wang.complains("灯坏了")

    await chen.answers("修好了，麻烦给个五星好评", wang)

    told = await shop.telegram.wait_message(sun.user, "讨要好评")
    assert "小陈" in words(told)


async def test_an_anonymous_poll_stands_in_the_group_and_counts_for_nothing(shop: Shop) -> None:
    await shop.owner.says("/poll 周五聚餐去哪 | 火锅 | 烧烤")
    poll = await shop.owner.sees(where=lambda message: "poll" in message)
    assert poll["poll"]["is_anonymous"]
    assert [each["text"] for each in poll["poll"]["options"]] == ["火锅", "烧烤"]
    said = await shop.owner.says("/poll 只有问题")
    await shop.owner.sees("请写成", after=said)


async def test_staff_read_their_own_words_not_the_form(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await resolved(shop, wang, chen, "咨询", "有吹风机吗", "浴室里有")
    await question(wang, "满意吗")
    await wang.says("房间有点吵")
    await chen.sees("房间有点吵", of=wang)
    assert "房间有点吵" in await shop.words_of(wang, Author.CUSTOMER)
