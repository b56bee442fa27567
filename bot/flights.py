"""Calls to Telegram that are under way, and how those ended that have landed."""

import asyncio
import logging
import time
from collections.abc import Callable

from bot.budget import Budget
from bot.gateway import Gateway
from handlers.delivery import Parcel
from models.delivery import Fate, Outcome, What
from models.outbox import Waiting

log = logging.getLogger(__name__)
Result = tuple[Parcel, Outcome]


class Flights:
    """What has set out, until its outcome is recorded."""

    def __init__(self, gateway: Gateway, budget: Budget, landed: Callable[[], None]) -> None:
        """`landed` is called whenever a call has ended."""
        self._gateway = gateway
        self._budget = budget
        self._landed = landed
        self._flying: set[asyncio.Task[None]] = set()
        self.results: list[Result] = []
        self.aloft: set[int] = set()  # rows that we claimed and whose outcome is not recorded

    def __len__(self) -> int:
        """How many calls are in the air."""
        return len(self._flying)

    def set_out(self, parcel: Parcel, head: Waiting) -> None:
        """Begin the call; what comes of it will stand in `results`."""
        self.aloft |= {row.id for row in parcel.rows}
        task = asyncio.create_task(self._send(parcel, head))
        self._flying.add(task)
        task.add_done_callback(self._flying.discard)

    def forget(self, results: list[Result]) -> None:
        """These outcomes are recorded, or their rows set aside."""
        done = {id(result) for result in results}
        self.results = [result for result in self.results if id(result) not in done]
        self.aloft -= {row.id for parcel, _ in results for row in parcel.rows}

    async def end(self, timeout: float) -> None:  # noqa: ASYNC109 - what has not ended by then flies on
        """Wait for the calls in the air, `timeout` seconds at most."""
        if self._flying:
            await asyncio.wait(self._flying, timeout=timeout)

    async def _send(self, parcel: Parcel, head: Waiting) -> None:
        outcome = Outcome(Fate.UNKNOWN, detail="no outcome")
        try:
            outcome = await self._gateway.call(parcel.method, parcel.params, parcel.file)
        finally:  # whatever ends the call: without an outcome its lane would be busy for ever
            self._land(parcel, head, outcome)

    def _land(self, parcel: Parcel, head: Waiting, outcome: Outcome) -> None:
        now = time.monotonic()
        self._budget.land(head.scope, head.cost, now, topic=head.what is What.TOPIC)
        if outcome.fate is Fate.LATER:
            log.info("Telegram asks to leave %s alone for %g s", head.scope, outcome.retry_after)
            parcel.paused = self._budget.pause(head.scope, now + outcome.retry_after, now)
        elif outcome.fate is not Fate.SENT:
            log.info("outbox %d (%s): %s %s", head.id, parcel.method, outcome.fate, outcome.detail)
        self.results.append((parcel, outcome))
        self._landed()
