"""The sender: outbox rows to Telegram, in order within a lane, by priority, under Telegram's limits.

It keeps the waiting rows' outlines in memory (id, lane, priority, size); what they say is read when they are
claimed. One transaction a round records what came back and claims what goes out next.
"""

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.budget import Budget
from bot.flights import Flights
from bot.gateway import Gateway
from bot.lanes import Lanes
from bot.pacing import Pacing
from handlers import delivery
from handlers.delivery import Parcel
from models import outbox
from models.database import Begin, Look, is_outage
from models.delivery import Fate, Outcome
from models.outbox import Waiting

log = logging.getLogger(__name__)

#: A round costs much the same for one message as for all that are in the air.
IN_FLIGHT = 64
TIDY_EVERY = 30.0


class Sender:
    """Sends until it is stopped. `wake` is called by whoever added rows."""

    def __init__(
        self,
        begin: Begin,
        look: Look,
        gateway: Gateway,
        budget: Budget,
        certain: Callable[[], bool],
        poll_seconds: float,
        late_seconds: float,
    ) -> None:
        """`begin` begins a unit of work, `look` a session that only reads.

        `certain` says whether we are surely the one that sends; `poll_seconds` is how often to look for rows
        that nobody announced; `late_seconds` how much later than higher keys a key may be committed.
        """
        self._begin = begin
        self._look = look
        self._budget = budget
        self._certain = certain
        self._poll = poll_seconds
        self._woken = asyncio.Event()
        self._fresh = True  # rows may have been added
        self._lanes = Lanes(late_seconds)
        self._pacing = Pacing(self._lanes, budget, poll_seconds)
        self._flights = Flights(gateway, budget, self._woken.set)
        self._tidy_at = 0.0
        self._doubtful = True  # whether other rows may be marked as setting out
        self._began = False
        self._transaction: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """Rows were added."""
        self._fresh = True
        self._woken.set()

    @property
    def depth(self) -> int:
        """How many rows wait."""
        return len(self._lanes)

    async def run(self) -> None:
        """Take over what an earlier process left, then send until cancelled; it can be run again."""
        self._lanes.clear()
        self._fresh = self._doubtful = True
        self._began = False
        try:
            await self._send_for_ever()
        finally:
            with contextlib.suppress(Exception):  # on the way out: what is not recorded is taken over later
                await asyncio.shield(self._stop())

    async def _send_for_ever(self) -> None:
        while True:
            try:
                pause = await self._round()
            except Exception as error:
                if not is_outage(error):
                    raise
                log.warning("the database cannot be written (%s); sending waits", type(error).__name__)
                pause = 1.0
            if pause > 0:
                await self._rest(pause)

    async def _stop(self) -> None:
        """Let the calls in flight end and record them; nothing new sets out."""
        if self._transaction is not None:
            await asyncio.wait([self._transaction])
        await self._flights.end(timeout=8)
        if self._flights.results:
            await self._record_and_claim([])

    async def _clear_doubts(self) -> None:
        """Rows that are marked as setting out and that we do not have in the air: their fate is unknown.

        An earlier process left them, or a commit whose answer was lost. At the start, also learn what was sent
        in the last minute and which pauses still hold.
        """
        async with self._begin() as work:
            recent = [] if self._began else await outbox.sent_since(work, work.real_now - timedelta(minutes=1))
            pauses = await outbox.pauses(work)
            left = await delivery.recover(work, self._flights.aloft)
            again = await outbox.waiting_among(work, left)
            real_now = work.real_now
        # Their keys are among those that we have passed: no look would find them.
        self._lanes.put(again)
        self._doubtful = False
        self._fresh = True
        if left:
            log.warning("%d messages were in flight when the last process ended; they are sent again", len(left))
        if self._began:
            return
        self._began = True
        now = time.monotonic()
        for scope, cost, topic, at in recent:
            self._budget.land(scope, cost, now - (real_now - at).total_seconds(), topic=topic, flew=False)
        for scope, until in pauses:
            self._budget.pause(scope, now + (until - real_now).total_seconds(), -math.inf)

    async def _rest(self, seconds: float) -> None:
        self._woken.clear()
        if self._fresh or self._flights.results:
            return
        try:
            async with asyncio.timeout(min(seconds, self._poll)):
                await self._woken.wait()
        except TimeoutError:
            self._fresh = True

    async def _round(self) -> float:
        """One round; returns how long nothing can be done (seconds)."""
        if self._doubtful:
            # First: a row that a dying process still claims between the two is refused to us then, and not missed.
            await self._load()
            await self._clear_doubts()
        if self._fresh:
            self._fresh = False
            await self._load()
        now = time.monotonic()
        if now > self._tidy_at:
            self._tidy_at = now + TIDY_EVERY
            self._budget.tidy(now)
        picked: list[list[Waiting]] = []
        pause = self._poll
        if self._certain():
            picked, pause = self._pacing.pick(now, datetime.now(UTC), IN_FLIGHT - len(self._flights))
        if not picked and not self._flights.results:
            return pause
        await self._record_and_claim(picked)
        return 0.0

    async def _load(self) -> None:
        """Take in what was added, and what others committed late among the keys that we have passed."""
        async with self._look() as session:
            # The lower keys last: a transaction of which this sees a row is seen whole by the second query.
            rows = await outbox.waiting_after(session, self._lanes.last_id)
            late, there = await outbox.arrived_late(session, self._lanes.gaps(time.monotonic()))
            held = await outbox.outlines_of(session, self._lanes.held(datetime.now(UTC)))
        self._lanes.renew(held)
        self._lanes.pass_to([*(row.id for row in rows), *there], time.monotonic())
        self._lanes.put([*rows, *late])

    # -- recording and claiming

    async def _record_and_claim(self, picked: list[list[Waiting]]) -> None:
        results = list(self._flights.results)
        # Shielded: a process that is told to stop in the middle still learns what it has claimed.
        self._transaction = asyncio.ensure_future(self._transact(results, picked))
        try:
            await asyncio.shield(self._transaction)
        except Exception as error:
            if is_outage(error):
                raise
            log.exception("a round of the sender failed; its rows are taken one by one")
            await self._one_by_one(results, picked)

    async def _transact(self, results: list[tuple[Parcel, Outcome]], picked: list[list[Waiting]]) -> None:
        """Record and claim in one transaction; whatever ends it early, nothing that was picked stays taken."""
        try:
            parcels, again = await self._commit(results, picked)
        except BaseException as error:
            # Here, not in whoever waits for us: a wait that is cancelled hears nothing of how this ends.
            self._pacing.let_go(picked)
            self._doubtful = self._doubtful or is_outage(error)
            raise
        self._follow(results, picked, parcels, again)

    async def _commit(
        self, results: list[tuple[Parcel, Outcome]], picked: list[list[Waiting]]
    ) -> tuple[list[Parcel], list[Waiting]]:
        """What was claimed, and which rows of all these wait again."""
        async with self._begin() as work:
            await delivery.settle(work, results)
            parcels = await delivery.claim(work, picked)
            claimed = {row.id for parcel in parcels for row in parcel.rows}
            failed = [each for each, outcome in results if outcome.fate is not Fate.SENT or each.unfinished]
            refused = [row.id for group in picked for row in group if row.id not in claimed]
            again = await outbox.waiting_among(work, [row.id for each in failed for row in each.rows] + refused)
        self._fresh = self._fresh or work.said
        return parcels, again

    def _follow(
        self,
        results: list[tuple[Parcel, Outcome]],
        picked: list[list[Waiting]],
        parcels: list[Parcel],
        again: list[Waiting],
    ) -> None:
        """What was committed, in memory; and what was claimed sets out."""
        self._flights.forget(results)
        self._lanes.drop([(parcel.head.lane, row.id) for parcel, _ in results for row in parcel.rows])
        # Of a group whose first row is refused, the others may be claimed all the same.
        heads = {parcel.head.id: parcel for parcel in parcels}
        setting_out = [(row, heads[row.id]) for group in picked for row in group if row.id in heads]
        claimed = {row.id for parcel in parcels for row in parcel.rows}
        refused = [row for group in picked for row in group if row.id not in claimed]
        self._pacing.let_go([group for group in picked if not any(row.id in heads for row in group)])
        self._lanes.drop([(row.lane, row.id) for row in refused], keep_busy=True)
        self._lanes.put(again)
        if {row.id for row in refused} - {row.id for row in again}:
            # Cancelled; or claimed by a commit of the process before us that came in only after we had looked.
            self._doubtful = True
        for head, parcel in setting_out:
            self._lanes[head.lane].turns += 1
            self._flights.set_out(parcel, head)

    async def _one_by_one(self, results: list[tuple[Parcel, Outcome]], picked: list[list[Waiting]]) -> None:
        """After a fault of ours: what cannot be recorded or claimed is set aside, the rest goes on."""
        for result in results:
            try:
                await self._transact([result], [])
            except Exception as error:
                if is_outage(error):
                    raise
                ids = [row.id for row in result[0].rows]
                await self._set_aside(ids, error)
                self._flights.forget([result])
                self._lanes.drop([(row.lane, row.id) for row in result[0].rows])
        for group in picked:
            self._pacing.take(group)
            try:
                await self._transact([], [group])
            except Exception as error:
                if is_outage(error):
                    raise
                await self._set_aside([row.id for row in group], error)
                self._lanes.drop([(row.lane, row.id) for row in group])

    async def _set_aside(self, ids: list[int], error: Exception) -> None:
        log.exception("outbox rows %s cannot be sent and are set aside", ids)
        async with self._begin() as work:
            await delivery.set_aside(work, ids, error)
        self._fresh = True
