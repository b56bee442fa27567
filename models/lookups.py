"""Queries that one use case or another needs now and then; the unit of work answers them (`models/work.py`)."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.base import stands_at
from models.cases import UNFINISHED, Case, CaseEvent
from models.customers import Topic, TopicState
from models.delivery import Inbox, InboxState, Outbox, OutboxState, Priority, What
from models.messages import Author, Message, MessageLink
from models.staff import GroupMember, Installation, Role, Staff, StaffGroup

#: How many old rows go in one transaction, so that nobody waits for it long.
FORGOTTEN_AT_ONCE = 2000


class Lookups:
    """What can be asked of the database, with all that the unit of work has written."""

    session: AsyncSession

    @abstractmethod
    async def flush(self) -> None:
        """Send everything to the database."""

    async def all(self, query: Any, **values: Any) -> Sequence[Any]:
        """The rows of a query, with all that this work has written; `values` are for its named parameters."""
        await self.flush()
        found: Sequence[Any] = (await self.session.exec(query, params=values or None)).all()
        return found

    async def first(self, query: Any) -> Any:
        """The first row of a query, or None."""
        await self.flush()
        return (await self.session.exec(query)).first()

    async def case(self, case_id: int) -> Case | None:
        """A case by its number."""
        case: Case | None = await self.first(select(Case).where(Case.id == case_id))
        return case

    async def case_held(self, case_id: int) -> Case | None:
        """The case as it is stored by now; until this work ends nobody else changes it (PostgreSQL).

        For those who decide by where the case is shown: a worker moves it while the sender shows it.
        """
        held = select(Case).where(Case.id == case_id).with_for_update().execution_options(populate_existing=True)
        case: Case | None = await self.first(held)
        return case

    async def message(self, message_id: int) -> Message:
        """A message by its key."""
        message: Message = await self.first(select(Message).where(Message.id == message_id))
        return message

    async def album_is_note(self, customer_id: int, album: str) -> bool:
        """Whether an item of that album, in the customer's topic, was a note."""
        notes = select(Message.id).where(Message.customer_id == customer_id, Message.author == Author.NOTE)
        return await self.first(notes.where(Message.album == album)) is not None

    async def scored_at(self, case_id: int) -> datetime | None:
        """When the customer last scored the case."""
        query = select(CaseEvent.at).where(CaseEvent.case_id == case_id, CaseEvent.what == "scored")
        at: datetime | None = await self.first(query.order_by(col(CaseEvent.id).desc()))
        return at

    async def score_shown_at(self, case_id: int) -> int | None:
        """Telegram's id of the message in the customer's chat that shows the latest score of the case."""
        query = select(CaseEvent.details).where(CaseEvent.case_id == case_id, CaseEvent.what == "scored")
        details: dict[str, Any] | None = await self.first(query.order_by(col(CaseEvent.id).desc()))
        return (details or {}).get("shown_at")

    async def case_shown_at(self, group_id: int, telegram_id: int) -> Case | None:
        """The case whose card, latest or earlier, that message of the staff group is, or that it tells about."""
        case: Case | None = await self.first(
            select(Case).where(Case.group_id == group_id, Case.card_message_id == telegram_id)
        )
        return case or await self.first(
            select(Case)
            .join(Outbox, col(Outbox.case_id) == Case.id)
            .where(Outbox.group_id == group_id, Outbox.telegram_id == telegram_id, col(Outbox.message_id).is_(None))
            .order_by(col(Outbox.id).desc())
            .limit(1)
        )

    async def customer_named_at(self, group_id: int, telegram_id: int) -> int | None:
        """The number of the customer whom what we said there was about."""
        said = select(Outbox.customer_id).where(
            Outbox.group_id == group_id,
            Outbox.telegram_id == telegram_id,
            col(Outbox.message_id).is_(None),
            # A call that changes a message, as by taking its buttons, names nobody.
            col(Outbox.customer_id).is_not(None),
        )
        customer_id: int | None = await self.first(said.order_by(col(Outbox.id).desc()).limit(1))
        return customer_id

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

    async def staff(self, staff_id: int) -> Staff:
        """The member of staff with that key."""
        person: Staff = await self.first(select(Staff).where(Staff.id == staff_id))
        return person

    async def staff_named(self, username: str) -> Staff | None:
        """The active member of staff with that @name, in any case of letters.

        Names on Telegram pass from one person to another: where two were last seen under it, it is nobody's.
        """
        found = await self.all(select(Staff).where(func.lower(Staff.username) == username.lower(), col(Staff.active)))
        return found[0] if len(found) == 1 else None

    async def owners(self) -> Sequence[Staff]:
        """Every owner."""
        return await self.all(select(Staff).where(Staff.role == Role.OWNER, col(Staff.active)))

    async def managers(self) -> Sequence[Staff]:
        """Every manager and owner."""
        return await self.all(
            select(Staff)
            .where(col(Staff.role).in_((Role.MANAGER, Role.OWNER)), col(Staff.active))
            .order_by(col(Staff.id))
        )

    async def staff_with_chat(self) -> Sequence[Staff]:
        """Everybody on the staff who has a private chat with the bot."""
        return await self.all(select(Staff).where(col(Staff.active), col(Staff.started_bot)).order_by(col(Staff.id)))

    async def active_staff(self) -> Sequence[Staff]:
        """Everybody on the staff, who joined first first."""
        return await self.all(select(Staff).where(col(Staff.active)).order_by(col(Staff.id)))

    async def members_of(self, group_id: int) -> Sequence[Staff]:
        """The active staff who work in that group, who joined first first."""
        members = select(GroupMember.staff_id).where(GroupMember.group_id == group_id)
        return await self.all(
            select(Staff).where(col(Staff.active), col(Staff.id).in_(members)).order_by(col(Staff.id))
        )

    async def memberships_of(self, staff_id: int) -> Sequence[GroupMember]:
        """In which groups somebody works."""
        return await self.all(select(GroupMember).where(GroupMember.staff_id == staff_id))

    async def absent_staff(self) -> Sequence[Staff]:
        """The active staff who have said that they are away."""
        return await self.all(select(Staff).where(col(Staff.active), col(Staff.away_since).is_not(None)))

    async def owner_count(self) -> int:
        """How many owners there are."""
        return len(await self.owners())

    async def unfinished_cases_of(self, staff_id: int) -> Sequence[Case]:
        """The unfinished cases that this member of staff is responsible for."""
        return await self.all(
            select(Case).where(Case.assignee_id == staff_id, col(Case.state).in_(UNFINISHED)).order_by(col(Case.id))
        )

    async def topic_at(self, group_id: int, thread_id: int) -> Topic | None:
        """The topic of that thread, gone or not."""
        topic: Topic | None = await self.first(
            select(Topic).where(Topic.group_id == group_id, Topic.thread_id == thread_id)
        )
        return topic

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
        so that they meet no new one, cards are posted again when next drawn, and topics are made anew.
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
            update(Outbox).where(col(Outbox.group_id) == group_id).values(telegram_id=None),
            update(Topic).where(col(Topic.group_id) == group_id).values(state=TopicState.GONE, thread_id=None),
        ):
            await self.session.exec(statement)

    async def leave_group(self, group: StaffGroup) -> None:
        """Forget topics and cards of a group that another one replaces."""
        for statement in (
            update(Topic).where(col(Topic.group_id) == group.id).values(state=TopicState.GONE, thread_id=None),
            update(Case).where(col(Case.group_id) == group.id).values(card_message_id=None),
        ):
            await self.session.exec(statement)

    async def topic_named(self, group_id: int, name: str | None) -> Topic | None:
        """The topic, not gone, that was made or is being made under that name."""
        topic: Topic | None = await self.first(
            select(Topic).where(Topic.group_id == group_id, Topic.name == name, Topic.state != TopicState.GONE)
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

    async def hasten(self, group_id: int) -> None:
        """What waits for another try in that group is tried now."""
        waiting = update(Outbox).where(col(Outbox.group_id) == group_id, stands_at(Outbox.state, OutboxState.NEW))
        await self.session.exec(waiting.where(col(Outbox.attempts) > 0).values(not_before=None))

    async def sending(self) -> Sequence[Outbox]:
        """Rows whose sending was begun and not recorded."""
        query = select(Outbox).where(stands_at(Outbox.state, OutboxState.SENDING)).order_by(col(Outbox.id))
        return await self.all(query.with_for_update())

    async def forget_inbox(self, before: datetime) -> int:
        """Delete handled updates received before that moment, some at a time, and free the ids of dead ones.

        Returns how many were deleted.
        """
        old = col(Inbox.received_at) < before
        dead = update(Inbox).where(old, col(Inbox.state) == InboxState.DEAD, col(Inbox.update_id).is_not(None))
        await self.session.exec(dead.values(update_id=None))
        some = select(Inbox.id).where(old, Inbox.state == InboxState.DONE).limit(FORGOTTEN_AT_ONCE)
        return int((await self.session.exec(delete(Inbox).where(col(Inbox.id).in_(some)))).rowcount)

    async def forget_outbox(self, before: datetime) -> int:
        """Delete rows sent or cancelled before that moment, some at a time; returns how many.

        The last row stays: SQLite would give its key again, and the sender looks only above the keys it has seen.
        """
        over = col(Outbox.state).in_((OutboxState.SENT, OutboxState.CANCELLED))
        last = select(func.max(col(Outbox.id))).scalar_subquery()
        some = select(Outbox.id).where(col(Outbox.created_at) < before, over, col(Outbox.id) < last)
        some = some.limit(FORGOTTEN_AT_ONCE)
        return int((await self.session.exec(delete(Outbox).where(col(Outbox.id).in_(some)))).rowcount)

    async def ahead(self) -> timedelta:
        """How far people's time is ahead of the real one."""
        seconds = await self.first(select(Installation.ahead_seconds))
        return timedelta(seconds=seconds or 0)

    async def is_answer(self, message_id: int) -> bool:
        """Whether that message is an agent's answer."""
        author = await self.first(select(Message.author).where(Message.id == message_id))
        return bool(author == Author.AGENT)

    async def scheduled_count(self) -> int:
        """How many scheduled messages wait for the sender."""
        waiting = select(func.count()).where(Outbox.state == OutboxState.NEW, Outbox.priority == Priority.SCHEDULED)
        return int(await self.first(waiting))

    async def pending_send(self, key: str) -> Outbox | None:
        """The unsent outbox row with that key."""
        row: Outbox | None = await self.first(
            select(Outbox).where(Outbox.key == key, stands_at(Outbox.state, OutboxState.NEW)).with_for_update()
        )
        return row
