"""One questionnaire with one customer: what is asked, what was answered so far, and where it stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.questionnaires.library import definition_of
from models.cases import Case, CaseKind, case_numbered
from models.customers import Customer
from models.installation import plan_of
from models.plan import Plan
from models.questionnaires import Answer, Invitation, Question, Questionnaire
from models.questionnaires.invitations import answers_to, invitation_numbered
from models.questionnaires.path import asked
from models.staff import Staff, staff_member
from models.work import Work


@dataclass
class Run:
    """An invitation with what it asks and what was answered; `agent` fills it in for the customer, if anybody.

    `plan` is what the case was promised under, or that in force.
    """

    invitation: Invitation
    questionnaire: Questionnaire
    customer: Customer
    case: Case | None
    plan: Plan
    rows: dict[str, Answer]
    agent: Staff | None = None

    @property
    def answers(self) -> dict[str, Any]:
        """The answers by the question's id, as the way through the questionnaire looks at them."""
        return {key: _value(self.questionnaire.named(key), row) for key, row in self.rows.items()}

    @property
    def question(self) -> Question | None:
        """The question that is asked now."""
        return self.questionnaire.named(self.invitation.at_question)

    @property
    def asked_at(self) -> datetime | None:
        """When the question that is asked now was put."""
        moments = (self.invitation.asked_at, self.invitation.reminded_at, *(row.at for row in self.rows.values()))
        return max((each for each in moments if each), default=None)

    @property
    def low(self) -> bool:
        """Whether the customer is so little satisfied that the case goes on."""
        given = self.invitation.csat
        return given is not None and given <= self.plan.recovery.csat_at_most

    def was_asked(self, question: Question) -> bool:
        """Whether that question stands on the customer's way, up to the one that is asked now."""
        ids = [each.id for each in asked(self.questionnaire, self.answers)]
        now = self.invitation.at_question
        return question.id in ids and now in ids and ids.index(question.id) <= ids.index(now)


def _value(question: Question | None, row: Answer) -> Any:
    if row.value is None or (question and question.traits.poll):
        return row.text if row.value is None else row.value
    return row.value[0]


async def run_of(work: Work, invitation: Invitation, customer: Customer) -> Run:
    """The run of an invitation."""
    rows = await answers_to(work, invitation)
    case = await case_numbered(work, invitation.case_id) if invitation.case_id else None
    agent = await staff_member(work, invitation.by_staff_id) if invitation.by_staff_id else None
    questionnaire = await definition_of(work, invitation)
    plan = await plan_of(work, case) if case else work.plan
    return Run(invitation, questionnaire, customer, case, plan, {row.question: row for row in rows}, agent)


async def open_run(work: Work, customer: Customer) -> Run | None:
    """The run that is open with the customer."""
    if customer.open_run_id is None:
        return None
    invitation = await invitation_numbered(work, customer.open_run_id)
    return await run_of(work, invitation, customer) if invitation and invitation.open else None


def is_pressing(run: Run) -> bool:
    """Whether staff should not wait for the end: about a complaint, or after a low score."""
    nps, case = run.invitation.nps, run.case
    low = run.low or (nps is not None and nps <= run.plan.recovery.nps_at_most)
    complaint = case is not None and case.supposed_kind is CaseKind.COMPLAINT
    return low or complaint or run.customer.recovering_since is not None


def about(work: Work, run: Run) -> dict[str, Any]:
    """What staff read of which questionnaire it is, and of which case."""
    title = run.questionnaire.title.get(work.plan.business.language) or run.questionnaire.key
    return {"title": title, "number": run.invitation.case_id}
