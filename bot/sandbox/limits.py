"""Telegram's flood limits: sliding windows on the sandbox's clock; a limit of None is off."""

import math
from collections import deque
from dataclasses import dataclass, fields

from .errors import ApiError, Json, Misuse, too_many
from .ledger import Ledger

ONE_MESSAGE = frozenset(
    "sendmessage sendphoto sendvideo sendaudio senddocument sendvoice sendvideonote sendanimation "
    "sendsticker sendlocation sendvenue sendcontact senddice sendpoll copymessage forwardmessage "
    "editmessagetext editmessagecaption editmessagemedia editmessagereplymarkup stoppoll "
    "createforumtopic editforumtopic closeforumtopic reopenforumtopic".split()
)
SEVERAL = {"sendmediagroup": "media", "copymessages": "message_ids", "forwardmessages": "message_ids"}


@dataclass(slots=True)
class Rates:
    """What Telegram allows one bot; any positive number, or None for no limit."""

    group_per_minute: float | None = 20
    chat_per_second: float | None = 1
    overall_per_second: float | None = 30
    topics_per_minute: float | None = None
    chat_burst: int = 0


class Window:
    """At most `count` marks within `period` seconds, and the pause that a breach brings."""

    __slots__ = ("marks", "paused_until")

    def __init__(self) -> None:
        self.marks: deque[float] = deque()
        self.paused_until = 0.0

    def wait(self, now: float, cost: int, count: int, period: float) -> float:
        """Seconds until `cost` more fit; a cost above the whole window fits once it is empty."""
        marks = self.marks
        while marks and marks[0] <= now - period:
            marks.popleft()
        excess = len(marks) + cost - count
        if excess <= 0 or not marks:
            return 0.0
        return marks[min(excess, len(marks)) - 1] + period - now


class Limits:
    """The windows of one bot."""

    def __init__(self, rates: Rates, ledger: Ledger) -> None:
        self.rates = rates
        self._ledger = ledger
        self._windows: dict[str, Window] = {}
        # Chats that a fault's 429 has paused, and until when.
        self._paused: dict[int, float] = {}

    def set(self, changes: Json) -> None:
        known = {field.name for field in fields(Rates)}
        for name, value in changes.items():
            if name not in known:
                raise Misuse(f"there is no limit {name}; known: {', '.join(sorted(known))}")
            if value is not None and value < 0:
                raise Misuse(f"{name} must not be negative")
            setattr(self.rates, name, (value or 0) if name == "chat_burst" else (value or None))
        self._windows.clear()
        self._paused.clear()

    def charge(self, now: float, method: str, chat_id: int, params: Json) -> list[Window]:
        """Count a call made at `now` (sandbox seconds).

        Returns the windows it counted in; raises 429 where one is full.
        """
        cost = _cost(method, params)
        if not cost:
            return []
        self._check_pause(now, method, chat_id)
        windows = []
        for name, count, period in self._scopes(method, chat_id):
            window = self._windows.setdefault(name, Window())
            if now < window.paused_until:
                self._ledger.violation("inside_retry_after", method=method, chat_id=chat_id, scope=name)
                raise self._refuse(window, window.paused_until - now, now)
            if wait := window.wait(now, cost, count, period):
                raise self._refuse(window, wait, now)
            windows.append(window)
        for window in windows:
            window.marks.extend([now] * cost)
        return windows

    def pause(self, now: float, chat_id: int, seconds: float) -> None:
        """A fault has answered 429: a chat takes nothing more for so many seconds."""
        self._paused[chat_id] = now + seconds
        self._ledger.count("429")

    def _check_pause(self, now: float, method: str, chat_id: int) -> None:
        until = self._paused.get(chat_id, 0.0)
        if now < until:
            self._ledger.violation("inside_retry_after", method=method, chat_id=chat_id, scope="fault")
            self._ledger.count("429")
            raise too_many(max(1, math.ceil(until - now)))

    def refund(self, windows: list[Window], method: str, params: Json) -> None:
        """Take back a call that Telegram refused for another reason."""
        cost = _cost(method, params)
        for window in windows:
            for _ in range(min(cost, len(window.marks))):
                window.marks.pop()

    def _refuse(self, window: Window, wait: float, now: float) -> ApiError:
        seconds = max(1, math.ceil(wait))
        window.paused_until = max(window.paused_until, now + wait)
        self._ledger.count("429")
        return too_many(seconds)

    def _scopes(self, method: str, chat_id: int) -> list[tuple[str, int, float]]:
        rates, scopes = self.rates, []
        if rates.overall_per_second:
            scopes.append(("overall", *_window(rates.overall_per_second, 1.0)))
        if chat_id > 0 and rates.chat_per_second:
            count, period = _window(rates.chat_per_second, 1.0)
            burst = count + rates.chat_burst
            scopes.append((f"chat {chat_id}", burst, period * burst / count))
        if chat_id < 0 and rates.group_per_minute:
            scopes.append((f"group {chat_id}", *_window(rates.group_per_minute, 60.0)))
        if method == "createforumtopic" and rates.topics_per_minute:
            scopes.append((f"topics {chat_id}", *_window(rates.topics_per_minute, 60.0)))
        return scopes


def _cost(method: str, params: Json) -> int:
    """How many messages a call counts for."""
    if method in ONE_MESSAGE:
        return 1
    return len(params[SEVERAL[method]]) if method in SEVERAL else 0


def _window(rate: float, period: float) -> tuple[int, float]:
    """A whole count and the seconds it is for: 0.5 a second is one in two seconds."""
    count = max(1, int(rate))
    return count, period * count / rate
