"""Return visits: after a case by somebody else, by the bot with its buttons, and an end to it when asked for."""

import pytest
from sqlmodel import col, select

from models.cases import Case
from models.contact import Contact
from models.visits import Outcome, Visit, VisitState
from tests.stories.asking import blocked_by
from tests.stories.shop import Agent, Customer, Shop, case_number, until
from tests.telegram import Json, buttons, words

PLAN = """
[business]
name = { zh = "海港家居", en = "Harbour Home" }
timezone = "Asia/Shanghai"

[closing]
reopen_within = "30d"

[contact]
quiet = ""
call_quiet = ""
gap = "1s"
calm_after_complaint = "1s"

[[visit]]
id = "after_complaint"
when = "case_resolved"
kinds = ["complaint"]
after = "1d"
by = "agent"
not_handler = true
attempts = 3

[[visit]]
id = "after_repair"
when = "case_resolved"
kinds = ["request"]
after = "1d"
by = "bot"
"""


async def resolved(shop: Shop, kind: str, about: str, language: str = "zh-hans") -> tuple[Customer, Agent, int]:
    """A customer whose case of that kind an agent has just resolved."""
    customer, agent = await shop.customer(language=language), await shop.agent("小陈")
    received = await customer.complains(about)
    number = case_number(received)
    await customer.presses(received, f"kind:{number}:{kind}")
    await agent.says("/claim", to=customer)
    await agent.says("/resolve 换了新的泵", to=customer)
    await customer.hears("处理完毕" if language == "zh-hans" else "settled")
    return customer, agent, number


async def visit_of(shop: Shop, number: int) -> Visit:
    found = await shop.stored(select(Visit).where(Visit.case_id == number).order_by(col(Visit.id)))
    visit: Visit = found[-1]
    return visit


async def case_numbered(shop: Shop, number: int) -> Case:
    found: Case = (await shop.stored(select(Case).where(Case.id == number)))[0]
    return found


async def task(agent: Agent, customer: Customer, after: Json | int | None = None) -> Json:
    return await agent.sees(of=customer, after=after, where=lambda message: is_task(message))


async def presses(person: Agent | Customer, message: Json, *labels: str) -> str:
    """Press one button after the other of a message that changes in place; what the last press is answered with."""
    answer = ""
    for label in labels:
        where = {"chat": person.shop.group if isinstance(person, Agent) else person.user}
        message = await with_button(person.shop, where["chat"], message, label)
        answer = await person.presses(message, label)
    return answer


async def with_button(shop: Shop, chat: Json, message: Json, label: str) -> Json:
    return await shop.telegram.wait_message(
        chat,
        thread=message.get("message_thread_id"),
        where=lambda each: (
            each["message_id"] == message["message_id"] and label in [button["text"] for button in buttons(each)]
        ),
    )


def is_task(message: Json) -> bool:
    return any(str(each.get("callback_data", "")).endswith(":reached") for each in buttons(message))


async def test_a_complaint_is_visited_by_someone_else_at_the_third_try_and_reopened_by_words(shop: Shop) -> None:
    wang, chen, number = await resolved(shop, "complaint", "洗衣机响得厉害")
    lin = await shop.agent("小林")
    await lin.says("我来了")

    await shop.time_passes(days=1, minutes=1)
    shown = await task(lin, wang)

    assert "小陈" not in words(shown)  # whoever handled it does not ask how it went
    assert f"服务单 {number}" in words(shown)
    assert "由处理人以外的同事回访" in await chen.presses(shown, "没人接")
    for _ in range(2):
        await lin.presses(shown, "没人接")
        assert (await visit_of(shop, number)).state is VisitState.MOVED
        await shop.time_passes(days=1)
        shown = await task(lin, wang, after=shown)
    await presses(lin, shown, "已接通", "客户满意")

    visit = await visit_of(shop, number)
    assert (visit.state, visit.outcome, visit.attempts) == (VisitState.DONE, Outcome.WELL, 3)
    assert "已经有结果" in await chen.presses(shown, f"visit:{visit.id}:reached", forge=True)
    noted = await lin.says("老人在家，下午方便", to=wang, reply_to=shown)
    await lin.sees("备注已记下", of=wang, after=noted)
    assert (await visit_of(shop, number)).note == "老人在家，下午方便"
    assert all("老人在家" not in words(each) for each in await wang.chat())

    again = await wang.says("还是响")
    await wang.hears(f"服务单 {number} 已重新开始处理", after=again)
    case = await case_numbered(shop, number)
    assert (case.reopened_count, case.parent_id) == (1, None)


