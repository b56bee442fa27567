"""The first things at a start: whose database this is, where staff sit, and which commands the menus show."""

from typing import Any

from sqlmodel import select

from handlers import groups, staff
from models.staff import COUNTERS, Counter, Installation, StaffGroup
from models.work import Work
from templates import LANGUAGES, label

CUSTOMER_COMMANDS = ("start", "mycases", "language", "help", "privacy")
STAFF_COMMANDS = ("claim", "resolve", "close", "reopen", "case", "note", "recall", "role", "help")


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
        for name in COUNTERS:
            work.add(Counter(name=name))
    if found.bot_id != bot_id:
        raise AnotherBot(
            f"this database belongs to the bot @{found.bot_username} ({found.bot_id}), the token to @{username} "
            f"({bot_id}); use that bot's token, or another DATABASE_URL"
        )
    found.bot_username = username
    await staff.appoint_owners(work, owner_ids, found.owner_ids)
    found.owner_ids = list(owner_ids)
    group: StaffGroup | None = await work.first(select(StaffGroup).order_by(StaffGroup.id))  # type: ignore[arg-type]
    if group is None:
        group = StaffGroup(configured_id=configured_id, chat_id=configured_id)
        work.add(group)
    elif configured_id not in (group.configured_id, group.chat_id):
        # The operator named another group: customers get their topics there.
        work.audit("system", "group_set", f"group:{group.id}", before=group.chat_id, after=configured_id)
        await work.leave_group(group)
        group.configured_id = group.chat_id = configured_id
        group.trouble = None
    await work.flush()
    return group


async def meet_group(work: Work, chat_id: int, chat: dict[str, Any] | None, member: dict[str, Any] | None) -> None:
    """Take over what Telegram says of the staff group and of our standing there; None where it did not answer."""
    group = (await work.groups())[0]
    if group.chat_id != chat_id:
        await groups.moved(work, group, chat_id)
    if chat is not None:
        group.title = str(chat.get("title") or "")
        group.is_forum = bool(chat.get("is_forum"))
    if member is not None:
        await groups.note_trouble(work, group, groups.standing_trouble(member, group.is_forum))


async def let_time_pass(work: Work, seconds: int) -> int:
    """Move people's time (due times, shown times) on, for the demo; returns how far ahead it is now, in seconds."""
    found: Installation | None = await work.first(select(Installation).with_for_update())
    assert found is not None  # noqa: S101 - a bot has started on this database
    found.ahead_seconds += seconds
    return found.ahead_seconds


def menus(chat_id: int) -> list[dict[str, Any]]:
    """What setMyCommands is to be called with: customers' chats and the staff group, in each language."""
    found = []
    for language in LANGUAGES:
        for scope, names, section in (
            ({"type": "all_private_chats"}, CUSTOMER_COMMANDS, "customer_menu"),
            ({"type": "chat", "chat_id": chat_id}, STAFF_COMMANDS, "staff_menu"),
        ):
            commands = [{"command": name, "description": label(language, f"{section}.{name}")} for name in names]
            params: dict[str, Any] = {"commands": commands, "scope": scope}
            # English is also what everybody sees whose language we do not have.
            found += [params] if language == "en" else [{**params, "language_code": language}]
    return found
