"""How a deed is refused, and how it waits: the two exceptions that a use case may raise on purpose."""

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
