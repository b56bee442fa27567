"""What staff write in a customer's topic, or as a reply in a plain group: the doors of answers, notes and recalls."""

from handlers import answers
from handlers.chat.doors import ORIGINAL_WAIT, Place, Where, in_place
from handlers.chat.hearing import hear_said
from handlers.chat.places import case_or_none, customer_here, topic_link
from handlers.chat.presses import answer_press, pressed
from handlers.names import shown_name
from handlers.refusals import NotYet, Refusal
from handlers.speaking import change_in_group
from handlers.understanding.asides import note_in
from models.customers import customer_numbered
from models.messages import message_at, message_numbered
from models.topics import topic_of
from models.work import Work


async def answer(work: Work, place: Place) -> None:
    """An agent's message: it goes to the customer."""
    customer, said = customer_here(place), await hear_said(work, place)
    if said.content.housekeeping:
        return
    is_note = note_in(said.text) is not None  # which may stand beside a matter that has moved
    case = await case_or_none(work, place, customer, elsewhere_too=is_note)
    if await answers.answer(work, customer, case, said, place.speaker, place.staff_group) is answers.Went.UNTOLD:
        in_place(work, place, "routing/no_telegram", {})


async def held_press(work: Work, place: Place) -> None:
    """[Send to the customer] or [Only us] under the question about held words."""
    press, customer = pressed(place), customer_here(place)
    message = await message_numbered(work, press.number())
    if message is None or message.customer_id != customer.id or press.word(1) not in ("send", "keep"):
        raise Refusal("stale")
    send, person, group = press.word(1) == "send", place.speaker, place.staff_group
    await answers.decide(work, message, person, send=send, group=group)
    template = "answers/held_sent" if send else "answers/held_kept"
    shown_at = place.message["message_id"]
    change_in_group(work, group.id or 0, customer, shown_at, template, {"by": person.name}, [])
    answer_press(work, place)


async def take_back_press(work: Work, place: Place) -> None:
    """[Take back] under what says that an answer is going to the customer."""
    press, customer = pressed(place), customer_here(place)
    message = await message_numbered(work, press.number())
    if message is None or message.customer_id != customer.id:
        raise Refusal("stale")
    await answers.recall(work, message, place.speaker)
    shown_at, by = place.message["message_id"], {"by": place.speaker.name}
    change_in_group(work, place.staff_group.id or 0, customer, shown_at, "answers/taken_back", by, [])
    answer_press(work, place)


async def note(work: Work, place: Place) -> None:
    """/note what colleagues should know."""
    customer, words = customer_here(place), place.rest
    if not words:
        raise Refusal("empty_note")
    case = await case_or_none(work, place, customer, elsewhere_too=True)
    said = (await hear_said(work, place)).with_text(words)
    await answers.keep_note(work, customer, case, said, place.speaker)


async def edited(work: Work, place: Place) -> None:
    """An agent changed a message."""
    message = await message_at(work, place.raw["chat"]["id"], place.raw["message_id"])
    if message is not None:
        await answers.change(work, message, await hear_said(work, place), place.speaker)
    elif place.customer is not None and work.age < ORIGINAL_WAIT:
        raise NotYet
    elif place.customer is not None and not (await hear_said(work, place)).text.startswith("/"):
        in_place(work, place, "answers/edit_unheard", {})


async def recall(work: Work, place: Place) -> None:
    """/recall in reply to an answer."""
    await answers.recall(work, (await hear_said(work, place)).answers, place.speaker)
    in_place(work, place, "messages/recalled", {})


async def point_to_topic(work: Work, place: Place) -> None:
    """A reply to the bot that names no customer: nothing goes to one by guess; say where it belongs."""
    message = (await hear_said(work, place)).answers
    link = name = ""
    if message is not None:
        customer = await customer_numbered(work, message.customer_id)
        topic = await topic_of(work, customer.id, place.staff_group.id or 0)
        name = await shown_name(work, customer)
        if topic and topic.thread_id:
            link = topic_link(place.staff_group.chat_id, topic.thread_id)
    values = {"name": name, "link": link, "plain": place.where is Where.PLAIN}
    in_place(work, place, "staff/where_it_belongs", values)


def replies_to_bot(place: Place) -> bool:
    """Whether a message answers one of the bot's."""
    reply = place.raw.get("reply_to_message") or {}
    is_bot = bool((reply.get("from") or {}).get("is_bot"))
    return place.what == "message" and is_bot and reply.get("message_id") != place.thread_id


def answers_customer(place: Place) -> bool:
    """In a plain group: whether a message replies to what the bot showed of a customer."""
    return replies_to_bot(place) and place.where is Where.PLAIN and place.customer is not None
