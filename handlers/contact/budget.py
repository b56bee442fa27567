"""The contact budget at work: whatever goes unasked passes here, and what became of it is kept."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_
from sqlmodel import col, select

from handlers import speaking
from handlers.happenings.people import ContactFailed
from handlers.speaking import button, tell_customer
from models import outbox
from models.cases import UNFINISHED, Case, CaseKind
from models.contact import (
    AHEAD,
    CAP_WINDOW,
    Ahead,
    Consent,
    Contact,
    ContactState,
    Facts,
    Purpose,
    Ruling,
    allowed_by,
    cap_of,
    rule,
)
from models.customers import Customer, customer_numbered, zone_of
from models.delivery import Priority, SendClass
from models.visits import TO_COME, Visit, VisitState
from models.work import Work
from templates import label

_KEY = "contact:"
#: What a customer switches off who wants no more of it, be it about a case of their own.
_SWITCH = {"visit": Purpose.VISIT, "invitation": Purpose.SURVEY, "reminder": Purpose.SURVEY}

# -- the ruling, and what became of it


async def ruling(
    work: Work, customer: Customer, purpose: Purpose, at: datetime, *, call: bool = False, about: str = ""
) -> Ruling:
    """Whether a contact may go at `at`, or when; `about` is the occurrence in question, `call` an agent's call."""
    facts = await facts_of(work, [customer], at, but=[about])
    return rule(work.plan, facts[customer.id], purpose, at, call=call)


async def facts_of(
    work: Work, customers: Sequence[Customer], at: datetime, *, but: Sequence[str] = ()
) -> dict[int, Facts]:
    """What the rule looks at, by customer, in four queries; `but` are the occurrences in question."""
    ids = [customer.id for customer in customers]
    consents = await _by_customer(
        work, select(Consent).where(col(Consent.customer_id).in_(ids)).order_by(col(Consent.id))
    )
    lately = col(Contact.sent_at) > at - CAP_WINDOW
    ahead = and_(col(Contact.state).in_(AHEAD), col(Contact.planned_at) < at + CAP_WINDOW)
    of_these = select(Contact).where(col(Contact.customer_id).in_(ids), col(Contact.about).not_in(but))
    contacts = await _by_customer(work, of_these.where(or_(lately, ahead)))
    cases = await _by_customer(work, _telling_cases(work, ids, at))
    visits = await _by_customer(work, select(Visit).where(col(Visit.customer_id).in_(ids), _visit_to_come(at)))
    return {
        customer.id: Facts(
            zone=zone_of(customer, work.plan),
            cap=cap_of(work.plan, customer.tier),
            allowed=allowed_by(consents[customer.id]),
            sent=tuple((each.purpose, each.sent_at) for each in contacts[customer.id] if each.sent_at),
            ahead=(
                *(Ahead(each.purpose, each.planned_at) for each in contacts[customer.id] if _to_come(each)),
                *(Ahead(each.purpose, max(at, each.due_at)) for each in visits[customer.id] if each.about not in but),
            ),
            complaint_open=any(_is_complaint(case) and case.unfinished for case in cases[customer.id]),
            complaint_ended_at=max(map(_ended_at, filter(_is_complaint, cases[customer.id])), default=None),
            recovering=customer.recovering_since is not None,
            unreachable=not customer.reachable,
            banned=customer.banned_until is not None and customer.banned_until > at,
            alarm=any(case.alarm is not None and case.unfinished for case in cases[customer.id]),
        )
        for customer in customers
    }


