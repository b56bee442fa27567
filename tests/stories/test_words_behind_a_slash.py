"""Customers who begin with a slash, and who only press the button for a person: what they say is heard."""

from typing import Any

import pytest
from sqlmodel import col, select

from models.cases import Case, CaseKind
from models.customers import Customer as Row
from models.messages import Author, Message
from tests.stories.shop import Agent, Customer, Shop, case_number
from tests.telegram import words

PLAN = """
[business]
name = { zh = "海港家居", en = "Harbour Home" }
[[severity]]
id = "critical"
name = { zh = "重大", en = "Critical" }
keywords = ["漏电", "起火", "着火", "fire", "smoke"]
around_the_clock = true
say = { zh = "请先断电，离开危险处。", en = "Please switch off the power and step away." }
[[alarm]]
id = "authority"
name = { zh = "外部投诉风险", en = "Outside complaint" }
keywords = ["12315", "lawyer"]
"""
SAFETY = {"zh": "请先断电", "en": "Please switch off the power"}
UNKNOWN = {"zh": "没有这个命令", "en": "There is no such command"}
LANGUAGE = {"zh": "zh-hans", "en": "en"}


async def cases_of(shop: Shop, customer: Customer) -> list[Case]:
    row = await customer.row()
    return list(await shop.stored(select(Case).where(Case.customer_id == row.id).order_by(col(Case.id))))


async def somebody(shop: Shop, language: str) -> tuple[Customer, Agent]:
    customer = await shop.customer("王芳" if language == "zh" else "Anna", language=LANGUAGE[language])
    chen = await shop.agent()
    await chen.says("大家早")
    return customer, chen


DANGER = [
    ("zh", "/投诉 你们的电热水壶漏电，把我妈手麻了", ""),
    ("zh", "/起火了", ""),
    ("zh", "/help 起火了", "/mycases 查看进度"),
    ("zh", "/start 着火了", "您好"),
    ("en", "/complaint the heater is on fire", ""),
    ("en", "/urgent\nthere is smoke and my mother is hurt", ""),
    ("en", "/fire", ""),
    ("en", "/start fire", "Harbour Home"),
    ("en", "/language fire", "请选择语言 / Please choos"),
    ("en", "/resolve smoke everywhere", ""),
]


@pytest.mark.parametrize(("language", "text", "answer"), DANGER)
async def test_danger_behind_a_slash_is_answered_with_safety_words(
    shop: Shop, language: str, text: str, answer: str
) -> None:
    customer, chen = await somebody(shop, language)

    said = await customer.says(text)

    await customer.hears(SAFETY[language], after=said)
    await chen.sees(text, of=customer)
    if answer:
        await customer.hears(answer, after=said)
    await shop.calms_down()
    assert await shop.words_of(customer, Author.CUSTOMER) == [text]
    assert [case.severity for case in await cases_of(shop, customer)] == ["critical"]
    assert not [each for each in await customer.chat() if UNKNOWN[language] in words(each)]


@pytest.mark.parametrize(
    ("language", "text"), [("zh", "/投诉 水壶送来就是坏的"), ("en", "/complaint the kettle came broken")]
)
async def test_a_slash_before_a_complaint_opens_its_case(shop: Shop, language: str, text: str) -> None:
    customer, chen = await somebody(shop, language)

    received = await customer.complains(text)
    await chen.sees(text, of=customer)
    more = "/还有 发票也没寄" if language == "zh" else "/also no invoice"
    await customer.says(more)
    await chen.sees(more, of=customer)
    law = "/help 我要打12315" if language == "zh" else "/help my lawyer will write"
    await customer.says(law)
    await chen.sees(law, of=customer)

    await shop.calms_down()
    (case,) = await cases_of(shop, customer)
    assert (case.id, case.subject, case.suggested_kind) == (case_number(received), text, CaseKind.COMPLAINT)
    assert case.alarm == "authority"
    assert await shop.words_of(customer, Author.CUSTOMER) == [text, more, law]


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_command_alone_and_a_link_are_no_words(shop: Shop, language: str) -> None:
    customer, _ = await somebody(shop, language)

    said = await customer.says("/whatisthis")
    await customer.hears(UNKNOWN[language], after=said)
    for text in ("/start smoke-detector", "/start poster", "/help", "/language", "/mycases", "/privacy"):
        await customer.says(text)

    await shop.calms_down()
    assert await cases_of(shop, customer) == []


