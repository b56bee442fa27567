"""What may have happened that others act on; where it is a fact about a case, the case's timeline keeps it too."""

from typing import Any, ClassVar

from models.base import Base
from models.cases import Case
from models.customers import Customer
from models.staff import Staff
from models.timeline import EventKind, entry_of


class Happening:
    """Something that has happened, and that no timeline keeps."""

    def entry(self) -> tuple[type[Base], dict[str, Any]] | None:
        """The row that tells it for good."""
        return None


class Fact(Happening):
    """Something that has happened to a case, and is an entry of its timeline."""

    kind_of_event: ClassVar[EventKind]
    case: Case

    @property
    def actor(self) -> Staff | Customer | None:
        """Who did it; None is the clock."""
        found: Staff | Customer | None = getattr(self, "by", None)
        return found

    def entry(self) -> tuple[type[Base], dict[str, Any]] | None:
        """Its entry."""
        return entry_of(self)
