"""Whatever is done, in whatever order, or refused: the spans of a case say how it was at every moment."""

import random
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlmodel import col, select

from handlers import cards, cases, messages, open_database
from handlers.customers.merging import unite
from handlers.refusals import Refusal
from handlers.routing import moving, paging
from handlers.said import Content, Origin, Said
from models.cases import Case, CaseKind, CaseState, cases_of
from models.customers import Customer, customer_numbered, customer_of, remember_customer
from models.database import Database
from models.installation import COUNTERS
from models.merging import latest_merge, undo
from models.plan import read_plan
from models.prefetching import prefetch
from models.staff import Role, Staff, StaffGroup, add_staff_group, remember_staff, staff_member
from models.timeline import CaseSpan
from models.work import Counter, Work
from tests.tables import KeptDatabase, make_tables

BEGAN = datetime(2027, 3, 1, 2, 0, tzinfo=UTC)  # a Monday, ten o'clock in Shanghai
PLAN = read_plan("""
[calendar]
mon = ["09:00-18:00"]
tue = ["09:00-18:00"]
[[department]]
id = "service"
kinds = ["complaint"]
assign = "least_loaded"
capacity = 2
[[department]]
id = "repair"
group = "-1002"
kinds = ["request"]
[[severity]]
id = "critical"
keywords = ["漏电"]
around_the_clock = true
[[tier]]
id = "vip"
[[tier]]
id = "key"
""")
COUNTED = ("state", "assignee_id", "department", "kind", "severity", "tier", "waits_for")
#: Customers 4 and 5 have no Telegram, and may turn out to be one of the others.
CUSTOMERS, AGENTS = range(1, 6), range(1, 4)

Deed = tuple[str, int, int]
DEEDS = (
    "open", "speak", "speak", "answer", "answer", "claim", "entrust", "move", "kind", "severity", "tier", "wait",
    "resolve", "resolve", "close", "silence", "reopen", "merge", "unmerge", "there_and_back", "refused",
)  # fmt: skip
deeds = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=3)
#: Seconds until the next unit of work: none, or less than none where another process's clock is ahead.
steps = st.sampled_from([60, 3600, 0, 60, -2])


async def furnish(database: Database) -> None:
    await make_tables(database)
    async with database.work(lambda: BEGAN, PLAN) as work:
        for name in COUNTERS:
            work.add(Counter(name=name))
        for chat_id in (-1001, -1002):
            add_staff_group(work, StaffGroup(configured_id=chat_id, chat_id=chat_id))
        for number in AGENTS:
            role = Role.SUPERVISOR if number == 3 else Role.AGENT
            remember_staff(work, Staff(id=number, user_id=number, name=f"a{number}", joined_at=BEGAN, role=role))
        for number in CUSTOMERS:
            tier = {4: "vip", 5: "key"}.get(number)
            user_id = 100 + number if number < 4 else None
            remember_customer(
                work,
                Customer(id=number, user_id=user_id, name="c", language="zh", created_at=BEGAN, tier=tier),
            )


class Desk:
    """Deeds on a database, and after each unit of work a look at how the cases are."""

    def __init__(self, database: Database) -> None:
        self.database, self.now = database, BEGAN
        self.facts: dict[int, list[tuple[datetime, dict[str, Any]]]] = {}
        self.written = 1

    async def play(self, works: list[tuple[int, list[Deed]]]) -> None:
        for seconds, wanted in works:
            self.now += timedelta(seconds=seconds)
            with suppress(Refusal):
                async with self.database.work(lambda: self.now, PLAN) as work:
                    for name, one, other in wanted:
                        await self.do(work, name, one, other)
                        await work.flush()
            await self.look()
        await self.hold_against()

    async def do(self, work: Work, name: str, one: int, other: int) -> None:
        customer = await customer_numbered(work, CUSTOMERS[other % 5])
        by = await staff_member(work, AGENTS[other % 3])
        if name == "open":
            words = ("投诉", "报修", "漏电了", "请问")[one % 4]
            await cases.open_case(work, customer, words=words, kind=None, parent=None)
        elif name == "tier":
            customer.tier = (None, "vip", "key")[one % 3]
        elif name == "merge":
            await self.merge(work, customer, await customer_numbered(work, CUSTOMERS[one % 5]), by)
        elif name == "unmerge":
            await self.unmerge(work, CUSTOMERS[one % 5])
        elif name == "refused":
            raise Refusal("stale")
        else:
            found = list(await work.all(select(Case).order_by(col(Case.id).desc()).limit(4)))
            if not found:
                raise Refusal("no_case")
            await self.to_a_case(work, name, found[one % len(found)], by, other)

    async def to_a_case(self, work: Work, name: str, case: Case, by: Staff, other: int) -> None:
        customer = await customer_of(work, case)
        await cases_of(work, customer.id)
        match name:
            case "speak":
                await messages.receive(work, customer, self.said("在吗", customer))
            case "answer":
                await cases.note_answer(work, case, by, work.now)
            case "claim":
                await cases.claim(work, case, by)
            case "entrust" if case.unfinished:
                cases.entrust(work, case, by if other % 4 else None)
            case "move" if case.unfinished:
                await moving.move(work, customer, case, PLAN.department[other % 2], by, "x")
            case "kind" if customer.has_chat:
                await cards.choose_kind(work, customer, case.id, list(CaseKind)[other % 5], 1)
            case "severity" if case.unfinished:
                await paging.change_severity(work, customer, case, PLAN.severity[0] if other % 2 else None, by)
            case "wait":
                cases.wait_for_customer(work, case, by)
            case "resolve":
                cases.resolve(work, customer, case, by, "")
            case "close":
                cases.close(work, customer, case, by)
            case "silence" if case.state in (CaseState.PENDING, CaseState.RESOLVED):
                cases.end(work, customer, case, None, "silence")
            case "reopen":
                cases.take_up_again(work, customer, case, by)
            case "there_and_back":
                kept = case.severity, customer.tier
                case.severity, customer.tier = "critical", "key"
                await work.flush()
                case.severity, customer.tier = kept

    def said(self, words: str, customer: Customer) -> Said:
        self.written += 1
        origin = Origin(customer.user_id or 0, self.written) if customer.user_id else None
        return Said(Content("text", words, self.now), origin)

    async def merge(self, work: Work, one: Customer, other: Customer, by: Staff) -> None:
        if one is other or (one.user_id and other.user_id):
            raise Refusal("merge_two_accounts")
        await unite(work, one, other, by)

    async def unmerge(self, work: Work, number: int) -> None:
        done = await latest_merge(work, number)
        survivor = await work.session.get(Customer, done.survivor_id) if done else None
        merged = await work.session.get(Customer, number)
        if done is None or survivor is None or merged is None or survivor.merged_into_id is not None:
            raise Refusal("unmerge_usage")
        await undo(work, done, survivor, merged)

    async def look(self) -> None:
        """How every case is now; what is over keeps the tier that it ended with."""
        async with self.database.reading() as session:
            query = select(Case, Customer.tier).join(Customer, col(Customer.id) == Case.customer_id)
            for case, tier in (await session.exec(query)).all():
                facts = self.facts.setdefault(case.id, [])
                values = {name: getattr(case, name) for name in COUNTED[:5]} | {"tier": tier, "waits_for": turn(case)}
                if facts and case.state is CaseState.CLOSED and facts[-1][1]["state"] is CaseState.CLOSED:
                    values["tier"] = facts[-1][1]["tier"]
                put(facts, self.now, values)

    async def hold_against(self) -> None:
        async with self.database.reading() as session:
            spans = (await session.exec(select(CaseSpan).order_by(col(CaseSpan.case_id), col(CaseSpan.since)))).all()
        for number, facts in self.facts.items():
            mine = [span for span in spans if span.case_id == number]
            assert [(span.since, {name: getattr(span, name) for name in COUNTED}) for span in mine] == facts
            assert [span.until for span in mine[:-1]] == [span.since for span in mine[1:]], "a gap or an overlap"
            assert mine[-1].until is None
        assert {span.case_id for span in spans} == self.facts.keys()


