"""The contact budget: whatever happens in whatever order, nobody hears from us more than they should."""

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

import models.tables  # noqa: F401 - every table
from handlers import contact, messages
from handlers.contact import asks_to_stop
from handlers.said import Content, Said
from models.cases import Case, CaseKind, CaseState, case_numbered
from models.contact import (
    CAP_WINDOW,
    OPTIONAL,
    Ahead,
    Consent,
    Contact,
    ContactState,
    Facts,
    Purpose,
    Ruling,
    allowed_by,
    cap_of,
    rule,
)
from models.customers import Customer, customer_numbered
from models.database import Database
from models.delivery import Outbox, OutboxState
from models.plan import Plan, read_plan
from models.work import Work
from tests.desk import Desk, open_desk
from tests.tables import KeptDatabase

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
PLAN = read_plan('[contact]\nquiet = "21:00-09:00"\ngap = "2d"\ncalm_after_complaint = "3d"')
NOON = datetime(2026, 11, 21, 4, tzinfo=UTC)  # 12:00 in Shanghai
DAY = timedelta(days=1)


def facts(**given: object) -> Facts:
    return Facts(**{"zone": SHANGHAI, "cap": 2, **given})  # type: ignore[arg-type]


# -- the rule, case by case


def test_a_first_contact_goes_at_once() -> None:
    for purpose in (Purpose.SERVICE, Purpose.VISIT, Purpose.SURVEY):
        assert rule(PLAN, facts(), purpose, NOON) == Ruling(NOON)


def test_marketing_takes_a_yes_and_the_others_a_no() -> None:
    assert rule(PLAN, facts(), Purpose.MARKETING, NOON) == Ruling(None, "no_consent")
    nothing = facts(allowed=frozenset({Purpose.SERVICE}))
    assert rule(PLAN, nothing, Purpose.VISIT, NOON) == Ruling(None, "opted_out")
    assert rule(PLAN, nothing, Purpose.SERVICE, NOON).now(NOON)


def test_the_latest_word_on_a_purpose_counts() -> None:
    def said(purpose: Purpose, given: bool) -> Consent:
        return Consent(customer_id=1, purpose=purpose, given=given, at=NOON, wording="", how="button")

    assert allowed_by([]) == {Purpose.SERVICE, Purpose.VISIT, Purpose.SURVEY}
    assert Purpose.VISIT in allowed_by([said(Purpose.VISIT, False), said(Purpose.VISIT, True)])
    assert Purpose.MARKETING not in allowed_by([said(Purpose.MARKETING, True), said(Purpose.MARKETING, False)])


def test_quiet_hours_are_the_customers_and_hold_for_service_too() -> None:
    night = datetime(2026, 11, 21, 14, tzinfo=UTC)  # 22:00 in Shanghai, 09:00 in New York
    assert rule(PLAN, facts(), Purpose.SERVICE, night) == Ruling(datetime(2026, 11, 22, 1, tzinfo=UTC), "quiet")
    assert rule(PLAN, facts(zone=NEW_YORK), Purpose.SERVICE, night).now(night)


def test_an_agents_call_waits_for_the_end_of_lunch() -> None:
    assert rule(PLAN, facts(), Purpose.VISIT, NOON, call=True) == Ruling(NOON + timedelta(hours=2), "quiet")


def test_hours_without_an_end_suppress() -> None:
    always = read_plan('[contact]\nquiet = "00:00-24:00"')
    assert rule(always, facts(), Purpose.SERVICE, NOON) == Ruling(None, "quiet")


def test_gap_cap_and_calm_move_a_contact_and_leave_service_alone() -> None:
    yesterday = facts(sent=((Purpose.SURVEY, NOON - DAY),))
    assert rule(PLAN, yesterday, Purpose.VISIT, NOON) == Ruling(NOON + DAY, "gap")
    assert rule(PLAN, yesterday, Purpose.SERVICE, NOON).now(NOON)
    full = facts(sent=((Purpose.VISIT, NOON - 20 * DAY), (Purpose.SURVEY, NOON - 10 * DAY)))
    assert rule(PLAN, full, Purpose.VISIT, NOON) == Ruling(NOON + 10 * DAY, "cap")
    assert rule(PLAN, facts(complaint_open=True), Purpose.SURVEY, NOON) == Ruling(NOON + 3 * DAY, "complaint_open")
    calm = facts(complaint_ended_at=NOON - DAY)
    assert rule(PLAN, calm, Purpose.SURVEY, NOON) == Ruling(NOON + 2 * DAY, "calm")
    assert rule(PLAN, calm, Purpose.SERVICE, NOON).now(NOON)
    assert rule(PLAN, facts(cap=0), Purpose.VISIT, NOON) == Ruling(None, "cap")


