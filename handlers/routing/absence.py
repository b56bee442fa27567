"""Absence of staff: away and back, who leaves, and what becomes of their cases meanwhile."""

from handlers import duty
from handlers.chat.doors import Place, Where, in_place
from handlers.happenings import StaffAway, StaffBack, StaffLeft
from handlers.moments import in_words, read_moment
from handlers.refusals import Refusal
from handlers.routing import assigning
from handlers.speaking import tell_privately, tell_staff
from models.cases import Case, CaseState, unfinished_cases_of
from models.duty import is_away
from models.routing.words import plain
from models.staff import Role, Staff, absent_staff, staff_group
from models.work import Work
from templates import LANGUAGES, word_list


async def away(work: Work, place: Place) -> None:
    """/away, /away 2h, /away until 14:00, /away tomorrow 9:00: who says so gets nothing new until then."""
    person = place.speaker
    typed = _bare((*place.text.split(maxsplit=1), "")[1])
    until = read_moment(typed, work.now, work.plan.business.timezone)
    if typed and until is None:
        raise Refusal("away_usage")
    person.away_since, person.away_until = work.now, until
    work.audit(person, "away", person.subject, until=until and until.isoformat())
    work.happen(StaffAway(person, until))
    language = person.language if place.where is Where.PRIVATE else work.plan.business.language
    shown = _shown(work, person, language)
    values = {"name": person.name, "until": shown, "long": duty.is_away_for_long(work, person)}
    in_place(work, place, "routing/away", values)


def _bare(typed: str) -> str:
    """What was typed without a word for "until" before it."""
    text = plain(typed)
    words = [word for language in LANGUAGES for word in word_list(language, "absence_words.until")]
    return next((text.removeprefix(word).strip() for word in words if text.startswith(word)), text)


def _shown(work: Work, person: Staff, language: str) -> str:
    """The end of an absence as people read it; "" for one without end."""
    until, zone = person.away_until, work.plan.business.timezone
    return in_words(language, until, work.now, zone, lasting=True) if until else ""


async def back(work: Work, place: Place) -> None:
    """/back: there again."""
    person = place.speaker
    if not is_away(person, work.now):
        raise Refusal("not_away")
    _end_absence(work, person, person)
    in_place(work, place, "routing/back", {"name": person.name})


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
    await give_all(work, waiting)
    await tell_given_back(work, person, waiting)
    return bool(waiting)


def _waits_for_us(case: Case) -> bool:
    answered = case.last_agent_at is not None and case.last_agent_at >= case.last_customer_at
    return case.state is not CaseState.PENDING and not answered


async def give_all(work: Work, waiting: list[Case]) -> None:
    """Give cases that nobody has to whom they are to go."""
    for case in waiting:
        await assigning.give(work, case)


async def tell_given_back(work: Work, person: Staff, waiting: list[Case]) -> None:
    """Each group hears which cases of somebody absent went where; who is in charge of those left over, in private."""
    for group_id in sorted({case.group_id for case in waiting}):
        here = [case for case in waiting if case.group_id == group_id]
        left_over = [case.id for case in here if case.assignee_id is None]
        values = {
            "name": person.name,
            "until": _shown(work, person, work.plan.business.language),
            "given": [case.id for case in here if case.assignee_id is not None],
            "left_over": left_over,
        }
        tell_staff(work, await staff_group(work, group_id), None, "routing/relieved", values)
        for holder in (await duty.those_in_charge(work, here[0], Role.SUPERVISOR))[:1] if left_over else []:
            if holder.started_bot:
                tell_privately(work, holder, "routing/relieved", values)
