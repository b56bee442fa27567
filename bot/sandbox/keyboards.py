"""Keyboards held against Telegram's rules."""

import re

from .errors import Json, bad
from .world import Chat

ACTIONS = (
    "url callback_data web_app login_url switch_inline_query switch_inline_query_current_chat "
    "switch_inline_query_chosen_chat copy_text callback_game pay disabled"
).split()
LINK = re.compile(r"(?i)(https?://[^\s/?#]*[\w]\.[\w][^\s/?#]*([/?#]\S*)?|(tg|ton|tonsite)://\S+)$")
MOST_BUTTONS = 100


def split(markup: Json | None, chat: Chat) -> tuple[Json | None, Json | None]:
    """The keyboard under the message, and the one that replaces the person's own; checked."""
    if not markup:
        return None, None
    if "inline_keyboard" in markup:
        check_inline(markup, chat)
        return (markup if any(markup["inline_keyboard"]) else None), None
    if "keyboard" in markup:
        _check_reply(markup, chat)
    return None, markup


def check_inline(markup: Json, chat: Chat) -> None:
    buttons = [button for row in markup["inline_keyboard"] for button in row]
    if len(buttons) > MOST_BUTTONS:
        raise bad("reply markup is too long")
    for button in buttons:
        _check_button(button, chat)


def _check_button(button: Json, chat: Chat) -> None:
    if not button["text"].strip():
        raise bad("can't parse inline keyboard button: button text must be non-empty")
    actions = [action for action in ACTIONS if action in button]
    if not actions:
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad(f"can't parse inline keyboard button: only one of {', '.join(actions)} may be used")
    if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
        raise bad("BUTTON_DATA_INVALID")
    if "url" in button and not LINK.match(button["url"]):
        raise bad(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
    if "web_app" in button:
        if not button["web_app"]["url"].startswith("https://"):
            url = button["web_app"]["url"]
            raise bad(f"inline keyboard button Web App URL '{url}' is invalid: Only HTTPS links are allowed")
        if not chat.private:
            raise bad("BUTTON_TYPE_INVALID")


def _check_reply(markup: Json, chat: Chat) -> None:
    buttons = [button for row in markup["keyboard"] for button in row]
    if len(buttons) > 3 * MOST_BUTTONS:
        raise bad("reply markup is too long")
    for button in buttons:
        text = button if isinstance(button, str) else button["text"]
        if not text.strip():
            raise bad("keyboard button text must be non-empty")
        if isinstance(button, dict) and not chat.private:
            if "request_contact" in button:
                raise bad("phone number can be requested in private chats only")
            if "request_location" in button:
                raise bad("location can be requested in private chats only")
            if "web_app" in button:
                raise bad("BUTTON_TYPE_INVALID")
