"""Who may not: anonymous admins, channels, forwarded commands, and buttons that are somebody else's."""

import asyncio
from typing import Any

import pytest
from sqlmodel import select

from models.cases import Case, CaseState
from models.delivery import Inbox
from models.staff import Staff
from tests.stories.asking import runs_of
from tests.stories.shop import Agent, Customer, Shop, case_number
from tests.telegram import Json, words

CHANNEL = {"id": -1009999999999, "type": "channel", "title": "频道"}
HIDDEN = {"type": "hidden_user", "sender_user_name": "别人", "date": 1_700_000_000}
OTHER_BOT = {"id": 4_242, "is_bot": True, "first_name": "Gif", "username": "gif_bot"}


async def a_case(shop: Shop) -> tuple[Customer, Agent, int]:
    wang, chen = await shop.customer(), await shop.agent()
    await chen.says("大家早")
    number = case_number(await wang.complains("货不对板"))
    await chen.card(wang)
    return wang, chen, number


async def state_of(shop: Shop, number: int) -> tuple[CaseState, int | None]:
    case = (await shop.stored(select(Case).where(Case.id == number)))[0]
    return case.state, case.assignee_id


@pytest.mark.parametrize("disguise", [{"anonymous": True}, {"sender_chat": CHANNEL}], ids=["admin", "channel"])
async def test_s08_who_speaks_as_nobody_acts_as_nobody(shop: Shop, disguise: dict[str, Any]) -> None:
    wang, chen, number = await a_case(shop)

    await chen.says("/resolve 好了", to=wang, **disguise)
    await chen.sees("请用本人身份", of=wang)
    said = await chen.says("您好，我来处理", to=wang, **disguise)
    await chen.sees("请用本人身份", of=wang, after=said)
    said = await chen.says("/role @boss agent", **disguise)
    await chen.sees("请用本人身份", after=said)

    await shop.calms_down()
    assert await state_of(shop, number) == (CaseState.NEW, None)
    assert len(await wang.chat()) == 2
    nobody = await shop.stored(select(Staff).where(Staff.user_id.in_([1087968824, 136817688])))  # type: ignore[attr-defined]
    assert not nobody


async def test_s09_forwarded_commands_are_not_carried_out(shop: Shop) -> None:
    wang, chen, number = await a_case(shop)

    await chen.says("/resolve 好了", to=wang, forward_origin=HIDDEN)
    await chen.sees("转发来的命令不会执行", of=wang)
    said = await chen.says("/close", to=wang, via_bot=OTHER_BOT)
    await chen.sees("转发来的命令不会执行", of=wang, after=said)

    await shop.calms_down()
    assert await state_of(shop, number) == (CaseState.NEW, None)


async def test_s09_an_edit_into_a_command_is_not_carried_out(shop: Shop) -> None:
    wang, chen, number = await a_case(shop)
    said = await chen.answers("马上好", wang)

    await chen.edits(said, "/close")
    command = await wang.says("/help")
    await wang.edits(command, "/start")
    await shop.calms_down()

    assert (await state_of(shop, number))[0] is CaseState.OPEN
    assert not [each for each in await wang.chat() if "您好，这里是" in words(each)]


async def test_what_a_customer_passes_on_is_their_words_even_if_it_looks_like_a_command(shop: Shop) -> None:
    wang, chen, _ = await a_case(shop)

    await wang.says("/start 是商家让我发的", forward_origin=HIDDEN)
    await chen.sees("是商家让我发的", of=wang)
    await wang.says("投诉", forward_origin=HIDDEN)

    await shop.calms_down()
    assert words((await shop.topic_of(wang))[-1]) == "转发自 别人：\n投诉"


async def test_s07_another_customers_buttons_do_nothing(shop: Shop) -> None:
    wang, chen, number = await a_case(shop)
    thief = await shop.customer("小偷")
    own = await thief.complains("我也有事")
    await chen.says("/resolve 好了", to=wang)
    await wang.hears("您满意吗")

    run = (await runs_of(shop, wang))[-1].id
    for data in (f"q:{run}:0:5", f"q:{run}:1:!skip", f"unsolved:{number}:1", f"kind:{number}:praise"):
        assert "失效" in await thief.presses(own, data, forge=True), data

    assert (await state_of(shop, number))[0] is CaseState.RESOLVED


FORGED = (
    "q:",
    "q:1",
    "q:999999:0:5",
    "q:x:y:z",
    "q:1:0:",
    "form:1:0:5",
    "unsolved:",
    "kind:",
    "kind:1001:nonsense",
    "language:",
    "language:xx",
    "claim:",
    "claim:1001",
    "resolve:1",
    "😀",
    "x" * 64,
    "q:" + "9" * 61,
    "kind:²:praise",
    "q:١:0:5",
)


async def test_forged_buttons_are_refused_and_disturb_nothing(shop: Shop) -> None:
    wang = await shop.customer()
    await wang.says("/start")
    welcome = await wang.hears("您好")

    answers = await asyncio.gather(*(wang.presses(welcome, data, forge=True) for data in FORGED))

    assert dict(zip(FORGED, answers, strict=True)) == dict.fromkeys(FORGED, "这个按钮已经失效。")


async def test_staff_buttons_work_only_where_they_belong(shop: Shop) -> None:
    wang, chen, number = await a_case(shop)
    other = await shop.customer("赵敏")
    elsewhere = case_number(await other.complains("另一位客户的事"))
    card = await chen.card(wang)

    assert "失效" in await chen.presses(card, f"claim:{elsewhere}", forge=True)
    assert "失效" in await chen.presses(card, "claim:999999", forge=True)
    assert "失效" in await chen.presses(card, "claim:", forge=True)
    assert "失效" in await chen.presses(card, "q:1:0:5", forge=True)
    assert "失效" in await pressed_on(shop, chen, {**card, "forward_origin": HIDDEN}, f"claim:{number}")

    assert await state_of(shop, number) == (CaseState.NEW, None)
    assert await state_of(shop, elsewhere) == (CaseState.NEW, None)


async def pressed_on(shop: Shop, agent: Agent, message: Json, data: str) -> str:
    """A press under a message as it never stood in the chat; what the bot answers."""
    before = len(await shop.telegram.ledger("answerCallbackQuery"))
    shown = {key: value for key, value in message.items() if key in ("message_id", "chat", "date", "text", "from")}
    await shop.telegram.update(
        {
            "callback_query": {
                "id": "31",
                "from": agent.user,
                "chat_instance": "1",
                "data": data,
                "message": {
                    **shown,
                    "forward_origin": message["forward_origin"],
                    "message_thread_id": message["message_thread_id"],
                    "is_topic_message": True,
                },
            }
        }
    )
    calls = await shop.telegram.wait_calls("answerCallbackQuery", before + 1)
    return str(calls[-1]["params"].get("text"))


async def test_s10_the_bot_says_nothing_in_a_group_that_is_not_ours(shop: Shop) -> None:
    stranger = await shop.telegram.user("路人")
    foreign = await shop.telegram.group("别人的群", members=[stranger])

    for text in ("你好", "/start", "/help", "/role @boss agent", "/resolve"):
        await shop.telegram.say(stranger, text, chat=foreign)
    await shop.calms_down()

    assert all(each["author"] == stranger["id"] for each in await shop.telegram.chat(foreign))
    assert not await shop.stored(select(Staff).where(Staff.user_id == stranger["id"]))
    rows = await shop.stored(select(Inbox))
    assert not [row for row in rows if str(foreign["id"]) in row.raw], "what others say among themselves is not kept"
