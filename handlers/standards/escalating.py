"""Who hears that it gets late: a new message with a button, or one for all where many fall due at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from handlers.addresses import link_in
from handlers.duty import those_in_charge
from handlers.moments import in_words
from handlers.names import shown_name
from handlers.speaking import Button, button, tell_privately, tell_staff
from models.cases import Case
from models.customers import Customer
from models.delivery import Outbox, Priority
from models.duty import is_away
from models.outbox import pending_send
from models.staff import Role, Staff, StaffGroup, staff_member
from models.standards import Clock
from models.timeline import EventKind, remember
from models.topics import fetch_topics
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
class Escalation:
    """That a clock has come to steps of the plan: `levels` are "assignee", "department", "supervisor", ... in order,
    each perhaps more than once. `warned`: the customer has just heard that it may be late, and that they have it."""

    clock: Clock
    case: Case
    customer: Customer
    levels: Sequence[str]
    warned: bool = False


async def escalate(work: Work, group: StaffGroup, escalations: Sequence[Escalation]) -> None:
    """Tell the people of a group what has come to a step."""
    for each in escalations:
        for level in each.levels:
            remember(work, each.case, EventKind.ESCALATED, None, of=each.clock.what, to=level)
    waiting = await pending_send(work, _digest_key(group))
    if waiting is None and len(escalations) <= MOST_SINGLY:
        for each in escalations:
            await _escalate_one(work, group, each)
    else:
        await _escalate_many(work, group, escalations, waiting)


async def _escalate_one(work: Work, group: StaffGroup, reached: Escalation) -> None:
    case, clock = reached.case, reached.clock
    privately, here = await _people(work, reached)
    if not privately and "department" not in reached.levels:
        return
    people = _named([*privately, *here], MOST_NAMED)
    values = {**_values(work, reached, work.plan.business.language), "people": people}
    tell_staff(
        work,
        group,
        reached.customer,
        "standards/late",
        values,
        buttons=[[_answer(work.plan.business.language, clock)]],
        priority=Priority.RELAY,
        case_id=case.id,
    )
    link = await link_in(work, group, reached.customer)
    for person in privately:
        if person.started_bot:
            private = {
                **_values(work, reached, person.language),
                "name": await shown_name(work, reached.customer, person.language),
                "link": link,
            }
            buttons = [[_answer(person.language, clock)]]
            tell_privately(work, person, "standards/late_privately", private, buttons=buttons, case_id=case.id)


def _answer(language: str, clock: Clock) -> Button:
    """The button "I have it"."""
    return button(label(language, "button.acknowledge"), f"ack:{clock.id}")


async def _people(work: Work, reached: Escalation) -> tuple[list[Staff], list[Staff]]:
    """Who is told, each once: those who hear of it privately too, and those of the department, who read it here.

    Whoever has said that they have it hears no more before the time is over.
    """
    found = {level: await _at_level(work, reached.case, level) for level in LEVELS if level in reached.levels}
    here = found.pop("department", [])
    privately = list({person.id: person for people in found.values() for person in people}.values())
    known = {person.id for person in privately}
    has_it = None if _is_late(work, reached.clock) else reached.clock.acknowledged_by
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


def _values(work: Work, reached: Escalation, language: str) -> dict[str, Any]:
    clock, plan = reached.clock, work.plan
    due = in_words(language, clock.due_at or work.now, work.now, plan.business.timezone, lasting=True)
    return {
        "number": reached.case.id,
        "what": clock.what.value,
        "late": _is_late(work, clock),
        "due": due,
        "chased": reached.case.chased_count,
        "warned": reached.warned,
    }


def _named(people: Sequence[Staff], most: int) -> list[dict[str, Any]]:
    return [{"user": person.user_id, "name": person.name} for person in people[:most]]


# -- many at once


def _digest_key(group: StaffGroup) -> str:
    return f"digest:{group.id}"


async def _escalate_many(
    work: Work, group: StaffGroup, escalations: Sequence[Escalation], waiting: Outbox | None
) -> None:
    """One message for the group that names the cases; what falls due before it goes joins it, each time once."""
    said: dict[str, Any] = waiting.body["values"] if waiting else {"lines": [], "more": 0, "people": []}
    language = work.plan.business.language
    lines, more = {(line["number"], line["what"]): line for line in said["lines"]}, said["more"]
    await fetch_topics(work, [each.customer.id for each in escalations[:MOST_NAMED]])
    for each in escalations:
        about = (each.case.id, each.clock.what.value)
        if about not in lines and len(lines) >= MOST_NAMED:
            more += 1
            continue
        link = await link_in(work, group, each.customer)
        lines[about] = {**_values(work, each, language), "name": await shown_name(work, each.customer), "link": link}
    known = {person["user"] for person in said["people"]}
    privately, here = (
        [each for each in people if each.user_id not in known] for people in await _all(work, escalations)
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


async def _all(work: Work, escalations: Sequence[Escalation]) -> tuple[list[Staff], list[Staff]]:
    """Who is told by a digest, who is highest first: privately too, and those of the department here only."""
    found: dict[str, dict[int | None, Staff]] = {"privately": {}, "here": {}}
    for level in reversed(LEVELS):
        of_level = [each for each in escalations if level in each.levels]
        # A level is the same people in all of a group, but for the assignees: those of the first cases.
        cases = {level == "assignee" and each.case.assignee_id: each.case for each in of_level[:MOST_NAMED]}
        for case in cases.values():
            for person in await _at_level(work, case, level):
                found["here" if level == "department" else "privately"].setdefault(person.id, person)
    here = [person for person in found["here"].values() if person.id not in found["privately"]]
    return list(found["privately"].values()), here
