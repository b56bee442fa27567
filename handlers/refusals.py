"""How a deed is refused, and how it waits: the exceptions that a use case may raise on purpose."""

from dataclasses import dataclass
from typing import Any


class Refusal(Exception):
    """A polite no. `key` names a label under [refusal], `values` fill it.

    Whoever began the unit of work rolls back all that the deed did before it refused, and then says no; nobody
    between catches it.
    """

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


class NotYet(Exception):
    """What this builds on has not arrived; others of its lane may go first."""


@dataclass(frozen=True)
class Seat:
    """Somebody's place in a staff group, which Telegram knows: our key of the group, its chat, the account."""

    group_id: int
    chat_id: int
    user_id: int


class AskFirst(NotYet):
    """Telegram must be asked who sits there; nobody of its lane goes first, and then it is done again.

    What Telegram answers is noted by `staff.take_answers`, and that it does not answer too: so it is asked once.
    """

    def __init__(self, *seats: Seat) -> None:
        super().__init__(*seats)
        self.seats = seats
