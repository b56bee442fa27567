"""Who hears that it gets late: a new message with a button, or one for all where many fall due at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from handlers.chat.doors import Place, Where
from handlers.chat.presses import answer_press
from handlers.duty import those_in_charge
from handlers.happenings import Acknowledged, Escalated
from handlers.moments import in_words
from handlers.refusals import Refusal
from handlers.routing.places import topic_link
from handlers.speaking import add_line, button, tell_privately, tell_staff
from models.cases import Case, case_held
from models.customers import Customer
from models.delivery import Outbox, Priority
from models.duty import is_away
from models.outbox import pending_send, row_shown_at
from models.routing import queries
from models.staff import Role, Staff, StaffGroup, staff_member
from models.standards import Clock, clock
from models.timeline import EventKind
from models.topics import fetch_topics, topic_of
from models.work import Work
from templates import label

#: More than so many in one group at one look, and the group gets one message about all of them.
MOST_SINGLY = 3
#: A digest waits so long for others to join it.
DIGEST_WAIT = timedelta(seconds=3)
#: How many cases a digest names; the rest it counts.
MOST_NAMED = 20
#: Telegram notifies so many of those whom a message mentions.
MOST_MENTIONED = 5
_ROLES = {
    "assignee": Role.AGENT,
    "department": Role.AGENT,
    "supervisor": Role.SUPERVISOR,
    "manager": Role.MANAGER,
    "owner": Role.OWNER,
}
LEVELS = list(_ROLES)


@dataclass(frozen=True)
class Telling:
    """That a clock has come to steps of the plan: `levels` are "assignee", "department", "supervisor", ... in order,
    each perhaps more than once. `warned`: the customer has just heard that it may be late, and that they have it."""

    clock: Clock
    case: Case
    customer: Customer
    levels: Sequence[str]
    warned: bool = False


async def tell(work: Work, group: StaffGroup, tellings: Sequence[Telling]) -> None:
    """Tell the people of a group what has come to a step."""
    for each in tellings:
        for level in each.levels:
            work.happen(Escalated(each.case, each.clock.what, level))
    waiting = await pending_send(work, _digest_key(group))
    if waiting is None and len(tellings) <= MOST_SINGLY:
        for each in tellings:
            await _tell_one(work, group, each)
    else:
        await _tell_many(work, group, tellings, waiting)


async def _tell_one(work: Work, group: StaffGroup, telling: Telling) -> None:
    case, clock = telling.case, telling.clock
    privately, here = await _people(work, telling)
    if not privately and "department" not in telling.levels:
        return
    people = _named([*privately, *here], MOST_NAMED)
    values = {**_values(work, telling, work.plan.business.language), "people": people}
    have_it = label(work.plan.business.language, "button.have_it")
    tell_staff(
        work,
        group,
        telling.customer,
        "standards/late",
        values,
        buttons=[[button(have_it, f"ack:{clock.id}")]],
        priority=Priority.RELAY,
        case_id=case.id,
    )
    link = await link_in(work, group, telling.customer)
    for person in privately:
        if person.started_bot:
            private = {
                **_values(work, telling, person.language),
                "name": telling.customer.name,
                "link": link,
            }
            buttons = [[button(label(person.language, "button.have_it"), f"ack:{clock.id}")]]
            tell_privately(work, person, "standards/late_privately", private, buttons=buttons)


async def _people(work: Work, telling: Telling) -> tuple[list[Staff], list[Staff]]:
    """Who is told, each once: those who hear of it privately too, and those of the department, who read it here.

    Whoever has said that they have it hears no more before the time is over.
    """
    found = {level: await _at_level(work, telling.case, level) for level in LEVELS if level in telling.levels}
    here = found.pop("department", [])
    privately = list({person.id: person for people in found.values() for person in people}.values())
    known = {person.id for person in privately}
    has_it = None if _is_late(work, telling.clock) else telling.clock.acknowledged_by
    return (
        [person for person in privately if person.id != has_it],
        [person for person in here if person.id not in known | {has_it}],
    )


async def _at_level(work: Work, case: Case, level: str) -> list[Staff]:
    """The assignee if there is one at work, else whoever holds the role, or the next one up."""
    if level == "assignee" and case.assignee_id:
        assignee = await staff_member(work, case.assignee_id)
        if assignee.active and not is_away(assignee, work.now):
            return [assignee]
    return await those_in_charge(work, case, _ROLES[level])


def _is_late(work: Work, clock: Clock) -> bool:
    return clock.due_at is not None and clock.due_at <= work.now


def _values(work: Work, telling: Telling, language: str) -> dict[str, Any]:
    clock, plan = telling.clock, work.plan
    due = in_words(language, clock.due_at or work.now, work.now, plan.business.timezone, lasting=True)
    return {
        "number": telling.case.id,
        "what": clock.what.value,
        "late": _is_late(work, clock),
        "due": due,
        "chased": telling.case.chased_count,
        "warned": telling.warned,
    }


def _named(people: Sequence[Staff], most: int) -> list[dict[str, Any]]:
    return [{"user": person.user_id, "name": person.name} for person in people[:most]]


async def link_in(work: Work, group: StaffGroup, customer: Customer) -> str:
    """The address of the customer's topic in that group, or "" without one."""
    topic = await topic_of(work, customer.id, group.id or 0)
    return topic_link(group.chat_id, topic.thread_id) if topic and topic.thread_id else ""


