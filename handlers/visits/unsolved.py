"""What a visit finds is not done after all."""

from handlers import cases
from models.cases import Case
from models.customers import Customer
from models.installation import plan_of
from models.staff import Staff
from models.work import Work


async def take_up(
    work: Work,
    customer: Customer,
    case: Case | None,
    by: Staff | Customer,
    words: str = "",
    *,
    quiet: bool = True,
) -> Case:
    """The same case goes on within the plan's time, later a new one that names it; returns the one that goes on.

    With `quiet` the customer is not told of a new one here.
    """
    if case is not None and case.unfinished:
        return case
    if case is not None:
        ended = max(at for at in (case.resolved_at, case.closed_at) if at)
        if work.now - ended <= (await plan_of(work, case)).closing.reopen_within:
            cases.reopen(work, case, by, "visit")
            return case
    words = words or (case.subject if case else "")
    kind = case.kind if case else None
    return await cases.open_case(work, customer, words=words, kind=kind, parent=case, quiet=quiet)
