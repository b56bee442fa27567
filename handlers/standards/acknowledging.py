"""Whoever says "I have it" of what gets late hears no more of it, until the time is over."""

from handlers import duty
from handlers.authority import require
from handlers.refusals import Refusal
from models.cases import case_held
from models.routing import queries
from models.staff import Staff
from models.standards import Clock
from models.timeline import EventKind, remember
from models.work import Work


async def acknowledge(work: Work, clock: Clock, by: Staff) -> bool:
    """The first to say so has it, until people are told anew; raises Refusal for everybody else, and for who does not
    work where the case is.

    Returns whether there is still something to have: False where what was due is done meanwhile.
    """
    person = require(by)
    case = await case_held(work, clock.case_id)
    assert case is not None  # noqa: S101 - cases are never deleted
    if not await duty.works_at(work, case, person):
        raise Refusal("stale")
    if clock.ended_at is not None:
        return False
    first = await queries.who_has_it(work, case, (EventKind.ESCALATED,), clock.what)
    if first and first.id != person.id:
        raise Refusal("has_it", name=first.name)
    if first is None:
        clock.acknowledged_by = person.id
        remember(work, case, EventKind.ACKNOWLEDGED, person, of=clock.what)
    return True
