"""Approvals: what wants a yes is asked, decided by somebody with the right, or runs out.

What follows from a yes or no stands in `AFTER_DECISION` in `handlers/__init__.py`, by kind.
"""

from datetime import datetime
from typing import Any

from handlers.authority import require
from handlers.happenings.people import Decided, RanOut
from handlers.refusals import Refusal
from handlers.speaking import Buttons, button, tell_privately, tell_staff
from models.approvals import (
    RULES,
    Approval,
    ApprovalKind,
    Decision,
    No,
    matter_gone,
    overdue_approvals,
)
from models.customers import customer_numbered
from models.delivery import Priority
from models.staff import Staff, staff_group, staff_member
from models.work import Work
from templates import label

Columns = dict[str, Any]
#: How many run out in one transaction.
AT_ONCE = 100


async def ask(
    work: Work, kind: ApprovalKind, by: Staff, where: Columns, *, before: datetime | None = None, **about: Any
) -> Approval:
    """Ask for a yes. `where` are the columns that say where the question stands, `about` those that say what it is.

    `before` is when it is of no use any more. Whoever calls this shows the question, with `choices` under it.
    """
    runs_out = work.now + RULES[kind].lasts
    approval = Approval(
        kind=kind,
        asked_by_id=by.id or 0,
        asked_at=work.now,
        expires_at=min(runs_out, before or runs_out),
        **where,
        **about,
    )
    work.add(approval)
    await work.flush()
    return approval


def choices(approval: Approval, language: str) -> Buttons:
    """The two buttons under the question."""
    words = {answer: label(language, f"approval.{approval.kind}_{answer}") for answer in ("yes", "no")}
    return [[button(text, f"approval:{approval.id}:{answer}") for answer, text in words.items()]]


async def decide(work: Work, approval: Approval, by: Staff, yes: bool) -> None:
    """Say yes or no; raises Refusal where this person may not, it is decided, has run out or its matter is gone."""
    require(by)
    why = approval.why_not(by, yes, work.now) or await matter_gone(work, approval)
    if why is not None:
        raise await _refusal(work, approval, why)
    approval.decision = Decision.YES if yes else Decision.NO
    approval.decided_by_id, approval.decided_at = by.id, work.now
    work.happen(Decided(approval, by, yes))


async def _refusal(work: Work, approval: Approval, why: No) -> Refusal:
    if why.key != "approval_decided":
        return Refusal(why.key, **why.values)
    if approval.decided_by_id is None:
        return Refusal("stale")
    return Refusal(why.key, name=(await staff_member(work, approval.decided_by_id)).name)


async def run_out(work: Work) -> bool:
    """What nobody decided in time is over; whether there was any."""
    overdue = await overdue_approvals(work, AT_ONCE)
    for approval in overdue:
        approval.decision, approval.decided_at = Decision.RAN_OUT, work.now
        work.happen(RanOut(approval))
    return bool(overdue)


async def tell_where_asked(work: Work, approval: Approval, template: str, values: dict[str, Any]) -> None:
    """Say what became of it where it was asked, in reply to the question where that is known."""
    if approval.group_id is None:
        asker = await staff_member(work, approval.asked_by_id)
        tell_privately(work, asker, template, values, priority=Priority.ANSWER)
        return
    tell_staff(
        work,
        await staff_group(work, approval.group_id),
        await customer_numbered(work, approval.topic_of_id) if approval.topic_of_id else None,
        template,
        values,
        answers=approval.message_id,
        thread_id=approval.thread_id,
        priority=Priority.ANSWER,
    )


async def language_asked(work: Work, approval: Approval) -> str:
    """The language of what is said where it was asked: the asker's in private, the business's among staff."""
    if approval.group_id is not None:
        return work.plan.business.language
    return (await staff_member(work, approval.asked_by_id)).language
