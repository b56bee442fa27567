"""Commands: each is one entry of one list, from which its door, the menus and the help come."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from handlers.chat.doors import CUSTOMER, Do, Door, Place, Where, command, in_place
from models.staff import Role, Staff, StaffGroup
from models.work import Work
from templates import LANGUAGES, label

PRIVATE, TOPIC, GENERAL, PLAIN = Where.PRIVATE, Where.TOPIC, Where.GENERAL, Where.PLAIN
#: Where a customer is meant: in the topic, or in a plain group by reply.
WITH_CUSTOMER = frozenset({TOPIC, PLAIN})
#: Anywhere among staff, and in the private chat of each of them.
AMONG_STAFF = frozenset({TOPIC, GENERAL, PLAIN, PRIVATE})
IN_GROUP = frozenset({TOPIC, GENERAL, PLAIN})


@dataclass(frozen=True)
class Command:
    """What is typed, where it is valid, who may (a staff role or CUSTOMER), and the use case.

    What it says of itself is the label `command.<name>` (a customer's: `customer_command.<name>`); `usage` is what
    follows it, the label `usage.<name>` where there is one. A command with `listed=False` is in no menu.
    """

    name: str
    where: frozenset[Where]
    who: Role | str
    do: Do
    listed: bool = True

    @property
    def section(self) -> str:
        """The section of the labels in which it is described."""
        return "customer_command" if self.who == CUSTOMER else "command"

    def door(self) -> Door:
        """The door that it opens."""
        prefix = "customer_" if self.who == CUSTOMER else ""
        return Door(f"{prefix}{self.name}_command", self.where, self.who, command(self.name), self.do)


def menus(commands: Sequence[Command], group_chat_ids: Sequence[int], staff: Sequence[Staff]) -> list[dict[str, Any]]:
    """What setMyCommands is to be called with: customers' chats, the staff groups, the private chats of staff.

    Customers and groups get one in each language; a member of staff gets theirs in their own.
    """
    found = _in_each_language({"type": "all_private_chats"}, [each for each in commands if each.who == CUSTOMER])
    for chat_id in group_chat_ids:
        found += _menu_in_group(chat_id, commands)
    return [*found, *(_menu_of(person, commands) for person in staff)]


def _in_each_language(scope: dict[str, Any], listed: Sequence[Command]) -> list[dict[str, Any]]:
    found = []
    for language in LANGUAGES:
        # English is also what everybody sees whose language we do not have.
        tag = {} if language == "en" else {"language_code": language}
        found.append({"commands": _described(listed, language), "scope": scope, **tag})
    return found


def _menu_in_group(chat_id: int, commands: Sequence[Command]) -> list[dict[str, Any]]:
    in_group = [each for each in commands if each.who != CUSTOMER and each.where & IN_GROUP]
    return _in_each_language({"type": "chat", "chat_id": chat_id}, in_group)


def renew_menu_of_group(work: Work, group: StaffGroup, commands: Sequence[Command]) -> None:
    """A group has another id, for which Telegram knows no menu yet."""
    work.calls += [("setMyCommands", params) for params in _menu_in_group(group.chat_id, commands)]


def renew_menu(work: Work, person: Staff, commands: Sequence[Command]) -> None:
    """Somebody may do other things than before: their private chat shows it at once, if Telegram answers."""
    if not person.started_bot:
        return
    if person.active:
        work.calls.append(("setMyCommands", _menu_of(person, commands)))
    else:
        work.calls.append(("deleteMyCommands", {"scope": _chat_with(person)}))


def _menu_of(person: Staff, commands: Sequence[Command]) -> dict[str, Any]:
    return {"commands": _described(_in_private(person, commands), person.language), "scope": _chat_with(person)}


def _chat_with(person: Staff) -> dict[str, Any]:
    return {"type": "chat", "chat_id": person.user_id}


def _in_private(person: Staff, commands: Sequence[Command]) -> list[Command]:
    """What a member of staff can type alone with the bot: what their role may, and what any customer can."""
    own = [each for each in commands if isinstance(each.who, Role) and PRIVATE in each.where and person.may(each.who)]
    names = {each.name for each in own}
    return [*own, *(each for each in commands if each.who == CUSTOMER and each.name not in names)]


def _described(commands: Sequence[Command], language: str) -> list[dict[str, str]]:
    return [
        {"command": each.name, "description": label(language, f"{each.section}.{each.name}")}
        for each in commands
        if each.listed
    ]


async def say_help(work: Work, place: Place, commands: Sequence[Command]) -> None:
    """/help among staff: what can be done here, by whom speaks."""
    if place.where is PRIVATE:
        language, possible = place.speaker.language, _in_private(place.speaker, commands)
    else:
        language = work.plan.business.language
        possible = [
            each
            for each in commands
            if isinstance(each.who, Role) and place.where in each.where and place.speaker.may(each.who)
        ]
    listed = [{"name": each["command"], "words": each["description"]} for each in _described(possible, language)]
    in_place(work, place, "staff/help", {"commands": listed, "where": place.where.value})
