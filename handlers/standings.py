"""Who sits in the staff groups, by Telegram's word: it is asked outside the unit of work, and its answer is a row."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.refusals import AskFirst, Seat
from models.staff import Staff, StaffGroup, memberships_of, staff_group
from models.standings import Standing, standing_for, standing_of
from models.work import Work

#: Where Telegram gives no answer, it is not asked again before that.
UNANSWERED = timedelta(seconds=30)
#: However long it asks us to wait: by then it may answer again, and who is on duty must be heard.
LONGEST_PAUSE = timedelta(minutes=2)


@dataclass(frozen=True)
class Answer:
    """What Telegram said of a seat: whether somebody is there; None where it said nothing, and when to ask again."""

    seat: Seat
    present: bool | None
    retry_after: float = 0.0  # seconds


def seat_in(group: StaffGroup, user_id: int) -> Seat:
    """The seat of an account in a staff group."""
    return Seat(group.id or 0, group.chat_id, user_id)


async def sits(work: Work, group: StaffGroup, user_id: int) -> bool | None:
    """Whether somebody sits there, by Telegram's word of the last ten minutes; None where it gives no answer.

    Raises AskFirst where it has not been asked.
    """
    return await _sits_in_any(work, [group], user_id)


async def sits_anywhere(work: Work, person: Staff) -> bool | None:
    """The same of a member of staff in any of the groups in which they work."""
    groups = [await staff_group(work, each.group_id) for each in await memberships_of(work, person.id or 0)]
    return await _sits_in_any(work, groups, person.user_id)


async def _sits_in_any(work: Work, groups: Iterable[StaffGroup], user_id: int) -> bool | None:
    found = {each.id: await standing_of(work, each.id or 0, user_id) for each in groups}
    answers = [each.present if each and each.is_fresh(work.now) else None for each in found.values()]
    if True in answers:
        return True
    unasked = [each for each in groups if not _settled(found[each.id], work.now)]
    if unasked:
        raise AskFirst(*(seat_in(each, user_id) for each in unasked))
    return None if None in answers else False


def _settled(standing: Standing | None, now: datetime) -> bool:
    return standing is not None and (standing.is_fresh(now) or standing.must_wait(now))


async def note(work: Work, answer: Answer) -> None:
    """Keep what Telegram said; where it said nothing, what it said before stays."""
    standing = await standing_for(work, answer.seat.group_id, answer.seat.user_id)
    if answer.present is None:
        pause = min(max(UNANSWERED, timedelta(seconds=answer.retry_after)), LONGEST_PAUSE)
        standing.ask_again_at = work.now + pause
    else:
        standing.present, standing.said_at, standing.ask_again_at = answer.present, work.now, None


async def note_joined(work: Work, group: StaffGroup, user_id: int, at: datetime) -> None:
    """Telegram tells that somebody came in; it is asked all the same before they get authority."""
    standing = await standing_for(work, group.id or 0, user_id)
    standing.joined_at = at
    standing.said_at = standing.ask_again_at = None


async def note_left(work: Work, group: StaffGroup, user_id: int) -> None:
    """Telegram tells that somebody is there no more."""
    standing = await standing_of(work, group.id or 0, user_id)
    if standing is not None:
        standing.present = False
        standing.said_at = standing.ask_again_at = None
