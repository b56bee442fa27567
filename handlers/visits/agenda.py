"""What visits somebody has before them: an agent's own, a supervisor's people's; on demand and each morning."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlmodel import col, or_, select

from handlers.authority import require
from handlers.moments import in_words
from handlers.names import shown_name
from handlers.speaking import tell_privately, tell_staff
from handlers.visits.assigning import assign_visit
from handlers.visits.planning import about_of
from models.calendars import moment, working_time
from models.customers import Customer, customer_numbered
from models.staff import Role, Staff, active_staff, main_group, members_of, memberships_of, staff_member
from models.visits import LIVE, TO_COME, By, Visit, VisitState, case_of
from models.walks import daily
from models.work import Work

#: How many visits a list names; the rest it counts.
MOST_NAMED = 25
#: How far ahead /visits looks.
LOOK_AHEAD = timedelta(days=7)
#: When the day begins where all time is working time.
DAY_BEGINS = time(9)
#: How many get their owner in one transaction.
GIVEN_AT_ONCE = 50
#: A morning's list is of that day alone.
STILL_WANTED = timedelta(days=1)


async def agenda_of(work: Work, by: Staff, language: str) -> dict[str, Any]:
    """What is late, today, and in the days to come, in that language: an agent's own visits, a supervisor's people's
    too, and everybody's for those above."""
    person = require(by)
    visits = await _of_agents(work, await _whose(work, person), work.now + LOOK_AHEAD)
    return await _values(work, visits, language, named=person.role is not Role.AGENT)


async def _whose(work: Work, person: Staff) -> list[int] | None:
    """Whose visits somebody sees: an agent their own, a supervisor those of their groups, others all (None)."""
    if person.role is Role.AGENT:
        return [person.id or 0]
    if person.role is not Role.SUPERVISOR:
        return None
    groups = [each.group_id for each in await memberships_of(work, person.id or 0)]
    people = {each.id or 0 for group_id in groups for each in await members_of(work, group_id)}
    return [person.id or 0, *people]


async def _of_agents(work: Work, whose: Sequence[int] | None, until: datetime) -> Sequence[Visit]:
    """The agents' visits that are not over and fall due until then, those without an owner among them."""
    query = select(Visit).where(Visit.by == By.AGENT, col(Visit.state).in_(LIVE), col(Visit.due_at) < until)
    if whose is not None:
        query = query.where(or_(col(Visit.owner_id).in_(whose), col(Visit.owner_id).is_(None)))
    return await work.all(query.order_by(col(Visit.due_at), col(Visit.id)).limit(200))


async def _values(work: Work, visits: Sequence[Visit], language: str, *, named: bool) -> dict[str, Any]:
    zone = work.plan.business.timezone
    names = await names_of(work, visits, language)
    tonight = _midnight(work, 1)
    lines: dict[str, list[dict[str, Any]]] = {"late": [], "today": [], "ahead": []}
    for visit in visits[:MOST_NAMED]:
        late = visit.state is VisitState.DUE and visit.begun_at is not None and visit.begun_at < _midnight(work, 0)
        owner = await staff_member(work, visit.owner_id) if named and visit.owner_id else None
        line = {
            "name": names[visit.customer_id],
            "customer": visit.customer_id,
            "number": visit.case_id,
            "about": about_of(work, visit),
            "at": in_words(language, visit.due_at, work.now, zone, lasting=True),
            "until": in_words(language, visit.window_until, work.now, zone, lasting=True),
            "owner": owner.name if owner else None,
            "note": visit.note[:80],
        }
        lines["late" if late else "today" if visit.due_at < tonight else "ahead"].append(line)
    return {**lines, "more": max(0, len(visits) - MOST_NAMED)}


async def names_of(work: Work, visits: Sequence[Visit], language: str | None = None) -> dict[int, str]:
    """The customers' names by their numbers, of as many visits as a list names."""
    ids = [visit.customer_id for visit in visits[:MOST_NAMED]]
    found = await work.all(select(Customer).where(col(Customer.id).in_(ids)))
    return {customer.id: await shown_name(work, customer, language) for customer in found}


def _midnight(work: Work, days: int) -> datetime:
    """The beginning of today, or of a day so many days later, where the business is."""
    zone = work.plan.business.timezone
    return moment(work.now.astimezone(zone).date() + timedelta(days=days), time(0), zone)


# -- each morning


async def tell_each_morning(work: Work) -> bool:
    """A tick: when the working day begins, give today's visits to their agents and tell each their list."""
    begins = _day_begins(work)
    if begins is None:
        return False
    walk = await daily(work, "visits_morning", at=begins, still_wanted=STILL_WANTED)
    if walk is None:
        return False
    if await _give_todays(work):
        return True
    walk.end()
    await _tell_lists(work)
    return False


def _day_begins(work: Work) -> time | None:
    """When today's work begins; None where nobody works today."""
    hours = working_time(work.plan)
    if hours.calendar.always:
        return DAY_BEGINS
    spans = hours.hours_of(work.now.astimezone(work.plan.business.timezone).date())
    start = min((span.start for span in spans), default=None)
    return None if start is None else time(start // 60, start % 60)


async def _give_todays(work: Work) -> bool:
    """Owners for today's visits that have none, some at a time; returns whether there were any."""
    query = select(Visit).where(
        Visit.by == By.AGENT,
        col(Visit.state).in_(TO_COME),
        col(Visit.owner_id).is_(None),
        col(Visit.due_at) < _midnight(work, 1),
    )
    given = 0
    for visit in await work.all(query.order_by(col(Visit.id)).limit(GIVEN_AT_ONCE)):
        customer = await customer_numbered(work, visit.customer_id)
        person = await assign_visit(work, visit, customer, await case_of(work, visit))
        await work.flush()  # the next one counts it
        given += person is not None
    return given > 0


async def _tell_lists(work: Work) -> None:
    """Privately to whoever has started the bot; all others in one message in General."""
    others = []
    visits = await _of_agents(work, None, _midnight(work, 1))
    for person in await active_staff(work):
        own = [visit for visit in visits if visit.owner_id == person.id]
        if own and person.started_bot:
            tell_privately(work, person, "visits/morning", await _values(work, own, person.language, named=False))
        elif own:
            others += own
    others += [visit for visit in visits if visit.owner_id is None]
    if others:
        language = work.plan.business.language
        values = await _values(work, others, language, named=True)
        tell_staff(work, await main_group(work), None, "visits/morning", values)
