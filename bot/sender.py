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
from bot.gateway import Gateway
from bot.lanes import Lanes
from handlers import delivery
from handlers.delivery import Parcel
from models import outbox
from models.database import Begin, Look, is_outage
from models.delivery import Fate, Outcome, Priority, What
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
        self._gateway = gateway
        self._budget = budget
        self._certain = certain
        self._poll = poll_seconds
        self._woken = asyncio.Event()
        self._fresh = True  # rows may have been added
        self._lanes = Lanes(late_seconds)
        self._flying: set[asyncio.Task[None]] = set()
        self._results: list[tuple[Parcel, Outcome]] = []
        self._tidy_at = 0.0
        self._aloft: set[int] = set()  # rows that we claimed and whose outcome is not recorded
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
        if self._flying:
            await asyncio.wait(self._flying, timeout=8)
        if self._results:
            await self._record_and_claim([])

    async def _clear_doubts(self) -> None:
        """Rows that are marked as setting out and that we do not have in the air: their fate is unknown.

        An earlier process left them, or a commit whose answer was lost. At the start, also learn what was sent
        in the last minute and which pauses still hold.
        """
        async with self._begin() as work:
            recent = [] if self._began else await outbox.sent_since(work, work.real_now - timedelta(minutes=1))
            pauses = await outbox.pauses(work)
            left = await delivery.recover(work, self._aloft)
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
        if self._fresh or self._results:
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
        picked, pause = self._pick(now, datetime.now(UTC)) if self._certain() else ([], self._poll)
        if not picked and not self._results:
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

    # -- choosing

    def _pick(self, now: float, real_now: datetime) -> tuple[list[list[Waiting]], float]:
        """What may set out now, each entry one message; and the seconds until something else may."""
        pause = self._poll
        picked: list[list[Waiting]] = []
        depth = self._lanes.depths()
        for lane in self._lanes.idle():
            if len(self._flying) + len(picked) >= IN_FLIGHT:
                break
            head = lane.waiting[0]
            wait = (head.not_before - real_now).total_seconds() if head.not_before else 0.0
            wait = max(wait, self._lanes.topic_wait(lane, now))
            if wait <= 0:
                urgent, topic = lane.priority == Priority.ANSWER, head.what is What.TOPIC
                wait = self._budget.wait(head.scope, now, cost=head.cost, urgent=urgent, topic=topic)
            if wait > 0:
                pause = min(pause, wait)
                continue
            merges = len(lane.waiting) > 1 and self._budget.short(head.scope, now, depth(head.scope))
            picked.append(lane.with_followers() if merges else [head])
            self._take(picked[-1])
        return picked, max(pause, 0.001)

    # -- recording and claiming

    async def _record_and_claim(self, picked: list[list[Waiting]]) -> None:
        results = list(self._results)
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
            self._let_go(picked)
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
        recorded = {id(result) for result in results}
        self._results = [result for result in self._results if id(result) not in recorded]
        self._aloft -= {row.id for parcel, _ in results for row in parcel.rows}
        self._lanes.drop([(parcel.head.lane, row.id) for parcel, _ in results for row in parcel.rows])
        # Of a group whose first row is refused, the others may be claimed all the same.
        heads = {parcel.head.id: parcel for parcel in parcels}
        setting_out = [(row, heads[row.id]) for group in picked for row in group if row.id in heads]
        claimed = {row.id for parcel in parcels for row in parcel.rows}
        refused = [row for group in picked for row in group if row.id not in claimed]
        self._let_go([group for group in picked if not any(row.id in heads for row in group)])
        self._lanes.drop([(row.lane, row.id) for row in refused], keep_busy=True)
        self._lanes.put(again)
        if {row.id for row in refused} - {row.id for row in again}:
            # Cancelled; or claimed by a commit of the process before us that came in only after we had looked.
            self._doubtful = True
        for head, parcel in setting_out:
            self._set_out(parcel, head)

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
                self._results = [other for other in self._results if other is not result]
                self._aloft -= set(ids)
                self._lanes.drop([(row.lane, row.id) for row in result[0].rows])
        for group in picked:
            self._take(group)
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

    def _take(self, group: list[Waiting]) -> None:
        """It is to set out: its lane is busy, and its slot taken."""
        head = group[0]
        self._lanes[head.lane].busy = True
        self._budget.take(head.scope, head.cost, topic=head.what is What.TOPIC)

    def _let_go(self, picked: list[list[Waiting]]) -> None:
        """What was picked does not set out after all."""
        for group in picked:
            head = group[0]
            self._budget.let_go(head.scope, head.cost, topic=head.what is What.TOPIC)
            self._lanes[head.lane].busy = False

    # -- sending

    def _set_out(self, parcel: Parcel, head: Waiting) -> None:
        self._lanes[head.lane].turns += 1
        self._aloft |= {row.id for row in parcel.rows}
        task = asyncio.create_task(self._send(parcel, head))
        self._flying.add(task)
        task.add_done_callback(self._flying.discard)

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
        self._results.append((parcel, outcome))
        self._woken.set()
