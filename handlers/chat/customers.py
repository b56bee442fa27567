"""A customer's chat: the doors of what they type, tap and share beside their words, and whether they let us in."""

from functools import wraps

from handlers import messages, staff
from handlers.chat.doors import Do, Place, in_place
from handlers.chat.hearing import hear_said
from handlers.chat.presses import answer_press, pressed
from handlers.customers import accounts, bans, known, welcome
from handlers.refusals import Refusal
from models.customers.joining import LENGTH
from models.work import Work
from templates import label


def unless_banned(do: Do, but: str = "") -> Do:
    """What a press does, for customers who are heard; whoever is banned is told so.

    A press that ends with `but` is done all the same: nobody loses the right to be left alone.
    """

    @wraps(do)
    async def heard(work: Work, place: Place) -> None:
        free = but != "" and place.text.endswith(but)
        if place.customer and not free:
            await bans.require_heard(work, place.customer)
        await do(work, place)

    return heard


async def start(work: Work, place: Place) -> None:
    """/start, from a link of ours with the token that joins; what else stands in a link says only where it hung."""
    token = place.rest if len(place.rest) == LENGTH else None
    person = await staff.begin_chat(work, place.account, token)
    if person is not None:
        in_place(work, place, "staff/welcome", {"name": person.name})


async def say_help(work: Work, place: Place) -> None:
    """/help."""
    welcome.say_help(work, await known(work, place.account))


async def say_privacy(work: Work, place: Place) -> None:
    """/privacy."""
    welcome.say_privacy(work, await known(work, place.account))


async def ask_language(work: Work, place: Place) -> None:
    """/language, and the keyboard's button for it."""
    welcome.ask_language(work, await known(work, place.account))


async def set_language(work: Work, place: Place) -> None:
    """A press on a language."""
    customer, language = await known(work, place.account), pressed(place).word()
    welcome.set_language(work, customer, language, place.agent)
    answer_press(work, place, label(language, "toast.language_set"))


async def begin_complaint(work: Work, place: Place) -> None:
    """The keyboard's button for a complaint."""
    welcome.begin_complaint(work, await known(work, place.account))


async def begin_new_matter(work: Work, place: Place) -> None:
    """The button "another matter"."""
    welcome.begin_new_matter(work, await known(work, place.account))
    answer_press(work, place)


async def unknown_command(work: Work, place: Place) -> None:
    """A command we do not know."""
    welcome.say_unknown(work, await known(work, place.account))


async def stale_press(_work: Work, _place: Place) -> None:
    """A button that means nothing any more, or never did."""
    raise Refusal("stale")


async def reachability(work: Work, place: Place) -> None:
    """The customer blocked the bot, or let it back in."""
    status = (place.raw.get("new_chat_member") or {}).get("status")
    if place.customer is None:
        return
    if status == "kicked":
        await accounts.became_unreachable(work, place.customer, tell=True)
    elif status == "member":
        await accounts.became_reachable(work, place.customer)


async def object_to(work: Work, place: Place) -> None:
    """The button under what a customer was told of a ban or a mute."""
    customer = await known(work, place.account)
    await bans.object_to(work, customer, pressed(place).number(), place.message["message_id"])
    answer_press(work, place, label(customer.language, "toast.thanks"))


def is_own_contact(place: Place) -> bool:
    """Whether somebody shares their own contact, which Telegram vouches for."""
    contact = place.raw.get("contact")
    if place.what != "message" or place.second_hand or not isinstance(contact, dict):
        return False
    return contact.get("user_id") is not None and contact.get("user_id") == place.user.get("id")


async def own_contact(work: Work, place: Place) -> None:
    """A customer shares their number."""
    digits = "".join(c for c in str(place.raw["contact"].get("phone_number") or "") if c.isdecimal())
    customer, said = await known(work, place.account), await hear_said(work, place)
    await messages.receive_phone(work, customer, f"+{digits}", said)
