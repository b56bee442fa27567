"""What a bot says of itself: commands, descriptions, menu."""

import re
from collections.abc import Callable
from typing import Any

from ..errors import Json, bad
from ..world import Bot, World

Run = Callable[[World, Bot, Json], Any]
COMMAND = re.compile(r"[a-z0-9_]{1,32}")
MOST_COMMANDS = 100


def get_me(world: World, bot: Bot, params: Json) -> Json:
    return bot.face


def done(world: World, bot: Bot, params: Json) -> bool:
    return True


def _scope(world: World, bot: Bot, params: Json) -> tuple[str, ...]:
    """The key under which commands are kept: their scope and language."""
    scope = params.get("scope", {"type": "default"})
    chat_id = scope.get("chat_id", "")
    if chat_id:
        world.known(bot, chat_id)
    return ("commands", scope["type"], str(chat_id), str(scope.get("user_id", "")), _language(params))


def _language(params: Json) -> str:
    language: str = params.get("language_code", "")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise bad("invalid language code specified")
    return language


def set_commands(world: World, bot: Bot, params: Json) -> bool:
    commands = params["commands"]
    if len(commands) > MOST_COMMANDS:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not COMMAND.fullmatch(command["command"].removeprefix("/")):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"].strip()) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    kept = [{**command, "command": command["command"].removeprefix("/")} for command in commands]
    bot.profile[_scope(world, bot, params)] = kept
    return True


def get_commands(world: World, bot: Bot, params: Json) -> Any:
    return bot.profile.get(_scope(world, bot, params), [])


def delete_commands(world: World, bot: Bot, params: Json) -> bool:
    bot.profile.pop(_scope(world, bot, params), None)
    return True


def setter(field: str, longest: int) -> Run:
    """setMyName, setMyDescription, setMyShortDescription."""

    def run(world: World, bot: Bot, params: Json) -> bool:
        text = params.get(field, "")
        if len(text) > longest:
            raise bad(f"{field} is too long")
        bot.profile[(field, _language(params))] = text
        return True

    return run


def getter(field: str) -> Run:
    def run(world: World, bot: Bot, params: Json) -> Json:
        fallback = bot.profile.get((field, ""), bot.face["first_name"] if field == "name" else "")
        return {field: bot.profile.get((field, _language(params)), fallback)}

    return run


def set_menu_button(world: World, bot: Bot, params: Json) -> bool:
    button = params.get("menu_button", {"type": "default"})
    if button["type"] == "web_app" and not button["web_app"]["url"].startswith("https://"):
        raise bad("menu button Web App URL is invalid: Only HTTPS links are allowed")
    bot.profile[("menu", _private(world, bot, params))] = button
    return True


def get_menu_button(world: World, bot: Bot, params: Json) -> Any:
    fallback = bot.profile.get(("menu", ""), {"type": "commands"})
    return bot.profile.get(("menu", _private(world, bot, params)), fallback)


def _private(world: World, bot: Bot, params: Json) -> str:
    if "chat_id" not in params:
        return ""
    if not world.known(bot, params["chat_id"]).private:
        raise bad("chat must be a private chat")
    return str(params["chat_id"])
