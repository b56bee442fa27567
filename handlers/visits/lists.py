"""Which visits there are: an agent's own list, each morning and at any time, a supervisor's, and visits by hand."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import col, or_, select

from handlers.cases import in_short
from handlers.chat.doors import Place, in_place
from handlers.chat.places import case_in_hand, case_or_none
from handlers.happenings import SubjectSet
from handlers.moments import in_words, read_moment
from handlers.refusals import Refusal
from handlers.speaking import tell_privately, tell_staff
from handlers.visits import owners
from handlers.visits.planning import plan_by_hand
from handlers.visits.tasks import about_of
from models.calendars import moment, working_time
from models.cases import case_numbered
from models.customers import Customer, customer_numbered
from models.staff import Role, Staff, active_staff, main_group, members_of, memberships_of, staff_member, staff_named
from models.visits import LIVE, TO_COME, By, Visit, VisitState
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


# -- lists


async def visits_command(work: Work, place: Place) -> None:
    """/visits: what is late, today, and in the days to come; a supervisor's department's too."""
    person = place.speaker
    mine = await _of_agents(work, await _whose(work, person), work.now + LOOK_AHEAD)
    values = await _values(work, mine, _language(work, place), named=person.role is not Role.AGENT)
    in_place(work, place, "visits/list", values)


def _language(work: Work, place: Place) -> str:
    return place.speaker.language if place.group is None else work.plan.business.language


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
    names = await _names(work, visits)
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


async def _names(work: Work, visits: Sequence[Visit]) -> dict[int, str]:
    ids = [visit.customer_id for visit in visits[:MOST_NAMED]]
    return dict(await work.all(select(Customer.id, Customer.name).where(col(Customer.id).in_(ids))))


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
        case = await case_numbered(work, visit.case_id) if visit.case_id else None
        person = await owners.give(work, visit, await customer_numbered(work, visit.customer_id), case)
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


# -- what was missed


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
    names = await _names(work, missed)
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
    values = {"lines": lines, "count": len(missed), "more": len(missed) - len(lines)}
    await owners.tell_supervisors(work, "visits/missed", values)
    told = update(Visit).where(Visit.state == VisitState.MISSED, col(Visit.told).is_(False))  # type: ignore[arg-type]
    await work.session.exec(told.where(col(Visit.id) <= missed[-1].id).values(told=True))
    return False


# -- by hand


async def visit_command(work: Work, place: Place) -> None:
    """/visit @name date reason: an agent's visit by hand; without a name one's own."""
    customer = place.customer
    if customer is None:
        raise Refusal("not_a_topic")
    words = place.text.split()[1:]
    owner: Staff | None = place.speaker
    if words and words[0].startswith("@"):
        owner = await staff_named(work, words.pop(0)[1:])
        if owner is None:
            raise Refusal("role_who")
    at, reason = _moment_and_reason(work, words)
    if at is None:
        raise Refusal("visit_usage")
    case = await case_or_none(work, place, customer, elsewhere_too=True)
    visit = plan_by_hand(work, customer, at, owner=owner, case=case, note=reason)
    await work.flush()
    language, zone = work.plan.business.language, work.plan.business.timezone
    values = {
        "name": owner.name if owner else "",
        "at": in_words(language, visit.due_at, work.now, zone, lasting=True),
    }
    in_place(work, place, "visits/planned", values)


def _moment_and_reason(work: Work, words: Sequence[str]) -> tuple[datetime | None, str]:
    """The longest beginning that is a moment, and what follows it; a day alone means when its work begins."""
    zone = work.plan.business.timezone
    for length in range(min(3, len(words)), 0, -1):
        said, rest = " ".join(words[:length]), " ".join(words[length:])
        if at := read_moment(said, work.now, zone):
            return at, rest
        if ":" not in said and read_moment(f"{said} 23:59", work.now, zone):
            return read_moment(f"{said} {DAY_BEGINS:%H:%M}", work.now, zone) or work.now, rest
    return None, ""


async def subject_command(work: Work, place: Place) -> None:
    """/subject words: what the matter is, in words that may be said to the customer."""
    customer, words = place.customer, place.text.split(maxsplit=1)[1:]
    if customer is None:
        raise Refusal("not_a_topic")
    if not words:
        raise Refusal("subject_usage")
    case = await case_in_hand(work, place, customer)
    case.subject, case.subject_confirmed = in_short(words[0]), True
    work.happen(SubjectSet(case, place.speaker, case.subject))
    in_place(work, place, "visits/subject_set", {"number": case.id, "subject": case.subject})
