"""Forum topics."""

from collections.abc import Callable
from typing import Any

from ..errors import Json, bad
from ..messages import TOPIC_COLORS, delete_topic, open_topic, topic_service
from ..world import Bot, Chat, Topic, World

Run = Callable[[World, Bot, Json], Any]
LONGEST_NAME = 128


def _forum(world: World, bot: Bot, params: Json, deed: str, topic: Topic | None = None) -> Chat:
    """The forum of a call; refuses a bot that may not do the deed there (its own topics it may)."""
    chat = world.known(bot, params["chat_id"])
    if not chat.is_forum:
        raise bad("the chat is not a forum")
    if not chat.may(bot.id, "can_manage_topics") and (topic is None or topic.creator != bot.id):
        raise bad(f"not enough rights to {deed}")
    return chat


def _topic(world: World, bot: Bot, params: Json, deed: str) -> tuple[Chat, Topic]:
    chat = world.known(bot, params["chat_id"])
    topic = chat.topics.get(params["message_thread_id"])
    _forum(world, bot, params, deed, topic)
    if topic is None or topic.deleted:
        raise bad("TOPIC_ID_INVALID")
    return chat, topic


def _name(params: Json) -> str:
    name = str(params["name"]).strip()
    if not name:
        raise bad("topic name must be non-empty")
    return name[:LONGEST_NAME]


def create(world: World, bot: Bot, params: Json) -> Json:
    chat = _forum(world, bot, params, "create a topic")
    color = params.get("icon_color")
    if color is not None and color not in TOPIC_COLORS:
        raise bad("invalid topic icon color specified")
    emoji = params.get("icon_custom_emoji_id", "")
    message = open_topic(world, chat, bot.user, _name(params), color, emoji)
    world.ledger.publish("topic", {"chat_id": chat.id, "thread_id": message.id, "action": "create"})
    return {"message_thread_id": message.id, **message.body["forum_topic_created"]}


def edit(world: World, bot: Bot, params: Json) -> bool:
    chat, topic = _topic(world, bot, params, "edit the topic")
    changes: Json = {}
    if params.get("name") is not None and (name := _name(params)) != topic.name:
        topic.name = changes["name"] = name
    emoji = params.get("icon_custom_emoji_id")
    if emoji is not None and emoji != topic.icon_custom_emoji_id:
        topic.icon_custom_emoji_id = changes["icon_custom_emoji_id"] = emoji
    if not changes:
        raise bad("TOPIC_NOT_MODIFIED")
    topic_service(world, chat, topic, bot.user, {"forum_topic_edited": changes})
    return True


def close(world: World, bot: Bot, params: Json) -> bool:
    chat, topic = _topic(world, bot, params, "close the topic")
    return _toggle(world, bot, chat, topic, True, "forum_topic_closed")


def reopen(world: World, bot: Bot, params: Json) -> bool:
    chat, topic = _topic(world, bot, params, "reopen the topic")
    return _toggle(world, bot, chat, topic, False, "forum_topic_reopened")


def _toggle(world: World, bot: Bot, chat: Chat, topic: Topic, closed: bool, service: str) -> bool:
    if topic.closed == closed:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.closed = closed
    topic.refuses = topic.refuses and closed
    topic_service(world, chat, None if topic is chat.general else topic, bot.user, {service: {}})
    return True


def remove(world: World, bot: Bot, params: Json) -> bool:
    chat = world.known(bot, params["chat_id"])
    if chat.is_forum and not chat.may(bot.id, "can_delete_messages"):
        raise bad("not enough rights to delete the topic")
    chat, topic = _topic(world, bot, params, "delete the topic")
    delete_topic(world, chat, topic)
    return True


def unpin_all(world: World, bot: Bot, params: Json) -> bool:
    chat, topic = _topic(world, bot, params, "unpin messages in the topic")
    _unpin(chat, topic.thread_id)
    return True


def unpin_all_general(world: World, bot: Bot, params: Json) -> bool:
    _unpin(_forum(world, bot, params, "unpin messages in the topic"), None)
    return True


def _unpin(chat: Chat, thread: int | None) -> None:
    for message in chat.messages.values():
        if message.thread == thread:
            message.pinned = False


def edit_general(world: World, bot: Bot, params: Json) -> bool:
    chat = _forum(world, bot, params, "edit the topic")
    if chat.general.name == (name := _name(params)):
        raise bad("TOPIC_NOT_MODIFIED")
    chat.general.name = name
    topic_service(world, chat, None, bot.user, {"forum_topic_edited": {"name": name}})
    return True


def close_general(world: World, bot: Bot, params: Json) -> bool:
    chat = _forum(world, bot, params, "close the topic")
    return _toggle(world, bot, chat, chat.general, True, "forum_topic_closed")


def reopen_general(world: World, bot: Bot, params: Json) -> bool:
    chat = _forum(world, bot, params, "reopen the topic")
    return _toggle(world, bot, chat, chat.general, False, "forum_topic_reopened")


def hide_general(hidden: bool) -> Run:
    def run(world: World, bot: Bot, params: Json) -> bool:
        chat = _forum(world, bot, params, "edit the topic")
        if chat.general.hidden == hidden:
            raise bad("TOPIC_NOT_MODIFIED")
        chat.general.hidden = hidden
        service = "general_forum_topic_hidden" if hidden else "general_forum_topic_unhidden"
        topic_service(world, chat, None, bot.user, {service: {}})
        return True

    return run


def icon_stickers(world: World, bot: Bot, params: Json) -> list[Json]:
    return []
