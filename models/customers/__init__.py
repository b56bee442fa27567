"""Customers: their files, tiers and segments, and what they bought."""

from models.customers.accounts import (
    chats_of,
    customer_called,
    customer_numbered,
    customer_of,
    customer_of_user,
    fetch_customers,
    fetch_customers_numbered,
    forget_customers,
    forget_user,
    met_customer,
    remember_customer,
)
from models.customers.names import speaks_for_others, without_quotes
from models.customers.rows import (
    HAS_CHAT,
    NAME_LIMIT,
    REACHABLE,
    Customer,
    JoinToken,
    Merge,
    Purchase,
    ServiceEvent,
    TierBy,
    display_name,
)
from models.customers.zones import zone_of

__all__ = [
    "HAS_CHAT",
    "NAME_LIMIT",
    "REACHABLE",
    "Customer",
    "JoinToken",
    "Merge",
    "Purchase",
    "ServiceEvent",
    "TierBy",
    "chats_of",
    "customer_called",
    "customer_numbered",
    "customer_of",
    "customer_of_user",
    "display_name",
    "fetch_customers",
    "fetch_customers_numbered",
    "forget_customers",
    "forget_user",
    "met_customer",
    "remember_customer",
    "speaks_for_others",
    "without_quotes",
    "zone_of",
]
