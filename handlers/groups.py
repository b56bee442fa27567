"""Staff groups and their topics as Telegram changes them: moved, closed, deleted, rights taken."""

from handlers import staff
from handlers.doors import Place, current
from handlers.happenings import GroupMoved
from handlers.speaking import send
from models.delivery import SendClass, What, staff_lane
from models.groups import rename_chat
from models.outbox import hasten
from models.staff import StaffGroup
from models.topics import TopicState, make_live, topic_at, topic_named
from models.work import Work


async def moved_away(work: Work, place: Place) -> None:
    """The service message of a group that became a supergroup."""
    new_id = place.raw.get("migrate_to_chat_id")
    if isinstance(new_id, int):
        await moved(work, place.staff_group, new_id)
        work.happen(GroupMoved(place.staff_group))


async def moved(work: Work, group: StaffGroup, new_id: int) -> None:
    """Telegram moved the group: every stored id follows; told twice, it changes nothing more."""
    old_id = group.chat_id
    if old_id == new_id:
        return
    group.chat_id = new_id
    await work.flush()
    await rename_chat(work, old_id, new_id, group.id or 0)
    work.audit("system", "group_moved", f"group:{group.id}", before=old_id, after=new_id)


async def topic_created(work: Work, place: Place) -> None:
    """Telegram shows a topic of ours: adopt it when the answer to our call was lost, or remove a spare one."""
    made_by_us = place.user.get("username") == current.get().bot_username  # not an anonymous admin, who is a bot too
    thread_id = place.raw.get("message_thread_id")
    if not made_by_us or not isinstance(thread_id, int):
        return
    group = place.staff_group
    if await topic_at(work, group.id or 0, thread_id):
        return
    name = (place.raw.get("forum_topic_created") or {}).get("name")
    topic = await topic_named(work, group.id or 0, name)
    if topic is None:
        return  # made by hand with the bot's name on it, or by another deployment: not ours to touch
    if topic.thread_id == thread_id:
        return  # the sender recorded it between our two looks
    if topic.state is TopicState.LIVE:
        body = {"method": "deleteForumTopic", "params": {"message_thread_id": thread_id}}
        lane = staff_lane(group.id or 0, topic.customer_id)
        send(work, What.CALL, lane, body, group_id=group.id, send_class=SendClass.C)
    elif topic.state is TopicState.MAKING:
        make_live(work, topic, thread_id)


async def bot_standing(work: Work, place: Place) -> None:
    """The bot's own standing in the staff group changed; owners hear when it can no longer do its work."""
    member = place.raw.get("new_chat_member") or {}
    trouble = standing_trouble(member, place.staff_group.is_forum)
    if trouble is None and place.staff_group.trouble:
        await hasten(work, place.staff_group.id or 0)
        work.said = True
    await note_trouble(work, place.staff_group, trouble)


def standing_trouble(member: dict[str, object], is_forum: bool) -> str | None:
    """What is wrong with the bot's rights: "kicked", "not_admin", "no_topics", or None."""
    status = member.get("status")
    if status in staff.GONE:
        return "kicked"
    if status not in ("administrator", "creator"):
        return "not_admin"
    if is_forum and not member.get("can_manage_topics", True):
        return "no_topics"
    return None


async def note_trouble(work: Work, group: StaffGroup, trouble: str | None) -> None:
    """Remember what is wrong in the group; each new trouble is told to the owners once."""
    if trouble == group.trouble:
        return
    group.trouble = trouble
    if trouble:
        await staff.tell_owners(work, "delivery/group_trouble", {"group": group.title, "trouble": trouble})
