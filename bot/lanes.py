"""The sender's memory of what waits: lanes of outlines, in order, one call of a lane at a time."""

from bisect import insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from models.delivery import made_in
from models.outbox import Waiting

#: A transaction may commit so long after later keys were seen (seconds); by then the database has ended it.
LATE_SECONDS = 60.0
#: Of keys that were given out before our first look, so many may still be on their way.
LATE_AT_FIRST = 2000
#: Where keys are committed in their order, none comes late.
NEVER_LATE = 0.0
#: Rows that wait longer are looked at again meanwhile, so many at once.
HELD = timedelta(seconds=2)
HELD_AT_ONCE = 500
#: What goes to a topic that is being made is not even tried for so long (seconds); then the row itself decides.
TOPIC_SECONDS = 5.0
#: A message made of several texts holds at most so much and so many (UTF-16 units, rows).
MERGED_SIZE = 4000
MERGED_ROWS = 40


@dataclass
class Lane:
    """The rows of one chat or topic, in their order; one call at a time."""

    waiting: list[Waiting] = field(default_factory=list)
    busy: bool = False
    topic_since: float | None = None  # since when it waits for its topic (monotonic seconds)
    turns: int = 0  # calls since the lane was last empty: who had fewer goes first

    @property
    def priority(self) -> int:
        """That of its most urgent row: what stands before an urgent word must go, so that the word can."""
        return min(row.priority for row in self.waiting[:MERGED_ROWS])

    def with_followers(self) -> list[Waiting]:
        """The first row, joined by the texts behind it that fit into the same message."""
        head = self.waiting[0]
        group = [head]
        size = head.size
        for row in self.waiting[1:MERGED_ROWS] if head.size else ():
            size += row.size + 1
            if not row.size or row.priority != head.priority or row.not_before or size > MERGED_SIZE:
                break
            group.append(row)
        return group


class Lanes:
    """Every lane that holds a waiting row or has a call in the air."""

    def __init__(self, late_seconds: float) -> None:
        """`late_seconds`: how much later than higher keys a key may still be committed."""
        self._late_seconds = late_seconds
        self._lanes: dict[str, Lane] = {}
        self._known: set[int] = set()
        self._gaps: dict[int, float] = {}
        self.last_id = 0

    def __len__(self) -> int:
        """How many rows wait or are in the air."""
        return len(self._known)

    def __getitem__(self, name: str) -> Lane:
        """A lane that is not empty."""
        return self._lanes[name]

    def clear(self) -> None:
        """Forget everything."""
        self._lanes.clear()
        self._known.clear()
        self._gaps.clear()
        self.last_id = 0

    def gaps(self, now: float) -> list[int]:
        """Keys below `last_id` that nobody has shown us: on PostgreSQL a lower one may be committed later.

        Of a transaction whose higher keys are seen, no lower one may be missed: its rows would go out of order.
        `now` is monotonic time in seconds.
        """
        self._gaps = {row_id: until for row_id, until in self._gaps.items() if until > now}
        return list(self._gaps)

    def pass_to(self, seen: Iterable[int], now: float) -> None:
        """These keys are there, and all above `last_id` were looked for; those between them may come late."""
        ids = set(seen)
        last_id = max(ids, default=0)
        if self._late_seconds:
            first = self.last_id or last_id - LATE_AT_FIRST
            for row_id in range(max(0, first) + 1, last_id + 1):
                if row_id not in ids:
                    self._gaps[row_id] = now + self._late_seconds
            for row_id in ids:
                self._gaps.pop(row_id, None)
        self.last_id = max(self.last_id, last_id)

    def put(self, rows: Iterable[Waiting]) -> None:
        """Rows wait; those that are known already are left as they are."""
        for row in rows:
            if row.id not in self._known:
                self._known.add(row.id)
                insort(self._lanes.setdefault(row.lane, Lane()).waiting, row)

    def held(self, now: datetime) -> list[int]:
        """First rows of idle lanes that wait for long; what they wait for may be over sooner."""
        heads = (lane.waiting[0] for lane in self._lanes.values() if lane.waiting and not lane.busy)
        return [head.id for head in heads if head.not_before and head.not_before > now + HELD][:HELD_AT_ONCE]

    def renew(self, rows: Iterable[Waiting]) -> None:
        """These rows wait as they are said to be now; a lane with a call in the air is left as it is."""
        for row in rows:
            lane = self._lanes.get(row.lane)
            if lane is not None and not lane.busy:
                lane.waiting = [row if each.id == row.id else each for each in lane.waiting]

    def drop(self, rows: Iterable[tuple[str, int]], *, keep_busy: bool = False) -> None:
        """These rows (lane, id) are done with, or will be put in again; their lanes may go on."""
        for name, row_id in rows:
            # Whatever became of its lane: a row that is still thought known would never be loaded again.
            self._known.discard(row_id)
            lane = self._lanes.get(name)
            if lane is None:
                continue
            lane.waiting = [row for row in lane.waiting if row.id != row_id]
            lane.busy = lane.busy and keep_busy
            if not lane.waiting and not lane.busy:
                del self._lanes[name]

    def idle(self) -> list[Lane]:
        """Lanes that could send, those first whose turn it is."""
        return sorted(
            (lane for lane in self._lanes.values() if lane.waiting and not lane.busy),
            key=lambda lane: (lane.priority, lane.turns, lane.waiting[0].id),
        )

    def topic_wait(self, lane: Lane, now: float) -> float:
        """How long the lane leaves the topic that it leads to the time to be made (seconds), 0 where it is not.

        `now` is monotonic time in seconds. A making that was put off may end in another way and holds up nothing.
        """
        name = lane.waiting[0].lane
        making = self._lanes.get(made_in(name)) if name.startswith("g") else None
        if making is None or not (making.busy or making.waiting[0].not_before is None):
            lane.topic_since = None
            return 0.0
        lane.topic_since = lane.topic_since or now
        return max(0.0, lane.topic_since + TOPIC_SECONDS - now)

    def depths(self) -> Callable[[str], int]:
        """How many rows wait for a scope, counted when first asked."""
        counted: dict[str, int] = {}

        def depth(scope: str) -> int:
            if not counted:
                for lane in self._lanes.values():
                    if lane.waiting:
                        first = lane.waiting[0].scope
                        counted[first] = counted.get(first, 0) + len(lane.waiting)
            return counted.get(scope, 0)

        return depth
