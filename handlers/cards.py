"""What people see of a case: the card in the staff group, and the customer's own list."""

from datetime import datetime
from typing import Any

from handlers import cases, speaking
from handlers.cases import assignee_of
from handlers.customers import barring, known
from handlers.doors import Place, Refusal
from handlers.happenings import KindConfirmed
from handlers.routing import showing
from handlers.speaking import answer_press, button, tell_customer
from handlers.standards import expecting
from handlers.standards.chasing import list_chases
from models.cases import Case, CaseKind, case_numbered, count_cases, recent_cases
from models.customers import Customer
from models.questionnaires.scores import score_of, scores_of
from models.work import Work
from templates import label

# -- what customers see of their cases


async def my_cases(work: Work, place: Place) -> None:
    """/mycases, and the keyboard's button for progress."""
    customer = await known(work, place.user)
    recent = await recent_cases(work, customer.id)
    listed = [
        {
            "number": case.id,
            "state": case.state.value,
            "subject": case.subject,
            "opened": local_time(work, case.opened_at),
            **expecting.in_list(work, case, customer),
        }
        for case in recent
    ]
    tell_customer(work, customer, "cases/mine" if listed else "cases/mine_empty", {"cases": listed})
    if not await barring.is_banned(work, customer, ""):
        await list_chases(work, customer, recent)


async def choose_kind(work: Work, place: Place) -> None:
    """The customer says what the matter is."""
    customer = await known(work, place.user)
    _, number, kind = [*place.text.split(":"), "", ""][:3]
    case = await own_case(work, customer, number)
    if kind not in set(CaseKind) or not case.unfinished:
        raise Refusal("stale")
    if case.kind is CaseKind.COMPLAINT and kind != CaseKind.COMPLAINT:
        raise Refusal("complaint_stays")
    if case.kind != CaseKind(kind):
        before, case.kind = case.kind, CaseKind(kind)
        work.happen(KindConfirmed(case, before))
        work.event(case, "kind", cases.actor_of(customer), kind=kind)
        cases.redraw_card(work, case)
    values = {"number": case.id, "kind": kind, **await expecting.first_response(work, case, customer)}
    another = [[button(label(customer.language, "button.another_matter"), "another:")]]
    speaking.change_message(work, customer, place.message["message_id"], "cases/received", values, another)
    answer_press(work, place.raw["id"], label(customer.language, "toast.thanks"))


async def own_case(work: Work, customer: Customer, number: str) -> Case:
    """The customer's own case of that number; raises Refusal alike for another's and for none."""
    case = await case_numbered(work, int(number)) if number.isdecimal() and len(number) < 18 else None
    if case is None or case.customer_id != customer.id:
        raise Refusal("stale")
    return case


def local_time(work: Work, at: datetime) -> str:
    """A moment as people read it, in the business's time zone: "11-21 17:40"."""
    return at.astimezone(work.plan.business.timezone).strftime("%m-%d %H:%M")


# -- the card


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
        "subject": case.subject,
        "opened": local_time(work, case.opened_at),
        "name": customer.name,
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
        "chased": case.chased_count,
        **expecting.on_card(work, case),
        **await showing.on_card(work, case),
    }


def card_buttons(language: str, case: Case) -> speaking.Buttons:
    """What can be done with the case as it stands."""
    if not case.unfinished:
        return [[button(label(language, "button.reopen"), f"reopen:{case.id}")]]
    actions = [["claim", "wait"], ["resolve", "note", "more"]]
    return [[button(label(language, f"button.{action}"), f"{action}:{case.id}") for action in row] for row in actions]
