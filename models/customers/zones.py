"""The time zone in which a customer lives."""

from zoneinfo import ZoneInfo

from models.customers.rows import Customer
from models.plan import Plan


def zone_of(customer: Customer, plan: Plan) -> ZoneInfo:
    """The time zone of the customer's city, else the business's."""
    return ZoneInfo(customer.zone) if customer.zone else plan.business.timezone
