"""A desk with a line to Telegram: people write and press, the worker hears them, and what is said is delivered.

All in one process, step by step: what a test writes to the inbox goes through the real doors, and what waits in the
outbox is claimed and settled as the sender does, by a Telegram that does everything at once.
"""

import asyncio
import copy
import itertools
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import orjson
from sqlmodel import select

from bot.worker import Worker
from handlers import delivery
from models import inbox, outbox
from models.delivery import Fate, Outcome
from models.staff import StaffGroup
from tests.desk import GROUP, Desk

if TYPE_CHECKING:
    from telegram import Bot

    from bot.gateway import Gateway

BOT = {"id": 5_000, "is_bot": True, "first_name": "Care", "username": "care_bot"}
#: Rounds of delivery after which nothing may wait any more.
ROUNDS = 50
SECOND = timedelta(seconds=1)
Update = dict[str, Any]

_lines = itertools.count(1)  # those of one database never repeat an update


@dataclass
class Shown:
    """A message of the bot's, as it stands in its chat."""

    chat_id: int
    message_id: int
    thread_id: int | None
    text: str
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def press(self, words: str) -> str:
        """The data of the first button that says so."""
        return next(data for text, data in self.buttons if words in text)


class AtOnce:
    """A Telegram that does whatever is asked, unless the test says that it `refuses`, and remembers what it shows."""

    def __init__(self) -> None:
        self.shown: list[Shown] = []
        self.toasts: list[str] = []
        #: How somebody stands in the staff group, by the id of their account: a member unless it is said.
        self.standing: dict[int, str | dict[str, Any] | Outcome] = {}
        self.asked: list[int] = []  # about whose standing
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refuses: set[str] = set()
        self._numbers = itertools.count(100)

    def take_over(self, other: "AtOnce") -> None:
        """Show what the other shows, and count on from there."""
        vars(self).update(copy.deepcopy(vars(other)))

    def next_number(self) -> int:
        return next(self._numbers)

    async def call(self, method: str, params: dict[str, Any], _file: object = None) -> Outcome:
        self.calls.append((method, params))
        if method in self.refuses:
            return Outcome(Fate.REFUSED, detail="Bad Request: it cannot be done")
        if method == "getChatMember":
            self.asked.append(params["user_id"])
            said = self.standing.get(params["user_id"], "member")
            if isinstance(said, Outcome):
                return said
            return Outcome(Fate.SENT, {"status": said} if isinstance(said, str) else said)
        if method == "answerCallbackQuery":
            self.toasts.append(params.get("text", ""))
        elif method == "createForumTopic":
            return Outcome(Fate.SENT, {"message_thread_id": self.next_number(), "name": params["name"]})
        elif method == "editMessageText":
            found = self.at(params["chat_id"], params["message_id"])
            found.text, found.buttons = params["text"], _buttons(params)
        elif method in ("copyMessages", "forwardMessages"):
            return Outcome(Fate.SENT, [{"message_id": self._show(params)} for _ in params["message_ids"]])
        elif method == "sendMediaGroup":
            return Outcome(Fate.SENT, [{"message_id": self._show(params)} for _ in params["media"]])
        elif method.startswith(("send", "copy", "forward")):
            return Outcome(Fate.SENT, {"message_id": self._show(params)})
        return Outcome(Fate.SENT, True)

    def _show(self, params: dict[str, Any]) -> int:
        number, text = self.next_number(), str(params.get("text", ""))
        thread_id = params.get("message_thread_id")
        self.shown.append(Shown(params["chat_id"], number, thread_id, text, _buttons(params)))
        return number

    def at(self, chat_id: int, message_id: int) -> Shown:
        return next(each for each in self.shown if (each.chat_id, each.message_id) == (chat_id, message_id))


def _buttons(params: dict[str, Any]) -> list[tuple[str, str]]:
    rows = (params.get("reply_markup") or {}).get("inline_keyboard") or []
    return [(each["text"], each["callback_data"]) for row in rows for each in row if "callback_data" in each]