def put(facts: list[tuple[datetime, dict[str, Any]]], at: datetime, values: dict[str, Any]) -> None:
    """From then on it was so; what lasted no time was not."""
    if facts and facts[-1][1] == values:
        return
    if facts and at <= facts[-1][0]:
        at = facts.pop()[0]
    if not facts or facts[-1][1] != values:
        facts.append((at, values))


def turn(case: Case) -> str | None:
    if case.state == "closed":
        return None
    spoke_last = case.last_agent_at is not None and case.last_agent_at >= case.last_customer_at
    return "customer" if spoke_last or case.state in ("pending", "resolved") else "us"


@pytest.fixture(scope="module")
async def furnished(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KeptDatabase]:
    """A database for one day after another, each of which finds it as it was furnished."""
    path = tmp_path_factory.mktemp("spans") / "huifang.db"
    database = open_database(f"sqlite+aiosqlite:///{path}", lambda: BEGAN)
    await furnish(database)
    with closing(KeptDatabase(database)) as kept:
        yield kept
    await database.close()


@pytest.mark.timeout(300)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(works=st.lists(st.tuples(steps, deeds), min_size=5, max_size=25))
async def test_spans_say_how_a_case_was_at_every_moment(
    furnished: KeptDatabase, works: list[tuple[int, list[Deed]]]
) -> None:
    furnished.put_back()
    await Desk(furnished.database).play([(60, [("open", 0, 0), ("open", 1, 3)]), *works])


async def test_words_that_leave_everything_as_it_was_cost_no_statement_for_spans(database_url: str) -> None:
    database = open_database(database_url, lambda: BEGAN)
    await furnish(database)
    desk = Desk(database)
    said: list[str] = []
    counted: list[list[str]] = []

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement.split("\n")[0])

    async def speaks() -> None:
        said.clear()
        async with database.work(lambda: desk.now, PLAN) as work:
            await prefetch(work, [101], (), ())
            customer = await customer_numbered(work, 1)
            await messages.receive(work, customer, desk.said("请问", customer))
        counted.append([each for each in said if "case_spans" in each])

    await speaks()  # a new case: its span is inserted, and nothing is asked
    await speaks()
    async with database.work(lambda: desk.now, PLAN) as work:
        case = (await cases_of(work, 1))[0]
        await cases.note_answer(work, case, await staff_member(work, 1), work.now)
    desk.now += timedelta(minutes=1)
    await speaks()  # it is our turn again
    await speaks()
    await database.close()
    first, second, turned, last = counted
    assert [len(first), second, len(turned), last] == [1, [], 3, []]


async def test_spans_of_a_long_day_on_either_database(database_url: str) -> None:
    database = open_database(database_url, lambda: BEGAN)
    await furnish(database)
    some = random.Random(3)
    works = [
        (
            some.choice((60, 3600, 0, -2)),
            [(some.choice(DEEDS), some.randrange(60), some.randrange(60)) for _ in range(some.choice((1, 1, 2)))],
        )
        for _ in range(120)
    ]
    await Desk(database).play([(60, [("open", number, number)]) for number in range(5)] + works)
    await database.close()
