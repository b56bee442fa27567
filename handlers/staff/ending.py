"""How authority ends: somebody leaves, is gone by Telegram's word, or is told so by who may."""

from collections.abc import Sequence

from handlers import cases, standings
from handlers.authority import require
from handlers.happenings.people import StaffLeft, StandingChanged
from handlers.refusals import Refusal
from handlers.speaking import tell_staff
from models.cases import Case, unfinished_cases_of
from models.installation import owners_by_settings
from models.staff import (
    Role,
    Staff,
    StaffGroup,
    memberships_known,
    memberships_of,
    owner_count,
    staff_group,
    staff_groups,
    staff_of_user,
)
from models.standings import strays
from models.timeline import EventKind, remember
from models.work import Work


async def leave(work: Work, person: Staff, group: StaffGroup) -> None:
    """Somebody left a staff group: their cases there go back to the queue, and with the last one authority ends."""
    memberships = await memberships_of(work, person.id or 0)
    for membership in memberships:
        if membership.group_id == group.id:
            memberships_known(work).discard((membership.group_id, membership.staff_id))
            await work.session.delete(membership)
    elsewhere = any(membership.group_id != group.id for membership in memberships)
    if not person.active or await _stays_outside(work, person):
        return
    if not elsewhere:
        await end(work, person, None, "left")
        return
    here = [case for case in await unfinished_cases_of(work, person.id or 0) if case.group_id == group.id]
    _let_go(work, person, here)
    _tell(work, person, group, here)


async def _stays_outside(work: Work, person: Staff) -> bool:
    """An owner of the settings, or the last one, needs no seat in a group."""
    if person.role is not Role.OWNER:
        return False
    return person.user_id in await owners_by_settings(work) or await owner_count(work) < 2


async def end(work: Work, person: Staff, by: Staff | None, why: str) -> None:
    """Somebody's authority is over from here on; `why` is the word of the audit. Their cases go to others."""
    person.active = False
    person.left_at = work.now
    work.audit(by, why, person.subject, role=person.role)
    person.role = Role.AGENT
    work.happen(StaffLeft(person))
    work.happen(StandingChanged(person))
    orphans = await unfinished_cases_of(work, person.id or 0)
    _let_go(work, person, orphans)
    for group in await staff_groups(work):
        _tell(work, person, group, [case for case in orphans if case.group_id == group.id])


def _let_go(work: Work, person: Staff, orphans: Sequence[Case]) -> None:
    for case in orphans:
        cases.entrust(work, case, None)
        remember(work, case, EventKind.UNASSIGNED, None, holder=person, why="left")


def _tell(work: Work, person: Staff, group: StaffGroup, orphans: Sequence[Case]) -> None:
    if orphans:
        numbers = [case.id for case in orphans]
        tell_staff(work, group, None, "staff/left", {"name": person.name, "numbers": numbers})


async def dismiss(work: Work, person: Staff, by: Staff) -> None:
    """An owner says that somebody is no longer on the staff, wherever they sit; raises Refusal for the last owner."""
    require(by, Role.OWNER)
    if not person.active:
        raise Refusal("role_who")
    if person.role is Role.OWNER and await owner_count(work) < 2:
        raise Refusal("last_owner")
    person.dismissed_at = work.now
    await end(work, person, by, "dismissed")


async def undo_joining(work: Work, person: Staff, by: Staff) -> None:
    """A supervisor says of somebody who came in with the whole team that they are no part of it."""
    require(by, Role.SUPERVISOR)
    if not person.active or person.role is not Role.AGENT or person.admitted_by_id is not None:
        raise Refusal("stale")
    person.dismissed_at = work.now
    await end(work, person, by, "dismissed")


async def take_answers(work: Work, answers: Sequence[standings.Answer]) -> None:
    """What Telegram says of who sits where: who is gone has left, also where nobody told us; silence ends nothing."""
    for answer in answers:
        await standings.note(work, answer)
        person = await staff_of_user(work, answer.seat.user_id)
        if answer.present is False and person is not None and await _works_there(work, person, answer):
            await leave(work, person, await staff_group(work, answer.seat.group_id))


async def _works_there(work: Work, person: Staff, answer: standings.Answer) -> bool:
    return answer.seat.group_id in {each.group_id for each in await memberships_of(work, person.id or 0)}


async def require_seat(work: Work, person: Staff) -> None:
    """Alone with the bot, staff act while Telegram says that they sit in a group of theirs, or are owners by the
    settings; raises AskFirst where it has to be asked, Refusal where it does not answer."""
    if await _stays_outside(work, person):
        return
    sits = await standings.sits_anywhere(work, person)
    if not sits:
        raise Refusal("standing_unknown" if sits is None else "not_staff")


async def see_to_strays(work: Work) -> None:
    """Who has authority but sits in no staff group has lost it, whatever we missed; but owners by the settings."""
    for person in await strays(work):
        if not await _stays_outside(work, person):
            await end(work, person, None, "left")
