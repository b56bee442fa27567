"""Who is to make a visit: the customer's own agent, or whoever is on duty and has the fewest."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import func
from sqlmodel import col, select

from handlers.duty import department_people, is_on
from handlers.visits.planning import rule_of
from models.cases import Case
from models.customers import Customer
from models.duty import is_away
from models.staff import Role, Staff, staff_member
from models.timeline import CaseEvent, EventKind
from models.visits import LIVE, Visit
from models.work import Work

#: Visits that fall due so soon count as somebody's load.
LOAD_WITHIN = timedelta(days=1)


def kept_out(work: Work, visit: Visit, case: Case | None) -> set[int]:
    """Who may not make the visit: where the plan says so, the one who handled the case."""
    rule = rule_of(work, visit)
    return {case.assignee_id} if rule and rule.not_handler and case and case.assignee_id else set()


async def assign_visit(work: Work, visit: Visit, customer: Customer, case: Case | None) -> Staff | None:
    """Give the visit to somebody who is there, unless it has such an owner already; None where nobody is."""
    out = kept_out(work, visit, case)
    for staff_id in (visit.owner_id, customer.dedicated_agent_id):
        person = await staff_member(work, staff_id) if staff_id and staff_id not in out else None
        if person and person.active and not _gone(person, visit):
            visit.owner_id = person.id
            return person
    found = await _least_loaded(work, await _candidates(work, visit, case, out))
    visit.owner_id = found.id if found else None
    return found


def _gone(person: Staff, visit: Visit) -> bool:
    """Whether somebody will be away when the visit is due."""
    return is_away(person, visit.due_at)


async def _candidates(work: Work, visit: Visit, case: Case | None, out: Collection[int]) -> list[Staff]:
    """The agents of the department; where it has none to spare, anybody there.

    Those who said before that the case was done, and it was not, only where there is nobody else.
    """
    people = [
        person
        for person in await department_people(work, case.department if case else None)
        if person.id not in out and not _gone(person, visit)
    ]
    agents = [person for person in people if person.role is Role.AGENT] or people
    resolvers = await _resolvers(work, case) if case and out else set()
    agents = [person for person in agents if person.id not in resolvers] or agents
    return [person for person in agents if await is_on(work, person)] or agents


async def _resolvers(work: Work, case: Case) -> set[int | None]:
    """Who has resolved the case so far (staff ids)."""
    resolved = select(CaseEvent.staff_id).where(CaseEvent.case_id == case.id, CaseEvent.kind == EventKind.RESOLVED)
    return set(await work.all(resolved))


async def _least_loaded(work: Work, people: Sequence[Staff]) -> Staff | None:
    soon = col(Visit.due_at) < work.now + LOAD_WITHIN
    counting = (
        select(Visit.owner_id, func.count()).where(col(Visit.state).in_(LIVE), soon).group_by(col(Visit.owner_id))
    )
    loads = dict(await work.all(counting.where(col(Visit.owner_id).in_([person.id for person in people]))))
    return min(people, key=lambda person: (loads.get(person.id, 0), person.id), default=None)
