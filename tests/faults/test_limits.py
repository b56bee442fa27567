"""The limits that Telegram sets, as the bot keeps them under load."""

import json

import pytest

from tests.faults.rows import number
from tests.faults.shop import USUAL_LIMITS, Shop, open_shop
from tests.telegram import Json, Telegram, words

ENTIRELY_USUAL = {"group_per_minute": 20, "chat_per_second": 1, "overall_per_second": 30}


async def test_ten_customers_who_flood_never_make_the_bot_break_a_limit(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("flood")
    async with open_shop(f"sqlite+aiosqlite:///{folder / 'h.db'}", folder, limits=ENTIRELY_USUAL) as shop:
        await shop.bot(**USUAL_LIMITS)
        await shop.telegram.flood(200, 10)
        await shop.settled(quiet=6.0)
        state = await shop.telegram.state()
        assert state["refused_429"] == 0
        assert await shop.telegram.violations() == []
        sends = [call for call in await shop.telegram.ledger(kind="call") if call.get("chat_id") == shop.group["id"]]
        messages = [call for call in sends if call["method"] in ("sendMessage", "createForumTopic")]
        assert len(messages) <= 20
        greeted = [call for call in await shop.telegram.ledger("sendMessage") if call.get("chat_id", 0) > 0]
        assert len(greeted) == 10, "each customer got the case's number meanwhile"


async def test_when_the_minute_is_short_a_customers_waiting_texts_become_one_message(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("merge")
    async with open_shop(f"sqlite+aiosqlite:///{folder / 'h.db'}", folder) as shop:
        bot = await shop.bot(**{**USUAL_LIMITS, "limit_chat_per_second": 1000})
        await shop.known(shop.li)
        await bot.stop()
        for number_ in range(30):
            await shop.telegram.say(shop.li, f"Line {number_}.")
        await bot.restart()
        await shop.relayed("Line 29.")
        shown = await shop.shown("Line ")
        assert len(shown) <= 3
        text = "\n".join(words(message) for message in shown)
        assert [line for line in text.split("\n") if line.startswith("Line")] == [f"Line {n}." for n in range(30)]


async def test_three_of_a_groups_minute_are_kept_for_what_is_urgent(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("urgent")
    async with open_shop(f"sqlite+aiosqlite:///{folder / 'h.db'}", folder) as shop:
        await shop.bot(limit_group_per_minute=20)
        thread = await shop.known(shop.li)
        people = [await shop.telegram.user(f"Person {n}") for n in range(20)]
        for person in people:
            await shop.telegram.say(person, "Me too")
        await shop.settled(quiet=1.5)
        assert await _count(shop.telegram, shop.group) == 17
        await shop.telegram.say(shop.agent, "/help", chat=shop.group, thread=thread)
        await shop.telegram.wait_message(shop.group, "/resolve", thread=thread, timeout=3)
        assert await _count(shop.telegram, shop.group) == 18


async def _count(telegram: Telegram, group: Json) -> int:
    calls = await telegram.ledger(kind="call")
    return sum(call.get("chat_id") == group["id"] and call["method"].startswith(("send", "create")) for call in calls)


async def test_an_album_goes_by_one_call(small_shop: Shop) -> None:
    shop = small_shop
    await shop.bot()
    await shop.known(shop.li)
    await shop.telegram.album(shop.li, ["photo"] * 6, caption="All sides of it")
    await shop.relayed("All sides of it")
    [call] = await shop.telegram.ledger("sendMediaGroup")
    assert len(json.loads(call["params"]["media"])) == 6
    assert await number(shop.url, "SELECT count(*) FROM outbox WHERE cost = 6") == 1