async def test_a_reopened_case_cancels_its_visit(shop: Shop) -> None:
    wang, chen, number = await resolved(shop, "complaint", "衣柜掉漆")
    assert (await visit_of(shop, number)).state is VisitState.PLANNED
    asked = await chen.says("/why", to=wang)
    ahead = await chen.sees("接下来", of=wang, after=asked)
    assert f"回访 · 工单 {number} · 已安排" in words(ahead), "planned ahead, and visible"

    await wang.says("又掉了一块")
    await wang.hears("已重新开始处理")
    await shop.calms_down()

    visit = await visit_of(shop, number)
    assert (visit.state, visit.reason) == (VisitState.CANCELLED, "reopened")
    asked = await chen.says("/why", to=wang)
    await chen.sees(f"回访 · 工单 {number} · 取消：工单已重新处理", of=wang, after=asked)


async def test_the_bot_asks_and_all_is_well(shop: Shop) -> None:
    anna, chen, number = await resolved(shop, "request", "The tap drips", language="en")
    await chen.says("/subject 厨房水龙头", to=anna)
    await chen.sees("回访时会对客户说", of=anna)

    await shop.time_passes(days=1, minutes=1)
    asked = await anna.hears("is everything all right now?")

    assert f"Your case {number} (厨房水龙头)" in words(asked)
    await anna.presses(asked, "All is well")
    await anna.hears("Good to hear")
    await chen.sees("客户说一切都好", of=anna)
    assert (await case_numbered(shop, number)).state == "closed"
    assert (await visit_of(shop, number)).outcome is Outcome.WELL


async def test_not_yet_reopens_the_same_case(shop: Shop) -> None:
    wang, chen, number = await resolved(shop, "request", "水龙头滴水")
    await shop.time_passes(days=1, minutes=1)
    asked = await wang.hears("现在都好了吗")

    await wang.presses(asked, "还没有解决")

    await wang.hears("很抱歉还没有好")
    await chen.sees("客户说还没有解决", of=wang)
    case = await case_numbered(shop, number)
    assert (case.state, case.reopened_count) == ("open", 1)
    assert "已经回答过" in await wang.presses(asked, f"visited:{(await visit_of(shop, number)).id}:well", forge=True)


async def test_an_answer_that_comes_late_counts_while_nothing_else_has_followed(shop: Shop) -> None:
    (wang, chen, number), (li, _, other) = (
        await resolved(shop, "request", "水龙头漏水"),
        await resolved(shop, "request", "地漏返味"),
    )
    await shop.time_passes(days=1, minutes=1)
    asked, of_li = await wang.hears("现在都好了吗"), await li.hears("现在都好了吗")
    await shop.time_passes(days=7, minutes=1)
    assert ((await ended(shop, number)).outcome, (await ended(shop, other)).outcome) == (Outcome.UNANSWERED,) * 2

    assert await wang.presses(asked, "一切都好") == "谢谢"

    assert (await ended(shop, number)).outcome is Outcome.WELL
    await chen.sees("客户说一切都好", of=wang)
    assert (await case_numbered(shop, number)).state == "closed"
    await shop.time_passes(days=1, minutes=1)
    assert "这次回访已经结束" in await li.presses(of_li, "一切都好"), "it was not answered, and we do not say so"
    assert (await ended(shop, other)).outcome is Outcome.UNANSWERED


async def test_later_comes_again_tomorrow_and_call_me_makes_a_task(shop: Shop) -> None:
    wang, chen, number = await resolved(shop, "request", "灶台打不着火")
    await shop.time_passes(days=1, minutes=1)
    asked = await wang.hears("现在都好了吗")

    await presses(wang, asked, "以后再说", "明天")
    await wang.hears("明天再来问您")
    await shop.time_passes(days=1, hours=1)
    again = await wang.hears("现在都好了吗", after=asked)
    await wang.presses(again, "请给我打电话")

    await wang.hears("客服人员会给您打电话")
    shown = await task(chen, wang)
    assert "回访任务" in words(shown)
    by_hand = await visit_of(shop, number)
    assert (by_hand.rule, by_hand.state) == ("by_hand", VisitState.DUE)


