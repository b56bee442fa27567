"""The doors of the service standards: /promise, and the button "I have it" under what gets late."""

from handlers.chat.doors import Place, Where, in_place
from handlers.chat.hearing import read_said
from handlers.chat.places import case_in_hand, customer_here
from handlers.chat.presses import answer_press, pressed
from handlers.moments import in_our_words, moment_and_words
from handlers.refusals import Refusal
from handlers.speaking import add_line
from handlers.standards import acknowledging, promising
from models.cases import case_numbered
from models.outbox import row_shown_at
from models.standards import clock
from models.work import Work
from templates import label


async def promise(work: Work, place: Place) -> None:
    """/promise tomorrow 10:00 a new kettle: the customer hears by when they have an answer, or that."""
    customer = customer_here(place)
    case = await case_in_hand(work, place, customer)
    at, what = moment_and_words(place.rest, work.now, work.plan.business.timezone)
    if at is None:
        raise Refusal("promise_when")
    said_at = read_said(place).content.written_at
    await promising.promise(work, case, customer, at, what, said_at, place.speaker)
    in_place(work, place, "standards/promise_told", {"due": in_our_words(work, at)})


async def acknowledge(work: Work, place: Place) -> None:
    """The button "I have it" under what gets late; the message says who was the first to press it."""
    found = await clock(work, pressed(place).number())
    case = await case_numbered(work, found.case_id) if found else None
    if found is None or case is None:
        raise Refusal("stale")
    if place.where is not Where.PRIVATE and case.group_id != place.staff_group.id:
        raise Refusal("stale")
    language = place.speaker.language
    if await acknowledging.acknowledge(work, found, place.speaker):
        answer_press(work, place, label(language, "toast.acknowledged", number=case.id))
        await _show_who(work, place)
    else:
        answer_press(work, place, label(language, "toast.over_already", number=case.id))


async def _show_who(work: Work, place: Place) -> None:
    """Put the name under the message, in the place of the button."""
    person, private = place.speaker, place.where is Where.PRIVATE
    language = person.language if private else work.plan.business.language
    time = f"{work.now.astimezone(work.plan.business.timezone):%H:%M}"
    group_id = None if private else place.staff_group.id
    row = await row_shown_at(work, group_id, person.user_id, place.message["message_id"])
    if row is not None:
        add_line(work, row, label(language, "escalation.acknowledged", name=person.name, time=time))
