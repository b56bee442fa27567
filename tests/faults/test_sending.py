"""F06-F12: Telegram or the network fails under a send; what was said arrives, in order, and limits are kept."""

import asyncio
import random
from datetime import timedelta

import aiohttp
import pytest
from telegram.error import NetworkError, RetryAfter, TelegramError, TimedOut

from bot.gateway import outcome_of
from models.delivery import Fate
from tests.faults.line import Line
from tests.faults.rows import idle, rows, wait_rows
from tests.faults.shop import LIFTED, Shop
from tests.telegram import Json, words


def caused(error: TelegramError, cause: BaseException) -> TelegramError:
    """An error of the library as it comes from our HTTP client."""
    error.__cause__ = cause
    return error


# -- F06


async def test_f06_cut_after_telegram_took_it_it_comes_once_more_and_no_more(running_shop: Shop) -> None:
    shop = running_shop
    await shop.known(shop.li)
    for action in ("drop_after", "truncate", "empty"):
        await shop.telegram.fault(action, "sendMessage")
        await shop.telegram.say(shop.li, f"Did you get it, {action}?")
        await shop.relayed(f"可能重复）\nDid you get it, {action}?")
        await shop.settled()
        first, second = await shop.shown(f"Did you get it, {action}?")
        assert "可能重复" not in words(first)
        assert "可能重复" in words(second)


async def test_f06_the_lane_waits_for_the_repeat_so_that_order_stays(running_shop: Shop) -> None:
    shop = running_shop
    await shop.known(shop.li)
    await shop.telegram.fault("drop_before", "sendMessage", times=2)
    for number_ in range(5):
        await shop.telegram.say(shop.li, f"Row {number_}.")
    await shop.relayed("Row 4.")
    text = " ".join(words(message) for message in await shop.shown("Row"))
    assert [text.index(f"Row {n}.") for n in range(5)] == sorted(text.index(f"Row {n}.") for n in range(5))


# -- F07


async def test_f07_a_refused_connection_was_no_send_and_is_not_marked(small_shop: Shop) -> None:
    shop = small_shop
    line = Line(shop.telegram.url)
    await line.open()
    try:
        await shop.bot(telegram_api_url=line.url)
        thread = await shop.known(shop.li)
        # Both are stored before the line goes: the poll brings them, the sends of them find no line.
        await shop.telegram.fault("slow", "sendMessage", seconds=0.3)
        await shop.telegram.say(shop.li, "Before the cut")
        await shop.relayed("Before the cut")
        await line.refuse()
        await shop.telegram.say(shop.agent, "We are here", chat=shop.group, thread=thread)
        await asyncio.sleep(1)
        await line.open()
        await shop.telegram.wait_message(shop.li, "We are here", timeout=30)
    finally:
        await shop.close()
        await line.close()
    assert len(await shop.shown("We are here", shop.li)) == 1


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (caused(NetworkError("x"), aiohttp.ClientConnectorError(None, OSError())), Fate.UNSENT),  # type: ignore[arg-type]
        (
            caused(NetworkError("x"), aiohttp.ClientConnectorDNSError(None, OSError())),  # type: ignore[arg-type]
            Fate.UNSENT,
        ),
        (caused(TimedOut(), aiohttp.ConnectionTimeoutError()), Fate.UNSENT),
        (caused(TimedOut(), aiohttp.SocketTimeoutError()), Fate.UNKNOWN),
        (caused(TimedOut(), TimeoutError()), Fate.UNKNOWN),
        (caused(NetworkError("x"), aiohttp.ServerDisconnectedError()), Fate.UNKNOWN),
        (caused(NetworkError("x"), aiohttp.ClientOSError()), Fate.UNKNOWN),
        (caused(NetworkError("x"), aiohttp.ClientPayloadError()), Fate.UNKNOWN),
        (NetworkError("Bad Gateway"), Fate.UNKNOWN),
        (RetryAfter(timedelta(seconds=7)), Fate.LATER),
    ],
)
def test_f07_whether_a_call_can_have_arrived_is_told_by_its_cause(error: TelegramError, fate: Fate) -> None:
    assert outcome_of(error).fate is fate


# -- F08


async def test_f08_a_topic_of_unknown_fate_is_found_again_and_not_made_twice(small_shop: Shop) -> None:
    shop = small_shop
    await shop.bot()
    await shop.telegram.fault("drop_after", "createForumTopic")
    await shop.known(shop.li)
    assert len(await shop.telegram.ledger("createForumTopic")) == 1
    assert len(await shop.telegram.topics(shop.group)) == 1


