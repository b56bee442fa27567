"""Staff groups as Telegram moves them: what is kept under their ids follows, or is forgotten."""

from sqlalchemy import delete, update
from sqlmodel import col

from models.cases import Case
from models.delivery import Outbox
from models.messages import Message, MessageLink
from models.staff import StaffGroup
from models.standings import Standing
from models.topics import Topic, TopicState
from models.work import Work


async def rename_chat(work: Work, old_id: int, new_id: int, group_id: int) -> None:
    """Rewrite the id of a group that moved.

    Its old messages cannot be reached under the new id, where Telegram counts anew: their ids turn negative,
    so that they meet no new one, cards are posted again when next drawn, and topics are made anew.
    """
    await work.flush()
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
        await work.session.exec(statement)


async def leave_group(work: Work, group: StaffGroup) -> None:
    """Forget topics and cards of a group that another one replaces, and who sat there."""
    group.team_offered_at = group.team_from = None
    for statement in (
        update(Topic).where(col(Topic.group_id) == group.id).values(state=TopicState.GONE, thread_id=None),
        update(Case).where(col(Case.group_id) == group.id).values(card_message_id=None),
        delete(Standing).where(col(Standing.group_id) == group.id),
    ):
        await work.session.exec(statement)
