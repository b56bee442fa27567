"""Telegram's side of a webhook, played by hand: updates made up and handed over."""

import io
import json
import time
from typing import Any

import aiohttp

from tests.soak import free_port
from tests.telegram import Json

SECRET = "a-secret-of-the-test"
HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET}


def webhook() -> dict[str, Any]:
    """Settings of a webhook at a free port."""
    port = free_port()
    return {"webhook_url": f"http://127.0.0.1:{port}/hook", "webhook_secret": SECRET, "web_port": port}


async def post(url: str, update: Any) -> int:
    """Hand over one update as Telegram would; returns the status."""
    body = update if isinstance(update, str) else json.dumps(update)
    data = io.BytesIO(body.encode())
    async with aiohttp.ClientSession() as session, session.post(url, data=data, headers=HEADERS) as answer:
        assert await answer.read() == b"", "a body would be taken for a call"
        return answer.status


def written(person: Json, text: str, update_id: int, **fields: Any) -> Json:
    """An update with a person's message."""
    sender = {"id": person["id"], "is_bot": False, "first_name": person["first_name"]}
    message = {
        "message_id": 500_000 + update_id % 100_000,
        "date": int(time.time()),
        "text": text,
        "from": sender,
        "chat": {"id": person["id"], "type": "private", "first_name": person["first_name"]},
        **fields,
    }
    return {"update_id": update_id, "message": message}
