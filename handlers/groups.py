"""Staff groups and their topics as they change: moved, closed, deleted, rights taken."""

from handlers import staff
from handlers.happenings.people import GroupMoved
from handlers.speaking import send
from models.delivery import SendClass, What, staff_lane
from models.groups import rename_chat
from models.outbox import hasten
from models.staff import StaffGroup
from models.topics import TopicState, make_live, topic_at, topic_named
from models.work import Work


async def moved(work: Work, group: StaffGroup, new_id: int) -> None:
    """The group has another id: every stored one follows; told twice, it changes nothing more."""
    old_id = group.chat_id
    if old_id == new_id:
        return
    group.chat_id = new_id
    await work.flush()
    await rename_chat(work, old_id, new_id, group.id or 0)
    work.audit(None, "group_moved", f"group:{group.id}", before=old_id, after=new_id)
    work.happen(GroupMoved(group))


async def adopt_topic(work: Work, group: StaffGroup, thread_id: int, name: str | None) -> None:
    """A topic that we made shows up: it is taken where the answer to our call was lost, or removed as a spare one."""
    if await topic_at(work, group.id or 0, thread_id):
        return
    topic = await topic_named(work, group.id or 0, name)
    if topic is None:
        return  # made by hand with the bot's name on it, or by another deployment: not ours to touch
    if topic.thread_id == thread_id:
        return  # the sender recorded it between our two looks
    if topic.state is TopicState.LIVE:
        drop_topic(work, group.id or 0, topic.customer_id, thread_id)
    elif topic.state is TopicState.MAKING:
        make_live(work, topic, thread_id)


def drop_topic(work: Work, group_id: int, customer_id: int, thread_id: int) -> None:
    """Remove a topic that was made once too often."""
    lane = staff_lane(group_id, customer_id)
    send(work, What.DROP_TOPIC, lane, {"thread_id": thread_id}, group_id=group_id, send_class=SendClass.C)


async def note_standing(work: Work, group: StaffGroup, trouble: str | None) -> None:
    """What we may do in the group has changed: "kicked", "not_admin", "no_topics", or None for all that we need."""
    if trouble is None and group.trouble:
        await hasten(work, group.id or 0)
        work.said = True
    if trouble != "kicked":
        await staff.offer_team(work, group)
    await note_trouble(work, group, trouble)


async def note_trouble(work: Work, group: StaffGroup, trouble: str | None) -> None:
    """Remember what is wrong in the group; each new trouble is told to the owners once."""
    if trouble == group.trouble:
        return
    group.trouble = trouble
    if trouble:
        await staff.tell_owners(work, "delivery/group_trouble", {"group": group.title, "trouble": trouble})
