"""One complaint from the first word to the recommendation: resolved, visited at the third try, recovered, asked."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import time
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from models.cases import Case, CaseState
from models.contact import Contact, ContactState
from models.messages import Author
from models.recovery import Recovery
from models.staff import Staff
from models.standards import Clock, Timed
from models.visits import Outcome, Visit, VisitState
from tests.stories.asking import question, runs_of
from tests.stories.shop import Agent, Customer, Shop, case_number
from tests.telegram import Json, buttons, words

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = range(5)
HOUR = 3600
ZONE = ZoneInfo("Asia/Shanghai")
#: A survey 130 hours after a Thursday's late morning falls due on a Tuesday night.
PLAN = """
[business]
name = { zh = "海港家居", en = "Harbour Home" }
timezone = "Asia/Shanghai"
[calendar]
mon = ["09:00-12:00", "13:00-18:00"]
tue = ["09:00-12:00", "13:00-18:00"]
wed = ["09:00-12:00", "13:00-18:00"]
thu = ["09:00-12:00", "13:00-18:00"]
fri = ["09:00-12:00", "13:00-18:00"]
[[tier]]
id = "regular"
first_response = "1h"
resolution = "8h"
[closing]
reopen_within = "3d"
[contact]
quiet = "21:00-09:00"
call_quiet = "12:00-14:00"
[[visit]]
id = "after_complaint"
when = "case_resolved"
kinds = ["complaint"]
after = "1d"
by = "agent"
not_handler = true
attempts = 3
questionnaire = "recovery"
[[visit]]
id = "after_repair"
when = "case_resolved"
kinds = ["request"]
after = "1d"
by = "bot"
[[survey]]
questionnaire = "nps"
when = "case_closed"
after = { complaint = "130h" }
[recovery]
csat_at_most = 2
to = "supervisor"
within = { regular = "4h" }
"""


class Week:
    """The days that several stories share: time moves on when each of them has come so far."""

    def __init__(self, shop: Shop, stories: int) -> None:
        self.shop = shop
        self.met = asyncio.Barrier(stories)

    async def comes(self, weekday: int, clock: str) -> None:
        if await self.met.wait() == 0:
            await self.shop.time_comes(weekday, clock)
        await self.met.wait()


@dataclass
class People:
    """Who handles matters, who else is there, and who is in charge."""

    chen: Agent
    lin: Agent
    sun: Agent


@pytest.mark.postgres_too
async def test_the_whole_way_in_both_languages(shop: Shop) -> None:
    people, week = await staff_of(shop), Week(shop, stories=2)
    async with asyncio.TaskGroup() as stories:
        stories.create_task(in_chinese(shop, people, week))
        stories.create_task(in_english(shop, people, week))


async def in_chinese(shop: Shop, people: People, week: Week) -> None:
    """Recovered by the supervisor after the score that the customer gives on the telephone."""
    chen, lin, sun = people.chen, people.lin, people.sun
    wang = await shop.customer()
    await week.comes(MONDAY, "10:00")
    number = await complains(wang, "洗衣机响得厉害", "complaint")
    await chen.says("/claim", to=wang)
    await chen.answers("师傅上午就来看", wang)
    await week.comes(MONDAY, "11:00")
    await chen.says("/resolve 换了减震脚", to=wang)
    told = await wang.hears("换了减震脚")
    assert [each["text"] for each in buttons(told)] == ["没有解决"], "a complaint is asked about in its visit"

    task = await visited(shop, week, chen, lin, wang, "没人接")
    first = await visit_of(shop, number)
    assert "由处理人以外的同事回访" in await chen.presses(task, "已接通")

    await presses(lin, task, "已接通", "填写问卷")
    form = await lin.sees("问题现在解决了吗", of=wang)
    await lin.presses(form, "否")
    form = await lin.sees("还差什么没有解决", of=wang)
    await lin.says("还是响", to=wang, reply_to=form)
    await lin.presses(await lin.sees("处理这次投诉的方式", of=wang), "2 不满意")
    await wang.hears("已经交给主管")
    await lin.presses(await lin.sees("服务态度怎么样", of=wang), "🙂 不错")
    await lin.presses(await lin.sees("还有什么想告诉我们", of=wang), "跳过")
    assert "还是响" in words(await lin.sees("已填完", of=wang))
    await shop.calms_down()

    visit = await visit_of(shop, number)
    assert (visit.id, visit.state, visit.outcome) == (first.id, VisitState.DONE, Outcome.PROBLEM)
    await goes_on_with_what_was_left(shop, number)
    assert "已经有结果" in await presses(lin, task, "还有问题")
    await lin.sees("结果：还有问题", of=wang)
    card = await chen.card(wang, f"工单 {number}")
    assert "重新处理 1 次" in words(card)
    assert "孙主管" in words(card)

    await sun.answers("实在抱歉，我带师傅一起过来", wang)
    await sun.says("/resolve 换了新的电机", to=wang)
    await wang.hears("换了新的电机")
    await week.comes(THURSDAY, "11:05")
    task = await shown_task(sun, wang, after=task)
    assert await owner_of(shop, number) == lin.name, "nor does one call whose handling failed"
    await presses(lin, task, "已接通", "客户满意")
    await recommends(shop, week, wang, "推荐给朋友", "9 非常可能")
    await question(wang, "因为什么")
    await wang.says("这次修得彻底")
    await wang.hears("谢谢您抽时间")

    written = await lin.sees("推荐意愿", of=wang)
    assert f"工单 {number} · 已填完" in words(written)
    assert "9 非常可能" in words(written)
    assert "这次修得彻底" in words(written)
    (recovery,) = await shop.stored(select(Recovery).where(Recovery.case_id == number))
    assert (recovery.missed_at, recovery.ended_at is None) == (None, False)
    await nothing_twice_and_nothing_at_night(shop, week, wang, ["recovery", "nps"])


async def in_english(shop: Shop, people: People, week: Week) -> None:
    """Taken up again by the agent's word for how the call went, and resolved by somebody else."""
    chen, lin, sun = people.chen, people.lin, people.sun
    anna = await shop.customer("Anna", language="en")
    await week.comes(MONDAY, "10:00")
    number = await complains(anna, "The washing machine is very loud", "complaint")
    await chen.says("/claim", to=anna)
    await chen.answers("Our fitter comes this morning", anna)
    await week.comes(MONDAY, "11:00")
    await chen.says("/resolve New rubber feet", to=anna)
    await anna.hears("We believe your case")

    task = await visited(shop, week, chen, lin, anna, "他人接听")
    assert "Is this a good moment for two minutes?" in words(task), "the words to say are in her language"
    noted = await lin.says("It still rattles", to=anna, reply_to=task)
    await lin.sees("备注已记下", of=anna, after=noted)
    await presses(lin, task, "已接通", "还有问题")
    await anna.hears(f"We are working on case {number} again")
    await shop.calms_down()
    assert (await visit_of(shop, number)).outcome is Outcome.PROBLEM
    await goes_on_with_what_was_left(shop, number)
    assert all("rattles" not in words(each) for each in await anna.chat()), "what staff note is theirs"

    await sun.answers("I am sorry; I will come along myself", anna)
    await sun.says("/resolve A new motor", to=anna)
    await anna.hears("A new motor")
    await week.comes(THURSDAY, "11:05")
    task = await shown_task(lin, anna, after=task)
    await presses(lin, task, "已接通", "客户满意")
    await recommends(shop, week, anna, "How likely are you to recommend us", "9 Very likely")
    await anna.presses(await question(anna, "main reason"), "Skip")
    await anna.hears("Thank you for taking the time")

    written = await lin.sees(f"工单 {number} · 已填完", of=anna, after=task)
    assert "9 非常可能" in words(written), "staff read it in theirs"
    await nothing_twice_and_nothing_at_night(shop, week, anna, ["nps"])


