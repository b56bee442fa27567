"""What staff say that a matter is, and how serious."""

from handlers.authority import require
from handlers.happenings.cases import KindConfirmed
from handlers.refusals import Refusal
from handlers.routing import paging
from models.cases import Case, CaseKind
from models.customers import customer_of
from models.installation import plan_of
from models.routing.words import is_graver
from models.staff import Role, Staff
from models.work import Work


def set_kind(work: Work, case: Case, kind: CaseKind, by: Staff) -> None:
    """An agent says what the matter is; what was a complaint stays one, unless a supervisor says otherwise.

    Raises Refusal for a finished case.
    """
    require(by)
    if not case.unfinished:
        raise Refusal("finished", number=case.id)
    if case.kind is kind:
        return
    if case.kind is CaseKind.COMPLAINT:
        require(by, Role.SUPERVISOR)
    before, case.kind = case.kind, kind
    work.happen(KindConfirmed(case, by, before, kind))


async def set_severity(work: Work, case: Case, severity_id: str, by: Staff) -> None:
    """Anybody may take a matter more seriously; less so only a supervisor.

    `severity_id` is one of the plan that the case was promised under; raises Refusal for another, and for a finished
    case.
    """
    require(by)
    if not case.unfinished:
        raise Refusal("finished", number=case.id)
    plan = await plan_of(work, case)
    severity = plan.severity_named(severity_id)
    if severity is None:
        raise Refusal("stale")
    if severity.id == case.severity:
        return
    if not is_graver(plan, severity.id, case.severity):
        require(by, Role.SUPERVISOR)
    await paging.change_severity(work, await customer_of(work, case), case, severity, by)
