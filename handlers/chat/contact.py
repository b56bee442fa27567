"""What customers want to get unasked, and what staff see of it: the doors of the contact budget."""

from handlers import contact
from handlers.chat.doors import Place, in_place
from handlers.chat.places import customer_here
from handlers.chat.presses import answer_press, pressed
from handlers.customers import known
from handlers.refusals import Refusal
from models.contact import Purpose
from models.work import Work
from templates import label


async def preferences(work: Work, place: Place) -> None:
    """/preferences."""
    await contact.preferences(work, await known(work, place.account))


async def prefer(work: Work, place: Place) -> None:
    """A press on one of the switches of /preferences."""
    customer, press = await known(work, place.account), pressed(place)
    if press.word(1) not in ("on", "off"):
        raise Refusal("stale")
    given, shown_at = press.word(1) == "on", place.message["message_id"]
    await contact.prefer(work, customer, _purpose(press.word()), given, shown_at)
    answer_press(work, place, label(customer.language, "toast.noted"))


async def stop(work: Work, place: Place) -> None:
    """One tap under a message: no more of the kind."""
    customer = await known(work, place.account)
    await contact.stop(work, customer, _purpose(pressed(place).word()))
    answer_press(work, place, label(customer.language, "toast.noted"))


def _purpose(name: str) -> Purpose:
    if name not in set(Purpose):
        raise Refusal("stale")
    return Purpose(name)


async def why(work: Work, place: Place) -> None:
    """/why in a topic."""
    in_place(work, place, "contact/why", await contact.why(work, customer_here(place), place.speaker))
