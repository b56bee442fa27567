"""What there is to see: chats, topics, answers to presses, counts, the ledger, the live stream."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ..errors import Json, Misuse
from ..media import picture_type
from ..messages import seen, state_of
from ..updates import dump
from ..world import World

PULSE_SECONDS = 15


def users(world: World, given: Json) -> list[Json]:
    return list(world.users.values())


def bots(world: World, given: Json) -> list[Json]:
    return [bot.face for bot in world.bots.values()]


def _bot_id(given: Json) -> int | None:
    return int(given["bot"]) if "bot" in given else None


def chat(world: World, given: Json) -> list[Json]:
    """The messages of a chat, oldest first, deleted ones marked."""
    place = world.chat(world.bot(_bot_id(given)), int(given["id"]))
    messages = list(place.messages.values())
    if since := int(given.get("since", 0)):
        messages = [message for message in messages if message.id > since]
    if given.get("thread_id"):
        messages = [message for message in messages if message.thread == int(given["thread_id"])]
    return [seen(message) for message in messages[-int(given.get("last", 0)) :]]


def chats(world: World, given: Json) -> list[Json]:
    """Every chat of a bot, without its messages: who is in it, and whether the bot may write there."""
    bot = world.bot(_bot_id(given))
    return [state_of(chat) for chat in (*bot.private.values(), *world.groups.values())]


def topics(world: World, given: Json) -> list[Json]:
    place = world.chat(world.bot(_bot_id(given)), int(given["id"]))
    return [
        {
            "thread_id": topic.thread_id,
            "name": topic.name,
            "icon_color": topic.icon_color,
            "icon_custom_emoji_id": topic.icon_custom_emoji_id,
            "closed": topic.closed,
            "deleted": topic.deleted,
            "creator": topic.creator,
        }
        for topic in place.topics.values()
    ]


def callback(world: World, given: Json) -> Json:
    """How a press was answered; `answer` is null until it is."""
    press = world.presses.get(given["id"])
    if press is None:
        raise Misuse(f"there is no press {given['id']}")
    return {"user_id": press.user_id, "data": press.data, "answer": press.answer}


def commands(world: World, given: Json) -> list[Json]:
    """The menu of commands that a person with `language_code` sees in a chat: the narrowest that there is."""
    bot = world.bot(_bot_id(given))
    place = world.chat(bot, int(given["id"]))
    language = str(given.get("language_code", ""))[:2].lower()
    everywhere = "all_private_chats" if place.private else "all_group_chats"
    for scope, chat_id in (("chat", str(place.id)), (everywhere, ""), ("default", "")):
        for spoken in (language, ""):
            found = bot.profile.get(("commands", scope, chat_id, "", spoken))
            if isinstance(found, list):
                return found
    return []


def state(world: World, given: Json) -> Json:
    """Counts; seconds since the last call other than getUpdates, or update."""
    pending = unacked = 0
    for bot in world.bots.values():
        bot.updates.expire()
        if bot.webhook is not None:
            pending += bot.webhook.pending
        for entry in bot.updates.entries:
            unacked += entry.handed_out
            pending += not entry.handed_out
    counts = world.ledger.counts
    return {
        "pending": pending,
        "unacked": unacked,
        "calls": counts.get("call", 0),
        "updates": counts.get("update", 0),
        "violations": counts.get("violation", 0),
        "refused_429": counts.get("429", 0),
        "quiet": time.monotonic() - world.ledger.last_activity,
        "ledger": len(world.ledger.entries),
        "now": world.clock.now(),
    }


def ledger(world: World, given: Json) -> list[Json]:
    return world.ledger.select(int(given.get("since", 0)), given.get("method"), given.get("kind"))


def file(world: World) -> Callable[[Request], Awaitable[Response]]:
    """The bytes of a file by its file_id, without a bot's token; a browser is never to run them."""

    async def endpoint(request: Request) -> Response:
        found = world.files.by_id.get(request.path_params["id"])
        if found is None:
            return Response(status_code=404)
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
        return Response(found.data, media_type=picture_type(found.data), headers=headers)

    return endpoint


def events(world: World) -> Callable[[Request], Awaitable[Response]]:
    """The live stream, as server-sent events."""

    async def endpoint(request: Request) -> Response:
        return StreamingResponse(_stream(world), media_type="text/event-stream")

    return endpoint


async def _stream(world: World) -> AsyncIterator[bytes]:
    queue: asyncio.Queue[Any] = world.ledger.listen()
    try:
        yield b": listening\n\n"
        while True:
            try:
                event = await asyncio.wait_for(queue.get(), PULSE_SECONDS)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            yield b"event: " + event["event"].encode() + b"\ndata: " + dump(event) + b"\n\n"
    finally:
        world.ledger.forget(queue)
