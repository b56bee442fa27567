"""Return visits: when each falls due, planned once whatever happens to the nights, and what an outage leaves."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import select

import models.tables  # noqa: F401 - every table
from handlers import cases, contact, messages
from handlers.chat import visits as chat_visits
from handlers.chat.doors import Place, Where
from handlers.delivery import outcomes
from handlers.happenings.people import EventImported, FileChanged, StaffAway, StaffLeft
from handlers.refusals import Refusal
from handlers.said import Content, Said
from handlers.visits import (
    absence,
    agenda,
    answers,
    due,
    missed,
    planning,
    recurring,
    results,
    tasks,
    typed_answers,
)
from handlers.visits.planning import plan_by_hand
from models.calendars import moment
from models.cases import Case, CaseKind, CaseState
from models.contact import Consent, Contact, ContactState, Purpose
from models.customers import Customer, customer_numbered
from models.delivery import Outbox, OutboxState
from models.messages import Message
from models.plan import read_plan
from models.staff import Staff, StaffGroup, staff_member
from models.visits import (
    BY_HAND,
    By,
    Outcome,
    Visit,
    VisitState,
    next_open,
    numbers,
    other_half,
    placed,
    sampled,
    share_of,
    visit_numbered,
)
from models.work import Work
from tests.desk import Desk, open_desk

SQLITE_ALONE = "what is said and who calls; planning and taking by sets of rows run on both"

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)  # a Monday, 12:00 in Shanghai
DAY = timedelta(days=1)
OFFICE = """
[calendar]
mon = ["09:00-12:00", "13:00-18:00"]
tue = ["09:00-12:00", "13:00-18:00"]
wed = ["09:00-12:00", "13:00-18:00"]
thu = ["09:00-12:00", "13:00-18:00"]
fri = ["09:00-12:00", "13:00-18:00"]
"""
PERIODIC = """
[[tier]]
id = "vip"
when = { spent_12m = 1 }
visit_every = "30d"
[[tier]]
id = "regular"
visit_every = "3d"
contacts_per_30d = 10
[[visit]]
id = "periodic"
when = "tier"
by = { vip = "agent", regular = "bot" }
sample = { regular = 0.5 }
window = "2d"
"""


def shanghai(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


# -- moments


def test_a_visit_within_working_time_keeps_its_moment() -> None:
    plan = read_plan(OFFICE)
    assert placed(plan, SHANGHAI, shanghai(23, 15, 7), By.AGENT, "a") == (shanghai(23, 15, 7), None)


def test_what_falls_into_the_night_is_spread_over_the_morning() -> None:
    plan = read_plan(OFFICE)
    found = [placed(plan, SHANGHAI, shanghai(23, 3), By.AGENT, f"visit {number}")[0] for number in range(200)]
    assert all(shanghai(23, 9) <= at <= shanghai(23, 11) for at in found)
    assert len({at.replace(second=0, microsecond=0) for at in found}) > 60, "not all in one minute"
    assert found == [placed(plan, SHANGHAI, shanghai(23, 3), By.AGENT, f"visit {number}")[0] for number in range(200)]


def test_what_is_put_off_has_its_reason() -> None:
    plan = read_plan(OFFICE)
    for at, by, reason in (
        (shanghai(23, 3), By.BOT, "quiet"),
        (shanghai(23, 3), By.AGENT, "quiet"),
        (shanghai(22, 10), By.AGENT, "closed"),
        (shanghai(23, 13, 30), By.AGENT, "call_quiet"),
        (shanghai(23, 13, 30), By.BOT, None),
        (shanghai(22, 10), By.BOT, None),
    ):
        moment, found = placed(plan, SHANGHAI, at, by, "a")
        assert (found, moment > at) == (reason, reason is not None)


def test_agents_call_on_working_days_and_the_bot_writes_on_sundays_too() -> None:
    plan = read_plan(OFFICE)
    assert next_open(plan, SHANGHAI, shanghai(22, 10), By.AGENT) == shanghai(23, 9)
    assert next_open(plan, SHANGHAI, shanghai(22, 10), By.BOT) == shanghai(22, 10)
    assert next_open(plan, SHANGHAI, shanghai(22, 23), By.BOT) == shanghai(23, 9)


def test_a_call_that_reached_nobody_is_tried_in_the_other_half_of_the_day() -> None:
    plan = read_plan(OFFICE)
    assert other_half(plan, SHANGHAI, shanghai(23, 10)) == shanghai(23, 14)
    assert other_half(plan, SHANGHAI, shanghai(23, 15)) == shanghai(24, 9)
    assert other_half(plan, SHANGHAI, shanghai(27, 16)) == shanghai(30, 9), "over the weekend"


def test_f48_over_the_nights_of_the_clocks_a_visit_keeps_its_hour_by_the_wall() -> None:
    plan = read_plan("")
    for name in sorted(available_timezones())[::23]:
        zone = ZoneInfo(name)
        day = datetime(2027, 1, 1, tzinfo=zone).date()
        for _ in range(365):
            midnight = moment(day, time(0, 30), zone)
            at = next_open(plan, zone, midnight, By.BOT).astimezone(zone)
            assert (at.date(), at.hour, at.minute) == (day, 9, 0), name
            day += DAY


def test_the_sample_is_the_same_every_time_and_of_the_size_that_the_plan_says() -> None:
    rule = read_plan(PERIODIC).visit[0]
    drawn = [customer for customer in range(4000) if sampled(rule, "regular", customer, 1)]
    assert 1850 < len(drawn) < 2150
    assert drawn == [customer for customer in range(4000) if sampled(rule, "regular", customer, 1)]
    assert all(sampled(rule, "vip", customer, 1) for customer in range(100))
    assert len({round(share_of("x", number), 1) for number in range(200)}) == 11


@given(st.integers(0, 10**6), st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_occurrences_come_once_however_the_time_is_cut(anchor: int, hours: list[int]) -> None:
    start, interval = datetime.fromtimestamp(10**6, UTC), timedelta(hours=7)
    cuts = [start + timedelta(hours=each) for each in itertools.accumulate(hours, initial=0)]
    parts = [
        number for since, until in itertools.pairwise(cuts) for number, _ in numbers(anchor, interval, since, until)
    ]
    assert parts == [number for number, _ in numbers(anchor, interval, start, cuts[-1])]


# -- with a database


class Nights(Desk):
    """A desk whose clock's jobs are run by hand."""

    async def at(self, now: datetime, *jobs: Callable[[Work], Awaitable[bool]]) -> None:
        self.now = now
        await self.ticks(*jobs)

    async def visits(self) -> list[Visit]:
        return await self.rows(Visit)


