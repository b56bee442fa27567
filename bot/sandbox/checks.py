"""Values held against the types of the Bot API (bot_api.json); every check is compiled once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from .errors import Json
from .wire import Upload

API: Json = orjson.loads(Path(__file__).with_name("bot_api.json").read_bytes())
TYPES: Json = API["types"]

Check = Callable[[Any], Any]

# What a union is told apart by: the field, and the type for each of its values.
UNIONS: dict[str, tuple[str, dict[str, str]]] = {
    "ReactionType": (
        "type",
        {"emoji": "ReactionTypeEmoji", "custom_emoji": "ReactionTypeCustomEmoji", "paid": "ReactionTypePaid"},
    ),
    "MenuButton": (
        "type",
        {"default": "MenuButtonDefault", "commands": "MenuButtonCommands", "web_app": "MenuButtonWebApp"},
    ),
    "BotCommandScope": (
        "type",
        {
            "default": "BotCommandScopeDefault",
            "all_private_chats": "BotCommandScopeAllPrivateChats",
            "all_group_chats": "BotCommandScopeAllGroupChats",
            "all_chat_administrators": "BotCommandScopeAllChatAdministrators",
            "chat": "BotCommandScopeChat",
            "chat_administrators": "BotCommandScopeChatAdministrators",
            "chat_member": "BotCommandScopeChatMember",
        },
    ),
    "InputMedia": (
        "type",
        {
            "photo": "InputMediaPhoto",
            "video": "InputMediaVideo",
            "animation": "InputMediaAnimation",
            "audio": "InputMediaAudio",
            "document": "InputMediaDocument",
        },
    ),
    "ChatMember": (
        "status",
        {
            "creator": "ChatMemberOwner",
            "administrator": "ChatMemberAdministrator",
            "member": "ChatMemberMember",
            "restricted": "ChatMemberRestricted",
            "left": "ChatMemberLeft",
            "kicked": "ChatMemberBanned",
        },
    ),
    "MessageOrigin": (
        "type",
        {
            "user": "MessageOriginUser",
            "hidden_user": "MessageOriginHiddenUser",
            "chat": "MessageOriginChat",
            "channel": "MessageOriginChannel",
        },
    ),
}
MARKUPS = {
    "inline_keyboard": "InlineKeyboardMarkup",
    "keyboard": "ReplyKeyboardMarkup",
    "remove_keyboard": "ReplyKeyboardRemove",
    "force_reply": "ForceReply",
}
ALBUM = "Array of InputMediaAudio, "  # ... Document, LivePhoto, Photo and Video


class Wrong(Exception):
    """A value of the wrong shape; the text says how."""


def _integer(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise Wrong("must be of type Number")


def _number(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise Wrong("must be of type Number")


def _string(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise Wrong("must be of type String")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Wrong("must be of type Boolean")


def _true(value: Any) -> bool:
    if value is True:
        return True
    raise Wrong("must be True")


def _identifier(value: Any) -> int | str:
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise Wrong("must be of type Number or String")


def _file(value: Any) -> str | Upload:
    if isinstance(value, str | Upload):
        return value
    raise Wrong("must be a file or a String")


def _anything(value: Any) -> Any:
    return value


PLAIN: dict[str, Check] = {
    "Integer": _integer,
    "Float": _number,
    "String": _string,
    "Boolean": _boolean,
    "True": _true,
    "Integer or String": _identifier,
    "InputFile": _file,
    "InputFile or String": _file,
}
_compiled: dict[str, Check] = {}


def checker(type_name: str) -> Check:
    """The check for a type as bot_api.json writes it; nested values must have JSON's own types."""
    if (plain := PLAIN.get(type_name)) is not None:
        return plain
    if type_name not in _compiled:
        # A placeholder first: types may contain themselves.
        _compiled[type_name] = lambda value: _compiled[type_name](value)
        _compiled[type_name] = _compile(type_name)
    return _compiled[type_name]


def _compile(type_name: str) -> Check:
    if type_name.startswith(ALBUM):
        return _array(checker("InputMedia"))
    if type_name.startswith("Array of ") and " and " not in type_name:
        return _array(checker(type_name.removeprefix("Array of ")))
    if type_name.startswith("InlineKeyboardMarkup or "):
        return _markup
    if type_name in UNIONS:
        return _union(type_name)
    if type_name in TYPES and TYPES[type_name]["fields"]:
        return _object(type_name)
    # Empty types, and unions that only unavailable methods take.
    return _anything


def _array(item: Check) -> Check:
    def check(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Wrong("must be of type Array")
        return [item(each) for each in value]

    return check


def _union(name: str) -> Check:
    field, kinds = UNIONS[name]

    def check(value: Any) -> Any:
        if not isinstance(value, dict):
            raise Wrong("must be of type Object")
        kind = kinds.get(value.get(field, ""))
        if kind is None:
            raise Wrong(f"has an unsupported {field}")
        return checker(kind)(value)

    return check


def _markup(value: Any) -> Any:
    if not isinstance(value, dict):
        raise Wrong("object expected as reply markup")
    for key, name in MARKUPS.items():
        if key in value:
            return checker(name)(value)
    raise Wrong("object expected as reply markup")


def _object(name: str) -> Check:
    fields: dict[str, Check] = {}
    required = frozenset(key for key, field in TYPES[name]["fields"].items() if field.get("required"))
    for key, field in TYPES[name]["fields"].items():
        fields[key] = checker(field["type"])

    def check(value: Any) -> Json:
        if not isinstance(value, dict):
            raise Wrong("must be of type Object")
        checked = {}
        for key, given in value.items():
            if (test := fields.get(key)) is None:
                raise Wrong(f'unknown field "{key}" in {name}')
            if given is None:
                continue
            try:
                checked[key] = test(given)
            except Wrong as wrong:
                raise Wrong(f'Field "{key}" {wrong}') from None
        if missing := required - checked.keys():
            raise Wrong(f'Can\'t find field "{min(missing)}" in {name}')
        return checked

    return check
