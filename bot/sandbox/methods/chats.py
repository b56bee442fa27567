"""Chats, their members, pins and reactions; files; answers to presses."""

from ..entities import units
from ..errors import Json, bad
from ..messages import announce, post, show
from ..world import Bot, Chat, Message, World, member_face

CALLBACK_SECONDS = 150
REACTIONS = frozenset(
    (
        "👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 "
        "🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 "
        "🍾 💋 🖕 😈 😴 😭 🤓 👻 "
        "👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 "
        "🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 "
        "🤷‍♀ 😡"
    ).split()
)


def get_chat(world: World, bot: Bot, params: Json) -> Json:
    chat = world.known(bot, params["chat_id"])
    gifts = "unlimited_gifts limited_gifts unique_gifts premium_subscription gifts_from_channels".split()
    full: Json = {
        **chat.face,
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }
    if not chat.private:
        full["permissions"] = {"can_send_messages": True, "can_manage_topics": True}
    if chat.description:
        full["description"] = chat.description
    if chat.linked is not None:
        full["linked_chat_id"] = chat.linked
    pinned = [message for message in chat.messages.values() if message.pinned]
    if pinned:
        full["pinned_message"] = pinned[-1].body
    return full


def get_chat_member(world: World, bot: Bot, params: Json) -> Json:
    chat = world.known(bot, params["chat_id"])
    user_id = params["user_id"]
    member = chat.members.get(user_id)
    if member is not None:
        return member
    if user_id in world.users:
        return member_face(world.users[user_id], "member" if chat.private and chat.id == user_id else "left")
    if chat.private and user_id == bot.id:
        return member_face(bot.user, "member")
    raise bad("PARTICIPANT_ID_INVALID")


def get_chat_administrators(world: World, bot: Bot, params: Json) -> list[Json]:
    chat = world.known(bot, params["chat_id"])
    if chat.private:
        raise bad("there are no administrators in the private chat")
    return [member for member in chat.members.values() if member["status"] in ("creator", "administrator")]


def get_chat_member_count(world: World, bot: Bot, params: Json) -> int:
    chat = world.known(bot, params["chat_id"])
    return 2 if chat.private else sum(chat.is_present(user_id) for user_id in chat.members)


def leave_chat(world: World, bot: Bot, params: Json) -> bool:
    chat = world.known(bot, params["chat_id"])
    if chat.private:
        raise bad("chat member status can't be changed in private chats")
    chat.members[bot.id] = member_face(bot.user, "left")
    return True


def set_chat_title(world: World, bot: Bot, params: Json) -> bool:
    chat = world.known(bot, params["chat_id"])
    if chat.private:
        raise bad("can't change private chat title")
    if not chat.may(bot.id, "can_change_info"):
        raise bad("not enough rights to change chat title")
    if not params["title"].strip():
        raise bad("title must be non-empty")
    chat.face["title"] = params["title"].strip()
    announce(world, post(world, chat, bot.user, {"new_chat_title": chat.face["title"]}), author_too=True)
    return True


def set_chat_description(world: World, bot: Bot, params: Json) -> bool:
    chat = world.known(bot, params["chat_id"])
    if not chat.may(bot.id, "can_change_info"):
        raise bad("not enough rights to change chat description")
    if chat.description == params.get("description", ""):
        raise bad("chat description is not modified")
    chat.description = params.get("description", "")
    return True


def _pinning(world: World, bot: Bot, params: Json) -> Chat:
    chat = world.known(bot, params["chat_id"])
    if not chat.private and not chat.may(bot.id, "can_pin_messages"):
        raise bad("not enough rights to manage pinned messages in the chat")
    return chat


def pin_chat_message(world: World, bot: Bot, params: Json) -> bool:
    chat = _pinning(world, bot, params)
    message = chat.find(params["message_id"])
    if message is None:
        raise bad("message to pin not found")
    if message.pinned:
        raise bad("CHAT_NOT_MODIFIED")
    message.pinned = True
    topic = chat.topics.get(message.thread or 0)
    shown = {key: value for key, value in message.body.items() if key != "reply_to_message"}
    announce(world, post(world, chat, bot.user, {"pinned_message": shown}, topic), author_too=True)
    return True


def unpin_chat_message(world: World, bot: Bot, params: Json) -> bool:
    chat = _pinning(world, bot, params)
    pinned = [message for message in chat.messages.values() if message.pinned]
    if "message_id" in params:
        pinned = [message for message in pinned if message.id == params["message_id"]]
    if not pinned:
        raise bad("message to unpin not found")
    pinned[-1].pinned = False
    return True


def unpin_all_chat_messages(world: World, bot: Bot, params: Json) -> bool:
    for message in _pinning(world, bot, params).messages.values():
        message.pinned = False
    return True


def set_message_reaction(world: World, bot: Bot, params: Json) -> bool:
    message = _message_to_react(world, bot, params)
    reactions = params.get("reaction", [])
    if len(reactions) > 1:
        raise bad("REACTIONS_TOO_MANY")
    for reaction in reactions:
        if reaction["type"] != "emoji" or reaction["emoji"] not in REACTIONS:
            raise bad("REACTION_INVALID")
    message.reactions[bot.id] = reactions
    if not reactions:
        del message.reactions[bot.id]
    show(world.ledger, "reaction", message)
    return True


def _message_to_react(world: World, bot: Bot, params: Json) -> Message:
    message = world.known(bot, params["chat_id"]).find(params["message_id"])
    if message is None:
        raise bad("message to react not found")
    return message


def get_file(world: World, bot: Bot, params: Json) -> Json:
    return world.files.describe(params["file_id"])


def answer_callback_query(world: World, bot: Bot, params: Json) -> bool:
    press = world.presses.get(params["callback_query_id"])
    if press is None or press.answer is not None or press.bot_id != bot.id or _late(world, press.at):
        raise bad("query is too old and response timeout expired or query ID is invalid")
    if units(params.get("text", "")) > 200:
        raise bad("MESSAGE_TOO_LONG")
    if "url" in params:
        raise bad("URL_INVALID")
    press.answer = {"text": params.get("text", ""), "show_alert": params.get("show_alert", False)}
    world.ledger.publish("answer", {"id": params["callback_query_id"], "user_id": press.user_id, **press.answer})
    return True


def _late(world: World, at: float) -> bool:
    return world.clock.now() - at > CALLBACK_SECONDS
