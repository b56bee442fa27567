"""The doors about staff: words that enrol, leaving a group, roles, and what means nothing where it is typed."""

from functools import cache
from typing import Any

from handlers import staff, standings
from handlers.chat.doors import Door, Place, Where, answer_press, any_command, in_place
from handlers.chat.groups import sits_there
from handlers.chat.presses import pressed
from handlers.refusals import Refusal
from handlers.speaking import change_in_group
from handlers.staff import Entry
from models.staff import Role, Staff, dismissed_named, staff_named, staff_numbered, staff_of_user
from models.work import Work
from templates import LANGUAGES, label


async def enrol(work: Work, place: Place) -> None:
    """Somebody says something in a staff group, whatever becomes of the words. Raises AskFirst."""
    if place.impersonal:
        return
    place.agent, place.entry = await staff.enrol(work, place.staff_group, place.account)
    album = place.raw.get("media_group_id")
    if album and await staff.is_of_unsent_album(work, place.staff_group, place.user["id"], str(album)):
        place.entry = Entry.ADMITTED


async def require_seat(work: Work, place: Place, door: Door) -> None:
    """What staff do alone with the bot they do while they sit in a staff group. Raises AskFirst."""
    if place.where is Where.PRIVATE and isinstance(door.who, Role) and place.agent is not None:
        await staff.require_seat(work, place.agent)


def is_unheard(place: Place) -> bool:
    """Words to a customer by somebody who is not on the staff, or was not before these; and any command by somebody
    who does not even sit in the group."""
    if place.what not in ("message", "edited_message") or place.impersonal or "id" not in place.user:
        return False
    if any_command(place):
        by_these_words = place.entry is Entry.ADMITTED and place.customer is not None
        return by_these_words or (place.entry is Entry.ABSENT and not place.is_staff)
    if place.where is Where.PLAIN:
        reply = (place.raw.get("reply_to_message") or {}).get("from") or {}
        if place.customer is None or not reply.get("is_bot"):
            return False
    elif place.where is not Where.TOPIC:
        return False
    return not place.is_staff or place.entry in (Entry.ADMITTED, Entry.ABSENT)


async def unheard(work: Work, place: Place) -> None:
    """It goes to nobody, and says so once a person."""
    entry = Entry.REFUSED if place.entry is Entry.STAFF else place.entry  # of whom Telegram was not asked
    customer = place.customer if place.where is Where.TOPIC else None
    album = place.raw.get("media_group_id")
    thread_id = None if customer else place.thread_id
    words = staff.Unsent(place.message.get("message_id"), customer, thread_id, str(album) if album else None)
    await staff.goes_to_nobody(work, place.staff_group, place.account, entry, words)


async def plain_talk(_work: Work, _place: Place) -> None:
    """Talk among staff: left alone."""


async def noted(work: Work, place: Place) -> None:
    """What Telegram notes in the group; of who came in we keep when."""
    for user in place.raw.get("new_chat_members") or ():
        if isinstance(user, dict) and isinstance(user.get("id"), int):
            await standings.note_joined(work, place.staff_group, user["id"], work.now)


async def membership(work: Work, place: Place) -> None:
    """Telegram says that a member's standing changed."""
    before, after = (place.raw.get(key) or {} for key in ("old_chat_member", "new_chat_member"))
    user = after.get("user") or {}
    if sits_there(after) is False:
        await _leave(work, place, user)
    elif sits_there(after) and not sits_there(before) and isinstance(user.get("id"), int):
        await standings.note_joined(work, place.staff_group, user["id"], work.now)


async def left_message(work: Work, place: Place) -> None:
    """The service message that says the same."""
    await _leave(work, place, place.raw.get("left_chat_member") or {})


async def _leave(work: Work, place: Place, user: dict[str, Any]) -> None:
    if not isinstance(user.get("id"), int):
        return
    await standings.note_left(work, place.staff_group, user["id"])
    person = await _account_holder(work, user)
    if person is not None:
        await staff.leave(work, person, place.staff_group)


async def change_role(work: Work, place: Place) -> None:
    """/role @name supervisor, or /role supervisor in reply to the person; none takes authority. For owners."""
    words = place.rest.split()
    role = next((_roles()[word.casefold()] for word in words if word.casefold() in _roles()), None)
    named = next((word[1:] for word in words if word.startswith("@")), None)
    replied = (place.raw.get("reply_to_message") or {}).get("from") or {}
    ends = any(word.casefold() in _no_role() for word in words)
    if (role is None and not ends) or not (named or replied):
        raise Refusal("role_usage")
    person = await _named(work, named) if named else await _account_holder(work, replied)
    if person is None:
        raise Refusal("role_who")
    if role is None:
        await staff.dismiss(work, person, place.speaker)
    else:
        await staff.appoint(work, person, role, place.speaker)
    if person.active:
        in_place(work, place, "staff/role_changed", {"name": person.name, "role": person.role.value})
    else:
        in_place(work, place, "staff/dismissed", {"name": person.name})


async def _named(work: Work, name: str) -> Staff | None:
    return await staff_named(work, name) or await dismissed_named(work, name)


async def _account_holder(work: Work, user: dict[str, Any]) -> Staff | None:
    return await staff_of_user(work, user["id"]) if isinstance(user.get("id"), int) else None


@cache
def _roles() -> dict[str, Role]:
    """A role by its name, as it is written in code and in each language."""
    named = {label(language, f"role.{role}").casefold(): role for language in LANGUAGES for role in Role}
    return {**named, **{role.value: role for role in Role}}


@cache
def _no_role() -> set[str]:
    """What is written instead of a role for none at all."""
    return {label(language, "on_staff.no_role").casefold() for language in LANGUAGES}


async def roll(work: Work, place: Place) -> None:
    """/staff: who has authority, since when and by whom. For supervisors."""
    in_place(work, place, "staff/roll", await staff.roll(work, place.speaker))


async def open_team(work: Work, place: Place) -> None:
    """The button "who is in this group is staff"; it counts in the group under which it stands."""
    press = pressed(place)
    group = place.staff_group
    if press.number() != group.id:
        raise Refusal("stale")
    until = await staff.open_to_team(work, group, place.speaker)
    values = {"name": place.account.name or place.speaker.name, "until": until}  # who may not have written here yet
    shown_at = place.message.get("message_id")
    if press.word(1) == "offered" and isinstance(shown_at, int):
        change_in_group(work, group.id or 0, None, shown_at, "staff/team_opened", values, [])
    else:
        in_place(work, place, "staff/team_opened", values)
    answer_press(work, place)


async def undo(work: Work, place: Place) -> None:
    """The button that undoes what the team's button did for somebody."""
    person = await staff_numbered(work, pressed(place).number())
    if person is None:
        raise Refusal("stale")
    await staff.undo_joining(work, person, place.speaker)
    in_place(work, place, "staff/dismissed", {"name": person.name})
    answer_press(work, place)


async def unknown_command(_work: Work, place: Place) -> None:
    """A command that we do not know, or that means nothing in this place."""
    raise Refusal("unknown_command" if place.customer and place.where is not Where.PRIVATE else "command_here")
