"""Answering with buttons and votes: what was chosen is kept, and the run goes on, back, or ends."""

from collections.abc import Sequence

from handlers.authority import require_own
from handlers.customers import bans
from handlers.questionnaires import showing
from handlers.questionnaires.course import advance, stop, take_up_again, turn_to
from handlers.questionnaires.recording import record
from handlers.questionnaires.redrawing import redraw
from handlers.questionnaires.runs import Run, run_of
from handlers.refusals import Refusal
from models.customers import Customer
from models.questionnaires import Invitation, Poll, Question, Questionnaire
from models.questionnaires.invitations import invitation_numbered
from models.questionnaires.path import is_answer, preceding
from models.staff import Staff
from models.work import Work


async def answer_question(
    work: Work, invitation: Invitation, place: int, value: str, by: Staff | Customer, shown_at: int | None = None
) -> bool:
    """The customer taps a button under the question at that place of the questionnaire: an answer, or back, skip,
    next, stop. One for another question draws the one that is asked now. The message stands at `shown_at`.

    Returns whether that was a score; raises Refusal for what is not theirs, over, or no answer.
    """
    customer = require_own(by, invitation.customer_id)
    if invitation.by_staff_id is not None:
        raise Refusal("stale")
    run = await run_of(work, invitation, customer)
    question = question_at(run.questionnaire, place)
    answers = is_answer(question, value) is not None
    if not invitation.open and not (answers and take_up_again(work, run, question)):
        again = run.case is not None and run.case.unfinished and invitation.reason == "reopened"
        raise Refusal("score_late" if again else "survey_over")
    customer.open_run_id = invitation.id  # of several that are open, the words that follow are for this one
    invitation.telegram_id = shown_at or invitation.telegram_id
    await choose(work, run, question, value)
    return answers and question.measure is not None


def question_at(questionnaire: Questionnaire, place: int) -> Question:
    """The question at that place; raises Refusal for none."""
    if place >= len(questionnaire.question):
        raise Refusal("stale")
    return questionnaire.question[place]


async def choose(work: Work, run: Run, question: Question, value: str) -> None:
    """Do what a button says, whoever pressed it; raises Refusal for data that is no answer."""
    current = run.question
    if value == showing.STOP:
        await stop(work, run)
    elif (answer := is_answer(question, value)) is not None and run.was_asked(question):
        # An answer to a question that was answered before replaces it; the last counts until the end.
        record(work, run, question, answer)
        await (advance(work, run, question) if question is current else redraw(work, run))
    elif question is not current:
        await redraw(work, run)
    elif run.agent is not None and value in {option.id for option in question.options}:
        await _tick(work, run, question, value)
    elif value == showing.BACK:
        before = preceding(run.questionnaire, run.answers, question.id)
        await turn_to(work, run, before or question)
    elif value == showing.SKIP and question.optional:
        record(work, run, question)
        await advance(work, run, question)
    elif value == showing.NEXT and question.traits.poll:
        await _past_poll(work, run, question)
    else:
        raise Refusal("stale")


async def _tick(work: Work, run: Run, question: Question, value: str) -> None:
    """One of several in an agent's form, chosen or taken back."""
    chosen = set(run.answers.get(question.id) or ()) ^ {value}
    options = [option.id for option in question.options if option.id in chosen]
    record(work, run, question, options or None)
    await redraw(work, run)


async def _past_poll(work: Work, run: Run, question: Question) -> None:
    if not run.answers.get(question.id) and not question.optional:
        raise Refusal("choose_first" if run.agent else "vote_first")
    await advance(work, run, question)


async def vote(work: Work, poll: Poll, chosen: Sequence[int], by: Staff | Customer) -> None:
    """The customer votes for options by their places in a poll of ours; none: the vote is taken back, and counts for
    nothing. What is over, or comes from somebody banned, changes nothing; raises Refusal for who was not asked."""
    invitation = await invitation_numbered(work, poll.invitation_id)
    assert invitation is not None  # noqa: S101 - the key of another table
    customer = require_own(by, invitation.customer_id)
    if poll.closed or not invitation.open or await bans.is_banned(work, customer, ""):
        return
    run = await run_of(work, invitation, customer)
    question = run.questionnaire.named(poll.question)
    if question is None or run.question is not question:
        return
    options = [question.options[each].id for each in chosen if each < len(question.options)]
    record(work, run, question, options or None)
    await redraw(work, run)
