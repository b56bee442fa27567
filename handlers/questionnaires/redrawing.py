"""The message in which a run stands, for the customer or as an agent's form, drawn anew in place."""

from typing import Any

from handlers import cases
from handlers.questionnaires import showing
from handlers.questionnaires.runs import Run
from handlers.speaking import Buttons, change_in_group, change_message, change_sent
from models.messages import links_of
from models.questionnaires import Question
from models.staff import main_group
from models.work import Work


async def redraw(work: Work, run: Run) -> None:
    """Draw the question that is asked now."""
    question = run.question
    if question is not None:
        values, buttons = face(work, run, question)
        await change(work, run, "questionnaires/question", values, buttons)


def face(work: Work, run: Run, question: Question) -> tuple[dict[str, Any], Buttons]:
    """What the message with that question says, and its buttons."""
    language = work.plan.business.language if run.agent else run.customer.language
    values = showing.question_values(
        language,
        run.questionnaire,
        question,
        run.answers,
        run.case,
        attached=_attached(run),
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


def _attached(run: Run) -> bool:
    """Whether it says what was done; staff read that on the card."""
    return run.invitation.attached and run.agent is None


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
    of_case = showing.case_values(run.case, attached=_attached(run), settled=_settled(run))
    await change(work, run, template, {**of_case, "score": _score(run), **values}, _not_solved(run))


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
