"""Calling people to a case at once: what a customer's words set off, who is called, and who says "I have it"."""

from datetime import timedelta
from typing import Any

from handlers import cases, duty
from handlers.authority import require
from handlers.customers.tiers import tier_name
from handlers.happenings.cases import CaseOpened, SeverityChanged
from handlers.happenings.messages import AgentSpoke, CustomerSpoke, WordsChanged
from handlers.names import called, title_of
from handlers.refusals import Refusal
from handlers.speaking import Button, Buttons, button, tell_customer, tell_privately, tell_staff
from models.cases import Case, case_held
from models.customers import Customer, customer_of
from models.customers.phones import masked
from models.delivery import Priority
from models.installation import plan_of
from models.plan import Severity, text_of
from models.routing import queries
from models.routing.words import alarm_of, is_graver, severity_of
from models.staff import Role, Staff, staff_group
from models.timeline import EventKind, remember
from models.topics import topic_name
from models.work import Work
from templates import label

#: How long those who were called have, until others are told.
ANSWER_WITHIN = timedelta(minutes=10)
#: What the timeline calls it when people are called to a case.
CALLS = (EventKind.PAGED, EventKind.ALARM, EventKind.PAGE_UNANSWERED)
#: How many cases that nobody took up are looked at in one go.
AT_ONCE = 50


async def opened(work: Work, happening: CaseOpened) -> None:
    """The words of a new case have set its severity and alarm: what follows from them."""
    case = happening.case
    if case.severity is not None:
        await _follow_severity(work, happening.customer, case)
    if case.alarm is not None:
        await _raise_alarm(work, happening.customer, case)


async def spoke(work: Work, happening: CustomerSpoke | WordsChanged) -> None:
    """Later words can make a matter graver, never less so, and can set off an alarm."""
    case = happening.case
    if not (work.plan.severity or work.plan.alarm) or not case.unfinished:
        return
    plan = await plan_of(work, case)
    severity, alarm = severity_of(plan, happening.words), alarm_of(plan, happening.words)
    if severity and is_graver(plan, severity.id, case.severity):
        await change_severity(work, happening.customer, case, severity, happening.customer, happening.words)
    if alarm and case.alarm is None:
        case.alarm = alarm.id
        await _raise_alarm(work, happening.customer, case, happening.words)


async def change_severity(
    work: Work,
    customer: Customer,
    case: Case,
    severity: Severity | None,
    by: Staff | Customer,
    words: str = "",
) -> None:
    """From now on the case is that serious (None: no more than any other), because of these words, if any."""
    before, case.severity = case.severity, severity.id if severity else None
    work.happen(SeverityChanged(case, by, before, case.severity))
    await _follow_severity(work, customer, case, words)


async def _follow_severity(work: Work, customer: Customer, case: Case, words: str = "") -> None:
    """Safety words for the customer, once; a severity that runs day and night calls who is on duty."""
    severity = (await plan_of(work, case)).severity_named(case.severity)
    if severity is None or not severity.around_the_clock:
        case.page_due_at = None
    if severity and severity.say and case.safety_said_at is None:
        case.safety_said_at = work.now
        text = text_of(severity.say, customer.language)
        tell_customer(work, customer, "customers/plain", {"text": text}, case=case)
    if severity and severity.around_the_clock:
        await _page(work, customer, case, severity, words)


async def _page(work: Work, customer: Customer, case: Case, severity: Severity, words: str) -> None:
    """Call whoever is on duty, else who is in charge: in the topic by name, and in private."""
    called = await duty.on_duty(work) or await duty.those_in_charge(work, case, Role.SUPERVISOR)
    case.page_due_at = work.now + ANSWER_WITHIN
    remember(work, case, EventKind.PAGED, None, people=called)
    named = text_of(severity.name, work.plan.business.language) or severity.id
    await call(work, customer, case, called, "routing/paged", words, name=named)


