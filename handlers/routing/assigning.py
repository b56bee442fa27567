"""Who gets a case: by the rule of its department, from the queue, by a person's word; and back to the queue."""

from collections.abc import Sequence
from typing import Any

from handlers import cases, duty
from handlers.addresses import link_to
from handlers.authority import require
from handlers.happenings.cases import CaseOpened, CaseReopened
from handlers.refusals import Refusal
from handlers.speaking import tell_privately, tell_staff
from models.calendars import working_time
from models.cases import Case, CaseKind
from models.customers import Customer, customer_of
from models.duty import is_away
from models.messages import Author
from models.plan import Department
from models.routing import queries
from models.routing.choosing import Candidate, choose
from models.routing.words import plain, says
from models.staff import GroupMember, Role, Staff, members_of, staff_group, staff_member
from models.timeline import EventKind, remember
from models.work import Work
from templates import LANGUAGES, word_list

#: How many cases of a department's queue are given out in one go.
AT_ONCE = 50

#: Those who work now; the last says whether cases are given to them by the rule of their department.
Crew = Sequence[tuple[Staff, GroupMember, bool]]


async def opened(work: Work, happening: CaseOpened) -> None:
    """A new case goes to whom the plan says, or waits in the queue."""
    await give(work, happening.case)


async def reopened(work: Work, happening: CaseReopened) -> None:
    """A case taken up again stays with its agent, unless they are gone, away for long, or have too much by it."""
    case = happening.case
    if case.assignee_id is None:
        return
    person = await staff_member(work, case.assignee_id)
    if not person.active or duty.is_away_for_long(work, person) or not await _carries(work, case, person):
        release(work, case, person, "left")
        await give(work, case)


async def _carries(work: Work, case: Case, person: Staff) -> bool:
    """Whether the person carries no more than the department allows, the case among it."""
    department = work.plan.department_named(case.department)
    if department is None or department.capacity is None:
        return True
    return (await queries.loads(work, [person.id or 0])).get(person.id or 0, 0) <= department.capacity


def release(work: Work, case: Case, holder: Staff, why: str) -> None:
    """Take the case from its agent, who has left or is away (`why`); it waits in the queue."""
    cases.entrust(work, case, None)
    remember(work, case, EventKind.UNASSIGNED, None, holder=holder, why=why)


async def give(work: Work, case: Case) -> bool:
    """Give a case that nobody has to who is to have it; returns whether there was somebody."""
    if case.assignee_id is not None or not case.unfinished:
        return False
    department = work.plan.department_named(case.department)
    if department is None:
        return False
    customer = await customer_of(work, case)
    dedicated = _dedicated(work, customer)
    if department.assign == "claim" and dedicated is None:
        return False
    if not _is_time(work, case):
        return False
    await work.alone("assign")
    crew = await _present(work, case.group_id)
    if not crew:
        return False
    known = [dedicated, await queries.last_agent_of(work, customer.id, case.id)]
    if department.assign == "claim":
        del known[1]
    suspects = await _complained_of(work, case, [person for person, *_ in crew if person.id in known])
    chosen = choose(
        department.assign,
        await _candidates(work, [each for each in crew if each[0].id not in suspects]),
        department.capacity,
        [staff_id for staff_id in known if staff_id is not None],
    )
    person = next((person for person, *_ in crew if person.id == chosen), None)
    if person is None:
        return False
    _next_turn(crew, person)
    cases.entrust(work, case, person)
    remember(work, case, EventKind.ASSIGNED, None, to=person)
    await tell_assigned(work, customer, case, person)
    return True


def _dedicated(work: Work, customer: Customer) -> int | None:
    tier = work.plan.tier_named(customer.tier)
    return customer.dedicated_agent_id if tier and tier.dedicated_agent else None


def _is_time(work: Work, case: Case) -> bool:
    """Cases are given out in working time, but for those that run day and night."""
    severity = work.plan.severity_named(case.severity)
    return working_time(work.plan).is_open(work.now) or bool(severity and severity.around_the_clock)


async def _present(work: Work, group_id: int) -> Crew:
    """Who works in the group now, and whether they are of the lowest role there: agents, where there are any."""
    crew = await queries.crew_of(work, group_id)
    lowest = min((person.role.rank for person, _ in crew), default=0)
    return [(person, member, person.role.rank == lowest) for person, member in crew if await duty.is_on(work, person)]


