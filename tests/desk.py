"""A small office for tests of use cases: a database, a plan, people's time as the test sets it, and a fixed cast.

Only here is imitated how people act: where a use case gets another signature, this is the place to follow.
"""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col, select

from handlers import answers, messages, open_database, staff
from handlers.customers import Account
from handlers.happenings.cases import SeverityChanged
from handlers.said import Content, Said
from handlers.standings import Answer, seat_in
from models.base import metadata
from models.cases import Case, CaseKind, case_numbered
from models.customers import Customer, customer_numbered, customer_of
from models.database import Database
from models.delivery import Outbox, What
from models.installation import COUNTERS, PlanVersion
from models.messages import Message
from models.plan import Plan, read_plan
from models.staff import GroupMember, Role, Staff, StaffGroup, active_staff, staff_group, staff_member
from models.work import Counter, Work
from tests.tables import make_tables

#: The one staff group, and who is in it: their keys.
GROUP = -1001
AGENT, SUPERVISOR, MANAGER = 1, 2, 3
#: Rounds after which a tick has to be at its end.
ROUNDS = 200
#: Rows that say nothing of ours: cards, and people's own words on their way.
NOT_OURS = (What.CARD, What.WORDS)
#: All rows of all tables, by their columns.
Tables = dict[str, list[dict[str, Any]]]


class Desk:
    """Staff, customers and their cases on one database; `now` and the plan are the test's to set."""

    def __init__(self, database: Database, plan: Plan, now: datetime) -> None:
        self.database = database
        self.plan, self.version = plan, 1
        self.now = now

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        """A unit of work at this moment, and what follows from it."""
        async with self.database.work(lambda: self.now, self.plan, self.version) as work:
            work.real_now = self.now
            yield work

    async def ticks(self, *use_cases: Callable[[Work], Awaitable[bool]]) -> int:
        """Each until nothing is left to do; how often something was done."""
        return sum([await self._tick(each) for each in use_cases])

    async def _tick(self, use_case: Callable[[Work], Awaitable[bool]]) -> int:
        for rounds in range(ROUNDS):
            async with self.work() as work:
                if not await use_case(work):
                    return rounds
        raise AssertionError(f"{use_case.__name__} does not come to an end")

    async def rows(self, table: Any) -> list[Any]:
        """All that a table holds, in the order of its keys."""
        async with self.database.reading() as session:
            return list((await session.exec(select(table).order_by(table.id))).all())

    async def tables(self) -> Tables:
        """Every row of every table by its columns, the inbox left out."""
        if self.database.is_sqlite and self.database.url.database:
            with closing(sqlite3.connect(self.database.url.database)) as file:
                return _tables_of(file)
        async with self.database.engine.connect() as connection:
            return await tables_in(connection)

    # -- who is there

    async def furnish(self, plan: str = "") -> None:
        """The counters, the plan's text, and the staff group."""
        async with self.work() as work:
            for name in COUNTERS:
                work.add(Counter(name=name))
            work.add(PlanVersion(id=1, text=plan, taken_at=self.now))
            work.add(StaffGroup(id=1, configured_id=GROUP, chat_id=GROUP, is_forum=False))

    async def hire(self, *people: Staff) -> None:
        """These work in the group from now on."""
        async with self.work() as work:
            for person in people:
                work.add(person)
            await work.flush()
            for person in people:
                assert person.id is not None
                work.add(GroupMember(group_id=1, staff_id=person.id))

    async def cast(self) -> None:
        """An agent, a supervisor and a manager."""
        roles = {AGENT: Role.AGENT, SUPERVISOR: Role.SUPERVISOR, MANAGER: Role.MANAGER}
        await self.hire(
            *(
                Staff(id=key, user_id=100 + key, name=role.value, role=role, joined_at=self.now)
                for key, role in roles.items()
            )
        )

    async def welcome(self, *customers: Customer) -> None:
        """These are customers from now on."""
        async with self.work() as work:
            for customer in customers:
                work.add(customer)

    async def enrols(self, work: Work, account: Account, present: bool | None = True) -> staff.Entry:
        """Somebody writes in the group, of whom Telegram says so much (None: nothing); how they come in."""
        group = await staff_group(work, 1)
        await staff.take_answers(work, [Answer(seat_in(group, account.user_id), present)])
        return (await staff.enrol(work, group, account))[1]

    async def clear(self) -> None:
        """Nothing has happened yet, and nobody is there."""
        async with self.database.engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                await connection.execute(table.delete())

    # -- what people do

    def words(self, text: str, answers: Message | None = None) -> Said:
        """What somebody says at this moment, in answer to a message or not."""
        return Said(Content("text", text, self.now), answers=answers, replies=answers is not None)

    async def opens(self, tier: str | None = None, kind: CaseKind | None = None, severity: str | None = None) -> int:
        """The customer says that it is about something new, and what; returns the case's number."""
        async with self.work() as work:
            customer = await customer_numbered(work, 1)
            customer.tier, customer.next_kind, customer.next_is_new = tier, kind, True
            case = await messages.receive(work, customer, self.words("水壶漏水"))
            assert case is not None
            case.severity = severity
            return case.id

    async def customer_says(self, number: int, text: str) -> None:
        """The customer of that case speaks about it."""
        async with self.work() as work:
            await self.says(work, await self.case(work, number), text)

    async def says(self, work: Work, case: Case, text: str) -> None:
        """The customer speaks about the case, within a unit of work: in answer to what was said there last."""
        said = select(Message).where(Message.case_id == case.id).order_by(col(Message.id).desc())
        last = await work.first(said.limit(1))
        heard = await messages.receive(work, await customer_of(work, case), self.words(text, last))
        assert heard is case, f"heard about {heard and heard.id}"

    async def agent_says(self, number: int, text: str = "您好，马上来看") -> None:
        """The agent answers the customer of that case."""
        async with self.work() as work:
            await self.answer(work, number, text)

    async def answer(self, work: Work, number: int, text: str = "您好，马上来看") -> None:
        """The agent answers, within a unit of work; whoever acts on a case holds its customer."""
        case, agent = await self.case(work, number), await staff_member(work, AGENT)
        customer = await customer_numbered(work, case.customer_id)
        await answers.answer(work, customer, case, self.words(text), agent)

    async def case(self, work: Work, number: int) -> Case:
        case = await case_numbered(work, number)
        assert case is not None
        return case

    async def takes(self, plan: str) -> None:
        """Another plan comes into force."""
        self.plan, self.version = read_plan(plan), self.version + 1
        async with self.work() as work:
            work.add(PlanVersion(id=self.version, text=plan, taken_at=self.now))

    async def everybody_writes(self) -> None:
        """All of the staff have started the bot."""
        async with self.work() as work:
            for person in await active_staff(work):
                person.started_bot = True

    async def graver(self, number: int, severity: str | None) -> None:
        """The case gets that severity."""
        async with self.work() as work:
            case = await self.case(work, number)
            case.severity = severity
            work.happen(SeverityChanged(case, None, None, case.severity))

    # -- what was said

    async def told(self) -> list[str]:
        """The templates for staff and the texts for customers that were said since last asked."""
        async with self.database.work(lambda: self.now, self.plan) as work:
            rows = await work.all(select(Outbox).where(col(Outbox.what).not_in(NOT_OURS)).order_by(col(Outbox.id)))
            for row in rows:
                await work.session.delete(row)
            return self.texts(rows)

    async def said(self) -> list[Outbox]:
        """The rows for the sender that say something of ours."""
        return [row for row in await self.rows(Outbox) if row.what not in NOT_OURS]

    @staticmethod
    def texts(rows: Sequence[Outbox]) -> list[str]:
        return [row.body.get("template") or row.body.get("text", row.what) for row in rows]