# -- F09, F10


async def test_f09_a_pause_telegram_asked_for_survives_a_restart_and_costs_no_attempt(small_shop: Shop) -> None:
    shop = small_shop
    bot = await shop.bot()
    await shop.known(shop.li)
    anna = await shop.telegram.user("Anna")
    await shop.telegram.fault(
        "status",
        "sendMessage",
        code=429,
        chat_id=shop.group["id"],
        parameters={"retry_after": 8},
        description="Too Many Requests: retry after 8",
    )
    await shop.telegram.say(shop.li, "Hold the line")
    [pause] = await wait_rows(shop.url, "SELECT scope FROM pauses")
    assert pause[0].startswith("g")
    await bot.kill()
    await bot.restart()
    await shop.telegram.say(anna, "/help")
    await shop.telegram.wait_message(anna)
    await shop.relayed("Hold the line")
    calls = [call for call in await shop.telegram.ledger("sendMessage") if "Hold the line" in str(call["params"])]
    refused, arrived = calls
    assert arrived["t"] - refused["t"] >= 8.0
    assert await shop.telegram.violations() == []
    held = "SELECT attempts, maybe_repeated FROM outbox WHERE cast(body AS text) LIKE '%Hold the line%'"
    assert [tuple(row) for row in await rows(shop.url, held)] == [(0, False)]


async def test_f09_a_pause_holds_for_the_process_that_takes_over(large_shop: Shop) -> None:
    shop = large_shop
    first = await shop.bot()
    await shop.known(shop.li)
    second = await shop.bot()
    await shop.telegram.fault(
        "status",
        "sendMessage",
        code=429,
        chat_id=shop.group["id"],
        parameters={"retry_after": 5},
        description="Too Many Requests: retry after 5",
    )
    await shop.telegram.say(shop.li, "Hold the line")
    await wait_rows(shop.url, "SELECT scope FROM pauses")
    await first.kill()
    await second.until("this process sends")
    await shop.relayed("Hold the line")
    assert await shop.telegram.violations() == []


async def test_f10_a_429_of_the_group_leaves_private_chats_alone(running_shop: Shop) -> None:
    shop = running_shop
    await shop.known(shop.li)
    await shop.telegram.fault(
        "status",
        code=429,
        times=4,
        chat_id=shop.group["id"],
        description="Too Many Requests: retry after 2",
        parameters={"retry_after": 2},
    )
    await shop.telegram.say(shop.li, "Stormy")
    await shop.telegram.wait_calls("sendMessage", 4)
    await shop.telegram.say(shop.li, "/help")
    await shop.telegram.wait_message(shop.li, "/mycases", timeout=2)
    assert await shop.shown("Stormy") == []
    await shop.relayed("Stormy")


async def test_f10_a_429_that_does_not_say_how_long_is_read_from_its_text(running_shop: Shop) -> None:
    shop = running_shop
    await shop.known(shop.li)
    await shop.telegram.fault(
        "status", "sendMessage", code=429, chat_id=shop.group["id"], description="Too Many Requests: retry after 3"
    )
    await shop.telegram.say(shop.li, "Quietly")
    await shop.relayed("Quietly")
    refused, arrived = [
        call for call in await shop.telegram.ledger("sendMessage") if "Quietly" in str(call["params"])
    ]
    assert 3.0 <= arrived["t"] - refused["t"] < 6.0
    assert len(await shop.shown("Quietly")) == 1


# -- F11

RUBBISH: list[Json] = [
    {"code": 500},
    {"code": 502, "body": "<html>Bad Gateway</html>"},
    {"code": 503, "body": ""},
    {"code": 504, "body": "null"},
    {"code": 200, "body": {"ok": False}},
    {"code": 200, "body": "[]"},
    {"code": 200, "body": '{"ok": true'},
    {"code": 200, "body": {"ok": True}},
    {"code": 200, "body": {"ok": False, "error_code": 500, "description": "Internal Server Error"}},
    {"code": 413, "body": "Request Entity Too Large"},
]


