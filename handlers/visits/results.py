"""What an agent writes down of a visit: what came of it, another time, or a note."""

from datetime import timedelta

from sqlmodel import col, select

from handlers import cases, contact, questionnaires
from handlers.answers import keep_note
from handlers.authority import require
from handlers.happenings.cases import CaseReopened
from handlers.refusals import Refusal
from handlers.said import Said
from handlers.speaking import tell_customer
from handlers.understanding.asides import note_in
from handlers.visits.missed import tell_not_reached
from handlers.visits.planning import HAND_WINDOW, rule_of
from handlers.visits.tasks import ATTEMPTS, maker_of
from handlers.visits.unsolved import take_up
from models.cases import Case
from models.contact import Purpose
from models.customers import Customer, customer_numbered, zone_of
from models.questionnaires import OPEN, Invitation
from models.questionnaires.rows import VISIT
from models.staff import Staff, staff_member
from models.timeline import EventKind, remember
from models.visits import By, Outcome, Visit, VisitState, case_of, next_open, other_half
from models.work import Work

#: What can come of a call, by the buttons of the form.
OUTCOMES = {
    "satisfied": Outcome.WELL,
    "problem": Outcome.PROBLEM,
    "wish": Outcome.WISH,
    "declined": Outcome.DECLINED,
    "wrong_number": Outcome.WRONG_NUMBER,
}
#: The buttons that say that this attempt reached nobody, or not the customer.
NOT_REACHED = ("no_answer", "someone_else")
#: Other times that the customer can name; "half" is the other half of the day.
LATER = {"hour": timedelta(hours=1), "half": None, "tomorrow": timedelta(days=1), "week": timedelta(days=7)}


async def record_outcome(work: Work, visit: Visit, outcome: Outcome, by: Staff) -> None:
    """The agent says what came of the call, one of `OUTCOMES`; what follows from that follows.

    Raises Refusal where the visit is over, and for whom the plan keeps out of it.
    """
    person = await maker_of(work, visit, by)
    if outcome not in OUTCOMES.values():
        raise Refusal("stale")
    await _end(work, visit, person, outcome)


async def record_no_answer(work: Work, visit: Visit, by: Staff) -> None:
    """The attempt reached nobody: again in another half of the day, as often as the plan says; then it is over, and
    told. Raises Refusal as `record_outcome` does."""
    visit.owner_id = (await maker_of(work, visit, by)).id
    rule, customer = rule_of(work, visit), await customer_numbered(work, visit.customer_id)
    visit.attempts += 1
    if visit.attempts < (rule.attempts if rule else ATTEMPTS):
        window = rule.window if rule else HAND_WINDOW
        visit.move(other_half(work.plan, zone_of(customer, work.plan), work.now), "not_reached", window=window)
        return
    visit.end(VisitState.DONE, work.now, outcome=Outcome.NOT_REACHED)
    await tell_not_reached(work, visit, customer)


async def put_off(work: Work, visit: Visit, when: str, by: Staff) -> None:
    """The customer named another time, one of `LATER`: that is a promise, not one of the attempts.

    Raises Refusal as `record_outcome` does.
    """
    person = await maker_of(work, visit, by)
    if when not in LATER:
        raise Refusal("stale")
    zone = zone_of(await customer_numbered(work, visit.customer_id), work.plan)
    rule, after = rule_of(work, visit), LATER[when]
    at = other_half(work.plan, zone, work.now) if after is None else work.now + after
    at = next_open(work.plan, zone, at, By.AGENT)
    visit.owner_id, visit.purpose = person.id, Purpose.SERVICE  # asked for
    visit.move(at, "asked_later", window=rule.window if rule else HAND_WINDOW)


async def open_questionnaire(work: Work, visit: Visit, by: Staff) -> None:
    """Show the visit's questionnaire as a form in the topic, to be filled in during the call.

    Raises Refusal as `record_outcome` does, where the visit has none, and where it was asked before.
    """
    person = await maker_of(work, visit, by)
    if not visit.questionnaire:
        raise Refusal("stale")
    customer, case = await customer_numbered(work, visit.customer_id), await case_of(work, visit)
    until = visit.window_until
    await questionnaires.open_form(work, person, customer, case, visit.questionnaire, visit.occurrence, until)


async def note_visit(work: Work, visit: Visit, case: Case | None, said: Said, by: Staff) -> None:
    """Keep the words as a note on the visit, and among the messages beside the case; they go to no customer."""
    person = require(by)
    words = note_in(said.text) or said.text.strip()
    visit.note = f"{visit.note}\n{words}".strip()
    await keep_note(work, await customer_numbered(work, visit.customer_id), case, said.with_text(words), person)


async def scored_low(work: Work, happening: CaseReopened) -> None:
    """A low score that an agent wrote down during the call took the case up again: that visit was made."""
    case = happening.case
    if happening.why != "score":
        return
    form = select(Invitation).where(
        Invitation.case_id == case.id,
        Invitation.rule == VISIT,
        col(Invitation.state).in_(OPEN),
        col(Invitation.by_staff_id).is_not(None),
    )
    invitation: Invitation | None = await work.first(form)
    if invitation is None or invitation.by_staff_id is None:
        return
    of_case = select(Visit).where(Visit.case_id == case.id, Visit.state == VisitState.DUE)
    visit: Visit | None = await work.first(of_case.where(Visit.questionnaire == invitation.questionnaire))
    if visit is not None:
        await _end(work, visit, await staff_member(work, invitation.by_staff_id), Outcome.PROBLEM)
        await work.flush()  # what is settled is not cancelled


async def _end(work: Work, visit: Visit, person: Staff, outcome: Outcome) -> None:
    """The visit was made, or there is nobody to call at that number."""
    customer, case = await customer_numbered(work, visit.customer_id), await case_of(work, visit)
    visit.owner_id = person.id
    visit.attempts += outcome is not Outcome.WRONG_NUMBER
    visit.end(VisitState.DONE, work.now, outcome=outcome)
    if outcome is Outcome.WRONG_NUMBER:
        await tell_not_reached(work, visit, customer)
    else:
        await contact.sent(work, customer, visit.purpose, "visit", visit.about, case)
    if outcome is Outcome.WELL and case:
        cases.accept(work, customer, case)
    if outcome is Outcome.PROBLEM and (case is None or not case.unfinished):
        case = await _take_up(work, customer, case, person, visit.note)
    if case:
        remember(work, case, EventKind.VISITED, person, outcome=outcome)


async def _take_up(work: Work, customer: Customer, case: Case | None, person: Staff, words: str) -> Case:
    """It is not done after all, and the customer hears that it goes on; of a new case they hear by itself."""
    goes_on = await take_up(work, customer, case, person, words, quiet=False)
    if goes_on is case:
        tell_customer(work, customer, "cases/reopened", {"number": case.id}, case=case)
    return goes_on
