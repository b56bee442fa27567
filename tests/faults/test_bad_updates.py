"""F15: updates that are mutilated, unknown or enormous are kept, and stop nothing."""

import asyncio
import copy
import json
import random
from typing import Any

import aiohttp
import pytest
from telegram import Update

from bot.intake import ALLOWED_UPDATES
from tests.faults.hook import HEADERS, post, webhook, written
from tests.faults.rows import number, rows, wait_rows
from tests.faults.shop import Shop
from tests.telegram import Json

ODD: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**63,
    2**70,
    1e308,
    "",
    "x" * 5000,
    "\x00",
    "\ud800",
    "<b>",
    [],
    [[]],
    {},
    {"id": None},
    "\u202eevil",
    "😀" * 300,
    ["a"],
    {"a": {"b": {"c": []}}},
    float("nan"),
]


def mutated(update: Json, chance: random.Random) -> Json:
    """The update with one to three of its parts gone, swapped for rubbish, doubled or renamed."""
    made: Json = copy.deepcopy(update)
    for _ in range(chance.randint(1, 3)):
        holder: Any = made
        while True:
            keys = [key for key in holder if key != "update_id"] if isinstance(holder, dict) else range(len(holder))
            if not keys:
                break
            key = chance.choice(list(keys))
            value = holder[key]
            if isinstance(value, dict | list) and value and chance.random() < 0.8:
                holder = value
                continue
            match chance.randrange(4):
                case 0:
                    del holder[key]
                case 1 | 2:
                    holder[key] = copy.deepcopy(chance.choice(ODD))
                case 3 if isinstance(holder, dict):
                    holder[f"{key}_new"] = holder.pop(key)
            break
    return made


async def _recorded(shop: Shop) -> list[Json]:
    """Updates of many kinds, as Telegram words them."""
    telegram, li, agent, group = shop.telegram, shop.li, shop.agent, shop.group
    topic = await telegram.topic(group, "create", name="By hand")
    first = await telegram.say(li, "Hello *there* https://example.org", reply_to=None)
    for kind in ("photo", "sticker", "voice", "video_note", "location", "contact", "poll", "document", "venue"):
        content: Json = {kind: True}
        await telegram.say(li, **content)
    await telegram.say(li, "Again", reply_to=first)
    await telegram.edit(first, "Hello again")
    await telegram.say(agent, "Morning all", chat=group)
    await telegram.say(agent, "In a topic", chat=group, thread=topic["message_thread_id"])
    await telegram.press(li, first, "kind:1001:complaint", forge=True)
    await telegram.press(agent, await telegram.say(agent, "x", chat=group), "claim:1001", forge=True)
    await telegram.block(li)
    await telegram.block(li, blocked=False)
    answer = await telegram.call("getUpdates", timeout=0, allowed_updates=ALLOWED_UPDATES)
    found: list[Json] = answer["result"]
    assert len(found) >= 15
    await telegram.call("getUpdates", timeout=0, offset=found[-1]["update_id"] + 1)
    return found


def _by(update: Json, person: Json, number_: int) -> Json:
    """The same from somebody else."""
    changed: Json = json.loads(json.dumps(update).replace(str(person["id"]), str(5_100_000_000 + number_)))
    return changed


def _readable(update: Json) -> bool:
    try:
        return Update.de_json(update, None) is not None
    except Exception:  # whatever the library cannot read: which, is for the bot to bear
        return False


def _is_foreign(update: Json, ours: Json) -> bool:
    found = next((value for key, value in update.items() if key != "update_id"), None)
    message = found.get("message", found) if isinstance(found, dict) else {}
    chat = message.get("chat") if isinstance(message, dict) else None
    if not isinstance(chat, dict) or chat.get("id") == ours["id"]:
        return False
    return chat.get("type") in ("group", "supergroup", "channel")