async def _by_customer(work: Work, query: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in await work.all(query):
        found[row.customer_id].append(row)
    return found


def _to_come(row: Contact) -> bool:
    """Whether it is still to go; a visit says so itself, for it may be cancelled or move without a word here."""
    return row.state in AHEAD and row.what != "visit"


def _visit_to_come(at: datetime) -> Any:
    """An agent's open task is one too: the call may come at any moment."""
    return or_(
        and_(col(Visit.state).in_(TO_COME), col(Visit.due_at) < at + CAP_WINDOW), col(Visit.state) == VisitState.DUE
    )


def _telling_cases(work: Work, customer_ids: list[int], at: datetime) -> Any:
    """The cases that have a say: unfinished ones, and complaints that ended not long ago."""
    oldest = at - work.plan.contact.calm_after_complaint
    complaint = func.coalesce(col(Case.kind), col(Case.suggested_kind)) == CaseKind.COMPLAINT
    ended = and_(complaint, or_(col(Case.resolved_at) > oldest, col(Case.closed_at) > oldest))
    return select(Case).where(col(Case.customer_id).in_(customer_ids), or_(col(Case.state).in_(UNFINISHED), ended))


def _is_complaint(case: Case) -> bool:
    return case.supposed_kind is CaseKind.COMPLAINT


def _ended_at(case: Case) -> datetime:
    return max(each for each in (case.opened_at, case.resolved_at, case.closed_at) if each)


async def reach_out(
    work: Work,
    customer: Customer,
    purpose: Purpose,
    what: str,
    about: str,
    template: str,
    values: dict[str, Any],
    *,
    buttons: speaking.Buttons | None = None,
    case: Case | None = None,
) -> Ruling:
    """Say something unasked, at most once for `about`, if it may go now; what was decided is kept.

    A way to stop more of the kind stands under it, unless it is about the customer's own case.
    """
    found = await ruling(work, customer, purpose, work.now, about=about)
    if found.now(work.now):
        await go(work, customer, purpose, what, about, template, values, buttons=buttons, case=case)
    else:
        await held(work, customer, purpose, what, about, found, case)
    return found


async def go(
    work: Work,
    customer: Customer,
    purpose: Purpose,
    what: str,
    about: str,
    template: str,
    values: dict[str, Any],
    *,
    buttons: speaking.Buttons | None = None,
    case: Case | None = None,
) -> int | None:
    """Say what the ruling has let through; returns the key of our message."""
    await sent(work, customer, purpose, what, about, case)
    rows = [*(buttons or []), *stop_button(customer.language, purpose)]
    return tell_customer(
        work,
        customer,
        template,
        values,
        buttons=rows,
        case=case,
        key=_KEY + about,
        send_class=SendClass.B,
        priority=Priority.SCHEDULED,
    )


async def held(
    work: Work, customer: Customer, purpose: Purpose, what: str, about: str, found: Ruling, case: Case | None = None
) -> None:
    """Keep what the ruling has held back, for ever or until later."""
    if found.at is None:
        await suppressed(work, customer, purpose, what, about, found.reason or "", case)
    else:
        await moved(work, customer, purpose, what, about, found, case)


def stop_button(language: str, purpose: Purpose) -> speaking.Buttons:
    """One tap that ends messages of that purpose; none where it is about the customer's own case."""
    if purpose is Purpose.SERVICE:
        return []
    return [[button(label(language, f"stop.{purpose.value}"), f"stop:{purpose.value}")]]


async def sent(
    work: Work, customer: Customer, purpose: Purpose, what: str, about: str, case: Case | None = None
) -> None:
    """Keep that a contact went, now."""
    row = await _note(work, customer, purpose, what, about, case, ContactState.SENT, None)
    row.planned_at = row.sent_at = work.now


async def suppressed(
    work: Work, customer: Customer, purpose: Purpose, what: str, about: str, reason: str, case: Case | None = None
) -> None:
    """Keep that a contact will not go, and why: `reason` is a label under [contact_reason]."""
    await _note(work, customer, purpose, what, about, case, ContactState.SUPPRESSED, reason)


async def moved(
    work: Work, customer: Customer, purpose: Purpose, what: str, about: str, to: Ruling, case: Case | None = None
) -> None:
    """Keep that a contact goes later, and why."""
    row = await _note(work, customer, purpose, what, about, case, ContactState.MOVED, to.reason)
    row.planned_at = to.at or work.now


async def planned(
    work: Work, customer: Customer, purpose: Purpose, what: str, about: str, at: datetime, case: Case | None = None
) -> None:
    """Keep that a contact is to go at `at`, so that what is less urgent yields to it."""
    row = await _note(work, customer, purpose, what, about, case, ContactState.PLANNED, None)
    row.planned_at = at


async def cancelled(work: Work, about: str, reason: str) -> None:
    """A contact that was still to come is not needed any more."""
    row: Contact | None = await work.first(select(Contact).where(Contact.about == about))
    if row is not None and row.state in AHEAD:
        row.state, row.reason, row.noted_at = ContactState.CANCELLED, reason, work.now


async def _note(
    work: Work,
    customer: Customer,
    purpose: Purpose,
    what: str,
    about: str,
    case: Case | None,
    state: ContactState,
    reason: str | None,
) -> Contact:
    row: Contact | None = await work.first(select(Contact).where(Contact.about == about))
    if row is None:
        row = Contact(
            customer_id=customer.id,
            purpose=purpose,
            what=what,
            about=about,
            case_id=case.id if case else None,
            planned_at=work.now,
            noted_at=work.now,
        )
        work.add(row)
    row.state, row.reason, row.noted_at = state, reason, work.now
    return row


async def still_may(work: Work, key: str | None) -> Ruling | None:
    """The ruling at the moment of sending, on an outbox row with that key; None for one that is no contact.

    Between the decision and the sending may lie an outage, the night, or the customer's "stop".
    """
    if not key or not key.startswith(_KEY):
        return None
    row: Contact = await work.first(select(Contact).where(Contact.about == key.removeprefix(_KEY)))
    customer = await customer_numbered(work, row.customer_id)
    facts = (await facts_of(work, [customer], work.now, but=[row.about]))[customer.id]
    found = rule(work.plan, facts, row.purpose, work.now)
    if _SWITCH.get(row.what, row.purpose) not in facts.allowed:
        found = Ruling(None, "no_consent" if row.purpose is Purpose.MARKETING else "opted_out")
    row.noted_at, row.reason = work.now, found.reason
    row.sent_at = work.now if found.now(work.now) else None
    row.planned_at = found.at or row.planned_at
    if found.at is None:
        row.state = ContactState.SUPPRESSED
        work.happen(ContactFailed(row))
    else:
        row.state = ContactState.SENT if row.sent_at else ContactState.MOVED
    return found


async def judge_again(work: Work) -> bool:
    """After a leap of people's time: what is held back is judged once more, now. Always False: it is done at once."""
    await outbox.let_go(work, _KEY)
    work.said = True
    return False


async def note_fate(work: Work, key: str | None, reason: str) -> None:
    """Keep why a contact may not have arrived ("uncertain"), or did not ("unreachable", "failed").

    It goes no second time.
    """
    if not key or not key.startswith(_KEY):
        return
    row: Contact = await work.first(select(Contact).where(Contact.about == key.removeprefix(_KEY)))
    row.reason, row.noted_at = reason, work.now
    if reason != "uncertain":
        row.state, row.sent_at = ContactState.SUPPRESSED, None
        work.happen(ContactFailed(row))