async def test_not_yet_after_the_time_to_reopen_is_a_new_case_that_names_its_parent(shop: Shop) -> None:
    chen = (await staff_of(shop)).chen
    wang = await shop.customer()
    await shop.time_comes(MONDAY, "10:00")
    number = await complains(wang, "水龙头滴水", "request")
    await chen.says("/claim", to=wang)
    await chen.says("/resolve 换了垫圈", to=wang)
    await wang.hears("换了垫圈")
    await shop.time_comes(TUESDAY, "11:00")
    asked = await wang.hears("现在都好了吗")
    await shop.time_comes(FRIDAY, "10:00")

    await wang.presses(asked, "还没有解决")

    answered = await wang.hears("很抱歉还没有好")
    new = case_number(answered)
    assert new != number
    await chen.sees("客户说还没有解决", of=wang)
    assert f"接续工单 {number}" in words(await chen.card(wang, f"工单 {new}"))
    before, after = await shop.stored(select(Case).where(col(Case.id).in_((number, new))).order_by(col(Case.id)))
    assert (before.state, before.reopened_count) == (CaseState.RESOLVED, 0)
    assert (after.parent_id, after.kind, after.subject) == (number, before.kind, before.subject)
    assert after.unfinished
    more = await wang.says("滴得更快了")
    await chen.sees("滴得更快了", of=wang, after=more)
    assert await shop.stored(select(col(Case.id)).where(Case.customer_id == after.customer_id)) == [number, new]


async def staff_of(shop: Shop) -> People:
    """The people of the module, who have private chats with the bot."""
    people = []
    for number, name in enumerate(("小陈", "小林", "孙主管")):
        person = await shop.agent(name, username=f"whole_{number}", id=4_910_000_000 + number)
        await person.says("早")
        await person.starts_bot()
        people.append(person)
    said = await shop.owner.says("/role @whole_2 supervisor")
    await shop.owner.sees("孙主管", after=said)
    return People(*people)


async def complains(customer: Customer, about: str, kind: str) -> int:
    """A matter of that kind; its number."""
    received = await customer.complains(about)
    number = case_number(received)
    await customer.presses(received, f"kind:{number}:{kind}")
    return number


