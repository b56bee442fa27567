"""Service standards: what is promised to whom, and what becomes of it as time passes, on real databases."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event
from sqlmodel import col, select

from handlers import cases, messages, open_database
from handlers.happenings.cases import SeverityChanged
from handlers.happenings.messages import Promised
from handlers.happenings.people import FileChanged
from handlers.moments import in_words, read_moment
from handlers.routing.kinds import set_kind
from handlers.routing.opening import open_for
from handlers.standards import promising
from handlers.standards.chasing import asks_where_it_stands
from handlers.standards.late_list import tell_late_list
from handlers.standards.sweep import sweep
from models.calendars import working_time
from models.cases import CaseKind, CaseState
from models.customers import Customer, customer_numbered
from models.database import Database
from models.installation import PlanVersion
from models.plan import Plan, read_plan
from models.staff import GroupMember, Role, Staff, staff_member
from models.standards import Clock, Mark, Standard, Timed, marks, standard_for, start
from models.timeline import CaseEvent
from tests.desk import AGENT
from tests.desk import Desk as AnyDesk
from tests.tables import make_tables

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PLAN = """
[business]
language = "zh"
[calendar]
mon = ["09:00-12:00", "13:00-18:00"]
tue = ["09:00-12:00", "13:00-18:00"]
wed = ["09:00-12:00", "13:00-18:00"]
thu = ["09:00-12:00", "13:00-18:00"]
fri = ["09:00-12:00", "13:00-18:00"]
open = [{ day = "2027-02-21", as = "fri" }]
[[tier]]
id = "vip"
when = { spent_12m = 50000 }
first_response = "16m"
next_response = "30m"
resolution = "8h"
[[tier]]
id = "regular"
first_response = "1h"
next_response = "2h"
resolution = "3d"
[[segment]]
id = "business"
when = { tag = "business" }
next_response = "1h"
resolution = "4d"
[[severity]]
id = "critical"
first_response = "10m"
around_the_clock = true
[[severity]]
id = "serious"
time = 0.5
[escalation]
steps = [{ at = 0.5, tell = "assignee" }, { at = 1.0, tell = "supervisor" }, { at = 1.5, tell = "manager" }]
update_every = { complaint = "1d" }
[contact]
quiet = "21:00-09:00"
[reports]
daily = "18:00"
"""


def at(text: str) -> datetime:
    """ "2027-02-20 10:00" in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


# -- what is promised


@pytest.mark.parametrize(
    ("tier", "segments", "severity", "expected"),
    [
        ("vip", [], None, Standard(16 * MINUTE, 30 * MINUTE, 8 * HOUR)),
        ("regular", [], None, Standard(HOUR, 2 * HOUR, 72 * HOUR)),
        (None, [], None, Standard(HOUR, 2 * HOUR, 72 * HOUR)),
        ("gone", [], "unknown", Standard(HOUR, 2 * HOUR, 72 * HOUR)),
        ("regular", ["business"], None, Standard(HOUR, HOUR, 72 * HOUR)),
        ("vip", ["business"], "serious", Standard(8 * MINUTE, 15 * MINUTE, 4 * HOUR)),
        ("regular", [], "critical", Standard(10 * MINUTE, 2 * HOUR, 72 * HOUR, around_the_clock=True)),
    ],
)
def test_of_tier_and_segments_the_strictest_time_wins_and_a_severity_says_its_own(
    tier: str | None, segments: Sequence[str], severity: str | None, expected: Standard
) -> None:
    assert standard_for(read_plan(PLAN), tier, segments, severity) == expected


def test_a_plan_without_tiers_promises_nothing_and_without_steps_tells_nobody() -> None:
    assert standard_for(Plan(), None, [], None) == Standard()
    assert marks(Plan(), Timed.FIRST_RESPONSE) == [Mark(1, "late")]
    assert marks(read_plan(PLAN), Timed.RESOLUTION) == [
        Mark(0.5, "assignee"),
        Mark(0.9, "warn"),
        Mark(1.0, "supervisor"),
        Mark(1, "late"),
        Mark(1.5, "manager"),
    ]


# -- clocks


CLOCK_BEGAN = at("2027-02-18 08:00")
MOST_TURNS, MOST_MINUTES = 12, 3000


@cache
def clock_plan() -> Plan:
    return read_plan(PLAN)


