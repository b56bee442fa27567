"""Staff: joining with the first word, leaving, and roles."""

from functools import cache
from typing import Any

from handlers import approvals, cases
from handlers.chat.doors import Place, Where, in_place
from handlers.chat.groups import GONE
from handlers.customers import Account
from handlers.happenings import StaffBack, StaffLeft, StandingChanged, Unassigned
from handlers.refusals import Refusal
from handlers.speaking import tell_privately, tell_staff
from models.approvals import Approval, ApprovalKind, Decision, latest_candidacy
from models.cases import unfinished_cases_of
from models.customers import customer_of_user, display_name
from models.staff import (
    GroupMember,
    Role,
    Staff,
    StaffGroup,
    memberships_known,
    memberships_of,
    owner_count,
    owners,
    remember_staff,
    staff_group,
    staff_member,
    staff_named,
    staff_of_user,
)
from models.work import Work
from templates import LANGUAGES, label


async def enrol(work: Work, place: Place) -> None:
    """A member's word in a staff group makes them an agent, or brings back one who had left."""
    if place.impersonal:
        return
    user = place.user
    name = display_name(user.get("first_name"), user.get("last_name")) or str(user["id"])
    person, at_once = place.agent, work.plan.business.enrolment == "group"
    if person is None:
        code = (user.get("language_code") or "").partition("-")[0]
        language = code if code in LANGUAGES else work.plan.business.language
        person = Staff(
            user_id=user["id"],
            name=name,
            username=user.get("username"),
            language=language,
            active=False,
            started_bot=await customer_of_user(work, user["id"]) is not None,
            joined_at=work.now,
        )
        remember_staff(work, person)
        await work.flush()
    is_new_here = await join_group(work, person, place.staff_group)
    if not person.active and at_once:
        _admit(work, person, None, place.staff_group)
    elif not person.active and (is_new_here or await _may_be_asked_about(work, person, place.staff_group)):
        person.left_at = None
        await _ask_to_admit(work, person, name, place.staff_group)
    if (person.name, person.username) != (name, user.get("username")):
        person.name, person.username = name, user.get("username")
    place.agent = person


async def join_group(work: Work, person: Staff, group: StaffGroup) -> bool:
    """Whoever speaks in a group works there; returns whether they are new to it."""
    key = (group.id or 0, person.id or 0)
    if key in memberships_known(work):
        return False
    memberships_known(work).add(key)
    if group.id in {each.group_id for each in await memberships_of(work, person.id or 0)}:
        return False
    work.add(GroupMember(group_id=group.id or 0, staff_id=person.id or 0))
    if person.active:
        work.happen(StaffBack(person))
    return True


def _admit(work: Work, person: Staff, by: Staff | None, group: StaffGroup) -> None:
    person.active = True
    person.left_at = person.away_since = person.away_until = None
    work.audit(by, "enrolled", person.subject, group=group.chat_id)
    work.happen(StaffBack(person))
    work.happen(StandingChanged(person))


async def _may_be_asked_about(work: Work, person: Staff, group: StaffGroup) -> bool:
    """Whoever is refused is not asked about again; about whom nobody decided in time is, at their next word."""
    last = await latest_candidacy(work, person.id or 0, group.id or 0)
    return last is None or (last.decision in (None, Decision.RAN_OUT) and not last.stands(work.now))


async def _ask_to_admit(work: Work, person: Staff, name: str, group: StaffGroup) -> None:
    """Where the plan wants it, a supervisor decides about a newcomer; until then they have no authority."""
    approval = await approvals.ask(work, ApprovalKind.CANDIDATE, person, {"group_id": group.id}, staff_id=person.id)
    buttons = approvals.choices(approval, work.plan.business.language)
    tell_staff(work, group, None, "staff/candidate", {"name": name}, buttons=buttons)


async def decided(work: Work, approval: Approval, by: Staff, yes: bool) -> None:
    """A supervisor admits a newcomer, or does not."""
    person = await staff_member(work, approval.staff_id or 0)
    if yes:
        _admit(work, person, by, await staff_group(work, approval.group_id or 0))
    else:
        work.audit(by, "refused", person.subject)
    template = "staff/approved" if yes else "staff/refused"
    await approvals.tell_where_asked(work, approval, template, {"name": person.name})


async def plain_talk(_work: Work, _place: Place) -> None:
    """Talk among staff: left alone."""


async def membership(work: Work, place: Place) -> None:
    """Telegram says that a member's standing changed."""
    member = place.raw.get("new_chat_member") or {}
    outside = member.get("status") == "restricted" and not member.get("is_member", True)
    if member.get("status") in GONE or outside:
        await left(work, place, member.get("user") or {})


