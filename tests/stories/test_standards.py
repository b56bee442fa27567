"""The care plan runs the service: what is due stands on the card, who is late hears of it, the customer first."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlmodel import col, select

from models.cases import Case
from models.installation import PlanVersion
from models.messages import Author
from models.outbox import answer_lag
from models.standards import Clock, Timed
from models.timeline import CaseEvent
from tests.stories.shop import Agent, Customer, Shop, case_number, until
from tests.telegram import Json, buttons, words

PLAN = """
[business]
enrolment = "group"

[[tier]]
id = "regular"
first_response = "20m"
next_response = "40m"
resolution = "8h"

[escalation]
steps = [
  { at = 0.5, tell = "assignee" },
  { at = 0.8, tell = "department" },
  { at = 1.0, tell = "supervisor" },
  { at = 1.5, tell = "manager" },
]
update_every = { complaint = "1d" }

[closing]
remind_pending_after = "1d"
close_pending_after = "3d"
close_after_silence = { enquiry = "2d" }

[contact]
quiet = ""
"""

Found = TypeVar("Found")
#: What customers read, in both languages.
SAID = {
    "zh-hans": {
        "by": "最迟",
        "late": "可能会晚一些",
        "told": "已转告主管跟进",
        "promise": "客服预计",
        "waits": "还需要您回复",
        "closed": "没有收到您的回复",
        "chase": "怎么还没人回复我",
        "list": "最迟",
        "late_list": "已提醒客服",
    },
    "en": {
        "by": "answer you here by ",
        "late": "it may take longer",
        "told": "A supervisor has been told",
        "promise": "expect an answer by ",
        "waits": "is waiting for your answer",
        "closed": "We have not heard from you",
        "chase": "Still waiting, any news?",
        "list": "answer by",
        "late_list": "the team has been reminded",
    },
}


async def case_of(shop: Shop, number: int) -> Case:
    found: Case = (await shop.stored(select(Case).where(Case.id == number)))[0]
    return found


async def clocks_of(shop: Shop, number: int, what: Timed) -> list[Clock]:
    query = select(Clock).where(Clock.case_id == number, Clock.what == what).order_by(col(Clock.id))
    return list(await shop.stored(query))


async def events_of(shop: Shop, number: int, what: str) -> list[dict[str, Any]]:
    query = select(CaseEvent).where(CaseEvent.case_id == number, CaseEvent.kind == what).order_by(col(CaseEvent.id))
    return [event.details for event in await shop.stored(query)]


def mentioned(message: Json) -> set[int]:
    """Whom the message mentions, by Telegram's id."""
    return {entity["user"]["id"] for entity in message.get("entities", []) if entity["type"] == "text_mention"}


async def notes_of(shop: Shop, customer: Customer, count: int) -> list[Json]:
    """What was said in the topic of a time that runs out, once so much was said of it."""

    async def notes() -> list[Json]:
        return [
            each for each in await shop.topic_of(customer) if "时限：" in words(each) or "已超时，" in words(each)
        ]

    async def said() -> list[Json]:
        return [each for each in await notes() if not each.get("reply_markup") or "ack:" in str(each["reply_markup"])]

    return await until(said, lambda found: len(found) >= count)


def is_late(message: Json) -> bool:
    return "首次答复已超时" in words(message)


async def hears_each(people: dict[str, Customer], key: str) -> None:
    for language, person in people.items():
        await person.hears(SAID[language][key])


