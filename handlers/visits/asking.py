"""A visit by the bot: the question in the customer's chat, and what the answer sets going."""

from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from handlers import cases, contact
from handlers.chat.doors import Place
from handlers.chat.presses import answer_press
from handlers.customers import known
from handlers.happenings import Visited
from handlers.refusals import Refusal
from handlers.speaking import Buttons, button, change_message, tell_staff
from handlers.visits.planning import HAND_WINDOW, plan_by_hand, rule_of
from handlers.visits.tasks import about_of, not_done, visit_numbered
from models.cases import Case, case_numbered
from models.contact import LATE_PRESS, Purpose
from models.customers import Customer, zone_of
from models.delivery import Priority
from models.staff import main_group, staff_group
from models.visits import By, Outcome, Visit, VisitState, placed
from models.work import Work
from templates import label

LATER = {"tomorrow": timedelta(days=1), "week": timedelta(days=7)}


async def ask(work: Work, visit: Visit, customer: Customer, case: Case | None) -> None:
    """Ask the customer, in the chat; the ruling has let it through."""
    visit.begun_at = work.now
    visit.state, visit.reason = VisitState.ASKED, None
    visit.message_id = await contact.go(
        work,
        customer,
        visit.purpose,
        "visit",
        visit.about,
        "visits/ask",
        _values(work, visit, customer, case),
        buttons=_question(work, visit, customer),
        case=case,
    )


def _values(work: Work, visit: Visit, customer: Customer, case: Case | None) -> dict[str, Any]:
    return {
        "about": about_of(work, visit),
        "number": case.id if case else None,
        "subject": case.subject if case and case.subject_confirmed else "",
        "business": work.plan.business.name.get(customer.language, ""),
    }


def _question(work: Work, visit: Visit, customer: Customer) -> Buttons:
    not_yet = "not_yet" if visit.case_id else "problem"
    rows = [["well", not_yet], ["later", "call"]]
    if visit.purpose is Purpose.SERVICE:
        rows.append(["stop"])  # else the button of the budget stands under it
    return [[_button(visit, customer, key) for key in row] for row in rows]


def _button(visit: Visit, customer: Customer, key: str) -> dict[str, Any]:
    return button(label(customer.language, f"visit_answer.{key}"), f"visited:{visit.id}:{key}")


async def press(work: Work, place: Place) -> None:
    """The customer's answer by a button. "Not yet" counts after "all well" too."""
    customer = await known(work, place.account)
    _, number, action = [*place.text.split(":"), "", ""][:3]
    visit = await visit_numbered(work, number)
    if visit is None or visit.customer_id != customer.id:
        raise Refusal("stale")
    case = await case_numbered(work, visit.case_id) if visit.case_id else None
    open_still = visit.state is VisitState.ASKED or await _comes_late(work, visit, case)
    if not open_still and not (action in ("not_yet", "problem") and visit.outcome is Outcome.WELL):
        raise Refusal("visit_closed" if visit.outcome in (None, Outcome.UNANSWERED) else "visit_answered")
    place_at = place.message["message_id"]
    if action in ("later", "back"):
        template, buttons = ("visits/when", when_buttons(visit, customer))
        if action == "back":
            template, buttons = "visits/ask", _question(work, visit, customer)
        change_message(work, customer, place_at, template, _values(work, visit, customer, case), buttons)
        answer_press(work, place)
        return
    values, buttons = await answered(work, visit, customer, case, action)
    answer_press(work, place, label(customer.language, "toast.thanks"))
    change_message(work, customer, place_at, "visits/answered", values, buttons)


async def answered(
    work: Work, visit: Visit, customer: Customer, case: Case | None, action: str, words: str = ""
) -> tuple[dict[str, Any], Buttons]:
    """Do what an answer, by a button or in `words`, sets going; returns what is said to it, and the buttons."""
    again = [[_button(visit, customer, "not_yet")]] if action == "well" and case else []
    match action:
        case "well":
            visit.end(VisitState.DONE, work.now, outcome=Outcome.WELL)
            if case:
                work.happen(Visited(case, customer, Outcome.WELL))
                cases.accept(work, customer, case)
        case "not_yet" | "problem":
            visit.end(VisitState.DONE, work.now, outcome=Outcome.NOT_YET)
            case = await not_done(work, customer, case, customer)
        case "tomorrow" | "week":
            _later(work, visit, customer, LATER[action])
        case "call":
            visit.end(VisitState.DONE, work.now, outcome=Outcome.CALL)
            plan_by_hand(work, customer, work.now, case=case, occurrence=f"call:{visit.id}:{visit.attempts}")
        case "stop":
            visit.end(VisitState.DONE, work.now, outcome=Outcome.STOP)
            wording = words or label(customer.language, "visit_answer.stop")
            contact.refuse(work, customer, [Purpose.VISIT], wording, "words" if words else "button")
        case _:
            raise Refusal("stale")
    await _tell(work, visit, customer, case, action)
    return {"answer": action, "number": case.id if case else None}, again


async def _comes_late(work: Work, visit: Visit, case: Case | None) -> bool:
    """Whether an answer after the window still counts: it may have waited for us, and nothing else has followed."""
    ended_at = visit.ended_at if visit.outcome is Outcome.UNANSWERED else None
    if ended_at is None or work.now - ended_at > LATE_PRESS or (case is not None and case.unfinished):
        return False
    since = select(Visit.id).where(Visit.customer_id == visit.customer_id, col(Visit.begun_at) > visit.begun_at)
    return await work.first(since) is None


def when_buttons(visit: Visit, customer: Customer) -> Buttons:
    """Tomorrow, next week, or back to the question."""
    return [[_button(visit, customer, key) for key in LATER], [_button(visit, customer, "back")]]


def _later(work: Work, visit: Visit, customer: Customer, after: timedelta) -> None:
    """Another day, as the customer wishes: then it is no longer unasked."""
    rule, zone = rule_of(work, visit), zone_of(customer, work.plan)
    visit.attempts += 1
    visit.purpose = Purpose.SERVICE
    at, _ = placed(work.plan, zone, work.now + after, By.BOT, visit.occurrence)
    visit.move(at, "asked_later", window=rule.window if rule else HAND_WINDOW)


async def _tell(work: Work, visit: Visit, customer: Customer, case: Case | None, action: str) -> None:
    """Staff read the answer in the topic; where somebody has to do something it is loud."""
    loud = action in ("not_yet", "problem", "call")
    values = {"number": case.id if case else None, "answer": action}
    group = await staff_group(work, case.group_id) if case else await main_group(work)
    tell_staff(
        work,
        group,
        customer,
        "visits/answer",
        values,
        priority=Priority.ANSWER if loud else Priority.NOTICE,
        case_id=case.id if case else None,
    )
