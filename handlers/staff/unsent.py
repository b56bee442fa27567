"""What becomes of words to a customer by somebody who is not on the staff, or was not before them."""

from dataclasses import dataclass

from handlers.customers import Account
from handlers.speaking import tell_staff
from handlers.staff.enrolling import Entry
from models.customers import Customer
from models.delivery import Priority
from models.staff import StaffGroup
from models.standings import standing_for, standing_of
from models.work import Work


@dataclass(frozen=True)
class Unsent:
    """Words that go to no customer: the message, where it stands, and the album of which it is a part."""

    message_id: int | None
    customer: Customer | None
    thread_id: int | None
    album: str | None


async def goes_to_nobody(work: Work, group: StaffGroup, account: Account, entry: Entry, words: Unsent) -> None:
    """What somebody wrote to a customer goes to nobody: it was not theirs to write, or it made them staff.

    They are told once, in answer to it; whom it admitted is told this once.
    """
    standing = await standing_for(work, group.id or 0, account.user_id)
    known_album, standing.album = standing.album, words.album
    if (words.album and known_album == words.album) or (standing.told_at and entry is not Entry.ADMITTED):
        return
    if entry is not Entry.ADMITTED:
        standing.told_at = work.now
    tell_staff(
        work,
        group,
        words.customer,
        "staff/unsent",
        {"name": account.name or str(account.user_id), "entry": entry.value},
        answers=words.message_id,
        thread_id=words.thread_id,
        priority=Priority.ANSWER,
    )


async def is_of_unsent_album(work: Work, group: StaffGroup, user_id: int, album: str) -> bool:
    """Whether the first of that album went to nobody."""
    standing = await standing_of(work, group.id or 0, user_id)
    return standing is not None and standing.album == album
