"""Refusals around visits, questionnaires and waves."""

from datetime import timedelta
from typing import Any

from models.cases import Case
from models.contact import Purpose
from models.customers import Customer
from models.questionnaires import Answer, Invitation, InvitationState, SurveyWave, WaveState
from models.visits import BY_HAND, By, Outcome, Visit, VisitState
from tests.desk import AGENT, GROUP, MANAGER
from tests.line import Shown, Update
from tests.refusals.shop import HIDDEN, PLAN, Shop, at_once, pressed, refuses, tapped, typed

#: The place of the question "which of these did you use?" in the questionnaire of hotels.
USED = 3

# -- visits

typed("visit_usage", "/visit", "/visit 有空的时候")
typed("role_who", "/visit @nobody 明天 复查")
typed("subject_usage", "/subject")
tapped("stale", "visited:999:well", "unsolved:999:0", "q:999:0:5", "prefer:nonsense", "stop:nonsense")
tapped("stale", "stop:service", "prefer:service:on", "prefer:survey:perhaps")
pressed("stale", "visit:999:reached", "form:999:0:5", "makecase:999")


async def _visit(shop: Shop, state: VisitState, **columns: Any) -> None:
    """There is a visit to 王."""
    made: dict[str, Any] = {
        "rule": BY_HAND,
        "by": By.AGENT,
        "purpose": Purpose.VISIT,
        "due_at": shop.now,
        "begun_at": shop.now,
    }
    made |= {"occurrence": "of old", "window_until": shop.now + timedelta(days=1), **columns}
    await shop.has(Visit(id=1, customer_id=1, state=state, **made))


@refuses("visit_answered")
async def _(shop: Shop) -> Update:
    await _visit(shop, VisitState.ASKED, by=By.BOT)
    await shop.done(shop.customer_presses("visited:1:well"))
    return shop.customer_presses("visited:1:well")


@refuses("visit_closed")
async def _(shop: Shop) -> Update:
    """Nobody answered it, days ago."""
    over = {"ended_at": shop.now - timedelta(days=3), "outcome": Outcome.UNANSWERED}
    await _visit(shop, VisitState.DONE, by=By.BOT, **over)
    return shop.customer_presses("visited:1:well")


@refuses("stale")
async def _(shop: Shop) -> Update:
    await _visit(shop, VisitState.ASKED, by=By.BOT)
    return shop.customer_presses("visited:1:nonsense")


for button in ("visit:1:nonsense", "visit:1:questionnaire"):

    @refuses("stale")
    async def _(shop: Shop, button: str = button) -> Update:
        """Whoever makes a visit owns it: only then is it seen that it has no such button."""
        await _visit(shop, VisitState.DUE)
        return shop.staff_presses(button)


@refuses("stale")
async def _(shop: Shop) -> Update:
    """A note on a visit that there is not."""
    task = Shown(GROUP, 90, shop.topic, "回访", [("接通", "visit:999:reached")])
    return shop.staff_says("约好周末", **shop.reply(task))


@refuses("visit_over")
async def _(shop: Shop) -> Update:
    await _visit(shop, VisitState.DONE, outcome=Outcome.WELL, ended_at=shop.now)
    return shop.staff_presses("visit:1:reached")


@refuses("visit_not_handler")
async def _(shop: Shop) -> Update:
    """Whoever had the complaint is not the one to ask whether all is well."""
    rule = '[[visit]]\nid = "complaints"\nwhen = "case_resolved"\nby = "agent"\nnot_handler = true\n'
    await shop.takes(PLAN + rule)
    await shop.sets(Case, 1001, assignee_id=AGENT)
    await _visit(shop, VisitState.DUE, rule="complaints", case_id=1001)
    return shop.staff_presses("visit:1:reached")


# -- questionnaires


async def _asked(shop: Shop, state: InvitationState = InvitationState.ASKED, **columns: Any) -> None:
    """王 is asked about a stay; what was used there is the question now."""
    made: dict[str, Any] = {
        "questionnaire": "hotel",
        "occurrence": "hotel:of old",
        "at_question": "used",
        "rule": "visit",
    }
    made |= {
        "customer_id": 1,
        "due_at": shop.now,
        "asked_at": shop.now,
        "expires_at": shop.now + timedelta(days=3),
        **columns,
    }
    await shop.has(Invitation(id=1, version=1, state=state, **made))
    if "by_staff_id" not in columns:
        await shop.sets(Customer, 1, open_run_id=1)


@refuses("vote_first")
async def _(shop: Shop) -> Update:
    await _asked(shop)
    return shop.customer_presses(f"q:1:{USED}:!next")


@refuses("stale")
async def _(shop: Shop) -> Update:
    """No such answer; that this message is the one of the question would have been noted."""
    await _asked(shop)
    return shop.customer_presses(f"q:1:{USED}:nonsense")


@refuses("stale")
async def _(shop: Shop) -> Update:
    """No such question."""
    await _asked(shop)
    return shop.customer_presses("q:1:99:5")


