"""A bare bot for the sandbox's own tests: calls, and what it received."""

from typing import Any

from tests.telegram import Json, Telegram


async def result(telegram: Telegram, method: str, **params: Any) -> Any:
    """The result of a call that must succeed."""
    answer = await telegram.call(method, **params)
    assert answer["ok"], answer
    return answer["result"]


async def refusal(telegram: Telegram, method: str, **params: Any) -> str:
    """The description of a call that must fail."""
    answer = await telegram.call(method, **params)
    assert not answer["ok"], answer
    return str(answer["description"])


async def received(telegram: Telegram, **params: Any) -> list[Json]:
    """Every update that waits, acknowledged at once."""
    updates: list[Json] = []
    while True:
        offset = updates[-1]["update_id"] + 1 if updates else 0
        more = await result(telegram, "getUpdates", offset=offset, limit=100, timeout=0, **params)
        if not more:
            return updates
        updates += more
