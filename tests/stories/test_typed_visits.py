"""Customers who answer a visit, or the stars under what was done, in words of their own."""

import pytest

from models.messages import Author
from models.visits import Outcome, VisitState
from tests.stories import test_visits
from tests.stories.asking import scored
from tests.stories.shop import Agent, Customer, Shop
from tests.stories.test_visits import case_numbered, resolved, task, visit_of
from tests.telegram import Json, buttons, words

PLAN = (
    test_visits.PLAN
    + """
[[severity]]
id = "critical"
name = { zh = "紧急", en = "Critical" }
keywords = ["还是不行"]
around_the_clock = true
"""
)
QUESTION = {"zh-hans": "现在都好了吗", "en": "is everything all right now?"}


async def asked(shop: Shop, language: str = "zh-hans") -> tuple[Customer, Agent, int, Json]:
    """A customer whom the bot has just asked how it is."""
    customer, agent, number = await resolved(shop, "request", "水龙头滴水", language)
    await shop.time_passes(days=1, minutes=1)
    return customer, agent, number, await customer.hears(QUESTION[language])


async def without_buttons(customer: Customer, question: Json) -> None:
    await customer.hears(where=lambda each: each["message_id"] == question["message_id"] and not buttons(each))


@pytest.mark.parametrize(
    ("language", "text", "told"),
    [("zh-hans", "都好了，谢谢", "那就好"), ("en", "everything works now", "Good to hear")],
)
async def test_all_well_in_words(shop: Shop, language: str, text: str, told: str) -> None:
    customer, chen, number, question = await asked(shop, language)

    said = await customer.says(text)

    thanked = await customer.hears(told, after=said)
    await without_buttons(customer, question)
    await chen.sees(text, of=customer)
    await chen.sees("客户说一切都好", of=customer)
    case = await case_numbered(shop, number)
    assert (case.state, case.reopened_count) == ("closed", 0)
    assert (await visit_of(shop, number)).outcome is Outcome.WELL
    assert text in await shop.words_of(customer, Author.CUSTOMER)
    assert len(buttons(thanked)) == 1, "should it not last: not yet"


@pytest.mark.parametrize(
    ("language", "text", "told"), [("zh-hans", "还没好", "很抱歉还没有好"), ("en", "Not yet.", "not right yet")]
)
async def test_not_yet_in_words_reopens_once(shop: Shop, language: str, text: str, told: str) -> None:
    customer, chen, number, question = await asked(shop, language)

    said = await customer.says(text)

    await customer.hears(told, after=said)
    await without_buttons(customer, question)
    await chen.sees("客户说还没有解决", of=customer)
    await shop.calms_down()
    case = await case_numbered(shop, number)
    assert (case.state, case.reopened_count) == ("open", 1)
    after = [words(each) for each in await customer.chat() if each["message_id"] > said["message_id"]]
    assert len(after) == 1, after


@pytest.mark.parametrize(
    ("language", "busy", "when", "then", "call", "called"),
    [
        ("zh-hans", "正在忙", "什么时候再问", "明天", "打电话给我", "会给您打电话"),
        ("en", "busy now", "When would suit", "tomorrow", "call me please", "will call you"),
    ],
)
async def test_later_tomorrow_and_a_call_in_words(
    shop: Shop, language: str, busy: str, when: str, then: str, call: str, called: str
) -> None:
    customer, chen, number, question = await asked(shop, language)

    said = await customer.says(busy)
    offered = await customer.hears(when, after=said)
    assert len(buttons(offered)) == 3
    await without_buttons(customer, question)
    await customer.says(then)
    await without_buttons(customer, offered)
    await chen.sees("改天再问", of=customer)
    assert (await visit_of(shop, number)).state is VisitState.MOVED
    assert (await case_numbered(shop, number)).reopened_count == 0
    await shop.time_passes(days=1, hours=1)
    await customer.hears(QUESTION[language], after=offered)

    await customer.says(call)

    await customer.hears(called)
    await task(chen, customer)


@pytest.mark.parametrize(
    ("language", "text", "told"),
    [("zh-hans", "不需要回访", "以后不再回访您"), ("en", "don't need a call", "no more check-ins")],
)
async def test_no_more_visits_in_words(shop: Shop, language: str, text: str, told: str) -> None:
    customer, chen, number, question = await asked(shop, language)

    await customer.says(text)

    await customer.hears(told)
    await without_buttons(customer, question)
    await chen.sees("不想再接受回访", of=customer)
    assert (await visit_of(shop, number)).outcome is Outcome.STOP
    assert (await case_numbered(shop, number)).reopened_count == 0


async def test_other_words_reach_staff_reopen_and_leave_no_buttons(shop: Shop) -> None:
    wang, chen, number, question = await asked(shop)

    await wang.says("好了，但是遥控器坏了")

    await wang.hears("已重新开始处理")
    await without_buttons(wang, question)
    await chen.sees("客户对回访的回答", of=wang)
    assert (await visit_of(shop, number)).outcome is Outcome.WORDS


async def test_words_of_danger_are_never_an_answer(shop: Shop) -> None:
    wang, _, number, _ = await asked(shop)

    await wang.says("还是不行")

    await wang.hears("已重新开始处理")
    assert (await visit_of(shop, number)).outcome is Outcome.WORDS, "said of no danger, it would be: not yet"


@pytest.mark.parametrize(
    ("language", "high", "low", "thanked"),
    [("zh-hans", "非常满意", "太差了", "非常满意"), ("en", "5 stars", "terrible", "Very satisfied")],
)
async def test_the_stars_under_what_was_done_are_typed(
    shop: Shop, language: str, high: str, low: str, thanked: str
) -> None:
    customer, chen, number = await resolved(shop, "request", "灯坏了", language)
    said = await customer.says(high)
    await customer.hears(
        thanked, where=lambda each: each["message_id"] < said["message_id"] and len(buttons(each)) == 2
    )
    await chen.sees(high, of=customer)
    await shop.calms_down()
    case = await case_numbered(shop, number)
    assert (await scored(shop, number), case.state, case.reopened_count) == (5, "closed", 0)

    customer, chen, number = await resolved(shop, "request", "灯又坏了", language)
    await customer.says(low)
    await chen.sees(low, of=customer)
    await shop.calms_down()
    case = await case_numbered(shop, number)
    assert (await scored(shop, number), case.state, case.reopened_count) == (1, "open", 1)
    await customer.says("没有人来过" if language == "zh-hans" else "nobody came")
    await chen.card(customer, "没有人来过" if language == "zh-hans" else "nobody came")