#: What is compared; the tables would be sorted anew each time.
#: The program's own names of tables, so they may stand in SQL.
NAMES = [table.name for table in metadata.sorted_tables if table.name != "inbox"]


def _tables_of(file: sqlite3.Connection) -> Tables:
    """The same by the driver itself: forty statements without a trip to another thread."""
    file.row_factory = sqlite3.Row
    return {name: [dict(row) for row in file.execute(f"SELECT * FROM {name}")] for name in NAMES}  # noqa: S608


async def tables_in(connection: AsyncConnection) -> Tables:
    """The same as that connection sees them, as the database holds them."""
    found = {name: await connection.exec_driver_sql(f"SELECT * FROM {name}") for name in NAMES}  # noqa: S608
    return {name: [dict(row) for row in rows.mappings()] for name, rows in found.items()}


def differences(before: Tables, after: Tables) -> tuple[Tables, Tables]:
    """The rows that are there now and were not so before, and those that are not there any more, or not so."""

    def only(one: Tables, other: Tables) -> Tables:
        found = {name: [row for row in rows if row not in other[name]] for name, rows in one.items()}
        return {name: rows for name, rows in found.items() if rows}

    return only(after, before), only(before, after)


AnyDesk = TypeVar("AnyDesk", bound=Desk)


@asynccontextmanager
async def open_desk(url: str, plan: str, now: datetime, kind: type[AnyDesk]) -> AsyncIterator[AnyDesk]:
    """A desk with its group on an empty database."""
    database = open_database(url, lambda: datetime.now(UTC))
    try:
        await make_tables(database)
        desk = kind(database, read_plan(plan), now)
        await desk.furnish(plan)
        yield desk
    finally:
        await database.close()
