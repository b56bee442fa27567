"""The doors about staff: words that enrol, leaving a group, roles, and what means nothing where it is typed."""

from functools import cache
from typing import Any

from handlers import staff
from handlers.chat.doors import Place, Where, in_place
from handlers.chat.groups import GONE
from handlers.refusals import Refusal
from models.staff import Role, Staff, staff_named, staff_of_user
from models.work import Work
from templates import LANGUAGES, label


async def enrol(work: Work, place: Place) -> None:
    """Somebody says something in a staff group, whatever becomes of the words."""
    if not place.impersonal:
        place.agent = await staff.enrol(work, place.staff_group, place.account)


async def plain_talk(_work: Work, _place: Place) -> None:
    """Talk among staff: left alone."""


async def membership(work: Work, place: Place) -> None:
    """Telegram says that a member's standing changed."""
    member = place.raw.get("new_chat_member") or {}
    outside = member.get("status") == "restricted" and not member.get("is_member", True)
    if member.get("status") in GONE or outside:
        await _leave(work, place, member.get("user") or {})


async def left_message(work: Work, place: Place) -> None:
    """The service message that says the same."""
    await _leave(work, place, place.raw.get("left_chat_member") or {})


async def _leave(work: Work, place: Place, user: dict[str, Any]) -> None:
    person = await _account_holder(work, user)
    if person is not None:
        await staff.leave(work, person, place.staff_group)


async def change_role(work: Work, place: Place) -> None:
    """/role @name supervisor, or /role supervisor in reply to the person. For owners."""
    words = place.rest.split()
    role = next((_roles()[word.casefold()] for word in words if word.casefold() in _roles()), None)
    named = next((word[1:] for word in words if word.startswith("@")), None)
    replied = (place.raw.get("reply_to_message") or {}).get("from") or {}
    if role is None or not (named or replied):
        raise Refusal("role_usage")
    person = await staff_named(work, named) if named else await _account_holder(work, replied)
    if person is None:
        raise Refusal("role_who")
    await staff.appoint(work, person, role, place.speaker)
    in_place(work, place, "staff/role_changed", {"name": person.name, "role": role.value})


async def _account_holder(work: Work, user: dict[str, Any]) -> Staff | None:
    return await staff_of_user(work, user["id"]) if isinstance(user.get("id"), int) else None


@cache
def _roles() -> dict[str, Role]:
    """A role by its name, as it is written in code and in each language."""
    named = {label(language, f"role.{role}").casefold(): role for language in LANGUAGES for role in Role}
    return {**named, **{role.value: role for role in Role}}


async def unknown_command(_work: Work, place: Place) -> None:
    """A command that we do not know, or that means nothing in this place."""
    raise Refusal("unknown_command" if place.customer and place.where is not Where.PRIVATE else "command_here")
