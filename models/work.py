"""The unit of work: what one update, tick or page action reads, changes and says, in one transaction.

Rare rows are ordinary ORM objects. The rows that every message makes (messages, links, outbox) are collected
and written by executemany, and customers and cases of a whole batch are fetched beforehand; both are seen by
every query of the same work, so a handler need not know whether it runs alone or among a hundred.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import bindparam, insert, or_, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.base import new_id
from models.cases import FIRST_NUMBER, UNFINISHED, Case, CaseEvent
from models.customers import Customer, Topic, TopicState
from models.delivery import Outbox
from models.lookups import Lookups
from models.messages import Message
from models.plan import Plan, stored_plan
from models.staff import Audit, Counter, PlanVersion, Staff, StaffGroup

_DEFAULTS: dict[type[SQLModel], dict[str, Any]] = {}
# What is asked for every few messages is built once: building a query takes longer than running it.
_GROUPS = select(StaffGroup).order_by(col(StaffGroup.id))
_USERS: Any = bindparam("user_ids", expanding=True)
_CUSTOMERS = select(Customer).where(col(Customer.user_id).in_(_USERS)).order_by(col(Customer.id)).with_for_update()
_STAFF = select(Staff).where(col(Staff.user_id).in_(_USERS))
_OF_CUSTOMERS: Any = bindparam("customer_ids", expanding=True)
_TOPICS = select(Topic).where(col(Topic.customer_id).in_(_OF_CUSTOMERS), col(Topic.state) != TopicState.GONE)
_OLDEST: Any = bindparam("oldest")
_CASES = (
    select(Case)
    .where(
        col(Case.customer_id).in_(_OF_CUSTOMERS),
        or_(col(Case.state).in_(UNFINISHED), col(Case.resolved_at) >= _OLDEST, col(Case.closed_at) >= _OLDEST),
    )
    .order_by(col(Case.id))
)


@lru_cache(maxsize=50)
def _plan_of_text(text_of_plan: str) -> Plan:
    return stored_plan(text_of_plan)


def _row(table: type[SQLModel], values: dict[str, Any]) -> dict[str, Any]:
    """All columns of a row, so that rows of a table can be written together."""
    if table not in _DEFAULTS:
        fields = table.model_fields
        _DEFAULTS[table] = {
            name: field.get_default(call_default_factory=True)
            for name, field in fields.items()
            if not field.is_required() and name != "id"
        }
    return {**_DEFAULTS[table], **values}


@cache
def _insert(table: type[SQLModel], dialect: str) -> Any:
    if table is not Outbox:
        return insert(table)
    # A row with a key that is already waiting says the same: let it be.
    build = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return build(table).on_conflict_do_nothing()


class Work(Lookups):
    """What is true, as of `now` (UTC), and what becomes of it. `calls` go out after the commit, best effort."""

    def __init__(
        self, session: AsyncSession, now: datetime, real_now: datetime, plan: Plan, plan_version: int | None
    ) -> None:
        """`now` is the moment people see; `real_now` is the wall clock, for limits, retries and short waits.

        `plan` is the plan in force, and `plan_version` its key in `plan_versions`.
        """
        self.session = session
        self.now = now
        self.real_now = real_now
        self.plan = plan
        self.plan_version = plan_version
        self.age = timedelta()  # how long the update in hand has been with us
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.said = False  # whether rows for the sender were added
        self.happened: list[Any] = []  # what others have yet to act on, see `handlers/happenings.py`
        self._rows: dict[type[SQLModel], list[dict[str, Any]]] = defaultdict(list)
        self._customers: dict[int, Customer | None] = {}
        self._cases: dict[int, list[Case]] = {}
        self._staff: dict[int, Staff | None] = {}
        self._topics: dict[tuple[int, int], Topic | None] = {}
        self._groups: list[StaffGroup] | None = None
        self.members: set[tuple[int, int]] = set()  # groups and staff of whom it is known that they work there
        self._plans: dict[int, Plan] = {}

    # -- writing

    def add(self, row: SQLModel) -> None:
        """A new row of any table."""
        self.session.add(row)

    def append(self, table: type[SQLModel], **values: Any) -> None:
        """A new row of a table that every message writes to; nobody needs the object."""
        self._rows[table].append(_row(table, values))

    async def flush(self) -> None:
        """Send everything to the database, so that queries see it."""
        if self.session.new or self.session.dirty or self.session.deleted:
            await self.session.flush()
        if not self._rows:
            return
        rows, self._rows = self._rows, defaultdict(list)
        connection = await self.session.connection()
        # Messages first: links point at them.
        for table in sorted(rows, key=lambda table: table is not Message):
            await connection.execute(_insert(table, connection.dialect.name), rows[table])

    async def number(self, name: str, count: int = 1) -> int:
        """The next number of a counter, starting at 1; of `count` numbers taken at once, the last."""
        await self.flush()
        bump = (
            update(Counter)
            .where(col(Counter.name) == name)
            .values(value=col(Counter.value) + count)
            .returning(col(Counter.value))
        )
        return int((await self.session.exec(bump)).scalar_one())

    async def alone(self, what: str) -> None:
        """Until the end of this work, no other process does `what`; on SQLite that is so anyway."""
        if (await self.session.connection()).dialect.name == "postgresql":
            lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))").bindparams(what=what)
            await (await self.session.connection()).execute(lock)

    def event(self, case: Case, what: str, actor: str, **details: Any) -> None:
        """An entry of the case's timeline."""
        self.append(CaseEvent, case_id=case.id, at=self.now, what=what, actor=actor, details=details)

    def audit(self, actor: str, action: str, subject: str, **details: Any) -> None:
        """An entry of the audit."""
        self.append(Audit, at=self.now, actor=actor, action=action, subject=subject, details=details)

    def happen(self, happening: Any) -> None:
        """Note what has happened, for others to act on in the same work."""
        self.happened.append(happening)

    # -- reading

    async def plan_of(self, case: Case) -> Plan:
        """The plan that the case was promised under."""
        if case.plan_version in (None, self.plan_version):
            return self.plan
        assert case.plan_version is not None  # noqa: S101 - None is dealt with above
        if case.plan_version not in self._plans:
            text_of_plan = await self.first(select(PlanVersion.text).where(PlanVersion.id == case.plan_version))
            self._plans[case.plan_version] = _plan_of_text(text_of_plan)
        return self._plans[case.plan_version]

    async def groups(self) -> list[StaffGroup]:
        """Every staff group; they are few."""
        if self._groups is None:
            self._groups = list(await self.all(_GROUPS))
        return self._groups

    async def group(self, group_id: int) -> StaffGroup:
        """A staff group by its key."""
        return next(group for group in await self.groups() if group.id == group_id)

    def add_group(self, group: StaffGroup) -> None:
        """Add a new staff group."""
        self.add(group)
        self._groups = [*(self._groups or []), group]

    async def prefetch(self, user_ids: Iterable[int]) -> None:
        """Fetch, in a few queries, the customers (locked on PostgreSQL), their cases and staff of these users."""
        wanted = sorted(set(user_ids) - self._customers.keys())
        if not wanted:
            return
        found = await self.all(_CUSTOMERS, user_ids=wanted)
        self._customers.update(dict.fromkeys(wanted))
        self._customers.update({customer.user_id: customer for customer in found})
        self._staff.update(dict.fromkeys(wanted))
        self._staff.update({person.user_id: person for person in await self.all(_STAFF, user_ids=wanted)})
        await self.fetch_cases([customer.id for customer in found])
        await self.fetch_topics([customer.id for customer in found])

    async def fetch_topics(self, customer_ids: list[int]) -> None:
        """Fetch the topics of these customers in one query."""
        if not customer_ids:
            return
        for group in await self.groups():
            self._topics.update({(customer_id, group.id or 0): None for customer_id in customer_ids})
        for topic in await self.all(_TOPICS, customer_ids=customer_ids):
            self._topics[topic.customer_id, topic.group_id] = topic

    async def fetch_cases(self, customer_ids: list[int]) -> None:
        """Fetch the cases of these customers in one query."""
        if not customer_ids:
            return
        for customer_id in customer_ids:
            self._cases.setdefault(customer_id, [])
        oldest = self.now - self.plan.closing.reopen_within
        for case in await self.all(_CASES, customer_ids=customer_ids, oldest=oldest):
            if case not in self._cases[case.customer_id]:
                self._cases[case.customer_id].append(case)

    async def customer_of_user(self, user_id: int) -> Customer | None:
        """The customer with that Telegram user id."""
        if user_id not in self._customers:
            await self.prefetch([user_id])
        return self._customers[user_id]

    async def customer(self, customer_id: int) -> Customer:
        """The customer with that number, or into whom they were merged, locked on PostgreSQL."""
        query = select(Customer).where(Customer.id == customer_id).with_for_update()
        customer: Customer = await self.first(query)
        if customer.merged_into_id is not None:
            return await self.customer(customer.merged_into_id)
        if customer.user_id is not None:
            self._customers[customer.user_id] = customer
        return customer

    async def customer_of(self, case: Case) -> Customer:
        """The customer of a case, from memory where this work has them."""
        known = (each for each in self._customers.values() if each is not None and each.id == case.customer_id)
        return next(known, None) or await self.customer(case.customer_id)

    def remember(self, customer: Customer) -> None:
        """Add a new customer, known from now on to the rest of the work."""
        self.add(customer)
        if customer.user_id is not None:
            self._customers[customer.user_id] = customer
        self._cases[customer.id] = []

    def forget(self, *customers: Customer) -> None:
        """Nothing is known any more of these customers' cases and topics, and who they are in Telegram."""
        numbers = {customer.id for customer in customers}
        for number in numbers:
            self._cases.pop(number, None)
        known = {user_id: customer for user_id, customer in self._customers.items() if customer}
        for user_id, customer in known.items():
            if customer.id in numbers:
                del self._customers[user_id]
        for key in [key for key in self._topics if key[0] in numbers]:
            del self._topics[key]

    def forget_user(self, user_id: int) -> None:
        """Nothing is known any more of who that Telegram user is."""
        self._customers.pop(user_id, None)

    async def cases_of(self, customer_id: int) -> list[Case]:
        """The customer's unfinished cases and those that can still be reopened, oldest first."""
        if customer_id not in self._cases:
            await self.fetch_cases([customer_id])
        return self._cases[customer_id]

    async def new_case(self, **values: Any) -> Case:
        """A new case with the next number."""
        case = Case(id=FIRST_NUMBER + await self.number("case"), plan_version=self.plan_version, **values)
        self.add(case)
        (await self.cases_of(case.customer_id)).append(case)
        return case

    async def staff_of_user(self, user_id: int) -> Staff | None:
        """The member of staff with that Telegram user id, active or not."""
        if user_id not in self._staff:
            self._staff[user_id] = await self.first(select(Staff).where(Staff.user_id == user_id))
        return self._staff[user_id]

    def remember_staff(self, person: Staff) -> None:
        """Add a new member of staff."""
        self.add(person)
        self._staff[person.user_id] = person

    async def topic(self, customer_id: int, group_id: int) -> Topic | None:
        """The customer's topic in that group that is wanted, in the making or live."""
        key = (customer_id, group_id)
        if key not in self._topics:
            self._topics[key] = await self.first(
                select(Topic).where(
                    Topic.customer_id == customer_id,
                    Topic.group_id == group_id,
                    Topic.state != TopicState.GONE,
                )
            )
        return self._topics[key]

    def remember_topic(self, topic: Topic) -> None:
        """Add a new topic."""
        self.add(topic)
        self._topics[topic.customer_id, topic.group_id] = topic

    def forget_topic(self, topic: Topic) -> None:
        """Note that a topic is gone."""
        topic.state = TopicState.GONE
        self._topics[topic.customer_id, topic.group_id] = None

    def new_message(self, **values: Any) -> int:
        """Store a message; returns its key."""
        key = new_id()
        self.append(Message, id=key, **values)
        return key
