"""What routing asks of the database."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import case as case_of
from sqlalchemy import func
from sqlmodel import col, select

from models.cases import UNFINISHED_SQL, Case
from models.messages import Author, Message
from models.staff import GroupMember, Staff
from models.standards import Timed
from models.timeline import CaseEvent, EventKind
from models.work import Work


async def crew_of(work: Work, group_id: int) -> Sequence[tuple[Staff, GroupMember]]:
    """The active staff of a group, each with their membership."""
    joined = select(Staff, GroupMember).join(GroupMember, col(GroupMember.staff_id) == Staff.id)
    return await work.all(joined.where(col(Staff.active), GroupMember.group_id == group_id).order_by(col(Staff.id)))


async def loads(work: Work, staff_ids: Iterable[int]) -> dict[int, int]:
    """How many open cases each of them carries."""
    query = select(Case.assignee_id, func.count()).where(col(Case.assignee_id).in_(list(staff_ids)))
    return dict(await work.all(query.where(UNFINISHED_SQL).group_by(col(Case.assignee_id))))


async def unanswered_calls(work: Work, now: datetime, limit: int) -> Sequence[Case]:
    """Cases for which others are to be told by now that nobody on duty has taken them up."""
    query = select(Case).where(col(Case.page_due_at).is_not(None), col(Case.page_due_at) <= now)
    return await work.all(query.order_by(col(Case.page_due_at)).limit(limit))


async def queue_of(work: Work, department: str, severities: Sequence[str], only: bool, limit: int) -> Sequence[Case]:
    """Open cases of a department that nobody has: the gravest first, the most chased, the oldest.

    `severities` are ids, the gravest first; with `only`, no other cases are asked for.
    """
    ranks = {each: number for number, each in enumerate(severities)}
    rank = [case_of(ranks, value=Case.severity, else_=len(ranks))] if ranks else []
    query = select(Case).where(col(Case.assignee_id).is_(None), UNFINISHED_SQL, Case.department == department)
    if only:
        query = query.where(col(Case.severity).in_(severities))
    return await work.all(query.order_by(*rank, col(Case.chased_count).desc(), col(Case.id)).limit(limit))


async def last_agent_of(work: Work, customer_id: int, but: int) -> int | None:
    """Who had the customer's latest other case."""
    query = select(Case.assignee_id).where(
        Case.customer_id == customer_id, Case.id != but, col(Case.assignee_id).is_not(None)
    )
    staff_id: int | None = await work.first(query.order_by(col(Case.id).desc()))
    return staff_id


async def words_in(work: Work, case_id: int, limit: int = 20) -> Sequence[Message]:
    """The latest words of customer and agents in a case, oldest first."""
    said = col(Message.author).in_((Author.CUSTOMER, Author.AGENT))
    query = select(Message).where(Message.case_id == case_id, said, col(Message.recalled_at).is_(None))
    return list(await work.all(query.order_by(col(Message.id).desc()).limit(limit)))[::-1]


async def who_has_it(work: Work, case: Case, asked: Sequence[EventKind], of: Timed | None = None) -> Staff | None:
    """Who was the first to say that they have it, since people were last asked by one of these events of the case.

    `of` is the clock that it is about, None for a call. Who has left since has it no more.
    """
    kinds = col(CaseEvent.kind).in_((*asked, EventKind.ACKNOWLEDGED))
    query = select(CaseEvent).where(CaseEvent.case_id == case.id, kinds)
    events = await work.all(query.order_by(col(CaseEvent.id).desc()))
    latest = next((event for event in events if event.details.get("of") == of), None)
    if latest is None or latest.kind in asked:
        return None
    person: Staff | None = await work.first(select(Staff).where(Staff.id == latest.staff_id, col(Staff.active)))
    return person
