"""Absence of staff: away and back, who leaves, and what becomes of their cases meanwhile."""

from datetime import datetime
from typing import Any

from handlers import cases, duty
from handlers.authority import require
from handlers.happenings.people import StaffAway, StaffBack, StaffLeft
from handlers.moments import in_words
from handlers.refusals import Refusal
from handlers.routing import assigning
from handlers.speaking import tell_privately, tell_staff
from models.cases import Case, CaseState, unfinished_cases_of
from models.duty import is_away
from models.staff import Role, Staff, absent_staff, members_of, staff_group
from models.timeline import EventKind, remember
from models.work import Work


def go_away(work: Work, by: Staff, until: datetime | None) -> None:
    """Whoever says so gets nothing new until then, or until they are back (None)."""
    person = require(by)
    person.away_since, person.away_until = work.now, until
    work.audit(person, "away", person.subject, until=until and until.isoformat())
    work.happen(StaffAway(person, until))


def end_in_words(work: Work, person: Staff, language: str) -> str:
    """The end of an absence as people read it; "" for one without end."""
    until, zone = person.away_until, work.plan.business.timezone
    return in_words(language, until, work.now, zone, lasting=True) if until else ""


def come_back(work: Work, by: Staff) -> None:
    """There again; raises Refusal for who was not away."""
    person = require(by)
    if not is_away(person, work.now):
        raise Refusal("not_away")
    _end_absence(work, person, person)


def _end_absence(work: Work, person: Staff, by: Staff | None) -> None:
    person.away_since = person.away_until = None
    work.audit(by, "back", person.subject)
    work.happen(StaffBack(person))


async def gone_away(work: Work, happening: StaffAway) -> None:
    """What waits for somebody who is away for long goes to others at once."""
    await _relieve(work, happening.person)


async def came_back(work: Work, _happening: StaffBack) -> None:
    """Somebody has room: what waits in the queue may go to them."""
    await assigning.drain(work)


async def left(work: Work, _happening: StaffLeft) -> None:
    """The cases of who left wait in the queue: somebody else may have room."""
    await assigning.drain(work)


async def see_to_absences(work: Work) -> bool:
    """End what has ended; relieve those who are away for long of cases in which the customer spoke last."""
    done = False
    for person in await absent_staff(work):
        if not is_away(person, work.now):
            _end_absence(work, person, None)
            if person.started_bot:
                tell_privately(work, person, "routing/back", {"name": person.name})
            done = True
        else:
            done = await _relieve(work, person) or done
    return done


async def _relieve(work: Work, person: Staff) -> bool:
    """Take the cases that wait for an answer from who is away for long; returns whether there were any.

    What was answered, and what waits for the customer, stays with its agent.
    """
    if not duty.is_away_for_long(work, person):
        return False
    waiting = [case for case in await unfinished_cases_of(work, person.id or 0) if _waits_for_us(case)]
    for case in waiting:
        assigning.release(work, case, person, "away")
    for case in waiting:
        await assigning.give(work, case)
    await _tell_given_back(work, person, waiting)
    return bool(waiting)


def _waits_for_us(case: Case) -> bool:
    answered = case.last_agent_at is not None and case.last_agent_at >= case.last_customer_at
    return case.state is not CaseState.PENDING and not answered


async def _tell_given_back(work: Work, person: Staff, waiting: list[Case]) -> None:
    """Each group hears which cases of somebody absent went where; who is in charge of those left over, in private."""
    for group_id in sorted({case.group_id for case in waiting}):
        here = [case for case in waiting if case.group_id == group_id]
        left_over = [case.id for case in here if case.assignee_id is None]
        values = {
            "name": person.name,
            "until": end_in_words(work, person, work.plan.business.language),
            "given": [case.id for case in here if case.assignee_id is not None],
            "left_over": left_over,
        }
        tell_staff(work, await staff_group(work, group_id), None, "routing/relieved", values)
        for holder in (await duty.those_in_charge(work, here[0], Role.SUPERVISOR))[:1] if left_over else []:
            if holder.started_bot:
                tell_privately(work, holder, "routing/relieved", values)


async def hand_over(work: Work, giver: Staff, taker: Staff | None, by: Staff) -> dict[str, Any]:
    """Everything that somebody has goes to another as far as there is room, the rest to the queue.

    The giver is away until they say that they are back: the queue would give it all back. Returns what is to be said
    of it: `name`, `to` (None for nobody in particular), and the numbers `given` and `queued`. Raises Refusal for a
    taker who is away, or is the giver.
    """
    require(by, Role.SUPERVISOR)
    if taker and is_away(taker, work.now):
        raise Refusal("is_away", name=taker.name)
    if taker and taker.id == giver.id:
        raise Refusal("has_it", name=taker.name)
    handed = await unfinished_cases_of(work, giver.id or 0)
    if not is_away(giver, work.now):
        giver.away_since, giver.away_until = work.now, None
        work.happen(StaffAway(giver, None))
    await work.alone("assign")
    for case in handed:
        to = taker if taker and await _fits(work, case, taker) else None
        cases.entrust(work, case, to)
        remember(work, case, EventKind.HANDED_OVER, by, giver=giver, to=to)
    queued = [case for case in handed if case.assignee_id is None]
    given = [case.id for case in handed if case.assignee_id is not None]
    for case in queued:
        await assigning.give(work, case)
    to_name = taker.name if taker else None
    work.audit(by, "handover", giver.subject, to=to_name, cases=len(handed))
    values = {"name": giver.name, "to": to_name, "given": given, "queued": [case.id for case in queued]}
    assigning.tell_each(work, [giver, taker], "routing/handed_over", values)
    return values


async def _fits(work: Work, case: Case, taker: Staff) -> bool:
    return taker in await members_of(work, case.group_id) and await duty.has_room(work, case, taker)
