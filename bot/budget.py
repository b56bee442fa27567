"""Telegram's limits, kept by us: strict sliding windows, and pauses that a 429 asked for.

A slot is taken from the moment a call sets out until one period after its answer came, so that Telegram, which
counts arrivals, can never count more than we do. All times are seconds of a monotonic clock, given as arguments.
"""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

#: Slots of a group's minute that only urgent messages may use.
RESERVED = 3
MINUTE = 60.0
#: So many scopes with a 429 within a second are the limit over all; how long everything rests then (seconds).
MANY_SCOPES = 5
LONGEST_REST = 5.0
#: Telegram's clock and ours tick differently.
MARGIN = 0.02


class Window:
    """At most `count` in any `period`: a rate of 20 a minute, or of 0.5 a second (one in two seconds)."""

    def __init__(self, rate: float, per: float) -> None:
        """`rate` calls in `per` seconds; any positive rate."""
        self.count = max(1, int(rate))
        self.period = per * self.count / rate + MARGIN
        self.flying = 0
        self._landed: deque[float] = deque()

    def take(self, cost: int) -> None:
        """A call of that cost sets out."""
        self.flying += cost

    def land(self, now: float, cost: int, *, flew: bool = True) -> None:
        """Its answer came. What one call costs beyond a whole window fills the windows that follow."""
        if flew:
            self.flying -= cost
        self._landed.extend(now + index // self.count * self.period for index in range(cost))

    def room(self, now: float) -> int:
        """How many may set out now; below zero after a call larger than the window."""
        while self._landed and self._landed[0] + self.period <= now:
            self._landed.popleft()
        return self.count - self.flying - len(self._landed)

    def wait(self, now: float, cost: int, reserve: int = 0) -> float:
        """Seconds until a call of that cost may set out, leaving `reserve` free: 0 now, inf until one lands."""
        capacity = self.count - min(reserve, self.count // 2)
        needed = min(cost, capacity) + self.count - capacity
        lacking = needed - self.room(now)
        if lacking <= 0:
            return 0.0
        if lacking > len(self._landed):
            return math.inf
        return self._landed[lacking - 1] + self.period - now


@dataclass(frozen=True)
class Limits:
    """The settings LIMIT_*."""

    group_per_minute: float = 20
    chat_per_second: float = 1
    overall_per_second: float = 30
    topics_per_minute: float = 6


@dataclass
class Budget:
    """What may be sent, where, and when. A scope is "g<group>" or "c<chat>"; "all" is everything."""

    limits: Limits
    _overall: Window = field(init=False)
    _scopes: dict[str, Window] = field(default_factory=dict)
    _topics: dict[str, Window] = field(default_factory=dict)
    _pauses: dict[str, float] = field(default_factory=dict)
    _refused: dict[str, float] = field(default_factory=dict)  # scope -> when Telegram last said 429

    def __post_init__(self) -> None:
        self._overall = Window(self.limits.overall_per_second, 1.0)

    def _window(self, scope: str) -> Window:
        if scope not in self._scopes:
            in_group = scope.startswith("g")
            rate = self.limits.group_per_minute if in_group else self.limits.chat_per_second
            self._scopes[scope] = Window(rate, MINUTE if in_group else 1.0)
        return self._scopes[scope]

    def _topic_window(self, scope: str) -> Window:
        return self._topics.setdefault(scope, Window(self.limits.topics_per_minute, MINUTE))

    def wait(self, scope: str, now: float, *, cost: int = 1, urgent: bool = False, topic: bool = False) -> float:
        """Seconds until such a call may set out: 0 now, inf until another lands."""
        pause = max(self._pauses.get("all", 0.0), self._pauses.get(scope, 0.0)) - now
        reserve = RESERVED if scope.startswith("g") and not urgent else 0
        waits = [pause, self._overall.wait(now, cost), self._window(scope).wait(now, cost, reserve)]
        if topic:
            waits.append(self._topic_window(scope).wait(now, 1))
        return max(0.0, *waits)

    def short(self, scope: str, now: float, waiting: int) -> bool:
        """Whether the scope cannot take that many messages now, so that joining some is worth while."""
        return self._window(scope).room(now) - RESERVED < waiting

    def take(self, scope: str, cost: int, *, topic: bool = False) -> None:
        """A call sets out."""
        for window in self._windows(scope, topic):
            window.take(cost)

    def land(self, scope: str, cost: int, now: float, *, topic: bool = False, flew: bool = True) -> None:
        """Its answer came (or, with `flew` False: it was sent by an earlier process at `now`)."""
        for window in self._windows(scope, topic):
            window.land(now, cost, flew=flew)

    def let_go(self, scope: str, cost: int, *, topic: bool = False) -> None:
        """A call that was to set out does not."""
        for window in self._windows(scope, topic):
            window.flying -= cost

    def _windows(self, scope: str, topic: bool) -> Iterable[Window]:
        yield self._overall
        yield self._window(scope)
        if topic:
            yield self._topic_window(scope)

    def pause(self, scope: str, until: float, now: float) -> list[str]:
        """Telegram said 429 for a scope: nothing goes there until then. Returns the scopes that pause.

        Many scopes within a second mean that the limit over all was hit: then everything rests for a moment.
        """
        self._refused = {other: at for other, at in self._refused.items() if now - at <= 1.0} | {scope: now}
        pauses = {scope: until}
        if len(self._refused) >= MANY_SCOPES:
            pauses["all"] = min(until, now + LONGEST_REST)
        for each, end in pauses.items():
            self._pauses[each] = max(self._pauses.get(each, 0.0), end)
        return [scope]

    def tidy(self, now: float) -> None:
        """Forget chats that are quiet, so that memory does not grow with the number of customers."""
        for windows in (self._scopes, self._topics):
            for scope in [s for s, w in windows.items() if not w.flying and w.room(now) == w.count]:
                del windows[scope]
        self._pauses = {scope: until for scope, until in self._pauses.items() if until > now}
