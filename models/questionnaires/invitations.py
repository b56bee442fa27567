"""Finding invitations: by their keys, by what they are for, of a customer, of a case; and what hangs on them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from models.contact import Contact
from models.customers import Customer
from models.questionnaires.rows import OPEN, STARS, Answer, Invitation, InvitationState, Poll
from models.work import Work


async def invitation_numbered(work: Work, key: int) -> Invitation | None:
    """The invitation with that key, locked on PostgreSQL."""
    found: Invitation | None = await work.first(select(Invitation).where(Invitation.id == key).with_for_update())
    return found


async def invitation_for(work: Work, occurrence: str) -> Invitation | None:
    """The invitation for that occurrence: there is one at most."""
    found: Invitation | None = await work.first(select(Invitation).where(Invitation.occurrence == occurrence))
    return found


async def invitation_of(work: Work, contact: Contact) -> Invitation | None:
    """The invitation that was to go with that contact, or to be reminded of."""
    return await invitation_for(work, contact.about.partition(":")[2])


async def answer_numbered(work: Work, key: int) -> Answer | None:
    """The answer with that key."""
    found: Answer | None = await work.first(select(Answer).where(Answer.id == key))
    return found


async def answers_to(work: Work, invitation: Invitation) -> Sequence[Answer]:
    """What was answered."""
    return await work.all(select(Answer).where(Answer.invitation_id == invitation.id))


async def words_in(work: Work, invitation: Invitation) -> list[str]:
    """What was answered in words."""
    query = select(Answer.text).where(Answer.invitation_id == invitation.id, col(Answer.text).is_not(None))
    return [text for text in await work.all(query) if text]


async def poll_called(work: Work, poll_id: str) -> Poll | None:
    """The native poll of ours that Telegram calls so."""
    found: Poll | None = await work.first(select(Poll).where(Poll.poll_id == poll_id))
    return found


async def open_polls(work: Work, invitation: Invitation) -> Sequence[Poll]:
    """The native polls of an invitation in which votes are taken."""
    return await work.all(select(Poll).where(Poll.invitation_id == invitation.id, col(Poll.closed).is_(False)))


# -- of a customer


async def is_asked(work: Work, customer: Customer) -> bool:
    """Whether the customer is in the middle of questions: then nothing else is asked. Stars ask for one tap only, and
    can wait beside others."""
    if customer.open_run_id is None:
        return False
    query = select(Invitation.id).where(Invitation.customer_id == customer.id, *_in_the_middle(Invitation))
    return await work.first(query.limit(1)) is not None


def _in_the_middle(invitation: Any) -> tuple[Any, ...]:
    return (invitation.state.in_(OPEN), invitation.by_staff_id.is_(None), invitation.rule != STARS)


async def another_open(work: Work, invitation: Invitation) -> int | None:
    """What else the customer was asked and can still answer, the latest."""
    query = select(Invitation.id).where(
        Invitation.customer_id == invitation.customer_id,
        Invitation.id != invitation.id,
        col(Invitation.state).in_(OPEN),
        col(Invitation.by_staff_id).is_(None),
    )
    found: int | None = await work.first(query.order_by(col(Invitation.asked_at).desc()).limit(1))
    return found


async def planned_for(work: Work, customer: Customer) -> Sequence[Invitation]:
    """What the customer is to be asked that is about no case."""
    planned = select(Invitation).where(
        Invitation.customer_id == customer.id,
        Invitation.state == InvitationState.PLANNED,
        col(Invitation.case_id).is_(None),
    )
    return await work.all(planned)


async def was_asked_since(work: Work, customer: Customer, key: str, since: datetime) -> bool:
    """Whether the customer was or is to be asked that questionnaire after that moment."""
    query = select(Invitation.id).where(
        Invitation.customer_id == customer.id,
        Invitation.questionnaire == key,
        Invitation.due_at > since,
        Invitation.state != InvitationState.CANCELLED,
    )
    return await work.first(query) is not None


async def of_case(work: Work, case_id: int, *states: InvitationState) -> Sequence[Invitation]:
    """The invitations about a case that are in one of these states."""
    return await work.all(select(Invitation).where(Invitation.case_id == case_id, col(Invitation.state).in_(states)))


# -- what falls due

_OTHER: Any = aliased(Invitation)
# All made once: we look often, and making a query takes longer than the look.
#: Whether something else is asked of the customer.
_IS_ASKED = exists().where(_OTHER.customer_id == Customer.id, *_in_the_middle(_OTHER))


_NOW: Any = bindparam("now")
_MOST: Any = bindparam("most")
_WITH_CUSTOMERS = select(Invitation, Customer).join(Customer, col(Customer.id) == Invitation.customer_id)
_TO_ASK = (
    _WITH_CUSTOMERS.where(
        Invitation.state == InvitationState.PLANNED,
        col(Invitation.due_at) <= _NOW,
        or_(col(Customer.open_run_id).is_(None), ~_IS_ASKED),
    )
    .order_by(col(Invitation.due_at), col(Invitation.id))
    .limit(_MOST)
    .with_for_update(skip_locked=True)
)
_TO_ASK_OF_NONE = _TO_ASK.where(col(Invitation.wave_id).is_(None))
_TO_ASK_OF_WAVE = _TO_ASK.where(col(Invitation.wave_id) == bindparam("wave_id"))
_OPEN_ONES = (
    _WITH_CUSTOMERS.where(col(Invitation.state).in_(OPEN))
    .order_by(col(Invitation.id))
    .limit(_MOST)
    .with_for_update(skip_locked=True)
)
_LASTS = or_(col(Invitation.expires_at).is_(None), col(Invitation.expires_at) > _NOW)
_TO_REMIND = _OPEN_ONES.where(col(Invitation.remind_at) <= _NOW, _LASTS)
_TO_EXPIRE = _OPEN_ONES.where(col(Invitation.expires_at) <= _NOW)


async def to_ask(work: Work, wave_id: int | None, most: int) -> list[tuple[Invitation, Customer]]:
    """Some invitations of that wave, or of none, whose moment has come, with customers of whom nothing else is asked;
    locked on PostgreSQL."""
    if wave_id is None:
        return await _some(work, _TO_ASK_OF_NONE, most)
    return await _some(work, _TO_ASK_OF_WAVE, most, wave_id=wave_id)


async def to_remind(work: Work, most: int) -> list[tuple[Invitation, Customer]]:
    """Some that are open and to be reminded of, and do not end at this moment; locked on PostgreSQL."""
    return await _some(work, _TO_REMIND, most)


async def to_expire(work: Work, most: int) -> list[tuple[Invitation, Customer]]:
    """Some that are open and whose time is over; locked on PostgreSQL."""
    return await _some(work, _TO_EXPIRE, most)


async def _some(work: Work, query: Any, most: int, **values: Any) -> list[tuple[Invitation, Customer]]:
    return [(row[0], row[1]) for row in await work.all(query, now=work.now, most=most, **values)]
