"""The only caller of Telegram's methods, and the only reader of its errors."""

import re
import warnings
from typing import Any

import aiohttp
from telegram import (
    Bot,
    InputFile,
    InputMediaAudio,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    MessageEntity,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.warnings import PTBUserWarning

from models.delivery import Fate, Outcome

# The library would rather have its typed methods called; a stored call is a name and its parameters.
warnings.filterwarnings("ignore", message="Please use 'Bot", category=PTBUserWarning)

#: What Telegram writes in a 400, in lower case, and what it means. The first that fits counts.
BAD_REQUESTS: tuple[tuple[str, Fate], ...] = (
    ("message is not modified", Fate.SENT),
    ("message to delete not found", Fate.SENT),
    ("topic_not_modified", Fate.SENT),
    ("query is too old", Fate.SENT),
    ("thread not found", Fate.TOPIC_GONE),
    ("topic_deleted", Fate.TOPIC_GONE),
    ("topic_id_invalid", Fate.TOPIC_GONE),
    ("topic_closed", Fate.TOPIC_CLOSED),
    ("not a forum", Fate.NOT_FORUM),
    ("chat_forum_missing", Fate.NOT_FORUM),
    ("chat not found", Fate.CHAT_GONE),
    ("peer_id_invalid", Fate.CHAT_GONE),
    ("chat_id_invalid", Fate.CHAT_GONE),
    ("user not found", Fate.CHAT_GONE),
    ("parse entities", Fate.ENTITIES),
    ("entity_", Fate.ENTITIES),
    ("entities", Fate.ENTITIES),
    ("too long", Fate.TOO_LONG),
    ("too_long", Fate.TOO_LONG),
    ("message to copy not found", Fate.SOURCE_GONE),
    ("message to forward not found", Fate.SOURCE_GONE),
    ("message to edit not found", Fate.SOURCE_GONE),
    ("message_id_invalid", Fate.SOURCE_GONE),
    ("can't be copied", Fate.UNCOPYABLE),
    ("can't be forwarded", Fate.UNCOPYABLE),
    ("forwards_restricted", Fate.UNCOPYABLE),
    ("rights", Fate.NO_RIGHTS),
    ("write_forbidden", Fate.NO_RIGHTS),
    ("admin_required", Fate.NO_RIGHTS),
    ("send_", Fate.NO_RIGHTS),
)
#: The items of an album, which the library takes in forms of its own only.
ITEMS: dict[str, Any] = {
    "photo": InputMediaPhoto,
    "video": InputMediaVideo,
    "audio": InputMediaAudio,
    "document": InputMediaDocument,
}
#: Seconds to wait after a 429 that does not say how long.
UNSAID_RETRY = 5.0
UNKNOWN_TOKEN = "the token is not accepted; see BOT_TOKEN and TELEGRAM_API_URL"  # noqa: S105 - no token at all


class Gateway:
    """Calls by name, with raw parameters, and an Outcome instead of exceptions."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot

    async def call(self, method: str, params: dict[str, Any], file: tuple[str, bytes] | None = None) -> Outcome:
        """Call a method once; the outcome says what became of it."""
        if file is not None:
            name, content = file
            params = {**params, "document": InputFile(content, filename=name)}
        if method == "sendMediaGroup":
            params = {**params, "media": [_item(each) for each in params["media"]]}
        try:
            return Outcome(Fate.SENT, await self.bot.do_api_request(method, params))
        except KeyError:
            return Outcome(Fate.UNKNOWN, detail="200 without a result")
        except TelegramError as error:
            return outcome_of(error)

    async def reconnect(self) -> None:
        """Drop the connection that polls use, and make a new one."""
        request = self.bot._request[0]  # the library keeps one for polls and has no name for it
        await request.shutdown()
        await request.initialize()

    async def close(self) -> None:
        """Close every connection, also where the start went wrong half-way."""
        for request in self.bot._request:
            await request.shutdown()

    async def updates_from(self, offset: int, seconds: int, allowed: list[str]) -> Outcome:
        """Wait up to `seconds` for raw updates from `offset` on; what lies before is forgotten by Telegram."""
        params = {"offset": offset, "timeout": seconds, "limit": 100, "allowed_updates": allowed}
        try:
            found = await self.bot.do_api_request("getUpdates", params, read_timeout=seconds + 10)
        except KeyError:
            return Outcome(Fate.UNKNOWN, detail="200 without a result")
        except Conflict as error:
            return Outcome(Fate.REFUSED, detail=f"409 {error.message}")
        except TelegramError as error:
            return outcome_of(error)
        return Outcome(Fate.SENT, found)


def _item(raw: dict[str, Any]) -> Any:
    """One item of an album in the library's form."""
    entities = [MessageEntity.de_json(entity, None) for entity in raw.get("caption_entities") or ()]
    return ITEMS[raw["type"]](raw["media"], caption=raw.get("caption"), caption_entities=entities or None)


def outcome_of(error: TelegramError) -> Outcome:
    """What an error of the library means for the call that met it."""
    text = error.message
    match error:
        case RetryAfter():
            wait = error.retry_after
            return Outcome(Fate.LATER, detail=text, retry_after=_seconds(wait))
        case ChatMigrated():
            return Outcome(Fate.MOVED, detail=text, new_chat_id=error.new_chat_id)
        case Forbidden():
            return Outcome(_forbidden(text.lower()), detail=text)
        case BadRequest():
            return Outcome(_bad_request(text.lower()), detail=text)
        case InvalidToken() | EndPointNotFound():
            # 401 or 404. We call nothing that Telegram does not have, so it is the token, or the address.
            return Outcome(Fate.UNAUTHORIZED, detail=UNKNOWN_TOKEN)
        case NetworkError():
            return _network(error)
    return Outcome(Fate.UNKNOWN, detail=text)


def _seconds(wait: Any) -> float:
    return float(wait.total_seconds() if hasattr(wait, "total_seconds") else wait)


def _forbidden(text: str) -> Fate:
    in_group = "kicked" in text or "not a member" in text or "write_forbidden" in text or "rights" in text
    return Fate.NO_RIGHTS if in_group else Fate.BLOCKED


def _bad_request(text: str) -> Fate:
    return next((fate for words, fate in BAD_REQUESTS if words in text), Fate.REFUSED)


def _network(error: NetworkError) -> Outcome:
    """A connection that failed: whether the request can have arrived is told by its cause."""
    text = error.message
    if "too many requests" in text.lower():
        said = re.search(r"retry after (\d+)", text, re.IGNORECASE)
        return Outcome(Fate.LATER, detail=text, retry_after=float(said[1]) if said else UNSAID_RETRY)
    cause = error.__cause__
    if isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return Outcome(Fate.UNSENT, detail=type(cause).__name__)
    # "5xx" in front tells a server that answers from a line that broke.
    return Outcome(Fate.UNKNOWN, detail=type(cause).__name__ if cause else f"5xx {text}")
