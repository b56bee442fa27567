"""Satisfaction: five stars after a case, "not solved", and one optional comment."""

from handlers import cases
from handlers.cards import own_case
from handlers.cases import SCORES, actor_of
from handlers.customers import known, main_group
from handlers.doors import Place, Refusal
from handlers.happenings import CaseClosed
from handlers.speaking import answer_press, button, change_message, tell_staff
from models.cases import Case, CaseState
from models.customers import Customer
from models.delivery import Priority
from models.work import Work
from templates import label

LOW = 2


async def score(work: Work, place: Place) -> None:
    """A press on 1 to 5. The last press counts; 1 or 2 takes the case up again."""
    customer = await known(work, place.user)
    _, number, episode, value = [*place.text.split(":"), "", "", ""][:4]
    case = await _asked(work, customer, number, episode)
    if value not in map(str, SCORES):
        raise Refusal("stale")
    case.score = int(value)
    work.event(case, "scored", actor_of(customer), score=case.score, shown_at=place.message["message_id"])
    values = {"number": case.id, "score": case.score, "summary": _said(case)}
    answer_press(work, place.raw["id"], label(customer.language, "toast.thanks"))
    if case.score <= LOW:
        cases.reopen(work, case, actor_of(customer), "score")
        change_message(work, customer, place.message["message_id"], "cases/scored_low", values, [])
    else:
        if case.state is not CaseState.CLOSED:
            case.move(CaseState.CLOSED, work.now)
            work.event(case, "closed", actor_of(customer))
            work.happen(CaseClosed(case, customer, "customer"))
        cases.redraw_card(work, case)
        skip = [[button(label(customer.language, "button.no_comment"), f"nocomment:{case.id}")]]
        change_message(work, customer, place.message["message_id"], "cases/scored", {**values, "ask": True}, skip)
    case.comment_open = True
    await _tell(work, customer, "cases/low_score" if case.score <= LOW else "cases/score", case)


async def not_solved(work: Work, place: Place) -> None:
    """A press on "not solved": the same case goes on."""
    customer = await known(work, place.user)
    _, number, episode = [*place.text.split(":"), "", ""][:3]
    case = await _asked(work, customer, number, episode)
    cases.reopen(work, case, actor_of(customer), "not_solved")
    values = {"number": case.id, "summary": _said(case)}
    answer_press(work, place.raw["id"], label(customer.language, "toast.reopened"))
    change_message(work, customer, place.message["message_id"], "cases/not_solved", values, [])
    await _tell(work, customer, "cases/unsolved", case)


async def no_comment(work: Work, place: Place) -> None:
    """A press on "nothing to add"."""
    customer = await known(work, place.user)
    case = await own_case(work, customer, place.text.partition(":")[2])
    if case.unfinished or case.score is None:
        raise Refusal("stale")
    case.comment_open = False
    answer_press(work, place.raw["id"], label(customer.language, "toast.thanks"))
    values = {"number": case.id, "score": case.score, "summary": _said(case), "ask": False}
    change_message(work, customer, place.message["message_id"], "cases/scored", values, [])


def _said(case: Case) -> str:
    """What we said was done: it stays to be read where the question stood, unless it has a message of its own."""
    return case.summary if len(case.summary) <= cases.SUMMARY_LIMIT else ""


async def _asked(work: Work, customer: Customer, number: str, episode: str) -> Case:
    """The case that this press is about: one's own, and finished the time that the question was asked."""
    case = await own_case(work, customer, number)
    if case.unfinished or str(case.episode) != episode:
        raise Refusal("score_late" if case.unfinished else "stale")
    return case


async def _tell(work: Work, customer: Customer, template: str, case: Case) -> None:
    group = await main_group(work)
    values = {"number": case.id, "score": case.score}
    urgent = Priority.NOTICE if template == "cases/score" else Priority.ANSWER
    tell_staff(work, group, customer, template, values, priority=urgent, case_id=case.id)