@pytest.mark.parametrize("seed", [1])
async def test_f11_rubbish_for_an_answer_neither_stops_the_bot_nor_loses_a_word(
    running_shop: Shop, seed: int
) -> None:
    shop, chance = running_shop, random.Random(seed)
    [bot] = shop.bots
    await shop.known(shop.li)
    pid = bot.pid
    for round_ in range(12):
        method = "sendMessage" if round_ % 4 else "getUpdates"
        if chance.random() < 0.4:
            action = chance.choice(["html", "truncate", "empty", "drop_before", "drop_after"])
            await shop.telegram.fault(action, method)
        else:
            await shop.telegram.fault("status", method, **chance.choice(RUBBISH))
        await shop.telegram.say(shop.li, f"Round {round_}.")
        await shop.relayed(f"Round {round_}.")
    await idle(shop.url)
    assert bot.running
    assert bot.pid == pid


async def test_f11_server_errors_for_a_long_time_lose_nothing(small_shop: Shop) -> None:
    shop = small_shop
    bot = await shop.bot()
    await shop.known(shop.li)
    await shop.telegram.fault("status", "sendMessage", times=None, code=502, description="Bad Gateway")
    await shop.telegram.say(shop.li, "Still there?")
    await wait_rows(shop.url, "SELECT id FROM outbox WHERE attempts > 0")
    # As if it had been going on for minutes already.
    await bot.stop()
    await rows(shop.url, "UPDATE outbox SET attempts = 20, not_before = NULL WHERE state = 'new'")
    await bot.restart()
    await wait_rows(shop.url, "SELECT id FROM outbox WHERE attempts > 20 OR state = 'dead'")
    await shop.telegram.no_faults()
    await bot.stop()
    await rows(shop.url, "UPDATE outbox SET not_before = NULL WHERE state = 'new'")
    await bot.restart()
    await shop.relayed("Still there?")


async def test_f11_of_merged_texts_that_are_refused_each_arrives(small_shop: Shop) -> None:
    shop = small_shop
    bot = await shop.bot(limit_group_per_minute=20)
    await shop.known(shop.li)
    await bot.stop()
    for number_ in range(25):
        await shop.telegram.say(shop.li, f"Line {number_}.")
    await shop.telegram.fault("status", "sendMessage", code=400, description="Bad Request: can't parse entities: x")
    await bot.restart()
    await wait_rows(shop.url, "SELECT id FROM outbox WHERE state = 'new' AND size = 0", lambda found: len(found) > 8)
    await bot.stop()
    bot.environment |= {name.upper(): str(rate) for name, rate in LIFTED.items()}
    await bot.restart()
    await idle(shop.url)
    text = "\n".join(words(message) for message in await shop.shown("Line "))
    assert [text.count(f"Line {number_}.") for number_ in range(25)] == [1] * 25


async def test_f11_words_that_are_refused_as_a_message_go_as_a_file(small_shop: Shop) -> None:
    shop = small_shop
    await shop.bot()
    thread = await shop.known(shop.li)
    await shop.telegram.fault("status", "sendMessage", code=400, description="Bad Request: we do not like it")
    await shop.telegram.say(shop.li, "Unloved words")
    [call] = await shop.telegram.wait_calls("sendDocument")
    assert call["ok"]
    assert int(call["params"]["message_thread_id"]) == thread


# -- F12


@pytest.mark.parametrize("mode", ["cut", "502"])
async def test_f12_after_an_outage_everything_arrives_in_order(running_shop: Shop, mode: str) -> None:
    shop = running_shop
    await shop.known(shop.li)
    await shop.telegram.down(4, mode)
    for number_ in range(20):
        await shop.telegram.say(shop.li, f"{mode} {number_}.")
    await shop.relayed(f"{mode} 19.", timeout=40)
    await idle(shop.url)
    text = " ".join(words(message) for message in await shop.shown(f"{mode} "))
    places = [text.index(f"{mode} {number_}.") for number_ in range(20)]
    assert places == sorted(places)


async def test_f12_what_telegram_gave_up_after_a_day_does_not_stop_what_follows(small_shop: Shop) -> None:
    shop = small_shop
    bot = await shop.bot()
    await shop.known(shop.li)
    await bot.stop()
    await shop.telegram.say(shop.li, "Too late")
    await shop.telegram.clock(advance=25 * 3600)
    await shop.telegram.say(shop.li, "In time")
    await bot.restart()
    await shop.relayed("In time")
    assert await shop.shown("Too late") == [], "Telegram keeps updates for 24 hours; nobody can get this one"
