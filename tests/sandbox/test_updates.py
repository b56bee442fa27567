"""Offsets, long polls, retention, injected updates."""

import asyncio
import json
import time

import aiohttp
import pytest

from tests.sandbox.bot import received, refusal, result
from tests.telegram import Json, Telegram


async def poll(telegram: Telegram, **params: object) -> list[Json]:
    updates: list[Json] = await result(telegram, "getUpdates", **params)
    return updates


@pytest.fixture(autouse=True)
async def nothing_waits(telegram: Telegram) -> None:
    await received(telegram)
    # Past the half second in which a repeated offset gets one update only.
    await telegram.clock(1)


async def test_updates_stay_until_the_offset_passes_them(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    for number in range(3):
        await telegram.say(person, str(number))
    first = await poll(telegram, limit=2)
    assert [update["message"]["text"] for update in first] == ["0", "1"]
    assert (await telegram.state())["unacked"] == 2
    again = await poll(telegram, offset=first[0]["update_id"])
    assert [update["message"]["text"] for update in again] == ["0", "1", "2"]
    rest = await poll(telegram, offset=first[1]["update_id"] + 1)
    assert [update["message"]["text"] for update in rest] == ["2"]
    assert await poll(telegram, offset=rest[0]["update_id"] + 1) == []
    assert (await telegram.state())["unacked"] == 0


async def test_a_hasty_repeat_of_an_offset_gets_one_update(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    await telegram.say(person, "0")
    await telegram.say(person, "1")
    assert len(await poll(telegram, offset=1)) == 2
    assert len(await poll(telegram, offset=1)) == 1
    await telegram.clock(1)
    assert len(await poll(telegram, offset=1)) == 2


async def test_a_negative_offset_keeps_the_newest(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    for number in range(5):
        await telegram.say(person, str(number))
    last = await poll(telegram, offset=-2)
    assert [update["message"]["text"] for update in last] == ["3", "4"]


async def test_an_offset_from_the_far_future_is_ignored(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    await telegram.say(person, "0")
    assert len(await poll(telegram, offset=2_000_000_000)) == 1


async def test_a_long_poll_ends_when_somebody_speaks(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    began = time.monotonic()
    waiting = asyncio.ensure_future(poll(telegram, timeout=20))
    await asyncio.sleep(0.1)
    await telegram.say(person, "now")
    assert [update["message"]["text"] for update in await waiting] == ["now"]
    assert time.monotonic() - began < 5


async def test_the_older_of_two_pollers_is_told_of_the_conflict(telegram: Telegram) -> None:
    older = asyncio.ensure_future(telegram.call("getUpdates", timeout=20))
    await asyncio.sleep(0.1)
    newer = asyncio.ensure_future(poll(telegram, timeout=20))
    answer = await older
    assert answer["error_code"] == 409
    assert answer["description"] == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    await telegram.say(await telegram.user("Li"), "x")
    assert len(await newer) == 1


async def test_a_poller_that_hangs_up_takes_nothing_with_it(telegram: Telegram) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(telegram.call("getUpdates", timeout=20), 0.2)
    await telegram.say(await telegram.user("Li"), "x")
    assert (await telegram.state())["pending"] == 1
    assert len(await poll(telegram, timeout=1)) == 1


async def test_messages_wait_a_day_and_presses_150_seconds(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}
    sent = await result(telegram, "sendMessage", chat_id=person["id"], text="?", reply_markup=keyboard)
    await telegram.say(person, "words")
    await telegram.press(person, sent, "Yes")
    await telegram.clock(151)
    assert [set(update) - {"update_id"} for update in await poll(telegram)] == [{"message"}]
    await telegram.clock(24 * 3600)
    assert await poll(telegram) == []
    assert len(await telegram.ledger(kind="expired")) >= 2


async def test_a_bot_hears_the_kinds_it_asked_for(telegram: Telegram) -> None:
    owner, agent = await telegram.user("Owner"), await telegram.user("Agent")
    group = await telegram.group("Staff", [owner])
    message = await telegram.say(owner, "x", chat=group)
    await telegram.react(owner, message, "👍")
    await telegram.join(agent, group)
    kinds = [next(kind for kind in update if kind != "update_id") for update in await received(telegram)]
    assert kinds == ["message", "message"]
    await poll(telegram, allowed_updates=["message_reaction", "chat_member"])
    await telegram.react(owner, message)
    await telegram.leave(agent, group)
    kinds = [next(kind for kind in update if kind != "update_id") for update in await received(telegram)]
    assert kinds == ["message_reaction", "chat_member"]
    wrong = await refusal(telegram, "getUpdates", allowed_updates=["messages"])
    assert wrong == "Bad Request: unknown kind of update 'messages' in allowed_updates"
    await poll(telegram, allowed_updates=[])


async def test_injected_updates_come_as_they_are(telegram: Telegram) -> None:
    await telegram.update({"message": {"no": "chat"}})
    await telegram.update(raw='{"update_id": 1, "message": "\\u0000 \\ud800"}')
    url = f"{telegram.url}/bot{telegram.token}/getUpdates"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        text = await answer.read()
    assert b'{"update_id": 1, "message": "\\u0000 \\ud800"}' in text
    updates = json.loads(text)["result"]
    assert [update["message"] for update in updates] == [{"no": "chat"}, "\x00 \ud800"]
    with pytest.raises(AssertionError, match="raw must be JSON"):
        await telegram.update(raw="{")


async def test_an_update_can_come_several_times_even_after_it_was_acknowledged(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    await telegram.say(person, "once")
    [update] = await received(telegram)
    await telegram.update(update, duplicate=2)
    await telegram.clock(1)
    again = await poll(telegram, offset=update["update_id"] + 1)
    assert again == [update, update]
    assert await poll(telegram, offset=update["update_id"] + 1, timeout=0) == []


async def test_a_flood_keeps_the_order_of_each_person(telegram: Telegram) -> None:
    made = await telegram.flood(250, 10, text="word {n}")
    texts: dict[int, list[str]] = {}
    for update in await received(telegram):
        texts.setdefault(update["message"]["from"]["id"], []).append(update["message"]["text"])
    assert len(texts) == 10
    assert texts[made["first_user_id"]] == [f"word {number}" for number in range(25)]


async def test_dropping_what_waits_is_a_violation(telegram: Telegram) -> None:
    await telegram.say(await telegram.user("Li"), "x")
    await result(telegram, "deleteWebhook", drop_pending_updates=True)
    assert await poll(telegram) == []
    [violation] = await telegram.violations()
    assert violation["reason"] == "drop_pending_updates"


async def test_the_ledger_and_the_stream_tell_what_happened(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    since = (await telegram.state())["ledger"]
    told = []
    url = f"{telegram.url}/control/events"
    async with aiohttp.ClientSession() as session, session.get(url) as stream:
        assert await stream.content.readline() == b": listening\n"
        await result(telegram, "sendMessage", chat_id=person["id"], text="Hello")
        while "call" not in told:
            line = await stream.content.readline()
            if line.startswith(b"data: "):
                told.append(json.loads(line[6:])["event"])
    assert told == ["message", "call"]
    [entry] = await telegram.ledger("sendMessage", since=since)
    assert entry["ok"] is True
    assert entry["message_id"] == 1
    assert entry["params"]["text"] == "Hello"
