"""Who turns out to be whom: single-use tokens of links (kept as a hash, good for a week), and shared numbers."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import col, select

from models.customers.rows import HAS_CHAT, Customer, JoinToken
from models.installation import Installation
from models.work import Work

GOOD_FOR = timedelta(days=7)
#: 192 bits, as 32 characters; Telegram takes 64 of them.
_BYTES, LENGTH = 24, 32


async def new_link(work: Work, customer: Customer) -> str:
    """A new link that joins whoever opens it in Telegram to this customer, once."""
    token = secrets.token_urlsafe(_BYTES)
    expires = work.now + GOOD_FOR
    work.add(JoinToken(token_hash=_hash(token), customer_id=customer.id, expires_at=expires))
    username = await work.first(select(Installation.bot_username))
    return f"https://t.me/{username}?start={token}"


async def strangers_with_phone(work: Work, phone: str, most: int) -> Sequence[Customer]:
    """Customers with that number who have no account yet, at most so many."""
    query = select(Customer).where(Customer.phone == phone, ~HAS_CHAT, col(Customer.merged_into_id).is_(None))
    return await work.all(query.order_by(col(Customer.id)).limit(most))


async def redeem(work: Work, token: str) -> int | None:
    """The customer whom the token joins to; it is used up with that. None for one that is not good (any more)."""
    found: JoinToken | None = await work.first(
        select(JoinToken).where(JoinToken.token_hash == _hash(token)).with_for_update()
    )
    if found is None or found.used_at is not None or found.expires_at <= work.now:
        return None
    found.used_at = work.now
    return found.customer_id


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
