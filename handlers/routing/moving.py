"""From one department to another, perhaps in another staff group: the case, the customer's topic, the way back."""

from typing import Any

from handlers import cases, duty
from handlers.addresses import link_to
from handlers.authority import require
from handlers.happenings.cases import KindConfirmed
from handlers.refusals import Refusal
from handlers.routing import assigning
from handlers.speaking import change_in_group, tell_privately, tell_staff
from models.cases import Case, case_held
from models.customers import Customer, customer_of
from models.delivery import Priority
from models.plan import Department, text_of
from models.routing import queries
from models.routing.words import department_of
from models.staff import Staff, StaffGroup, staff_group, staff_member
from models.timeline import EventKind, remember
from models.work import Work
from templates import label

#: How much of what was said goes along to another group: messages, and characters of each.
LATEST, LONGEST = 8, 200
#: A reason is kept to the point (characters).
LONGEST_REASON = 200


async def kind_confirmed(work: Work, happening: KindConfirmed) -> None:
    """A confirmed kind brings the case to the department for it; where an agent is at work, they decide."""
    case = happening.case
    if not work.plan.department or case.kind is None or not case.unfinished:
        return
    wanted = work.plan.department_named(department_of(work.plan, case.kind, case.suggested_kind, case.subject))
    now_in = work.plan.department_named(case.department)
    if wanted is None or wanted.id == case.department or (now_in and case.kind in now_in.kinds):
        return
    customer = await customer_of(work, case)
    if case.last_agent_at is None:
        reason = label(work.plan.business.language, f"kind.{case.kind}")
        await move(work, customer, case, wanted, None, reason)
        return
    values = {"number": case.id, "department": department_name(work, wanted), "id": wanted.id}
    tell_staff(work, await staff_group(work, case.group_id), customer, "routing/could_move", values, case_id=case.id)


def department_name(work: Work, department: Department | None) -> str:
    """What staff call a department."""
    return text_of(department.name, work.plan.business.language) or department.id if department else ""


async def transfer(work: Work, case: Case, department: Department, reason: str, by: Staff) -> None:
    """Take the case to another department of the plan; raises Refusal for a finished case, and where it is there."""
    require(by)
    if not case.unfinished:
        raise Refusal("finished", number=case.id)
    if department.id == case.department:
        raise Refusal("already_there")
    await move(work, await customer_of(work, case), case, department, by, reason[:LONGEST_REASON])


async def move(work: Work, customer: Customer, case: Case, to: Department, by: Staff | None, reason: str) -> None:
    """Take the case to a department: nobody has it there yet, and that department's rule says who gets it."""
    before = work.plan.department_named(case.department)
    old_holder = await staff_member(work, case.assignee_id) if case.assignee_id else None
    old, new = await staff_group(work, case.group_id), await duty.group_of(work, to.id)
    case.department = to.id
    remember(work, case, EventKind.TRANSFERRED, by, before=before.id if before else None, after=to.id, reason=reason)
    names = {"before": department_name(work, before), "after": department_name(work, to)}
    if case.assignee_id is not None:
        cases.entrust(work, case, None)
    values = {"number": case.id, "reason": reason, **names}
    if old.id == new.id:
        tell_staff(work, new, customer, "routing/moved", values, case_id=case.id)
    else:
        await _to_group(work, customer, case, old, new, values)
    if old_holder and old_holder.started_bot:
        tell_privately(work, old_holder, "routing/moved", values, case_id=case.id)
    await assigning.give(work, case)


async def _to_group(
    work: Work, customer: Customer, case: Case, old: StaffGroup, new: StaffGroup, values: dict[str, Any]
) -> None:
    """The case leaves a group for another: there its card, what was said and the way back, here where it went."""
    await case_held(work, case.id)
    link = await link_to(work, customer, case)
    await _close_card(work, case, old, values)
    case.group_id, case.card_message_id = new.id or 0, None
    await cases.want_topic(work, customer, new)
    away = {**values, "group": new.title}
    tell_staff(
        work, old, customer, "routing/moved_away", away, link_to=(customer.id, new.id or 0), priority=Priority.NOTICE
    )
    here = {**values, "link": link, "said": await _said(work, case)}
    tell_staff(work, new, customer, "routing/moved_here", here, priority=Priority.RELAY, case_id=case.id)
    cases.post_card(work, case)


async def _close_card(work: Work, case: Case, old: StaffGroup, values: dict[str, Any]) -> None:
    """The card in the old group says where the case went, and has no buttons any more."""
    if case.card_message_id is None:
        return
    change_in_group(
        work, old.id or 0, await customer_of(work, case), case.card_message_id, "routing/card_moved", values, []
    )


async def _said(work: Work, case: Case) -> list[dict[str, str]]:
    """The latest words of both sides, in short, for those who cannot see the old group."""
    return [
        {"author": each.author.value, "text": each.text[:LONGEST]}
        for each in await queries.words_in(work, case.id, LATEST)
        if each.text
    ]