class Line(Desk):
    """Whoever writes is named by the id of their account; staff write in a group with topics."""

    def __init__(self, *desk: Any) -> None:
        super().__init__(*desk)
        self.telegram = AtOnce()
        bot, gateway = cast("Bot", SimpleNamespace(username=BOT["username"])), cast("Gateway", self.telegram)
        self._worker = Worker(self.work, bot, gateway, lambda: None)
        self._updates = itertools.count(1_000_000 * next(_lines))

    async def furnish(self, plan: str = "") -> None:
        """The same, and the group has topics."""
        await super().furnish(plan)
        async with self.work() as work:
            (await work.first(select(StaffGroup))).is_forum = True

    # -- what comes in

    async def hear(self, **update: Any) -> None:
        """An update arrives and is handled."""
        await self.store(**update)
        handled = await self._worker.batch()
        assert handled, "the worker looked the other way"
        while await self._worker.asking.over():
            await self._worker.batch()
        await asyncio.sleep(0)  # the answer to a press sets out

    async def handle(self) -> int:
        """What waits is handled; how many updates that was."""
        handled = 0
        while taken := await self._worker.batch():
            handled += taken
            await self._worker.asking.over()
        return handled

    async def store(self, **update: Any) -> None:
        """An update arrives and waits."""
        number = next(self._updates)
        raw = orjson.dumps({"update_id": number, **update}).decode()
        async with self.work() as work:
            await inbox.store(work, [{"update_id": number, "lane": "all", "raw": raw}])

    def private(self, user: int, text: str | None = None, **content: Any) -> Update:
        """A message that somebody writes to the bot alone."""
        if text is not None:
            content["text"] = text
        person = {"id": user, "is_bot": False, "first_name": f"person {user}", "language_code": "zh-hans"}
        chat = {"id": user, "type": "private", "first_name": person["first_name"]}
        return self._message(chat, person, content)

    def in_group(self, user: int, text: str, thread: int | None = None, **content: Any) -> Update:
        """A message in the staff group: in General, or in a topic."""
        if thread is not None:
            content |= {"message_thread_id": thread, "is_topic_message": True}
        chat = {"id": GROUP, "type": "supergroup", "title": "Staff", "is_forum": True}
        person = {"id": user, "is_bot": False, "first_name": f"staff {user - 100}", "username": f"staff{user - 100}"}
        return self._message(chat, person, {"text": text, **content})

    def _message(self, chat: Update, person: Update, content: Update) -> Update:
        date = int(self.now.timestamp())
        return {"message_id": self.telegram.next_number(), "date": date, "chat": chat, "from": person, **content}

    async def customer_writes(self, user: int, text: str | None = None, **content: Any) -> None:
        await self.hear(message=self.private(user, text, **content))

    async def staff_write(self, user: int, text: str, thread: int | None = None, **content: Any) -> None:
        await self.hear(message=self.in_group(user, text, thread, **content))

    async def press(self, user: int, data: str, under: Shown | None = None, **query: Any) -> None:
        """Somebody presses a button with that data, under that message or one of the bot's in their own chat."""
        await self.hear(callback_query=self.pressed(user, data, under, **query))

    def pressed(self, user: int, data: str, under: Shown | None = None, **query: Any) -> Update:
        """The press of a button."""
        if under is None or under.chat_id == user:
            message = self.private(user, "...")
        else:
            message = self.in_group(user, "...", under.thread_id)
        message |= {"from": BOT}
        if under is not None:
            message["message_id"] = under.message_id
        person = self.private(user)["from"]
        return {"id": "1", "from": person, "chat_instance": "1", "message": message, "data": data, **query}

    def reply(self, shown: Shown) -> Update:
        """What makes a message the answer to one of the bot's, as part of its content."""
        message = {"message_id": shown.message_id, "date": int(self.now.timestamp()), "from": BOT, "text": shown.text}
        if shown.buttons:
            keys = [[{"text": text, "callback_data": data}] for text, data in shown.buttons]
            message["reply_markup"] = {"inline_keyboard": keys}
        return {"reply_to_message": message | {"chat": {"id": shown.chat_id, "type": "supergroup"}}}

    # -- what goes out

    async def post(self) -> None:
        """Deliver all that may go now, or within a second: time passes as far as that takes."""
        for _ in range(ROUNDS):
            async with self.database.reading() as session:
                waiting = sorted(await outbox.waiting_after(session, 0))
            soon = [row for row in waiting if (row.not_before or self.now) <= self.now + SECOND]
            if not soon:
                return
            self.now = max(self.now, min(row.not_before or self.now for row in soon))
            async with self.work() as work:
                parcels = await delivery.claim(work, [[row] for row in soon])
            results = [(each, await self.telegram.call(each.method, each.params, each.file)) for each in parcels]
            async with self.work() as work:
                await delivery.settle(work, results)
        raise AssertionError("delivery does not come to an end")

    def shown(self, containing: str = "", chat: int | None = None) -> Shown:
        """The latest message of the bot's that says so."""
        return [
            each
            for each in self.telegram.shown
            if (containing in each.text or any(containing in text for text, _ in each.buttons))
            and chat in (None, each.chat_id)
        ][-1]
