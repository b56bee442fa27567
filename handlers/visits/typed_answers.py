"""A visit's question answered in words: short ones are the button they mean, all others go to staff as they are."""

from functools import cache

from sqlmodel import col, select

from handlers import messages
from handlers.contact import asks_to_stop
from handlers.customers import bans
from handlers.happenings.messages import CustomerSpoke
from handlers.said import Said
from handlers.speaking import take_buttons, tell_staff
from handlers.typed import by_words, is_current, is_thanks, is_urgent, meant
from handlers.visits.answers import answer, turn
from handlers.visits.questions import SIDES
from models.cases import cases_of, is_new
from models.customers import Customer
from models.delivery import Priority
from models.messages import links_of
from models.questionnaires import Invitation
from models.staff import staff_group
from models.visits import Outcome, Visit, VisitState, case_of
from models.work import Work
from templates import LANGUAGES, label, word_list

#: What can be typed instead of a tap, by the buttons' keys.
TYPED = ("well", "not_yet", "problem", "later", "tomorrow", "week", "call", "stop")


def answer_in(text: str, *, of_case: bool) -> str | None:
    """The button that a typed text means and nothing else; thanks mean that all is well. None for other words.

    A mere yes or no is clear only where we ask whether a case is all right now (`of_case`).
    """
    found = meant(text, _meanings())
    if found in ("yes", "no"):
        return {"yes": "well", "no": "not_yet"}[found] if of_case else None
    if found in ("not_yet", "problem"):
        return "not_yet" if of_case else "problem"
    if found is not None:
        return None if found == "unclear" else found
    return "well" if is_thanks(text) else None


@cache
def _meanings() -> dict[str, str]:
    lists: dict[str, list[str]] = {}
    for language in LANGUAGES:
        for key in TYPED:
            words = [label(language, f"visit_answer.{key}"), *word_list(language, f"visit_typed.{key}")]
            lists.setdefault(key, []).extend(words)
        for key in ("yes", "no"):
            lists.setdefault(key, []).extend(word_list(language, f"visit_yes_no.{key}"))
        lists.setdefault("unclear", []).extend(word_list(language, "visit_unclear.words"))
    return by_words(lists)


async def answer_typed(work: Work, customer: Customer, said: Said) -> bool:
    """Take a customer's words for the button that they mean, while a visit's question is the latest thing we asked.

    Returns False, with nothing done, for any other words.
    """
    visit = await _asked(work, customer, said)
    given = answer_in(said.text, of_case=visit.case_id is not None) if visit else None
    if visit is None or given is None:
        return False
    about = await case_of(work, visit) or next(reversed(await cases_of(work, customer.id)), None)
    await messages.keep_answer(work, customer, about, said)
    await _take_buttons(work, customer, visit)
    if given in SIDES:
        await turn(work, visit, given, customer)
    else:
        await answer(work, visit, given, customer, words=said.text)
    return True


async def _asked(work: Work, customer: Customer, said: Said) -> Visit | None:
    """The visit whose question these words would answer."""
    if not work.plan.visit or customer.next_is_new or said.second_hand or said.content.kind != "text":
        return None
    if is_urgent(work, said.text) or asks_to_stop(said.text) or await bans.is_banned(work, customer, said.text):
        return None
    visit = await _latest(work, customer)
    if visit is None or visit.begun_at is None:
        return None
    case = await case_of(work, visit)
    if not await is_current(work, said, customer, case, visit.begun_at, visit.message_id):
        return None
    if customer.open_run_id is not None:
        of_run = select(Invitation).where(Invitation.id == customer.open_run_id)
        run: Invitation = await work.first(of_run)
        if (run.reminded_at or run.asked_at or run.due_at) > visit.begun_at:
            return None
    return visit


async def _latest(work: Work, customer: Customer) -> Visit | None:
    if is_new(work, customer.id):
        return None
    of_customer = select(Visit).where(Visit.customer_id == customer.id, Visit.state == VisitState.ASKED)
    visit: Visit | None = await work.first(of_customer.order_by(col(Visit.begun_at).desc()))
    return visit


async def _take_buttons(work: Work, customer: Customer, visit: Visit) -> None:
    """The question has its answer: its buttons go."""
    links = await links_of(work, [visit.message_id], customer.chat_id) if visit.message_id else {}
    if shown_at := links.get(visit.message_id or 0):
        take_buttons(work, customer, shown_at)


async def heed_words(work: Work, spoke: CustomerSpoke) -> None:
    """Any other words after the question are its answer, too: staff have them, and the visit is over."""
    if not work.plan.visit or is_thanks(spoke.words):  # thanks that are no answer are for somebody else
        return
    visit = await _latest(work, spoke.customer)
    if visit is None or (visit.case_id and visit.case_id not in (spoke.case.id, spoke.case.parent_id)):
        return
    visit.end(VisitState.DONE, work.now, outcome=Outcome.WORDS)
    visit.note = spoke.words[:500]
    await _take_buttons(work, spoke.customer, visit)
    group = await staff_group(work, spoke.case.group_id)
    values = {"number": visit.case_id, "answer": "words"}
    tell_staff(work, group, spoke.customer, "visits/answer", values, priority=Priority.ANSWER, case_id=spoke.case.id)
