"""Every call held against Telegram's own list of methods (bot_api.json)."""

from typing import Any

import orjson

from .checks import API, PLAIN, Check, Wrong, checker
from .errors import ApiError, Json, bad
from .wire import Upload

# What Telegram says when a required field is absent or empty.
ABSENT = {
    "chat_id": "chat_id is empty",
    "from_chat_id": "chat_id is empty",
    "user_id": "user_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "message_ids": "message identifiers are not specified",
    "callback_query_id": "query is too old and response timeout expired or query ID is invalid",
    "photo": "there is no photo in the request",
    "video": "there is no video in the request",
    "audio": "there is no audio in the request",
    "document": "there is no document in the request",
    "voice": "there is no voice in the request",
    "video_note": "there is no video note in the request",
    "animation": "there is no animation in the request",
    "sticker": "there is no sticker in the request",
    "media": "media is missing",
    "file_id": "file_id is not specified",
    "question": "poll question is empty",
    "options": "poll must have at least 2 option",
    "phone_number": "phone number is empty",
    "first_name": "first name is empty",
}


def _argument(type_name: str) -> Check:
    """A check for a call's own parameter, which may also come as text from a form."""
    test = checker(type_name)
    if type_name == "Integer":
        return _integer_argument
    if type_name == "Integer or String":
        return _identifier_argument
    if type_name in ("Boolean", "True"):
        return _boolean_argument
    if type_name == "Float":
        return _float_argument
    if type_name in PLAIN:
        return test

    def check(value: Any) -> Any:
        if isinstance(value, str):
            try:
                value = orjson.loads(value)
            except orjson.JSONDecodeError:
                raise Wrong("can't be parsed as JSON") from None
        return test(value)

    return check


def _integer_argument(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            raise Wrong("must be of type Number") from None
    return PLAIN["Integer"](value)


def _identifier_argument(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip("-").isascii() and value.lstrip("-").isdigit():
        return int(value)
    return PLAIN["Integer or String"](value)


def _boolean_argument(value: Any) -> Any:
    if isinstance(value, str):
        if value.lower() in ("true", "yes", "1"):
            return True
        if value.lower() in ("false", "no", "0"):
            return False
    return PLAIN["Boolean"](value)


def _float_argument(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise Wrong("must be of type Number") from None
    return PLAIN["Float"](value)


class Method:
    """A method of the Bot API: its name, and its parameters' checks."""

    __slots__ = ("name", "_checks", "_required")

    def __init__(self, name: str, fields: Json) -> None:
        self.name = name
        self._checks = {key: _argument(field["type"]) for key, field in fields.items()}
        self._required = tuple(key for key, field in fields.items() if field.get("required"))

    def check(self, given: Json) -> Json:
        """The parameters in their types; raises what Telegram would answer."""
        params = {}
        for key, value in given.items():
            test = self._checks.get(key)
            if test is None and isinstance(value, Upload) and _attached(key, given):
                params[key] = value
                continue
            if test is None:
                raise bad(f'unknown parameter "{key}" of {self.name}')
            if value is None:
                continue
            try:
                params[key] = test(value)
            except Wrong as wrong:
                raise _refusal(key, str(wrong)) from None
        for key in self._required:
            held: Any = params.get(key)
            if held is None or held == "" or held == []:
                # An empty name, menu or list of updates is meant as such.
                if key in params and key not in ABSENT:
                    continue
                raise bad(ABSENT.get(key, f'parameter "{key}" is required'))
        return params


def _attached(name: str, given: Json) -> bool:
    """Whether a file is what attach:// in another parameter means."""
    return any(isinstance(value, str) and f"attach://{name}" in value for value in given.values())


def _refusal(key: str, wrong: str) -> ApiError:
    if key == "reply_markup":
        if wrong == "object expected as reply markup":
            return bad(wrong)
        if "InlineKeyboardButton" in wrong:
            return bad(f"can't parse inline keyboard button: {wrong}")
        return bad(f"can't parse reply keyboard markup JSON object: {wrong}")
    if key in ("entities", "caption_entities"):
        return bad(f"can't parse entities: {wrong}")
    if key == "chat_id":
        return bad("chat not found")
    return bad(f"can't parse {key}: {wrong}")


METHODS = {name.lower(): Method(name, method["fields"]) for name, method in API["methods"].items()}
