"""What Telegram says: the token, the staff group and our rights there, the webhook, the time."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from telegram import Bot

from bot import clock
from bot.doctor.finding import Finding, ok, warn, wrong
from bot.gateway import Gateway
from bot.request import LOOPBACK, AiohttpRequest
from bot.settings import Settings
from models.delivery import Fate, Outcome

TELEGRAMS_OWN = "api.telegram.org"
#: The ports to which Telegram's own server posts updates (Bot API, setWebhook).
WEBHOOK_PORTS = (443, 80, 88, 8443)
LONG_ENOUGH_SECRET = 32
#: A failed delivery is news for this long.
RECENT = timedelta(hours=1)
#: Clocks that differ by more make times of answers wrong that are taken from both.
CLOCK_DIFFERENCE = timedelta(seconds=10)
CLOCK_SECONDS = 5.0


class Telegram:
    """A look at Telegram's side. `bot_id` is known once the token was accepted."""

    def __init__(self, settings: Settings) -> None:
        self.bot_id: int | None = None
        self._settings = settings
        url = settings.telegram_api_url
        self._request = AiohttpRequest(url, connections=2)
        token = settings.bot_token.get_secret_value()
        bot = Bot(token, f"{url}/bot", request=self._request, get_updates_request=self._request)
        self._gateway = Gateway(bot)

    async def __aenter__(self) -> Self:
        await self._request.initialize()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._request.shutdown()

    async def findings(self) -> AsyncIterator[Finding]:
        """The token first: without it Telegram tells nothing else."""
        outcome = await self._gateway.call("getMe", {})
        yield self._token(outcome)
        if outcome.fate is not Fate.SENT:
            return
        self.bot_id = outcome.result["id"]
        async for finding in self._group(self._settings.staff_group_id):
            yield finding
        if not self._settings.owner_ids:
            words = "nobody can give roles or confirm who is on the staff, and nobody hears when something stands in "
            yield warn("owners", words + "the bot's way. Put your own Telegram id into OWNER_IDS.")
        yield await self._webhook()
        if said := await _clock_finding(self._settings.telegram_api_url):
            yield said

    def _token(self, outcome: Outcome) -> Finding:
        match outcome.fate:
            case Fate.SENT:
                return ok("token", f"Telegram knows it: @{outcome.result['username']}.")
            case Fate.UNAUTHORIZED | Fate.REFUSED:
                return wrong("token", "Telegram does not accept it. Copy it again from @BotFather into BOT_TOKEN.")
            case Fate.LATER:
                return wrong("token", f"Telegram asks to wait {outcome.retry_after:g} seconds. Try again then.")
        address = self._settings.telegram_api_url
        return wrong(
            "Telegram",
            f"{address} does not answer as Telegram does ({outcome.detail}). Check the network, the proxy "
            "in HTTPS_PROXY where you need one, and TELEGRAM_API_URL.",
        )

    # -- the staff group

    async def _group(self, chat_id: int) -> AsyncIterator[Finding]:
        chat = await self._gateway.call("getChat", {"chat_id": chat_id})
        if chat.fate is Fate.MOVED and chat.new_chat_id:
            chat_id = chat.new_chat_id
            yield warn(
                "staff group",
                f"has the id {chat_id} now. The bot follows by itself; write it into STAFF_GROUP_ID.",
            )
            chat = await self._gateway.call("getChat", {"chat_id": chat_id})
        if chat.fate is not Fate.SENT:
            yield _no_group(chat_id, chat)
            return
        if chat.result["type"] not in ("group", "supergroup"):
            kind = chat.result["type"]
            yield wrong("staff group", f"STAFF_GROUP_ID names a {kind} chat. Make a group and put in its id.")
            return
        member = await self._gateway.call("getChatMember", {"chat_id": chat_id, "user_id": self.bot_id})
        if member.fate is not Fate.SENT:
            yield wrong("staff group", f"Telegram does not tell what the bot may do there ({member.detail}).")
            return
        for finding in (*_rights(chat.result, member.result), *_doors(chat.result)):
            yield finding

    # -- the webhook

    async def _webhook(self) -> Finding:
        outcome = await self._gateway.call("getWebhookInfo", {})
        if outcome.fate is not Fate.SENT:
            return wrong("webhook", f"Telegram does not tell how it is set ({outcome.detail}).")
        info, wanted = outcome.result, self._settings.webhook_url
        waiting = f"{info['pending_update_count']} updates wait"
        if wanted is None:
            if info["url"]:
                host = urlsplit(info["url"]).hostname
                words = f"Telegram still sends updates to {host}; the next start ends that. If another program "
                return warn("webhook", words + "uses this token, stop it: a bot has one receiver.")
            return ok("webhook", f"none: the bot asks Telegram by itself (long polling); {waiting}.")
        return (
            _unusable(wanted, self._settings)
            or _failing(info)
            or _not_set(info["url"], wanted)
            or _short_secret(self._settings)
            or ok("webhook", f"set; {waiting}.")
        )


