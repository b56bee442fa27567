"""A visit by the bot: the question in the customer's chat, with its buttons."""

from datetime import timedelta
from typing import Any

from handlers import contact
from handlers.speaking import Buttons, button
from handlers.visits.planning import about_of
from models.cases import Case
from models.contact import Purpose
from models.customers import Customer
from models.visits import Visit, VisitState
from models.work import Work
from templates import label

#: What a customer can name who does not want to answer now.
LATER = {"tomorrow": timedelta(days=1), "week": timedelta(days=7)}
#: Buttons that show another side of the question: the days of `LATER`, and the question itself.
SIDES = ("later", "back")


async def ask(work: Work, visit: Visit, customer: Customer, case: Case | None) -> None:
    """Ask the customer, in the chat; the ruling has let it through."""
    visit.begun_at = work.now
    visit.state, visit.reason = VisitState.ASKED, None
    template, values, buttons = side(work, visit, customer, case, "back")
    visit.message_id = await contact.go(
        work,
        customer,
        visit.purpose,
        "visit",
        visit.about,
        template,
        values,
        buttons=buttons,
        case=case,
    )


def side(
    work: Work, visit: Visit, customer: Customer, case: Case | None, name: str
) -> tuple[str, dict[str, Any], Buttons]:
    """A side of the question, by its name in `SIDES`: its template, values and buttons."""
    if name == "later":
        days = [answer_button(visit, customer, key) for key in LATER]
        return "visits/when", {}, [days, [answer_button(visit, customer, "back")]]
    values = {
        "about": about_of(work, visit),
        "number": case.id if case else None,
        "subject": case.subject if case and case.subject_confirmed else "",
        "business": work.plan.business.name.get(customer.language, ""),
    }
    return "visits/ask", values, _buttons(visit, customer)


def _buttons(visit: Visit, customer: Customer) -> Buttons:
    not_yet = "not_yet" if visit.case_id else "problem"
    rows = [["well", not_yet], ["later", "call"]]
    if visit.purpose is Purpose.SERVICE:
        rows.append(["stop"])  # else the button of the budget stands under it
    return [[answer_button(visit, customer, key) for key in row] for row in rows]


def answer_button(visit: Visit, customer: Customer, key: str) -> dict[str, str]:
    """The button that gives an answer or shows a side of the question."""
    return button(label(customer.language, f"visit_answer.{key}"), f"visited:{visit.id}:{key}")