@asynccontextmanager
async def opened(url: str, plan: str, customers: int) -> AsyncIterator[Nights]:
    """A desk with so many customers, every tenth VIP, who joined one after the other before NOON."""
    async with open_desk(url, plan, NOON, Nights) as nights:
        await nights.welcome(
            *(
                Customer(
                    id=number,
                    user_id=7_000 + number,
                    name=f"Customer {number}",
                    language="en",
                    tier="vip" if number % 10 == 0 else "regular",
                    created_at=NOON - number * timedelta(hours=5, minutes=7),
                )
                for number in range(1, customers + 1)
            )
        )
        yield nights


@pytest.mark.postgres_too
async def test_i13_every_occurrence_is_planned_once_whatever_nights_are_missed(database_url: str) -> None:
    async with opened(database_url, PERIODIC, 60) as nights:
        # Twice in one night, three nights missed, a clock that goes back.
        for hours in (0, 0, 24, 25, 98, 97, 98, 150, 240):
            await nights.at(NOON + timedelta(hours=hours), recurring.plan_ahead)
        found = await nights.visits()
    until = max(visit.due_at for visit in found)
    keys = [visit.occurrence for visit in found]
    assert len(keys) == len(set(keys))
    rule, interval = nights.plan.visit[0], timedelta(days=3)
    for number in (1, 7, 33):
        anchor = int((NOON - number * timedelta(hours=5, minutes=7)).timestamp())
        wanted = [
            each for each, _ in numbers(anchor, interval, NOON, until - DAY) if sampled(rule, "regular", number, each)
        ]
        planned = [int(visit.occurrence.rpartition(":")[2]) for visit in found if visit.customer_id == number]
        assert planned[: len(wanted)] == wanted
    assert {visit.by for visit in found if visit.customer_id % 10 == 0} <= {By.AGENT}
    assert all(9 <= visit.due_at.astimezone(SHANGHAI).hour < 21 for visit in found)


