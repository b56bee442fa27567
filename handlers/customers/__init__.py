"""Customers: getting to know them, their files and tiers, joining, finding, and barring them."""

from handlers.customers.accounts import Account, became_unreachable, known

__all__ = ["Account", "became_unreachable", "known"]
