"""Which customer and which case staff mean by where they write or press."""

from handlers.addresses import link_to, topic_link
from handlers.chat.doors import Place, Where
from handlers.chat.presses import pressed
from handlers.refusals import Refusal
from models.cases import Case, case_numbered, cases_of
from models.customers import Customer, customer_called
from models.messages import message_at
from models.outbox import case_shown_at
from models.staff import StaffGroup
from models.work import Work

__all__ = [
    "case_in_hand",
    "case_or_none",
    "case_pressed",
    "customer_and_words",
    "customer_here",
    "language_here",
    "topic_link",
]


async def customer_and_words(work: Work, place: Place) -> tuple[Customer, str]:
    """Whom a command is about, and what follows it; raises Refusal where nobody is meant.

    In a topic, or in reply to a customer in a plain group, it is that customer; elsewhere the words begin with
    their number: "/tier 17 vip ...".
    """
    if place.customer is not None and place.where is not Where.PRIVATE:
        return place.customer, place.rest
    head, _, rest = place.rest.partition(" ")
    customer = await customer_called(work, head)
    if customer is None:
        raise Refusal("which_customer")
    return customer, rest.strip()


def language_here(work: Work, place: Place) -> str:
    """The language of what is said in answer: the reader's in private, the business's among staff."""
    return place.speaker.language if place.where is Where.PRIVATE else work.plan.business.language


def customer_here(place: Place) -> Customer:
    """The customer of the topic, or of whom a message in a plain group answers; raises Refusal for nobody."""
    if place.customer is None:
        raise Refusal("not_a_topic")
    return place.customer


async def case_in_hand(work: Work, place: Place, customer: Customer) -> Case:
    """The case that staff mean in a topic: the one replied to, else the latest unfinished, else the latest.

    Cases elsewhere are not meant: raises Refusal where there are only such, and where there is none.
    """
    found = await _case_meant(work, place, customer)
    if found is None:
        raise Refusal("no_case")
    return await _here(work, place, customer, found)


async def case_or_none(work: Work, place: Place, customer: Customer, *, elsewhere_too: bool = False) -> Case | None:
    """The same, None for a customer without a case; where `elsewhere_too`, one that is elsewhere is none, too."""
    found = await _case_meant(work, place, customer)
    if found is None or (elsewhere_too and found.group_id != place.staff_group.id):
        return None
    return await _here(work, place, customer, found)


async def _case_meant(work: Work, place: Place, customer: Customer) -> Case | None:
    reply = place.raw.get("reply_to_message") or {}
    if reply.get("message_id") and reply["message_id"] != place.thread_id:
        meant = await _case_shown_at(work, place.staff_group, reply["message_id"])
        if meant and meant.customer_id == customer.id:
            return meant
    cases = await cases_of(work, customer.id)
    here = [case for case in cases if case.group_id == place.staff_group.id]
    among = here or cases
    return ([case for case in among if case.unfinished] or among)[-1] if among else None


async def _here(work: Work, place: Place, customer: Customer, case: Case) -> Case:
    """The case, or Refusal with the way to it where it is another group's: nothing goes anywhere by guess."""
    if case.group_id == place.staff_group.id:
        return case
    link = await link_to(work, customer, case)
    if not link:
        raise Refusal("moved_no_link", number=case.id)
    raise Refusal("moved", number=case.id, link=link)


async def _case_shown_at(work: Work, group: StaffGroup, telegram_id: int) -> Case | None:
    message = await message_at(work, group.chat_id, telegram_id)
    if message and message.case_id:
        return await case_numbered(work, message.case_id)
    return await case_shown_at(work, group.id or 0, telegram_id)


async def case_pressed(work: Work, place: Place) -> Case:
    """The case whose button was pressed: the first part of its data. The button must stand under a message of ours,
    in the topic of that case's customer; raises Refusal."""
    case = await case_numbered(work, pressed(place).number())
    if case is None or case.group_id != place.staff_group.id:
        raise Refusal("stale")
    if place.customer is not None and place.customer.id != case.customer_id:
        raise Refusal("stale")
    return case