async def test_f47_after_three_days_down_no_customer_gets_a_burst_and_what_is_too_late_is_told(
    database_url: str,
) -> None:
    async with opened(database_url, PERIODIC, 5) as nights:
        async with nights.database.work(lambda: NOON, nights.plan) as work:
            for customer_id, hours in ((1, 1), (1, 2), (1, 3), (2, 1), (3, 30)):
                at = NOON + timedelta(hours=hours)
                key = f"outage:{customer_id}:{hours}"
                work.add(
                    Visit(
                        customer_id=customer_id,
                        rule="periodic",
                        occurrence=key,
                        by=By.BOT,
                        purpose=Purpose.VISIT,
                        due_at=at,
                        window_until=at + 2 * DAY,
                    )
                )
        nights.plan = read_plan(PERIODIC.replace('when = "tier"', 'when = "event:delivery"'))
        back = NOON + 2 * DAY + timedelta(hours=2)  # the first two of the first customer are too late by then
        await nights.at(back, due.come_due, due.run_out, missed.tell_missed)
        found = {visit.occurrence: visit for visit in await nights.visits()}
        said = await nights.rows(Outbox)
        kept = await nights.rows(Contact)

    states = {key.removeprefix("outage:"): visit.state for key, visit in found.items()}
    assert states == {
        "1:1": VisitState.MISSED,
        "1:2": VisitState.ASKED,
        "1:3": VisitState.CANCELLED,
        "2:1": VisitState.MISSED,
        "3:30": VisitState.ASKED,
    }
    assert found["outage:1:3"].reason == "gap"
    assert found["outage:1:2"].window_until >= back + 2 * DAY, "the time to answer counts from the asking"
    told = [row for row in said if row.body.get("template") == "visits/missed"]
    assert [row.body["values"]["count"] for row in told] == [2]
    assert all(each.reason for each in kept if each.state in ("suppressed", "moved"))


async def test_a_visit_whose_sending_was_cut_off_is_not_repeated_and_why_says_so(database_url: str) -> None:
    async with opened(database_url, PERIODIC, 2) as nights:
        async with nights.database.work(lambda: NOON, nights.plan) as work:
            work.add(
                Visit(
                    customer_id=1,
                    rule=BY_HAND,
                    occurrence="cut",
                    by=By.BOT,
                    purpose=Purpose.VISIT,
                    due_at=NOON,
                    window_until=NOON + DAY,
                )
            )
        await nights.at(NOON, due.come_due)
        async with nights.database.work(lambda: NOON, nights.plan) as work:
            sending: Outbox = await work.first(select(Outbox))
            sending.state = OutboxState.SENDING  # and the process dies
        async with nights.database.work(lambda: NOON, nights.plan) as work:
            await outcomes.recover(work, set())
        (row,) = await nights.rows(Outbox)
        (kept,) = await nights.rows(Contact)
    assert row.state is OutboxState.UNCERTAIN
    assert (kept.state, kept.reason) == (ContactState.SENT, "uncertain"), "it counts, and is never sent again"


