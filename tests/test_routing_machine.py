"""Whatever staff and customers do, in whatever order: every case has a holder and goes only where the table of
transitions leads, nobody carries more than the plan allows or gets a case while away, and a hand-over loses none.

The use cases run on a real SQLite file, without Telegram.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlmodel import col, select

from handlers import cards, cases, duty, messages, open_database, staff
from handlers.chat import answers as chat_answers
from handlers.chat import cases as chat_cases
from handlers.chat import routing as chat_routing
from handlers.chat.doors import Place, Where
from handlers.customers import Account
from handlers.refusals import Refusal
from handlers.routing import absence, assigning, paging
from handlers.said import Content, Said
from models.cases import TRANSITIONS, UNFINISHED, Case, CaseKind, CaseState, cases_of, unfinished_cases_of
from models.customers import Customer, customer_numbered, customer_of, remember_customer
from models.database import Database
from models.installation import COUNTERS
from models.messages import Message
from models.plan import read_plan
from models.staff import Role, Staff, StaffGroup, add_staff_group, remember_staff, staff_group, staff_member
from models.standings import Standing
from models.timeline import CaseEvent
from models.work import Counter, Work
from tests.tables import KeptDatabase, make_tables

START, END = "<!-- transitions -->\n", "<!-- /transitions -->"
CONTRIBUTING = Path(__file__).parents[1] / "CONTRIBUTING.md"
MAIN, OTHER = -1001, -1002
BEGAN = datetime(2027, 3, 1, 2, 0, tzinfo=UTC)  # a Monday, ten o'clock in Shanghai
AGENTS = range(1, 6)  # three in the main group, one of them a supervisor; two in the other
CUSTOMERS = range(1, 4)
CAPACITY = {"service": 1, "repair": 2}
PLAN = read_plan("""
[business]
enrolment = "group"
[calendar]
mon = ["09:00-18:00"]
tue = ["09:00-18:00"]
wed = ["09:00-18:00"]
thu = ["09:00-18:00"]
fri = ["09:00-18:00"]
[[department]]
id = "service"
kinds = ["complaint"]
assign = "least_loaded"
capacity = 1
[[department]]
id = "repair"
group = "-1002"
kinds = ["request"]
assign = "round_robin"
capacity = 2
[[department]]
id = "advice"
kinds = ["enquiry", "suggestion", "praise"]
[[severity]]
id = "critical"
keywords = ["漏电"]
around_the_clock = true
[duty]
roster = [{ agent = "@agent2" }]
""")

people = st.sampled_from(AGENTS)
matters = st.sampled_from(["投诉", "投诉", "报修", "请问", "漏电了"])
picks = st.integers(0, 50)  # which of the cases there are


def transitions_table() -> str:
    """The table of transitions as it stands in CONTRIBUTING.md."""
    states = list(CaseState)
    lines = ["| from \\ to | " + " | ".join(states) + " |", "|---" * (len(states) + 1) + "|"]
    for state in states:
        marks = ["yes" if to in TRANSITIONS[state] else "" for to in states]
        lines.append(f"| **{state}** | " + " | ".join(marks) + " |")
    return "\n".join(lines) + "\n"


def test_the_table_of_transitions_stands_in_the_docs() -> None:
    text = CONTRIBUTING.read_text("utf-8")
    assert text.split(START)[1].split(END)[0] == transitions_table(), f"write there:\n{transitions_table()}"


def reachable(state: CaseState) -> set[CaseState]:
    """Where a case can be after one thing that somebody did, which may take it a few steps on."""
    found = {state}
    while more := {to for each in found for to in TRANSITIONS[each]} - found:
        found |= more
    return found


class Routing(RuleBasedStateMachine):
    """Three customers, five agents in two groups, and time that passes."""

    @initialize()
    def begin(self) -> None:
        self.runner, furnished = _shop[-1]
        furnished.put_back()
        self.now = BEGAN
        self.database = furnished.database
        self.changed = True
        self.states: dict[int, CaseState] = {}
        self.holders: dict[int, int | None] = {}
        self.telegram_id = 100

    def do(self, act: Callable[[Work], Awaitable[None]]) -> None:
        """One unit of work; a refusal changes nothing."""

        async def run() -> None:
            async with self.database.work(lambda: self.now, PLAN) as work:
                await act(work)

        with suppress(Refusal):
            self.runner.run(run())
            self.changed = True

    def look(self, act: Callable[[Work], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            async with self.database.work(lambda: self.now, PLAN) as work:
                return await act(work)

        return self.runner.run(run())

    async def place(
        self, work: Work, text: str, agent: int, case: Case | None = None, what: str = "message"
    ) -> Place:
        """Somebody of the staff writes in the topic of a case, or in the group where they work."""
        person = await staff_member(work, agent)
        group_id = case.group_id if case else (1 if agent < 4 else 2)
        group = await staff_group(work, group_id)
        self.telegram_id += 1
        raw = {
            "message_id": self.telegram_id,
            "text": text,
            "chat": {"id": group.chat_id, "type": "supergroup"},
            "date": int(self.now.timestamp()),
        }
        customer = await customer_numbered(work, case.customer_id) if case else None
        user = {"id": person.user_id, "first_name": person.name, "username": person.username}
        if not person.active:
            raise Refusal("not_staff")  # as the door does
        where = Where.TOPIC if case else Where.GENERAL
        return Place(where, "message", raw, user, group, 7 if case else None, customer, person)

    async def some(self, work: Work, pick: int) -> Case:
        """One of the cases, the newest being the likeliest."""
        found = list(await work.all(select(Case).order_by(col(Case.id).desc())))
        if not found:
            raise Refusal("no_case")
        case: Case = found[pick % min(len(found), 6)]
        await cases_of(work, case.customer_id)
        return case

    # -- customers

    @rule(number=st.sampled_from(CUSTOMERS), words=st.lists(matters, min_size=1, max_size=3))
    def opens(self, number: int, words: list[str]) -> None:
        async def act(work: Work) -> None:
            customer = await customer_numbered(work, number)
            for each in words:
                customer.next_is_new = True
                await messages.receive(work, customer, self.said(each))

        self.do(act)

    @rule(pick=picks, words=st.sampled_from(["在吗", "漏电了", "那个客服态度不好"]))
    def speaks(self, pick: int, words: str) -> None:
        async def act(work: Work) -> None:
            case = await self.some(work, pick)
            said = select(Message).where(Message.case_id == case.id).order_by(col(Message.id).desc())
            last = await work.first(said.limit(1))
            await messages.receive(work, await customer_numbered(work, case.customer_id), self.said(words, last))

        self.do(act)

    def said(self, words: str, answers: Message | None = None) -> Said:
        return Said(Content("text", words, self.now), answers=answers, replies=answers is not None)

    @rule(pick=picks, kind=st.sampled_from(list(CaseKind)))
    def confirms(self, pick: int, kind: CaseKind) -> None:
        async def act(work: Work) -> None:
            case = await self.some(work, pick)
            customer = await customer_numbered(work, case.customer_id)
            await cards.choose_kind(work, customer, case.id, kind, 1)

        self.do(act)

    # -- staff

    @rule(
        agent=people,
        pick=picks,
        words=st.sampled_from(
            [
                "/claim",
                "/resolve",
                "/close",
                "/reopen",
                "/assign @agent1",
                "/assign @agent4",
                "/transfer repair x",
                "/transfer advice x",
                "/transfer service x",
                "/kind complaint",
                "/severity critical",
            ],
        ),
    )
    def commands(self, agent: int, pick: int, words: str) -> None:
        command = {
            "/claim": chat_cases.claim,
            "/resolve": chat_cases.resolve,
            "/close": chat_cases.close,
            "/reopen": chat_cases.reopen,
            "/assign": chat_routing.assign,
            "/transfer": chat_routing.transfer,
            "/kind": chat_routing.kind,
            "/severity": chat_routing.severity,
        }[words.split()[0]]

        async def act(work: Work) -> None:
            await command(work, await self.place(work, words, agent, await self.some(work, pick)))

        self.do(act)

    @rule(agent=people, pick=picks)
    def claims(self, agent: int, pick: int) -> None:
        async def act(work: Work) -> None:
            query = select(Case).where(col(Case.assignee_id).is_(None), col(Case.state).in_(UNFINISHED))
            waiting = await work.all(query.order_by(col(Case.id)))
            case = waiting[pick % len(waiting)] if waiting else await self.some(work, pick)
            place = await self.place(work, "/claim", agent, case)
            await cases.claim(work, case, place.speaker)

        self.do(act)

    @rule(pick=picks, words=st.sampled_from(["solved", "not solved", "both"]))
    def ends_and_begins_again(self, pick: int, words: str) -> None:
        async def act(work: Work) -> None:
            case = await self.some(work, pick)
            if words != "not solved":
                cases.resolve(
                    work, await customer_numbered(work, case.customer_id), case, await staff_member(work, 1), ""
                )
            if words != "solved":
                cases.reopen(work, case, await customer_of(work, case), "not_solved")

        self.do(act)

    @rule(agent=people, pick=picks)
    def answers(self, agent: int, pick: int) -> None:
        async def act(work: Work) -> None:
            case = await self.some(work, pick)
            await chat_answers.answer(work, await self.place(work, "马上", agent, case))

        self.do(act)

    @rule(pick=picks)
    def waits(self, pick: int) -> None:
        async def act(work: Work) -> None:
            cases.wait_for_customer(work, await self.some(work, pick), await staff_member(work, 1))

        self.do(act)

    @rule(agent=people, words=st.sampled_from(["/away 2h", "/away", "/away 3d"]))
    def goes_away(self, agent: int, words: str) -> None:
        async def act(work: Work) -> None:
            await chat_routing.away(work, await self.place(work, words, agent))

        self.do(act)

    @rule(agent=people)
    def comes_back(self, agent: int) -> None:
        async def act(work: Work) -> None:
            await chat_routing.back(work, await self.place(work, "/back", agent))

        self.do(act)

    @rule(agent=st.sampled_from([2, 4]))
    def leaves(self, agent: int) -> None:
        async def act(work: Work) -> None:
            await staff.leave(work, await staff_member(work, agent), await staff_group(work, 1 if agent < 4 else 2))

        self.do(act)

    @rule(agent=people)
    def joins_again(self, agent: int) -> None:
        async def act(work: Work) -> None:
            person = await staff_member(work, agent)
            group = await staff_group(work, 1 if agent < 4 else 2)
            await staff.enrol(work, group, Account(person.user_id, person.name, username=person.username))

        self.do(act)

    @rule(giver=people, taker=people, to_queue=st.booleans())
    def hands_over(self, giver: int, taker: int, to_queue: bool) -> None:
        before = self.look(lambda work: unfinished_cases_of(work, giver))
        done = []

        async def act(work: Work) -> None:
            words = f"/handover @agent{giver}" + ("" if to_queue else f" @agent{taker}")
            await chat_routing.handover(work, await self.place(work, words, 3))
            done.append(True)

        self.do(act)
        if done:
            assert not self.look(lambda work: unfinished_cases_of(work, giver))
            after = self.look(
                lambda work: work.all(select(Case.id).where(col(Case.state).in_(["new", "open", "pending"])))
            )
            assert {case.id for case in before} <= set(after), "a hand-over loses none"

    # -- time

    @rule(hours=st.sampled_from([0.2, 1, 5, 12, 60]))
    def time_passes(self, hours: float) -> None:
        self.now += timedelta(hours=hours)
        self.changed = True
        self.looks()

    @rule()
    def looks(self) -> None:
        for tick in (absence.see_to_absences, paging.tell_unanswered_calls, assigning.drain):

            async def act(work: Work, tick: Callable[[Work], Awaitable[bool]] = tick) -> None:
                await tick(work)

            self.do(act)

    # -- what always holds

    @invariant()
    def all_is_well(self) -> None:
        """Looked at wherever anything may be other than at the last look: a refusal changes nothing."""
        if hasattr(self, "database") and self.changed:
            self.look(self._check)
            self.changed = False

    async def _check(self, work: Work) -> None:
        everybody = {person.id: person for person in await work.all(select(Staff))}
        carried: dict[tuple[int, str], int] = {}
        for case in await work.all(select(Case).order_by(col(Case.id))):
            before = self.states.get(case.id, CaseState.NEW)
            assert case.state in reachable(before), f"{before} -> {case.state}"
            self.states[case.id] = case.state
            assert case.group_id == (await duty.group_of(work, case.department)).id
            if case.unfinished:
                holder = await duty.holder_of(work, case)
                assert holder is not None, "a case without a holder"
                assert holder.active
                if case.assignee_id and case.department in CAPACITY:
                    key = (case.assignee_id, case.department)
                    carried[key] = carried.get(key, 0) + 1
            if self.holders.get(case.id) != case.assignee_id and case.assignee_id:
                await self._was_there(work, case, everybody[case.assignee_id])
            self.holders[case.id] = case.assignee_id
        for (staff_id, department), load in carried.items():
            assert load <= CAPACITY[department], f"{staff_id} carries {load} in {department}"

    async def _was_there(self, work: Work, case: Case, person: Staff) -> None:
        """Whoever was given a case by the rules was there to take it."""
        given = col(CaseEvent.kind).in_(("assigned", "claimed"))
        query = select(CaseEvent).where(CaseEvent.case_id == case.id, given)
        event = await work.first(query.order_by(col(CaseEvent.id).desc()))
        if event and event.staff_id is None and event.at == self.now and event.details.get("to") == person.id:
            here = self.now + timedelta(hours=8)  # in Shanghai
            at_work = (here.weekday() < 5 and 9 <= here.hour < 18) or person.username == "agent2"
            away = person.away_since is not None and (person.away_until is None or person.away_until > self.now)
            assert at_work, f"{person.name} was given {case.id} outside their hours"
            assert not away, f"{person.name} was given {case.id} while away"


#: What the machine runs on: hypothesis makes it, and gives it nothing.
_shop: list[tuple[asyncio.Runner, KeptDatabase]] = []


@pytest.fixture(scope="module", autouse=True)
def _furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A database with staff and customers, made once."""
    path = tmp_path_factory.mktemp("routing") / "huifang.db"
    with asyncio.Runner() as runner:
        database = open_database(f"sqlite+aiosqlite:///{path}", lambda: BEGAN)
        runner.run(_furnish(database))
        with closing(KeptDatabase(database)) as kept:
            _shop.append((runner, kept))
            yield
        _shop.pop()
        runner.run(database.close())


