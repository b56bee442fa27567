"""Copies and forwards."""

from collections.abc import Callable
from itertools import pairwise

from ..errors import Json, bad
from ..messages import SPOKEN, UNCOPYABLE, announce, forward_origin, kind_of, post
from ..polls import make_poll
from ..world import Bot, Chat, Message, World
from .sending import caption_content, deliver, target

MOST_AT_ONCE = 100


def _source(world: World, bot: Bot, params: Json, verb: str) -> Message:
    """The message to copy or forward; raises Telegram's refusals."""
    message = world.known(bot, params["from_chat_id"]).find(params["message_id"])
    if message is None:
        raise bad(f"message to {verb} not found")
    return message


def _copyable(message: Message) -> bool:
    body = message.body
    if body.get("has_protected_content") or kind_of(body) in (None, *UNCOPYABLE):
        return False
    poll = body.get("poll", {})
    return not (poll.get("type") == "quiz" and "correct_option_ids" not in poll)


def _forwardable(message: Message) -> bool:
    return not message.body.get("has_protected_content") and kind_of(message.body) is not None


def _content(message: Message) -> Json:
    return {key: value for key, value in message.body.items() if key in SPOKEN and key != "media_group_id"}


def _spoken(world: World, message: Message) -> Json:
    """What is said in a message, without who said it where."""
    content = _content(message)
    if "poll" in content:
        poll = content["poll"]
        content["poll"] = make_poll(world, {**poll, "options": [option["text"] for option in poll["options"]]})
    return content


def copy_message(world: World, bot: Bot, params: Json) -> Json:
    target(world, bot, params)
    message = _source(world, bot, params, "copy")
    if not _copyable(message):
        raise bad("message can't be copied")
    content = _spoken(world, message)
    if "caption" in params and kind_of(message.body) != "text":
        content = {key: value for key, value in content.items() if not key.startswith("caption")}
        content |= caption_content(world, params)
    copy = deliver(world, bot, params, content)
    _remember_poll(world, copy)
    return {"message_id": copy.id}


def _remember_poll(world: World, message: Message) -> None:
    if "poll" in message.body:
        world.polls.setdefault(message.body["poll"]["id"], []).append(message)


def copy_messages(world: World, bot: Bot, params: Json) -> list[Json]:
    def copy(message: Message, album: Json) -> Message:
        content = {**_spoken(world, message), **album}
        if params.get("remove_caption"):
            content = {key: value for key, value in content.items() if not key.startswith("caption")}
        made = deliver(world, bot, params, content)
        _remember_poll(world, made)
        return made

    return _several(world, bot, params, _copyable, copy)


def forward_messages(world: World, bot: Bot, params: Json) -> list[Json]:
    chat, _ = target(world, bot, params)

    def forward(message: Message, album: Json) -> Message:
        return _forward(world, bot, params, chat, message, album)

    return _several(world, bot, params, _forwardable, forward)


def _several(
    world: World,
    bot: Bot,
    params: Json,
    allowed: Callable[[Message], bool],
    act: Callable[[Message, Json], Message],
) -> list[Json]:
    """Copy or forward many: what cannot be is left out, albums stay together."""
    ids = params["message_ids"]
    if len(ids) > MOST_AT_ONCE:
        raise bad("too many messages to forward")
    if any(later <= earlier for earlier, later in pairwise(ids)):
        raise bad("message identifiers must be in a strictly increasing order")
    target(world, bot, params)
    source = world.known(bot, params["from_chat_id"])
    found = [message for each in ids if (message := source.find(each)) is not None and allowed(message)]
    if not found:
        raise bad("there are no messages to forward")
    made = []
    albums = _albums(world, found)
    for message in found:
        album = albums.get(message.body.get("media_group_id", ""))
        made.append({"message_id": act(message, {"media_group_id": album} if album else {}).id})
    return made


def _albums(world: World, messages: list[Message]) -> dict[str, str]:
    """New album ids for the old ones of which more than one item goes along."""
    old = [message.body["media_group_id"] for message in messages if "media_group_id" in message.body]
    several = [each for each in dict.fromkeys(old) if old.count(each) > 1]
    return {each: str(world.serial("album", 13_000_000_000)) for each in several}


def forward_message(world: World, bot: Bot, params: Json) -> Json:
    chat, _ = target(world, bot, params)
    message = _source(world, bot, params, "forward")
    if not _forwardable(message):
        raise bad("message can't be forwarded")
    return _forward(world, bot, params, chat, message, {}).body


def _forward(world: World, bot: Bot, params: Json, chat: Chat, message: Message, album: Json) -> Message:
    _, topic = target(world, bot, params)
    content = _content(message)
    content["forward_origin"] = forward_origin(message)
    made = post(world, chat, bot.user, {**content, **album}, topic)
    _remember_poll(world, made)
    announce(world, made)
    return made
