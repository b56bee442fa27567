"""A scene in which every deed can be done at once: who might do it, and the rows that it is done to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import select

from handlers import questionnaires
from handlers.customers.merging import unite
from handlers.said import Content, Origin, Said
from models.approvals import Approval, ApprovalKind
from models.cases import Case, CaseKind, CaseState
from models.contact import Purpose
from models.customers import Customer, customer_numbered
from models.messages import Author, Message
from models.private import PrivateWords
from models.questionnaires import Answer, Invitation, InvitationState, Poll, SurveyWave, WaveState
from models.staff import GroupMember, Role, Staff, StaffGroup, staff_member
from models.standards import Clock, Timed
from models.standings import Standing
from models.visits import BY_HAND, By, Visit, VisitState
from models.work import Work
from tests.desk import AGENT, MANAGER, SUPERVISOR, Desk

SHIPPED = Path(__file__).parents[1] / "templates" / "questionnaires"
NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)  # noon in Shanghai, a Wednesday
SOON = NOW + timedelta(days=1)
PLAN = """
[contact]
quiet = ""
[[tier]]
id = "vip"
[[tier]]
id = "regular"
[[severity]]
id = "critical"
[[severity]]
id = "normal"
[[severity]]
id = "minor"
[[department]]
id = "service"
kinds = ["complaint"]
assign = "claim"
[[department]]
id = "advice"
kinds = ["enquiry"]
assign = "claim"
[[visit]]
id = "checked"
when = "case_resolved"
by = "agent"
not_handler = true
"""
OWNER, LEFT, NEWCOMER, ELSEWHERE, MEI = 4, 5, 6, 7, 8
LI, WANG, CALLER, MERGED = 1, 2, 3, 4
#: Who might do a deed: staff of each role in the case's group, and an agent who works elsewhere; whoever has left or
#: is not admitted yet (owners both, did they count); the customer whom it is about; another; nobody.
STAFF = {
    "agent": AGENT,
    "supervisor": SUPERVISOR,
    "manager": MANAGER,
    "owner": OWNER,
    "agent elsewhere": ELSEWHERE,
    "left": LEFT,
    "newcomer": NEWCOMER,
}
CUSTOMERS = {"the customer": LI, "another customer": WANG}
NOBODY = "nobody"
EVERYBODY = (*STAFF, *CUSTOMERS, NOBODY)
ROLES = {
    "agent": Role.AGENT,
    "agent elsewhere": Role.AGENT,
    "supervisor": Role.SUPERVISOR,
    "manager": Role.MANAGER,
    "owner": Role.OWNER,
}

_OF_LI: dict[str, Any] = {"customer_id": LI, "group_id": 1, "opened_at": NOW, "last_customer_at": NOW}
_TALK: dict[str, Any] = {"customer_id": LI, "case_id": 901, "kind": "text", "written_at": NOW}
_CALL: dict[str, Any] = {"customer_id": LI, "by": By.AGENT, "purpose": Purpose.SERVICE, "begun_at": NOW}
_ASK: dict[str, Any] = {
    "customer_id": LI,
    "version": 1,
    "state": InvitationState.ASKED,
    "asked_at": NOW,
    "due_at": NOW,
}
_WAVE: dict[str, Any] = {"questionnaire": "nps", "version": 1, "rule": "wave", "made_at": NOW}
_WANT: dict[str, Any] = {"asked_at": NOW, "expires_at": SOON, "group_id": 1}
_TIER: dict[str, Any] = {"tier": "vip", "until": SOON.isoformat(), "reason": "orders much"}
_TIME: dict[str, Any] = {"due_at": NOW, "window_until": SOON}

#: What deeds are done to, by the names under which the table asks for it. All of it is Li's.
ROWS: dict[str, Any] = {
    "case": Case(id=901, department="service", severity="normal", last_agent_at=NOW, state=CaseState.OPEN, **_OF_LI),
    "complaint": Case(id=902, kind=CaseKind.COMPLAINT, **_OF_LI),
    "taken": Case(id=903, assignee_id=AGENT, department="service", state=CaseState.OPEN, **_OF_LI),
    "resolved": Case(id=904, state=CaseState.RESOLVED, resolved_at=NOW, episode=1, **_OF_LI),
    "clock": Clock(id=1, case_id=901, what=Timed.FIRST_RESPONSE, started_at=NOW, allowed=3600, due_at=SOON),
    "answered": Message(id=1, author=Author.AGENT, staff_id=AGENT, text="马上为您换新", **_TALK),
    "held": Message(id=2, author=Author.HELD, staff_id=AGENT, text="他上次也这样", **_TALK),
    "aside": PrivateWords(id=1, staff_id=AGENT, telegram_id=7, case_ids=[901], asked_at=NOW),
    "call": Visit(
        id=1, rule=BY_HAND, occurrence="1", case_id=901, questionnaire="csat", state=VisitState.DUE, **_CALL, **_TIME
    ),
    "checked": Visit(id=2, rule="checked", occurrence="2", case_id=903, state=VisitState.DUE, **_CALL, **_TIME),
    "question": Visit(id=3, rule=BY_HAND, occurrence="3", state=VisitState.ASKED, **{**_CALL, "by": By.BOT}, **_TIME),
    "asked": Invitation(id=1, questionnaire="nps", rule="wave", occurrence="nps", at_question="recommend", **_ASK),
    "form": Invitation(
        id=2, questionnaire="csat", rule="visit", occurrence="f", at_question="reason", by_staff_id=AGENT, **_ASK
    ),
    "words": Answer(id=1, invitation_id=1, question="reason", text="壶漏水", at=NOW),
    "poll": Poll(poll_id="1", invitation_id=1, question="recommend", telegram_id=1),
    "running": SurveyWave(id=1, key="1", state=WaveState.RUNNING, **_WAVE),
    "paused": SurveyWave(id=2, key="2", state=WaveState.PAUSED, was=WaveState.RUNNING, **_WAVE),
    "previewed": SurveyWave(id=3, key="3", **_WAVE),
    "tier": Approval(id=1, kind=ApprovalKind.TIER, customer_id=LI, asked_by_id=MEI, details=_TIER, **_WANT),
    "own_tier": Approval(
        id=2, kind=ApprovalKind.TIER, customer_id=LI, asked_by_id=SUPERVISOR, details=_TIER, **_WANT
    ),
    "candidate": Approval(id=3, kind=ApprovalKind.CANDIDATE, staff_id=NEWCOMER, asked_by_id=NEWCOMER, **_WANT),
    "wave": Approval(id=4, kind=ApprovalKind.WAVE, wave_id=3, asked_by_id=MANAGER, **_WANT),
    "merge": Approval(id=5, kind=ApprovalKind.MERGE, customer_id=LI, merged_id=CALLER, asked_by_id=AGENT, **_WANT),
}
#: Those that the scene needs anyway, by class and key.
_KNOWN: dict[str, tuple[type[Any], Any]] = {
    "li": (Customer, LI),
    "caller": (Customer, CALLER),
    "mei": (Staff, MEI),
    "group": (StaffGroup, 1),
    **{name: (type(row), row.poll_id if isinstance(row, Poll) else row.id) for name, row in ROWS.items()},
}


def said(text: str, number: int | None = None) -> Said:
    """Words of now, written nowhere or in the message of that number."""
    at = None if number is None else Origin(101, number)
    return Said(Content(kind="text", text=text, written_at=NOW), at)


async def row(work: Work, name: str) -> Any:
    """One of the scene's rows, as this work sees it."""
    table, key = _KNOWN[name]
    if table is Customer:
        return await customer_numbered(work, key)
    if table is Staff:
        return await staff_member(work, key)
    found = await work.first(select(table).where((table.poll_id if table is Poll else table.id) == key))
    assert found is not None, name
    return found


