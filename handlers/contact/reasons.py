"""What staff see of the contact budget: what is planned for a customer, what went, what did not, and why."""

from datetime import datetime
from typing import Any

from sqlmodel import col, select

from handlers.authority import require
from handlers.contact.wishes import allowed_to
from handlers.moments import local_time
from models.contact import AHEAD, OPTIONAL, Contact, ContactState, Purpose
from models.customers import Customer
from models.questionnaires import Invitation, InvitationState
from models.staff import Staff
from models.visits import TO_COME, Visit, VisitState
from models.work import Work

#: How many lines /why shows of what was, and of what is to come.
SHOWN = 10
#: Visits that are to come, an agent's open task among them.
_VISITS_ON = (*TO_COME, VisitState.DUE)
#: How visits and invitations end without having been made.
_VISITS_OFF = (VisitState.CANCELLED, VisitState.MISSED)
_INVITATIONS_OFF = (InvitationState.CANCELLED, InvitationState.EXPIRED)


async def why(work: Work, customer: Customer, by: Staff) -> dict[str, Any]:
    """What is planned for this customer, what was sent lately and what not, for what reason."""
    require(by)
    ahead = await _rows(work, customer, _VISITS_ON, (InvitationState.PLANNED,))
    off = await _rows(work, customer, _VISITS_OFF, _INVITATIONS_OFF, latest=True)
    query = select(Contact).where(Contact.customer_id == customer.id)
    noted = await work.all(query.order_by(col(Contact.noted_at).desc(), col(Contact.id).desc()).limit(2 * SHOWN))
    ended = {row.about for row in off}
    shown = [row for row in noted if row.state not in AHEAD]
    kept = {row.about for row in shown}
    was = [
        *((row.noted_at, _line(work, row, row.what, row.state, row.sent_at or row.planned_at)) for row in shown),
        *(
            (row.ended_at or row.due_at, _line(work, row, _what(row), ContactState.CANCELLED, row.due_at))
            for row in off
            if row.about not in kept and row.reason
        ),
    ]
    # What is neither a visit nor a questionnaire (a reminder) and still to come is known by its contact alone.
    named = {row.about for row in ahead} | ended
    come = [
        *((row.due_at, _line(work, row, _what(row), _ahead(row), row.due_at)) for row in ahead),
        *(
            (row.planned_at, _line(work, row, row.what, row.state, row.planned_at))
            for row in noted
            if row.state in AHEAD and row.planned_at > work.now and row.about not in named
        ),
    ]
    allowed = await allowed_to(work, customer)
    return {
        "ahead": [line for _, line in sorted(come, key=_moment)][:SHOWN],
        "contacts": [line for _, line in sorted(was, key=_moment, reverse=True)][:SHOWN],
        "purposes": [{"purpose": each.value, "on": each in allowed} for each in OPTIONAL],
    }


async def _rows(
    work: Work,
    customer: Customer,
    visits: tuple[VisitState, ...],
    invitations: tuple[InvitationState, ...],
    *,
    latest: bool = False,
) -> list[Visit | Invitation]:
    """Visits and invitations of the customer in those states: the latest of each, or the ones that come first."""
    made = select(Visit).where(Visit.customer_id == customer.id, col(Visit.state).in_(visits))
    asked = select(Invitation).where(Invitation.customer_id == customer.id, col(Invitation.state).in_(invitations))
    due, sent = col(Visit.due_at), col(Invitation.due_at)
    return [
        *await work.all(made.order_by(due.desc() if latest else due).limit(SHOWN)),
        *await work.all(asked.order_by(sent.desc() if latest else sent).limit(SHOWN)),
    ]


def _what(row: Visit | Invitation) -> str:
    return "visit" if isinstance(row, Visit) else "invitation"


def _ahead(row: Visit | Invitation) -> ContactState:
    return ContactState.MOVED if row.reason else ContactState.PLANNED


def _line(
    work: Work, row: Contact | Visit | Invitation, what: str, state: ContactState, at: datetime
) -> dict[str, Any]:
    purpose: Purpose = row.purpose
    return {
        "what": what,
        "purpose": purpose.value,
        "state": state.value,
        "number": row.case_id,
        "at": local_time(work, at),
        "reason": row.reason,
    }


def _moment(line: tuple[datetime, dict[str, Any]]) -> datetime:
    return line[0]