async def _furnish(database: Database) -> None:
    await make_tables(database)
    async with database.work(lambda: BEGAN, PLAN) as work:
        for name in COUNTERS:
            work.add(Counter(name=name))
        for chat_id in (MAIN, OTHER):
            add_staff_group(work, StaffGroup(configured_id=chat_id, chat_id=chat_id))
        remember_staff(work, Staff(id=9, user_id=9, name="owner", role=Role.OWNER, joined_at=BEGAN))
        for number in AGENTS:
            person = Staff(
                id=number,
                user_id=number,
                name=f"agent{number}",
                username=f"agent{number}",
                joined_at=BEGAN,
                role=Role.SUPERVISOR if number == 3 else Role.AGENT,
            )
            remember_staff(work, person)
        await work.flush()
        for number in AGENTS:
            group = await staff_group(work, 1 if number < 4 else 2)
            work.add(
                Standing(group_id=group.id or 0, user_id=number, present=True, said_at=BEGAN + timedelta(days=9999))
            )
            await staff.enrol(work, group, Account(number, f"agent{number}", username=f"agent{number}"))
        for number in CUSTOMERS:
            remember_customer(
                work, Customer(id=number, user_id=100 + number, name=f"c{number}", language="zh", created_at=BEGAN)
            )


Routing.TestCase.settings = settings(max_examples=12, stateful_step_count=40, suppress_health_check=list(HealthCheck))
TestRouting = pytest.mark.timeout(300)(Routing.TestCase)  # a busy machine takes a while for them all
