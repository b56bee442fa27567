"""Where an update came from, and who speaks: the chat's meaning to us, the customer it is about, the agent."""

from collections.abc import Iterable

from handlers.chat.doors import ORIGINAL_WAIT, STAFF_PLACES, Data, Place, Where
from handlers.refusals import NotYet
from models.customers import Customer, customer_numbered, customer_of_user
from models.messages import message_at
from models.outbox import case_shown_at, customer_named_at
from models.staff import StaffGroup, staff_groups, staff_of_user
from models.topics import TopicState, topic_at
from models.work import Work


async def locate(work: Work, update: Data, bot_username: str) -> Place:
    """Where this raw update came from and who speaks. Writes nothing but whether the group has topics.

    Raises NotYet where it replies to what the bot said just now and has not recorded yet.
    """
    what = next((key for key in update if key != "update_id"), "")
    raw = update.get(what)
    if not isinstance(raw, dict):
        return Place(Where.FOREIGN, what, {})
    place = Place(Where.FOREIGN, what, raw, raw.get("from") or {}, bot_username=bot_username)
    if what in ("poll_answer", "message_reaction"):
        place.user = raw.get("user") or {}
    # A vote names no chat: the polls of ours that name their voters stand in private ones.
    chat = {"type": "private"} if what == "poll_answer" else place.message.get("chat") or {}
    user_id = place.user.get("id")
    if chat.get("type") == "private":
        place.where = Where.PRIVATE
        if isinstance(user_id, int):
            place.customer = await customer_of_user(work, user_id)
            place.agent = await staff_of_user(work, user_id)
        return place
    for group in await staff_groups(work):
        if chat.get("id") in (group.chat_id, group.configured_id):
            await _locate_in_group(work, place, group)
    if place.where in STAFF_PLACES and isinstance(user_id, int) and not place.impersonal:
        place.agent = await staff_of_user(work, user_id)
    return place


async def _locate_in_group(work: Work, place: Place, group: StaffGroup) -> None:
    place.group = group
    message = place.message
    _note_topics(group, message)
    thread_id = message.get("message_thread_id")
    if message.get("is_topic_message") and isinstance(thread_id, int):
        place.thread_id = thread_id
        topic = await topic_at(work, group.id or 0, thread_id)
        place.where = Where.TOPIC if topic else Where.GENERAL
        if topic and topic.state is not TopicState.GONE:
            place.customer = await customer_numbered(work, topic.customer_id)
        elif topic:
            place.where = Where.GENERAL
        return
    place.where = Where.GENERAL if group.is_forum else Where.PLAIN
    if place.where is Where.PLAIN:
        place.customer = await _customer_meant(work, group, place.message)
        if place.customer is None and work.age < ORIGINAL_WAIT and _replies_to_what_was_just_shown(place):
            raise NotYet  # it may not be recorded yet of whom that is


def _replies_to_what_was_just_shown(place: Place) -> bool:
    reply = place.raw.get("reply_to_message") or {}
    age = place.raw.get("date", 0) - reply.get("date", 0)
    is_bot = bool((reply.get("from") or {}).get("is_bot"))
    return place.what == "message" and is_bot and 0 <= age <= ORIGINAL_WAIT.total_seconds()


def _note_topics(group: StaffGroup, message: Data) -> None:
    """Topics are switched on and off without an update of their own: every message says how it stands."""
    chat = message.get("chat") or {}
    is_forum = bool(chat.get("is_forum") or message.get("is_topic_message"))
    if chat.get("type") == "supergroup" and group.is_forum != is_forum:
        group.is_forum = is_forum


async def _customer_meant(work: Work, group: StaffGroup, message: Data) -> Customer | None:
    """In a plain group: whose words, card or notice a message replies to, or a pressed button stands under."""
    shown = message.get("reply_to_message") or message
    telegram_id = shown.get("message_id", 0)
    words = await message_at(work, group.chat_id, telegram_id)
    if words is not None:
        return await customer_numbered(work, words.customer_id)
    case = await case_shown_at(work, group.id or 0, telegram_id)
    customer_id = case.customer_id if case else await customer_named_at(work, group.id or 0, telegram_id)
    return await customer_numbered(work, customer_id) if customer_id else None


def threads_of(updates: Iterable[Data]) -> tuple[list[int], list[str]]:
    """The threads in which these updates' messages stand, and the names of topics that they say were made."""
    threads, names = [], []
    for message in (update.get("message") for update in updates):
        if not isinstance(message, dict):
            continue
        thread_id, made = message.get("message_thread_id"), message.get("forum_topic_created")
        if isinstance(thread_id, int) and 0 < thread_id < 2**53:  # what databases take
            threads.append(thread_id)
        if isinstance(made, dict) and isinstance(name := made.get("name"), str):
            names.append(name)
    return threads, names
