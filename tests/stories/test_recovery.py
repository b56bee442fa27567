"""Something follows from every answer: recovery, a call to ask why, praise, and no begging."""

from collections.abc import Callable

import pytest
from sqlmodel import select

from models.cases import Case
from models.questionnaires import Answer, InvitationState
from models.recovery import Recovery
from models.staff import Staff
from models.visits import By, Outcome, Visit, VisitState
from tests.stories import asking
from tests.stories.asking import ask_segment, question, resolved, runs_of, supervisor
from tests.stories.shop import Shop
from tests.telegram import Json, buttons, words

PLAN = (
    asking.PLAN
    + """
[[visit]]
id = "after_complaint"
when = "case_resolved"
kinds = ["complaint"]
after = "1d"
by = "agent"
questionnaire = "recovery"
[[visit]]
id = "after_suggestion"
when = "case_closed"
kinds = ["suggestion"]
after = "1d"
by = "bot"
questionnaire = "periodic"
"""
)


async def test_where_nobody_else_has_the_case_the_customer_is_not_told_that_somebody_has(shop: Shop) -> None:
    li = await shop.customer("李雷")
    number = await resolved(shop, li, shop.owner, "咨询", "能开收据吗", "可以，前台自取")

    await li.presses(await question(li, "满意吗"), "2 不满意")

    promised = words(await li.hears("没有让您满意"))
    assert f"服务单 {number}" in promised
    assert "我们会亲自联系您，最迟" in promised
    assert "交给" not in promised
    assert "请安排一位接手" in words(await shop.owner.sees("服务补救", of=li))


async def test_a_low_score_is_recovered_by_a_supervisor_and_not_by_the_one_who_handled_it(shop: Shop) -> None:
    wang, chen, sun = await shop.customer(), await shop.agent("小陈"), await supervisor(shop)
    number = await resolved(shop, wang, chen, "咨询", "发票怎么开", "前台可以开")

    await wang.presses(await question(wang, "满意吗"), "1 非常不满意")

    promised = await wang.hears("已经交给主管")
    assert str(number) in words(promised)
    assert "最迟" in words(promised), "the plan promises a time"
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


@pytest.mark.parametrize(
    ("words", "told"),
    [("谢谢小陈，特别耐心", "客户表扬 小陈"), ("就是发票还没有给我", "客户给 小陈 打了高分，并留言")],
)
async def test_words_beside_a_high_score_reach_the_one_who_earned_it(shop: Shop, words: str, told: str) -> None:
    wang, chen = await shop.customer(), await shop.agent("小陈")
    await chen.says("早")
    await shop.telegram.say(chen.user, "/start")
    await resolved(shop, wang, chen, "咨询", "能延迟退房吗", "可以延到两点")
    await wang.presses(await question(wang, "满意吗"), "5 非常满意")
    await question(wang, "说说原因")
    await wang.says(words)

    await chen.sees(told, of=wang)
    await shop.telegram.wait_message(chen.user, words)


async def test_begging_for_stars_is_told_to_whoever_is_in_charge(shop: Shop) -> None:
    wang, chen, sun = await shop.customer(), await shop.agent("小陈"), await supervisor(shop)
    await wang.complains("灯坏了")

    await chen.answers("修好了，麻烦给个五星好评", wang)

    told = await shop.telegram.wait_message(sun.user, "讨要好评")
    assert "小陈" in words(told)


async def test_a_low_recommendation_plans_a_call_to_ask_why_and_makes_no_case(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await ask_segment(shop, wang, chen, "nps", "unhappy")
    await wang.presses(await question(wang, "推荐给朋友"), "3 不太可能")
    await question(wang, "因为什么")
    await wang.says("预订太麻烦")
    await wang.hears("谢谢您抽时间")

    row = await wang.row()
    task = await chen.sees("推荐意愿：3 不太可能", of=wang)
    assert "预订太麻烦" in words(task)
    assert "回访任务 · 推荐意愿低" in words(task)
    assert "不太愿意把我们推荐给朋友" in words(task), "the words to say are about the answer"
    (visit,) = await shop.stored(select(Visit).where(Visit.customer_id == row.id))
    assert visit.by is By.AGENT
    cases = await shop.stored(select(Case).where(Case.customer_id == row.id))
    assert len(cases) == 1, "the one of the first words"


async def test_an_agent_fills_in_the_questionnaire_during_the_call(shop: Shop) -> None:
    wang, chen, zhou = await shop.customer(), await shop.agent("小陈"), await shop.agent("小周")
    await zhou.says("早")
    await resolved(shop, wang, chen, "投诉", "房间漏水", "已换房")
    await shop.time_passes(days=1, minutes=1)
    task = await zhou.sees("回访", of=wang, where=lambda message: bool(buttons(message)) and "客户" in words(message))
    await zhou.presses(task, "已接通")
    await zhou.presses(await zhou.sees(of=wang, where=has("填写问卷")), "填写问卷")

    form = await zhou.sees("问题现在解决了吗", of=wang)
    await zhou.presses(form, "否")
    form = await zhou.sees("还差什么没有解决", of=wang)
    assert "回复这条消息" in words(form)
    before = len(await wang.chat())
    await zhou.says("地毯还没有干", to=wang, reply_to=form)
    form = await zhou.sees("处理这次投诉的方式", of=wang)
    assert len(await wang.chat()) == before, "the customer reads nothing of the form"
    await zhou.presses(form, "4 满意")
    await zhou.presses(await zhou.sees("服务态度怎么样", of=wang), "🙂 不错")
    await zhou.presses(await zhou.sees("还有什么想告诉我们", of=wang), "跳过")

    done = await zhou.sees("已填完", of=wang)
    assert "地毯还没有干" in words(done)
    (run,) = await runs_of(shop, wang)
    assert (run.questionnaire, run.csat) == ("recovery", 4)
    rows = await shop.stored(select(Answer).where(Answer.invitation_id == run.id))
    staff = await shop.stored(select(Staff).where(Staff.user_id == zhou.id))
    assert {(row.staff_id, row.customer_id) for row in rows} == {(staff[0].id, None)}


async def test_a_visit_by_the_bot_asks_its_questionnaire(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    received = await wang.complains("建议早餐加豆浆")
    await wang.presses(received, "建议")
    await chen.answers("好的，已转告餐厅", wang)
    await chen.says("/close", to=wang)
    await shop.time_passes(days=1, minutes=1)

    await wang.presses(await question(wang, "总体满意吗"), "4 满意")

    await question(wang, "希望我们改进什么")
    (visit,) = await shop.stored(select(Visit).where(Visit.customer_id == (await wang.row()).id))
    assert visit.outcome is Outcome.INVITED


async def test_a_visit_whose_questionnaire_never_arrived_was_not_made(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    received = await wang.complains("建议大堂放点绿植")
    await wang.presses(received, "建议")
    await chen.answers("好的，已转告", wang)
    await chen.says("/close", to=wang)
    await shop.calms_down()
    await asking.blocked_by(shop, wang)

    await shop.time_passes(days=1, minutes=1)

    run = await asking.run_ended(shop, wang)
    assert (run.state, run.reason) == (InvitationState.CANCELLED, "unreachable")
    (visit,) = await shop.stored(select(Visit).where(Visit.customer_id == run.customer_id))
    assert (visit.state, visit.outcome, visit.reason) == (VisitState.CANCELLED, None, "unreachable")


def has(label: str) -> Callable[[Json], bool]:
    """Whether a message has a button of that label."""
    return lambda message: label in [each["text"] for each in buttons(message)]