async def _raise_alarm(work: Work, customer: Customer, case: Case, words: str = "") -> None:
    plan = await plan_of(work, case)
    alarm = next(each for each in plan.alarm if each.id == case.alarm)
    called = await duty.those_in_charge(work, case, Role(alarm.tell))
    remember(work, case, EventKind.ALARM, None, alarm=alarm.id, people=called)
    named = text_of(alarm.name, work.plan.business.language) or alarm.id
    await call(work, customer, case, called, "routing/alarm", words, name=named)


async def call(
    work: Work, customer: Customer, case: Case, people: list[Staff], template: str, words: str = "", **values: str
) -> None:
    """Call people to a case, because of these words (else what it is about): in its topic by name, and in private."""
    named = [{"name": person.name, "user": person.user_id} for person in people]
    given = {"number": case.id, "subject": cases.in_short(words) or case.subject, "people": named, **values}
    group = await staff_group(work, case.group_id)

    def answer(language: str, *more: Button) -> Buttons:
        return [[button(label(language, "button.take_call"), f"have:{case.id}"), *more]]

    tell_staff(
        work,
        group,
        customer,
        template,
        {**given, "who": None, "link": ""},
        buttons=answer(work.plan.business.language),
        priority=Priority.ANSWER,
        case_id=case.id,
    )
    for person in people:
        if person.started_bot:
            language = person.language
            number = [button(label(language, "button.phone"), f"phone:{customer.id}")] if customer.phone else []
            tell_privately(
                work,
                person,
                template,
                {**given, "people": [], "who": await _who(work, customer, language)},
                buttons=answer(language, *number),
                link_to=(customer.id, case.group_id),
                case_id=case.id,
                priority=Priority.ANSWER,
            )


async def _who(work: Work, customer: Customer, language: str) -> dict[str, Any]:
    """What whoever is called reads of the customer, who may be asleep to all but a telephone."""
    return {
        "name": await called(work, customer, language),
        "tier": tier_name(work.plan, customer.tier, language) if customer.tier else "",
        "phone": masked(customer.phone),
        "telegram": customer.has_chat,
        "topic": topic_name(await title_of(work, customer), customer.id),
    }


async def take_call(work: Work, case: Case, by: Staff) -> None:
    """The button "I have it" under a call: the first to say so counts, and takes the case; nobody else need be told.

    For who works in the case's group, whoever leads, and those on duty; raises Refusal for others, and where somebody
    else was first.
    """
    require(by)
    await case_held(work, case.id)
    works_there = await duty.works_at(work, case, by)
    if not (works_there or by in await duty.on_duty(work)):
        raise Refusal("stale")
    if not case.unfinished:
        raise Refusal("finished", number=case.id)
    first = await queries.who_has_it(work, case, CALLS)
    if first and by.id not in (first.id, case.assignee_id):
        raise Refusal("has_it", name=first.name)
    case.page_due_at = None
    if first is None:
        remember(work, case, EventKind.ACKNOWLEDGED, by, of=None)
    if case.assignee_id is None and works_there and await duty.has_room(work, case, by):
        cases.take(work, case, by)


async def agent_spoke(work: Work, happening: AgentSpoke) -> None:
    """Somebody has answered the customer: those on duty have done what they were called for."""
    happening.case.page_due_at = None


async def tell_unanswered_calls(work: Work) -> bool:
    """When nobody on duty has taken up a critical case, those whom the plan names are told, once."""
    due = await queries.unanswered_calls(work, work.now, AT_ONCE)
    for case in due:
        case.page_due_at = None
        if not case.unfinished:
            continue
        plan = await plan_of(work, case)
        people = await duty.those_in_charge(work, case, Role(plan.duty.tell))
        remember(work, case, EventKind.PAGE_UNANSWERED, None, people=people)
        customer = await customer_of(work, case)
        await call(work, customer, case, people, "routing/page_unanswered")
    return bool(due)