def test_a_lesser_contact_yields_to_a_planned_one() -> None:
    visit_tomorrow = facts(ahead=(Ahead(Purpose.VISIT, NOON + DAY),))
    assert rule(PLAN, visit_tomorrow, Purpose.SURVEY, NOON) == Ruling(NOON + 3 * DAY, "yields")
    assert rule(PLAN, visit_tomorrow, Purpose.SERVICE, NOON).now(NOON)
    survey_tomorrow = facts(ahead=(Ahead(Purpose.SURVEY, NOON + DAY),))
    assert rule(PLAN, survey_tomorrow, Purpose.VISIT, NOON).now(NOON)
    last_one = facts(cap=1, ahead=(Ahead(Purpose.VISIT, NOON + 9 * DAY),))
    assert rule(PLAN, last_one, Purpose.SURVEY, NOON) == Ruling(NOON + 11 * DAY, "yields")


def test_what_may_go_outside_and_to_whom_nothing_goes() -> None:
    assert rule(PLAN, facts(unreachable=True), Purpose.SERVICE, NOON) == Ruling(None, "unreachable")
    assert rule(PLAN, facts(unreachable=True), Purpose.SERVICE, NOON + 2 * DAY / 24, call=True).at
    assert rule(PLAN, facts(banned=True), Purpose.SERVICE, NOON) == Ruling(None, "banned")
    assert rule(PLAN, facts(alarm=True), Purpose.SERVICE, NOON) == Ruling(None, "alarm")


def test_the_cap_is_the_tiers() -> None:
    plan = read_plan('[[tier]]\nid = "vip"\ncontacts_per_30d = 4\n[[tier]]\nid = "regular"\ncontacts_per_30d = 1')
    assert [cap_of(plan, tier) for tier in ("vip", "regular", None)] == [4, 1, 2]


MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: NOON + timedelta(minutes=minutes))


@given(
    MOMENTS,
    st.sampled_from([SHANGHAI, NEW_YORK, ZoneInfo("Australia/Lord_Howe")]),
    st.sampled_from(list(Purpose)),
    st.lists(st.tuples(st.sampled_from(list(Purpose)), st.integers(0, 29 * 24))),
    st.integers(0, 4),
    st.booleans(),
)
def test_what_is_moved_is_moved_on_for_a_reason_and_may_go_then(
    at: datetime, zone: ZoneInfo, purpose: Purpose, lately: list[tuple[Purpose, int]], cap: int, call: bool
) -> None:
    sent = tuple((each, at - timedelta(hours=hours)) for each, hours in lately)
    given_facts = facts(zone=zone, cap=cap, sent=sent, allowed=frozenset(Purpose))
    found = rule(PLAN, given_facts, purpose, at, call=call)
    assert (found.reason is None) == found.now(at)
    if found.at is not None:
        assert found.at >= at
        assert rule(PLAN, given_facts, purpose, found.at, call=call).now(found.at), "then it goes"


# -- words


@pytest.mark.parametrize(
    "words",
    [
        "以后别给我发了",
        "别再打扰我了",
        "请不要再给我发消息了！",
        "退订",
        "Stop messaging me",
        "STOP",
        "please don’t contact me again",
    ],
)
def test_wishes_to_be_left_alone_are_understood(words: str) -> None:
    assert asks_to_stop(words)


@pytest.mark.parametrize(
    "words",
    [
        "发票还没开",
        "别发错货了",
        "请联系我",
        "水龙头停不下来",
        "The machine does not stop",
        "can you stop the leak?",
        "不要再发错颜色了",
        "以后别给我发了" + "，还有上次的事说一下" * 8,
    ],
)
def test_other_words_are_not(words: str) -> None:
    assert not asks_to_stop(words)


# -- whatever happens in whatever order


