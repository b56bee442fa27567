"""Cases that staff open for somebody on the phone, at the counter, or who came another way."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from handlers import cases
from handlers.authority import require
from handlers.speaking import tell_staff
from models.cases import Case
from models.customers import Customer, customer_numbered, remember_customer
from models.delivery import Priority
from models.messages import Author, new_message
from models.staff import Staff, staff_group
from models.work import Work

#: The ways by which somebody comes to us who does not write to the bot.
SOURCES = ("phone", "counter", "wechat", "email", "12345", "other")


@dataclass(frozen=True)
class Caller:
    """Somebody who came another way: by the number of their phone a customer whom we know, else a new one."""

    name: str
    phone: str | None


async def open_for(
    work: Work, whom: Customer | Caller, words: str, source: str, taken_at: datetime, by: Staff
) -> Case:
    """Open a case for somebody who came by way of `source` (one of SOURCES) and said these words.

    `taken_at` is when they were written down. A caller without a known number becomes a customer without a chat.
    """
    person = require(by)
    customer = whom if isinstance(whom, Customer) else await _customer_behind(work, whom)
    case = await cases.open_case(work, customer, words=words, kind=None, parent=None, source=source, by=person)
    case.first_response_at = work.now  # whoever opened it has spoken with them
    new_message(
        work,
        customer_id=customer.id,
        case_id=case.id,
        author=Author.CUSTOMER,
        staff_id=person.id,
        kind="text",
        text=words,
        written_at=taken_at,
    )
    values = {"number": case.id, "source": source, "by": person.name, "text": words[:3000]}
    group = await staff_group(work, case.group_id)
    tell_staff(work, group, customer, "routing/opened_for", values, priority=Priority.RELAY, case_id=case.id)
    return case


async def _customer_behind(work: Work, caller: Caller) -> Customer:
    return await _of_phone(work, caller.phone) or await _stranger(work, caller)


async def _of_phone(work: Work, phone: str | None) -> Customer | None:
    """The customer with that phone number; nobody where several share it."""
    if phone is None:
        return None
    query = select(Customer).where(Customer.phone == phone, col(Customer.merged_into_id).is_(None))
    found = await work.all(query)
    return await customer_numbered(work, found[0].id) if len(found) == 1 else None


async def _stranger(work: Work, caller: Caller) -> Customer:
    customer = Customer(
        id=await work.number("customer"),
        name=caller.name,
        language=work.plan.business.language,
        phone=caller.phone,
        created_at=work.now,
    )
    remember_customer(work, customer)
    await work.flush()
    return customer
