"""Service standards: what is promised to a customer, and the clocks that run for a case."""

from models.standards.clocks import RESPONSES, SHOWN, WAITS, Clock, Mark, Timed, marks, next_due, start
from models.standards.promised import Standard, promises, standard_for, update_every
from models.standards.queries import clock, clocks_of, due_clocks, last_clock, late_cases, words_due

__all__ = [
    "RESPONSES",
    "SHOWN",
    "WAITS",
    "Clock",
    "Mark",
    "Standard",
    "Timed",
    "clock",
    "clocks_of",
    "due_clocks",
    "last_clock",
    "late_cases",
    "marks",
    "next_due",
    "promises",
    "standard_for",
    "start",
    "update_every",
    "words_due",
]
