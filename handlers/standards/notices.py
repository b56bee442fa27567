"""What customers hear about time: that it may take longer, and that we wait for them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from handlers import contact
from handlers.moments import in_their_words
from handlers.speaking import tell_customer
from models.calendars import during
from models.cases import Case
from models.contact import Purpose
from models.customers import Customer, zone_of
from models.delivery import Priority, SendClass
from models.installation import plan_of
from models.staff import Staff
from models.standards import Clock
from models.timeline import EventKind, remember
from models.work import Work

#: What goes unasked: once, after everything else.
_UNASKED: dict[str, Any] = {"send_class": SendClass.B, "priority": Priority.SCHEDULED}


async def warn(
    work: Work, clock: Clock, case: Case, customer: Customer, report: datetime | None, told: Sequence[Staff]
) -> bool:
    """Tell the customer that a promised time may be missed, and who has it now; returns whether we did.

    The bot names no time of its own: `report` is when a person speaks to them at the latest, by the plan. `told` is
    who has it: supervisors, else managers or owners, or nobody.
    """
    plan = await plan_of(work, case)
    if not customer.reachable:
        return False
    if not clock.all_hours and during(work.now, plan.contact.quiet, zone_of(customer, plan)):
        return False
    due = clock.due_at or work.now
    values = {
        "number": case.id,
        "what": clock.what.value,
        "late": due <= work.now,
        "due": in_their_words(work, customer, due),
        "report": in_their_words(work, customer, report) if report else "",
        "told": told[0].role.value if told else "",
    }
    tell_customer(work, customer, "standards/may_be_late", values, case=case, **_UNASKED)
    remember(work, case, EventKind.WARNED, None, of=clock.what)
    return True


async def remind(work: Work, clock: Clock, case: Case, customer: Customer) -> datetime | None:
    """We still wait for the customer's answer. Returns when to try again where it is not the hour for it."""
    found = await contact.reach_out(
        work,
        customer,
        Purpose.SERVICE,
        "reminder",
        f"pending:{clock.id}",
        "standards/waiting_for_you",
        {"number": case.id},
        case=case,
    )
    if found.now(work.now):
        remember(work, case, EventKind.REMINDED, None)
        return None
    return found.at


def say_closed(work: Work, case: Case, customer: Customer) -> None:
    """No answer came, and the case is closed."""
    if customer.reachable:
        tell_customer(work, customer, "standards/closed_in_silence", {"number": case.id}, case=case, **_UNASKED)
