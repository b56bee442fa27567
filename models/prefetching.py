"""What a batch of updates will want to know, in a few queries beforehand."""

from collections.abc import Iterable, Sequence
from typing import Any

from models.cases import fetch_cases
from models.customers import fetch_customers, fetch_customers_numbered
from models.staff import fetch_staff
from models.topics import fetch_topics, fetch_topics_in
from models.work import Work


async def prefetch(work: Work, user_ids: Iterable[int], messages: Sequence[dict[str, Any]]) -> None:
    """Fetch customers (locked on PostgreSQL), their cases and topics, and staff of these Telegram users.

    Of the `messages` that stand in a topic, the topic and its customer too.
    """
    thread_ids = {found for each in messages if (found := _thread(each))}
    names = {name for each in messages if (name := _name(each))}
    topics = await fetch_topics_in(work, sorted(thread_ids), sorted(names))
    wanted = sorted(set(user_ids))
    numbers = [customer.id for customer in await fetch_customers(work, wanted)] if wanted else []
    await fetch_customers_numbered(work, [topic.customer_id for topic in topics])
    if wanted:
        await fetch_staff(work, wanted)
    await fetch_cases(work, numbers)
    await fetch_topics(work, numbers)


def _thread(message: dict[str, Any]) -> int | None:
    """The thread in which the message stands; None for what no database takes."""
    found = message.get("message_thread_id")
    return found if isinstance(found, int) and 0 < found < 2**53 else None


def _name(message: dict[str, Any]) -> str | None:
    """Of the note that a topic was made, the topic's name."""
    made = message.get("forum_topic_created")
    name = made.get("name") if isinstance(made, dict) else None
    return name if isinstance(name, str) else None
