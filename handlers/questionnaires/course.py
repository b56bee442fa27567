"""The course of a run: from question to question in one message, until it is finished, stopped or over."""

from handlers import cases
from handlers.happenings.aftercare import QuestionnaireEnded
from handlers.questionnaires import polls, showing
from handlers.questionnaires.redrawing import change, put_away, redraw
from handlers.questionnaires.runs import Run, about
from handlers.speaking import tell_staff
from models.contact import LATE_PRESS
from models.questionnaires import InvitationState, Question
from models.questionnaires.invitations import another_open
from models.questionnaires.path import asked, following
from models.staff import main_group, staff_group
from models.topics import topic_of
from models.work import Work


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
    await redraw(work, run)


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
    invitation.end(state, work.now, reason)
    invitation.at_question = invitation.remind_at = None
    await _tell_staff(work, run)
    if run.customer.open_run_id == invitation.id:
        run.customer.open_run_id = await another_open(work, invitation)
    if run.case is not None and invitation.csat is not None:
        cases.redraw_card(work, run.case)  # the score has its reason now
    work.happen(QuestionnaireEnded(invitation, run.customer, run.case, run.agent))


async def _tell_staff(work: Work, run: Run) -> None:
    """What was answered, in the topic, or in place of the form; nobody gets a topic for a survey without a word."""
    lines = showing.answered_lines(work.plan.business.language, run.questionnaire, run.answers)
    values = {**about(work, run), "lines": lines, "state": run.invitation.state.value}
    in_words = any(row.text for row in run.rows.values())
    await work.flush()
    told = [run.rows[each.id] for each in asked(run.questionnaire, run.answers) if each.id in run.rows]
    buttons = showing.case_buttons(work.plan.business.language, told)
    if run.agent is not None:
        await change(work, run, "questionnaires/answers", values, buttons)
        return
    group = await staff_group(work, run.case.group_id) if run.case else await main_group(work)
    if run.invitation.brief and not in_words:
        return  # they have read the score
    if not lines or (run.invitation.state is InvitationState.CANCELLED and not in_words):
        return
    if not in_words and group.is_forum and await topic_of(work, run.customer.id, group.id or 0) is None:
        return
    number = run.invitation.case_id
    tell_staff(work, group, run.customer, "questionnaires/answers", values, buttons=buttons, case_id=number)
