"""What is forgotten by itself, and when."""

from datetime import timedelta

from models.work import Work

#: Telegram may start counting updates anew after a week without any: by then our old rows must be gone.
INBOX_KEPT = timedelta(days=6)


async def forget_inbox(work: Work) -> bool:
    """Delete handled updates (their words are stored as messages); dead ones stay for a replay."""
    return await work.forget_inbox(work.real_now - INBOX_KEPT) > 0