async def test_words_that_open_a_new_case_answer_the_visit_of_the_one_it_names(database_url: str) -> None:
    async with opened(database_url, PERIODIC, 2) as nights:
        visited = await nights.opens()
        async with nights.work() as work:
            case = await nights.case(work, visited)
            case.state, case.closed_at = CaseState.CLOSED, NOON - 30 * DAY
            work.add(
                Visit(
                    customer_id=1,
                    case_id=visited,
                    rule="periodic",
                    occurrence="words",
                    by=By.BOT,
                    purpose=Purpose.SERVICE,
                    due_at=NOON,
                    window_until=NOON + DAY,
                    state=VisitState.ASKED,
                )
            )
        await nights.opens()
        (visit,) = await nights.visits()
        assert visit.outcome is None, "about something else"
        async with nights.work() as work:
            first = await work.first(select(Message).where(Message.case_id == visited))
            heard = await messages.receive(work, await customer_numbered(work, 1), nights.words("还是响", first))
            assert heard is not None
            assert heard.parent_id == visited
        (visit,) = await nights.visits()
    assert (visit.outcome, visit.note) == (Outcome.WORDS, "还是响")


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("kind", "state"), [("complaint", VisitState.DUE), ("request", VisitState.CANCELLED)])
async def test_every_complaint_is_visited_by_a_call_where_the_bot_cannot_write(
    database_url: str, kind: str, state: VisitState, known: bool
) -> None:
    async with opened(database_url, "", 2) as nights:
        await with_agents(nights)
        async with nights.database.work(lambda: NOON, nights.plan) as work:
            (await customer_numbered(work, 1)).unreachable_since = NOON if known else None
            work.add(
                Case(
                    id=1001,
                    customer_id=1,
                    group_id=1,
                    kind=CaseKind(kind),
                    state=CaseState.CLOSED,
                    opened_at=NOON,
                    last_customer_at=NOON,
                )
            )
            await work.flush()
            work.add(
                Visit(
                    customer_id=1,
                    case_id=1001,
                    rule=BY_HAND,
                    occurrence="blocked",
                    by=By.BOT,
                    purpose=Purpose.SERVICE,
                    due_at=NOON,
                    window_until=NOON + DAY,
                )
            )
        await nights.at(NOON + timedelta(hours=3), due.come_due)
        if not known:  # before the question was sent
            (visit,) = await nights.visits()
            assert visit.state is VisitState.ASKED
            async with nights.database.work(lambda: NOON + timedelta(hours=4), nights.plan) as work:
                await contact.note_fate(work, f"contact:{visit.about}", "unreachable")
            await nights.at(NOON + timedelta(hours=4), due.come_due)
        (visit,) = await nights.visits()
    assert visit.state is state


@settings(max_examples=20)
@given(st.lists(st.integers(-30, 60), min_size=3, max_size=12))
def test_i13_a_visit_is_asked_once_however_often_the_clock_looks(hours: list[int]) -> None:
    async def looked() -> list[Any]:
        async with opened(f"sqlite+aiosqlite:///{folder}/huifang.db", PERIODIC, 12) as nights:
            now = NOON
            for each in hours:
                now = max(NOON - DAY, now + timedelta(hours=each))
                await nights.at(now, recurring.plan_ahead, due.come_due, due.run_out, due.come_due)
            return await nights.rows(Outbox)

    with TemporaryDirectory() as folder:
        keys = [row.key for row in asyncio.run(looked()) if row.key]
    assert len(keys) == len(set(keys))


# -- people


def agent(number: int, *, started: bool) -> Staff:
    return Staff(id=number, user_id=900 + number, name=f"Agent {number}", started_bot=started, joined_at=NOON)


async def with_agents(nights: Nights, *due_in: float) -> None:
    """Two agents, of whom the first has started the bot, and a call for the first customers in so many hours each."""
    await nights.hire(agent(1, started=True), agent(2, started=False))
    async with nights.database.work(lambda: NOON, nights.plan) as work:
        for customer_id, hours in enumerate(due_in, start=1):
            plan_by_hand(work, await customer_numbered(work, customer_id), NOON + timedelta(hours=hours))


@pytest.mark.postgres_too
async def test_each_morning_every_agent_gets_todays_visits_once(database_url: str) -> None:
    async with opened(database_url, OFFICE, 5) as nights:
        await with_agents(nights, 22, 23, 25, 72)
        for hours in (0, 20.9, 21.1, 22, 23):  # Monday noon, and Tuesday before and after nine
            await nights.at(NOON + timedelta(hours=hours), agenda.tell_each_morning)
        said = await nights.rows(Outbox)
        found = await nights.visits()

    privately = [row for row in said if row.chat_id == 901]
    in_general = [row for row in said if row.body.get("template") == "visits/morning"]
    assert (len(privately), len(in_general)) == (1, 1)
    assert sorted(visit.owner_id or 0 for visit in found) == [0, 1, 1, 2], "fairly given; Thursday's is nobody's yet"
    assert "Customer 4" not in str([row.body for row in said])


