"""Cases: opening, claiming, waiting, resolving, closing, reopening; their cards and their progress."""

from typing import Any

from handlers import duty, speaking
from handlers.doors import Place, Refusal
from handlers.happenings import (
    AssigneeChanged,
    CaseClosed,
    CaseOpened,
    CasePending,
    CaseReopened,
    CaseResolved,
)
from handlers.routing.places import case_in_hand, case_pressed
from handlers.routing.suggesting import suggest
from handlers.speaking import answer_press, button, send, tell_customer
from handlers.standards import expecting
from models.base import new_id
from models.cases import Case, CaseKind, CaseState, new_case
from models.customers import Customer, customer_numbered, display_name
from models.delivery import Priority, SendClass, What, staff_lane
from models.staff import Staff, StaffGroup, staff_member
from models.topics import Topic, remember_topic, topic_name, topic_of
from models.work import Work
from templates import label

SUBJECT_LIMIT = 60
SUMMARY_LIMIT = 2500  # UTF-16 units


def actor_of(person: Staff | Customer) -> str:
    """How timeline and audit name a person."""
    return f"{'staff' if isinstance(person, Staff) else 'customer'}:{person.id}"


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
    quiet: bool = False,
    source: str = "telegram",
    by: Staff | None = None,
) -> Case:
    """Open a case for the customer's words; they are told its number once, staff get its card.

    What the words suggest decides where it goes. `by` opened it for the customer, who came by way of `source`.
    """
    found = suggest(work.plan, words, kind)
    group = await duty.group_of(work, found.department)
    case = await new_case(
        work,
        customer_id=customer.id,
        group_id=group.id,
        kind=kind,
        parent_id=parent.id if parent else None,
        subject=in_short(words),
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
    work.event(case, "opened", actor_of(by or customer), kind=kind)
    work.happen(CaseOpened(case, customer, words, by, quiet))
    await want_topic(work, customer, group)
    return case


async def tell_received(work: Work, opened: CaseOpened) -> None:
    """The customer reads the number of their case, when somebody answers, and is asked what it is about."""
    case, customer = opened.case, opened.customer
    if opened.quiet or customer.user_id is None:
        return
    buttons = [] if case.kind else kind_buttons(customer.language, case)
    buttons.append([button(label(customer.language, "button.another_matter"), "another:")])
    expected = await expecting.first_response(work, case, customer)
    values = {"number": case.id, "kind": case.kind and case.kind.value, **expected}
    tell_customer(work, customer, "cases/received", values, buttons=buttons, case=case)


def kind_buttons(language: str, case: Case) -> speaking.Buttons:
    """The question what the matter is, for the customer."""
    kinds = [button(label(language, f"kind.{kind}"), f"kind:{case.id}:{kind}") for kind in CaseKind]
    return [kinds[:3], kinds[3:]]


async def want_topic(work: Work, customer: Customer, group: StaffGroup) -> None:
    """See to it that the customer has a topic in the group, or will have one."""
    assert group.id is not None  # noqa: S101
    if not group.is_forum or await topic_of(work, customer.id, group.id):
        return
    topic = Topic(
        customer_id=customer.id, group_id=group.id, name=topic_name(customer.name, customer.id), wanted_at=work.now
    )
    remember_topic(work, topic)
    # A lane of its own: words must not wait for the topic longer than they want to.
    send(
        work,
        What.TOPIC,
        f"t{group.id}:{customer.id}",
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


def take(work: Work, case: Case, person: Staff) -> None:
    """Make the person the one responsible; raises Refusal when another already is."""
    if case.assignee_id == person.id:
        raise Refusal("already_yours")
    if case.assignee_id is not None:
        raise Refusal("taken")
    if not case.unfinished:
        raise Refusal("finished", number=case.id)
    assign(work, case, person)
    case.page_due_at = None
    work.event(case, "claimed", actor_of(person))
    redraw_card(work, case)


def assign(work: Work, case: Case, person: Staff | None) -> None:
    """Make the person the one responsible, or nobody; a new case is open with that."""
    before, case.assignee_id = case.assignee_id, person.id if person else None
    if person and case.state is CaseState.NEW:
        case.move(CaseState.OPEN, work.now)
    if before != case.assignee_id:
        work.happen(AssigneeChanged(case, before))


def wait_for_customer(work: Work, case: Case, person: Staff) -> None:
    """Stop and wait: only after somebody has asked the customer something, or Refusal."""
    if not case.unfinished:
        raise Refusal("finished", number=case.id)
    if case.state is CaseState.PENDING:
        raise Refusal("already_pending")
    if case.last_agent_at is None or case.last_agent_at < case.last_customer_at:
        raise Refusal("ask_first")
    case.move(CaseState.PENDING, work.now)
    work.event(case, "pending", actor_of(person))
    work.happen(CasePending(case))
    redraw_card(work, case)


def resolve(work: Work, customer: Customer, case: Case, person: Staff, summary: str) -> None:
    """We say it is done; what the customer reads and is asked follows from that."""
    if not case.unfinished:
        raise Refusal("finished_unsaid" if summary else "finished", number=case.id)
    case.summary = summary
    if case.assignee_id is None:
        assign(work, case, person)
    case.move(CaseState.RESOLVED, work.now)
    work.event(case, "resolved", actor_of(person), summary=summary)
    work.happen(CaseResolved(case, customer, person))
    redraw_card(work, case)


def not_solved_button(language: str, case: Case) -> dict[str, Any]:
    """The button that takes the case up again."""
    return button(label(language, "button.not_solved"), f"unsolved:{case.id}:{case.episode}")


def close(work: Work, customer: Customer, case: Case, person: Staff) -> None:
    """End the matter without a question; the customer is told that it can be taken up again."""
    if case.state is CaseState.CLOSED:
        raise Refusal("finished", number=case.id)
    case.move(CaseState.CLOSED, work.now)
    work.event(case, "closed", actor_of(person))
    work.happen(CaseClosed(case, customer, "staff"))
    tell_customer(work, customer, "cases/closed", {"number": case.id}, case=case)
    redraw_card(work, case)


def reopen(work: Work, case: Case, actor: str, why: str) -> None:
    """Take a finished matter up again; `why` is "words", "score", "not_solved" or "staff"."""
    if case.unfinished:
        raise Refusal("not_finished", number=case.id)
    case.move(CaseState.OPEN, work.now)
    work.event(case, "reopened", actor, why=why)
    work.happen(CaseReopened(case, why))
    post_card(work, case)


# -- doors of the topic: commands and the card's buttons


async def claim_command(work: Work, place: Place) -> None:
    """/claim."""
    await claim(work, await case_in_hand(work, place, _customer(place)), place.speaker)


async def resolve_command(work: Work, place: Place) -> None:
    """/resolve what was done."""
    customer = _customer(place)
    case = await case_in_hand(work, place, customer)
    resolve(work, customer, case, place.speaker, _rest(place))


async def close_command(work: Work, place: Place) -> None:
    """/close."""
    customer = _customer(place)
    close(work, customer, await case_in_hand(work, place, customer), place.speaker)


async def reopen_command(work: Work, place: Place) -> None:
    """/reopen: the case replied to, else the one that ended last; the customer hears of it."""
    customer = _customer(place)
    case = await case_in_hand(work, place, customer)
    reopen(work, case, actor_of(place.speaker), "staff")
    tell_customer(work, customer, "cases/reopened", {"number": case.id}, case=case)


async def case_command(work: Work, place: Place) -> None:
    """/case: the card again, as a new message."""
    post_card(work, await case_in_hand(work, place, _customer(place)))


async def card_press(work: Work, place: Place) -> None:
    """A button of a case's card; one that shows what was is drawn anew, whatever becomes of the press."""
    action, case = place.text.partition(":")[0], await case_pressed(work, place)
    redraw_card(work, case)
    customer = await customer_numbered(work, case.customer_id)
    person = place.speaker
    person.name = display_name(place.user.get("first_name"), place.user.get("last_name")) or person.name
    match action:
        case "claim":
            await claim(work, case, person)
        case "wait":
            wait_for_customer(work, case, person)
        case "resolve":
            resolve(work, customer, case, person, "")
        case "reopen":
            reopen(work, case, actor_of(person), "staff")
            tell_customer(work, customer, "cases/reopened", {"number": case.id}, case=case)
        case "note":
            answer_press(work, place.raw["id"], label(person.language, "toast.how_to_note"), alert=True)
            return
    answer_press(work, place.raw["id"], label(person.language, f"toast.{action}", number=case.id))


async def claim(work: Work, case: Case, person: Staff) -> None:
    """Take a case for oneself; raises Refusal where somebody has it, and for whoever carries enough already."""
    holder = await assignee_of(work, case)
    if holder is not None and holder.id != person.id and holder.active:
        raise Refusal("taken_by", name=holder.name)
    if not await duty.has_room(work, case, person):
        raise Refusal("full", name=person.name)
    take(work, case, person)


async def assignee_of(work: Work, case: Case) -> Staff | None:
    """Who is responsible for the case."""
    return await staff_member(work, case.assignee_id) if case.assignee_id else None


def _customer(place: Place) -> Customer:
    if place.customer is None:
        raise Refusal("not_a_topic")
    return place.customer


def _rest(place: Place) -> str:
    """What follows the command."""
    text = place.text
    return text.split(maxsplit=1)[1].strip() if len(text.split(maxsplit=1)) > 1 else ""
