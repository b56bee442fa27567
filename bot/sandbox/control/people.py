"""What people do: they appear, talk, edit, press, vote, react, block."""

from typing import Any

from ..entities import detect
from ..errors import Json, Misuse
from ..messages import MEDIA, announce, delete, may_enter, post, show, show_chat
from ..polls import make_poll, vote
from ..samples import message_field
from ..world import (
    ANONYMOUS_ADMIN,
    CHANNEL_BOT,
    Bot,
    Chat,
    Message,
    Press,
    Topic,
    World,
    member_face,
    private_face,
)

FIRST_USER = 5_000_000_001


def user(world: World, given: Json) -> Json:
    """Make a person, or change one that is there."""
    user_id = given.get("id") or world.serial("user", FIRST_USER)
    made: Json = world.users.setdefault(user_id, {"id": user_id, "is_bot": False, "first_name": "Person"})
    for name in ("first_name", "last_name", "username", "language_code"):
        if given.get(name) is not None:
            made[name] = given[name]
    if given.get("never_started"):
        world.never_started.add(user_id)
    if given.get("deactivated"):
        world.deactivated.add(user_id)
    for bot in world.bots.values():
        if user_id in bot.private:
            bot.private[user_id].face.update(private_face(made))
    return made


def say(world: World, given: Json) -> Json:
    """A person's message in any chat, of any kind."""
    chat, topic, sender = _place(world, given)
    content = _content(world, given)
    if not content:
        raise Misuse("nothing is said: text, caption or content is needed")
    reply_to = None
    if given.get("reply_to") is not None:
        reply_to = _message(chat, given["reply_to"])
    message = post(world, chat, sender, content, topic, reply_to, given.get("date"), author=given["from_id"])
    _disguise(world, message, given)
    if "poll" in content:
        world.polls[content["poll"]["id"]] = [message]
    announce(world, message)
    return message.body


def _place(world: World, given: Json) -> tuple[Chat, Topic | None, Json]:
    """Where somebody speaks, if they can."""
    from_id = given["from_id"]
    sender = world.account(from_id)
    chat = world.chat(world.bot(given.get("bot")), _where(given, from_id))
    _check_speaker(chat, from_id)
    topic = None
    if given.get("thread_id") is not None:
        topic = chat.topics.get(given["thread_id"])
        if topic is None or topic.deleted:
            raise Misuse(f"there is no topic {given['thread_id']}")
    if not may_enter(chat, topic, from_id):
        raise Misuse("the topic is closed")
    return chat, topic, sender


def _where(given: Json, person: int) -> int:
    """The chat that is meant: without one, the person's own with the bot."""
    chat_id: int = person if given.get("chat_id") is None else given["chat_id"]
    return chat_id


def _check_speaker(chat: Chat, from_id: int) -> None:
    if chat.private:
        if chat.id != from_id:
            raise Misuse("only its own person speaks in a private chat")
        if chat.blocked:
            raise Misuse("this person has blocked the bot")
        chat.started = True
    elif chat.migrated_to is not None:
        raise Misuse(f"the group has moved to {chat.migrated_to}")
    elif not chat.is_present(from_id):
        raise Misuse(f"{from_id} is not in the group")


def _content(world: World, given: Json) -> Json:
    """The fields that say something; media and other kinds are made plausible."""
    content: Json = {}
    if given.get("text") is not None:
        content["text"] = given["text"]
        content["entities"] = detect(given["text"], given.get("entities") or [])
    if given.get("caption") is not None:
        content["caption"] = given["caption"]
        content["caption_entities"] = detect(given["caption"], given.get("entities") or [])
    for name in ("media_group_id", "forward_origin"):
        if given.get(name) is not None:
            content[name] = given[name]
    for name, value in (given.get("content") or {}).items():
        content[name] = _made(world, name, value)
    if "animation" in content:
        content.setdefault("document", content["animation"])
    if "venue" in content:
        content.setdefault("location", content["venue"]["location"])
    return {name: value for name, value in content.items() if value != []}


def _made(world: World, name: str, value: Any) -> Any:
    if name in MEDIA and (value is True or isinstance(value, dict | list)):
        return world.files.from_person(name, value)
    if name == "poll":
        given = value if isinstance(value, dict) else {}
        return make_poll(world, {"question": "Question", "options": ["One", "Two"], **given})
    return message_field(name) if value is True else value


def _disguise(world: World, message: Message, given: Json) -> None:
    """Anonymous admins, channels, other bots' words."""
    body = message.body
    if given.get("anonymous"):
        body["from"], body["sender_chat"] = ANONYMOUS_ADMIN, message.chat.face
    if given.get("sender_chat"):
        body["from"], body["sender_chat"] = CHANNEL_BOT, given["sender_chat"]
    if given.get("via_bot"):
        body["via_bot"] = given["via_bot"]


def _message(chat: Chat, message_id: int) -> Message:
    message = chat.find(message_id)
    if message is None:
        raise Misuse(f"there is no message {message_id} in chat {chat.id}")
    return message


