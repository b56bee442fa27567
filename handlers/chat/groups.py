"""What Telegram itself says about staff groups: moved, a topic made, the bot's own standing."""

from typing import Any

from handlers import groups
from handlers.chat.doors import Place
from models.work import Work

#: A member with one of these has no part in the group any more.
GONE = ("left", "kicked")


async def moved_away(work: Work, place: Place) -> None:
    """The service message of a group that became a supergroup."""
    new_id = place.raw.get("migrate_to_chat_id")
    if isinstance(new_id, int):
        await groups.moved(work, place.staff_group, new_id)


async def topic_created(work: Work, place: Place) -> None:
    """Telegram shows a topic; those that others made are not ours to touch."""
    made_by_us = place.user.get("username") == place.bot_username  # not an anonymous admin, who is a bot too
    thread_id = place.raw.get("message_thread_id")
    if made_by_us and isinstance(thread_id, int):
        name = (place.raw.get("forum_topic_created") or {}).get("name")
        await groups.adopt_topic(work, place.staff_group, thread_id, name)


async def bot_standing(work: Work, place: Place) -> None:
    """The bot's own standing in the staff group changed; owners hear when it can no longer do its work."""
    member = place.raw.get("new_chat_member") or {}
    await groups.note_standing(work, place.staff_group, standing_trouble(member, place.staff_group.is_forum))


def sits_there(member: Any) -> bool | None:
    """Whether somebody sits in a group, by Telegram's object for it; None for what we cannot read."""
    status = member.get("status") if isinstance(member, dict) else None
    if status == "restricted":
        return bool(member.get("is_member"))
    if status in ("member", "administrator", "creator"):
        return True
    return False if status in GONE else None


def standing_trouble(member: dict[str, Any], is_forum: bool) -> str | None:
    """What is wrong with the bot's rights, by Telegram's word on its membership."""
    status = member.get("status")
    if status in GONE:
        return "kicked"
    if status not in ("administrator", "creator"):
        return "not_admin"
    if is_forum and not member.get("can_manage_topics", True):
        return "no_topics"
    return None
