"""Where staff find a customer and a case: the addresses of topics and cards in their groups."""

from models.cases import Case
from models.customers import Customer
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


async def link_in(work: Work, group: StaffGroup, customer: Customer) -> str:
    """The address of the customer's topic in that group, or "" without one."""
    topic = await topic_of(work, customer.id, group.id or 0)
    return topic_link(group.chat_id, topic.thread_id) if topic and topic.thread_id else ""