@pytest.mark.postgres_too
@pytest.mark.parametrize("left", [False, True])
async def test_visits_of_somebody_who_is_away_or_has_left_go_to_somebody_else(database_url: str, left: bool) -> None:
    async with opened(database_url, "", 5) as nights:
        await with_agents(nights, 2.5, 3)
        await nights.at(NOON + timedelta(hours=4), due.come_due)
        async with nights.database.work(lambda: NOON + timedelta(hours=4), nights.plan) as work:
            person = await staff_member(work, 1)
            if left:
                person.active = False
                await absence.staff_left(work, StaffLeft(person))
            else:
                person.away_since = work.now
                await absence.staff_away(work, StaffAway(person, None))
        found = await nights.visits()
        said = await nights.rows(Outbox)

    assert [visit.owner_id for visit in found] == [2, 2]
    assert len([row for row in said if row.body.get("template") == "visits/task"]) == 3, "one was shown anew"


@pytest.mark.postgres_too
async def test_another_plan_cancels_what_it_does_not_know_and_another_tier_begins_its_own(database_url: str) -> None:
    async with opened(database_url, PERIODIC.replace("0.5", "1.0"), 5) as nights:
        await nights.at(NOON, recurring.plan_ahead)
        before = {visit.occurrence for visit in await nights.visits() if visit.customer_id == 1}
        async with nights.database.work(lambda: NOON + timedelta(hours=1), nights.plan) as work:
            customer = await customer_numbered(work, 1)
            customer.tier = "vip"
            await recurring.file_changed(work, FileChanged(customer))
        changed = [visit for visit in await nights.visits() if visit.customer_id == 1]
        async with nights.database.work(lambda: NOON, nights.plan) as work:
            await work.session.exec(update(Visit).values(plan_version=1))
        async with nights.database.work(lambda: NOON + timedelta(hours=2), read_plan(""), 2) as work:
            await planning.replan(work)
        left = await nights.visits()

    assert before
    assert {visit.reason for visit in changed if visit.occurrence in before} == {"tier"}
    assert all(str(30 * 86400) in visit.occurrence for visit in changed if visit.state is VisitState.PLANNED)
    assert {visit.state for visit in left} == {VisitState.CANCELLED}


SILENCE = """
[[visit]]
id = "win_back"
when = "silence"
after = "60d"
by = "agent"
purpose = "marketing"
[[visit]]
id = "new_customer"
when = "purchase"
after = "3d"
by = "bot"
[[visit]]
id = "delivered"
when = "event:delivery"
after = "2d"
by = "bot"
"""


@pytest.mark.postgres_too
async def test_a_long_silence_is_broken_only_where_the_customer_agreed(database_url: str) -> None:
    async with opened(database_url, SILENCE, 3) as nights:
        async with nights.database.work(lambda: NOON, nights.plan) as work:
            for customer_id in (1, 2, 3):
                (await customer_numbered(work, customer_id)).last_contact_at = NOON - 50 * DAY
            for customer_id, given in ((1, True), (2, True), (2, False)):
                said: dict[str, Any] = {
                    "purpose": Purpose.MARKETING,
                    "given": given,
                    "at": NOON,
                    "wording": "",
                    "how": "words",
                }
                work.add(Consent(customer_id=customer_id, **said))
                await work.flush()
        await nights.at(NOON, recurring.plan_ahead)
        planned = await nights.visits()
        async with nights.database.work(lambda: NOON + 5 * DAY, nights.plan) as work:
            (await customer_numbered(work, 1)).last_contact_at = work.now
        await nights.at(max(visit.due_at for visit in planned), due.come_due)
        found = await nights.visits()

    assert [visit.customer_id for visit in planned] == [1]
    assert NOON + 10 * DAY <= planned[0].due_at < NOON + 12 * DAY
    assert [(visit.state, visit.reason) for visit in found] == [(VisitState.CANCELLED, "tier")], "the silence is over"


@pytest.mark.postgres_too
async def test_a_purchase_and_a_delivery_are_visited_once_each_and_old_ones_are_not(database_url: str) -> None:
    async with opened(database_url, SILENCE, 1) as nights:
        bought, old = ("purchase", "A1", 0), ("purchase", "A0", 40)
        for name, ref, days in (bought, bought, ("delivery", "L1", 1), old):
            async with nights.database.work(lambda: NOON, nights.plan) as work:
                await planning.event_imported(work, EventImported(1, name, ref, NOON - days * DAY))
        found = await nights.visits()

    assert [(visit.rule, visit.due_at - NOON) for visit in found] == [("new_customer", 3 * DAY), ("delivered", DAY)]


