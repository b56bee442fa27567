"""Keeping an answer, with who gave it; a score among them is told, and contents the customer or not."""

from datetime import timedelta
from typing import Any

from handlers import cases
from handlers.happenings.aftercare import ScoreGiven
from handlers.questionnaires.runs import Run
from handlers.speaking import send
from models.cases import Case, CaseState
from models.customers import Customer
from models.delivery import What, staff_lane
from models.questionnaires import Answer, InvitationState, Question
from models.questionnaires.path import scores
from models.timeline import EventKind, remember
from models.work import Work

#: How long after the stars the next words are taken for their reason.
WHY_WITHIN = timedelta(days=1)


def record(
    work: Work,
    run: Run,
    question: Question,
    value: Any = None,
    *,
    words: str | None = None,
    media: dict[str, Any] | None = None,
) -> Answer:
    """Keep an answer; the one given before is replaced."""
    row = run.rows.get(question.id)
    if row is None:
        row = Answer(invitation_id=run.invitation.id or 0, question=question.id, at=work.now)
        work.add(row)
        run.rows[question.id] = row
    chosen = value if value is None or isinstance(value, list) else [value]
    row.value, row.text, row.media, row.at = chosen, words, media, work.now
    row.staff_id, row.customer_id = (run.agent.id, None) if run.agent else (None, run.customer.id)
    run.invitation.state = InvitationState.STARTED
    if question.measure and isinstance(value, int):
        _keep_score(work, run, question.measure)
    return row


def _keep_score(work: Work, run: Run, measure: str) -> None:
    invitation, case = run.invitation, run.case
    given = scores(run.questionnaire, run.answers).get(measure)
    if given is None or getattr(invitation, measure) == given:
        return
    setattr(invitation, measure, given)
    if invitation.brief:
        invitation.expires_at = work.now + WHY_WITHIN
    if measure == "csat" and case is not None and case.episode == invitation.episode:
        remember(work, case, EventKind.SCORED, run.agent or run.customer, measure=measure, score=given)
        if not run.low:
            _accept(work, run.customer, case, given)
        cases.redraw_card(work, case)
    work.happen(ScoreGiven(run.customer, case, measure, given, run.agent))


def _accept(work: Work, customer: Customer, case: Case, score: int) -> None:
    """The customer is content: a case of which we say that it is done is closed, and staff read the score."""
    cases.accept(work, customer, case)
    lane = staff_lane(case.group_id, customer.id)
    values = {"number": case.id, "score": score, "closed": case.state is CaseState.CLOSED}
    body = {"template": "cases/score", "values": values}
    send(work, What.SAY, lane, body, group_id=case.group_id, customer_id=customer.id, case_id=case.id)
