"""Changing and deleting what was sent."""

from .. import keyboards
from ..entities import units
from ..errors import Json, bad
from ..messages import MEDIA, delete, kind_of, show
from ..updates import dump
from ..world import Bot, Message, World
from .sending import CAPTION_LIMIT, album_item, caption_content, text_content

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
DELETABLE_SECONDS = 48 * 3600
MOST_AT_ONCE = 100


def _own(world: World, bot: Bot, params: Json) -> Message:
    """The bot's message that a call wants to change."""
    if "inline_message_id" in params:
        raise bad("MESSAGE_ID_INVALID")
    if "business_connection_id" in params:
        raise bad("business connection not found")
    if "chat_id" not in params:
        raise bad("chat_id is empty")
    if "message_id" not in params:
        raise bad("message identifier is not specified")
    message = world.writable(bot, params["chat_id"]).find(params["message_id"])
    if message is None:
        raise bad("message to edit not found")
    if message.author != bot.id or "forward_origin" in message.body:
        raise bad("message can't be edited")
    return message


def _change(world: World, message: Message, params: Json, fields: tuple[str, ...], content: Json) -> Json:
    """Replace those fields, and the keyboard, which goes when none is given."""
    keyboard, _ = keyboards.split(params.get("reply_markup"), message.chat)
    body = message.body
    changed = {key: value for key, value in body.items() if key not in (*fields, "reply_markup", "edit_date")}
    changed |= content
    if keyboard is not None:
        changed["reply_markup"] = keyboard
    before = {key: value for key, value in body.items() if key != "edit_date"}
    if dump_sorted(changed) == dump_sorted(before):
        raise bad(NOT_MODIFIED)
    message.former.append(body.get("text") or body.get("caption") or "")
    changed["edit_date"] = world.clock.unix()
    body.clear()
    body.update(changed)
    show(world.ledger, "edited", message)
    return body


def dump_sorted(body: Json) -> bytes:
    return dump(dict(sorted(body.items())))


def edit_message_text(world: World, bot: Bot, params: Json) -> Json:
    message = _own(world, bot, params)
    if "rich_message" in params:
        raise bad("rich_message is not available in this sandbox")
    if kind_of(message.body) != "text":
        raise bad("there is no text in the message to edit")
    content = text_content(world, params)
    return _change(world, message, params, ("text", "entities", "link_preview_options"), content)


def edit_message_caption(world: World, bot: Bot, params: Json) -> Json:
    message = _own(world, bot, params)
    if kind_of(message.body) not in (*MEDIA,):
        raise bad("there is no caption in the message to edit")
    if units(params.get("caption", "")) > 4 * CAPTION_LIMIT:
        raise bad("message caption is too long")
    fields = ("caption", "caption_entities", "show_caption_above_media")
    return _change(world, message, params, fields, caption_content(world, params))


def edit_message_media(world: World, bot: Bot, params: Json) -> Json:
    message = _own(world, bot, params)
    if kind_of(message.body) not in ("text", *MEDIA):
        raise bad("message can't be edited")
    content = album_item(world, params["media"], params)
    fields = ("text", "entities", "caption", "caption_entities", "has_media_spoiler", *MEDIA)
    return _change(world, message, params, fields, content)


def edit_message_reply_markup(world: World, bot: Bot, params: Json) -> Json:
    return _change(world, _own(world, bot, params), params, (), {})


def delete_message(world: World, bot: Bot, params: Json) -> bool:
    message = world.known(bot, params["chat_id"]).find(params["message_id"])
    if message is None:
        raise bad("message to delete not found")
    if not _deletable(world, bot, message):
        raise bad("message can't be deleted")
    delete(world, message)
    return True


def delete_messages(world: World, bot: Bot, params: Json) -> bool:
    """Those that cannot be deleted are left out silently."""
    if len(params["message_ids"]) > MOST_AT_ONCE:
        raise bad("too many messages to delete")
    chat = world.known(bot, params["chat_id"])
    for message_id in params["message_ids"]:
        message = chat.find(message_id)
        if message is not None and _deletable(world, bot, message):
            delete(world, message)
    return True


def _deletable(world: World, bot: Bot, message: Message) -> bool:
    if world.clock.now() - message.body["date"] > DELETABLE_SECONDS:
        return False
    if "forum_topic_created" in message.body or "supergroup_chat_created" in message.body:
        return False
    chat = message.chat
    return chat.private or message.author == bot.id or chat.may(bot.id, "can_delete_messages")


def stop_poll(world: World, bot: Bot, params: Json) -> Json:
    message = world.writable(bot, params["chat_id"]).find(params["message_id"])
    if message is None:
        raise bad("message with poll to stop not found")
    poll = message.body.get("poll")
    if poll is None or message.author != bot.id:
        raise bad("message is not a poll" if poll is None else "poll can't be stopped")
    if poll["is_closed"]:
        raise bad("poll has already been closed")
    keyboard, _ = keyboards.split(params.get("reply_markup"), message.chat)
    message.body.pop("reply_markup", None)
    if keyboard is not None:
        message.body["reply_markup"] = keyboard
    poll["is_closed"] = True
    bot.updates.push("poll", poll, ("poll", 0))
    show(world.ledger, "edited", message)
    return dict(poll)
