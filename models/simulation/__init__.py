"""A plan tried against arrivals: which of its promises would be kept, and how many staff keep them."""

from models.simulation.arrivals import Arrivals, StaffShift, read_arrivals
from models.simulation.contacts import ContactsOfTier, contacts_of
from models.simulation.figures import TARGET, Broken, Figure, Kept
from models.simulation.findings import DepartmentFindings, Findings, simulate
from models.simulation.learning import learn_arrivals
from models.simulation.promises import Promised

__all__ = [
    "TARGET",
    "Arrivals",
    "Broken",
    "ContactsOfTier",
    "DepartmentFindings",
    "Figure",
    "Findings",
    "Kept",
    "Promised",
    "StaffShift",
    "contacts_of",
    "learn_arrivals",
    "read_arrivals",
    "simulate",
]
