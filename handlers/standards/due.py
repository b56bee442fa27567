"""What is due in a case, as its card, the customer's list and the first receipt show it."""

from typing import Any

from handlers.moments import in_our_words, in_their_words
from models.calendars import ALWAYS, working_time
from models.cases import Case
from models.customers import Customer
from models.installation import plan_of
from models.standards import standard_for
from models.work import Work


async def first_response(work: Work, case: Case, customer: Customer) -> dict[str, str]:
    """What the customer is told with the case's number: `due`, by when somebody answers if that is promised, and
    outside working time `back`, when people are there again; "" for what there is nothing to say of."""
    plan = await plan_of(work, case)
    standard = standard_for(plan, customer.tier, customer.segments, case.severity)
    hours = ALWAYS if standard.around_the_clock else working_time(plan)
    due = back = ""
    if standard.first_response and case.first_response_at is None:
        due = in_their_words(work, customer, hours.add(case.opened_at, standard.first_response))
    if not hours.is_open(work.now):
        back = in_their_words(work, customer, hours.opens_at(work.now))
    return {"due": due, "back": back}


def on_card(work: Work, case: Case) -> dict[str, Any]:
    """What a card shows as due: `due_what` (None for nothing), `due`, and whether it is `late`."""
    if case.due_at is None:
        return {"due_what": None, "due": "", "late": False}
    due = in_our_words(work, case.due_at, lasting=True)
    return {"due_what": case.due_what, "due": due, "late": case.due_at <= work.now}


def in_list(work: Work, case: Case, customer: Customer) -> dict[str, Any]:
    """The same for the customer's own list."""
    if case.due_at is None:
        return {"due_what": None, "due": "", "late": False}
    due = in_their_words(work, customer, case.due_at)
    return {"due_what": case.due_what, "due": due, "late": case.due_at <= work.now}
