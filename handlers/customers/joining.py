"""A person in Telegram turns out to be a customer whom we know from elsewhere: by a number, by a link, by staff."""

from handlers.authority import require
from handlers.customers.accounts import Account, known
from handlers.customers.merging import unite
from handlers.customers.rules import refresh
from handlers.names import shown_name
from handlers.refusals import Refusal
from handlers.speaking import tell_customer, tell_staff
from models.customers import Customer, customer_numbered, customer_of_user, forget_user
from models.customers.joining import new_link, redeem, strangers_with_phone
from models.customers.phones import masked, normal_phone
from models.staff import Staff, main_group
from models.work import Work

#: How many of those who share a phone number are named to staff.
NAMED = 5


async def join_by_token(work: Work, account: Account, token: str) -> None:
    """Who opened the link with that token is its customer from now on; they read so, or that it is not good."""
    joined = await _joined(work, account, token)
    if joined is None:
        tell_customer(work, await known(work, account), "customers/link_not_good")
    elif joined:
        tell_customer(work, await known(work, account), "customers/joined")


async def _joined(work: Work, account: Account, token: str) -> bool | None:
    """Whether the token has joined the account to a customer; False where it was joined before, None where not."""
    number = await redeem(work, token)
    if number is None:
        return None
    target = await customer_numbered(work, number)
    person = await customer_of_user(work, account.user_id)
    if person is target:
        return False
    if target.has_chat:
        return None  # it was joined to somebody else meanwhile
    if person is not None:
        await unite(work, person, target, person)
        return True
    target.user_id = account.user_id
    target.salutation = target.salutation or target.name  # Telegram's name takes the place of ours
    await work.flush()
    forget_user(work, account.user_id)
    person = await known(work, account)
    work.audit(person, "joined", person.subject, by="link")
    return True


async def link_for(work: Work, customer: Customer, by: Staff) -> str:
    """A link for this customer, who need only open it in Telegram; raises Refusal for who is there already."""
    require(by)
    if customer.has_chat:
        raise Refusal("has_telegram", number=customer.id)
    work.audit(by, "link", customer.subject)
    return await new_link(work, customer)


async def share_phone(work: Work, customer: Customer, phone: str) -> None:
    """The customer's number, for which the channel vouches ("+8613800138000"): it is kept, and who was imported with
    it turns out to be them."""
    number = normal_phone(phone, work.plan)
    if number is None:
        return
    if customer.phone != number:
        shown = {"before": masked(customer.phone), "after": masked(number)}
        work.audit(customer, "file", customer.subject, field="phone", **shown)
        customer.phone = number
        await refresh(work, [customer])
    await _join_by_phone(work, customer, number)


async def _join_by_phone(work: Work, customer: Customer, phone: str) -> None:
    """One imported customer with that number is this person; of several, staff decide."""
    found = await strangers_with_phone(work, phone, NAMED)
    if len(found) == 1:
        await unite(work, customer, found[0], customer)
    elif found:
        numbers = [each.id for each in found]
        values = {"name": await shown_name(work, customer), "number": customer.id, "numbers": numbers}
        tell_staff(work, await main_group(work), None, "customers/same_phone", values)
