"""words of ours

Revision: 0019

What waits in the outbox is said in words of ours and no longer as calls of Telegram's. Rows that have gone keep what
they said: nobody reads it again.
"""

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
    sa.column("what", AutoString()),
    sa.column("state", AutoString()),
    sa.column("body", Json),
)
AT_ONCE = 1000


def upgrade() -> None:
    """Forward."""
    connection, last = op.get_bind(), 0
    waiting = sa.select(_OUTBOX).where(_OUTBOX.c.state.in_(("new", "sending"))).order_by(_OUTBOX.c.id).limit(AT_ONCE)
    while rows := connection.execute(waiting.where(_OUTBOX.c.id > last)).all():
        last = rows[-1].id
        changed = [{"row": row.id, "now": what, "says": body} for row in rows for what, body in [_in_words(row)]]
        change = sa.update(_OUTBOX).where(_OUTBOX.c.id == sa.bindparam("row"))
        values = {"what": sa.bindparam("now"), "body": sa.bindparam("says", type_=Json)}
        connection.execute(change.values(**values), changed)
    # So that no row has a name that the program does not know.
    gone = sa.update(_OUTBOX).where(_OUTBOX.c.state.not_in(("new", "sending")))
    connection.execute(gone.where(_OUTBOX.c.what == "call").values(what="say"))
    connection.execute(gone.where(_OUTBOX.c.what == "edit").values(what="change"))


def downgrade() -> None:
    """Back: what waits would be said by a program that does not know these words, so nothing may wait."""
    connection = op.get_bind()
    kinds = ("change", "recall", "drop_topic", "open_topic", "poll", "close_poll")
    connection.execute(sa.update(_OUTBOX).where(_OUTBOX.c.what.in_(kinds)).values(what="edit", state="cancelled"))


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
    what, said = _CALLS.get(method, _message)(method, params)
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
        return "change", {**said, "text": params["text"], "buttons": _marked(params).get("buttons", [])}
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
