"""What waited in the outbox of the version before, as calls of Telegram's, is said by the same calls afterwards."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import command
from sqlalchemy.engine import Connection
from sqlmodel import col, select
from sqlmodel.sql.sqltypes import UTCDateTime

from handlers import open_database
from handlers.delivery.composing import compose
from handlers.delivery.parcels import Parcel
from models.base import Json
from models.customers import Customer
from models.database import Database
from models.delivery import Outbox
from models.messages import Author, Message, MessageLink
from models.migrations import configuration
from models.plan import Plan
from models.staff import StaffGroup
from models.topics import Topic, TopicState

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
OF_NO_ACCOUNT = ("chat_id", "link_preview_options")
CUSTOMER, GROUP, THREAD, SHOWN = 70, -100, 55, 900
PRESS = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes:1"}], [{"text": "No", "callback_data": "no:1"}]]}
NO_PRESS: dict[str, Any] = {"inline_keyboard": []}
KEYS = {
    "keyboard": [[{"text": "Complaint"}], [{"text": "My number", "request_contact": True}]],
    "resize_keyboard": True,
    "is_persistent": True,
}
BOLD = [{"type": "bold", "offset": 0, "length": 2}]
OURS = {"text": "<b>Hello</b>", "parse_mode": "HTML"}
ALBUM = {"items": [{"telegram_id": 31, "message_id": 5}, {"telegram_id": 32, "message_id": 5}]}
PHOTO = {"type": "photo", "media": "file-1", "caption": "a leak", "caption_entities": BOLD}
TO_CUSTOMER: dict[str, Any] = {"chat_id": CUSTOMER, "customer_id": 7, "message_id": 5}
TO_STAFF: dict[str, Any] = {"chat_id": None, "customer_id": 7, "group_id": 1, "message_id": 5}
TO_GROUP: dict[str, Any] = {"chat_id": None, "customer_id": None, "group_id": 1, "message_id": None}

#: To whom, and a call as it was frozen, which is also what is to be called.
CALLS: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    (TO_CUSTOMER, "sendMessage", OURS),
    (TO_CUSTOMER, "sendMessage", {**OURS, "reply_markup": PRESS}),
    (TO_CUSTOMER, "sendMessage", {**OURS, "reply_markup": KEYS}),
    (TO_CUSTOMER, "sendMessage", {"text": "an agent's <words>", "entities": []}),
    (TO_CUSTOMER, "sendMessage", {"text": "an agent's words", "entities": BOLD}),
    (TO_CUSTOMER, "editMessageText", {"message_id": 41, **OURS, "reply_markup": PRESS}),
    (TO_CUSTOMER, "editMessageText", {"message_id": 41, **OURS, "reply_markup": NO_PRESS}),
    (TO_CUSTOMER, "editMessageReplyMarkup", {"message_id": 41, "reply_markup": NO_PRESS}),
    (
        TO_CUSTOMER,
        "sendPoll",
        {
            "question": "Which?",
            "options": [{"text": "a"}, {"text": "b"}],
            "is_anonymous": False,
            "allows_multiple_answers": True,
        },
    ),
    (TO_CUSTOMER, "stopPoll", {"message_id": 41}),
    (TO_GROUP, "editMessageText", {"message_id": 41, **OURS}),  # the card of a case that moved away
    (TO_GROUP, "editMessageText", {"message_id": 41, **OURS, "reply_markup": PRESS}),
    (TO_GROUP, "editMessageText", {"message_id": 41, "text": "late\nWang has it", "entities": BOLD}),
    (TO_GROUP, "editMessageText", {"message_id": 41, "text": "late\nWang has it", "entities": []}),
    (TO_GROUP, "editMessageReplyMarkup", {"message_id": 41, "reply_markup": NO_PRESS}),
    (TO_STAFF, "editMessageText", {"message_id": 41, **OURS, "reply_markup": PRESS}),  # a form in the topic
    (TO_GROUP, "deleteForumTopic", {"message_thread_id": 66}),
    (TO_GROUP, "reopenForumTopic", {"message_thread_id": 66}),
    (TO_GROUP, "sendPoll", {"question": "?", "options": [{"text": "a"}], "is_anonymous": True}),
    (
        TO_GROUP,
        "sendPoll",
        {"question": "?", "options": [{"text": "a"}], "is_anonymous": True, "message_thread_id": 66},
    ),
]
#: Changes of what a link points at: they find out where it stands.
EDITS: list[tuple[str, dict[str, Any]]] = [
    ("editMessageText", {"text": "an agent's words", "entities": BOLD}),
    ("editMessageText", {"text": "an agent's words", "entities": []}),
    ("editMessageCaption", {"caption": "a leak", "caption_entities": BOLD}),
    ("editMessageMedia", {"media": PHOTO}),
    ("editMessageText", {**OURS, "reply_markup": PRESS}),
    ("deleteMessage", {}),
]
_COPY = {"from_chat_id": 70, "kind": "photo", "text": "x"}
_TOPIC = {"message_thread_id": THREAD}
_BOTH = {"from_chat_id": 70, "message_ids": [31, 32]}
#: Other rows: to whom, what, its body, and the call that it has always meant.
ROWS: list[tuple[dict[str, Any], str, dict[str, Any], str, dict[str, Any]]] = [
    (
        TO_STAFF,
        "words",
        {"text": "help", "entities": BOLD},
        "sendMessage",
        {"text": "help", "entities": BOLD, **_TOPIC},
    ),
    (
        TO_STAFF,
        "words",
        {"text": "help", "entities": None, "quiet": True},
        "sendMessage",
        {"text": "help", **_TOPIC, "disable_notification": True},
    ),
    (
        TO_STAFF,
        "copy",
        {"method": "copyMessage", "message_ids": [31], **_COPY},
        "copyMessage",
        {"from_chat_id": 70, "message_id": 31, **_TOPIC},
    ),
    (
        TO_STAFF,
        "copy",
        {"method": "forwardMessage", "message_ids": [31], **_COPY},
        "forwardMessage",
        {"from_chat_id": 70, "message_id": 31, **_TOPIC},
    ),
    (
        TO_STAFF,
        "copy",
        {"method": "copyMessage", "message_ids": [31], **_COPY, "forward": True},
        "forwardMessage",
        {"from_chat_id": 70, "message_id": 31, **_TOPIC},
    ),
    (TO_STAFF, "copy", {"method": "copyMessages", **ALBUM, **_COPY}, "copyMessages", {**_BOTH, **_TOPIC}),
    (
        TO_STAFF,
        "copy",
        {"method": "copyMessages", **ALBUM, **_COPY, "forward": True},
        "forwardMessages",
        {**_BOTH, **_TOPIC},
    ),
    (
        TO_CUSTOMER,
        "copy",
        {"method": "copyMessages", **ALBUM, "from_group_id": 1, "kind": "photo", "text": "", "singly": True},
        "copyMessage",
        {"from_chat_id": GROUP, "message_id": 31},
    ),
    (
        TO_STAFF,
        "say",
        {"template": "routing/read_out", "values": {"text": "x"}, "buttons": PRESS["inline_keyboard"]},
        "sendMessage",
        {"text": None, "parse_mode": "HTML", "reply_markup": PRESS, **_TOPIC},
    ),
    (
        TO_GROUP,
        "say",
        {"template": "routing/read_out", "values": {"text": "x"}, "answers": 12, "thread_id": 66, "plain": True},
        "sendMessage",
        {
            "text": None,
            "reply_parameters": {"message_id": 12, "allow_sending_without_reply": True},
            "message_thread_id": 66,
        },
    ),
    # Those whose formatting Telegram has refused.
    (
        TO_CUSTOMER,
        "call",
        {"method": "sendMessage", "params": {"text": "<b>", "reply_markup": PRESS}, "plain": True, "entities": None},
        "sendMessage",
        {"text": "<b>", "reply_markup": PRESS},
    ),
    (
        TO_CUSTOMER,
        "call",
        {"method": "sendMessage", "params": {"text": "<b>"}, "plain": True, "entities": None},
        "sendMessage",
        {"text": "<b>"},
    ),
    (
        TO_GROUP,
        "call",
        {
            "method": "editMessageText",
            "params": {"message_id": 41, "text": "<b>", "reply_markup": PRESS},
            "plain": True,
            "entities": None,
        },
        "editMessageText",
        {"message_id": 41, "text": "<b>", "reply_markup": PRESS},
    ),
]


def old_rows() -> tuple[list[dict[str, Any]], list[tuple[str, dict[str, Any]]]]:
    """All rows that may wait, and what is to be called for each."""
    found = [(whom, "call", {"method": method, "params": params}, method, params) for whom, method, params in CALLS]
    found += [
        (TO_CUSTOMER, "edit", {"method": method, "params": params}, method, {**params, "message_id": SHOWN})
        for method, params in EDITS
    ]
    rows, calls = [], []
    for number, (whom, what, body, method, params) in enumerate([*found, *ROWS]):
        row = {"id": number + 1, "lane": "x", "priority": 0, "send_class": "A", "what": what, "body": body, "cost": 1}
        row |= {"size": 0, "created_at": NOW, "attempts": 0, "maybe_repeated": False, "group_id": None, **whom}
        rows.append({**row, "state": ("new", "sending")[number % 2]})
        calls.append((method, params))
    return rows, calls


def put(connection: Connection, rows: list[dict[str, Any]]) -> None:
    command.upgrade(configuration(connection), "0018")
    types: dict[str, Any] = {"body": Json, "created_at": UTCDateTime(), "maybe_repeated": sa.Boolean()}
    connection.execute(sa.insert(sa.table("outbox", *(sa.column(key, types.get(key)) for key in rows[0]))), rows)


def bare(params: dict[str, Any]) -> dict[str, Any]:
    """No formatting is the same as an empty list of it; of links, staff see no previews any more."""
    return {key: value for key, value in params.items() if value != [] and key not in OF_NO_ACCOUNT}


async def calls_of(database: Database) -> list[tuple[str, dict[str, Any]]]:
    found = []
    async with database.work(lambda: NOW, Plan()) as work:
        waiting = select(Outbox).where(col(Outbox.state).in_(("new", "sending"))).order_by(col(Outbox.id))
        for row in await work.all(waiting):
            parcel = Parcel([row])
            await compose(work, parcel)
            assert parcel.params["chat_id"] == (GROUP if row.group_id else CUSTOMER)
            found.append((parcel.method, bare(parcel.params)))
    return found


async def test_every_row_that_waited_is_said_by_the_same_call_and_on_the_way_back_too(database_url: str) -> None:
    database = open_database(database_url, lambda: NOW)
    rows, expected = old_rows()
    gone = [{**rows[0], "id": 901, "state": "sent"}, {**rows[0], "id": 902, "state": "dead", "what": "edit"}]
    async with database.engine.begin() as connection:
        await connection.run_sync(put, [*rows, *gone])
        await connection.run_sync(lambda found: command.upgrade(configuration(found), "head"))
    async with database.work(lambda: NOW, Plan()) as work:
        work.add(StaffGroup(id=1, configured_id=GROUP, chat_id=GROUP))
        work.add(Customer(id=7, user_id=CUSTOMER, name="Li", language="en", created_at=NOW))
        await work.flush()
        topic = Topic(customer_id=7, group_id=1, name="Li", wanted_at=NOW, thread_id=THREAD, state=TopicState.LIVE)
        work.add(topic)
        work.add(Message(id=5, customer_id=7, author=Author.AGENT, kind="text", written_at=NOW))
        await work.flush()
        work.add(MessageLink(message_id=5, chat_id=CUSTOMER, telegram_id=SHOWN))
    told = await calls_of(database)
    for (method, params), (had, wanted) in zip(told, expected, strict=True):
        if wanted.get("text", "") is None:
            params["text"] = None  # a template's, said in words of its own
        assert (method, params) == (had, bare(wanted))
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda found: command.downgrade(configuration(found), "0018"))
        old = sa.table("outbox", sa.column("id"), sa.column("what"), sa.column("body", Json))
        back = {row.id: (row.what, row.body) for row in await connection.execute(sa.select(old))}
    for row in rows:
        assert comparable(*back[row["id"]]) == comparable(row["what"], row["body"])
    assert {back[901][0], back[902][0]} <= {"say", "edit"}
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda found: command.upgrade(configuration(found), "head"))
    again = await calls_of(database)
    await database.close()
    assert [(method, params | {"text": None}) for method, params in again] == [
        (method, params | {"text": None}) for method, params in told
    ]


def comparable(what: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A row but for what makes no difference."""
    if what == "copy" and body.get("forward"):
        return what, {**body, "method": ""}  # "forward" wins
    if what == "copy" and body["method"] == "forwardMessage":
        return what, {**body, "method": "", "forward": True}
    params = {"params": bare(body["params"])} if "params" in body else {}
    return what, {key: value for key, value in {**body, **params}.items() if value is not None}
