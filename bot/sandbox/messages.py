"""Making messages, and telling the bots that should know."""

from .errors import Json, bad
from .ledger import Ledger
from .world import Bot, Chat, Message, Topic, World

TOPIC_COLORS = (0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F)
# Message fields that are what was said, as against who, where and when.
MEDIA = ("photo", "video", "animation", "audio", "document", "voice", "video_note", "sticker")
SPOKEN = frozenset(
    (
        *MEDIA,
        *("text", "entities", "caption", "caption_entities", "link_preview_options", "has_media_spoiler"),
        *("show_caption_above_media", "location", "venue", "contact", "dice", "poll", "media_group_id"),
        *("story", "game", "live_photo", "rich_message", "checklist", "invoice", "paid_media", "giveaway"),
        *("giveaway_winners", "effect_id"),
    )
)
KINDS = (*MEDIA, "venue", "location", "contact", "dice", "poll", "live_photo", "rich_message")
UNCOPYABLE = ("invoice", "paid_media", "giveaway", "giveaway_winners", "story", "checklist", "game")


def kind_of(body: Json) -> str | None:
    """What a message is: "text", "photo" ...; None for a service message."""
    if "text" in body:
        return "text"
    for kind in (*KINDS, *UNCOPYABLE):
        if kind in body and not (kind == "document" and "animation" in body):
            return kind
    return None


def post(
    world: World,
    chat: Chat,
    sender: Json | None,
    content: Json,
    topic: Topic | None = None,
    reply_to: Message | None = None,
    date: int | None = None,
    author: int = 0,
) -> Message:
    """Put a message into a chat; tells nobody."""
    chat.last_id += 1
    body: Json = {"message_id": chat.last_id, "chat": chat.face, "date": date or world.clock.unix()}
    if sender is not None:
        body["from"] = sender
    message = Message(body, chat, author or (sender["id"] if sender else 0))
    if topic is not None:
        message.thread = body["message_thread_id"] = topic.thread_id
        body["is_topic_message"] = True
        # People's and bots' words in a topic answer its first message when they answer no other.
        reply_to = reply_to or chat.messages.get(topic.thread_id)
    elif reply_to is not None and chat.kind == "supergroup":
        # Only the id of a chain of replies, not of a topic.
        body["message_thread_id"] = reply_to.body.get("message_thread_id") or reply_to.id
    if reply_to is not None:
        body["reply_to_message"] = _quoted(reply_to.body)
    body.update(content)
    chat.messages[chat.last_id] = message
    return message


def _quoted(body: Json) -> Json:
    return {key: value for key, value in body.items() if key not in ("reply_to_message", "quote")}


def announce(world: World, message: Message, kind: str = "message", author_too: bool = False) -> None:
    """Send a message's update to the bots in its chat; bots do not hear themselves or one another."""
    chat, body = message.chat, message.body
    sender = body.get("from", {})
    for bot in world.bots_in(chat):
        if bot.id == message.author:
            if not author_too:
                continue
        elif sender.get("is_bot") and "sender_chat" not in body and not author_too:
            continue
        if chat.private or bot.id == message.author or _hears(chat, bot, body):
            bot.updates.push(kind, body, ("chat", chat.id))
    show(world.ledger, "message" if kind == "message" else "edited", message)


def _hears(chat: Chat, bot: Bot, body: Json) -> bool:
    """Privacy mode: a bot that is no admin hears commands, answers to it, and service messages."""
    if chat.status(bot.id) in ("administrator", "creator") or bot.face["can_read_all_group_messages"]:
        return True
    kind = kind_of(body)
    replied = body.get("reply_to_message", {}).get("from", {}).get("id")
    text = body.get("text") or body.get("caption") or ""
    return kind is None or replied == bot.id or text.startswith("/") or f"@{bot.face['username']}" in text


def show(ledger: Ledger, event: str, message: Message) -> None:
    """Tell the page that watches."""
    if ledger.watched:
        ledger.publish(event, {"message": seen(message)})


def seen(message: Message) -> Json:
    """A message as the people in its chat see it."""
    return {
        **message.body,
        "thread_id": message.thread,
        "deleted": message.deleted,
        "edited": bool(message.former),
        "former": message.former,
        "pinned": message.pinned,
        "reactions": message.reactions,
        "reply_keyboard": message.reply_keyboard,
        "author": message.author,
    }


def state_of(chat: Chat) -> Json:
    """A chat as such: its face, who is in it, and whether its person lets the bot in."""
    return {
        **chat.face,
        "started": chat.started,
        "blocked": chat.blocked,
        "members": {user_id: chat.status(user_id) for user_id in chat.members},
        "last_message_id": chat.last_id,
    }


def show_chat(ledger: Ledger, chat: Chat) -> None:
    """Tell the page that watches who is in a chat now."""
    if ledger.watched:
        ledger.publish("chat", {"chat": state_of(chat)})


def topic_for(chat: Chat, thread_id: int | None) -> Topic | None:
    """The open topic of a message; None in General and in chats without topics."""
    if thread_id is None:
        return None
    topic = chat.topics.get(thread_id)
    if topic is None or topic.deleted or not chat.is_forum:
        raise bad("message thread not found")
    return topic


def may_enter(chat: Chat, topic: Topic | None, user_id: int) -> bool:
    """Whether somebody may write into a topic (None: General): closed ones take admins' words only."""
    place = topic or chat.general
    if not chat.is_forum or not place.closed:
        return True
    return not place.refuses and chat.may(user_id, "can_manage_topics")


def open_topic(
    world: World, chat: Chat, creator: Json, name: str, color: int | None = None, emoji: str = ""
) -> Message:
    """Make a topic; its service message carries the id that names it."""
    shown: Json = {"name": name, "icon_color": TOPIC_COLORS[0] if color is None else color}
    if emoji:
        shown["icon_custom_emoji_id"] = emoji
    message = post(world, chat, creator, {"forum_topic_created": shown})
    topic = Topic(message.id, name, shown["icon_color"], creator["id"], emoji)
    chat.topics[topic.thread_id] = topic
    message.thread = message.body["message_thread_id"] = topic.thread_id
    message.body["is_topic_message"] = True
    announce(world, message, author_too=True)
    return message


def topic_service(world: World, chat: Chat, topic: Topic | None, sender: Json, content: Json) -> Message:
    """A service message about a topic, which its author hears too."""
    message = post(world, chat, sender, content, topic)
    announce(world, message, author_too=True)
    return message


def delete(world: World, message: Message) -> None:
    message.deleted = True
    message.pinned = False
    show(world.ledger, "deleted", message)


def delete_topic(world: World, chat: Chat, topic: Topic) -> None:
    """Telegram deletes the messages with their topic and sends no update."""
    topic.deleted = True
    for message in chat.messages.values():
        if message.thread == topic.thread_id and not message.deleted:
            delete(world, message)
    world.ledger.publish("topic", {"chat_id": chat.id, "thread_id": topic.thread_id, "action": "delete"})


def forward_origin(message: Message) -> Json:
    """Where a forwarded message says it is from."""
    body = message.body
    if "forward_origin" in body:
        return dict(body["forward_origin"])
    if "sender_chat" in body:
        return {"type": "chat", "date": body["date"], "sender_chat": body["sender_chat"]}
    return {"type": "user", "date": body["date"], "sender_user": body["from"]}
