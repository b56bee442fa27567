"""Doors of the chat: how an update finds the use case it leads to, and who may pass.

`locate` says where an update came from and who speaks; a `Door` names the place, the authority and the words or
buttons it opens to. The doors stand in one ordered list in `handlers/chat/entrance.py`; the first that fits is taken.
"""

import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from handlers import speaking
from handlers.authority import no_authority
from handlers.chat.content import read_content
from handlers.customers import Account
from handlers.refusals import Refusal
from handlers.staff import Entry
from models.customers import Customer
from models.delivery import Priority
from models.staff import Role, Staff, StaffGroup
from models.work import Work
from templates import LANGUAGES, label, word_list

#: Telegram's own accounts that stand for nobody: anonymous admins, channel posts, the service account.
NOBODY = frozenset({1087968824, 136817688, 777000})
Data = dict[str, Any]


class Where(enum.StrEnum):
    """The places an update can come from."""

    PRIVATE = "private"
    TOPIC = "topic"
    GENERAL = "general"
    PLAIN = "plain"
    FOREIGN = "foreign"


STAFF_PLACES = frozenset({Where.TOPIC, Where.GENERAL, Where.PLAIN})

#: How long an edit waits for the message it changes, a reply in a plain group for what it replies to.
ORIGINAL_WAIT = timedelta(seconds=5)


@dataclass
class Place:
    """Where an update came from: the raw message or press, the chat's meaning, and who speaks."""

    where: Where
    what: str  # the kind of update: "message", "edited_message", "callback_query", ...
    raw: Data  # the message, the press, or the membership change
    user: Data = field(default_factory=dict)
    group: StaffGroup | None = None
    thread_id: int | None = None
    customer: Customer | None = None
    agent: Staff | None = None
    entry: Entry = Entry.STAFF  # how who writes in a staff group comes in
    bot_username: str = ""

    @property
    def message(self) -> Data:
        """The message itself, or the one under which a button was pressed."""
        found = self.raw.get("message") if self.what == "callback_query" else self.raw
        return found if isinstance(found, dict) else {}

    @property
    def impersonal(self) -> bool:
        """Whether nobody in particular speaks: an anonymous admin, a channel, a bot."""
        sender_chat = self.what != "callback_query" and "sender_chat" in self.raw
        return sender_chat or bool(self.user.get("is_bot")) or self.user.get("id") in NOBODY

    @property
    def other_bot(self) -> bool:
        """Whether a bot speaks for itself."""
        return bool(self.user.get("is_bot")) and self.user.get("id") not in NOBODY

    @property
    def has_words(self) -> bool:
        """Whether somebody said or sent something, rather than Telegram noting an event."""
        return not read_content(self.raw).housekeeping and "date" in self.raw

    @property
    def second_hand(self) -> bool:
        """Whether the words are somebody else's: forwarded, or sent by way of another bot."""
        return "forward_origin" in self.raw or "via_bot" in self.raw

    @property
    def text(self) -> str:
        """The words of the message, or the data of the button."""
        found = self.raw.get("data") if self.what == "callback_query" else self.raw.get("text")
        return found if isinstance(found, str) else ""

    @property
    def rest(self) -> str:
        """What follows the command."""
        words = self.text.split(maxsplit=1)
        return words[1].strip() if len(words) > 1 else ""

    @property
    def is_staff(self) -> bool:
        """Whether an active member of staff speaks."""
        return self.agent is not None and self.agent.active

    @property
    def staff_group(self) -> StaffGroup:
        """The staff group this came from."""
        assert self.group is not None  # noqa: S101
        return self.group

    @property
    def speaker(self) -> Staff:
        """The member of staff who speaks."""
        assert self.agent is not None  # noqa: S101
        return self.agent

    @property
    def account(self) -> Account:
        """The account of who speaks."""
        names = (self.user.get(key) for key in ("first_name", "last_name", "username", "language_code"))
        return Account(self.user["id"], *names)

    def command(self) -> tuple[str, str]:
        """("resolve", "the rest"), or ("", "") for words that are no command or another bot's."""
        if not self.text.startswith("/"):
            return "", ""  # first, for nearly all words are none, and each command's door asks
        if self.where is Where.PRIVATE and self.second_hand:
            return "", ""  # a customer who passes something on has said it, whatever it begins with
        head, rest = [*self.text.split(maxsplit=1), "", ""][:2]
        if head.startswith("//") or len(head) < 2:
            return "", ""
        name, _, bot = head[1:].partition("@")
        if bot and bot.lower() != self.bot_username.lower():
            return "", ""
        return name.lower(), rest.strip()


Match = Callable[[Place], bool]
Do = Callable[[Work, Place], Awaitable[None]]
ANYONE, CUSTOMER = "anyone", "customer"