def test_a_reply_to_a_task_is_known_even_without_its_form() -> None:
    def reply(text: str, **more: Any) -> Place:
        to = {"message_id": 5, "from": {"is_bot": True}, "text": text, **more}
        return Place(Where.TOPIC, "message", {"message_id": 6, "text": "He is at work", "reply_to_message": to})

    form = {"reply_markup": {"inline_keyboard": [[{"text": "Reached", "callback_data": "visit:7:reached"}]]}}
    assert chat_visits.notes_visit(reply("回访任务 · 工单 1001"))
    assert chat_visits.notes_visit(reply("anything", **form))
    assert not chat_visits.notes_visit(reply("The tap drips"))
    assert not chat_visits.notes_visit(Place(Where.TOPIC, "message", {"message_id": 6, "text": "hello"}))


# -- what people do with a visit


AFTER_CASES = """
[contact]
quiet = ""
call_quiet = ""
[[visit]]
id = "after_complaint"
when = "case_resolved"
kinds = ["complaint"]
after = "1d"
by = "agent"
not_handler = true
attempts = 2
[[visit]]
id = "after_repair"
when = "case_resolved"
kinds = ["request"]
after = "1d"
by = "bot"
"""
HANDLER, COLLEAGUE = 1, 2


@asynccontextmanager
async def begun(url: str, kind: CaseKind) -> AsyncIterator[tuple[Nights, int]]:
    """A day after a case of that kind was resolved by the first of two agents: its visit is begun; its number."""
    async with opened(url, AFTER_CASES, 2) as nights:
        await with_agents(nights)
        number = await nights.opens(kind=kind)
        async with nights.work() as work:
            customer, handler = await customer_numbered(work, 1), await staff_member(work, HANDLER)
            case = await nights.case(work, number)
            await cases.claim(work, case, handler)
            cases.resolve(work, customer, case, handler, "done")
        await nights.at(NOON + DAY + timedelta(minutes=1), due.come_due)
        yield nights, number


async def the_visit(work: Work) -> Visit:
    visit = await visit_numbered(work, 1)
    assert visit is not None
    return visit


async def test_a_call_is_made_by_somebody_else_and_what_is_not_done_goes_on(database_url: str) -> None:
    async with begun(database_url, CaseKind.COMPLAINT) as (nights, number):
        async with nights.work() as work:
            with pytest.raises(Refusal) as no:
                await results.record_no_answer(work, await the_visit(work), await staff_member(work, HANDLER))
            assert no.value.key == "visit_not_handler"
        async with nights.work() as work:
            await results.record_no_answer(work, await the_visit(work), await staff_member(work, COLLEAGUE))
        (tried,) = await nights.visits()
        await nights.at(tried.due_at, due.come_due)
        async with nights.work() as work:
            visit, colleague = await the_visit(work), await staff_member(work, COLLEAGUE)
            await results.note_visit(work, visit, None, spoken("// at work until six"), colleague)
            await results.record_outcome(work, visit, Outcome.PROBLEM, colleague)
        (made,) = await nights.visits()
        said = await nights.rows(Outbox)
        async with nights.work() as work:
            case = await nights.case(work, number)
            with pytest.raises(Refusal) as over:
                await results.put_off(work, await the_visit(work), "week", await staff_member(work, COLLEAGUE))

    assert (tried.state, tried.attempts, tried.owner_id) == (VisitState.MOVED, 1, COLLEAGUE)
    assert (made.outcome, made.attempts, made.note) == (Outcome.PROBLEM, 2, "at work until six")
    assert (case.state, case.reopened_count) == (CaseState.OPEN, 1)
    assert over.value.key == "visit_over"
    assert not [row for row in said if row.chat_id == 7_001 and "until six" in str(row.body)], "notes stay with staff"


async def test_another_time_that_the_customer_names_is_none_of_the_attempts(database_url: str) -> None:
    async with begun(database_url, CaseKind.COMPLAINT) as (nights, _):
        async with nights.work() as work:
            await results.put_off(work, await the_visit(work), "week", await staff_member(work, COLLEAGUE))
        (visit,) = await nights.visits()
    assert (visit.state, visit.reason, visit.attempts) == (VisitState.MOVED, "asked_later", 0)
    assert (visit.due_at - nights.now, visit.purpose) == (7 * DAY, Purpose.SERVICE)