async def test_a_case_that_nobody_answers_goes_up_step_by_step_and_the_customer_hears_first(shop: Shop) -> None:
    chen, li = await shop.agent("小陈"), await shop.agent("李主管", username=None)
    await chen.says("早")
    joined = await li.says("早")
    await shop.owner.says("/role supervisor", reply_to=joined)
    await shop.owner.sees("主管", after=joined)
    for person in (li, shop.owner):
        await shop.telegram.say(person.user, "/start")
    wang, anna = await shop.customer("王芳"), await shop.customer("Anna", language="en")
    people = {"zh-hans": wang, "en": anna}
    number = case_number(await wang.complains("水壶漏水"))
    await anna.complains("My kettle leaks")
    await hears_each(people, "by")
    await chen.presses(await chen.card(wang, "首次答复："), "认领")
    await chen.card(anna, "首次答复：")

    await shop.time_passes(minutes=11)  # of 20
    asked = (await notes_of(shop, wang, 1))[0]
    assert "首次答复快到时限：" in words(asked)
    assert mentioned(asked) == {chen.id}
    assert await chen.presses(asked, "我知道了") == f"已记下：工单 {number} 您已知悉"
    shown = await chen.sees("小陈 已知悉", of=wang)
    assert shown["message_id"] == asked["message_id"]
    assert buttons(shown) == []
    assert mentioned(shown) == {chen.id}, "the message says what it said"
    assert await li.presses(asked, buttons(asked)[0]["callback_data"], forge=True) == "已经由 小陈 处理。"
    again = await chen.presses(asked, buttons(asked)[0]["callback_data"], forge=True)
    assert again == f"已记下：工单 {number} 您已知悉"
    await shop.calms_down()
    assert "李主管 已知悉" not in words((await notes_of(shop, wang, 1))[0])

    await shop.time_passes(minutes=6)  # 17: the department
    await notes_of(shop, wang, 2)
    assert SAID["zh-hans"]["late"] not in "".join(await shop.words_of(wang, Author.BOT))
    await shop.time_passes(minutes=2)  # 19: the customer hears, and so does whom they were referred to
    await hears_each(people, "late")
    await hears_each(people, "told")
    assert mentioned((await notes_of(shop, wang, 3))[-1]) == {li.id}

    await shop.time_passes(minutes=2)  # 21: missed
    await notes_of(shop, wang, 4)
    await chen.card(wang, "首次答复：已超时，应在")
    private = await shop.telegram.wait_message(li.user, "首次答复已超时", where=lambda each: "王芳" in words(each))
    assert "打开话题" in words(private)
    assert await li.presses(private, "我知道了") == f"已记下：工单 {number} 您已知悉"
    await shop.time_passes(minutes=10)  # 31: nobody is a manager, so the owner hears
    await shop.telegram.wait_message(shop.owner.user, f"工单 {number}")
    assert mentioned((await notes_of(shop, wang, 5))[-1]) == {shop.owner.id}

    await chen.answers("您好，马上给您换", wang)
    await chen.answers("We will send you a new one", anna)
    await shop.time_passes(minutes=30)
    assert (
        await chen.presses(asked, buttons(asked)[0]["callback_data"], forge=True) == f"工单 {number} 这一项已经完成"
    )
    await shop.calms_down()
    assert len(await notes_of(shop, wang, 5)) == 5, "each once, and nothing after the answer"
    assert [event["to"] for event in await events_of(shop, number, "escalated")] == [
        "assignee",
        "department",
        "supervisor",
        "supervisor",
        "manager",
    ]
    clock = (await clocks_of(shop, number, Timed.FIRST_RESPONSE))[0]
    assert clock.kept is False
    assert clock.used > 31 * 60
    await end(shop, chen, wang, anna)


async def test_steps_that_are_passed_at_one_look_are_told_to_all_whom_they_name(shop: Shop) -> None:
    chen, lin = await shop.agent("小陈"), await shop.agent("林主管", username=None)
    await chen.says("早")
    joined = await lin.says("早")
    await shop.owner.says("/role supervisor", reply_to=joined)
    await shop.owner.sees("主管", after=joined)
    staff = (chen.user, lin.user, shop.owner.user)
    for user in staff:
        await shop.telegram.say(user, "/start")
    zhao, ben = await shop.customer("赵六"), await shop.customer("Ben", language="en")
    await zhao.complains("门关不上")
    number = case_number(await ben.complains("The door does not close"))
    for person in (zhao, ben):
        await chen.presses(await chen.card(person, "首次答复："), "认领")

    await shop.time_passes(minutes=31)

    await hears_each({"zh-hans": zhao, "en": ben}, "told")
    for person, name in ((zhao, "赵六"), (ben, "Ben")):
        (note,) = await notes_of(shop, person, 1)
        assert mentioned(note) >= {user["id"] for user in staff}
        for user in staff:
            private = await shop.telegram.wait_message(user, f"（{name}", where=is_late)
            assert "打开话题" in words(private)
    assert [event["to"] for event in await events_of(shop, number, "escalated")] == [
        "assignee",
        "department",
        "supervisor",
        "manager",
    ]
    await end(shop, chen, zhao, ben)
    await shop.telegram.leave(lin.user, shop.group)