@dataclass(frozen=True)
class Door:
    """One way in: the places, who may (a staff role, CUSTOMER in private, or ANYONE, Telegram itself too), what it
    opens to, and what is done.

    `refused` is done where it says no, beside saying so: what stood there is shown as it is, or a customer's words
    are kept all the same.
    """

    name: str
    where: frozenset[Where]
    who: Role | str
    match: Match
    do: Do
    refused: Do | None = None

    def fits(self, place: Place) -> bool:
        """Whether this door is the one for what comes from that place."""
        if place.where not in self.where:
            return False
        # In private, people who are no staff are customers: a command for staff is none to them.
        if place.where is Where.PRIVATE and isinstance(self.who, Role) and not place.is_staff:
            return False
        return self.match(place)

    async def enter(self, work: Work, place: Place) -> None:
        """Check authority, then do it; raises Refusal."""
        if place.other_bot and self.who != ANYONE:
            return  # two bots that answer each other never end
        if place.second_hand and any_command(place):
            raise Refusal("second_hand")
        self._authorise(place)
        await self.do(work, place)

    def _authorise(self, place: Place) -> None:
        if self.who == ANYONE:
            return
        if place.impersonal:
            raise Refusal("nobody")
        if isinstance(self.who, Role):
            if place.agent is None or not place.agent.may(Role.AGENT):
                raise Refusal("standing_unknown") if place.entry is Entry.UNKNOWN else no_authority(place.agent)
            if not place.agent.may(self.who):
                raise Refusal("role", role=self.who.value)


def refuse(work: Work, place: Place, refusal: Refusal) -> None:
    """Say no: to a press by its answer, in a staff group by a reply, to a customer in their chat."""
    if place.where is Where.FOREIGN:
        return
    in_private = place.where is Where.PRIVATE
    language: str = work.plan.business.language
    if in_private and place.customer and not place.is_staff:
        language = place.customer.language
    elif place.agent:
        language = place.agent.language
    values = dict(refusal.values)
    if "role" in values:
        values["role"] = label(language, f"role.{values['role']}")
    text = label(language, f"refusal.{refusal.key}", **values)
    if place.what == "callback_query":
        answer_press(work, place, text, alert=True)
    elif in_private and place.agent and place.is_staff:
        speaking.tell_privately(work, place.agent, "staff/plain", {"text": text}, priority=Priority.ANSWER)
    elif in_private and place.customer:
        speaking.tell_customer(work, place.customer, "customers/plain", {"text": text})
    elif place.group:
        in_place(work, place, "staff/plain", {"text": text})


def answer_press(work: Work, place: Place, text: str = "", *, alert: bool = False) -> None:
    """Answer a press, best effort; `text` of at most 200 characters is shown to who pressed."""
    params = {"callback_query_id": place.raw["id"]}
    if text:
        params |= {"text": text[:200], "show_alert": alert}
    work.calls.append(("answerCallbackQuery", params))


def in_place(
    work: Work, place: Place, template: str, values: Data, buttons: speaking.Buttons | None = None, **row: Any
) -> None:
    """Answer staff where they spoke, as a reply to what they wrote; in private in their own language."""
    row.setdefault("priority", Priority.ANSWER)
    if place.where is Where.PRIVATE:
        speaking.tell_privately(work, place.speaker, template, values, buttons=buttons, **row)
        return
    customer = place.customer if place.where is Where.TOPIC else None
    thread_id = None if customer else place.thread_id
    answers = place.message.get("message_id")
    speaking.tell_staff(
        work,
        place.staff_group,
        customer,
        template,
        values,
        answers=answers,
        thread_id=thread_id,
        buttons=buttons,
        **row,
    )


# -- what a door opens to


def command(*names: str) -> Match:
    """One of these commands, in a new message."""
    return lambda place: place.what == "message" and place.command()[0] in names


def any_command(place: Place) -> bool:
    """Any command at all, in a new message."""
    return place.what == "message" and bool(place.command()[0])


def press(action: str) -> Match:
    """A button whose data begins with `action:`."""
    return lambda place: place.what == "callback_query" and place.text.partition(":")[0] == action


def keyboard(key: str) -> Match:
    """The customer's keyboard button `key`, in any language, or words that mean the same."""
    words = {label(language, f"keyboard.{key}").casefold() for language in LANGUAGES}
    for language in LANGUAGES:
        words |= {word.casefold() for word in word_list(language, f"keyboard_words.{key}")}
    return lambda place: place.what == "message" and place.text.strip().casefold() in words and not place.second_hand


def update_of(*kinds: str) -> Match:
    """Any update of these kinds."""
    return lambda place: place.what in kinds


def note_of_telegram(place: Place) -> bool:
    """What Telegram itself notes in a chat: a pin, a new name, somebody who joined."""
    return place.what == "message" and not place.has_words


def message_with(*keys: str) -> Match:
    """A message that holds one of these service contents."""
    return lambda place: place.what == "message" and any(key in place.raw for key in keys)
