"""Who and what there is: people, chats, topics, messages, bots."""

import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .clock import Clock
from .errors import Json, Misuse, bad, forbidden
from .faults import Faults
from .ledger import Ledger
from .limits import Limits, Rates
from .media import Files
from .updates import Updates

if TYPE_CHECKING:
    from .webhooks import Webhook

ANONYMOUS_ADMIN: Json = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
CHANNEL_BOT: Json = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
RIGHTS = (
    "can_be_edited can_change_info can_delete_messages can_delete_stories can_edit_stories "
    "can_invite_users can_manage_chat can_manage_tags can_manage_topics can_manage_video_chats "
    "can_pin_messages can_post_stories can_promote_members can_restrict_members can_send_welcome_messages"
).split()
PERMISSIONS = (
    "can_add_web_page_previews can_change_info can_edit_tag can_invite_users can_manage_topics "
    "can_pin_messages can_react_to_messages can_send_audios can_send_documents can_send_messages "
    "can_send_other_messages can_send_photos can_send_polls can_send_video_notes can_send_videos "
    "can_send_voice_notes"
).split()
PRESENT = frozenset(("creator", "administrator", "member"))


@dataclass(slots=True)
class Topic:
    """A forum topic; `refuses` closes it even to admins, which Telegram sometimes does."""

    thread_id: int
    name: str
    icon_color: int
    creator: int
    icon_custom_emoji_id: str = ""
    closed: bool = False
    refuses: bool = False
    deleted: bool = False
    hidden: bool = False


@dataclass(slots=True)
class Message:
    """A message as its chat holds it; `body` is the Message object as Telegram shows it now."""

    body: Json
    chat: "Chat"
    author: int
    thread: int | None = None
    deleted: bool = False
    pinned: bool = False
    reply_keyboard: Json | None = None
    reactions: dict[int, list[Json]] = field(default_factory=dict)
    former: list[str] = field(default_factory=list)

    @property
    def id(self) -> int:
        return int(self.body["message_id"])


@dataclass(slots=True)
class Chat:
    """A private chat of one bot with one person, or a group."""

    face: Json
    members: dict[int, Json] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    general: Topic = field(default_factory=lambda: Topic(1, "General", 0x6FB9F0, 0))
    messages: dict[int, Message] = field(default_factory=dict)
    last_id: int = 0
    migrated_to: int | None = None
    started: bool = True
    blocked: bool = False
    bot_id: int = 0
    description: str = ""
    linked: int | None = None

    @property
    def id(self) -> int:
        return int(self.face["id"])

    @property
    def kind(self) -> str:
        return str(self.face["type"])

    @property
    def private(self) -> bool:
        return self.kind == "private"

    @property
    def is_forum(self) -> bool:
        return bool(self.face.get("is_forum"))

    def status(self, user_id: int) -> str:
        member = self.members.get(user_id)
        return str(member["status"]) if member else "left"

    def is_present(self, user_id: int) -> bool:
        member = self.members.get(user_id)
        return bool(member) and (self.status(user_id) in PRESENT or bool(member and member.get("is_member")))

    def may(self, user_id: int, right: str) -> bool:
        """Whether a member may do what the admin right `right` allows."""
        member = self.members.get(user_id) or {}
        return member.get("status") == "creator" or (
            member.get("status") == "administrator" and bool(member.get(right))
        )

    def find(self, message_id: int) -> Message | None:
        message = self.messages.get(message_id)
        return None if message is None or message.deleted else message


@dataclass(slots=True)
class Bot:
    """A bot: its token, its account, and what belongs to it alone."""

    token: str
    face: Json
    updates: Updates
    limits: Limits
    private: dict[int, Chat] = field(default_factory=dict)
    profile: dict[tuple[str, ...], object] = field(default_factory=dict)
    webhook: "Webhook | None" = None

    @property
    def id(self) -> int:
        return int(self.face["id"])

    @property
    def user(self) -> Json:
        """The account as others see it."""
        return {key: self.face[key] for key in ("id", "is_bot", "first_name", "username")}


@dataclass(slots=True)
class Press:
    """A press of a button and what the bot answered."""

    bot_id: int
    user_id: int
    data: str
    at: float
    answer: Json | None = None


