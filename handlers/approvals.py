"""Approvals: what wants a yes is asked, decided by somebody with the right, or runs out.

What follows from a yes or no stands in `AFTER_DECISION` in `handlers/__init__.py`, by kind.
"""

from datetime import datetime
from typing import Any

from handlers.doors import Place, Refusal, Where
from handlers.happenings import Decided, RanOut
from handlers.speaking import Buttons, answer_press, button, tell_privately, tell_staff
from models.approvals import (
    RULES,
    Approval,
    ApprovalKind,
    Decision,
    No,
    approval_numbered,
    approval_of_wave,
    latest_candidacy,
    matter_gone,
    overdue_approvals,
)
from models.customers import customer_numbered
from models.delivery import Priority
from models.staff import Staff, staff_group, staff_member
from models.work import Work
from templates import has_label, label

Columns = dict[str, Any]
#: Buttons that stand in chats from before there were approvals; they are good until what they ask for runs out.
OLD_BUTTONS = ("tier_yes", "tier_no", "wave", "approve", "refuse")
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


# -- doors


def where_asked(place: Place) -> Columns:
    """The columns that say where something is asked, for `ask`: where staff are answered, too."""
    if place.where is Where.PRIVATE:
        return {}
    topic_of = place.customer if place.where is Where.TOPIC else None
    return {
        "group_id": place.staff_group.id,
        "topic_of_id": topic_of.id if topic_of else None,
        "thread_id": None if topic_of else place.thread_id,
    }


async def press(work: Work, place: Place) -> None:
    """The button under a question; its data counts only where the question stands."""
    approval, answer = await _meant(work, place)
    if approval is None or answer not in ("yes", "no"):
        raise Refusal("stale")
    await decide(work, approval, place.speaker, answer == "yes")
    if place.where is not Where.PRIVATE:
        approval.message_id = place.message.get("message_id")
        for column, here in where_asked(place).items():
            setattr(approval, column, here)
    said = f"approval_toast.{approval.kind}_{answer}"
    language = place.speaker.language
    text = label(language, said, number=approval.wave_id) if has_label(language, said) else ""
    answer_press(work, place.raw["id"], text)


async def _meant(work: Work, place: Place) -> tuple[Approval | None, str]:
    action, number, answer = [*place.text.split(":"), "", ""][:3]
    key = int(number) if number.isdecimal() and len(number) < 18 else 0
    if action == "approval":
        approval = await approval_numbered(work, key)
        return approval if approval and _stands_here(approval, place) else None, answer
    # Of the old ones nobody wrote down where they stand.
    if action == "wave":
        return await approval_of_wave(work, key), {"go": "yes"}.get(answer, answer)
    if action in ("tier_yes", "tier_no"):
        return await approval_numbered(work, key), action.removeprefix("tier_")
    group_id = place.group.id if place.group else None
    return await latest_candidacy(work, key, group_id or 0), {"approve": "yes", "refuse": "no"}[action]


def _stands_here(approval: Approval, place: Place) -> bool:
    if place.where is Where.PRIVATE:
        return approval.group_id is None and approval.asked_by_id == place.speaker.id
    return approval.group_id == place.staff_group.id
