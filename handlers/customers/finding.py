"""Finding customers and cases by what staff remember of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.authority import require
from handlers.refusals import Refusal
from models.cases import Case
from models.customers import Customer, customer_numbered
from models.customers.finding import cases_like, customers_like, threads
from models.staff import Staff
from models.work import Work

LONGEST = 60


@dataclass(frozen=True)
class Found:
    """What was looked for, the customers, the cases with theirs, and where each has a topic: chat and thread."""

    words: str
    customers: Sequence[Customer]
    cases: Sequence[tuple[Case, Customer]]
    threads: dict[int, tuple[int, int]]


async def find(work: Work, words: str, by: Staff) -> Found:
    """Customers and cases that these words bring to mind; raises Refusal for none."""
    require(by)
    words = " ".join(words.split())[:LONGEST]
    if not words.removeprefix("#").removeprefix("@"):
        raise Refusal("find_usage")
    customers = await customers_like(work, words)
    cases = [(case, await customer_numbered(work, case.customer_id)) for case in await cases_like(work, words)]
    places = await threads(work, [each.id for each in (*customers, *(customer for _, customer in cases))])
    return Found(words, customers, cases, places)
