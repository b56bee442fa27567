"""Roles: who gives them, owners by the settings, and the list of who has authority."""

from typing import Any

from handlers import standings
from handlers.authority import require
from handlers.happenings.people import StandingChanged
from handlers.refusals import Refusal
from handlers.staff.ending import end
from handlers.staff.enrolling import admit
from models.installation import owners_by_settings
from models.staff import (
    Role,
    Staff,
    active_staff,
    memberships_of,
    owner_count,
    remember_staff,
    staff_group,
    staff_of_user,
)
from models.work import Work

#: So many are listed; a message holds no more.
LISTED = 30


async def appoint(work: Work, person: Staff, role: Role, by: Staff) -> None:
    """Give somebody a role; raises Refusal for who is not on the staff, and for the last owner.

    From whom authority was taken gets it back, if they still sit in a staff group.
    """
    require(by, Role.OWNER)
    if not person.active:
        await _take_back(work, person, by)
    if person.role is Role.OWNER and role is not Role.OWNER and await owner_count(work) < 2:
        raise Refusal("last_owner")
    before, person.role = person.role, role
    work.audit(by, "role", person.subject, before=before, after=role)
    work.happen(StandingChanged(person))
    if before is Role.OWNER and role is not Role.OWNER:
        await _end_outside(work, person, by)


async def _take_back(work: Work, person: Staff, by: Staff) -> None:
    seats = await memberships_of(work, person.id or 0)
    if person.dismissed_at is None or not seats:
        raise Refusal("role_who")
    sits = await standings.sits_anywhere(work, person)
    if not sits:
        raise Refusal("standing_unknown" if sits is None else "role_who")
    await admit(work, person, by, await staff_group(work, seats[0].group_id))


async def _end_outside(work: Work, person: Staff, by: Staff | None) -> None:
    """An owner needs no seat in a group, anybody else does."""
    if not await memberships_of(work, person.id or 0):
        await end(work, person, by, "left")


async def appoint_owners(work: Work, user_ids: tuple[int, ...], known_ids: list[int]) -> None:
    """Make owners of the ids that are new in the settings; who was taken out of them is an agent again, or nobody
    where they sit in no group.

    Those named before keep what owners made of them, and the last owner stays.
    """
    for user_id in user_ids:
        if user_id not in known_ids:
            await _make_owner(work, user_id)
    for user_id in set(known_ids) - set(user_ids):
        person = await staff_of_user(work, user_id)
        if person and person.active and person.role is Role.OWNER and await owner_count(work) > 1:
            person.role = Role.AGENT
            work.audit(None, "role", person.subject, before=Role.OWNER, after=Role.AGENT)
            await _end_outside(work, person, None)


async def _make_owner(work: Work, user_id: int) -> None:
    person = await staff_of_user(work, user_id)
    if person is None:
        language = work.plan.business.language
        person = Staff(user_id=user_id, name=str(user_id), language=language, joined_at=work.now)
        remember_staff(work, person)
    person.role = Role.OWNER
    person.active = True
    person.admitted_at, person.admitted_by_id = work.now, None
    person.dismissed_at = person.left_at = None
    await work.flush()
    work.audit(None, "owner", person.subject, source="OWNER_IDS")


async def roll(work: Work, by: Staff) -> dict[str, Any]:
    """Everybody with authority, since when and by whom, as `staff/roll` shows it."""
    require(by, Role.SUPERVISOR)
    people, zone = await active_staff(work), work.plan.business.timezone
    names = {each.id: each.name for each in people}
    by_settings = await owners_by_settings(work)
    ranked = sorted(people, key=lambda each: -each.role.rank)
    lines = [
        {
            "name": each.name,
            "username": each.username or "",
            "role": each.role.value,
            "since": f"{(each.admitted_at or each.joined_at).astimezone(zone):%Y-%m-%d}",
            "by": names.get(each.admitted_by_id, "") if each.admitted_by_id else "",
            "by_settings": each.role is Role.OWNER and each.user_id in by_settings,
        }
        for each in ranked[:LISTED]
    ]
    return {"people": lines, "more": max(0, len(people) - LISTED)}