async def test_a_question_is_answered_by_its_customer_alone_and_not_yet_counts_after_all_well(
    database_url: str,
) -> None:
    async with begun(database_url, CaseKind.REQUEST) as (nights, number):
        for by in (await who(nights, Customer, 2), await who(nights, Staff, COLLEAGUE)):
            async with nights.work() as work:
                with pytest.raises(Refusal) as no:
                    await answers.answer(work, await the_visit(work), "well", by)
                assert no.value.key == "stale"
        states = []
        for given in ("well", "not_yet"):
            async with nights.work() as work:
                await answers.answer(work, await the_visit(work), given, await customer_numbered(work, 1))
            async with nights.work() as work:
                states.append((await nights.case(work, number)).state)
        async with nights.work() as work:
            with pytest.raises(Refusal) as answered:
                await answers.answer(work, await the_visit(work), "well", await customer_numbered(work, 1))
    assert states == [CaseState.CLOSED, CaseState.OPEN]
    assert answered.value.key == "visit_answered"


async def test_typed_words_answer_while_the_question_is_the_latest_thing_said(database_url: str) -> None:
    async with begun(database_url, CaseKind.REQUEST) as (nights, _):
        heard = []
        for text in ("the lamp by the door, please", "tomorrow"):
            async with nights.work() as work:
                customer = await customer_numbered(work, 1)
                heard.append(await typed_answers.answer_typed(work, customer, spoken(text)))
        (visit,) = await nights.visits()
    assert heard == [False, True]
    assert (visit.state, visit.reason) == (VisitState.MOVED, "asked_later")


async def test_whoever_plans_a_visit_makes_it_unless_they_name_somebody(database_url: str) -> None:
    async with opened(database_url, "", 2) as nights:
        await with_agents(nights)
        async with nights.work() as work:
            customer = await customer_numbered(work, 1)
            planner, other = await staff_member(work, HANDLER), await staff_member(work, COLLEAGUE)
            for owner in (None, other):
                await planning.plan_visit(work, customer, None, NOON + DAY, planner, owner=owner, note="the pump")
        async with nights.work() as work:
            shown = await agenda.agenda_of(work, await staff_member(work, HANDLER), "en")
        found = await nights.visits()
    assert [visit.owner_id for visit in found] == [HANDLER, COLLEAGUE]
    assert [line["note"] for line in shown["ahead"]] == ["the pump"], "an agent's own"


ANNA = Customer(id=1, user_id=7_001, name="Anna", language="en", created_at=NOON)
GROUP = StaffGroup(id=1, configured_id=-1001, chat_id=-1001)
OF_STAFF: dict[str, Callable[[Work, Visit, Any], Awaitable[Any]]] = {
    "plan": lambda work, visit, by: planning.plan_visit(work, ANNA, None, work.now, by, note=""),
    "agenda": lambda work, visit, by: agenda.agenda_of(work, by, "en"),
    "outcome": lambda work, visit, by: results.record_outcome(work, visit, Outcome.WELL, by),
    "no answer": lambda work, visit, by: results.record_no_answer(work, visit, by),
    "put off": lambda work, visit, by: results.put_off(work, visit, "week", by),
    "questionnaire": lambda work, visit, by: results.open_questionnaire(work, visit, by),
    "note": lambda work, visit, by: results.note_visit(work, visit, None, spoken("hm"), by),
    "page": lambda work, visit, by: tasks.turn_to(work, visit, "later", by, GROUP, 5),
}


async def test_nobody_but_staff_does_what_staff_do(database_url: str) -> None:
    async with begun(database_url, CaseKind.COMPLAINT) as (nights, _):
        gone = Staff(id=9, user_id=909, name="Gone", active=False, joined_at=NOON, left_at=NOON)
        for name, deed in OF_STAFF.items():
            for by in (ANNA, gone):
                async with nights.work() as work:
                    with pytest.raises(Refusal) as no:
                        await deed(work, await the_visit(work), by)
                    assert no.value.key == "not_staff", name


async def who(nights: Nights, table: Any, key: int) -> Any:
    return next(row for row in await nights.rows(table) if row.id == key)


def spoken(text: str) -> Said:
    return Said(Content("text", text, NOON + DAY))
