"""The helpers that wait: they find what comes, and say what is there when it does not."""

import asyncio

import pytest

from tests.sandbox.bot import received, result
from tests.telegram import Telegram


async def test_a_message_that_comes_is_found(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    first = await result(telegram, "sendMessage", chat_id=person["id"], text="Hello")
    waiting = asyncio.ensure_future(telegram.wait_message(person, "Hello", after=first))
    await asyncio.sleep(0.05)
    await result(telegram, "sendMessage", chat_id=person["id"], text="Hello again")
    assert (await waiting)["text"] == "Hello again"
    assert len(await telegram.wait_calls("sendMessage", 2)) == 2


async def test_a_message_that_does_not_come_shows_the_chat(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    await telegram.say(person, "Is anybody there?")
    await telegram.say(person, sticker=True)
    with pytest.raises(AssertionError, match=r"(?s)'yes'.*Li: Is anybody there\?.*Li:  sticker"):
        await telegram.wait_message(person, "yes", timeout=0.1)
    with pytest.raises(AssertionError, match="no topic with 'Li'"):
        await telegram.wait_topic(await telegram.group("Staff", [person]), "Li", timeout=0.1)
    with pytest.raises(AssertionError, match="0 of 1 calls of sendDice"):
        await telegram.wait_calls("sendDice", timeout=0.1)


async def test_it_has_settled_when_everything_is_acknowledged(telegram: Telegram) -> None:
    await telegram.say(await telegram.user("Li"), "x")
    with pytest.raises(AssertionError, match="not settled"):
        await telegram.settled(quiet=0, timeout=0.1)
    await received(telegram)
    await telegram.settled(quiet=0.05)


async def test_a_sandbox_ends_with_the_test_that_started_it() -> None:
    another = await Telegram.start(limits={"group_per_minute": 5})
    assert (await another.limits())["group_per_minute"] == 5
    waiting = asyncio.ensure_future(another.call("getUpdates", timeout=30))
    await asyncio.sleep(0.05)
    waiting.cancel()
    await another.stop()
