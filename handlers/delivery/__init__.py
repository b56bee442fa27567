"""Delivery: what an outbox row says to Telegram, and what follows from how that went."""

from handlers.delivery.claiming import claim
from handlers.delivery.outcomes import recover, set_aside, settle
from handlers.delivery.parcels import Parcel
from handlers.delivery.raw import hand_over_raw

__all__ = ["Parcel", "claim", "hand_over_raw", "recover", "set_aside", "settle"]
