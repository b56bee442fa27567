"""Finding customers and cases by what staff remember of them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import String, cast, func, or_
from sqlmodel import col, select

from models.cases import Case
from models.customers.rows import Customer, Topic, TopicState
from models.messages import Message
from models.work import Work

#: How many are shown of each.
SHOWN = 8
#: Of how many of the latest cases and messages subjects and words are searched.
LATEST = 20_000
#: So few digits are the end of too many telephone numbers.
SHORTEST_PHONE = 4


async def customers_like(work: Work, words: str) -> list[Customer]:
    """Customers by number, external number, @name, end of the phone, tag, name or salutation; the surest first."""
    bare = words.strip().removeprefix("#").removeprefix("@")
    digits = "".join(c for c in bare if c.isdecimal())
    found: dict[int, Customer] = {}

    async def add(*conditions: Any) -> None:
        if len(found) < SHOWN:
            query = select(Customer).where(*conditions).order_by(col(Customer.id).desc()).limit(SHOWN)
            for row in await work.all(query):
                customer = await work.customer(row.id)
                found.setdefault(customer.id, customer)

    if bare.isdecimal() and len(bare) < 18:
        await add(Customer.id == int(bare))
    await add(or_(col(Customer.ref) == bare, func.lower(Customer.username) == bare.lower()))
    if len(digits) >= SHORTEST_PHONE and len(digits) >= len(bare.replace(" ", "").replace("-", "")) - 1:
        await add(col(Customer.phone).endswith(digits, autoescape=True))
    await add(col(Customer.name).icontains(bare, autoescape=True))
    await add(col(Customer.salutation).icontains(bare, autoescape=True))
    await add(cast(Customer.tags, String).contains(f'"{bare}"', autoescape=True))
    return list(found.values())[:SHOWN]


async def cases_like(work: Work, words: str) -> list[Case]:
    """Cases by number, by their subject, and by the words of their messages; the latest first."""
    bare = words.strip().removeprefix("#")
    found: dict[int, Case] = {}
    if bare.isdecimal() and len(bare) < 18:
        case = await work.case(int(bare))
        found |= {case.id: case} if case else {}
    latest: Any = select(Case.id).order_by(col(Case.id).desc()).limit(LATEST).subquery()
    about = col(Case.subject).icontains(bare, autoescape=True)
    query = select(Case).where(col(Case.id).in_(select(latest.c.id)), about).order_by(col(Case.id).desc())
    for found_case in await work.all(query.limit(SHOWN)):
        found.setdefault(found_case.id, found_case)
    words_of = select(Message.id, Message.case_id, Message.text)
    said: Any = words_of.order_by(col(Message.id).desc()).limit(LATEST).subquery()
    with_words = select(said.c.case_id).where(
        said.c.case_id.is_not(None), said.c.text.icontains(bare, autoescape=True)
    )
    numbers = await work.all(with_words.order_by(said.c.id.desc()).limit(SHOWN * 5))
    for number in dict.fromkeys(numbers):
        if number not in found and len(found) < SHOWN and (case := await work.case(number)):
            found[number] = case
    return list(found.values())[:SHOWN]


async def threads(work: Work, customer_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Where each customer's topic is: the chat and the thread."""
    query = select(Topic).where(col(Topic.customer_id).in_(customer_ids), Topic.state == TopicState.LIVE)
    return {
        topic.customer_id: ((await work.group(topic.group_id)).chat_id, topic.thread_id)
        for topic in await work.all(query)
        if topic.thread_id is not None
    }