async def test_a_case_that_waits_for_the_customer_stands_still_and_goes_on_with_what_was_left(shop: Shop) -> None:
    wang, anna, chen = await shop.customer(), await shop.customer("Anna", language="en"), await shop.agent("小陈")
    people = {"zh-hans": wang, "en": anna}
    await chen.says("早")
    number, silent = (
        case_number(await wang.complains("想换个颜色")),
        case_number(await anna.complains("The spout is bent")),
    )
    await chen.answers("您要哪种颜色", wang)
    await chen.answers("Could you send a photo?", anna)
    await shop.time_passes(hours=3)
    for person in people.values():
        await chen.presses(await chen.card(person), "等待客户")
        await chen.card(person, "待客户回复")
    assert (await case_of(shop, number)).due_at is None
    await shop.time_passes(hours=25)
    await hears_each(people, "waits")

    await wang.says("蓝色")
    await chen.card(wang, "答复客户：")
    left = left_of((await clocks_of(shop, number, Timed.RESOLUTION))[0])
    assert 4.9 * 3600 < left < 5 * 3600, "three of eight hours were used before the question"
    await chen.answers("好的，换蓝色", wang)
    await chen.says("/resolve 已换蓝色", to=wang)
    question = await wang.hears("已换蓝色")
    await chen.card(wang, "已处理待确认")
    assert (await clocks_of(shop, number, Timed.RESOLUTION))[0].kept is True
    await shop.time_passes(hours=1)
    await wang.presses(question, "没有解决")
    await chen.card(wang, "重新处理 1 次")
    assert abs(left_of((await clocks_of(shop, number, Timed.RESOLUTION))[0]) - left) < 30
    await chen.says("/resolve 换好了", to=wang)
    await wang.hears("换好了")

    await shop.time_passes(days=2, hours=2)
    await anna.hears(SAID["en"]["closed"])
    for person, name in ((anna, silent), (wang, number)):
        await chen.card(person, "已办结")
        assert [event.get("why") for event in await events_of(shop, name, "closed")] == ["silence"]
    heard = await shop.words_of(anna, Author.BOT)
    assert sum(SAID["en"]["waits"] in each for each in heard) == 1
    assert SAID["zh-hans"]["closed"] not in "".join(await shop.words_of(wang, Author.BOT)), "who was served has peace"
    await end(shop, chen)


async def test_who_asks_where_it_stands_is_counted_and_told_of_the_time_that_an_agent_names(shop: Shop) -> None:
    wang, anna, chen = await shop.customer(), await shop.customer("Anna", language="en"), await shop.agent("小陈")
    people = {"zh-hans": wang, "en": anna}
    await chen.says("早")
    number = case_number(await wang.complains("快递到哪了"))
    await anna.complains("Where is my parcel")
    for language, person in people.items():
        await person.says(SAID[language]["chase"])
        note = await chen.sees("的进度（第 1 次）", of=person)
        assert "首次答复时限" in words(note)
        await person.says("/mycases")
        await person.hears(SAID[language]["list"])
        await chen.card(person, "客户已催 2 次")
    await shop.time_passes(minutes=61)
    for language, person in people.items():
        await person.says("/mycases")
        await person.hears(SAID[language]["late_list"])
        await chen.sees("（第 3 次）", of=person)

    await chen.says("/promise 昨天", to=wang)
    await chen.sees("请写一个将来的时间", of=wang)
    for person in people.values():
        await chen.says("/promise 2h", to=person)
        await chen.sees("已告诉客户", of=person)
        await chen.card(person, "承诺的答复")
    await hears_each(people, "promise")
    await chen.answers("明天到", wang)
    await chen.answers("Tomorrow", anna)
    assert [clock.kept for clock in await clocks_of(shop, number, Timed.PROMISE)] == [True]
    await wang.says("谢谢")
    await chen.sees("谢谢", of=wang)
    await wang.says("/mycases")
    await shop.calms_down()
    assert (await case_of(shop, number)).chased_count == 3
    assert await clocks_of(shop, number, Timed.NEXT_RESPONSE) == [], "thanks want no answer"
    await end(shop, chen, wang, anna)