@cache
def working_minutes() -> list[int]:
    """How many of the minutes since the clock began are working time, before each; counted once for all examples."""
    hours = working_time(clock_plan())
    return [0, *accumulate(hours.is_open(CLOCK_BEGAN + n * MINUTE) for n in range(MOST_TURNS * MOST_MINUTES))]


@given(st.lists(st.tuples(st.integers(1, MOST_MINUTES), st.booleans()), min_size=1, max_size=MOST_TURNS))
def test_f50_what_a_clock_has_used_is_what_a_count_of_working_minutes_says(turns: list[tuple[int, bool]]) -> None:
    plan, working, now = clock_plan(), working_minutes(), CLOCK_BEGAN
    hours = working_time(plan)
    clock = start(1, Timed.RESOLUTION, now, 1000 * HOUR, plan, all_hours=False)
    counted = passed = 0
    for minutes, stops in turns:
        runs = clock.running_since is not None
        counted += working[passed + minutes] - working[passed] if runs else 0
        passed += minutes
        now += minutes * MINUTE
        assert clock.elapsed(now, plan) == counted * 60
        if stops:
            clock.stop(now, plan)
            assert (clock.due_at, clock.look_at) == (None, None)
        else:
            due_before = clock.due_at
            clock.run(now, plan)
            assert not runs or clock.due_at == due_before
            assert clock.due_at is not None
            assert hours.between(now, clock.due_at) == timedelta(hours=1000) - counted * MINUTE


@given(st.lists(st.integers(-7200, 7200), min_size=1, max_size=20))
def test_f49_a_machines_clock_that_jumps_takes_no_time_away_and_passes_no_mark_twice(jumps: list[int]) -> None:
    plan, began = clock_plan(), at("2027-02-18 10:00")
    clock, now, told = start(1, Timed.FIRST_RESPONSE, began, HOUR, plan, all_hours=False), began, list[Mark]()
    for jump in jumps:
        now += timedelta(seconds=jump)
        passed = clock.passed(now, plan)
        told += passed
        clock.step += len(passed)
        clock.set_look(plan)
        assert clock.elapsed(now, plan) >= 0
        assert clock.look_at is None or clock.look_at > now
    assert told == marks(plan, Timed.FIRST_RESPONSE)[: len(told)]
    clock.end(now, plan)
    assert clock.used >= 0
    assert clock.ended_at is not None
    assert clock.ended_at >= clock.started_at


# -- on real databases


class Desk(AnyDesk):
    """What these tests look at."""

    async def sweep(self) -> int:
        """Sweep until nothing is left to do; how often something was done."""
        return await self.ticks(sweep)

    async def escalated(self, number: int) -> list[str]:
        """Who was told of the first response, by the timeline of the case."""
        async with self.database.reading() as session:
            query = select(CaseEvent).where(CaseEvent.case_id == number, CaseEvent.kind == "escalated")
            events = (await session.exec(query.order_by(col(CaseEvent.id)))).all()
            return [event.details["to"] for event in events if event.details["of"] == Timed.FIRST_RESPONSE]

    async def updates(self, number: int) -> list[Clock]:
        """The clocks by which the customer hears from a person, news or not."""
        async with self.database.reading() as session:
            query = select(Clock).where(Clock.case_id == number, Clock.what == Timed.UPDATE)
            return list((await session.exec(query)).all())

    async def clock(self, number: int, what: Timed) -> Clock:
        async with self.database.reading() as session:
            query = select(Clock).where(Clock.case_id == number, Clock.what == what).order_by(col(Clock.id).desc())
            found: Any = (await session.exec(query)).first()
            assert found is not None
            return found  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
async def tables(module_database: str) -> AsyncIterator[Database]:
    """A database of each kind with its tables, which the tests of this module share."""
    database = open_database(module_database, lambda: at("2027-02-18 10:00"))
    await make_tables(database)
    yield database
    await database.close()


@pytest.fixture
async def desk(tables: Database) -> AsyncIterator[Desk]:
    """An agent, a supervisor, a manager and a customer; nothing has happened yet."""
    desk = Desk(tables, read_plan(PLAN), at("2027-02-18 10:00"))
    await desk.furnish(PLAN)
    await desk.cast()
    await desk.welcome(Customer(id=1, user_id=7, name="王芳", language="zh", created_at=desk.now))
    yield desk
    await desk.clear()


