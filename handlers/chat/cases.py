"""The doors of a case: commands in the customer's topic, the buttons of its card, and the customer's own list."""

from handlers import cards, cases
from handlers.chat.doors import Place
from handlers.chat.places import case_in_hand, case_pressed, customer_here
from handlers.chat.presses import answer_press, pressed
from handlers.customers import known
from models.customers import customer_numbered, display_name
from models.work import Work
from templates import label


async def claim(work: Work, place: Place) -> None:
    """/claim."""
    await cases.claim(work, await case_in_hand(work, place, customer_here(place)), place.speaker)


async def resolve(work: Work, place: Place) -> None:
    """/resolve what was done."""
    customer = customer_here(place)
    cases.resolve(work, customer, await case_in_hand(work, place, customer), place.speaker, place.rest)


async def close(work: Work, place: Place) -> None:
    """/close."""
    customer = customer_here(place)
    cases.close(work, customer, await case_in_hand(work, place, customer), place.speaker)


async def reopen(work: Work, place: Place) -> None:
    """/reopen: the case replied to, else the one that ended last."""
    customer = customer_here(place)
    cases.take_up_again(work, customer, await case_in_hand(work, place, customer), place.speaker)


async def show(work: Work, place: Place) -> None:
    """/case: the card again, as a new message."""
    cases.show(work, await case_in_hand(work, place, customer_here(place)), place.speaker)


async def card_press(work: Work, place: Place) -> None:
    """A button of a case's card."""
    case, person = await case_pressed(work, place), place.speaker
    customer = await customer_numbered(work, case.customer_id)
    person.name = display_name(place.user.get("first_name"), place.user.get("last_name")) or person.name
    match action := pressed(place).action:
        case "claim":
            await cases.claim(work, case, person)
        case "wait":
            cases.wait_for_customer(work, case, person)
        case "resolve":
            cases.resolve(work, customer, case, person, "")
        case "reopen":
            cases.take_up_again(work, customer, case, person)
        case "note":
            answer_press(work, place, label(person.language, "toast.how_to_note"), alert=True)
            return
    answer_press(work, place, label(person.language, f"toast.{action}", number=case.id))


async def show_as_it_is(work: Work, place: Place) -> None:
    """What was pressed stands on a card that shows what was: it is drawn anew."""
    cases.redraw_card(work, await case_pressed(work, place))


# -- a customer's chat


async def mine(work: Work, place: Place) -> None:
    """/mycases, and the keyboard's button for progress."""
    await cards.tell_progress(work, await known(work, place.account))


async def choose_kind(work: Work, place: Place) -> None:
    """The customer says what the matter is."""
    customer, press = await known(work, place.account), pressed(place)
    await cards.choose_kind(work, customer, press.number(), press.word(1), place.message["message_id"])
    answer_press(work, place, label(customer.language, "toast.thanks"))
