"""Customers by their accounts and numbers, and those whom a unit of work has met."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, select

from models.cases import Case, forget_cases_of, no_cases_yet
from models.customers.rows import Customer
from models.topics import forget_topics_of
from models.work import Work

#: A number has at most so many digits.
LONGEST_NUMBER = 17
_USERS: Any = bindparam("user_ids", expanding=True)
_CUSTOMERS = select(Customer).where(col(Customer.user_id).in_(_USERS)).order_by(col(Customer.id)).with_for_update()


_NUMBERED = (
    select(Customer)
    .where(col(Customer.id).in_(bindparam("numbers", expanding=True)))
    .order_by(col(Customer.id))
    .with_for_update()
)


class _Known(dict[int, Customer | None]):
    """Customers by their Telegram user ids."""


class _Numbered(dict[int, Customer]):
    """Customers by their numbers."""


async def fetch_customers(work: Work, user_ids: list[int]) -> list[Customer]:
    """Fetch the customers (locked on PostgreSQL) who are these Telegram users and not yet known, in one query."""
    known = work.memory(_Known)
    wanted = sorted(set(user_ids) - known.keys())
    found = list(await work.all(_CUSTOMERS, user_ids=wanted)) if wanted else []
    known.update(dict.fromkeys(wanted))
    known.update({customer.user_id: customer for customer in found})
    work.memory(_Numbered).update({customer.id: customer for customer in found})
    return found


async def fetch_customers_numbered(work: Work, numbers: Iterable[int]) -> None:
    """Fetch the customers (locked on PostgreSQL) with these numbers who are not yet known, in one query."""
    known = work.memory(_Numbered)
    if wanted := sorted(set(numbers) - known.keys()):
        known.update({customer.id: customer for customer in await work.all(_NUMBERED, numbers=wanted)})


async def customer_of_user(work: Work, user_id: int) -> Customer | None:
    """The customer with that Telegram user id."""
    known = work.memory(_Known)
    if user_id not in known:
        await fetch_customers(work, [user_id])
    return known[user_id]


async def customer_numbered(work: Work, customer_id: int) -> Customer:
    """The customer with that number, or into whom they were merged, locked on PostgreSQL."""
    await fetch_customers_numbered(work, [customer_id])
    customer = work.memory(_Numbered)[customer_id]
    if customer.merged_into_id is not None:
        return await customer_numbered(work, customer.merged_into_id)
    if customer.user_id is not None:
        work.memory(_Known)[customer.user_id] = customer
    return customer


async def chats_of(work: Work, numbers: Iterable[int]) -> dict[int, int | None]:
    """The private chats of the customers with these numbers, or into whom they were merged: None for none, and no
    entry for nobody. Locks nothing: whoever sends holds rows of the outbox, for which others wait with a customer."""
    wanted = {number: number for number in numbers}
    found: dict[int, int | None] = {}
    while wanted:
        query = select(Customer.id, Customer.user_id, Customer.merged_into_id)
        rows = await work.all(query.where(col(Customer.id).in_(set(wanted.values()))))
        as_it_is = {number: (user_id, merged_into) for number, user_id, merged_into in rows}
        there = {number: as_it_is[now] for number, now in wanted.items() if now in as_it_is}
        found |= {number: user_id for number, (user_id, merged_into) in there.items() if merged_into is None}
        wanted = {number: merged_into for number, (_, merged_into) in there.items() if merged_into is not None}
    return found


async def customer_called(work: Work, number: str) -> Customer | None:
    """The customer of a number as staff write it ("17", "#17"), or into whom they were merged; None for nobody."""
    digits = number.removeprefix("#")
    if not digits.isdecimal() or len(digits) > LONGEST_NUMBER:
        return None
    found = await work.first(select(Customer.id).where(Customer.id == int(digits)))
    return await customer_numbered(work, found) if found is not None else None


async def customer_of(work: Work, case: Case) -> Customer:
    """The customer of a case, from memory where this work has them."""
    return met_customer(work, case.customer_id) or await customer_numbered(work, case.customer_id)


def met_customer(work: Work, customer_id: int) -> Customer | None:
    """The customer with that number, where this work has met them."""
    return work.memory(_Numbered).get(customer_id)


def remember_customer(work: Work, customer: Customer) -> None:
    """Add a new customer, known from now on to the rest of the work."""
    work.add(customer)
    work.memory(_Numbered)[customer.id] = customer
    if customer.user_id is not None:
        work.memory(_Known)[customer.user_id] = customer
    no_cases_yet(work, customer.id)


def forget_customers(work: Work, *customers: Customer) -> None:
    """Nothing is known any more of these customers' cases and topics, and who they are in Telegram."""
    numbers = {customer.id for customer in customers}
    forget_cases_of(work, list(numbers))
    forget_topics_of(work, list(numbers))
    for number in numbers:
        work.memory(_Numbered).pop(number, None)
    known = work.memory(_Known)
    for user_id, customer in list(known.items()):
        if customer is not None and customer.id in numbers:
            del known[user_id]


def forget_user(work: Work, user_id: int) -> None:
    """Nothing is known any more of who that Telegram user is."""
    work.memory(_Known).pop(user_id, None)
