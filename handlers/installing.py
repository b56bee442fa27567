"""The first things at a start: whose database this is, and where staff sit."""

from sqlmodel import select

from handlers import groups, staff
from models.groups import leave_group
from models.installation import COUNTERS, Installation
from models.staff import StaffGroup, add_staff_group, staff_group, staff_groups
from models.standings import forget_answers
from models.work import Counter, Work


class AnotherBot(Exception):
    """The database belongs to another bot."""


async def install(
    work: Work, bot_id: int, username: str, configured_id: int, owner_ids: tuple[int, ...]
) -> StaffGroup:
    """Tie the database to this bot, name its staff group and owners; raises AnotherBot. Returns the group."""
    await work.alone("install")
    found: Installation | None = await work.first(select(Installation))
    if found is None:
        found = Installation(bot_id=bot_id, bot_username=username)
        work.add(found)
    await begin_counting(work)
    if found.bot_id != bot_id:
        raise AnotherBot(
            f"this database belongs to the bot @{found.bot_username} ({found.bot_id}), the token to @{username} "
            f"({bot_id}); use that bot's token, or another DATABASE_URL"
        )
    found.bot_username = username
    await staff.appoint_owners(work, owner_ids, found.owner_ids)
    found.owner_ids = list(owner_ids)
    await forget_answers(work)
    group: StaffGroup | None = await work.first(select(StaffGroup).order_by(StaffGroup.id))  # type: ignore[arg-type]
    if group is None:
        group = StaffGroup(configured_id=configured_id, chat_id=configured_id)
        work.add(group)
    elif configured_id not in (group.configured_id, group.chat_id):
        # The operator named another group: customers get their topics there.
        work.audit(None, "group_set", f"group:{group.id}", before=group.chat_id, after=configured_id)
        await leave_group(work, group)
        group.configured_id = group.chat_id = configured_id
        group.trouble = None
    await work.flush()
    return group


async def begin_counting(work: Work) -> None:
    """Make the counters that are missing, as in tables that are new."""
    known = set(await work.all(select(Counter.name)))
    if known.issuperset(COUNTERS):
        return
    await work.alone("counters")
    known = set(await work.all(select(Counter.name)))
    for name in COUNTERS:
        if name not in known:
            work.add(Counter(name=name))
    await work.flush()


async def meet_departments(work: Work) -> list[StaffGroup]:
    """Know the groups of the plan's departments; returns every staff group, the main one first."""
    known = {chat_id for group in await staff_groups(work) for chat_id in (group.chat_id, group.configured_id)}
    for department in work.plan.department:
        if department.group != "main" and int(department.group) not in known:
            known.add(int(department.group))
            add_staff_group(work, StaffGroup(configured_id=int(department.group), chat_id=int(department.group)))
    await work.flush()
    return await staff_groups(work)


async def meet_group(work: Work, group_id: int, chat_id: int, title: str | None, is_forum: bool | None) -> StaffGroup:
    """Take over what the channel says of a staff group (None where it did not answer); returns the group."""
    group = await staff_group(work, group_id)
    if group.chat_id != chat_id:
        await groups.moved(work, group, chat_id)
    group.title = group.title if title is None else title
    group.is_forum = group.is_forum if is_forum is None else is_forum
    return group


async def let_time_pass(work: Work, seconds: int) -> int:
    """Move people's time (due times, shown times) on, for the demo; returns how far ahead it is now, in seconds."""
    found: Installation | None = await work.first(select(Installation).with_for_update())
    assert found is not None  # noqa: S101 - a bot has started on this database
    found.ahead_seconds += seconds
    return found.ahead_seconds
