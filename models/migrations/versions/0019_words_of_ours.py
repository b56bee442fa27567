"""words of ours

Revision: 0019

What waits in the outbox is said in words of ours and no longer as calls of Telegram's. Rows that have gone keep what
they said: nobody reads it again.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from models.base import Json

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_OUTBOX = sa.table(
    "outbox",
    sa.column("id", sa.BigInteger()),
    sa.column("group_id", sa.BigInteger()),
    sa.column("what", AutoString()),
    sa.column("state", AutoString()),
    sa.column("body", Json),
)
AT_ONCE = 1000
WAITING = ("new", "sending")


def upgrade() -> None:
    """Forward."""
    connection = op.get_bind()
    _rewrite_waiting(connection, _in_words)
    # So that no row has a name that the program does not know.
    gone = sa.update(_OUTBOX).where(_OUTBOX.c.state.not_in(WAITING))
    connection.execute(gone.where(_OUTBOX.c.what == "call").values(what="say"))
    connection.execute(gone.where(_OUTBOX.c.what == "edit").values(what="change"))


def downgrade() -> None:
    """Back."""
    connection = op.get_bind()
    _rewrite_waiting(connection, _as_call)
    unknown = _OUTBOX.c.what.not_in(("call", "words", "copy", "say", "card", "topic", "edit"))
    connection.execute(sa.update(_OUTBOX).where(_OUTBOX.c.state.not_in(WAITING), unknown).values(what="edit"))


def _rewrite_waiting(connection: sa.Connection, anew: Callable[[Any], tuple[str, dict[str, Any]]]) -> None:
    last = 0
    waiting = sa.select(_OUTBOX).where(_OUTBOX.c.state.in_(WAITING)).order_by(_OUTBOX.c.id).limit(AT_ONCE)
    while rows := connection.execute(waiting.where(_OUTBOX.c.id > last)).all():
        last = rows[-1].id
        changed = [{"row": row.id, "now": what, "says": body} for row in rows for what, body in [anew(row)]]
        change = sa.update(_OUTBOX).where(_OUTBOX.c.id == sa.bindparam("row"))
        values = {"what": sa.bindparam("now"), "body": sa.bindparam("says", type_=Json)}
        connection.execute(change.values(**values), changed)


# -- forward


def _in_words(row: Any) -> tuple[str, dict[str, Any]]:
    body = dict(row.body)
    if body.get("buttons"):
        body["buttons"] = _buttons(body["buttons"])
    if row.what == "copy":
        carried = "forwarded" if body.pop("forward", False) or body["method"].startswith("forward") else "copied"
        body.pop("method")
        return "copy", {**body, "carried": carried}
    if row.what not in ("call", "edit"):
        return row.what, body
    method, params = body.pop("method"), dict(body.pop("params"))
    if body.get("plain") and "reply_markup" in params:
        params["parse_mode"] = "HTML"  # it is ours, and Telegram refused its formatting
    what, said = _CALLS[method](method, params)
    return what, {**body, **said}


def _buttons(rows: list[list[dict[str, str]]]) -> list[list[dict[str, str]]]:
    return [[{"text": each["text"], "press": each.get("callback_data", "")} for each in row] for row in rows]


def _marked(params: dict[str, Any]) -> dict[str, Any]:
    """Buttons or keyboard of a call."""
    markup = params.get("reply_markup") or {}
    if "inline_keyboard" in markup:
        return {"buttons": _buttons(markup["inline_keyboard"])}
    keys = [
        [{"text": key["text"], **({"asks_contact": True} if key.get("request_contact") else {})} for key in row]
        for row in markup.get("keyboard", ())
    ]
    return {"keyboard": keys} if keys else {}


def _message(_method: str, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if params.get("parse_mode") or "reply_markup" in params:
        return "say", {"text": params["text"], **_marked(params)}
    return "words", {"text": params.get("text", ""), "entities": params.get("entities") or []}


def _change(method: str, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    said: dict[str, Any] = {"at": params["message_id"]} if "message_id" in params else {}
    if method == "editMessageReplyMarkup":
        return "change", {**said, "buttons": []}
    if method == "editMessageMedia":
        media = dict(params["media"])
        text = {"caption": media.pop("caption", ""), "entities": media.pop("caption_entities", [])}
        return "change", {**said, "media": media, **text}
    if method == "editMessageCaption":
        return "change", {**said, "caption": params["caption"], "entities": params.get("caption_entities", [])}
    if params.get("parse_mode"):
        return "change", {**said, "text": params["text"], **_marked(params)}
    return "change", {**said, "words": params["text"], "entities": params.get("entities", [])}


def _recall(_method: str, _params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "recall", {}


def _topic(method: str, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    what = "drop_topic" if method == "deleteForumTopic" else "open_topic"
    return what, {"thread_id": params["message_thread_id"]}


def _poll(method: str, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if method == "stopPoll":
        return "close_poll", {"at": params["message_id"]}
    return "poll", {
        "question": params["question"],
        "options": [option["text"] for option in params["options"]],
        "anonymous": params["is_anonymous"],
        "several": params.get("allows_multiple_answers", False),
        "thread_id": params.get("message_thread_id"),
    }


_CALLS = {
    "sendMessage": _message,
    **dict.fromkeys(("editMessageText", "editMessageReplyMarkup", "editMessageMedia", "editMessageCaption"), _change),
    "deleteMessage": _recall,
    **dict.fromkeys(("deleteForumTopic", "reopenForumTopic"), _topic),
    **dict.fromkeys(("sendPoll", "stopPoll"), _poll),
}


# -- back


def _as_call(row: Any) -> tuple[str, dict[str, Any]]:
    body = dict(row.body)
    if row.what == "copy":
        forwarded, together = body.pop("carried") == "forwarded", "items" in body
        body["method"] = "copyMessages" if together else "forwardMessage" if forwarded else "copyMessage"
        return "copy", {**body, "forward": True} if forwarded else body
    if row.what == "say" and "text" not in body:
        return "say", {**body, "buttons": _pressed(body["buttons"])} if body.get("buttons") else body
    if row.what in ("card", "topic") or (row.what == "words" and row.group_id is not None):
        return row.what, body
    at = {"message_id": body["at"]} if body.get("at") else {}
    method, params = _BACK[row.what](body)
    kept = {key: body[key] for key in ("plain", "quiet") if key in body}
    what = "edit" if row.what in ("change", "recall") and not at else "call"
    return what, {**kept, "method": method, "params": {**params, **at}}


def _pressed(buttons: list[list[dict[str, str]]]) -> list[list[dict[str, str]]]:
    return [[{"text": each["text"], "callback_data": each["press"]} for each in row] for row in buttons]


def _markup(body: dict[str, Any]) -> dict[str, Any]:
    if "buttons" in body:
        return {"reply_markup": {"inline_keyboard": _pressed(body["buttons"])}}
    if not body.get("keyboard"):
        return {}
    keys = [
        [{"text": key["text"], **({"request_contact": True} if key.get("asks_contact") else {})} for key in row]
        for row in body["keyboard"]
    ]
    return {"reply_markup": {"keyboard": keys, "resize_keyboard": True, "is_persistent": True}}


def _text(body: dict[str, Any]) -> dict[str, Any]:
    formatted = {} if body.get("plain") else {"parse_mode": "HTML"}
    return {"text": body["text"], **formatted, **_markup(body)}


def _spoken(body: dict[str, Any], key: str = "entities") -> dict[str, Any]:
    return {} if body.get("plain") else {key: body.get("entities") or []}


def _said_back(body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    answered = {"message_id": body.get("answers"), "allow_sending_without_reply": True}
    thread = {"message_thread_id": body["thread_id"]} if body.get("thread_id") else {}
    return "sendMessage", {**_text(body), **thread, **({"reply_parameters": answered} if body.get("answers") else {})}


def _changed_back(body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if "text" in body:
        return "editMessageText", _text(body)
    if "words" in body:
        return "editMessageText", {"text": body["words"], **_spoken(body)}
    caption = {"caption": body.get("caption", ""), **_spoken(body, "caption_entities")}
    if "media" in body:
        return "editMessageMedia", {"media": {**body["media"], **caption}}
    return ("editMessageCaption", caption) if "caption" in body else ("editMessageReplyMarkup", _markup(body))


def _poll_back(body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    params = {"question": body["question"], "options": [{"text": each} for each in body["options"]]}
    several = {"allows_multiple_answers": True} if body.get("several") else {}
    thread = {"message_thread_id": body["thread_id"]} if body.get("thread_id") else {}
    return "sendPoll", {**params, "is_anonymous": body["anonymous"], **several, **thread}


_BACK: dict[str, Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]] = {
    "say": _said_back,
    "words": lambda body: ("sendMessage", {"text": body["text"], **_spoken(body)}),
    "change": _changed_back,
    "recall": lambda _body: ("deleteMessage", {}),
    "drop_topic": lambda body: ("deleteForumTopic", {"message_thread_id": body["thread_id"]}),
    "open_topic": lambda body: ("reopenForumTopic", {"message_thread_id": body["thread_id"]}),
    "poll": _poll_back,
    "close_poll": lambda _body: ("stopPoll", {}),
}
