"""A time that an agent names: told to the customer as the agent's word, and kept in mind."""

from datetime import datetime

from handlers import cases
from handlers.authority import require
from handlers.happenings.messages import Promised
from handlers.moments import in_their_words
from handlers.refusals import Refusal
from handlers.speaking import tell_customer
from handlers.understanding.asides import require_for_customer
from models.cases import Case
from models.customers import Customer
from models.staff import Staff
from models.work import Work

#: What is said to be done by then is kept to the point (characters).
LONGEST = 500


async def promise(
    work: Work, case: Case, customer: Customer, at: datetime, what: str, said_at: datetime, by: Staff
) -> None:
    """The customer hears that by `at` they have an answer, or what the words say; `said_at` is when that was written.

    Raises Refusal for a finished case, and for a customer without a chat.
    """
    person = require(by)
    if not case.unfinished:
        raise Refusal("finished", number=case.id)
    if not customer.has_chat:
        raise Refusal("no_chat")
    require_for_customer(what)
    await cases.note_answer(work, case, person, said_at)
    work.happen(Promised(case, person, at, what))
    values = {"number": case.id, "due": in_their_words(work, customer, at), "promised": what[:LONGEST]}
    tell_customer(work, customer, "standards/promised", values, case=case)