for button in ("form:1:3:breakfast", "makecase:1"):

    @refuses("stale")
    async def _(shop: Shop, button: str = button) -> Update:
        """Somebody else's answers."""
        await shop.has(Customer(id=50, name="张先生", language="zh", created_at=shop.now))
        await _asked(shop, by_staff_id=AGENT, customer_id=50)
        await shop.has(Answer(id=1, invitation_id=1, question="words", text="空调不冷", at=shop.now))
        return shop.staff_presses(button)


@refuses("choose_first")
async def _(shop: Shop) -> Update:
    await _asked(shop, by_staff_id=AGENT)
    return shop.staff_presses(f"form:1:{USED}:!next")


@refuses("form_buttons")
async def _(shop: Shop) -> Update:
    await _asked(shop, by_staff_id=AGENT)
    return shop.staff_says("早餐", **shop.reply(_form(shop)))


def _form(shop: Shop) -> Shown:
    return Shown(GROUP, 90, shop.topic, "用过哪些服务", [("早餐", f"form:1:{USED}:breakfast")])


@refuses("stale")
async def _(shop: Shop) -> Update:
    """An answer to the form that somebody has passed on."""
    await _asked(shop, by_staff_id=AGENT)
    return shop.staff_says("早餐", **shop.reply(_form(shop)), forward_origin=HIDDEN)


@refuses("stale")
async def _(shop: Shop) -> Update:
    """王 has no form."""
    await _asked(shop, by_staff_id=AGENT)
    return shop.customer_presses(f"q:1:{USED}:breakfast")


@refuses("stale")
async def _(shop: Shop) -> Update:
    """Nor have staff what 王 is to answer alone."""
    await _asked(shop)
    return shop.staff_presses(f"form:1:{USED}:breakfast")


@refuses("survey_asked")
async def _(shop: Shop) -> Update:
    await _asked(shop, InvitationState.FINISHED, ended_at=shop.now)
    await _visit(shop, VisitState.DUE, questionnaire="hotel")
    return shop.staff_presses("visit:1:questionnaire")


@refuses("no_questionnaire")
async def _(shop: Shop) -> Update:
    """The plan names one that nobody has written."""
    await _visit(shop, VisitState.DUE, questionnaire="nothing")
    return shop.staff_presses("visit:1:questionnaire")


@refuses("survey_over")
async def _(shop: Shop) -> Update:
    await _asked(shop, InvitationState.STOPPED, ended_at=shop.now)
    return shop.customer_presses("q:1:0:5")


@refuses("survey_over")
async def _(shop: Shop) -> Update:
    await _asked(shop, InvitationState.FINISHED, ended_at=shop.now, by_staff_id=AGENT)
    return shop.staff_presses("form:1:0:5")


tapped("score_late", "unsolved:1001:0")


@refuses("score_late")
async def _(shop: Shop) -> Update:
    """The case has been taken up again."""
    again = {"case_id": 1001, "episode": 0, "reason": "reopened", "ended_at": shop.now}
    await _asked(shop, InvitationState.CANCELLED, **again)
    return shop.customer_presses("q:1:0:5")


@refuses("case_made")
async def _(shop: Shop) -> Update:
    await _asked(shop, InvitationState.FINISHED, ended_at=shop.now)
    await shop.has(Answer(id=1, invitation_id=1, question="words", text="空调不冷", customer_id=1, at=shop.now))
    await shop.done(shop.staff_presses("makecase:1"))
    return shop.staff_presses("makecase:1")


# -- waves and polls

at_once("no_questionnaire", lambda shop: shop.in_general("/survey nothing", MANAGER))
at_once("no_audience", lambda shop: shop.in_general("/survey csat nobody", MANAGER))
at_once("no_wave", lambda shop: shop.in_general("/survey pause 9", MANAGER))


async def _wave(shop: Shop, state: WaveState, audience: str | None = None) -> None:
    """There is a wave."""
    made: dict[str, Any] = {"questionnaire": "nps", "version": 1, "rule": "wave", "made_at": shop.now}
    await shop.has(SurveyWave(id=9, key="of old", state=state, audience=audience, **made))


for state, words in (
    (WaveState.PAUSED, "/survey pause 9"),
    (WaveState.RUNNING, "/survey resume 9"),
    (WaveState.DONE, "/survey cancel 9"),
):

    @refuses("no_wave")
    async def _(shop: Shop, state: WaveState = state, words: str = words) -> Update:
        await _wave(shop, state)
        return shop.in_general(words, MANAGER)


@refuses("no_audience")
async def _(shop: Shop) -> Update:
    """The plan has dropped the tier meanwhile."""
    await _wave(shop, WaveState.PAUSED, "gold")
    return shop.in_general("/survey resume 9", MANAGER)


at_once("poll_usage", lambda shop: shop.in_general("/poll 好吗", MANAGER))
