"""What the bot has stored, in numbers: read beside the running bot, and never written."""

from typing import Any

from sqlalchemy import func
from sqlmodel import select

from models.cases import Case
from models.customers import Customer
from models.database import Database
from models.delivery import Inbox, Outbox
from models.messages import Message


async def counts(database: Database) -> dict[str, Any]:
    """How many customers and messages there are; cases, inbox and outbox by state."""
    async with database.reading() as session:

        async def count(table: Any) -> int:
            return int((await session.exec(select(func.count()).select_from(table))).one())

        async def by_state(state: Any) -> dict[str, int]:
            rows = await session.exec(select(state, func.count()).group_by(state))
            return {found.value: number for found, number in rows}

        return {
            "customers": await count(Customer),
            "messages": await count(Message),
            "cases": await by_state(Case.state),
            "inbox": await by_state(Inbox.state),
            "outbox": await by_state(Outbox.state),
        }