async def _candidates(work: Work, crew: Crew) -> list[Candidate]:
    loads = await queries.loads(work, [person.id or 0 for person, *_ in crew])
    return [
        Candidate(person.id or 0, loads.get(person.id or 0, 0), member.turn, ordinary)
        for person, member, ordinary in crew
    ]


def _next_turn(crew: Crew, person: Staff) -> None:
    last = max(member.turn for _, member, _ in crew)
    next(member for each, member, _ in crew if each is person).turn = last + 1


async def _complained_of(work: Work, case: Case, people: list[Staff]) -> set[int | None]:
    """Those of the people whom the customer knows that the complaint may be about."""
    if not people or case.supposed_kind is not CaseKind.COMPLAINT:
        return set()
    words = [each.text for each in await queries.words_in(work, case.id) if each.author is Author.CUSTOMER]
    about = tuple(word for language in LANGUAGES for word in word_list(language, "about_agent.words"))
    said = plain("\n".join(words))
    return {person.id for person in people if says(said, (*about, person.name))}


async def drain(work: Work) -> bool:
    """Give out what waits in the queues, while somebody has room. Returns whether anybody got something."""
    given = False
    is_open = working_time(work.plan).is_open(work.now)
    severities = [each.id for each in work.plan.severity if is_open or each.around_the_clock]
    if not is_open and not severities:
        return False
    for department in work.plan.department:
        if department.assign == "claim":
            continue
        for case in await queries.queue_of(work, department.id, severities, not is_open, AT_ONCE):
            if not await _has_room(work, department, case.group_id):
                break
            given = await give(work, case) or given
    return given


async def _has_room(work: Work, department: Department, group_id: int) -> bool:
    crew = await _candidates(work, await _present(work, group_id))
    return any(department.capacity is None or each.load < department.capacity for each in crew)


async def tell_assigned(work: Work, customer: Customer, case: Case, person: Staff) -> None:
    """Whoever got a case hears so in private, where they have started the bot."""
    if person.started_bot:
        values = {"number": case.id, "subject": case.subject, "link": await link_to(work, customer, case)}
        tell_privately(work, person, "routing/assigned", values, case_id=case.id)


def tell_each(work: Work, people: Sequence[Staff | None], template: str, values: dict[str, Any]) -> None:
    """Tell those whom it concerns in private, where they have started the bot."""
    for person in people:
        if person and person.started_bot and person.active:
            tell_privately(work, person, template, values)


# -- by a person's word


async def assign(work: Work, case: Case, to: Staff, by: Staff) -> None:
    """Give the case to somebody: whoever has it passes it on, a supervisor any case; what nobody has, one takes.

    Raises Refusal for who may not, for who cannot take it, and for a finished case.
    """
    require(by)
    if to.id == by.id and case.assignee_id is None:
        await cases.claim(work, case, by)
        return
    if case.assignee_id != by.id:
        require(by, Role.SUPERVISOR)
    await _can_take(work, case, to)
    before = await cases.assignee_of(work, case)
    cases.entrust(work, case, to)
    case.page_due_at = None
    remember(work, case, EventKind.ASSIGNED, by, to=to)
    customer = await customer_of(work, case)
    values = {"number": case.id, "by": by.name, "name": to.name}
    group = await staff_group(work, case.group_id)
    tell_staff(work, group, customer, "routing/assigned_by", values, case_id=case.id)
    await tell_assigned(work, customer, case, to)
    tell_each(work, [before], "routing/assigned_by", values)


async def _can_take(work: Work, case: Case, person: Staff) -> None:
    """Raises Refusal for who already has the case, is not in its group, is away, or carries enough."""
    if not case.unfinished:
        raise Refusal("finished", number=case.id)
    if case.assignee_id == person.id:
        raise Refusal("has_it", name=person.name)
    if person not in await members_of(work, case.group_id):
        raise Refusal("not_in_group", name=person.name)
    if is_away(person, work.now):
        raise Refusal("is_away", name=person.name)
    await work.alone("assign")
    if not await duty.has_room(work, case, person):
        raise Refusal("full", name=person.name)
