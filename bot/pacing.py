"""What may set out now: the lanes' heads by priority and turn, as far as Telegram's limits have room."""

from datetime import datetime

from bot.budget import Budget
from bot.lanes import Lane, Lanes
from models.delivery import Priority, What
from models.outbox import Waiting


class Pacing:
    """Chooses among the lanes, and holds the slots of what it has chosen."""

    def __init__(self, lanes: Lanes, budget: Budget, longest: float) -> None:
        """`longest` is how long to wait where nothing else says (seconds)."""
        self._lanes = lanes
        self._budget = budget
        self._longest = longest

    def pick(self, now: float, real_now: datetime, most: int) -> tuple[list[list[Waiting]], float]:
        """What may set out now, `most` messages of one or more rows; and the seconds until something else may."""
        pause = self._longest
        picked: list[list[Waiting]] = []
        depth = self._lanes.depths()
        for lane in self._lanes.idle():
            if len(picked) >= most:
                break
            wait = self._wait(lane, now, real_now)
            if wait > 0:
                pause = min(pause, wait)
                continue
            head = lane.waiting[0]
            merges = len(lane.waiting) > 1 and self._budget.short(head.scope, now, depth(head.scope))
            picked.append(lane.with_followers() if merges else [head])
            self.take(picked[-1])
        return picked, max(pause, 0.001)

    def _wait(self, lane: Lane, now: float, real_now: datetime) -> float:
        """How long the lane's head must wait (seconds), by what it asks for, its topic and the limits."""
        head = lane.waiting[0]
        wait = (head.not_before - real_now).total_seconds() if head.not_before else 0.0
        wait = max(wait, self._lanes.topic_wait(lane, now))
        if wait > 0:
            return wait
        urgent, topic = lane.priority == Priority.ANSWER, head.what is What.TOPIC
        return self._budget.wait(head.scope, now, cost=head.cost, urgent=urgent, topic=topic)

    def take(self, group: list[Waiting]) -> None:
        """It is to set out: its lane is busy, and its slot taken."""
        head = group[0]
        self._lanes[head.lane].busy = True
        self._budget.take(head.scope, head.cost, topic=head.what is What.TOPIC)

    def let_go(self, picked: list[list[Waiting]]) -> None:
        """What was picked does not set out after all."""
        for group in picked:
            head = group[0]
            self._budget.let_go(head.scope, head.cost, topic=head.what is What.TOPIC)
            self._lanes[head.lane].busy = False