async def test_a_vip_who_writes_on_a_saturday_is_answered_on_the_make_up_sunday(desk: Desk) -> None:
    desk.now = at("2027-02-20 14:30")  # Saturday; the Sunday has a Friday's hours
    number = await desk.opens("vip")
    assert "客服人员明天 09:00 上班，最迟明天 09:16 回复您" in (await desk.told())[0]
    clock = await desk.clock(number, Timed.FIRST_RESPONSE)
    assert (clock.due_at, clock.look_at) == (at("2027-02-21 09:16"), at("2027-02-21 09:08"))
    assert (await desk.clock(number, Timed.RESOLUTION)).due_at == at("2027-02-21 18:00")

    for quiet in ("2027-02-20 23:00", "2027-02-21 08:59", "2027-02-21 09:07"):
        desk.now = at(quiet)
        assert await desk.sweep() == 0
    desk.now = at("2027-02-21 09:08")
    assert await desk.sweep() == 1
    assert await desk.told() == ["standards/late"]
    desk.now = at("2027-02-21 09:15")
    await desk.sweep()
    told = await desk.told()
    assert "我们原定今天 09:16 前答复您，可能会晚一些" in told[0]
    assert told[1] == "standards/late"
    await desk.agent_says(number)
    assert (await desk.clock(number, Timed.FIRST_RESPONSE)).kept is True
    assert (await desk.clock(number, Timed.FIRST_RESPONSE)).used == 15 * 60


async def test_f52_what_was_answered_at_the_last_moment_is_not_called_late(desk: Desk) -> None:
    number = await desk.opens("vip")
    await desk.told()
    desk.now += 20 * MINUTE
    if desk.database.is_sqlite:  # which knows one writer at a time
        await desk.agent_says(number)
    else:
        async with desk.work() as work:
            await desk.answer(work, number)
            await work.flush()
            async with desk.work() as sweeping:
                assert not await sweep(sweeping), "the answer holds the customer; the sweep does not wait for it"
    assert await desk.sweep() == 0
    assert await desk.told() == []
    assert (await desk.clock(number, Timed.FIRST_RESPONSE)).kept is False


async def test_f52_who_answers_as_the_reminder_falls_due_is_not_reminded(desk: Desk) -> None:
    number = await desk.opens("regular")
    await desk.agent_says(number)
    async with desk.work() as work:
        cases.wait_for_customer(work, await desk.case(work, number), await staff_member(work, 1))
    desk.now += 24 * HOUR
    async with desk.work() as work:
        await desk.says(work, await desk.case(work, number), "蓝色")
        await work.flush()
        if not desk.database.is_sqlite:  # which knows one writer at a time
            async with desk.work() as sweeping:
                assert not await sweep(sweeping)
    await desk.sweep()
    assert not [each for each in await desk.told() if "还需要您回复" in each]


