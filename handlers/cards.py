"""What people see of a case: the card in the staff group, and the customer's own list."""

from collections.abc import Iterable
from typing import Any

from handlers import cases, speaking
from handlers.addresses import link_to
from handlers.authority import require
from handlers.cases import assignee_of
from handlers.customers import bans
from handlers.happenings.cases import CaseOpened, KindConfirmed
from handlers.moments import in_words, local_time
from handlers.names import called, shown_name
from handlers.refusals import Refusal
from handlers.routing import showing
from handlers.speaking import button, tell_customer, tell_privately
from handlers.standards import due
from handlers.standards.chasing import list_chases
from models.cases import Case, CaseKind, case_numbered, cases_of, count_cases, recent_cases, unfinished_cases_of
from models.customers import Customer, customer_of
from models.delivery import Priority
from models.questionnaires.scores import score_of, scores_of
from models.staff import Staff
from models.work import Change, Work
from templates import jointed, label

#: How many cases the list of who has them in hand shows.
LISTED = 15

# -- what customers see of their cases


async def tell_received(work: Work, opened: CaseOpened) -> None:
    """The customer reads the number of their case, when somebody answers, and is asked what it is about."""
    case, customer = opened.case, opened.customer
    if opened.quiet or not customer.has_chat:
        return
    buttons = [] if case.kind else kind_buttons(customer.language, case)
    buttons.append([button(label(customer.language, "button.another_matter"), "another:")])
    expected = await due.first_response(work, case, customer)
    values = {"number": case.id, "kind": case.kind and case.kind.value, **expected}
    tell_customer(work, customer, "cases/received", values, buttons=buttons, case=case)


def kind_buttons(language: str, case: Case) -> speaking.Buttons:
    """The question what the matter is, for the customer."""
    kinds = [button(label(language, f"kind.{kind}"), f"kind:{case.id}:{kind}") for kind in CaseKind]
    return [kinds[:3], kinds[3:]]


async def tell_progress(work: Work, customer: Customer) -> None:
    """The customer's own list of cases; looking at it may be a question."""
    recent = await recent_cases(work, customer.id)
    listed = [
        {
            "number": case.id,
            "state": case.state.value,
            "subject": case.subject,
            "opened": local_time(work, case.opened_at),
            **due.in_list(work, case, customer),
        }
        for case in recent
    ]
    tell_customer(work, customer, "cases/mine" if listed else "cases/mine_empty", {"cases": listed})
    if not await bans.is_banned(work, customer, ""):
        await list_chases(work, customer, recent)


async def choose_kind(work: Work, customer: Customer, number: int, kind: str, shown_at: int | None = None) -> None:
    """The customer says what their case of that number is; the reply takes the place of the question at `shown_at`.
    Raises Refusal."""
    case = await own_case(work, customer, number)
    if kind not in set(CaseKind) or not case.unfinished:
        raise Refusal("stale")
    if case.kind is CaseKind.COMPLAINT and kind != CaseKind.COMPLAINT:
        raise Refusal("complaint_stays")
    if case.kind != CaseKind(kind):
        before, case.kind = case.kind, CaseKind(kind)
        work.happen(KindConfirmed(case, customer, before, case.kind))
    values = {"number": case.id, "kind": kind, **await due.first_response(work, case, customer)}
    another = [[button(label(customer.language, "button.another_matter"), "another:")]]
    speaking.reply(work, customer, "cases/received", values, another, shown_at, case=case)


async def own_case(work: Work, customer: Customer, number: int) -> Case:
    """The customer's own case of that number; raises Refusal alike for another's and for none."""
    case = await case_numbered(work, number)
    if case is None or case.customer_id != customer.id:
        raise Refusal("stale")
    return case


# -- what staff see of theirs in private


async def tell_in_hand(work: Work, by: Staff, *, figures: bool = False) -> None:
    """The cases that somebody has in hand, what is due first; `figures`: they asked for some, and there are none."""
    person = require(by)
    in_hand = sorted(
        await unfinished_cases_of(work, person.id or 0), key=lambda case: (case.due_at is None, case.due_at, case.id)
    )
    listed = [await _in_list(work, person, case) for case in in_hand[:LISTED]]
    values = {"mine": listed, "count": len(in_hand), "more": len(in_hand) - len(listed), "figures": figures}
    tell_privately(work, person, "cases/in_hand", values, priority=Priority.ANSWER)


