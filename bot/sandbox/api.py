"""The Bot API: which method does what, and the way of a call through validation, faults and limits."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import ApiError, Cut, Json, bad
from .faults import Rule
from .messages import MEDIA
from .methods import chats, copying, editing, profile, receiving, sending, topics
from .schema import METHODS
from .updates import dump
from .wire import Upload
from .world import Bot, World

Run = Callable[[World, Bot, Json], Any]

RUN: dict[str, Run] = {
    "getMe": profile.get_me,
    "logOut": profile.done,
    "close": profile.done,
    "setWebhook": receiving.set_webhook,
    "deleteWebhook": receiving.delete_webhook,
    "getWebhookInfo": receiving.get_webhook_info,
    "sendMessage": sending.send_message,
    "sendLocation": sending.send_location,
    "sendVenue": sending.send_venue,
    "sendContact": sending.send_contact,
    "sendDice": sending.send_dice,
    "sendPoll": sending.send_poll,
    "sendMediaGroup": sending.send_media_group,
    "sendChatAction": sending.send_chat_action,
    "copyMessage": copying.copy_message,
    "copyMessages": copying.copy_messages,
    "forwardMessage": copying.forward_message,
    "forwardMessages": copying.forward_messages,
    "editMessageText": editing.edit_message_text,
    "editMessageCaption": editing.edit_message_caption,
    "editMessageMedia": editing.edit_message_media,
    "editMessageReplyMarkup": editing.edit_message_reply_markup,
    "deleteMessage": editing.delete_message,
    "deleteMessages": editing.delete_messages,
    "stopPoll": editing.stop_poll,
    "answerCallbackQuery": chats.answer_callback_query,
    "setMessageReaction": chats.set_message_reaction,
    "getFile": chats.get_file,
    "getChat": chats.get_chat,
    "getChatMember": chats.get_chat_member,
    "getChatAdministrators": chats.get_chat_administrators,
    "getChatMemberCount": chats.get_chat_member_count,
    "leaveChat": chats.leave_chat,
    "setChatTitle": chats.set_chat_title,
    "setChatDescription": chats.set_chat_description,
    "pinChatMessage": chats.pin_chat_message,
    "unpinChatMessage": chats.unpin_chat_message,
    "unpinAllChatMessages": chats.unpin_all_chat_messages,
    "createForumTopic": topics.create,
    "editForumTopic": topics.edit,
    "closeForumTopic": topics.close,
    "reopenForumTopic": topics.reopen,
    "deleteForumTopic": topics.remove,
    "unpinAllForumTopicMessages": topics.unpin_all,
    "editGeneralForumTopic": topics.edit_general,
    "closeGeneralForumTopic": topics.close_general,
    "reopenGeneralForumTopic": topics.reopen_general,
    "hideGeneralForumTopic": topics.hide_general(True),
    "unhideGeneralForumTopic": topics.hide_general(False),
    "unpinAllGeneralForumTopicMessages": topics.unpin_all_general,
    "getForumTopicIconStickers": topics.icon_stickers,
    "setMyCommands": profile.set_commands,
    "getMyCommands": profile.get_commands,
    "deleteMyCommands": profile.delete_commands,
    "setMyName": profile.setter("name", 64),
    "getMyName": profile.getter("name"),
    "setMyDescription": profile.setter("description", 512),
    "getMyDescription": profile.getter("description"),
    "setMyShortDescription": profile.setter("short_description", 120),
    "getMyShortDescription": profile.getter("short_description"),
    "setChatMenuButton": profile.set_menu_button,
    "getChatMenuButton": profile.get_menu_button,
}
RUN |= {"send" + kind.title().replace("_", ""): sending.send_media(kind) for kind in MEDIA}
BY_NAME = {name.lower(): run for name, run in RUN.items()}
CONNECTION_CUT = "connection cut"
UNAVAILABLE = "method is not available in this sandbox"


@dataclass(slots=True)
class Answer:
    """What goes back over the wire; `spoilt` is the fault that the answer still meets."""

    status: int
    body: bytes
    spoilt: Rule | None = None


class Api:
    def __init__(self, world: World) -> None:
        self._world = world
        world.execute = self._execute

    def note_failure(self, method: str, given: Json, code: int, description: str) -> None:
        """Record a call that came to nothing while Telegram is down."""
        known = METHODS.get(method.lower())
        entry = self._record(known.name if known else method, given)
        entry.update(ok=False, error_code=code, description=description)
        self._world.ledger.publish("call", entry)

    async def call(
        self, token: str, method: str, given: Json, gone: asyncio.Event, down: asyncio.Event | None = None
    ) -> Answer:
        """Carry out one call and record it; raises Cut where the connection ends, as it does when `down` is set."""
        name = method.lower()
        known = METHODS.get(name)
        entry = self._record(known.name if known else method, given)
        try:
            answer = await self._answer(token, name, given, entry, gone)
            if down is not None and down.is_set():
                raise Cut
            return answer
        except Cut:
            entry.update(ok=False, error_code=0, description=CONNECTION_CUT)
            raise
        except ApiError as error:
            return self._refuse(entry, error)
        finally:
            self._world.ledger.publish("call", entry)

    async def _answer(self, token: str, name: str, given: Json, entry: Json, gone: asyncio.Event) -> Answer:
        world = self._world
        bot = world.bots.get(token)
        if bot is None:
            raise ApiError(401, "Unauthorized")
        entry["bot_id"] = bot.id
        if name not in METHODS:
            raise ApiError(404, "Not Found")
        rule = world.faults.meet(name, _chat_of(given))
        if rule is not None:
            entry["fault"] = rule.action
            if not rule.execute:
                return self._fail(bot, rule, entry)
            if rule.action == "slow":
                await asyncio.sleep(rule.facts["seconds"])
        if name == "getupdates":
            answer = await self._poll(bot, given, entry, gone)
        else:
            answer = self._run(bot, name, given, entry)
        if rule is not None:
            answer.spoilt = rule
            entry["executed"] = bool(entry["ok"])
            if rule.action == "status":
                answer.status, answer.body = _status(rule)
        return answer

    async def _poll(self, bot: Bot, given: Json, entry: Json, gone: asyncio.Event) -> Answer:
        params = METHODS["getupdates"].check(given)
        updates = await receiving.get_updates(self._world, bot, params, gone)
        entry.update(ok=True, size=len(updates))
        return Answer(200, b'{"ok":true,"result":' + updates + b"}")

    def _run(self, bot: Bot, name: str, given: Json, entry: Json) -> Answer:
        """Validate, count against the limits, do; an error of Telegram's is the answer."""
        world = self._world
        try:
            params = METHODS[name].check(given)
            chat_id = params.get("chat_id")
            windows = []
            if isinstance(chat_id, int):
                entry["chat_id"] = chat_id
                windows = bot.limits.charge(world.clock.now(), name, chat_id, params)
            run = BY_NAME.get(name)
            if run is None:
                raise bad(UNAVAILABLE)
            try:
                result = run(world, bot, params)
            except ApiError:
                bot.limits.refund(windows, name, params)
                raise
        except ApiError as error:
            return self._refuse(entry, error)
        entry["ok"] = True
        _note(entry, result)
        return Answer(200, b'{"ok":true,"result":' + dump(result) + b"}")

    async def _execute(self, bot: Bot, method: str, given: Json) -> None:
        """A call from the answer to a webhook."""
        name = method.lower()
        entry = self._record(method, given)
        if name in METHODS:
            self._run(bot, name, given, entry)

    def _record(self, method: str, given: Json) -> Json:
        shown = {key: _shown(value) for key, value in given.items()}
        entry = self._world.ledger.add("call", method=method, params=shown, ok=None)
        if method != "getUpdates":
            self._world.ledger.last_activity = entry["t"]
        return entry

    def _refuse(self, entry: Json, error: ApiError) -> Answer:
        entry.update(ok=False, error_code=error.code, description=error.description)
        body: Json = {"ok": False, "error_code": error.code, "description": error.description}
        if error.parameters:
            body["parameters"] = error.parameters
        return Answer(error.code, dump(body))

    def _fail(self, bot: Bot, rule: Rule, entry: Json) -> Answer:
        """The call meets its fault before it is carried out."""
        entry.update(ok=False, executed=False)
        if rule.action == "drop_before":
            raise Cut
        answer = Answer(200, b"", rule)
        if rule.action == "status":
            answer.status, answer.body = _status(rule)
            entry.update(error_code=rule.facts["code"], description=rule.facts.get("description", ""))
            if (seconds := rule.facts.get("parameters", {}).get("retry_after")) is not None:
                chat_id = _chat_of(entry["params"])
                bot.limits.pause(self._world.clock.now(), chat_id, seconds)
        return answer


def _status(rule: Rule) -> tuple[int, bytes]:
    """The status and body that a fault with the action "status" answers with."""
    code, facts = rule.facts["code"], rule.facts
    if "body" in facts:
        body = facts["body"]
        return code, body.encode() if isinstance(body, str) else dump(body)
    description = facts.get("description", "Internal Server Error")
    shown: Json = {"ok": False, "error_code": code, "description": description}
    if "parameters" in facts:
        shown["parameters"] = facts["parameters"]
    return code, dump(shown)


def _chat_of(given: Json) -> Any:
    chat_id = given.get("chat_id")
    if isinstance(chat_id, str) and chat_id.removeprefix("-").isdecimal():
        return int(chat_id)
    return chat_id


def _shown(value: Any) -> Any:
    return {"file": value.name, "size": len(value.data)} if isinstance(value, Upload) else value


def _note(entry: Json, result: Any) -> None:
    """What the ledger keeps of a result: the ids that it made."""
    if isinstance(result, dict):
        for name in ("message_id", "message_thread_id"):
            if name in result:
                entry[name] = result[name]
    elif isinstance(result, list) and result and isinstance(result[0], dict) and "message_id" in result[0]:
        entry["message_ids"] = [each["message_id"] for each in result]
