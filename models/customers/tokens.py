"""Single-use tokens of deep links: made once, kept as a hash, good for a week."""

import hashlib
import secrets
from datetime import timedelta

from sqlmodel import select

from models.customers.rows import Customer, JoinToken
from models.installation import Installation
from models.work import Work

GOOD_FOR = timedelta(days=7)
#: 192 bits, as 32 characters; Telegram takes 64 of them.
_BYTES, LENGTH = 24, 32


async def link_for(work: Work, customer: Customer) -> str:
    """A new link that joins whoever opens it in Telegram to this customer, once."""
    token = secrets.token_urlsafe(_BYTES)
    expires = work.now + GOOD_FOR
    work.add(JoinToken(token_hash=_hash(token), customer_id=customer.id, expires_at=expires))
    username = await work.first(select(Installation.bot_username))
    return f"https://t.me/{username}?start={token}"


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
