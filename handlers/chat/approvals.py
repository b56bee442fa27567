"""The button under a question that wants a yes, and where such a question stands."""

from typing import Any

from handlers import approvals
from handlers.chat.doors import Place, Where, answer_press
from handlers.chat.presses import pressed
from handlers.refusals import Refusal
from models.approvals import Approval, approval_numbered, approval_of_wave, latest_candidacy
from models.work import Work
from templates import has_label, label

#: Buttons that stand in chats from before there were approvals; they are good until what they ask for runs out.
OLD_BUTTONS = ("tier_yes", "tier_no", "wave", "approve", "refuse")


def where_asked(place: Place) -> dict[str, Any]:
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
    await approvals.decide(work, approval, place.speaker, answer == "yes")
    if place.where is not Where.PRIVATE:
        approval.message_id = place.message.get("message_id")
        for column, here in where_asked(place).items():
            setattr(approval, column, here)
    said = f"approval_toast.{approval.kind}_{answer}"
    language = place.speaker.language
    text = label(language, said, number=approval.wave_id) if has_label(language, said) else ""
    answer_press(work, place, text)


async def _meant(work: Work, place: Place) -> tuple[Approval | None, str]:
    press = pressed(place)
    action, key, answer = press.action, press.number(), press.word(1)
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
