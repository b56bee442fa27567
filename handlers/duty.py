"""Who is there: who works in which department, who is on now, and who is in charge of a case."""

from collections.abc import Sequence
from datetime import timedelta

from models.calendars import working_time
from models.cases import Case
from models.duty import is_away, on_roster
from models.routing import queries
from models.staff import Role, Staff, StaffGroup, active_staff, members_of, staff_groups, staff_member, staff_named
from models.work import Work

#: Whoever is away for more working time than this hands over what waits for them.
LONG = timedelta(hours=4)


async def is_on(work: Work, person: Staff) -> bool:
    """Whether this person works now: in working time whoever is not away, outside it whom the roster names."""
    if not person.active or is_away(person, work.now):
        return False
    if working_time(work.plan).is_open(work.now):
        return True
    return (person.username or "").lower() in on_roster(work.plan, work.now)


def is_away_for_long(work: Work, person: Staff) -> bool:
    """Whether this person's absence is one during which others take over: open, or of hours of working time."""
    if person.away_since is None or not is_away(person, work.now):
        return False
    until = person.away_until
    return until is None or working_time(work.plan).between(person.away_since, until) > LONG


async def has_room(work: Work, case: Case, person: Staff) -> bool:
    """Whether the person carries fewer open cases than the department of the case allows."""
    department = work.plan.department_named(case.department)
    if department is None or department.capacity is None:
        return True
    return (await queries.loads(work, [person.id or 0])).get(person.id or 0, 0) < department.capacity


async def on_duty(work: Work) -> list[Staff]:
    """Whom the roster names for now, but for those who are away."""
    found = [await staff_named(work, name) for name in on_roster(work.plan, work.now)]
    return [person for person in found if person and not is_away(person, work.now)]


async def group_of(work: Work, department_id: str | None) -> StaffGroup:
    """The staff group in which a department of the plan sits; the main one for none."""
    department = work.plan.department_named(department_id)
    groups = await staff_groups(work)
    if department and department.group != "main":
        chat_id = int(department.group)
        return next((each for each in groups if chat_id in (each.configured_id, each.chat_id)), groups[0])
    return groups[0]


async def works_at(work: Work, case: Case, person: Staff) -> bool:
    """Whether the case is somebody's to see to: they have it, work in its group, or lead wherever they sit."""
    if person.id == case.assignee_id or person.may(Role.MANAGER):
        return True
    return person in await members_of(work, case.group_id)


async def department_people(work: Work, department_id: str | None) -> list[Staff]:
    """The active staff of a department, which are those of its group; of the main group for None."""
    return list(await members_of(work, (await group_of(work, department_id)).id or 0))


async def those_in_charge(work: Work, case: Case | None, role: Role) -> list[Staff]:
    """Who holds that role where the case is (None: the main group); where nobody does, the next role up.

    Of several, those whose shift it is; who is away counts only where all are. Managers and owners are in charge
    wherever they sit.
    """
    group_id = case.group_id if case else (await staff_groups(work))[0].id or 0
    here, everybody = await members_of(work, group_id), await active_staff(work)
    found: list[Staff] = []
    for each in list(Role)[role.rank :]:
        holders = [person for person in here if person.role is each]
        if not holders and each.rank >= Role.MANAGER.rank:
            holders = [person for person in everybody if person.role is each]
        present = [person for person in holders if not is_away(person, work.now)]
        if present:
            return [person for person in present if await is_on(work, person)] or present
        found = found or holders
    return found


async def holder_of(work: Work, case: Case) -> Staff | None:
    """Who has to see to the case: its assignee, else the supervisor in charge; None where there is nobody at all."""
    if case.assignee_id:
        return await staff_member(work, case.assignee_id)
    return _first(await those_in_charge(work, case, Role.SUPERVISOR))


def _first(people: Sequence[Staff]) -> Staff | None:
    return next(iter(people), None)