async def person(work: Work, who: str) -> Staff | Customer | None:
    """One of `EVERYBODY`."""
    if who in CUSTOMERS:
        return await customer_numbered(work, CUSTOMERS[who])
    return await staff_member(work, STAFF[who]) if who in STAFF else None


async def set_scene(desk: Desk) -> None:
    """Everybody is there, and so is everything that is done to."""
    await desk.cast()
    await desk.hire(_staff(OWNER, role=Role.OWNER), _staff(MEI, username="mei"))
    await desk.hire(
        _staff(LEFT, role=Role.OWNER, active=False, left_at=NOW), _staff(NEWCOMER, role=Role.OWNER, active=False)
    )
    await desk.welcome(_customer(LI, user_id=7001, phone="+8613800138000"), _customer(WANG, user_id=7002))
    await desk.welcome(_customer(CALLER), _customer(MERGED))
    async with desk.work() as work:
        work.add(StaffGroup(id=2, configured_id=-1002, chat_id=-1002, is_forum=False))
        work.add(_staff(ELSEWHERE))
        work.add(GroupMember(group_id=2, staff_id=ELSEWHERE))
        texts = {name: (SHIPPED / name).read_text("utf-8") for name in ("csat.toml", "nps.toml")}
        await questionnaires.take_definitions(work, texts)
    async with desk.work() as work:
        li, merged = await customer_numbered(work, LI), await customer_numbered(work, MERGED)
        await unite(work, li, merged, await staff_member(work, AGENT))
    async with desk.work() as work:
        await _add_rows(work)
        work.add(Standing(group_id=1, user_id=100 + NEWCOMER, present=True, said_at=NOW))


async def _add_rows(work: Work) -> None:
    for each in ROWS.values():
        work.add(each.model_copy())
        await work.flush()


def _staff(key: int, **values: Any) -> Staff:
    return Staff(**{"id": key, "user_id": 100 + key, "name": f"staff {key}", "joined_at": NOW, **values})


def _customer(key: int, **values: Any) -> Customer:
    return Customer(**{"id": key, "name": f"customer {key}", "language": "zh", "created_at": NOW, **values})
