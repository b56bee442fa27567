"""What customers scored: of one case, by the time that it was resolved, and of all that they had with us."""

from dataclasses import dataclass

from sqlmodel import col, select

from models.cases import Case
from models.questionnaires.rows import Answer, Invitation
from models.work import Work

#: How many of the latest are shown.
LATEST = 5


@dataclass(frozen=True)
class Given:
    """A satisfaction of 1 to 5, and what was said beside it ("" for nothing)."""

    score: int
    words: str


async def score_of(work: Work, case: Case) -> Given | None:
    """What the customer gave the case since it was last resolved; None for nothing. An earlier score counts for the
    earlier time."""
    if case.episode == 0:
        return None  # as most cases are: nobody has been asked
    latest = (
        select(Invitation)
        .where(Invitation.case_id == case.id, Invitation.episode == case.episode, col(Invitation.csat).is_not(None))
        .order_by(col(Invitation.id).desc())
        .limit(1)
    )
    found: Invitation | None = await work.first(latest)
    if found is None or found.csat is None:
        return None
    said = select(Answer.text).where(Answer.invitation_id == found.id, col(Answer.text).is_not(None))
    words = [text for text in await work.all(said.order_by(col(Answer.id))) if text]
    return Given(found.csat, "\n".join(words))


async def scores_of(work: Work, customer_id: int, but: int | None = None) -> list[int]:
    """The latest five scores of the customer's cases, newest first; `but` leaves out those of one case."""
    query = select(Invitation.csat).where(
        Invitation.customer_id == customer_id,
        col(Invitation.case_id).is_not(None),
        col(Invitation.csat).is_not(None),
    )
    if but is not None:
        query = query.where(Invitation.case_id != but)
    return list(await work.all(query.order_by(col(Invitation.id).desc()).limit(LATEST)))
