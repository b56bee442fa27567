"""A time that an agent names: told to the customer as the agent's word, and kept in mind."""

from handlers.answers import note_answer
from handlers.chat.content import read_content
from handlers.chat.doors import Place, in_place
from handlers.chat.places import case_in_hand
from handlers.happenings import Promised
from handlers.moments import in_their_words, in_words, moment_and_words
from handlers.refusals import Refusal
from handlers.speaking import tell_customer
from models.work import Work

#: What is said to be done by then is kept to the point (characters).
LONGEST = 500


async def promise(work: Work, place: Place) -> None:
    """/promise tomorrow 10:00 a new kettle: the customer hears by when they have an answer, or that."""
    customer = place.customer
    if customer is None:
        raise Refusal("not_a_topic")
    case = await case_in_hand(work, place, customer)
    if not case.unfinished:
        raise Refusal("finished", number=case.id)
    if customer.user_id is None:
        raise Refusal("no_chat")
    zone = work.plan.business.timezone
    at, what = moment_and_words((*place.text.split(maxsplit=1), "")[1], work.now, zone)
    if at is None:
        raise Refusal("promise_when")
    await note_answer(work, case, place.speaker, read_content(place.raw).written_at)
    work.happen(Promised(case, place.speaker, at, what))
    values = {"number": case.id, "due": in_their_words(work, customer, at), "promised": what[:LONGEST]}
    tell_customer(work, customer, "standards/promised", values, case=case)
    in_place(
        work, place, "standards/promise_told", {"due": in_words(work.plan.business.language, at, work.now, zone)}
    )
