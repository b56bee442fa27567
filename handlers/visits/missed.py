"""Visits that came to nothing, missed ones and those that reached nobody: supervisors hear of them."""

from typing import Any

from sqlalchemy import update
from sqlmodel import col, select

from handlers.duty import those_in_charge
from handlers.names import shown_name
from handlers.speaking import tell_privately, tell_staff
from handlers.visits.agenda import MOST_NAMED, names_of
from handlers.visits.planning import about_of
from models.customers import Customer
from models.staff import Role, main_group
from models.visits import TO_COME, Visit, VisitState
from models.work import Work


async def tell_missed(work: Work) -> bool:
    """A tick: supervisors hear of missed visits, of all in one message, when nothing more is being caught up with."""
    missed = await work.all(
        select(Visit).where(Visit.state == VisitState.MISSED, col(Visit.told).is_(False)).order_by(col(Visit.id))
    )
    if not missed:
        return False
    due = select(Visit.id).where(col(Visit.state).in_(TO_COME), col(Visit.due_at) <= work.now).limit(1)
    if await work.first(due) is not None:
        return False
    names = await names_of(work, missed)
    lines = [
        {
            "name": names[visit.customer_id],
            "customer": visit.customer_id,
            "number": visit.case_id,
            "about": about_of(work, visit),
            "reason": visit.reason,
        }
        for visit in missed[:MOST_NAMED]
    ]
    await _tell_supervisors(
        work, "visits/missed", {"lines": lines, "count": len(missed), "more": len(missed) - len(lines)}
    )
    told = update(Visit).where(Visit.state == VisitState.MISSED, col(Visit.told).is_(False))  # type: ignore[arg-type]
    await work.session.exec(told.where(col(Visit.id) <= missed[-1].id).values(told=True))
    return False


async def tell_not_reached(work: Work, visit: Visit, customer: Customer) -> None:
    """Supervisors hear that a visit is over and nobody was reached."""
    values = {
        "name": await shown_name(work, customer),
        "customer": customer.id,
        "number": visit.case_id,
        "outcome": visit.outcome.value if visit.outcome else "",
        "attempts": visit.attempts,
    }
    await _tell_supervisors(work, "visits/not_reached", values, visit.case_id)


async def _tell_supervisors(work: Work, template: str, values: dict[str, Any], case_id: int | None = None) -> None:
    """Tell those in charge privately, where they have started the bot; else in General."""
    people = [person for person in await those_in_charge(work, None, Role.SUPERVISOR) if person.started_bot]
    for person in people:
        tell_privately(work, person, template, values, case_id=case_id)
    if not people:
        tell_staff(work, await main_group(work), None, template, values)