async def left_message(work: Work, place: Place) -> None:
    """The service message that says the same."""
    await left(work, place, place.raw.get("left_chat_member") or {})


async def left(work: Work, place: Place, user: dict[str, Any]) -> None:
    """Somebody left a staff group: their cases there go back to the queue, and with the last one authority ends."""
    person = await staff_of_user(work, user["id"]) if isinstance(user.get("id"), int) else None
    if person is None:
        return
    group = place.staff_group
    memberships = await memberships_of(work, person.id or 0)
    for membership in memberships:
        if membership.group_id == group.id:
            memberships_known(work).discard((membership.group_id, membership.staff_id))
            await work.session.delete(membership)
    elsewhere = any(membership.group_id != group.id for membership in memberships)
    if not person.active or person.role is Role.OWNER:
        return
    if not elsewhere:
        person.active = False
        person.left_at = work.now
        work.audit(None, "left", person.subject, role=person.role)
        person.role = Role.AGENT
        work.happen(StaffLeft(person))
        work.happen(StandingChanged(person))
    orphans = [
        case for case in await unfinished_cases_of(work, person.id or 0) if not elsewhere or case.group_id == group.id
    ]
    for case in orphans:
        cases.entrust(work, case, None)
        work.happen(Unassigned(case, person, "left"))
    if orphans:
        numbers = [case.id for case in orphans]
        tell_staff(work, group, None, "staff/left", {"name": person.name, "numbers": numbers})


@cache
def _roles() -> dict[str, Role]:
    """A role by its name, as it is written in code and in each language."""
    named = {label(language, f"role.{role}").casefold(): role for language in LANGUAGES for role in Role}
    return {**named, **{role.value: role for role in Role}}


async def change_role(work: Work, place: Place) -> None:
    """/role @name supervisor, or /role supervisor in reply to the person. For owners."""
    words = place.text.split()[1:]
    role = next((_roles()[word.casefold()] for word in words if word.casefold() in _roles()), None)
    named = next((word[1:] for word in words if word.startswith("@")), None)
    replied = (place.raw.get("reply_to_message") or {}).get("from") or {}
    if role is None or not (named or replied):
        raise Refusal("role_usage")
    person = await staff_named(work, named) if named else await staff_of_user(work, replied.get("id", 0))
    if person is None or not person.active:
        raise Refusal("role_who")
    if person.role is Role.OWNER and role is not Role.OWNER and await owner_count(work) < 2:
        raise Refusal("last_owner")
    before, person.role = person.role, role
    work.audit(place.speaker, "role", person.subject, before=before, after=role)
    work.happen(StandingChanged(person))
    in_place(work, place, "staff/role_changed", {"name": person.name, "role": role.value})


def note_private_chat(work: Work, person: Staff, account: Account) -> None:
    """From now on the bot may write to a member of staff, or to somebody who was one."""
    person.started_bot = True
    if person.name == str(person.user_id):  # an owner of the settings, who has not spoken in a group yet
        person.name = account.name or person.name
        person.username = account.username
    work.happen(StandingChanged(person))


async def unknown_command(_work: Work, place: Place) -> None:
    """A command that we do not know, or that means nothing in this place."""
    raise Refusal("unknown_command" if place.customer and place.where is not Where.PRIVATE else "command_here")


async def tell_owners(work: Work, template: str, values: dict[str, Any]) -> None:
    """Tell every owner, in private, what stands in the way of the service."""
    for owner in await owners(work):
        tell_privately(work, owner, template, values)


async def appoint_owners(work: Work, user_ids: tuple[int, ...], known_ids: list[int]) -> None:
    """Make owners of the ids that are new in the settings; who was taken out of them is an agent again.

    Those named before keep what owners made of them, and the last owner stays.
    """
    for user_id in user_ids:
        if user_id in known_ids:
            continue
        person = await staff_of_user(work, user_id)
        if person is None:
            language = work.plan.business.language
            person = Staff(user_id=user_id, name=str(user_id), language=language, joined_at=work.now)
            remember_staff(work, person)
        person.role = Role.OWNER
        person.active = True
        await work.flush()
        work.audit(None, "owner", person.subject, source="OWNER_IDS")
    for user_id in set(known_ids) - set(user_ids):
        person = await staff_of_user(work, user_id)
        if person and person.role is Role.OWNER and await owner_count(work) > 1:
            person.role = Role.AGENT
            work.audit(None, "role", person.subject, before=Role.OWNER, after=Role.AGENT)
