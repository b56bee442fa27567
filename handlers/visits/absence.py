"""Whoever makes a visit is away or leaves: it goes to somebody else."""

from collections.abc import Sequence

from sqlmodel import col, select

from handlers.happenings.people import StaffAway, StaffLeft
from handlers.visits.tasks import post
from models.customers import customer_numbered
from models.staff import Staff
from models.visits import LIVE, By, Visit, VisitState, case_of
from models.work import Work


async def staff_left(work: Work, happening: StaffLeft) -> None:
    """Their visits go to others."""
    await _hand_over(work, await _visits_of(work, happening.person))


async def staff_away(work: Work, happening: StaffAway) -> None:
    """The visits that fall due before they are back go to others."""
    visits = await _visits_of(work, happening.person)
    until = happening.until
    await _hand_over(work, [each for each in visits if until is None or each.due_at < until])


async def _visits_of(work: Work, person: Staff) -> Sequence[Visit]:
    mine = select(Visit).where(Visit.owner_id == person.id, col(Visit.state).in_(LIVE), Visit.by == By.AGENT)
    return await work.all(mine.order_by(col(Visit.due_at)))


async def _hand_over(work: Work, live: Sequence[Visit]) -> None:
    await work.flush()  # that they are away, or gone
    for visit in live:
        visit.owner_id = None
        if visit.state is VisitState.DUE:
            customer = await customer_numbered(work, visit.customer_id)
            await post(work, visit, customer, await case_of(work, visit))
