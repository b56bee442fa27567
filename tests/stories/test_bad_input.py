"""What no client sends, and names that no parent gives: a clear answer or silence, the words kept, no harm."""

import time
from typing import Any

import pytest
from sqlmodel import col, select

from models.delivery import Inbox, InboxState
from models.messages import Author
from tests.stories.shop import Customer, Shop, case_number
from tests.telegram import words

HOSTILE_NAMES = {
    "markup": "<3 & <b>",
    "markdown": "_x_ *y* [z](tg://user?id=1)",
    "long": "长" * 200,
    "right to left": "\u202eevil\u202c \u200f\u2067שלום\u2069",
    "braces": "{{ 7*7 }} {number} %s",
    "emoji": "👨‍👩‍👧‍👦🏳️‍🌈",
    "invisible": "\u200b\u2060\ufeff",
    "lines": "first\nsecond\ttab",
    "staff": "系统管理员",
}


@pytest.mark.parametrize("name", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES.keys())
async def test_f36_a_name_is_shown_as_it_is_and_breaks_nothing(shop: Shop, name: str) -> None:
    wang, chen = await shop.customer(name, last_name="", username=None), await shop.agent()
    await chen.says("早")
    number = case_number(await wang.complains("名字有点怪"))
    row = await wang.row()
    thread = (await shop.telegram.wait_topic(shop.group, f"#{row.id}"))["thread_id"]
    in_topic = {"thread": thread}

    card = await shop.telegram.wait_message(shop.group, f"工单 {number}", thread=thread)
    assert f"编号 {row.id}" in words(card)
    assert not {"\u202e", "\u200f", "\n"} & set(row.name)
    await chen.says("您好", **in_topic)
    await wang.hears("您好")
    await shop.telegram.block(wang.user)
    told = await shop.telegram.wait_message(shop.group, "停用了本机器人", thread=thread)
    assert row.name in words(told).replace("\N{WORD JOINER}", "")
    assert not await parse_errors(shop)


async def parse_errors(shop: Shop) -> list[Any]:
    """Calls that Telegram refused for their markup."""
    calls = await shop.telegram.ledger(kind="call")
    return [call for call in calls if "entities" in str(call.get("description", ""))]


@pytest.mark.parametrize("first_name", ["", "\u200b"], ids=["empty", "invisible"])
async def test_somebody_without_a_visible_name_goes_by_a_number(shop: Shop, first_name: str) -> None:
    user = await shop.telegram.user("x", language_code="zh-hans")
    await shop.telegram.control("user", id=user["id"], first_name=first_name)
    wang = Customer(shop, {**user, "first_name": first_name})

    await wang.complains("没有名字")

    row = await wang.row()
    assert row.name == f"#{row.id}"
    topic = await shop.telegram.wait_topic(shop.group, row.name)
    assert topic["name"] == row.name


@pytest.mark.postgres_too
async def test_words_with_nul_and_lone_surrogates_arrive_without_them(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await wang.complains("先说一句")

    await inject(shop, wang, r"坏\u0000字符\ud83d和半个表情")

    await chen.sees("和半个表情", of=wang)
    assert await shop.words_of(wang, Author.CUSTOMER) == ["先说一句", "坏\ufffd字符\ufffd和半个表情"]


async def inject(shop: Shop, wang: Customer, text: str, more: str = "") -> None:
    """A message whose text is given as it stands in JSON."""
    update_id = 900_000_000 + time.monotonic_ns() % 90_000_000
    raw = (
        f'{{"update_id": {update_id}, "message": {{"message_id": {update_id % 1_000_000}, "date": 1793000000, '
        f'"chat": {{"id": {wang.id}, "type": "private", "first_name": "x"}}, '
        f'"from": {{"id": {wang.id}, "is_bot": false, "first_name": "x"}}, "text": "{text}"{more}}}}}'
    )
    await shop.telegram.update(raw=raw)


async def test_f15_a_kind_of_update_that_telegram_adds_tomorrow_is_left_alone(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()

    await shop.telegram.update({"telepathy": {"from": wang.user, "thought": "?"}})
    await wang.complains("正常的话")

    await chen.sees("正常的话", of=wang)


BROKEN: dict[str, Any] = {
    "no date": {"message_id": 5, "chat": {"id": 1, "type": "private"}, "text": "没有日期的话"},
    "no chat": {"message_id": 5, "date": 1793000000, "text": "没有聊天的话"},
    "chat is a word": {"message_id": 5, "date": 1793000000, "chat": "here", "text": "聊天是一个词"},
    "from is a number": {
        "message_id": 5,
        "date": 1793000000,
        "chat": {"id": 1, "type": "private"},
        "from": 7,
        "text": "来源是个数",
    },
    "date is a word": {
        "message_id": 5,
        "date": "today",
        "chat": {"id": 1, "type": "private"},
        "text": "日期是一个词",
    },
    "user without id": {
        "message_id": 5,
        "date": 1793000000,
        "chat": {"id": 1, "type": "private"},
        "from": {"is_bot": False, "first_name": "谁"},
        "text": "没有编号的人",
    },
}


async def test_f16_words_that_cannot_be_read_reach_staff_as_they_came(open_all_day: Shop) -> None:
    shop = open_all_day  # the log will hold errors, as it should
    wang, chen = await shop.customer(), await shop.agent()

    ids = [await shop.telegram.update({"message": message}) for message in BROKEN.values()]
    await wang.complains("下一位客户不受影响")

    await chen.sees("下一位客户不受影响", of=wang)
    for update_id, message in zip(ids, BROKEN.values(), strict=True):
        raw = await chen.sees(message["text"])
        assert "原文如下" in words(raw)
        assert str(update_id) in words(raw)
    dead = select(Inbox).where(col(Inbox.update_id).in_(ids), col(Inbox.state) == InboxState.DEAD)
    assert len(await shop.stored(dead)) == len(ids)