# -- many at once


def _digest_key(group: StaffGroup) -> str:
    return f"digest:{group.id}"


async def _tell_many(work: Work, group: StaffGroup, tellings: Sequence[Telling], waiting: Outbox | None) -> None:
    """One message for the group that names the cases; what falls due before it goes joins it, each time once."""
    said: dict[str, Any] = waiting.body["values"] if waiting else {"lines": [], "more": 0, "people": []}
    language = work.plan.business.language
    lines, more = {(line["number"], line["what"]): line for line in said["lines"]}, said["more"]
    await fetch_topics(work, [each.customer.id for each in tellings[:MOST_NAMED]])
    for each in tellings:
        about = (each.case.id, each.clock.what.value)
        if about not in lines and len(lines) >= MOST_NAMED:
            more += 1
            continue
        link = await link_in(work, group, each.customer)
        lines[about] = {**_values(work, each, language), "name": each.customer.name, "link": link}
    known = {person["user"] for person in said["people"]}
    privately, here = (
        [each for each in people if each.user_id not in known] for people in await _all(work, tellings)
    )
    mentions = [*said["people"], *_named([*privately, *here], MOST_MENTIONED)][:MOST_MENTIONED]
    values = {"lines": list(lines.values()), "more": more, "people": mentions}
    if waiting is not None:
        waiting.body = {**waiting.body, "values": values}
        privately = privately[: MOST_MENTIONED - len(known)]  # the others may know by an earlier look
    else:
        tell_staff(
            work,
            group,
            None,
            "standards/many_late",
            values,
            key=_digest_key(group),
            priority=Priority.RELAY,
            not_before=work.real_now + DIGEST_WAIT,
        )
    for person in privately:
        if person.started_bot:
            tell_privately(work, person, "standards/many_late_privately", {"group": group.title})


async def _all(work: Work, tellings: Sequence[Telling]) -> tuple[list[Staff], list[Staff]]:
    """Who is told by a digest, who is highest first: privately too, and those of the department here only."""
    found: dict[str, dict[int | None, Staff]] = {"privately": {}, "here": {}}
    for level in reversed(LEVELS):
        of_level = [each for each in tellings if level in each.levels]
        # A level is the same people in all of a group, but for the assignees: those of the first cases.
        cases = {level == "assignee" and each.case.assignee_id: each.case for each in of_level[:MOST_NAMED]}
        for case in cases.values():
            for person in await _at_level(work, case, level):
                found["here" if level == "department" else "privately"].setdefault(person.id, person)
    here = [person for person in found["here"].values() if person.id not in found["privately"]]
    return list(found["privately"].values()), here


# -- "I have it"


async def acknowledge(work: Work, place: Place) -> None:
    """The button under what gets late: who is the first to press it has it, and the message says so."""
    key = place.text.partition(":")[2]
    found = await clock(work, int(key)) if key.isdecimal() and len(key) < 18 else None
    case = await case_held(work, found.case_id) if found else None
    if found is None or case is None:
        raise Refusal("stale")
    if place.where is not Where.PRIVATE and case.group_id != place.staff_group.id:
        raise Refusal("stale")
    person = place.speaker
    if found.ended_at is not None:
        answer_press(work, place, label(person.language, "toast.over_already", number=case.id))
        return
    first = await queries.who_has_it(work, case, (EventKind.ESCALATED,), found.what)
    if first and first.id != person.id:
        raise Refusal("has_it", name=first.name)
    if first is None:
        found.acknowledged_by = person.id
        work.happen(Acknowledged(case, person, found.what))
    answer_press(work, place, label(person.language, "toast.has_it", number=case.id))
    await _show_who(work, place, person)


async def _show_who(work: Work, place: Place, person: Staff) -> None:
    """Put the name under the message, in the place of the button."""
    private = place.where is Where.PRIVATE
    language = person.language if private else work.plan.business.language
    clock = f"{work.now.astimezone(work.plan.business.timezone):%H:%M}"
    group_id = None if private else place.staff_group.id
    row = await row_shown_at(work, group_id, person.user_id, place.message["message_id"])
    if row is not None:
        add_line(work, row, label(language, "escalation.has_it", name=person.name, time=clock))