async def test_a_plan_that_promises_nothing_costs_no_look_at_the_clocks(desk: Desk) -> None:
    desk.plan, desk.version = Plan(), 2
    async with desk.work() as work:
        work.add(PlanVersion(id=2, text="", taken_at=desk.now))
    asked: list[str] = []
    event.listen(desk.database.engine.sync_engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    number = await desk.opens()
    await desk.agent_says(number)
    await desk.customer_says(number, "什么时候送来")
    assert asked
    assert not [each for each in asked if "clocks" in each]


async def test_an_agents_own_time_is_called_to_mind_whatever_the_plan_says(desk: Desk) -> None:
    desk.plan, desk.version = Plan(), 2
    async with desk.work() as work:
        work.add(PlanVersion(id=2, text="", taken_at=desk.now))
    number = await desk.opens()
    async with desk.work() as work:
        case, customer = await desk.case(work, number), await customer_numbered(work, 1)
        agent = await staff_member(work, AGENT)
        await promising.promise(work, case, customer, work.now + HOUR, "", work.now, agent)
    await desk.told()
    desk.now += 48 * MINUTE
    await desk.sweep()
    assert await desk.told() == ["standards/late"]
    desk.now += MINUTE
    await desk.agent_says(number)
    assert (await desk.clock(number, Timed.PROMISE)).kept is True


async def test_whom_nobody_answers_hears_by_when_the_plan_has_somebody_speak_to_them(desk: Desk) -> None:
    desk.now = at("2027-02-22 10:00")
    number = await desk.opens("regular", CaseKind.COMPLAINT)
    await desk.told()
    desk.now = at("2027-02-22 10:55")
    await desk.sweep()
    told = await desk.told()
    assert "我们原定今天 11:00 前答复您，可能会晚一些，非常抱歉。\n已转告主管跟进，最迟明天 10:00 会有客服" in told[0]
    async with desk.work() as work:
        work.happen(Promised(await desk.case(work, number), await staff_member(work, 1), work.now + 100 * HOUR))
    desk.now = at("2027-02-25 18:00")
    await desk.sweep()
    assert not [each for each in await desk.told() if "原定" in each], "the customer knows the agent's time"


async def test_f49_a_jump_of_the_clock_tells_nothing_twice(desk: Desk) -> None:
    number = await desk.opens("vip")
    await desk.told()
    began = desk.now
    for hours, expected in ((1.5, 1), (0, 0), (1.5, 0), (-2, 0)):
        desk.now = began + hours * HOUR
        assert await desk.sweep() == expected
    assert [each for each in await desk.told() if each.startswith("standards/")] == ["standards/late"]
    desk.now = began - HOUR
    await desk.agent_says(number)
    clock = await desk.clock(number, Timed.FIRST_RESPONSE)
    assert clock.ended_at is None, "an answer written before the question is none to it"
    desk.now = began + MINUTE
    await desk.agent_says(number)
    assert (await desk.clock(number, Timed.FIRST_RESPONSE)).used == 60


async def test_f47_the_steps_of_three_days_are_told_by_one_message_in_the_morning(desk: Desk) -> None:
    desk.now = at("2027-02-22 17:00")  # Monday
    number = await desk.opens("regular")
    await desk.everybody_writes()
    await desk.told()
    desk.now = at("2027-02-23 03:00")  # the bot was down at 17:30 and at 18:00
    await desk.sweep()
    assert await desk.told() == [], "nobody is there"
    assert (await desk.clock(number, Timed.FIRST_RESPONSE)).look_at == at("2027-02-23 09:00")
    desk.now = at("2027-02-25 10:00")
    await desk.sweep()
    rows = await desk.said()
    told = desk.texts(rows)
    assert told.count("standards/late") == 1
    assert sum("现在已经晚了，非常抱歉。\n已转告主管跟进" in each for each in told) == 1
    (late,) = [row.body["values"] for row in rows if row.body.get("template") == "standards/late"]
    assert [person["name"] for person in late["people"]] == ["agent", "supervisor", "manager"]
    private = [row.chat_id for row in rows if "首次答复已超时" in str(row.body)]
    assert private == [101, 102, 103], "each of them once"
    assert await desk.escalated(number) == ["assignee", "supervisor", "manager"]


async def test_who_is_named_by_a_step_and_works_in_the_department_is_named_once_and_told_privately(
    desk: Desk,
) -> None:
    await desk.takes(
        PLAN.replace(
            '{ at = 1.0, tell = "supervisor" }', '{ at = 0.8, tell = "department" }, { at = 0.8, tell = "assignee" }'
        )
    )
    async with desk.work() as work:
        work.add(Staff(id=4, user_id=104, name="another", role=Role.AGENT, started_bot=True, joined_at=desk.now))
        await work.flush()
        work.add(GroupMember(group_id=1, staff_id=4))
    number = await desk.opens("vip")
    async with desk.work() as work:
        (await desk.case(work, number)).assignee_id = 4
    await desk.everybody_writes()
    await desk.told()
    desk.now += 14 * MINUTE
    await desk.sweep()
    rows = await desk.said()
    (late,) = [row.body["values"] for row in rows if row.body.get("template") == "standards/late"]
    assert [person["name"] for person in late["people"]] == ["another", "agent"]
    assert [row.chat_id for row in rows if "首次答复快到时限" in str(row.body)] == [104]
    assert await desk.escalated(number) == ["assignee", "department", "assignee"]


@pytest.mark.parametrize(
    ("left", "read"),
    [
        ((), "抱歉。\n已转告主管跟进，有结果"),
        ((2,), "抱歉。\n已转告负责人跟进，有结果"),
        ((2, 3), "抱歉。\n有结果客服会在这里告诉您"),
    ],
)
async def test_the_customer_reads_that_somebody_has_it_only_if_somebody_has(
    desk: Desk, left: Sequence[int], read: str
) -> None:
    async with desk.work() as work:
        for key in left:
            (await staff_member(work, key)).active = False
    await desk.opens("vip")
    await desk.told()
    desk.now += 15 * MINUTE
    await desk.sweep()
    assert sum(read in each for each in await desk.told()) == 1


async def test_before_the_time_is_over_nobody_reads_that_it_is_and_at_its_very_end_everybody_does(
    desk: Desk,
) -> None:
    await desk.opens("vip")
    began = desk.now
    for used, late, warned in ((0.5, False, False), (0.9, False, True), (1.0, True, False), (1.5, True, False)):
        desk.now = began + 16 * MINUTE * used
        await desk.told()
        await desk.sweep()
        rows = await desk.said()
        (said,) = [row.body["values"] for row in rows if row.body.get("template") == "standards/late"]
        assert (said["late"], said["warned"]) == (late, warned), used


async def test_whom_the_customer_was_referred_to_already_is_not_told_of_it_twice(desk: Desk) -> None:
    await desk.takes(PLAN.replace('at = 0.5, tell = "assignee"', 'at = 0.5, tell = "supervisor"'))
    number = await desk.opens("vip")
    for minutes, expected in ((8, ["supervisor"]), (7, ["supervisor"]), (1, ["supervisor", "supervisor"])):
        desk.now += minutes * MINUTE
        await desk.sweep()
        assert await desk.escalated(number) == expected


async def test_what_was_told_for_a_moment_is_not_told_again_when_it_is_reckoned_anew(desk: Desk) -> None:
    await desk.takes(PLAN.replace("[escalation]", '[[severity]]\nid = "mild"\n[escalation]'))
    number = await desk.opens("regular", severity="critical")
    await desk.graver(number, "critical")
    desk.now += 16 * MINUTE
    await desk.sweep()
    assert await desk.escalated(number) == (first := ["assignee", "supervisor", "manager"])
    for severity in ("mild", "critical", "serious", "critical"):
        await desk.told()
        await desk.graver(number, severity)
        await desk.sweep()
        assert not [each for each in await desk.told() if "late" in each or "原定" in each], severity
    assert await desk.escalated(number) == first
    await desk.graver(number, "mild")
    desk.now += 20 * MINUTE
    await desk.sweep()
    assert await desk.escalated(number) == [*first, "assignee"], "half of a later time is news"


async def test_a_time_that_is_promised_anew_remembers_what_was_told_of_it(desk: Desk) -> None:
    await desk.takes(PLAN.replace('first_response = "1h"\n', "").replace("around_the_clock = true", ""))
    number = await desk.opens("regular")
    await desk.graver(number, "critical")
    desk.now += 16 * MINUTE
    await desk.sweep()
    first = await desk.escalated(number)
    await desk.graver(number, None)
    assert (await desk.clock(number, Timed.FIRST_RESPONSE)).ended_at is not None
    await desk.graver(number, "critical")
    assert (await desk.clock(number, Timed.FIRST_RESPONSE)).ended_at is None
    await desk.sweep()
    assert await desk.escalated(number) == first


async def test_a_digest_names_everybody_whom_the_steps_name(desk: Desk) -> None:
    for _ in range(5):
        number = await desk.opens("vip")
    await desk.everybody_writes()
    await desk.told()
    desk.now += HOUR
    await desk.sweep()
    rows = await desk.said()
    (digest,) = [row.body["values"] for row in rows if row.body.get("template") == "standards/many_late"]
    assert [person["name"] for person in digest["people"]] == ["manager", "supervisor", "agent"]
    assert len(digest["lines"]) == 5
    assert {row.chat_id for row in rows if "同时到了时限" in str(row.body)} == {101, 102, 103}
    assert await desk.escalated(number) == ["assignee", "supervisor", "manager"]
    assert sum("已转告主管跟进" in each for each in desk.texts(rows)) == 5


async def test_a_time_that_ends_with_the_working_day_is_told_as_the_doors_close(desk: Desk) -> None:
    desk.now = at("2027-02-22 17:00")
    await desk.opens("regular")
    desk.now = at("2027-02-22 17:59:59")
    await desk.sweep()
    await desk.told()
    desk.now = at("2027-02-22 18:00:01")
    await desk.sweep()
    assert await desk.told() == ["standards/late"]


async def test_what_is_critical_runs_at_night(desk: Desk) -> None:
    desk.now = at("2027-02-20 23:40")
    number = await desk.opens("regular")
    assert (await desk.clock(number, Timed.FIRST_RESPONSE)).due_at == at("2027-02-21 10:00")
    async with desk.work() as work:
        case = await desk.case(work, number)
        case.severity = "critical"
        work.happen(SeverityChanged(case, None, None, case.severity))
    assert (await desk.clock(number, Timed.FIRST_RESPONSE)).due_at == at("2027-02-20 23:50")
    await desk.told()
    desk.now = at("2027-02-20 23:51")
    await desk.sweep()
    assert (await desk.told())[-1] == "standards/late"


async def test_a_changed_tier_counts_from_the_same_start_under_the_plan_of_the_case(desk: Desk) -> None:
    number = await desk.opens("regular")
    desk.plan, desk.version = read_plan(PLAN.replace('"16m"', '"5m"').replace('"8h"', '"1h"')), 2
    async with desk.work() as work:
        work.add(PlanVersion(id=2, text=PLAN, taken_at=desk.now))
    desk.now += 10 * MINUTE
    async with desk.work() as work:
        customer = await customer_numbered(work, 1)
        customer.tier = "vip"
        work.happen(FileChanged(customer))
    clock = await desk.clock(number, Timed.FIRST_RESPONSE)
    assert clock.due_at == at("2027-02-18 10:16"), "as the first plan said of a VIP, from the customer's word"
    assert (await desk.clock(number, Timed.RESOLUTION)).due_at == at("2027-02-18 18:00") + 15 * HOUR + HOUR
    later = await desk.opens("vip")
    assert (await desk.clock(later, Timed.FIRST_RESPONSE)).due_at == at("2027-02-18 10:15")


async def test_the_next_response_counts_from_the_first_unanswered_word_and_thanks_want_none(
    desk: Desk,
) -> None:
    number = await desk.opens("regular")
    desk.now += MINUTE
    await desk.agent_says(number)
    desk.now += MINUTE
    await desk.customer_says(number, "好的，谢谢")
    async with desk.work() as work:
        assert (await desk.case(work, number)).due_what == Timed.RESOLUTION
    desk.now += 10 * MINUTE
    await desk.customer_says(number, "那什么时候送来")
    desk.now += 5 * MINUTE
    await desk.customer_says(number, "在吗")
    due = (await desk.clock(number, Timed.NEXT_RESPONSE)).due_at
    assert due == at("2027-02-18 13:12"), "two hours from 10:12, with the midday break between"


async def test_a_complaint_wants_a_word_every_day_in_working_time(desk: Desk) -> None:
    desk.now = at("2027-02-19 11:00")  # Friday
    number = await desk.opens("regular", CaseKind.COMPLAINT)
    desk.now += MINUTE
    await desk.agent_says(number)
    assert (await desk.clock(number, Timed.UPDATE)).look_at == at("2027-02-21 09:00"), "Saturday is free"
    desk.now = at("2027-02-21 09:00")
    await desk.told()
    await desk.sweep()
    assert await desk.told() == ["standards/late"]
    assert (await desk.clock(number, Timed.UPDATE)).look_at == at("2027-02-22 09:00")
    desk.now = at("2027-02-22 09:00")
    await desk.sweep()
    assert "standards/late" in await desk.told()
    await desk.agent_says(number)
    async with desk.work() as work:
        query = select(Clock.kept).where(Clock.what == Timed.UPDATE, col(Clock.ended_at).is_not(None))
        assert list(await work.all(query.order_by(col(Clock.id)))) == [True, False]


async def test_what_only_looks_like_a_complaint_wants_no_more_than_an_enquiry_until_somebody_taps(
    desk: Desk,
) -> None:
    async with desk.work() as work:
        opened = await messages.receive(work, await customer_numbered(work, 1), desk.words("我要投诉你们"))
    assert opened is not None
    assert opened.suggested_kind is CaseKind.COMPLAINT
    number = opened.id
    assert await desk.updates(number) == []
    async with desk.work() as work:
        set_kind(work, await desk.case(work, number), CaseKind.COMPLAINT, await staff_member(work, AGENT))
    assert len(await desk.updates(number)) == 1


async def test_a_reminder_waits_for_the_end_of_the_quiet_hours(desk: Desk) -> None:
    desk.now = at("2027-02-22 17:30")
    number = await desk.opens("regular", CaseKind.COMPLAINT)
    await desk.agent_says(number)
    async with desk.work() as work:
        cases.wait_for_customer(work, await desk.case(work, number), await staff_member(work, 1))
    await desk.agent_says(number)
    assert (await desk.clock(number, Timed.UPDATE)).ended_at is not None, "a word more starts no clock of ours"
    await desk.told()
    desk.now = at("2027-02-23 22:00")
    await desk.sweep()
    assert await desk.told() == []
    assert (await desk.clock(number, Timed.PENDING)).look_at == at("2027-02-24 09:00")
    desk.now = at("2027-02-24 09:00")
    await desk.sweep()
    assert ["还需要您回复" in each for each in await desk.told()] == [True]
    desk.now = at("2027-03-01 17:31")
    await desk.sweep()
    assert ["没有收到您的回复" in each for each in await desk.told()] == [True]
    async with desk.work() as work:
        assert (await desk.case(work, number)).state is CaseState.CLOSED


async def test_each_day_a_group_reads_what_is_late_once(desk: Desk) -> None:
    desk.now = at("2027-02-18 11:00")
    await desk.opens("vip")
    for moment, expected in (
        ("2027-02-18 17:59", []),
        ("2027-02-18 18:00", ["standards/late_list"]),
        ("2027-02-18 18:05", []),
        ("2027-02-19 19:30", []),
        ("2027-02-20 18:10", ["standards/late_list"]),
    ):
        desk.now = at(moment)
        await desk.told()
        async with desk.work() as work:
            assert not await tell_late_list(work)
        assert await desk.told() == expected, moment


async def test_a_case_opened_by_staff_has_an_end_but_awaits_no_first_word(desk: Desk) -> None:
    async with desk.work() as work:
        customer, agent = await customer_numbered(work, 1), await staff_member(work, AGENT)
        case = await open_for(work, customer, "水壶漏水", "phone", work.now, agent)
    async with desk.work() as work:
        found = await work.all(select(Clock.what).where(Clock.case_id == case.id))
        assert list(found) == [Timed.RESOLUTION]


# -- words


@pytest.mark.parametrize(
    ("moment", "zh", "en"),
    [
        ("2027-02-18 17:40", "今天 17:40", "today at 17:40"),
        ("2027-02-19 09:00", "明天 09:00", "tomorrow at 09:00"),
        ("2027-02-22 09:00", "周一 09:00", "Mon at 09:00"),
        ("2027-02-25 09:00", "2月25日（周四）09:00", "Thu 25 Feb at 09:00"),
        ("2027-02-17 09:00", "昨天 09:00", "yesterday at 09:00"),
    ],
)
def test_a_moment_is_said_as_its_reader_would(moment: str, zh: str, en: str) -> None:
    now = at("2027-02-18 10:00")
    assert in_words("zh", at(moment), now, SHANGHAI) == zh
    assert in_words("en", at(moment), now, SHANGHAI) == en
    lasting = in_words("en", at(moment), now, SHANGHAI, lasting=True)
    assert "tomorrow" not in lasting
    assert "yesterday" not in lasting


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("17:00", "2027-02-18 17:00"),
        ("9:30", "2027-02-19 09:30"),
        ("明天 10:00", "2027-02-19 10:00"),
        ("明天10：00", "2027-02-19 10:00"),
        ("tomorrow 10:00", "2027-02-19 10:00"),
        ("2h", "2027-02-18 12:00"),
        ("30分钟", "2027-02-18 10:30"),
        ("1.5 hours", "2027-02-18 11:30"),
        ("周一 9:00", "2027-02-22 09:00"),
        ("Thu 9:00", "2027-02-25 09:00"),
        ("02-20 9:00", "2027-02-20 09:00"),
        ("01-05 9:00", "2028-01-05 09:00"),
        ("下午3:00", "2027-02-18 15:00"),
        ("今天 9:00", None),
        ("25:00", None),
        ("soon", None),
        ("", None),
        ("13-40 9:00", None),
        ("9999 h", None),
    ],
)
def test_a_moment_is_read_as_it_is_written(text: str, expected: str | None) -> None:
    assert read_moment(text, at("2027-02-18 10:00"), SHANGHAI) == (expected and at(expected))


@pytest.mark.parametrize(
    "text", ["怎么还没回我", "到哪一步了？", "Any news?", "什么时候能修好", "催一下", "Still waiting…"]
)
def test_words_that_ask_where_it_stands_are_known(text: str) -> None:
    assert asks_where_it_stands(text)


@pytest.mark.parametrize("text", ["好的谢谢", "地址是中山路8号", "The new one works", "还是漏水", "什么时候" * 30])
def test_other_words_are_not_taken_for_impatience(text: str) -> None:
    assert not asks_where_it_stands(text)
