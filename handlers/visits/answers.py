"""The customer's answer to the bot's question, by a button or in words, and what it sets going."""

from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from handlers import cases, contact
from handlers.authority import require_own
from handlers.refusals import Refusal
from handlers.speaking import reply, tell_staff
from handlers.visits.planning import HAND_WINDOW, plan_by_hand, rule_of
from handlers.visits.questions import LATER, SIDES, answer_button, side
from handlers.visits.unsolved import take_up
from models.cases import Case
from models.contact import LATE_PRESS, Purpose
from models.customers import Customer, zone_of
from models.delivery import Priority
from models.staff import main_group, staff_group
from models.timeline import EventKind, remember
from models.visits import By, Outcome, Visit, VisitState, case_of, placed
from models.work import Work
from templates import label

#: The answers with which a visit is over; those of `LATER` put it off.
ENDS = {
    "well": Outcome.WELL,
    "not_yet": Outcome.NOT_YET,
    "problem": Outcome.NOT_YET,
    "call": Outcome.CALL,
    "stop": Outcome.STOP,
}
NOT_WELL = ("not_yet", "problem")
#: Answers after which somebody has to do something.
LOUD = (*NOT_WELL, "call")


async def answer(
    work: Work, visit: Visit, given: str, by: Customer, *, words: str = "", shown_at: int | None = None
) -> None:
    """The customer answers: `given` is one of `ENDS` or `LATER`, `words` what was typed instead of a tap.

    The reply takes the place of the question that stands at `shown_at`; without that it is said. "Not yet" counts
    after "all well" too. Raises Refusal for another's visit, one that is over, and what is no answer.
    """
    customer, case = require_own(by, visit.customer_id), await case_of(work, visit)
    if given not in NOT_WELL or visit.outcome is not Outcome.WELL:
        await _require_open(work, visit, case)
    again = [[answer_button(visit, customer, "not_yet")]] if given == "well" and case else []
    if given in LATER:
        _put_off(work, visit, customer, LATER[given])
    elif given in ENDS:
        visit.end(VisitState.DONE, work.now, outcome=ENDS[given])
        case = await _follow(work, visit, customer, case, given, words)
    else:
        raise Refusal("stale")
    values = {"answer": given, "number": case.id if case else None}
    await _tell(work, customer, case, values)
    reply(work, customer, "visits/answered", values, again, shown_at, case=case)


async def turn(work: Work, visit: Visit, name: str, by: Customer, *, shown_at: int | None = None) -> None:
    """The customer looks at another side of the question, one of `SIDES`; raises Refusal as `answer` does."""
    customer, case = require_own(by, visit.customer_id), await case_of(work, visit)
    await _require_open(work, visit, case)
    if name not in SIDES:
        raise Refusal("stale")
    template, values, buttons = side(work, visit, customer, case, name)
    said = reply(work, customer, template, values, buttons, shown_at, case=case)
    visit.message_id = said or visit.message_id


async def _require_open(work: Work, visit: Visit, case: Case | None) -> None:
    """Raises Refusal where the question is over: with an answer, or without one."""
    if visit.state is VisitState.ASKED or await _comes_late(work, visit, case):
        return
    raise Refusal("visit_closed" if visit.outcome in (None, Outcome.UNANSWERED) else "visit_answered")


async def _comes_late(work: Work, visit: Visit, case: Case | None) -> bool:
    """Whether an answer after the window still counts: it may have waited for us, and nothing else has followed."""
    ended_at = visit.ended_at if visit.outcome is Outcome.UNANSWERED else None
    if ended_at is None or work.now - ended_at > LATE_PRESS or (case is not None and case.unfinished):
        return False
    since = select(Visit.id).where(Visit.customer_id == visit.customer_id, col(Visit.begun_at) > visit.begun_at)
    return await work.first(since) is None


async def _follow(
    work: Work, visit: Visit, customer: Customer, case: Case | None, given: str, words: str
) -> Case | None:
    """What an answer sets going; returns the case that it is about from now on."""
    match given:
        case "well" if case:
            remember(work, case, EventKind.VISITED, customer, outcome=Outcome.WELL)
            cases.accept(work, customer, case)
        case "not_yet" | "problem":
            return await take_up(work, customer, case, customer)
        case "call":
            plan_by_hand(work, customer, work.now, case=case, occurrence=f"call:{visit.id}:{visit.attempts}")
        case "stop":
            wording = words or label(customer.language, "visit_answer.stop")
            contact.refuse(work, customer, [Purpose.VISIT], wording, "words" if words else "button")
    return case


def _put_off(work: Work, visit: Visit, customer: Customer, after: timedelta) -> None:
    """Another day, as the customer wishes: then it is no longer unasked."""
    rule, zone = rule_of(work, visit), zone_of(customer, work.plan)
    visit.attempts += 1
    visit.purpose = Purpose.SERVICE
    at, _ = placed(work.plan, zone, work.now + after, By.BOT, visit.occurrence)
    visit.move(at, "asked_later", window=rule.window if rule else HAND_WINDOW)


async def _tell(work: Work, customer: Customer, case: Case | None, values: dict[str, Any]) -> None:
    """Staff read the answer in the topic; where somebody has to do something it is loud."""
    group = await staff_group(work, case.group_id) if case else await main_group(work)
    tell_staff(
        work,
        group,
        customer,
        "visits/answer",
        values,
        priority=Priority.ANSWER if values["answer"] in LOUD else Priority.NOTICE,
        case_id=case.id if case else None,
    )
