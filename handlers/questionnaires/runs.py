"""One questionnaire with one customer: from question to question in one message, until it ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select

from handlers import cases
from handlers.happenings import QuestionnaireEnded, Scored, ScoreGiven
from handlers.questionnaires import polls, showing
from handlers.questionnaires.library import definition_of
from handlers.speaking import Buttons, change_in_group, change_message, change_sent, send, tell_staff
from models.cases import Case, CaseKind, CaseState, case_numbered
from models.contact import LATE_PRESS
from models.customers import Customer
from models.delivery import What, staff_lane
from models.installation import plan_of
from models.messages import links_of
from models.plan import Plan
from models.questionnaires import OPEN, Answer, Invitation, InvitationState, Question, Questionnaire
from models.questionnaires.path import asked, following, scores
from models.questionnaires.rows import STARS
from models.staff import Staff, main_group, staff_group, staff_member
from models.topics import topic_of
from models.work import Work

#: How long after the stars the next words are taken for their reason.
WHY_WITHIN = timedelta(days=1)


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


def _value(question: Question | None, row: Answer) -> Any:
    if row.value is None or (question and question.traits.poll):
        return row.text if row.value is None else row.value
    return row.value[0]


async def run_of(work: Work, invitation: Invitation, customer: Customer) -> Run:
    """The run of an invitation."""
    rows: Sequence[Answer] = await work.all(select(Answer).where(Answer.invitation_id == invitation.id))
    case = await case_numbered(work, invitation.case_id) if invitation.case_id else None
    agent = await staff_member(work, invitation.by_staff_id) if invitation.by_staff_id else None
    questionnaire = await definition_of(work, invitation)
    plan = await plan_of(work, case) if case else work.plan
    return Run(invitation, questionnaire, customer, case, plan, {row.question: row for row in rows}, agent)


async def open_run(work: Work, customer: Customer) -> Run | None:
    """The run that is open with the customer."""
    if customer.open_run_id is None:
        return None
    invitation: Invitation | None = await work.first(select(Invitation).where(Invitation.id == customer.open_run_id))
    return await run_of(work, invitation, customer) if invitation and invitation.open else None


async def is_asked(work: Work, customer: Customer) -> bool:
    """Whether the customer is in the middle of questions: then nothing else is asked. Stars ask for one tap only, and
    can wait beside others."""
    if customer.open_run_id is None:
        return False
    query = select(Invitation.id).where(Invitation.customer_id == customer.id, *in_the_middle(Invitation))
    return await work.first(query.limit(1)) is not None


def in_the_middle(invitation: Any) -> tuple[Any, ...]:
    """That an invitation, of the table or an alias of it, has the customer in the middle of questions."""
    return (invitation.state.in_(OPEN), invitation.by_staff_id.is_(None), invitation.rule != STARS)


# -- answering


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
        work.happen(Scored(case, run.agent or run.customer, measure, given))
        if not run.low:
            accept(work, run.customer, case, given)
        cases.redraw_card(work, case)
    work.happen(ScoreGiven(run.customer, case, measure, given, run.agent))


def accept(work: Work, customer: Customer, case: Case, score: int) -> None:
    """The customer is content: a case of which we say that it is done is closed, and staff read the score."""
    cases.accept(work, customer, case)
    lane = staff_lane(case.group_id, customer.id)
    values = {"number": case.id, "score": score, "closed": case.state is CaseState.CLOSED}
    body = {"template": "cases/score", "values": values}
    send(work, What.SAY, lane, body, group_id=case.group_id, customer_id=customer.id, case_id=case.id)


async def advance(work: Work, run: Run, past: Question) -> None:
    """Go on to the question after that one, or end where there is none."""
    following_one = following(run.questionnaire, run.answers, past.id)
    if following_one is None:
        await finish(work, run)
    else:
        await turn_to(work, run, following_one)


async def turn_to(work: Work, run: Run, question: Question) -> None:
    """Ask that question now."""
    if run.invitation.at_question != question.id:
        await polls.close_polls(work, run.customer, run.invitation)
        run.invitation.at_question = question.id
        if question.traits.poll and run.agent is None:
            polls.put_poll(work, run.customer, run.invitation, question)
    await show(work, run)


def take_up_again(work: Work, run: Run, question: Question) -> bool:
    """An answer after the time is over may have waited for us: it counts for a day, if nothing else has followed.

    Only the question that was asked last can be answered then; the run goes on for as long. Returns whether it does.
    """
    invitation, case = run.invitation, run.case
    ended_at = invitation.ended_at if invitation.state is InvitationState.EXPIRED and invitation.asked_at else None
    if ended_at is None or work.now - ended_at > LATE_PRESS or run.customer.open_run_id is not None:
        return False
    if case is not None and (case.unfinished or case.episode != invitation.episode):
        return False
    if question is not next(
        (each for each in asked(run.questionnaire, run.answers) if each.id not in run.rows), None
    ):
        return False
    invitation.state = InvitationState.STARTED
    invitation.ended_at, invitation.at_question, invitation.expires_at = None, question.id, work.now + LATE_PRESS
    run.customer.open_run_id = invitation.id
    return True


# -- the message in which it stands


async def show(work: Work, run: Run) -> None:
    """Draw the question that is asked now, in place."""
    question = run.question
    if question is not None:
        values, buttons = face(work, run, question)
        await change(work, run, "questionnaires/question", values, buttons)


def face(work: Work, run: Run, question: Question) -> tuple[dict[str, Any], Buttons]:
    """What the message with that question says, and its buttons."""
    language = _language(work, run)
    values = showing.question_values(
        language,
        run.questionnaire,
        question,
        run.answers,
        run.case,
        attached=run.invitation.attached,
        settled=_settled(run),
        score=_score(run),
        low=run.low,
        brief=run.invitation.brief,
        business=work.plan.business.name.get(language, ""),
        form=run.agent is not None,
    )
    prefix = f"{'form' if run.agent else 'q'}:{run.invitation.id}"
    brief = run.invitation.brief
    buttons = showing.question_buttons(language, run.questionnaire, question, run.answers, prefix, brief=brief)
    return values, [*buttons, *_not_solved(run)]


def _settled(run: Run) -> bool:
    """Whether it stands under the words that the case is resolved, and the score did not take it up again."""
    return run.invitation.attached and run.case is not None and not run.case.unfinished and not run.low


def _score(run: Run) -> int | None:
    """The stars to be read once more, where no count of questions says that there is more to come."""
    return run.invitation.csat if run.invitation.brief else None


def _not_solved(run: Run) -> Buttons:
    if run.case is None or not _settled(run):
        return []
    return [[cases.not_solved_button(run.customer.language, run.case)]]


async def put_away(work: Work, run: Run, template: str, **values: Any) -> None:
    """No question stands in the message any more; what was done and "not solved" stay in it."""
    of_case = showing.case_values(run.case, attached=run.invitation.attached, settled=_settled(run))
    await change(work, run, template, {**of_case, "score": _score(run), **values}, _not_solved(run))


def _language(work: Work, run: Run) -> str:
    return work.plan.business.language if run.agent else run.customer.language


async def change(work: Work, run: Run, template: str, values: dict[str, Any], buttons: Buttons) -> None:
    """Put a template in the place of the message in which the run stands."""
    invitation, customer = run.invitation, run.customer
    if run.agent is not None:
        await _change_form(work, run, template, values, buttons)
        return
    if invitation.telegram_id is None and invitation.message_id is not None:
        links = await links_of(work, [invitation.message_id], customer.chat_id)
        invitation.telegram_id = links.get(invitation.message_id)
    if invitation.telegram_id is not None:
        change_message(work, customer, invitation.telegram_id, template, values, buttons)
    elif invitation.message_id is not None:  # not sent yet: behind it, wherever it will stand
        change_sent(work, customer, invitation.message_id, template, values, buttons)


async def _change_form(work: Work, run: Run, template: str, values: dict[str, Any], buttons: Buttons) -> None:
    group_id = run.case.group_id if run.case else (await main_group(work)).id or 0
    if run.invitation.form_message_id is not None:
        change_in_group(work, group_id, run.customer, run.invitation.form_message_id, template, values, buttons)


# -- the end


async def finish(work: Work, run: Run) -> None:
    """The last question is answered: thank."""
    if run.agent is None:
        thanks = showing.thanks_words(run.customer.language, run.questionnaire, run.answers)
        await put_away(work, run, "questionnaires/finished", thanks=thanks)
    await end(work, run, InvitationState.FINISHED)


async def stop(work: Work, run: Run) -> None:
    """The customer wants no more questions; what was answered is kept."""
    if run.agent is None:
        answered = any(value is not None for value in run.answers.values())
        await put_away(work, run, "questionnaires/stopped", answered=answered)
    await end(work, run, InvitationState.STOPPED)


async def end(work: Work, run: Run, state: InvitationState, reason: str | None = None) -> None:
    """The run is over; staff see what was answered."""
    invitation = run.invitation
    await polls.close_polls(work, run.customer, invitation)
    invitation.state, invitation.reason = state, reason
    invitation.ended_at, invitation.at_question, invitation.remind_at = work.now, None, None
    await _tell_staff(work, run)
    if run.customer.open_run_id == invitation.id:
        run.customer.open_run_id = await _another_open(work, invitation)
    if run.case is not None and invitation.csat is not None:
        cases.redraw_card(work, run.case)  # the score has its reason now
    work.happen(QuestionnaireEnded(invitation, run.customer, run.case, run.agent))


async def _another_open(work: Work, invitation: Invitation) -> int | None:
    """What else the customer was asked and can still answer, the latest."""
    query = select(Invitation.id).where(
        Invitation.customer_id == invitation.customer_id,
        Invitation.id != invitation.id,
        col(Invitation.state).in_(OPEN),
        col(Invitation.by_staff_id).is_(None),
    )
    found: int | None = await work.first(query.order_by(col(Invitation.asked_at).desc()).limit(1))
    return found


async def _tell_staff(work: Work, run: Run) -> None:
    """What was answered, in the topic, or in place of the form; nobody gets a topic for a survey without a word."""
    lines = showing.answered_lines(work.plan.business.language, run.questionnaire, run.answers)
    values = {**about(work, run), "lines": lines, "state": run.invitation.state.value}
    spoken = any(row.text for row in run.rows.values())
    await work.flush()
    told = [run.rows[each.id] for each in asked(run.questionnaire, run.answers) if each.id in run.rows]
    buttons = showing.case_buttons(work.plan.business.language, told)
    if run.agent is not None:
        await change(work, run, "questionnaires/answers", values, buttons)
        return
    group = await staff_group(work, run.case.group_id) if run.case else await main_group(work)
    if run.invitation.brief and not spoken:
        return  # they have read the score
    if not lines or (run.invitation.state is InvitationState.CANCELLED and not spoken):
        return
    if not spoken and group.is_forum and await topic_of(work, run.customer.id, group.id or 0) is None:
        return
    number = run.invitation.case_id
    tell_staff(work, group, run.customer, "questionnaires/answers", values, buttons=buttons, case_id=number)


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


def was_asked(run: Run, question: Question) -> bool:
    """Whether that question stands on the customer's way, up to the one that is asked now."""
    ids = [each.id for each in asked(run.questionnaire, run.answers)]
    now = run.invitation.at_question
    return question.id in ids and now in ids and ids.index(question.id) <= ids.index(now)
