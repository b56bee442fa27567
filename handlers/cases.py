"""Cases: opening, claiming, waiting, resolving, closing, reopening, and how their cards come to be drawn."""

from datetime import datetime
from typing import Any

from handlers import duty
from handlers.authority import require
from handlers.happenings.cases import (
    CaseClosed,
    CaseOpened,
    CasePending,
    CaseReopened,
    CaseResolved,
)
from handlers.happenings.messages import AgentSpoke
from handlers.names import title_of
from handlers.refusals import Refusal
from handlers.speaking import button, send, tell_customer
from handlers.understanding import suggest
from handlers.understanding.asides import require_for_customer
from models.base import new_id
from models.cases import Case, CaseKind, CaseState, new_case
from models.customers import Customer
from models.delivery import Priority, SendClass, What, staff_lane, topic_lane
from models.staff import Staff, StaffGroup, staff_member
from models.timeline import EventKind, remember
from models.topics import Topic, remember_topic, topic_name, topic_of
from models.work import Work
from templates import label

SUBJECT_LIMIT = 60
SUMMARY_LIMIT = 2500  # UTF-16 units


# -- opening and the card


def in_short(words: str) -> str:
    """The words on one line, as a case's subject; where they are too long, whole ones and an ellipsis."""
    line = " ".join(words.split())
    if len(line) <= SUBJECT_LIMIT:
        return line
    end = SUBJECT_LIMIT - 1
    while end and _in_a_word(line[end]) and _in_a_word(line[end - 1]):
        end -= 1
    return line[: end or SUBJECT_LIMIT - 1].rstrip(" ,;:") + "\N{HORIZONTAL ELLIPSIS}"


def _in_a_word(sign: str) -> bool:
    """Whether it is part of a word that is not to be torn; Chinese, from U+2E80 on, may be cut anywhere."""
    return (sign.isalnum() or sign in "'\u2019") and sign < "\u2e80"


async def open_case(
    work: Work,
    customer: Customer,
    *,
    words: str,
    kind: CaseKind | None,
    parent: Case | None,
    about: str | None = None,
    quiet: bool = False,
    source: str = "telegram",
    by: Staff | None = None,
) -> Case:
    """Open a case for the customer's words; they are told its number once, staff get its card.

    What the words suggest decides where it goes; the subject is taken from `about` where they are not the customer's
    own. `by` opened it for the customer, who came by way of `source`.
    """
    found = suggest(work.plan, words, kind)
    group = await duty.group_of(work, found.department)
    case = await new_case(
        work,
        customer_id=customer.id,
        group_id=group.id,
        kind=kind,
        parent_id=parent.id if parent else None,
        subject=in_short(words if about is None else about),
        opened_at=work.now,
        last_customer_at=work.now,
        source=source,
        suggested_kind=found.kind,
        severity=found.severity,
        alarm=found.alarm,
        department=found.department,
    )
    customer.next_is_new = False
    customer.next_kind = None
    work.happen(CaseOpened(case, customer, words, by, quiet))
    await want_topic(work, customer, group)
    return case


async def want_topic(work: Work, customer: Customer, group: StaffGroup) -> None:
    """See to it that the customer has a topic in the group, or will have one."""
    assert group.id is not None  # noqa: S101
    if not group.is_forum or await topic_of(work, customer.id, group.id):
        return
    name = topic_name(await title_of(work, customer), customer.id)
    topic = Topic(customer_id=customer.id, group_id=group.id, name=name, wanted_at=work.now)
    remember_topic(work, topic)
    send(
        work,
        What.TOPIC,
        topic_lane(group.id, customer.id),
        {},
        group_id=group.id,
        customer_id=customer.id,
        priority=Priority.RELAY,
        send_class=SendClass.A,
    )


def redraw_card(work: Work, case: Case) -> None:
    """Draw the case's card anew when its turn comes, from the state it has then; one redraw waits at most."""
    _draw(work, case, {"fresh": False}, f"card:{case.id}", SendClass.C)


def post_card(work: Work, case: Case) -> None:
    """Show the case's card as a new message, so that it stands at the end of the topic."""
    _draw(work, case, {"fresh": True}, f"card:{case.id}:{new_id()}", SendClass.A)


def _draw(work: Work, case: Case, body: dict[str, Any], key: str, send_class: SendClass) -> None:
    send(
        work,
        What.CARD,
        staff_lane(case.group_id, case.customer_id),
        body,
        group_id=case.group_id,
        customer_id=case.customer_id,
        case_id=case.id,
        key=key,
        send_class=send_class,
    )


# -- what staff do with a case


def take(work: Work, case: Case, by: Staff) -> None:
    """Make the person the one responsible for an unfinished case that nobody has."""
    entrust(work, case, by)
    case.page_due_at = None
    remember(work, case, EventKind.CLAIMED, by)


