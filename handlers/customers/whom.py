"""Whom a command of staff is about: the topic's customer, or the one whose number follows the command."""

from sqlmodel import select

from handlers.chat.doors import Place, Where
from handlers.refusals import Refusal
from models.customers import Customer
from models.work import Work


async def customer_and_words(work: Work, place: Place) -> tuple[Customer, str]:
    """The customer meant, and what follows the command; raises Refusal where nobody is meant.

    In a topic, or in reply to a customer in a plain group, it is that customer; elsewhere the words begin with
    their number: "/tier 17 vip ...".
    """
    words = after_command(place)
    if place.customer is not None and place.where is not Where.PRIVATE:
        return place.customer, words
    head, _, rest = words.partition(" ")
    customer = await numbered(work, head)
    if customer is None:
        raise Refusal("which_customer")
    return customer, rest.strip()


async def numbered(work: Work, number: str) -> Customer | None:
    """The customer of that number ("17" or "#17"), or into whom they were merged."""
    digits = number.removeprefix("#")
    if not digits.isdecimal() or len(digits) > 17:
        return None
    found: Customer | None = await work.first(select(Customer).where(Customer.id == int(digits)))
    while found is not None and found.merged_into_id is not None:
        found = await work.first(select(Customer).where(Customer.id == found.merged_into_id))
    return found


def after_command(place: Place) -> str:
    """What follows the command."""
    words = place.text.split(maxsplit=1)
    return words[1].strip() if len(words) > 1 else ""


def language_here(work: Work, place: Place) -> str:
    """The language of what is said in answer: the reader's in private, the business's among staff."""
    return place.speaker.language if place.where is Where.PRIVATE else work.plan.business.language