@dataclass
class Life:
    """One customer, all that happens to them, and what they really got."""

    database: Database
    plan: Plan = PLAN
    now: datetime = NOON
    asked: int = 0
    got: list[tuple[Purpose, datetime, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    async def does(self, what: str, number: int) -> None:
        """One event."""
        async with self.database.work(lambda: self.now, self.plan) as work:
            customer = await customer_numbered(work, 1)
            case = await case_numbered(work, 1001)
            assert case is not None
            match what:
                case "wait":
                    self.now += timedelta(hours=number)
                case "ask":
                    self.asked += 1
                    await self._ask(work, customer, list(Purpose)[number % 4], f"about:{self.asked}", case)
                case "again" if self.asked:
                    await self._ask(work, customer, Purpose.VISIT, f"about:{number % self.asked + 1}", case)
                case "stop":
                    said = Said(Content("text", "以后别给我发了", self.now))
                    await messages.receive(work, customer, said)
                case "agree":
                    purpose = OPTIONAL[number % 3]
                    work.add(
                        Consent(customer_id=1, purpose=purpose, given=True, at=self.now, wording="yes", how="button")
                    )
                case "block":
                    customer.unreachable_since = self.now
                case "back":
                    customer.unreachable_since = None
                case "complain":
                    case.state = CaseState.OPEN
                case "settle" if case.state is CaseState.OPEN:
                    case.move(CaseState.RESOLVED, self.now)
                case "alarm":
                    case.alarm = None if case.alarm else "authority"
                case "send":
                    await self._send(work, customer, case)

    async def _ask(self, work: Work, customer: Customer, purpose: Purpose, about: str, case: Case) -> None:
        known = await work.first(select(Contact).where(Contact.about == about))
        if known is not None and known.state in (ContactState.SENT, ContactState.SUPPRESSED):
            return  # who plans asks again only what is still to come
        purpose = known.purpose if known else purpose
        values = {"about": "general", "number": None, "subject": "", "business": ""}
        await contact.reach_out(work, customer, purpose, "visit", about, "visits/ask", values)

    async def _send(self, work: Work, customer: Customer, case: Case) -> None:
        """The sender's turn: what is still to go is judged once more."""
        waiting = select(Outbox).where(Outbox.state == OutboxState.NEW, col(Outbox.key).startswith("contact:"))
        for row in await work.all(waiting.order_by(col(Outbox.id))):
            found = await contact.still_may(work, row.key)
            assert found is not None
            if found.at is None:
                row.state = OutboxState.CANCELLED
            elif found.now(self.now):
                row.state = OutboxState.SENT
                await self._note(work, customer, case, str(row.key).removeprefix("contact:"))

    async def _note(self, work: Work, customer: Customer, case: Case, about: str) -> None:
        """What the customer got, held against what is true at this moment."""
        known: Contact = await work.first(select(Contact).where(Contact.about == about))
        consents: Sequence[Consent] = await work.all(select(Consent).order_by(col(Consent.id)))
        latest = {each.purpose: each.given for each in consents}
        purpose = known.purpose
        if customer.unreachable_since:
            self.wrong.append("after a block")
        if purpose is not Purpose.SERVICE and not latest.get(purpose, purpose is not Purpose.MARKETING):
            self.wrong.append(f"{purpose} without consent")
        if not 9 <= self.now.astimezone(SHANGHAI).hour < 21:
            self.wrong.append("in quiet hours")
        if case.unfinished and (case.alarm or purpose is not Purpose.SERVICE):
            self.wrong.append(f"{purpose} while a complaint is open")
        if about in [each for _, _, each in self.got]:
            self.wrong.append("twice")
        self.got.append((purpose, self.now, about))

    async def judged(self) -> None:
        """The rest, in the end."""
        counted = [at for purpose, at, _ in self.got if purpose is not Purpose.SERVICE]
        for last in counted:
            assert sum(last - CAP_WINDOW < at <= last for at in counted) <= cap_of(self.plan, None), self.got
        for one, other in itertools.pairwise(counted):
            assert other - one >= self.plan.contact.gap, self.got
        async with self.database.reading() as session:
            for each in (await session.exec(select(Contact))).all():
                assert each.reason or each.state in (ContactState.PLANNED, ContactState.SENT), each
        assert self.wrong == []


@pytest.fixture(scope="module")
async def settled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KeptDatabase]:
    """A customer whose complaint is closed: where every life begins."""
    path = tmp_path_factory.mktemp("contact") / "huifang.db"
    async with open_desk(f"sqlite+aiosqlite:///{path}", "", NOON, Desk) as desk:
        await desk.welcome(Customer(id=1, user_id=7, name="Anna", language="en", created_at=NOON))
        number = await desk.opens(kind=CaseKind.COMPLAINT)
        async with desk.work() as work:
            (await desk.case(work, number)).state = CaseState.CLOSED
        with closing(KeptDatabase(desk.database)) as kept:
            yield kept


async def lived(settled: KeptDatabase, events: list[tuple[str, int]]) -> Life:
    settled.put_back()
    life = Life(settled.database)
    for what, number in events:
        await life.does(what, number)
    await life.judged()
    return life


EVENTS = st.one_of(
    st.tuples(st.just("ask"), st.integers(0, 3)),
    st.tuples(st.just("wait"), st.sampled_from([1, 5, 9, 24, 49, 200])),
    st.tuples(st.just("send"), st.just(0)),
    st.tuples(st.just("again"), st.integers(0, 30)),
    st.tuples(st.sampled_from(["stop", "block", "back", "complain", "settle", "alarm"]), st.just(0)),
    st.tuples(st.just("agree"), st.integers(0, 2)),
)


@settings(max_examples=40)
@given(st.lists(EVENTS, min_size=5, max_size=30))
async def test_i18_no_sequence_of_events_goes_beyond_the_budget(
    settled: KeptDatabase, events: list[tuple[str, int]]
) -> None:
    await lived(settled, events)


async def test_a_life_that_shows_the_test_can_fail(settled: KeptDatabase) -> None:
    """Each of these goes: else the invariants above would hold of nothing."""
    events = [("ask", 1), ("send", 0), ("wait", 49), ("ask", 2), ("send", 0), ("agree", 2), ("wait", 49), ("ask", 0)]
    life = await lived(settled, [*events, ("send", 0)])
    assert [purpose for purpose, _, _ in life.got] == [Purpose.VISIT, Purpose.SURVEY, Purpose.SERVICE]