@pytest.mark.timeout(240)  # each bad update is tried four times
async def test_f15_hundreds_of_mutilated_updates_stop_nothing(small_shop: Shop) -> None:
    await _mutilated(small_shop, 240)


@pytest.mark.timeout(240)
async def test_f15_mutilated_updates_stop_nothing_on_postgres_either(large_shop: Shop) -> None:
    await _mutilated(large_shop, 64)


async def _mutilated(shop: Shop, count: int) -> None:
    recorded = await _recorded(shop)
    private = [update for update in recorded if str(shop.group["id"]) not in json.dumps(update)]
    chance = random.Random(15)
    settings = webhook()
    bot = await shop.bot(**settings)
    wang = await shop.telegram.user("Wang")
    thread = await shop.known(wang)
    pid, ids, foreign = bot.pid, iter(range(900_000_000, 900_010_000)), 0

    async def pour(share: int) -> None:
        nonlocal foreign
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            for _ in range(share):
                # Of many people, since after a failure a person's later words wait for its repeats.
                number_ = next(ids)
                original = _by(chance.choice(private if number_ % 80 else recorded), shop.li, number_ % (count // 4))
                update = {**mutated(original, chance), "update_id": number_}
                # Half of them the library cannot read, and those all go one way: a tenth of them is enough.
                while chance.random() < 0.9 and not _readable(update):
                    update = {**mutated(original, chance), "update_id": number_}
                foreign += _readable(update) and _is_foreign(update, shop.group)
                body = json.dumps(update, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
                async with session.post(settings["webhook_url"], data=body) as answer:
                    assert answer.status == 200, body

    async with asyncio.timeout(60):
        await asyncio.gather(*(pour(count // 8) for _ in range(8)))
    await shop.telegram.say(wang, "I am still a good customer")
    await shop.telegram.wait_message(shop.group, "still a good customer", thread=thread, timeout=90)
    await wait_rows(shop.url, "SELECT id FROM inbox WHERE state = 'new'", lambda found: not found, 60)
    assert bot.pid == pid
    assert bot.running
    kept = await number(shop.url, "SELECT count(*) FROM inbox WHERE update_id >= 900000000")
    assert kept == count - foreign, "all but what came from groups that are none of ours"
    states = {row[0] for row in await rows(shop.url, "SELECT DISTINCT state FROM inbox")}
    assert states == {"done", "dead"}


async def test_f15_one_unreadable_update_among_good_ones_stops_none_of_them(small_shop: Shop) -> None:
    shop = small_shop
    await shop.bot()
    await shop.known(shop.li)
    await shop.telegram.say(shop.li, "The one before")
    broken = written(shop.li, "Broken words", 0)["message"]
    del broken["chat"]["type"]
    await shop.telegram.update({"message": broken})
    await shop.telegram.update({"something_new": {"from": {"id": 5, "first_name": "Q"}, "chat": {"id": 5}}})
    await shop.telegram.update(raw='{"update_id": 800000000, "message": {"text": "\\ud800 and \\u0000", "chat": []}}')
    await shop.telegram.say(shop.li, "The one after")
    await shop.relayed("The one after")
    await shop.relayed("Broken words")
    dead = await wait_rows(shop.url, "SELECT id FROM inbox WHERE state = 'dead'", lambda found: len(found) >= 2)
    assert dead
    assert await shop.shown("The one before")


async def test_f15_a_megabyte_of_text_with_everything_in_it_reaches_staff(small_shop: Shop) -> None:
    shop = small_shop
    settings = webhook()
    await shop.bot(**settings)
    await shop.known(shop.li)
    text = "😀 x" * 250_000 + "\x00\ud83d"
    assert await post(settings["webhook_url"], written(shop.li, text, 900_000_000)) == 200
    [call] = await shop.telegram.wait_calls("sendDocument", timeout=30)
    assert call["ok"]
    await shop.telegram.say(shop.li, "That was all")
    await shop.relayed("That was all")
