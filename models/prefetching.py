"""What a batch of updates will want to know, in a few queries beforehand."""

from collections.abc import Iterable

from models.cases import fetch_cases
from models.customers import fetch_customers, fetch_customers_numbered
from models.staff import fetch_staff
from models.topics import fetch_topics, fetch_topics_in
from models.work import Work


async def prefetch(work: Work, user_ids: Iterable[int], thread_ids: Iterable[int], names: Iterable[str]) -> None:
    """Fetch customers (locked on PostgreSQL), their cases and topics, and staff of these Telegram users.

    And of the topics of these threads, or made under these names, the topic and its customer.
    """
    topics = await fetch_topics_in(work, sorted(set(thread_ids)), sorted(set(names)))
    wanted = sorted(set(user_ids))
    numbers = [customer.id for customer in await fetch_customers(work, wanted)] if wanted else []
    await fetch_customers_numbered(work, [topic.customer_id for topic in topics])
    if wanted:
        await fetch_staff(work, wanted)
    await fetch_cases(work, numbers)
    await fetch_topics(work, numbers)