class World:
    """Everything the sandbox knows, in memory."""

    def __init__(self, rates: Rates) -> None:
        self.clock = Clock()
        self.ledger = Ledger()
        self.faults = Faults()
        self.files = Files()
        self.rates = rates
        self.users: dict[int, Json] = {}
        self.deactivated: set[int] = set()
        self.never_started: set[int] = set()
        self.groups: dict[int, Chat] = {}
        self.bots: dict[str, Bot] = {}
        self.presses: dict[str, Press] = {}
        self.polls: dict[str, list[Message]] = {}
        self.votes: dict[str, dict[int, list[int]]] = {}
        self.latency = 0.0
        # How a call that came in the answer to a webhook is carried out; the API fills it in.
        self.execute: Callable[[Bot, str, Json], Awaitable[Any]]
        self._serials: dict[str, int] = {}

    def serial(self, name: str, start: int = 1) -> int:
        """The next number of a series."""
        number = self._serials.get(name, start)
        self._serials[name] = number + 1
        return number

    def add_bot(self, token: str, first_name: str = "Sandbox bot", username: str = "") -> Bot:
        bot_id, colon, secret = token.partition(":")
        if not (bot_id.isdigit() and colon and secret):
            raise Misuse("a token looks like 123456:secret")
        face = {
            "id": int(bot_id),
            "is_bot": True,
            "first_name": first_name,
            "username": username or f"sandbox_{bot_id}_bot",
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
            "has_topics_enabled": False,
            "allows_users_to_create_topics": False,
            "can_manage_bots": False,
        }
        updates = Updates(self.clock, self.ledger, random.randint(10_000_000, 900_000_000))
        bot = Bot(token, face, updates, Limits(self.rates, self.ledger))
        self.bots[token] = bot
        return bot

    def bot(self, bot_id: int | None = None) -> Bot:
        """The bot with this id, or the first."""
        for bot in self.bots.values():
            if bot_id is None or bot.id == bot_id:
                return bot
        raise Misuse(f"there is no bot {bot_id}")

    def account(self, user_id: int) -> Json:
        """The User object of a person or a bot."""
        if (user := self.users.get(user_id)) is not None:
            return user
        for bot in self.bots.values():
            if bot.id == user_id:
                return bot.user
        raise Misuse(f"there is no user {user_id}")

    def private_chat(self, bot: Bot, user_id: int) -> Chat:
        """The chat of a bot with a person, made when first needed."""
        if (chat := bot.private.get(user_id)) is None:
            user = self.users[user_id]
            chat = Chat({}, bot_id=bot.id, started=user_id not in self.never_started)
            chat.face = private_face(user)
            bot.private[user_id] = chat
        return chat

    def chat(self, bot: Bot, chat_id: int) -> Chat:
        """A chat for the control API; raises Misuse where there is none."""
        if chat_id in self.users:
            return self.private_chat(bot, chat_id)
        if chat_id not in self.groups:
            raise Misuse(f"there is no chat {chat_id}")
        return self.groups[chat_id]

    def known(self, bot: Bot, chat_id: int | str) -> Chat:
        """A chat as a bot names it; raises Telegram's errors for one it cannot see."""
        if isinstance(chat_id, str):
            raise bad("chat not found")
        if chat_id in self.users:
            return self.private_chat(bot, chat_id)
        chat = self.groups.get(chat_id)
        if chat is None:
            if any(other.id == chat_id for other in self.bots.values()):
                raise forbidden("bot can't send messages to bots")
            raise bad("chat not found")
        if chat.migrated_to is not None:
            raise bad("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to)
        status = chat.status(bot.id)
        if status == "kicked":
            raise forbidden(f"bot was kicked from the {chat.kind} chat")
        if not chat.is_present(bot.id):
            raise forbidden(f"bot is not a member of the {chat.kind} chat")
        return chat

    def writable(self, bot: Bot, chat_id: int | str) -> Chat:
        """A chat the bot may write to."""
        chat = self.known(bot, chat_id)
        if chat.private:
            if chat.id in self.deactivated:
                raise forbidden("user is deactivated")
            if chat.blocked:
                raise forbidden("bot was blocked by the user")
            if not chat.started:
                raise forbidden("bot can't initiate conversation with a user")
        elif chat.status(bot.id) == "restricted" and not chat.members[bot.id].get("can_send_messages"):
            raise bad("not enough rights to send text messages to the chat")
        return chat

    def bots_in(self, chat: Chat) -> Iterator[Bot]:
        for bot in self.bots.values():
            if bot.id == chat.bot_id if chat.private else chat.is_present(bot.id):
                yield bot


def private_face(user: Json) -> Json:
    names: Json = {key: user[key] for key in ("first_name", "last_name", "username") if key in user}
    return {"id": user["id"], "type": "private", **names}


def member_face(user: Json, status: str, rights: Json | None = None) -> Json:
    """The ChatMember object of a status; `rights` overrules what it may."""
    face: Json = {"user": user, "status": status}
    if status == "creator":
        face["is_anonymous"] = False
    elif status == "administrator":
        face |= dict.fromkeys(RIGHTS, True) | {"is_anonymous": False} | (rights or {})
    elif status == "restricted":
        face |= dict.fromkeys(PERMISSIONS, False) | {"is_member": True, "until_date": 0} | (rights or {})
    elif status == "kicked":
        face["until_date"] = 0
    elif status not in ("member", "left"):
        raise Misuse(f"there is no status {status!r}")
    return face