async def _in_list(work: Work, person: Staff, case: Case) -> dict[str, Any]:
    customer, zone = await customer_of(work, case), work.plan.business.timezone
    due = in_words(person.language, case.due_at, work.now, zone) if case.due_at else ""
    return {
        "number": case.id,
        "state": case.state.value,
        "name": await called(work, customer, person.language),
        "subject": cases.in_short(case.subject),
        "due": due,
        "due_what": case.due_what if case.due_at else None,
        "late": case.due_at is not None and case.due_at <= work.now,
        "chased": case.chased_count,
        "link": await link_to(work, customer, case),
    }


# -- the card

#: What the card shows of the case itself, and of the customer.
_OF_CASE = (
    "kind",
    "suggested_kind",
    "severity",
    "alarm",
    "department",
    "state",
    "assignee_id",
    "subject",
    "summary",
    "reopened_count",
    "chased_count",
    "held_count",
    "due_at",
    "due_what",
)
_OF_CUSTOMER = ("name", "username", "language", "unreachable_since")


async def draw_changed(work: Work, changes: Iterable[Change]) -> None:
    """Have the cards drawn anew of which something has changed in this work, each once."""
    wanted: dict[int, Case] = {}
    for change in changes:
        row = change.row
        if isinstance(row, Case) and (change.is_new or change.touches(*_OF_CASE) or _lost_card(change)):
            wanted[row.id] = row
        elif isinstance(row, Customer) and not change.is_new and change.touches(*_OF_CUSTOMER):
            wanted |= {case.id: case for case in await cases_of(work, row.id) if case.card_message_id}
        elif isinstance(row, Staff) and not change.is_new and change.touches("name"):
            wanted |= {case.id: case for case in await unfinished_cases_of(work, row.id or 0)}
    for case in wanted.values():
        cases.redraw_card(work, case)


def _lost_card(change: Change) -> bool:
    """Whether the card of an unfinished case stands nowhere any more."""
    case = change.row
    return (
        isinstance(case, Case)
        and change.touches("card_message_id")
        and case.card_message_id is None
        and case.unfinished
    )


async def card_values(work: Work, case: Case, customer: Customer) -> dict[str, Any]:
    """What the card shows: the case, who has it, and the customer's file in short."""
    holder = await assignee_of(work, case)
    past = await count_cases(work, customer.id) - 1
    given = await score_of(work, case)
    return {
        "number": case.id,
        "kind": case.kind.value if case.kind else None,
        "state": case.state.value,
        "assignee": holder.name if holder else None,
        "opened": local_time(work, case.opened_at),
        "lines": _lines(work, case),
        "name": await shown_name(work, customer),
        "username": customer.username,
        "customer": customer.id,
        "language": customer.language,
        "unreachable": customer.unreachable_since is not None,
        "past": past,
        "scores": await scores_of(work, customer.id, but=case.id) if past else [],
        "score": given and given.score,
        "comment": given and given.words[:500],
        "summary": case.summary[:500],
        "reopened": case.reopened_count,
        "parent": case.parent_id,
        **due.on_card(work, case),
        **await showing.on_card(work, case),
    }


def _lines(work: Work, case: Case) -> list[str]:
    """The lines that only some cards have, in their order: labels under [card], each with its values or left out."""
    lines = {
        "chased": case.chased_count and {"times": case.chased_count},
        "held": case.held_count and {"count": case.held_count},
        "subject": case.subject and {"subject": jointed(case.subject)},
    }
    return [label(work.plan.business.language, f"card.{key}", **given) for key, given in lines.items() if given]


def card_buttons(language: str, case: Case) -> speaking.Buttons:
    """What can be done with the case as it stands."""
    if not case.unfinished:
        return [[button(label(language, "button.reopen"), f"reopen:{case.id}")]]
    actions = [["claim", "wait"], ["resolve", "note", "more"]]
    return [[button(label(language, f"button.{action}"), f"{action}:{case.id}") for action in row] for row in actions]