async def test_a_command_that_becomes_words_is_heard_when_edited(shop: Shop) -> None:
    anna, chen = await somebody(shop, "en")
    said = await anna.says("/help")
    await anna.hears("/mycases", after=said)

    await anna.edits(said, "/privacy")
    await anna.edits(said, "/complaint my heater is on fire")

    await anna.hears(SAFETY["en"], after=said)
    await chen.sees("/complaint my heater is on fire", of=anna)
    await anna.edits(said, "/complaint my heater was on fire")
    await chen.sees("my heater was on fire", of=anna)
    await shop.calms_down()
    assert not [each for each in await anna.chat() if "delete it" in words(each)], "no edit is a command"
    assert len(await cases_of(shop, anna)) == 1


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_slash_under_a_picture_or_without_telegrams_marks_is_heard(shop: Shop, language: str) -> None:
    customer, chen = await somebody(shop, language)
    caption = "/投诉 漏电" if language == "zh" else "/help smoke"
    photo: list[Any] = [{"file_id": "p", "file_unique_id": "p", "width": 9, "height": 9}]

    said = await customer.says(photo=photo, caption=caption)

    await customer.hears(SAFETY[language], after=said)
    await shop.telegram.update(
        {
            "message": {
                "message_id": 900_001,
                "date": said["date"],
                "chat": {"id": customer.id, "type": "private"},
                "from": customer.user,
                "text": "/也没有标记 的话",
            }
        }
    )
    await chen.sees("/也没有标记 的话", of=customer)


async def test_staff_who_mistype_a_command_alone_with_the_bot_are_staff(shop: Shop) -> None:
    chen = await shop.agent("小陈")
    await chen.says("大家早")
    await chen.starts_bot()

    for text in ("/nonsense", "/nonsense 漏电", "/投诉 漏电", "/language fire"):
        said = await shop.telegram.say(chen.user, text)
        await chen.hears("" if text == "/language fire" else "这个命令不在这里使用", after=said)

    await shop.calms_down()
    theirs = select(Message.text).join(Row, col(Row.id) == Message.customer_id)
    theirs = theirs.where(Row.user_id == chen.id, Message.author == Author.CUSTOMER)
    assert await shop.stored(theirs) == []


PERSON = [
    ("zh", "我要投诉", "转人工", "水壶漏水", "水壶是新的"),
    ("en", "Make a complaint", "Talk to a person", "The kettle leaks", "It is new"),
]


@pytest.mark.parametrize(("language", "complain", "person", "matter", "more"), PERSON)
async def test_the_button_for_a_person_is_nobodys_matter(
    shop: Shop, language: str, complain: str, person: str, matter: str, more: str
) -> None:
    customer, chen = await somebody(shop, language)

    await customer.says(complain)
    said = await customer.says(person)
    await customer.hears("编号" if language == "zh" else "Your case number", after=said)
    await chen.card(customer, "想找人工客服")
    (case,) = await cases_of(shop, customer)
    assert (case.subject, case.kind) == ("想找人工客服", CaseKind.COMPLAINT)

    await customer.says(person)
    await customer.says(matter)
    await chen.card(customer, matter)
    await customer.says(person)
    await customer.says(more)
    await chen.sees(more, of=customer)
    await shop.calms_down()
    assert [case.subject for case in await cases_of(shop, customer)] == [matter]
    assert await shop.words_of(customer, Author.CUSTOMER) == [person, person, matter, person, more]