def entrust(work: Work, case: Case, person: Staff | None) -> None:
    """Make the person the one responsible, or nobody; a new case is open with that."""
    case.assignee_id = person.id if person else None
    if person and case.state is CaseState.NEW:
        case.move(CaseState.OPEN, work.now)


async def note_answer(work: Work, case: Case, by: Staff, at: datetime, words: str = "") -> None:
    """An agent has spoken, at Telegram's time `at`: the case has somebody, and its first response."""
    case.last_agent_at = work.now
    if case.first_response_at is None:
        case.first_response_at = at
    work.happen(AgentSpoke(case, by, at, words))
    if case.assignee_id is None and case.unfinished and await duty.has_room(work, case, by):
        entrust(work, case, by)
        remember(work, case, EventKind.CLAIMED, by)
    if case.state is CaseState.NEW:
        case.move(CaseState.OPEN, work.now)


def wait_for_customer(work: Work, case: Case, by: Staff) -> None:
    """Stop and wait: only after somebody has asked the customer something, or Refusal."""
    require(by)
    if not case.unfinished:
        raise Refusal("finished", number=case.id)
    if case.state is CaseState.PENDING:
        raise Refusal("already_pending")
    if case.last_agent_at is None or case.last_agent_at < case.last_customer_at:
        raise Refusal("ask_first")
    case.move(CaseState.PENDING, work.now)
    work.happen(CasePending(case, by))


def resolve(work: Work, customer: Customer, case: Case, by: Staff, summary: str) -> None:
    """We say it is done; what the customer reads and is asked follows from that."""
    require(by)
    if not case.unfinished:
        raise Refusal("finished_unsaid" if summary else "finished", number=case.id)
    require_for_customer(summary)
    case.summary = summary
    if case.assignee_id is None:
        entrust(work, case, by)
    case.move(CaseState.RESOLVED, work.now)
    work.happen(CaseResolved(case, customer, by, summary))


def not_solved_button(language: str, case: Case) -> dict[str, Any]:
    """The button that takes the case up again."""
    return button(label(language, "button.not_solved"), f"unsolved:{case.id}:{case.episode}")


def close(work: Work, customer: Customer, case: Case, by: Staff) -> None:
    """End the matter without a question; the customer is told that it can be taken up again."""
    require(by)
    if case.state is CaseState.CLOSED:
        raise Refusal("finished", number=case.id)
    end(work, customer, case, by, "staff")
    tell_customer(work, customer, "cases/closed", {"number": case.id}, case=case)


def take_up_again(work: Work, customer: Customer, case: Case, by: Staff) -> None:
    """Staff take a finished matter up again; the customer hears of it."""
    require(by)
    reopen(work, case, by, "staff")
    tell_customer(work, customer, "cases/reopened", {"number": case.id}, case=case)


def show(work: Work, case: Case, by: Staff) -> None:
    """Show the case's card again, as a new message."""
    require(by)
    post_card(work, case)


def set_subject(work: Work, case: Case, words: str, by: Staff) -> None:
    """Say what the matter is, in words that may be said to the customer."""
    person = require(by)
    require_for_customer(words)
    case.subject, case.subject_confirmed = in_short(words), True
    remember(work, case, EventKind.SUBJECT, person, subject=case.subject)


def accept(work: Work, customer: Customer, case: Case) -> None:
    """The customer is content: a case of which we say that it is done is closed with that."""
    if case.state is CaseState.RESOLVED:
        end(work, customer, case, customer, "accepted")


def end(work: Work, customer: Customer, case: Case, by: Staff | Customer | None, why: str) -> None:
    """The case is over: `why` is "accepted" by the customer, "staff" who end it, or "silence" (by nobody)."""
    case.move(CaseState.CLOSED, work.now)
    work.happen(CaseClosed(case, customer, by, why))


def reopen(work: Work, case: Case, by: Staff | Customer, why: str) -> None:
    """Take a finished matter up again; `why` is "words", "score", "not_solved" or "staff"."""
    if case.unfinished:
        raise Refusal("not_finished", number=case.id)
    case.move(CaseState.OPEN, work.now)
    work.happen(CaseReopened(case, by, why))
    post_card(work, case)


async def claim(work: Work, case: Case, by: Staff) -> None:
    """Take a case for oneself; raises Refusal where somebody has it, and for whoever carries enough already."""
    require(by)
    holder = await assignee_of(work, case)
    if holder is not None and holder.id == by.id:
        raise Refusal("already_yours")
    if holder is not None and holder.active:
        raise Refusal("taken_by", name=holder.name)
    if not case.unfinished:
        raise Refusal("finished", number=case.id)
    if not await duty.has_room(work, case, by):
        raise Refusal("full", name=by.name)
    take(work, case, by)


async def assignee_of(work: Work, case: Case) -> Staff | None:
    """Who is responsible for the case."""
    return await staff_member(work, case.assignee_id) if case.assignee_id else None
