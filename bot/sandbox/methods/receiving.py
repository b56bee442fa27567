"""How a bot receives: long polls and webhooks."""

import asyncio
import re
from urllib.parse import urlsplit

from ..checks import TYPES
from ..errors import ApiError, Json, bad
from ..webhooks import Webhook
from ..world import Bot, World

KINDS = frozenset(TYPES["Update"]["fields"]) - {"update_id"}
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
LOCAL = ("127.0.0.1", "localhost", "::1")


async def get_updates(world: World, bot: Bot, params: Json, gone: asyncio.Event) -> bytes:
    """The waiting updates as the JSON text of a list."""
    if bot.webhook is not None:
        raise ApiError(409, WEBHOOK_ACTIVE)
    _allow(bot, params)
    limit = min(100, params.get("limit", 100) or 100)
    entries = await bot.updates.poll(params.get("offset", 0), max(1, limit), params.get("timeout", 0), gone)
    return b"[" + b",".join(entry.text for entry in entries) + b"]"


def _allow(bot: Bot, params: Json) -> None:
    if (kinds := params.get("allowed_updates")) is None:
        return
    if unknown := set(kinds) - KINDS:
        raise bad(f"unknown kind of update {min(unknown)!r} in allowed_updates")
    bot.updates.allow(kinds)


def _drop_pending(world: World, bot: Bot, params: Json) -> None:
    if params.get("drop_pending_updates"):
        world.ledger.violation("drop_pending_updates", bot_id=bot.id)
        bot.updates.drop_all()


def set_webhook(world: World, bot: Bot, params: Json) -> bool:
    url = params.get("url", "")
    _allow(bot, params)
    if not url:
        return delete_webhook(world, bot, params)
    host = urlsplit(url).hostname
    if not url.startswith(("http://", "https://")) or host not in LOCAL:
        raise bad("bad webhook: Failed to resolve host: Name or service not known")
    secret = params.get("secret_token", "")
    if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        raise bad("secret token contains unallowed characters")
    connections = params.get("max_connections", 40)
    if not 1 <= connections <= 100:
        raise bad("wrong max_connections")
    _remove(bot)
    _drop_pending(world, bot, params)
    bot.webhook = Webhook(world, bot, url, secret, connections)
    bot.webhook.take_over()
    return True


def _remove(bot: Bot) -> None:
    if bot.webhook is not None:
        bot.webhook.give_back()
        bot.webhook = None


def delete_webhook(world: World, bot: Bot, params: Json) -> bool:
    _remove(bot)
    _drop_pending(world, bot, params)
    return True


def get_webhook_info(world: World, bot: Bot, params: Json) -> Json:
    updates, hook = bot.updates, bot.webhook
    info: Json = {"url": "", "has_custom_certificate": False, "pending_update_count": len(updates.entries)}
    if hook is not None:
        info |= {"url": hook.url, "pending_update_count": hook.pending, "max_connections": hook.connections}
        info["ip_address"] = "127.0.0.1"
        if hook.last_error_date:
            info |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error_message}
    if updates.allowed is not None:
        info["allowed_updates"] = sorted(updates.allowed)
    return info
