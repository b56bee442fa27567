"""Fate: rules by which calls fail, hang, or are answered with rubbish."""

import asyncio
from dataclasses import dataclass
from typing import Any

from .errors import Json, Misuse

# Whether the call is carried out before the answer is spoilt.
EXECUTES = {
    "status": False,
    "drop_before": False,
    "html": False,
    "drop_after": True,
    "hold_after": True,
    "slow": True,
    "truncate": True,
    "empty": True,
}
KEYS = frozenset(
    ("action", "method", "chat_id", "after", "times", "code", "description", "parameters", "body", "seconds")
) | {"execute"}


@dataclass(slots=True)
class Rule:
    """One fault and the calls it meets; `times` None means for ever."""

    action: str
    execute: bool
    facts: Json
    method: str | None = None
    chat_id: int | None = None
    after: int = 0
    times: int | None = 1

    def meets(self, method: str, chat_id: Any) -> bool:
        return self.method in (None, method) and self.chat_id in (None, chat_id)


class Faults:
    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.down_until = 0.0
        self.down_mode = "cut"
        self.went_down = asyncio.Event()

    def add(self, given: Json) -> None:
        action = given.get("action", "status")
        if action not in EXECUTES:
            raise Misuse(f"there is no fault {action!r}; known: {', '.join(EXECUTES)}")
        if unknown := set(given) - KEYS:
            raise Misuse(f"a fault knows nothing of {', '.join(sorted(unknown))}")
        if action == "status" and not isinstance(given.get("code"), int):
            raise Misuse("a fault with the action status needs a code")
        if action in ("slow", "hold_after") and "seconds" not in given:
            raise Misuse(f"a fault with the action {action} needs seconds")
        method = given.get("method")
        self.rules.append(
            Rule(
                action,
                bool(given.get("execute", EXECUTES[action])),
                given,
                method.lower() if method else None,
                given.get("chat_id"),
                given.get("after", 0),
                given.get("times", 1),
            )
        )

    def clear(self) -> None:
        self.rules.clear()

    def meet(self, method: str, chat_id: Any) -> Rule | None:
        """The first rule that this call (method in lower case) runs into, used up by one."""
        if not self.rules:
            return None
        for rule in self.rules:
            if not rule.meets(method, chat_id):
                continue
            if rule.after > 0:
                rule.after -= 1
                continue
            if rule.times is not None:
                rule.times -= 1
                if rule.times <= 0:
                    self.rules.remove(rule)
            return rule
        return None

    def go_down(self, now: float, seconds: float, mode: str) -> None:
        """Every call until then is cut, or answered 502; polls under way end at once."""
        if mode not in ("cut", "502"):
            raise Misuse("down takes the mode cut or 502")
        self.down_until, self.down_mode = now + seconds, mode
        self.went_down.set()
        self.went_down = asyncio.Event()
