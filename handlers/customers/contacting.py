"""When we last heard from a customer, or they from us."""

from datetime import timedelta

from handlers.happenings.messages import AgentSpoke, CustomerSpoke
from models.customers import Customer
from models.work import Work

#: The last contact is kept to the hour, so that not every message writes to the customer's row.
EXACT_TO = timedelta(hours=1)


async def note_contact(work: Work, happening: CustomerSpoke | AgentSpoke) -> None:
    """Words went one way or the other."""
    if isinstance(happening, CustomerSpoke):
        customer: Customer | None = happening.customer
    else:
        customer = await work.session.get(Customer, happening.case.customer_id)
    if customer and (customer.last_contact_at is None or work.now - customer.last_contact_at >= EXACT_TO):
        customer.last_contact_at = work.now
