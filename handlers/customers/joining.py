"""A person in Telegram turns out to be a customer whom we know from elsewhere: by contact, by a link, by staff."""

from sqlmodel import col, select

from handlers import messages
from handlers.chat.doors import Place, in_place
from handlers.chat.hearing import hear_said
from handlers.customers.knowing import known, main_group, welcome
from handlers.customers.merging import unite
from handlers.customers.rules import refresh
from handlers.customers.whom import after_command, customer_and_words
from handlers.refusals import Refusal
from handlers.speaking import customer_keyboard, tell_customer, tell_staff
from models.cases import cases_of
from models.customers import Customer, customer_numbered, customer_of_user, forget_user
from models.customers.phones import masked, normal_phone
from models.customers.tokens import LENGTH, link_for, redeem
from models.work import Work

#: How many of those who share a phone number are named to staff.
NAMED = 5


async def start(work: Work, place: Place) -> None:
    """/start, from a link of ours with the token that joins; what else stands in a link says only where it hung."""
    token = after_command(place)
    if len(token) == LENGTH and not await _join_by_token(work, place, token):
        tell_customer(work, await known(work, place.user), "customers/link_not_good")
    await welcome(work, place)


async def _join_by_token(work: Work, place: Place, token: str) -> bool:
    """Whether the token was good: who opened the link is that customer from now on."""
    number = await redeem(work, token)
    if number is None:
        return False
    target = await customer_numbered(work, number)
    person = await customer_of_user(work, place.user["id"])
    if person is target:
        return True
    if target.user_id is not None:
        return False  # it was joined to somebody else meanwhile
    if person is None:
        target.user_id = place.user["id"]
        target.salutation = target.salutation or target.name  # Telegram's name takes the place of ours
        await work.flush()
        forget_user(work, place.user["id"])
        person = await known(work, place.user)
        work.audit(person, "joined", f"customer:{person.id}", by="link")
    else:
        await unite(work, person, target, person)
    tell_customer(work, person, "customers/joined")
    return True


async def link_command(work: Work, place: Place) -> None:
    """/link 17: a link for this customer, who need only open it in Telegram."""
    customer, _ = await customer_and_words(work, place)
    if customer.user_id is not None:
        raise Refusal("has_telegram", number=customer.id)
    work.audit(place.speaker, "link", f"customer:{customer.id}")
    values = {"name": customer.name, "number": customer.id, "link": await link_for(work, customer)}
    in_place(work, place, "customers/link", values)


def is_own_contact(place: Place) -> bool:
    """Whether somebody shares their own contact, which Telegram vouches for."""
    contact = place.raw.get("contact")
    if place.what != "message" or place.second_hand or not isinstance(contact, dict):
        return False
    return contact.get("user_id") is not None and contact.get("user_id") == place.user.get("id")


async def own_contact(work: Work, place: Place) -> None:
    """A customer shares their number: it is kept, and who was imported with it turns out to be them."""
    customer = await known(work, place.user)
    digits = "".join(c for c in str(place.raw["contact"].get("phone_number") or "") if c.isdecimal())
    phone = normal_phone(f"+{digits}", work.plan)
    if phone is not None:
        if customer.phone != phone:
            shown = {"before": masked(customer.phone), "after": masked(phone)}
            work.audit(customer, "file", customer.subject, field="phone", **shown)
            customer.phone = phone
            await refresh(work, [customer])
        await _join_by_phone(work, customer, phone)
    if any(case.unfinished for case in await cases_of(work, customer.id)):
        await messages.receive(work, customer, await hear_said(work, place))  # staff see it where they asked for it
    else:
        tell_customer(work, customer, "customers/phone_kept", keyboard=customer_keyboard(customer.language))


async def _join_by_phone(work: Work, customer: Customer, phone: str) -> None:
    """One imported customer with that number is this person; of several, staff decide."""
    query = select(Customer).where(
        Customer.phone == phone, col(Customer.user_id).is_(None), col(Customer.merged_into_id).is_(None)
    )
    found = await work.all(query.order_by(col(Customer.id)).limit(NAMED))
    if len(found) == 1:
        await unite(work, customer, found[0], customer)
    elif found:
        numbers = [each.id for each in found]
        values = {"name": customer.name, "number": customer.id, "numbers": numbers}
        tell_staff(work, await main_group(work), None, "customers/same_phone", values)
