"""Who writes to us: the customer behind an account, made on first sight, and whether they can be reached."""

from dataclasses import dataclass

from handlers.names import shown_name
from handlers.speaking import tell_staff
from models.cases import recent_cases
from models.customers import Customer, customer_of_user, display_name, remember_customer
from models.customers.tiers import segments_by_rule, tier_by_rule
from models.delivery import Priority
from models.staff import main_group, staff_group
from models.topics import topic_of
from models.work import Work
from templates import LANGUAGES


@dataclass(frozen=True)
class Account:
    """Somebody's account in the channel by which they write, as it shows it.

    `user_id` is its key there, `language_code` the language of their program (an IETF tag).
    """

    user_id: int
    first_name: str | None = None
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None

    @property
    def name(self) -> str:
        """The name as staff may see it; "" for none."""
        return display_name(self.first_name, self.last_name)

    @property
    def language(self) -> str | None:
        """Which of our languages it is; None where we have none of it."""
        prefix = (self.language_code or "").lower().partition("-")[0]
        return prefix if prefix in LANGUAGES else None


async def known(work: Work, account: Account) -> Customer:
    """The customer behind an account, made on first sight; the name is kept up to date."""
    customer, name = await customer_of_user(work, account.user_id), account.name
    if customer is None:
        number = await work.number("customer")
        customer = Customer(
            id=number,
            user_id=account.user_id,
            name=name or f"#{number}",
            username=account.username,
            language=account.language or work.plan.business.language,
            created_at=work.now,
            tier=tier_by_rule(work.plan, 0, 0),
        )
        customer.segments = segments_by_rule(work.plan, customer, ())
        remember_customer(work, customer)
    elif name and name != customer.name:
        customer.name = name
    if customer.username != account.username:
        customer.username = account.username
    return customer


async def became_unreachable(work: Work, customer: Customer, *, tell: bool) -> None:
    """What we write does not arrive any more: nothing is sent unasked until they are back.

    With `tell`, staff read that the customer has blocked us.
    """
    if customer.unreachable_since is None:
        customer.unreachable_since = work.now
        if tell:
            await _tell_if_known(work, customer, "delivery/blocked_itself")


async def became_reachable(work: Work, customer: Customer) -> None:
    """The customer lets us in again."""
    if customer.unreachable_since is not None:
        customer.unreachable_since = None
        await _tell_if_known(work, customer, "delivery/unblocked")


async def _tell_if_known(work: Work, customer: Customer, template: str) -> None:
    """Tell staff in the customer's topic, if there is one: blocking the bot makes no topic."""
    latest = next(iter(await recent_cases(work, customer.id, 1)), None)
    group = await staff_group(work, latest.group_id) if latest else await main_group(work)
    if latest or await topic_of(work, customer.id, group.id or 0):
        values = {"name": await shown_name(work, customer)}
        tell_staff(work, group, customer, template, values, priority=Priority.NOTICE)
