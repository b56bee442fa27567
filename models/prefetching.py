"""What a batch of updates will want to know, in a few queries beforehand."""

from collections.abc import Iterable

from models.cases import fetch_cases
from models.customers import fetch_customers
from models.staff import fetch_staff
from models.topics import fetch_topics
from models.work import Work


async def prefetch(work: Work, user_ids: Iterable[int]) -> None:
    """Fetch customers (locked on PostgreSQL), their cases and topics, and staff of these Telegram users."""
    wanted = sorted(set(user_ids))
    if not wanted:
        return
    numbers = [customer.id for customer in await fetch_customers(work, wanted)]
    await fetch_staff(work, wanted)
    await fetch_cases(work, numbers)
    await fetch_topics(work, numbers)