async def test_a_case_keeps_the_times_that_it_was_promised(shop: Shop) -> None:
    before = {"zh-hans": await shop.customer(), "en": await shop.customer("Anna", language="en")}
    after = {"zh-hans": await shop.customer("李雷"), "en": await shop.customer("Ben", language="en")}
    chen = await shop.agent("小陈")
    await chen.says("早")
    opened = {"zh-hans": "少了一个盖子", "en": "The lid is missing"}
    first = [case_number(await person.complains(opened[language])) for language, person in before.items()]
    plan = Path(shop.bot.environment["PLAN_FILE"])
    known = len(await shop.stored(select(PlanVersion)))
    plan.write_text(PLAN.replace('"20m"', '"50m"').replace("supervisor", "manager"), "utf-8")
    await until(lambda: shop.stored(select(PlanVersion)), lambda found: len(found) > known)
    second = [case_number(await person.complains(opened[language])) for language, person in after.items()]
    for person in (*before.values(), *after.values()):
        await chen.card(person, "首次答复：")

    await shop.time_passes(minutes=22)
    for person in before.values():
        await chen.card(person, "首次答复：已超时")
    for number in first:
        assert (await events_of(shop, number, "escalated"))[-1]["to"] == "supervisor"
    await shop.time_passes(minutes=4)
    for person in after.values():
        await notes_of(shop, person, 1)
    for number in second:
        assert [event["to"] for event in await events_of(shop, number, "escalated")] == ["assignee"]
    for numbers, minutes in ((first, 20), (second, 50)):
        for number in numbers:
            assert (await clocks_of(shop, number, Timed.FIRST_RESPONSE))[0].allowed == minutes * 60
    for people, word in ((before, "late_list"), (after, "list")):
        for language, person in people.items():
            asked = await person.says("/mycases")
            await person.hears(SAID[language][word], after=asked)
    plan.write_text(PLAN, "utf-8")
    await end(shop, chen, *before.values(), *after.values())


async def test_how_long_an_answer_took_to_arrive_is_a_figure_of_its_own(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await chen.says("早")
    number = case_number(await wang.complains("收到的杯子是碎的"))
    await wang.topic()
    await shop.calms_down()
    began = datetime.now(UTC)
    await shop.telegram.fault("status", "sendMessage", code=429, chat_id=wang.id, parameters={"retry_after": 3})

    said = await chen.answers("请拍张照片", wang)
    await shop.calms_down()

    async with shop.database.reading() as session:
        lag = await answer_lag(session, began)
    assert lag["count"] == 1
    assert 2 <= lag["median_seconds"] == lag["p95_seconds"] <= 10
    (met,) = await clocks_of(shop, number, Timed.FIRST_RESPONSE)
    assert met.ended_at is not None
    ahead = (await shop.now() - datetime.now(UTC)).total_seconds()
    late = met.ended_at.timestamp() - ahead - said["date"]
    assert abs(late) < 1.5, "the clock stopped at Telegram's time, whenever the words arrived"
    await end(shop, chen, wang)


def left_of(clock: Clock) -> float:
    """What is left of the time of a clock that runs (seconds)."""
    assert clock.due_at is not None
    assert clock.running_since is not None
    return (clock.due_at - clock.running_since).total_seconds()


async def end(shop: Shop, chen: Agent, *customers: Customer) -> None:
    """Nothing is left to fall due in the next story, and its people are its own."""
    for customer in customers:
        await chen.says("/close", to=customer)
        await chen.card(customer, "已办结")
    await shop.telegram.leave(chen.user, shop.group)
    await shop.calms_down()