def album(world: World, given: Json) -> list[Json]:
    """Several media at once; the caption stands under the first."""
    group = str(world.serial("album", 13_000_000_000))
    said = []
    for number, item in enumerate(given["items"]):
        kind, value = item if isinstance(item, list) else (item, True)
        words = given.get("caption") if number == 0 else None
        content = {"content": {kind: value}, "caption": words, "media_group_id": group}
        said.append(say(world, {**given, **content}))
    return said


def edit(world: World, given: Json) -> Json:
    """A person changes a message; the bots hear of it."""
    chat = world.chat(world.bot(given.get("bot")), given["chat_id"])
    message = _message(chat, given["message_id"])
    message.former.append(message.body.get("text") or message.body.get("caption") or "")
    content = _content(world, given)
    for text, entities in (("text", "entities"), ("caption", "caption_entities")):
        if text in content:
            message.body.pop(entities, None)
    if message.body.get("text") is not None and any(kind in content for kind in MEDIA):  # the words are under it now
        del message.body["text"]
        message.body.pop("entities", None)
    message.body.update(content)
    message.body["edit_date"] = world.clock.unix()
    announce(world, message, "edited_message")
    return message.body


def delete_message(world: World, given: Json) -> bool:
    """A person deletes a message; no bot hears of it."""
    chat = world.chat(world.bot(given.get("bot")), given["chat_id"])
    delete(world, _message(chat, given["message_id"]))
    return True


def press(world: World, given: Json) -> Json:
    """A press of a button, by its label or its data."""
    bot = world.bot(given.get("bot"))
    chat = world.chat(bot, _where(given, given["user_id"]))
    message = chat.find(given["message_id"])
    if given.get("forge"):
        data = given["data"]
    else:
        data = _button(message, given)["callback_data"]
        if not (chat.id == given["user_id"] if chat.private else chat.is_present(given["user_id"])):
            raise Misuse(f"{given['user_id']} is not in the chat")
    shown = message.body if message else {"chat": chat.face, "message_id": given["message_id"], "date": 0}
    press_id = str(world.serial("press", 4_000_000_000_000_000_001))
    world.presses[press_id] = Press(bot.id, given["user_id"], data, world.clock.now())
    query = {
        "id": press_id,
        "from": world.account(given["user_id"]),
        "message": shown,
        "chat_instance": str(abs(chat.id) * 7919),
        "data": data,
    }
    bot.updates.push("callback_query", query, ("press", given["user_id"]))
    return {"id": press_id, "data": data}


def _button(message: Message | None, given: Json) -> Json:
    """The button that is meant; there must be one that can be pressed."""
    if message is None:
        raise Misuse(f"there is no message {given['message_id']}")
    rows = message.body.get("reply_markup", {}).get("inline_keyboard", [])
    buttons: list[Json] = [button for row in rows for button in row]
    for button in buttons:
        if given.get("data") is not None and button.get("callback_data") == given["data"]:
            return button
        if given.get("label") is not None and button["text"] == given["label"] and "callback_data" in button:
            return button
    wanted = given.get("label") or given.get("data")
    raise Misuse(f"there is no button {wanted!r}; there are {[button['text'] for button in buttons]}")


def cast_vote(world: World, given: Json) -> bool:
    vote(world, given["user_id"], given["poll_id"], given["option_ids"])
    return True


def react(world: World, given: Json) -> bool:
    """A person's reactions, which admins, and whoever they write to in private, hear of where they asked for it."""
    bot = world.bot(given.get("bot"))
    chat = world.chat(bot, given["chat_id"])
    message = _message(chat, given["message_id"])
    former = message.reactions.get(given["user_id"], [])
    new = [{"type": "emoji", "emoji": each} if isinstance(each, str) else each for each in given["reactions"]]
    message.reactions[given["user_id"]] = new
    show(world.ledger, "reaction", message)
    payload = {
        "chat": chat.face,
        "message_id": message.id,
        "user": world.account(given["user_id"]),
        "date": world.clock.unix(),
        "old_reaction": former,
        "new_reaction": new,
    }
    for each in world.bots_in(chat):
        if chat.private or chat.status(each.id) == "administrator":
            each.updates.push("message_reaction", payload, ("reaction", chat.id))
    return True


def block(world: World, given: Json) -> bool:
    """A person blocks the bot, or lets it in again."""
    bot = world.bot(given.get("bot"))
    chat = world.private_chat(bot, world.account(given["user_id"])["id"])
    if chat.blocked == given["blocked"]:
        return True
    chat.blocked = given["blocked"]
    chat.started = chat.started or not chat.blocked
    show_chat(world.ledger, chat)
    _blocked_update(world, bot, chat)
    return True


def _blocked_update(world: World, bot: Bot, chat: Chat) -> None:
    states = [member_face(bot.user, "member"), member_face(bot.user, "kicked")]
    old, new = states if chat.blocked else reversed(states)
    payload = {
        "chat": chat.face,
        "from": world.account(chat.id),
        "date": world.clock.unix(),
        "old_chat_member": old,
        "new_chat_member": new,
    }
    bot.updates.push("my_chat_member", payload, ("member", chat.id))
