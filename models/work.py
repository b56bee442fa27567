"""The unit of work: what one update, tick or page action reads, changes and says, in one transaction.

Rare rows are ordinary ORM objects. The rows that every message makes (messages, links, outbox) are collected
and written by executemany, and customers and cases of a whole batch are fetched beforehand; both are seen by
every query of the same work, so a handler need not know whether it runs alone or among a hundred.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.base import new_id
from models.cases import FIRST_NUMBER, UNFINISHED, Case, CaseEvent
from models.customers import Customer, Topic, TopicState
from models.delivery import Inbox, InboxState, Outbox, OutboxState, What
from models.messages import Author, Message, MessageLink
from models.plan import Plan
from models.staff import Audit, Counter, Role, Staff, StaffGroup

_DEFAULTS: dict[type[SQLModel], dict[str, Any]] = {}


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


class Work:
    """What is true, as of `now` (UTC), and what becomes of it. `calls` go out after the commit, best effort."""

    def __init__(self, session: AsyncSession, now: datetime, real_now: datetime, plan: Plan) -> None:
        """`now` is the moment people see; `real_now` is the wall clock, for limits, retries and short waits."""
        self.session = session
        self.now = now
        self.real_now = real_now
        self.plan = plan
        self.age = timedelta()  # how long the update in hand has been with us
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.said = False  # whether rows for the sender were added
        self._rows: dict[type[SQLModel], list[dict[str, Any]]] = defaultdict(list)
        self._customers: dict[int, Customer | None] = {}
        self._cases: dict[int, list[Case]] = {}
        self._staff: dict[int, Staff | None] = {}
        self._topics: dict[tuple[int, int], Topic | None] = {}
        self._groups: list[StaffGroup] | None = None

    # -- writing

    def add(self, row: SQLModel) -> None:
        """A new row of any table."""
        self.session.add(row)

    def append(self, table: type[SQLModel], **values: Any) -> None:
        """A new row of a table that every message writes to; nobody needs the object."""
        self._rows[table].append(_row(table, values))

    async def flush(self) -> None:
        """Send everything to the database, so that queries see it."""
        await self.session.flush()
        if not self._rows:
            return
        rows, self._rows = self._rows, defaultdict(list)
        connection = await self.session.connection()
        # Messages first: links point at them.
        for table in sorted(rows, key=lambda table: table is not Message):
            statement = insert(table)
            if table is Outbox:
                # A row with a key that is already waiting says the same: let it be.
                build = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
                statement = build(table).on_conflict_do_nothing()
            await connection.execute(statement, rows[table])

    async def number(self, name: str) -> int:
        """The next number of a counter, starting at 1."""
        await self.flush()
        bump = (
            update(Counter)
            .where(col(Counter.name) == name)
            .values(value=Counter.value + 1)
            .returning(Counter.value)
        )
        value = (await self.session.exec(bump)).scalar_one_or_none()
        if value is None:
            self.add(Counter(name=name, value=1))
            value = 1
        return int(value)

    def event(self, case: Case, what: str, actor: str, **details: Any) -> None:
        """An entry of the case's timeline."""
        self.append(CaseEvent, case_id=case.id, at=self.now, what=what, actor=actor, details=details)

    def audit(self, actor: str, action: str, subject: str, **details: Any) -> None:
        """An entry of the audit."""
        self.append(Audit, at=self.now, actor=actor, action=action, subject=subject, details=details)

    # -- reading

    async def all(self, query: Any) -> Sequence[Any]:
        """The rows of a query, with all that this work has written."""
        await self.flush()
        return (await self.session.exec(query)).all()

    async def first(self, query: Any) -> Any:
        """The first row of a query, or None."""
        await self.flush()
        return (await self.session.exec(query)).first()

    async def groups(self) -> list[StaffGroup]:
        """Every staff group; they are few."""
        if self._groups is None:
            self._groups = list(await self.all(select(StaffGroup).order_by(col(StaffGroup.id))))
        return self._groups

    async def group(self, group_id: int) -> StaffGroup:
        """A staff group by its key."""
        return next(group for group in await self.groups() if group.id == group_id)

    async def prefetch(self, user_ids: Iterable[int]) -> None:
        """Fetch, in a few queries, the customers (locked on PostgreSQL), their cases and staff of these users."""
        wanted = sorted(set(user_ids) - self._customers.keys())
        if not wanted:
            return
        found = await self.all(
            select(Customer)
            .where(col(Customer.user_id).in_(wanted))
            .order_by(col(Customer.id))
            .with_for_update()
        )
        self._customers.update(dict.fromkeys(wanted))
        self._customers.update({customer.user_id: customer for customer in found})
        self._staff.update(dict.fromkeys(wanted))
        self._staff.update(
            {
                person.user_id: person
                for person in await self.all(select(Staff).where(col(Staff.user_id).in_(wanted)))
            }
        )
        await self._fetch_cases([customer.id for customer in found])
        await self.fetch_topics([customer.id for customer in found])

    async def fetch_topics(self, customer_ids: list[int]) -> None:
        """Fetch the topics of these customers in one query."""
        if not customer_ids:
            return
        for group in await self.groups():
            self._topics.update({(customer_id, group.id or 0): None for customer_id in customer_ids})
        live = col(Topic.state) != TopicState.GONE
        for topic in await self.all(select(Topic).where(col(Topic.customer_id).in_(customer_ids), live)):
            self._topics[topic.customer_id, topic.group_id] = topic

    async def _fetch_cases(self, customer_ids: list[int]) -> None:
        for customer_id in customer_ids:
            self._cases.setdefault(customer_id, [])
        for case in (
            await self.all(
                select(Case)
                .where(col(Case.customer_id).in_(customer_ids), self._current())
                .order_by(col(Case.id))
            )
            if customer_ids
            else ()
        ):
            if case not in self._cases[case.customer_id]:
                self._cases[case.customer_id].append(case)

    def _current(self) -> ColumnElement[bool]:
        oldest = self.now - self.plan.closing.reopen_within
        return or_(
            col(Case.state).in_(UNFINISHED), col(Case.resolved_at) >= oldest, col(Case.closed_at) >= oldest
        )

    async def customer_of_user(self, user_id: int) -> Customer | None:
        """The customer with that Telegram user id."""
        if user_id not in self._customers:
            await self.prefetch([user_id])
        return self._customers[user_id]

    async def customer(self, customer_id: int) -> Customer:
        """The customer with that number, locked on PostgreSQL."""
        query = select(Customer).where(Customer.id == customer_id).with_for_update()
        customer: Customer = await self.first(query)
        if customer.user_id is not None:
            self._customers[customer.user_id] = customer
        return customer

    def remember(self, customer: Customer) -> None:
        """Add a new customer, known from now on to the rest of the work."""
        self.add(customer)
        if customer.user_id is not None:
            self._customers[customer.user_id] = customer
        self._cases[customer.id] = []

    async def cases_of(self, customer_id: int) -> list[Case]:
        """The customer's unfinished cases and those that can still be reopened, oldest first."""
        if customer_id not in self._cases:
            await self._fetch_cases([customer_id])
        return self._cases[customer_id]

    async def case(self, case_id: int) -> Case | None:
        """A case by its number."""
        case: Case | None = await self.first(select(Case).where(Case.id == case_id))
        return case

    async def case_of_card(self, group_id: int, telegram_id: int) -> Case | None:
        """The case whose card is that message of the staff group."""
        query = select(Case).where(Case.group_id == group_id, Case.card_message_id == telegram_id)
        case: Case | None = await self.first(query)
        return case

    async def recent_cases(self, customer_id: int, limit: int = 10) -> Sequence[Case]:
        """The customer's latest cases, newest first."""
        return await self.all(
            select(Case).where(Case.customer_id == customer_id).order_by(col(Case.id).desc()).limit(limit)
        )

    async def history_of(self, customer_id: int, but: int) -> tuple[int, list[int]]:
        """How many other cases the customer has had, and the latest five scores, newest first."""
        cases = await self.recent_cases(customer_id, 100)
        scores = [case.score for case in cases if case.id != but and case.score is not None]
        return len(cases) - 1, scores[:5]

    async def new_case(self, **values: Any) -> Case:
        """A new case with the next number."""
        case = Case(id=FIRST_NUMBER + await self.number("case"), **values)
        self.add(case)
        (await self.cases_of(case.customer_id)).append(case)
        return case

    async def staff_of_user(self, user_id: int) -> Staff | None:
        """The member of staff with that Telegram user id, active or not."""
        if user_id not in self._staff:
            self._staff[user_id] = await self.first(select(Staff).where(Staff.user_id == user_id))
        return self._staff[user_id]

    async def staff(self, staff_id: int) -> Staff:
        """The member of staff with that key."""
        person: Staff = await self.first(select(Staff).where(Staff.id == staff_id))
        return person

    async def staff_named(self, username: str) -> Staff | None:
        """The member of staff with that @name, in any case of letters."""
        query = select(Staff).where(func.lower(Staff.username) == username.lower())
        person: Staff | None = await self.first(query)
        return person

    async def owners(self) -> Sequence[Staff]:
        """Every owner."""
        return await self.all(select(Staff).where(Staff.role == Role.OWNER, col(Staff.active)))

    async def owner_count(self) -> int:
        """How many owners there are."""
        return len(await self.owners())

    async def unfinished_cases_of(self, staff_id: int) -> Sequence[Case]:
        """The unfinished cases that this member of staff is responsible for."""
        return await self.all(
            select(Case)
            .where(Case.assignee_id == staff_id, col(Case.state).in_(UNFINISHED))
            .order_by(col(Case.id))
        )

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

    async def topic_at(self, group_id: int, thread_id: int) -> Topic | None:
        """The topic of that thread, gone or not."""
        topic: Topic | None = await self.first(
            select(Topic).where(Topic.group_id == group_id, Topic.thread_id == thread_id)
        )
        return topic

    def new_message(self, **values: Any) -> int:
        """Store a message; returns its key."""
        key = new_id()
        self.append(Message, id=key, **values)
        return key

    async def message_at(self, chat_id: int, telegram_id: int) -> Message | None:
        """The message written or shown at that place; of several merged into one, the last."""
        written: Message | None = await self.first(
            select(Message).where(Message.origin_chat_id == chat_id, Message.origin_message_id == telegram_id)
        )
        if written is not None:
            return written
        shown: Message | None = await self.first(
            select(Message)
            .join(MessageLink, col(MessageLink.message_id) == Message.id)
            .where(MessageLink.chat_id == chat_id, MessageLink.telegram_id == telegram_id)
            .order_by(col(Message.id).desc())
        )
        return shown

    async def rename_chat(self, old_id: int, new_id: int, group_id: int) -> None:
        """Rewrite the id of a group that moved.

        Its old messages cannot be reached under the new id, where Telegram counts anew: their ids turn negative,
        so that they meet no new one, and cards are posted again when next drawn.
        """
        await self.flush()
        for statement in (
            update(MessageLink)
            .where(col(MessageLink.chat_id) == old_id)
            .values(chat_id=new_id, telegram_id=-MessageLink.telegram_id),
            update(Message)
            .where(col(Message.origin_chat_id) == old_id)
            .values(origin_chat_id=new_id, origin_message_id=-col(Message.origin_message_id)),
            update(Case).where(col(Case.group_id) == group_id).values(card_message_id=None),
        ):
            await self.session.exec(statement)

    async def leave_group(self, group: StaffGroup) -> None:
        """Forget topics and cards of a group that another one replaces."""
        for statement in (
            update(Topic)
            .where(col(Topic.group_id) == group.id)
            .values(state=TopicState.GONE, thread_id=None),
            update(Case).where(col(Case.group_id) == group.id).values(card_message_id=None),
        ):
            await self.session.exec(statement)

    async def topic_named(self, group_id: int, name: str | None) -> Topic | None:
        """The topic, not gone, that was made or is being made under that name."""
        topic: Topic | None = await self.first(
            select(Topic).where(
                Topic.group_id == group_id, Topic.name == name, Topic.state != TopicState.GONE
            )
        )
        return topic

    async def links_of(self, message_ids: Iterable[int], chat_id: int) -> dict[int, int]:
        """Where in that chat these messages stand, written or shown: message key -> Telegram's id."""
        wanted = list(message_ids)
        places = dict(
            await self.all(
                select(Message.id, Message.origin_message_id).where(
                    col(Message.id).in_(wanted), Message.origin_chat_id == chat_id
                )
            )
        )
        shown = await self.all(
            select(MessageLink.message_id, MessageLink.telegram_id)
            .where(col(MessageLink.message_id).in_(wanted), MessageLink.chat_id == chat_id)
            .order_by(col(MessageLink.id).desc())
        )
        return {**dict(shown), **places}

    async def unsent(self, message_id: int) -> Outbox | None:
        """The outbox row that has yet to carry that message."""
        row: Outbox | None = await self.first(
            select(Outbox)
            .where(
                Outbox.message_id == message_id,
                Outbox.state == OutboxState.NEW,
                col(Outbox.what).in_((What.CALL, What.COPY)),
            )
            .with_for_update()
        )
        return row

    async def sending(self) -> Sequence[Outbox]:
        """Rows whose sending was begun and not recorded."""
        query = select(Outbox).where(Outbox.state == OutboxState.SENDING).order_by(col(Outbox.id))
        return await self.all(query.with_for_update())

    async def forget_inbox(self, before: datetime) -> int:
        """Delete the handled updates received before that moment, free the ids of dead ones; returns how many."""
        old = col(Inbox.received_at) < before
        done = await self.session.exec(delete(Inbox).where(old, col(Inbox.state) == InboxState.DONE))
        dead = update(Inbox).where(old, col(Inbox.state) == InboxState.DEAD).values(update_id=None)
        await self.session.exec(dead)
        return int(done.rowcount)

    async def is_answer(self, message_id: int) -> bool:
        """Whether that message is an agent's answer."""
        author = await self.first(select(Message.author).where(Message.id == message_id))
        return bool(author == Author.AGENT)

    async def pending_send(self, key: str) -> Outbox | None:
        """The unsent outbox row with that key."""
        row: Outbox | None = await self.first(
            select(Outbox).where(Outbox.key == key, Outbox.state == OutboxState.NEW).with_for_update()
        )
        return row
