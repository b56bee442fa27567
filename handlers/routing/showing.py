"""What the card shows of routing."""

from typing import Any

from handlers import duty
from models.cases import Case
from models.installation import plan_of
from models.plan import Alarm, Department, Severity, text_of
from models.staff import Staff
from models.work import Work


async def on_card(work: Work, case: Case) -> dict[str, Any]:
    """An unconfirmed kind; severity, alarm, department by name; how it came; who is in charge while nobody has it."""
    plan = await plan_of(work, case)
    alarm = next((each for each in plan.alarm if each.id == case.alarm), None)
    in_charge = None
    if work.plan.department and case.assignee_id is None and case.unfinished:
        in_charge = await _in_charge(work, case)
    return {
        "suggested": case.suggested_kind if case.kind is None and case.unfinished else None,
        "severity": _name(work, plan.severity_named(case.severity)),
        "alarm": _name(work, alarm),
        "department": _name(work, work.plan.department_named(case.department)),
        "source": None if case.source == "telegram" else case.source,
        "in_charge": in_charge and in_charge.name,
    }


class _InCharge(dict[int, Staff | None]):
    """Who is in charge in a group of what nobody has, while this work lasts."""


async def _in_charge(work: Work, case: Case) -> Staff | None:
    known = work.memory(_InCharge)
    if case.group_id not in known:
        known[case.group_id] = await duty.holder_of(work, case)
    return known[case.group_id]


def _name(work: Work, named: Severity | Alarm | Department | None) -> str | None:
    """What staff call it."""
    return (text_of(named.name, work.plan.business.language) or named.id) if named else None
