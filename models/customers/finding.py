"""Finding customers and cases by what staff remember of them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import String, cast, text
from sqlmodel import col, select

from models.cases import Case, case_numbered
from models.customers import customer_numbered
from models.customers.rows import Customer
from models.messages import Message
from models.staff import staff_group
from models.topics import Topic, TopicState
from models.work import Work

#: How many are shown of each.
SHOWN = 8
#: Of how many of the latest cases and messages subjects and words are searched.
LATEST = 20_000
#: So few digits are the end of too many telephone numbers.
SHORTEST_PHONE = 4


async def customers_like(work: Work, words: str) -> list[Customer]:
    """Customers by number, external number, end of the phone, name, @name, salutation or tag; the surest first.

    Each condition is answered from an index of its own; for a part of a name, a narrow one is read whole.
    """
    bare = words.strip().removeprefix("#").removeprefix("@")
    found: dict[int, Customer] = {}
    for condition in _conditions(bare):
        if len(found) < SHOWN and bare not in {customer.ref for customer in found.values()}:
            for number in await work.all(select(Customer.id).where(*condition).limit(SHOWN)):
                customer = await customer_numbered(work, number)
                found.setdefault(customer.id, customer)
    return list(found.values())[:SHOWN]


def _conditions(bare: str) -> list[tuple[Any, ...]]:
    digits = "".join(c for c in bare if c.isdecimal())
    found: list[tuple[Any, ...]] = [(Customer.ref == bare,)]
    if bare.isdecimal() and len(bare) < 18:
        found.insert(0, (Customer.id == int(bare),))
    if len(digits) >= SHORTEST_PHONE and not bare.strip("+0123456789 -"):
        found.append((col(Customer.phone).endswith(digits, autoescape=True),))
    if not digits or digits != bare:
        begins = col(Customer.name).startswith(bare, autoescape=True)
        found += [
            (col(Customer.name) >= bare, col(Customer.name) < f"{bare}\uffff", begins),
            (col(Customer.name).icontains(bare, autoescape=True),),
            *(
                (col(column).is_not(None), col(column).icontains(bare, autoescape=True))
                for column in (Customer.salutation, Customer.username)
            ),
        ]
    tagged = cast(Customer.tags, String).contains(f'"{bare}"', autoescape=True)
    return [*found, (text("tags <> '[]'"), tagged)]


async def cases_like(work: Work, words: str) -> list[Case]:
    """Cases by number, by their subject, and by the words of their messages; the latest first."""
    bare = words.strip().removeprefix("#")
    found: dict[int, Case] = {}
    if bare.isdecimal() and len(bare) < 18:
        case = await case_numbered(work, int(bare))
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
        if number not in found and len(found) < SHOWN and (case := await case_numbered(work, number)):
            found[number] = case
    return list(found.values())[:SHOWN]


async def threads(work: Work, customer_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Where each customer's topic is: the chat and the thread."""
    query = select(Topic).where(col(Topic.customer_id).in_(customer_ids), Topic.state == TopicState.LIVE)
    return {
        topic.customer_id: ((await staff_group(work, topic.group_id)).chat_id, topic.thread_id)
        for topic in await work.all(query)
        if topic.thread_id is not None
    }
