"""Customers: their files, tiers and segments, what they bought, and the topics in which staff see them."""

from models.customers.rows import (
    NAME_LIMIT,
    Customer,
    JoinToken,
    Merge,
    Purchase,
    ServiceEvent,
    TierBy,
    TierRequest,
    Topic,
    TopicState,
    display_name,
    topic_name,
)
from models.customers.zones import zone_of

__all__ = [
    "NAME_LIMIT",
    "Customer",
    "JoinToken",
    "Merge",
    "Purchase",
    "ServiceEvent",
    "TierBy",
    "TierRequest",
    "Topic",
    "TopicState",
    "display_name",
    "topic_name",
    "zone_of",
]
