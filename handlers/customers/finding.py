"""/find: customers and cases, by what staff remember of them."""

from typing import Any

from handlers.addresses import topic_link
from handlers.chat.doors import Place, in_place
from handlers.customers.whom import after_command
from handlers.refusals import Refusal
from models.customers import Customer, customer_numbered
from models.customers.phones import masked
from models.customers.searching import cases_like, customers_like, threads
from models.work import Work

LONGEST = 60


async def find(work: Work, place: Place) -> None:
    """/find words, for staff; telephone numbers are masked."""
    words = " ".join(after_command(place).split())[:LONGEST]
    if not words.removeprefix("#").removeprefix("@"):
        raise Refusal("find_usage")
    customers, cases = await customers_like(work, words), await cases_like(work, words)
    of_cases = {case.id: await customer_numbered(work, case.customer_id) for case in cases}
    places = await threads(work, [each.id for each in (*customers, *of_cases.values())])
    shown = [_customer(each, places) for each in customers]
    values: dict[str, Any] = {
        "words": words,
        "customers": shown,
        "matters": [
            {
                "number": case.id,
                "state": case.state.value,
                "subject": case.subject,
                "customer": _customer(of_cases[case.id], places),
            }
            for case in cases
        ],
    }
    in_place(work, place, "customers/found", values)


def _customer(customer: Customer, places: dict[int, tuple[int, int]]) -> dict[str, Any]:
    return {
        "number": customer.id,
        "name": customer.name,
        "salutation": customer.salutation,
        "phone": masked(customer.phone),
        "ref": customer.ref,
        "link": topic_link(*places[customer.id]) if customer.id in places else "",
    }
