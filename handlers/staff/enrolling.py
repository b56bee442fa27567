"""How authority begins: by a first word in a staff group, of which Telegram says that its author sits there."""

import enum

from handlers import approvals, standings
from handlers.authority import require
from handlers.customers import Account
from handlers.happenings.people import Decided, StaffBack, StandingChanged
from handlers.moments import in_our_words
from handlers.refusals import AskFirst, Refusal, Seat
from handlers.speaking import Buttons, button, tell_staff
from models.approvals import (
    Approval,
    ApprovalKind,
    Decision,
    latest_candidacy,
    matter_gone,
    open_candidacies,
)
from models.customers import customer_of_user
from models.staff import (
    TEAM_LASTS,
    GroupMember,
    Role,
    Staff,
    StaffGroup,
    has_team,
    memberships_known,
    memberships_of,
    owner_count,
    remember_staff,
    staff_group,
    staff_member,
    staff_of_user,
)
from models.standings import standing_for, standing_of
from models.work import Work
from templates import jointed, label


class Entry(enum.StrEnum):
    """How somebody who writes in a staff group comes in."""

    STAFF = "staff"  # with the authority that they had
    ADMITTED = "admitted"  # by these words
    WAITS = "waits"  # for a supervisor's yes
    REFUSED = "refused"  # who was refused, or whose authority was taken
    ABSENT = "absent"  # Telegram says that they do not sit there
    UNKNOWN = "unknown"  # Telegram does not say


async def enrol(work: Work, group: StaffGroup, account: Account) -> tuple[Staff | None, Entry]:
    """Somebody writes in a staff group: who they are to us, and how they come in.

    Raises AskFirst where they would get something by it, and Telegram has not said that they sit there.
    """
    person = await staff_of_user(work, account.user_id)
    if person is None or not person.active or not await _works_in(work, person, group):
        sits = await standings.sits(work, group, account.user_id)
        if sits is None and person is not None and person.active:
            return person, Entry.STAFF  # who has authority keeps it, and works here once Telegram answers
        if not sits:
            return person, Entry.UNKNOWN if sits is None else Entry.ABSENT
    person = person or await _newcomer(work, account)
    entry = await _come_in(work, person, group, account)
    if (person.name, person.username) != (_name_of(account), account.username):
        person.name, person.username = _name_of(account), account.username
    return person, entry


def _name_of(account: Account) -> str:
    return account.name or str(account.user_id)


async def _newcomer(work: Work, account: Account) -> Staff:
    person = Staff(
        user_id=account.user_id,
        name=_name_of(account),
        username=account.username,
        language=account.language or work.plan.business.language,
        active=False,
        started_bot=await customer_of_user(work, account.user_id) is not None,
        joined_at=work.now,
    )
    remember_staff(work, person)
    await work.flush()
    return person


async def _works_in(work: Work, person: Staff, group: StaffGroup) -> bool:
    key = (group.id or 0, person.id or 0)
    if key not in memberships_known(work):
        if group.id not in {each.group_id for each in await memberships_of(work, person.id or 0)}:
            return False
        memberships_known(work).add(key)
    return True


async def _come_in(work: Work, person: Staff, group: StaffGroup, account: Account) -> Entry:
    is_new_here = await _join(work, person, group)
    if person.active:
        return Entry.STAFF
    if person.dismissed_at is not None:
        return Entry.REFUSED
    last = await latest_candidacy(work, person.id or 0, group.id or 0)
    if work.plan.business.enrolment == "group" or await _is_of_the_team(work, person, group, last):
        await admit(work, person, None, group)
        return Entry.ADMITTED
    if is_new_here or _may_be_asked_about(work, last):
        person.left_at = None
        await _ask_to_admit(work, person, _name_of(account), group)
    elif last is not None and last.decision is Decision.NO:
        return Entry.REFUSED
    return Entry.WAITS


async def _join(work: Work, person: Staff, group: StaffGroup) -> bool:
    """Whoever speaks in a group works there; returns whether they are new to it."""
    if await _works_in(work, person, group):
        return False
    memberships_known(work).add((group.id or 0, person.id or 0))
    work.add(GroupMember(group_id=group.id or 0, staff_id=person.id or 0))
    if person.active:
        work.happen(StaffBack(person))
    return True


async def admit(work: Work, person: Staff, by: Staff | None, group: StaffGroup) -> None:
    """Somebody has authority from here on: by a supervisor's or an owner's word, or (None) by a rule."""
    person.active = True
    person.left_at = person.away_since = person.away_until = person.dismissed_at = None
    person.admitted_at, person.admitted_by_id = work.now, by.id if by else None
    (await standing_for(work, group.id or 0, person.user_id)).told_at = None
    work.audit(by, "enrolled", person.subject, group=group.chat_id)
    work.happen(StaffBack(person))
    work.happen(StandingChanged(person))


