"""Where staff find a customer and a case: addresses of topics, and the case that is meant in a place."""

from handlers.chat.doors import Place
from handlers.refusals import Refusal
from models.cases import Case, case_numbered, cases_of
from models.customers import Customer
from models.messages import message_at
from models.outbox import case_shown_at
from models.staff import StaffGroup, staff_group
from models.topics import topic_of
from models.work import Work


def topic_link(chat_id: int, thread_id: int) -> str:
    """The address of a topic, or of a message, for members of the group."""
    return f"https://t.me/c/{str(chat_id).removeprefix('-100')}/{thread_id}"


async def link_to(work: Work, customer: Customer, case: Case) -> str:
    """The address of the customer's topic where the case is, of its card in a plain group, or "" for neither yet."""
    group = await staff_group(work, case.group_id)
    topic = await topic_of(work, customer.id, case.group_id) if group.is_forum else None
    place = topic.thread_id if topic else case.card_message_id
    return topic_link(group.chat_id, place) if place else ""


async def case_in_hand(work: Work, place: Place, customer: Customer) -> Case:
    """The case that staff mean in a topic: the one replied to, else the latest unfinished, else the latest.

    Cases elsewhere are not meant: raises Refusal where there are only such, and where there is none.
    """
    reply = place.raw.get("reply_to_message") or {}
    if reply.get("message_id") and reply["message_id"] != place.thread_id:
        meant = await _case_shown_at(work, place.staff_group, reply["message_id"])
        if meant and meant.customer_id == customer.id:
            return await _here(work, place, customer, meant)
    cases = await cases_of(work, customer.id)
    here = [case for case in cases if case.group_id == place.staff_group.id]
    for among in (here, cases):
        if among:
            return await _here(work, place, customer, ([case for case in among if case.unfinished] or among)[-1])
    raise Refusal("no_case")


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
    """The case whose button was pressed: the second part of its data. The button must stand under a message of ours,
    in the topic of that case's customer; raises Refusal."""
    number = (*place.text.split(":"), "")[1]
    case = await case_numbered(work, int(number)) if number.isdecimal() and len(number) < 18 else None
    card = place.message
    if case is None or case.group_id != place.staff_group.id or "forward_origin" in card:
        raise Refusal("stale")
    if place.customer is not None and place.customer.id != case.customer_id:
        raise Refusal("stale")
    return case
