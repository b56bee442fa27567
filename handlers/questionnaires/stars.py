"""Five stars under the words that a case is resolved, "not solved", and one optional comment.

This is the first version of `csat` where the plan has no surveys: it keeps the same rows as any questionnaire.
"""

from sqlmodel import select

from handlers import cases, messages
from handlers.cards import own_case
from handlers.chat.doors import Place
from handlers.chat.hearing import hear_said
from handlers.chat.presses import answer_press, pressed
from handlers.customers import known
from handlers.happenings import Commented, Scored, ScoreGiven
from handlers.questionnaires import asking
from handlers.questionnaires.runs import accept, record, run_of
from handlers.questionnaires.spoken import answer_in
from handlers.refusals import Refusal
from handlers.said import Content
from handlers.speaking import Buttons, button, change_message, tell_staff
from handlers.typed import is_current
from models.cases import Case, CaseState, cases_of
from models.customers import Customer
from models.delivery import Priority
from models.installation import plan_of
from models.messages import links_of
from models.questionnaires import Invitation, InvitationState, Question
from models.staff import staff_group
from models.work import Work
from templates import label

CSAT, SATISFACTION, REASON = "csat", "satisfaction", "reason"
SCORES = (1, 2, 3, 4, 5)
#: The rule by which the stars come.
RESOLVED = "resolved"
#: What the stars ask, as a typed answer is read.
STARS = Question.model_validate({"id": SATISFACTION, "kind": "stars", "text": "?"})


def score_buttons(language: str, case: Case) -> Buttons:
    """1 to 5 with words, and "not solved"."""
    tag = f"{case.id}:{case.episode}"
    rows = [[button(label(language, f"score.{score}"), f"score:{tag}:{score}")] for score in SCORES]
    return [*rows, [cases.not_solved_button(language, case)]]


async def score(work: Work, place: Place) -> None:
    """A press on 1 to 5. The last press counts; a low one takes the case up again (`handlers/recovery.py`)."""
    customer = await known(work, place.account)
    press = pressed(place)
    value = press.word(2)
    case = await _asked(work, customer, press.number(), press.word(1))
    if value not in map(str, SCORES):
        raise Refusal("stale")
    answer_press(work, place, label(customer.language, "toast.thanks"))
    await _scored(work, customer, case, int(value), place.message["message_id"])


async def _scored(work: Work, customer: Customer, case: Case, value: int, shown_at: int) -> None:
    """The score is given; `shown_at` is Telegram's id of the message that asked for it."""
    case.score = value
    work.happen(Scored(case, customer, CSAT, value))
    await _keep(work, customer, case, SATISFACTION, value)
    values = {"number": case.id, "score": value, "summary": _said(case)}
    if value <= (await plan_of(work, case)).recovery.csat_at_most:
        change_message(work, customer, shown_at, "cases/scored_low", values, [])
    else:
        accept(work, customer, case)
        skip = [[button(label(customer.language, "button.no_comment"), f"nocomment:{case.id}")]]
        change_message(work, customer, shown_at, "cases/scored", {**values, "ask": True}, skip)
    case.comment_open = True
    work.happen(ScoreGiven(customer, case, CSAT, value, None))


def typed_score(text: str) -> int | None:
    """The number of stars that a typed text means and nothing else."""
    value = answer_in(STARS, text)
    return None if value is None else int(value)


async def typed(work: Work, place: Place, customer: Customer, content: Content) -> bool:
    """A typed score while the stars under the latest matter wait for a press; False for words like any others."""
    case = next((each for each in reversed(await cases_of(work, customer.id)) if not each.unfinished), None)
    if place.second_hand or case is None or case.state is not CaseState.RESOLVED or case.resolved_at is None:
        return False
    value = typed_score(place.text)
    if value is None:
        return False
    of_case = select(Invitation).where(Invitation.occurrence == asking.occurrence_of_case(CSAT, case))
    invitation: Invitation | None = await work.first(of_case)
    if invitation is None or invitation.rule != RESOLVED or not invitation.open or invitation.message_id is None:
        return False
    shown_at = (await links_of(work, [invitation.message_id], customer.chat_id)).get(invitation.message_id)
    current = await is_current(work, place, customer, case, case.resolved_at, invitation.message_id)
    if shown_at is None or not current:
        return False
    await messages.keep_answer(work, customer, case, await hear_said(work, place))
    await _scored(work, customer, case, value, shown_at)
    return True


async def _keep(
    work: Work, customer: Customer, case: Case, question: str, value: int | None, words: str | None = None
) -> None:
    """Keep the answer with those of all questionnaires."""
    occurrence = asking.occurrence_of_case(CSAT, case)
    invitation: Invitation | None = await work.first(select(Invitation).where(Invitation.occurrence == occurrence))
    if invitation is None:  # it was resolved before there were questionnaires
        invitation = await asking.plan(work, customer, CSAT, occurrence, RESOLVED, work.now, case=case)
    if invitation is None:
        return
    run = await run_of(work, invitation, customer)
    asked = run.questionnaire.named(question)
    if asked is not None:
        record(work, run, asked, value, words=words, tell=False)
    invitation.state, invitation.ended_at, invitation.expires_at = InvitationState.FINISHED, work.now, None


async def keep_comment(work: Work, happening: Commented) -> None:
    """The words that explain a score are the answer to its second question."""
    await _keep(work, happening.by, happening.case, REASON, None, happening.comment)


async def not_solved(work: Work, place: Place) -> None:
    """A press on "not solved": the same case goes on."""
    customer = await known(work, place.account)
    press = pressed(place)
    case = await _asked(work, customer, press.number(), press.word(1))
    cases.reopen(work, case, customer, "not_solved")
    values = {"number": case.id, "summary": _said(case)}
    answer_press(work, place, label(customer.language, "toast.reopened"))
    change_message(work, customer, place.message["message_id"], "cases/not_solved", values, [])
    tell_staff(
        work,
        await staff_group(work, case.group_id),
        customer,
        "cases/unsolved",
        {"number": case.id, "score": case.score},
        priority=Priority.ANSWER,
        case_id=case.id,
    )


async def no_comment(work: Work, place: Place) -> None:
    """A press on "nothing to add"."""
    customer = await known(work, place.account)
    case = await own_case(work, customer, pressed(place).number())
    if case.unfinished or case.score is None:
        raise Refusal("stale")
    case.comment_open = False
    answer_press(work, place, label(customer.language, "toast.thanks"))
    values = {"number": case.id, "score": case.score, "summary": _said(case), "ask": False}
    change_message(work, customer, place.message["message_id"], "cases/scored", values, [])


def _said(case: Case) -> str:
    """What we said was done: it stays to be read where the question stood, unless it has a message of its own."""
    return case.summary if len(case.summary) <= cases.SUMMARY_LIMIT else ""


async def _asked(work: Work, customer: Customer, number: int, episode: str) -> Case:
    """The case that this press is about: one's own, and finished the time that the question was asked."""
    case = await own_case(work, customer, number)
    if case.unfinished or str(case.episode) != episode:
        raise Refusal("score_late" if case.unfinished else "stale")
    return case