def _may_be_asked_about(work: Work, last: Approval | None) -> bool:
    """Whoever is refused is not asked about again; about whom nobody decided in time is, at their next word."""
    return last is None or (last.decision in (None, Decision.RAN_OUT) and not last.stands(work.now))


async def _ask_to_admit(work: Work, person: Staff, name: str, group: StaffGroup) -> None:
    """A supervisor decides about a newcomer; until then they have no authority."""
    approval = await approvals.ask(work, ApprovalKind.CANDIDATE, person, {"group_id": group.id}, staff_id=person.id)
    buttons = approvals.choices(approval, work.plan.business.language) + _team_button(work, group, "asked")
    tell_staff(work, group, None, "staff/candidate", {"name": jointed(name)}, buttons=buttons)


async def decided(work: Work, approval: Approval, by: Staff, yes: bool) -> None:
    """A supervisor admits a newcomer, of whom Telegram says that they sit there, or does not."""
    person = await staff_member(work, approval.staff_id or 0)
    if yes:
        group = await staff_group(work, approval.group_id or 0)
        sits = await standings.sits(work, group, person.user_id)
        if not sits:
            raise Refusal("standing_of_unknown" if sits is None else "approval_left", name=person.name)
        await admit(work, person, by, group)
    else:
        work.audit(by, "refused", person.subject)
    template = "staff/approved" if yes else "staff/refused"
    await approvals.tell_where_asked(work, approval, template, {"name": person.name})


# -- "who is in this group is staff"


def _team_button(work: Work, group: StaffGroup, where: str) -> Buttons:
    return [[button(label(work.plan.business.language, "on_staff.team"), f"team:{group.id}:{where}")]]


async def offer_team(work: Work, group: StaffGroup) -> None:
    """Where newcomers are asked about, and nobody but owners works there yet, one tap can take the whole team."""
    asks = work.plan.business.enrolment == "approve" and group.team_offered_at is None
    if not asks or not await owner_count(work) or await has_team(work, group.id or 0):
        return
    group.team_offered_at = work.now
    buttons = _team_button(work, group, "offered")
    tell_staff(work, group, None, "staff/team_offer", {"days": TEAM_LASTS.days}, buttons=buttons)


async def open_to_team(work: Work, group: StaffGroup, by: Staff) -> str:
    """Whoever sits in the group now is staff with their first word within a week, or at once if we were asked about
    them; returns until when, in words. Raises AskFirst for those who wait."""
    require(by, Role.SUPERVISOR)
    waiting = [
        (approval, await staff_member(work, approval.staff_id or 0))
        for approval in await open_candidacies(work, group.id or 0)
        if not await matter_gone(work, approval)
    ]
    sitting = await _those_who_sit(work, group, [person for _, person in waiting])
    group.team_from = work.now
    work.audit(by, "team", f"group:{group.id}")
    await work.flush()
    for approval, person in waiting:
        if person.user_id in sitting and await _came_before(work, person, group):
            approval.decision, approval.decided_by_id, approval.decided_at = Decision.YES, by.id, work.now
            work.happen(Decided(approval, by, True))
    return in_our_words(work, work.now + TEAM_LASTS, lasting=True)


async def _those_who_sit(work: Work, group: StaffGroup, people: list[Staff]) -> set[int]:
    """The accounts of those who sit there; all of whom Telegram must be asked are asked about at once."""
    unasked: list[Seat] = []
    sitting = set()
    for person in people:
        try:
            if await standings.sits(work, group, person.user_id):
                sitting.add(person.user_id)
        except AskFirst as ask:
            unasked += ask.seats
    if unasked:
        raise AskFirst(*unasked)
    return sitting


async def _is_of_the_team(work: Work, person: Staff, group: StaffGroup, last: Approval | None) -> bool:
    if last is not None and last.decision is Decision.NO:
        return False
    if not await _came_before(work, person, group):
        return False
    buttons = [[button(label(work.plan.business.language, "on_staff.undo"), f"dismiss:{person.id}")]]
    tell_staff(work, group, None, "staff/joined", {"name": person.name}, buttons=buttons)
    return True


async def _came_before(work: Work, person: Staff, group: StaffGroup) -> bool:
    standing = await standing_of(work, group.id or 0, person.user_id)
    return group.takes(standing.joined_at if standing else None, work.now)