async def test_stop_is_heeded_and_an_invoice_is_still_answered(shop: Shop) -> None:
    wang, chen, number = await resolved(shop, "request", "空调不制冷")
    await chen.says("/close", to=wang)

    said = await wang.says("以后别给我发了")
    await wang.hears("以后不再用回访、满意度问卷、优惠活动打扰您", after=said)
    await chen.sees("以后别给我发了", of=wang)
    await shop.calms_down()
    assert (await case_numbered(shop, number)).reopened_count == 0
    invoice = await wang.says("发票还没开")
    await chen.sees("发票还没开", of=wang, after=invoice)
    await chen.answers("发票今天开好寄出", wang)
    await chen.says("/resolve 发票已寄出", to=wang)
    await wang.hears("发票已寄出", after=invoice)

    await shop.time_passes(days=2)
    visit = await visit_of(shop, number)
    assert (visit.state, visit.reason) == (VisitState.CANCELLED, "opted_out"), "none about a case either, as we said"
    await shop.time_passes(days=38)
    await shop.calms_down()
    after = [words(each) for each in await wang.chat()]
    assert not any("做个回访" in each for each in after)
    await chen.says("/why", to=wang)
    await chen.sees("回访：不接收", of=wang)


async def test_in_english_one_tap_ends_visits_and_words_end_all(shop: Shop) -> None:
    anna, chen, number = await resolved(shop, "request", "The oven door is loose", language="en")
    await shop.time_passes(days=1, minutes=1)
    asked = await anna.hears("is everything all right now?")
    await anna.presses(asked, "Do not ask again")
    await anna.hears("no more check-ins")
    assert (await visit_of(shop, number)).outcome is Outcome.STOP

    said = await anna.says("stop messaging me")
    await anna.hears("Understood: no more check-ins, questionnaires, offers and events", after=said)
    await chen.sees("stop messaging me", of=anna)
    again = await anna.says("it still rattles")
    await chen.sees("it still rattles", of=anna, after=again)
    await anna.hears(str(number), after=again)


async def ended(shop: Shop, number: int) -> Visit:
    """The visit of the case, once it is over."""
    return await until(lambda: visit_of(shop, number), lambda visit: visit.ended_at is not None)


async def test_f52_who_blocked_us_just_now_is_not_waited_for(shop: Shop) -> None:
    wang, chen, number = await resolved(shop, "request", "花洒不出水")
    await shop.calms_down()
    await blocked_by(shop, wang)

    await shop.time_passes(days=1, minutes=1)

    visit = await ended(shop, number)
    assert (visit.state, visit.reason, visit.begun_at) == (VisitState.CANCELLED, "unreachable", None)
    said = await chen.says("/why", to=wang)
    shown = words(await chen.sees("主动联系", of=wang, after=said))
    assert f"工单 {number} · 未发：客户已停用机器人" in shown


@pytest.mark.postgres_too
async def test_f52_a_wish_between_the_decision_and_the_sending_is_heeded_of_a_case_too(shop: Shop) -> None:
    wang, chen, number = await resolved(shop, "request", "马桶堵了")
    done = await wang.hears("处理完毕")
    await shop.calms_down()
    await shop.telegram.fault("status", "sendMessage", code=429, chat_id=wang.id, parameters={"retry_after": 5})
    await shop.time_passes(days=1, minutes=1)
    assert (await visit_of(shop, number)).state is VisitState.ASKED

    await wang.presses(done, "prefer:visit:off", forge=True)

    visit = await ended(shop, number)
    assert (visit.state, visit.reason) == (VisitState.CANCELLED, "opted_out")
    await shop.calms_down()
    assert not any("现在都好了吗" in words(each) for each in await wang.chat())
    said = await chen.says("/why", to=wang)
    assert f"工单 {number} · 未发：客户不接收此类消息" in words(await chen.sees("主动联系", of=wang, after=said))


async def test_preferences_switch_each_purpose_and_keep_the_wording(shop: Shop) -> None:
    wang = await shop.customer()
    await wang.says("/preferences")
    shown = await wang.hears("我们主动给您发的消息")

    await presses(wang, shown, "不再接收问卷", "同意接收优惠活动")

    await wang.hears("优惠活动：接收")
    changed = await wang.hears("满意度问卷：不接收")
    assert "接收问卷" in [each["text"] for each in buttons(changed)]


async def test_staff_see_and_plan_visits(shop: Shop) -> None:
    wang, chen, number = await resolved(shop, "complaint", "床板断了")
    await chen.says("/visit 明天 10:00 问问新床板", to=wang)
    await chen.sees("已安排回访", of=wang)
    listed = await chen.says("/visits")
    shown = await chen.sees("回访", after=listed, where=lambda message: wang.name in words(message))
    assert f"工单 {number}" in words(shown)
    assert "问问新床板" in words(shown)
    kept = await shop.stored(select(Contact).where(Contact.case_id == number))
    assert not kept