def _no_group(chat_id: int, outcome: Outcome) -> Finding:
    if outcome.fate in (Fate.CHAT_GONE, Fate.NO_RIGHTS, Fate.BLOCKED):
        words = f"the bot is in no group with the id {chat_id}. Add it to the group, or mend STAFF_GROUP_ID."
    else:
        words = f"Telegram does not show the group {chat_id} ({outcome.detail})."
    return wrong("staff group", words)


def _rights(chat: dict[str, Any], member: dict[str, Any]) -> Iterator[Finding]:
    """What the bot may do in the group, and what it lacks."""
    title = chat.get("title", "")
    is_forum = bool(chat.get("is_forum"))
    status = member["status"]
    if status in ("left", "kicked"):
        yield wrong("staff group", f'the bot is not in "{title}" any more. Add it again, as an admin.')
    elif status not in ("administrator", "creator"):
        right = " who may manage topics" if is_forum else ""
        yield wrong("staff group", f'the bot is no admin of "{title}". Make it one{right}.')
    elif is_forum and not member.get("can_manage_topics"):
        words = f'the bot may not manage topics in "{title}"; give it that right. Until then all goes to General.'
        yield wrong("staff group", words)
    elif is_forum and not member.get("can_delete_messages"):
        words = f'the bot may not delete messages in "{title}", so it cannot remove a topic made twice by accident.'
        yield warn("staff group", words + " Give it that right.")
    elif is_forum:
        yield ok("staff group", f'"{title}", a forum: a topic for each customer.')
    else:
        words = f'"{title}", a plain group: answer customers by reply. Switch topics on in the group\'s settings '
        yield ok("staff group", words + "and each customer gets one.")


def _doors(chat: dict[str, Any]) -> Iterator[Finding]:
    """By which strangers come in, or are heard without coming in."""
    asks = 'Keep enrolment = "approve" in the plan, and tap "everyone in this group is staff" in private groups only.'
    if name := chat.get("username"):
        words = f"anybody can find and join it as @{name}, and read what customers write. Make it private. "
        yield warn("staff group", words + asks)
    if chat.get("linked_chat_id"):
        words = "it is the discussion group of a channel: comments of strangers stand in it. Unlink the channel. "
        yield warn("staff group", words + asks)


def _unusable(wanted: str, settings: Settings) -> Finding | None:
    """An address that Telegram's own server will not take."""
    if urlsplit(settings.telegram_api_url).hostname != TELEGRAMS_OWN:
        return None
    parts = urlsplit(wanted)
    if parts.scheme != "https" or (parts.port or 443) not in WEBHOOK_PORTS:
        ports = ", ".join(map(str, WEBHOOK_PORTS))
        return wrong("webhook", f"Telegram posts to https addresses at the ports {ports} only. Mend WEBHOOK_URL.")
    return None


def _failing(info: dict[str, Any]) -> Finding | None:
    at = datetime.fromtimestamp(info.get("last_error_date", 0), UTC)
    if clock.wall() - at > RECENT:
        return None
    words = f"Telegram could not deliver at {at:%H:%M} UTC: {info.get('last_error_message', '')}. "
    if waiting := info["pending_update_count"]:
        words += f"{waiting} updates wait. See that the bot runs and WEBHOOK_URL leads to WEB_HOST and WEB_PORT."
        return wrong("webhook", words)
    return warn("webhook", words + "Nothing waits now.")


def _not_set(current: str, wanted: str) -> Finding | None:
    if current == wanted:
        return None
    at = f"points at {urlsplit(current).hostname}" if current else "is not set"
    return warn("webhook", f"{at} at Telegram; the next start sets it to WEBHOOK_URL.")


def _short_secret(settings: Settings) -> Finding | None:
    secret = settings.webhook_secret
    if secret and len(secret.get_secret_value()) < LONG_ENOUGH_SECRET:
        words = f"the secret is short. Put {LONG_ENOUGH_SECRET} or more random characters into WEBHOOK_SECRET."
        return warn("webhook", words)
    return None


# -- the time


async def _clock_finding(address: str) -> Finding | None:
    """How our clock stands to Telegram's; None where its server does not tell the time."""
    timeout = aiohttp.ClientTimeout(total=CLOCK_SECONDS)
    proxied = urlsplit(address).hostname not in LOOPBACK
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=proxied) as session,
            session.head(address, allow_redirects=False) as answer,
        ):
            theirs = parsedate_to_datetime(answer.headers["Date"])
    except (aiohttp.ClientError, TimeoutError, KeyError, ValueError):
        return None
    return clock_finding(clock.wall() - theirs)


def clock_finding(ahead: timedelta) -> Finding:
    """What to say of a clock that is so far ahead of Telegram's."""
    if abs(ahead) <= CLOCK_DIFFERENCE:
        return ok("clock", "agrees with Telegram's.")
    side = "ahead of" if ahead > timedelta() else "behind"
    seconds = abs(ahead).total_seconds()
    return warn("clock", f"this machine is {seconds:.0f} seconds {side} Telegram. Switch on time synchronisation.")
