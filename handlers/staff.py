"""Staff: joining with the first word, leaving, and roles."""

from typing import Any

from handlers import approvals, cases
from handlers.authority import require
from handlers.customers import Account, joining, known, welcome
from handlers.happenings.people import StaffBack, StaffLeft, StandingChanged
from handlers.refusals import Refusal
from handlers.speaking import tell_privately, tell_staff
from models.approvals import Approval, ApprovalKind, Decision, latest_candidacy
from models.cases import unfinished_cases_of
from models.customers import customer_of_user
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
    staff_of_user,
)
from models.timeline import EventKind, remember
from models.work import Work


async def enrol(work: Work, group: StaffGroup, account: Account) -> Staff:
    """A member's word in a staff group makes them an agent, or brings back one who had left. Returns who it is."""
    person = await staff_of_user(work, account.user_id) or await _newcomer(work, account)
    name = _name_of(account)
    is_new_here = await _join(work, person, group)
    if not person.active and work.plan.business.enrolment == "group":
        _admit(work, person, None, group)
    elif not person.active and (is_new_here or await _may_be_asked_about(work, person, group)):
        person.left_at = None
        await _ask_to_admit(work, person, name, group)
    if (person.name, person.username) != (name, account.username):
        person.name, person.username = name, account.username
    return person


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


async def _join(work: Work, person: Staff, group: StaffGroup) -> bool:
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


async def leave(work: Work, person: Staff, group: StaffGroup) -> None:
    """Somebody left a staff group: their cases there go back to the queue, and with the last one authority ends."""
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
        remember(work, case, EventKind.UNASSIGNED, None, holder=person, why="left")
    if orphans:
        numbers = [case.id for case in orphans]
        tell_staff(work, group, None, "staff/left", {"name": person.name, "numbers": numbers})


async def appoint(work: Work, person: Staff, role: Role, by: Staff) -> None:
    """Give somebody a role; raises Refusal for who is not on the staff, and for the last owner."""
    require(by, Role.OWNER)
    if not person.active:
        raise Refusal("role_who")
    if person.role is Role.OWNER and role is not Role.OWNER and await owner_count(work) < 2:
        raise Refusal("last_owner")
    before, person.role = person.role, role
    work.audit(by, "role", person.subject, before=before, after=role)
    work.happen(StandingChanged(person))


async def begin_chat(work: Work, account: Account, token: str | None) -> Staff | None:
    """Somebody begins to write to the bot in private, perhaps by a link of ours with the token that joins.

    Customers are welcomed; returns the member of staff, whom whoever calls this greets.
    """
    if token:
        await joining.join_by_token(work, account, token)
    person = await staff_of_user(work, account.user_id)
    if person is not None:
        _note_private_chat(work, person, account)
    if person is not None and person.active:
        return person
    welcome.welcome(work, await known(work, account))
    return None


def _note_private_chat(work: Work, person: Staff, account: Account) -> None:
    """From now on the bot may write to a member of staff, or to somebody who was one."""
    person.started_bot = True
    if person.name == str(person.user_id):  # an owner of the settings, who has not spoken in a group yet
        person.name = account.name or person.name
        person.username = account.username
    work.happen(StandingChanged(person))


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