async def visited(shop: Shop, week: Week, handler: Agent, other: Agent, customer: Customer, nobody: str) -> Json:
    """The visit from its first try on Tuesday, to the task of its third on Wednesday; `nobody`: the button."""
    await week.comes(TUESDAY, "11:05")
    task = await shown_task(other, customer)
    number = case_number(task)
    assert await owner_of(shop, number) == other.name
    assert handler.name not in words(task)
    for tries, (weekday, clock, again) in enumerate(((TUESDAY, "14:01", 14), (WEDNESDAY, "09:01", 9)), 1):
        await other.presses(task, nobody)
        visit = await visit_of(shop, number)
        assert (visit.state, visit.attempts) == (VisitState.MOVED, tries)
        at = visit.due_at.astimezone(ZONE)
        assert (at.weekday(), at.hour) == (weekday, again), "another half of the day"
        await week.comes(weekday, clock)
        task = await shown_task(other, customer, after=task)
    assert "3/3" in words(task)
    return task


async def shown_task(agent: Agent, customer: Customer, after: Json | None = None) -> Json:
    """The task that stands in the customer's topic."""
    return await agent.sees(of=customer, after=after, where=is_task)


def is_task(message: Json) -> bool:
    return any(str(each.get("callback_data", "")).endswith(":reached") for each in buttons(message))


async def presses(agent: Agent, message: Json, *labels: str) -> str:
    """One button after the other of a message that changes in place; the answer to the last."""
    answer = ""
    for label in labels:
        answer = await agent.presses(await agent.sees(where=shows(message, label)), label)
    return answer


def shows(message: Json, label: str) -> Callable[[Json], bool]:
    """Whether it is that message, with that button under it by now."""
    return lambda each: (
        each["message_id"] == message["message_id"] and label in [one["text"] for one in buttons(each)]
    )


async def goes_on_with_what_was_left(shop: Shop, number: int) -> None:
    """The same case is open again on Wednesday at nine: one working hour was used on Monday, seven are left."""
    case: Case = (await shop.stored(select(Case).where(Case.id == number)))[0]
    assert (case.state, case.reopened_count, case.parent_id) == (CaseState.OPEN, 1, None)
    of_case = select(Clock).where(Clock.case_id == number, Clock.what == Timed.RESOLUTION)
    (clock,) = await shop.stored(of_case)
    assert abs(clock.used - HOUR) < 60, "the night and the days between count nothing"
    due = clock.due_at.astimezone(ZONE)
    assert (due.weekday(), time(16, 59) < due.time() < time(17, 4)) == (WEDNESDAY, True), "with an hour for lunch"


async def recommends(shop: Shop, week: Week, customer: Customer, asks: str, answer: str) -> None:
    """The question falls due at night and comes in the morning; the customer answers it."""
    await week.comes(TUESDAY, "21:30")
    row = await customer.row()
    moved = select(Contact).where(
        Contact.customer_id == row.id, Contact.state == ContactState.MOVED, Contact.reason == "quiet"
    )
    assert await shop.stored(moved)
    await shop.calms_down()
    assert not [each for each in await customer.chat() if asks in words(each)], "not at half past nine at night"
    await week.comes(WEDNESDAY, "09:01")
    await customer.presses(await question(customer, asks), answer)


async def nothing_twice_and_nothing_at_night(
    shop: Shop, week: Week, customer: Customer, questionnaires: list[str]
) -> None:
    """Days later the customer has been asked that and no more, each once, and when one may."""
    await week.comes(MONDAY, "10:00")
    await shop.calms_down()
    assert [each.questionnaire for each in await runs_of(shop, customer)] == questionnaires
    said = await shop.words_of(customer, Author.BOT)
    assert len(said) == len(set(said)), "nothing is said twice"
    row = await customer.row()
    visits = await shop.stored(select(Visit).where(Visit.customer_id == row.id).order_by(col(Visit.id)))
    assert [each.outcome for each in visits] == [Outcome.PROBLEM, Outcome.WELL]
    contacts = await shop.stored(select(Contact).where(Contact.customer_id == row.id))
    sent = [each.sent_at.astimezone(ZONE).time() for each in contacts if each.sent_at]
    assert len(sent) >= len(visits) + 1
    assert all(time(9) <= at < time(21) for at in sent)
    calls = [each.begun_at.astimezone(ZONE) for each in visits]
    assert all(at.weekday() <= FRIDAY and at.hour in (9, 10, 11, 14, 15, 16, 17) for at in calls)


async def visit_of(shop: Shop, number: int) -> Visit:
    found: Sequence[Visit] = await shop.stored(select(Visit).where(Visit.case_id == number).order_by(col(Visit.id)))
    return found[-1]


async def owner_of(shop: Shop, number: int) -> str:
    """Who is to make the visit."""
    visit = await visit_of(shop, number)
    (person,) = await shop.stored(select(Staff).where(Staff.id == visit.owner_id))
    return str(person.name)
