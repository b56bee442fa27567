"""Fate: odd updates, floods of messages, faults, limits, time."""

import asyncio
import json
import time

from ..errors import Json, Misuse
from ..messages import announce, post
from ..updates import dump
from ..world import Bot, World
from .people import user

_running: set[asyncio.Task[None]] = set()


def bot(world: World, given: Json) -> Json:
    """One more bot."""
    made = world.add_bot(given["token"], given.get("first_name", "Sandbox bot"), given.get("username", ""))
    return made.face


def file(world: World, given: Json) -> bool:
    """A file that Telegram no longer knows."""
    world.files.forget(given["forget"])
    return True


def update(world: World, given: Json) -> Json:
    """An update as it is given, right or wrong, once or `duplicate` times."""
    updates = world.bot(given.get("bot")).updates
    copies = given.get("duplicate", 1)
    if "raw" in given:
        try:
            parsed = json.loads(given["raw"])
        except ValueError as error:
            raise Misuse(f"raw must be JSON: {error}") from None
        return {"update_id": updates.inject(parsed, given["raw"].encode(), copies)}
    made = given["update"]
    if isinstance(made, dict) and "update_id" not in made:
        made = {"update_id": updates.next_id, **made}
    return {"update_id": updates.inject(made, dump(made), copies)}


def flood(world: World, given: Json) -> Json:
    """Many messages in private chats, in turn from each user: at once, or `rate` a second."""
    if given.get("chat", "private") != "private":
        raise Misuse("a flood comes in private chats")
    bot = world.bot(given.get("bot"))
    count, users = given["count"], given.get("users", 1)
    first = given.get("start_user_id", 6_000_000_001)
    for user_id in range(first, first + users):
        user(world, {"id": user_id, "first_name": f"Customer {user_id - first + 1}"})
        world.private_chat(bot, user_id).started = True
    text = given.get("text", "word {n}")
    rate = given.get("rate")
    if rate:
        task = asyncio.get_running_loop().create_task(_pour(world, bot, count, users, first, text, rate))
        _running.add(task)
        task.add_done_callback(_running.discard)
    else:
        for number in range(count):
            _drop(world, bot, first + number % users, text, number // users)
    return {"count": count, "first_user_id": first, "users": users}


async def _pour(world: World, bot: Bot, count: int, users: int, first: int, text: str, rate: float) -> None:
    loop = asyncio.get_running_loop()
    start = loop.time()
    for number in range(count):
        if (wait := start + number / rate - loop.time()) > 0:
            await asyncio.sleep(wait)
        _drop(world, bot, first + number % users, text, number // users)


def _drop(world: World, bot: Bot, user_id: int, text: str, n: int) -> None:
    chat = world.private_chat(bot, user_id)
    announce(world, post(world, chat, world.users[user_id], {"text": text.replace("{n}", str(n))}))


def faults(world: World, given: Json) -> int:
    for rule in given["rules"]:
        world.faults.add(rule)
    return len(world.faults.rules)


def no_faults(world: World, given: Json) -> bool:
    world.faults.clear()
    return True


def down(world: World, given: Json) -> bool:
    """For some seconds every call is cut, or answered 502."""
    world.faults.go_down(time.monotonic(), given["seconds"], given.get("mode", "cut"))
    return True


def limits(world: World, given: Json) -> Json:
    for each in world.bots.values():
        each.limits.set(given)
    rates = world.rates
    return {
        "group_per_minute": rates.group_per_minute,
        "chat_per_second": rates.chat_per_second,
        "overall_per_second": rates.overall_per_second,
        "topics_per_minute": rates.topics_per_minute,
        "chat_burst": rates.chat_burst,
    }


def latency(world: World, given: Json) -> bool:
    world.latency = given["ms"] / 1000
    return True


def clock(world: World, given: Json) -> Json:
    """Move the sandbox's clock forward."""
    if given["advance"] < 0:
        raise Misuse("time does not run backwards")
    world.clock.advance(given["advance"])
    return {"now": world.clock.now()}
