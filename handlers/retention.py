"""What is forgotten by itself, and when. The words themselves are messages, and stay."""

from datetime import timedelta

from models.inbox import delete_handled
from models.outbox import delete_sent
from models.private import delete_words
from models.work import Work

#: Telegram may start counting updates anew after a week without any: by then our old rows must be gone.
INBOX_KEPT = timedelta(days=6)
#: How long it can be looked up what was sent when, and how it went.
OUTBOX_KEPT = timedelta(days=30)


async def forget_inbox(work: Work) -> bool:
    """Delete handled updates; dead ones stay for a replay."""
    return await delete_handled(work, work.real_now - INBOX_KEPT) > 0


async def forget_private_words(work: Work) -> bool:
    """Delete what staff were asked about in private: decided, it is a message; else nobody wants it any more."""
    return await delete_words(work, work.real_now - OUTBOX_KEPT) > 0


async def forget_outbox(work: Work) -> bool:
    """Delete rows that were sent or cancelled; what failed stays to be seen."""
    return await delete_sent(work, work.real_now - OUTBOX_KEPT) > 0
