"""What the demo's database holds at the end, for the reader to see that nothing is missing."""

from typing import Any

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot import clock
from bot.demo.telegram import Json
from models.cases import Case, CaseEvent
from models.database import Database
from models.delivery import Inbox, InboxState, Outbox, OutboxState
from models.messages import Author, Message, MessageLink
from templates import label


async def stored(url: str, words: dict[str, str], language: str, refused: int, group: int) -> list[str]:
    """One line for each figure; `refused` is how often Telegram answered 429, `group` what it allows a minute."""
    database = Database(url, clock.wall)
    try:
        async with database.reading() as session:
            return [
                words["customer_words"].format(**await _words_of(session, Author.CUSTOMER)),
                words["agent_words"].format(**await _words_of(session, Author.AGENT)),
                words["repeated"].format(count=await _repeated(session), refused=refused, group=group),
                *await _cases(session, words, language),
                await _boxes(session, words),
            ]
    finally:
        await database.close()


async def _count(session: AsyncSession, *conditions: Any) -> int:
    return int((await session.exec(select(func.count()).where(*conditions))).one())


async def _words_of(session: AsyncSession, author: Author) -> Json:
    """How many messages a side wrote, and how many of them stand on the other side."""
    shown = col(Message.id).in_(select(MessageLink.message_id))
    return {
        "written": await _count(session, col(Message.author) == author),
        "arrived": await _count(session, col(Message.author) == author, shown),
    }


async def _repeated(session: AsyncSession) -> int:
    return await _count(session, col(Outbox.maybe_repeated))


async def _cases(session: AsyncSession, words: dict[str, str], language: str) -> list[str]:
    return [
        words["case"].format(
            number=case.id,
            state=label(language, f"state.{case.state}"),
            reopened=case.reopened_count,
            score=case.score,
            events=await _count(session, col(CaseEvent.case_id) == case.id),
        )
        for case in (await session.exec(select(Case))).all()
    ]


async def _boxes(session: AsyncSession, words: dict[str, str]) -> str:
    done, sent = col(Inbox.state) == InboxState.DONE, col(Outbox.state) == OutboxState.SENT
    left = {
        "inbox": await _count(session, ~done),
        "outbox": await _count(session, ~sent, col(Outbox.state) != OutboxState.CANCELLED),
    }
    if any(left.values()):
        return words["unfinished"].format(**left)
    return words["inbox"].format(done=await _count(session, done), sent=await _count(session, sent))
