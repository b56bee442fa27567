"""Groups: their members, topics, rights and moves."""

from ..errors import Json, Misuse
from ..messages import announce, delete_topic, open_topic, post, show_chat, topic_service
from ..world import Bot, Chat, Message, World, member_face


def group(world: World, given: Json) -> Json:
    """A group with its people; the first of them made it, the bots are admins unless said otherwise."""
    kind = given.get("type", "supergroup")
    if kind not in ("group", "supergroup"):
        raise Misuse("a group is of type group or supergroup")
    if kind == "group" and given.get("forum"):
        raise Misuse("only a supergroup has topics")
    chat = _new_group(world, kind, given.get("title", "Group"), bool(given.get("forum")))
    if given.get("username"):
        chat.face["username"] = given["username"]
    chat.linked = given.get("linked_chat_id")
    for number, user_id in enumerate(given.get("members", [])):
        chat.members[user_id] = member_face(world.account(user_id), "member" if number else "creator")
    for bot in world.bots.values():
        status = given.get("bot_status", "administrator")
        rights = given.get("bot_rights") if status == "administrator" else None
        chat.members[bot.id] = member_face(bot.user, status, rights)
    return chat.face


def _new_group(world: World, kind: str, title: str, forum: bool) -> Chat:
    if kind == "supergroup":
        chat_id = -(1_000_000_000_000 + world.serial("supergroup", 2_000_000_001))
    else:
        chat_id = -world.serial("group", 4_000_000_001)
    face: Json = {"id": chat_id, "type": kind, "title": title}
    if forum:
        face["is_forum"] = True
    # Message 1 is the group's creation: no topic may have its id.
    chat = world.groups[chat_id] = Chat(face, last_id=1)
    return chat


def _group(world: World, chat_id: int) -> Chat:
    if chat_id not in world.groups:
        raise Misuse(f"there is no group {chat_id}")
    return world.groups[chat_id]


def member(world: World, given: Json) -> Json:
    """Somebody joins, leaves, is removed, promoted or restricted, by `by` or by themselves."""
    chat = _group(world, given["chat_id"])
    person = world.account(given["user_id"])
    old = chat.members.get(person["id"]) or member_face(person, "left")
    was_present = chat.is_present(person["id"])
    new = member_face(person, given["status"], given.get("rights"))
    chat.members[person["id"]] = new
    show_chat(world.ledger, chat)
    actor = world.account(given["by"]) if given.get("by") else person
    for bot in world.bots_in(chat):
        if chat.status(bot.id) == "administrator":
            _member_update(world, bot, "chat_member", chat, actor, old, new)
    if not was_present and chat.is_present(person["id"]):
        announce(world, post(world, chat, actor, {"new_chat_members": [person]}))
    elif was_present and not chat.is_present(person["id"]):
        announce(world, post(world, chat, actor, {"left_chat_member": person}))
    return new


def bot_member(world: World, given: Json) -> Json:
    """The bot is promoted, demoted, removed or let in again."""
    bot = world.bot(given.get("bot"))
    chat = _group(world, given["chat_id"])
    old = chat.members.get(bot.id) or member_face(bot.user, "left")
    was_present = chat.is_present(bot.id)
    new = member_face(bot.user, given["status"], given.get("rights"))
    chat.members[bot.id] = new
    show_chat(world.ledger, chat)
    actor = _actor(world, chat, given)
    _member_update(world, bot, "my_chat_member", chat, actor, old, new)
    if not was_present and chat.is_present(bot.id):
        announce(world, post(world, chat, actor, {"new_chat_members": [bot.user]}))
    return new


def _actor(world: World, chat: Chat, given: Json) -> Json:
    """Who acts: `by`, or the one who made the group."""
    if given.get("by"):
        return world.account(given["by"])
    for user_id in chat.members:
        if user_id in world.users:
            return world.users[user_id]
    raise Misuse("nobody is in the group to do this: name somebody with by")


def _member_update(world: World, bot: Bot, kind: str, chat: Chat, actor: Json, old: Json, new: Json) -> None:
    payload = {
        "chat": chat.face,
        "from": actor,
        "date": world.clock.unix(),
        "old_chat_member": old,
        "new_chat_member": new,
    }
    bot.updates.push(kind, payload, ("member", chat.id))


def topic(world: World, given: Json) -> Json:
    """A person makes, renames, closes, reopens or deletes a topic; without thread_id General is meant."""
    chat = _group(world, given["chat_id"])
    if not chat.is_forum:
        raise Misuse("the group has no topics")
    actor = _actor(world, chat, given)
    action = given["action"]
    if action == "create":
        return open_topic(world, chat, actor, given["name"]).body
    place = chat.topics.get(given["thread_id"]) if given.get("thread_id") else chat.general
    if place is None or place.deleted:
        raise Misuse(f"there is no topic {given['thread_id']}")
    where = None if place is chat.general else place
    if action == "delete":
        delete_topic(world, chat, place)
        return {"deleted": place.thread_id}
    if action == "rename":
        place.name = given["name"]
        return topic_service(world, chat, where, actor, {"forum_topic_edited": {"name": place.name}}).body
    if action not in ("close", "reopen"):
        raise Misuse("a topic is created, deleted, closed, reopened or renamed")
    place.closed = action == "close"
    place.refuses = place.closed and bool(given.get("refuse"))
    service = "forum_topic_closed" if place.closed else "forum_topic_reopened"
    return topic_service(world, chat, where, actor, {service: {}}).body


def forum(world: World, given: Json) -> Json:
    """Topics are switched on or off."""
    chat = _group(world, given["chat_id"])
    chat.face.pop("is_forum", None)
    if given["is_forum"]:
        chat.face["is_forum"] = True
    return chat.face


def migrate(world: World, given: Json) -> Json:
    """A group becomes a supergroup with another id."""
    old = _group(world, given["chat_id"])
    if old.migrated_to is not None:
        raise Misuse(f"the group has already moved to {old.migrated_to}")
    new = _new_group(world, "supergroup", old.face["title"], bool(given.get("forum", old.is_forum)))
    new.members = dict(old.members)
    if given.get("announce", True):
        _service(world, old, {"migrate_to_chat_id": new.id}, given)
        _service(world, new, {"migrate_from_chat_id": old.id}, given)
    old.migrated_to = new.id
    return new.face


def _service(world: World, chat: Chat, content: Json, given: Json) -> Message:
    message = post(world, chat, _actor(world, chat, given), content)
    announce(world, message)
    return message
