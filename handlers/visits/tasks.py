"""A visit by an agent: a task in the customer's topic with the file, the words to say, and a form for the result."""

from typing import Any

from handlers.authority import require
from handlers.moments import in_our_words, local_time
from handlers.names import called
from handlers.refusals import Refusal
from handlers.speaking import Buttons, button, change_in_group, tell_staff
from handlers.visits.assigning import assign_visit, kept_out
from handlers.visits.planning import about_of, rule_of
from models.cases import Case, count_cases
from models.customers import Customer, customer_numbered
from models.delivery import Priority
from models.questionnaires.scores import scores_of
from models.staff import Role, Staff, StaffGroup, main_group, staff_group, staff_member
from models.visits import Visit, VisitState, case_of
from models.work import Work
from templates import label

Rows = tuple[tuple[str, ...], ...]

#: How often an agent tries who was asked to call, by hand.
ATTEMPTS = 3
#: The pages of the form, by the button that opens each: what can be pressed there, in rows.
PAGES: dict[str, Rows] = {
    "back": (("reached",), ("no_answer", "someone_else"), ("declined", "wrong_number"), ("later", "how_to_note")),
    "reached": (("satisfied",), ("problem", "wish"), ("back",)),
    "later": (("hour", "half"), ("tomorrow", "week"), ("back",)),
}
#: What stands under a task that is over, or was moved.
OVER: Rows = (("how_to_note",),)


async def post(work: Work, visit: Visit, customer: Customer, case: Case | None) -> None:
    """Show the task in the customer's topic; from now on its result is waited for."""
    await assign_visit(work, visit, customer, case)
    visit.state, visit.reason, visit.begun_at = VisitState.DUE, None, work.now
    await work.flush()
    group = await staff_group(work, case.group_id) if case else await main_group(work)
    tell_staff(
        work,
        group,
        customer,
        "visits/task",
        await _values(work, visit, customer, case),
        buttons=_buttons(work, visit, PAGES["back"]),
        priority=Priority.NOTICE,
        case_id=visit.case_id,
    )


async def maker_of(work: Work, visit: Visit, by: Staff) -> Staff:
    """The agent who makes the visit now; raises Refusal where it is over, and for whom the plan keeps out of it."""
    person = require(by)
    if visit.state is not VisitState.DUE:
        raise Refusal("visit_over")
    if person.id in kept_out(work, visit, await case_of(work, visit)) and not person.may(Role.SUPERVISOR):
        raise Refusal("visit_not_handler")
    return person


async def turn_to(work: Work, visit: Visit, page: str, by: Staff, group: StaffGroup, shown_at: int) -> None:
    """Whoever makes the visit turns to a page of the form, one of `PAGES`; the task stands there in the group."""
    await maker_of(work, visit, by)
    rows = PAGES[page]
    if page == "reached" and visit.questionnaire:
        rows = (("questionnaire",), *rows)
    await _draw(work, visit, rows, group, shown_at)


async def draw(work: Work, visit: Visit, group: StaffGroup, shown_at: int) -> None:
    """Show the task in that place of the group as it is now: with the form, or with its result."""
    await _draw(work, visit, PAGES["back"] if visit.state is VisitState.DUE else OVER, group, shown_at)


async def _draw(work: Work, visit: Visit, rows: Rows, group: StaffGroup, shown_at: int) -> None:
    customer = await customer_numbered(work, visit.customer_id)
    values = await _values(work, visit, customer, await case_of(work, visit))
    buttons = _buttons(work, visit, rows)
    change_in_group(work, group.id or 0, customer, shown_at, "visits/task", values, buttons)


def _buttons(work: Work, visit: Visit, rows: Rows) -> Buttons:
    language = work.plan.business.language
    return [[button(label(language, f"visit_form.{key}"), f"visit:{visit.id}:{key}") for key in row] for row in rows]


async def _values(work: Work, visit: Visit, customer: Customer, case: Case | None) -> dict[str, Any]:
    """What the task shows: of whom and what it is, the file in short, how it stands, and the words to say."""
    language = work.plan.business.language
    tier = work.plan.tier_named(customer.tier)
    past = await count_cases(work, customer.id) - bool(case)
    return {
        "about": about_of(work, visit),
        "number": case.id if case else None,
        "subject": case.subject if case else "",
        "kind": case.supposed_kind.value if case else None,
        "name": await called(work, customer),
        "customer": customer.id,
        "phone": customer.phone,
        "tier": tier.name.get(language) or tier.id if tier else None,
        "past": past,
        "scores": await scores_of(work, customer.id, but=case.id if case else None) if past else [],
        **await _standing(work, visit),
        "script": _script(work, visit, customer, case),
    }


async def _standing(work: Work, visit: Visit) -> dict[str, Any]:
    """How the visit stands: who makes it, until when and at which attempt, and what became of it."""
    rule = rule_of(work, visit)
    owner = await staff_member(work, visit.owner_id) if visit.owner_id else None
    return {
        "owner": {"user": owner.user_id, "name": owner.name} if owner else None,
        "until": in_our_words(work, visit.window_until, lasting=True),
        "note": visit.note[:300],
        "attempt": visit.attempts + 1,
        "attempts": max(visit.attempts + 1, rule.attempts if rule else ATTEMPTS),
        "state": visit.state.value,
        "outcome": visit.outcome.value if visit.outcome else None,
        "reason": visit.reason,
        "due": local_time(work, visit.due_at),
    }


def _script(work: Work, visit: Visit, customer: Customer, case: Case | None) -> list[str]:
    """The words to say, in the customer's language."""
    said = {
        "business": work.plan.business.name.get(customer.language, ""),
        "name": customer.salutation or customer.name,
        "number": case.id if case else "",
    }
    lines = ("who", "good_time", f"question_{about_of(work, visit)}", "more", "thanks")
    return [label(customer.language, f"visit_script.{line}", **said) for line in lines]
