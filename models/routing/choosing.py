"""Who of those who could take a case is to have it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Candidate:
    """Somebody who works now: how many open cases they carry, and when their turn is (the lowest comes next).

    Who is not `ordinary` (a supervisor among agents) gets only what prefers them.
    """

    staff_id: int
    load: int
    turn: int = 0
    ordinary: bool = True


def choose(
    rule: Literal["least_loaded", "round_robin", "claim"],
    candidates: Sequence[Candidate],
    capacity: int | None,
    preferred: Sequence[int] = (),
) -> int | None:
    """The staff id of who gets the next case: the first of the preferred with room, else by the department's rule.

    None where nobody has room, and where cases are claimed.
    """
    free = [each for each in candidates if capacity is None or each.load < capacity]
    ids = {each.staff_id for each in free}
    known = next((staff_id for staff_id in preferred if staff_id in ids), None)
    free = [each for each in free if each.ordinary]
    if known is not None or rule == "claim" or not free:
        return known
    if rule == "round_robin":
        return min(free, key=lambda each: (each.turn, each.staff_id)).staff_id
    return min(free, key=lambda each: (each.load, each.turn, each.staff_id)).staff_id
