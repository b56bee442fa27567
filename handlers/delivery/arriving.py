"""What follows from a send that arrived: links between messages, cards and topics that stand now, polls."""

from typing import Any

from handlers import groups
from handlers.delivery.parcels import Parcel
from handlers.delivery.reporting import tell
from handlers.happenings.aftercare import PollSent
from handlers.speaking import send
from models.cases import case_held
from models.delivery import Outcome, SendClass, What
from models.messages import is_answer
from models.topics import TopicState, make_live, topic_of
from models.work import Work


def message_ids(result: Any) -> list[int]:
    """The ids of the messages that a call made, as Telegram answered."""
    found = result if isinstance(result, list) else [result]
    return [item["message_id"] for item in found if isinstance(item, dict) and "message_id" in item]


def links(parcel: Parcel, ids: list[int]) -> list[dict[str, int]]:
    """The links from our messages to what stands in the chat now, as rows."""
    items = parcel.items[:1] if parcel.singly else parcel.items
    if items:
        pairs = zip(items, ids, strict=False) if len(items) == len(ids) else ()
        return [_link(item["message_id"], parcel.chat_id, shown) for item, shown in pairs]
    if not ids or parcel.head.what in (What.CHANGE, What.RECALL):
        return []
    return [_link(row.message_id, parcel.chat_id, ids[0]) for row in parcel.rows if row.message_id]


def _link(message_id: int, chat_id: int, telegram_id: int) -> dict[str, int]:
    return {"message_id": message_id, "chat_id": chat_id, "telegram_id": telegram_id}


async def follow(work: Work, parcel: Parcel, outcome: Outcome, ids: list[int]) -> None:
    """What follows from what arrived, by what it was; `ids` are the messages that it made."""
    row = parcel.head
    if row.what is What.CARD and ids and parcel.method == "sendMessage":
        case = await case_held(work, row.case_id)
        if case:  # one that has moved to another group meanwhile has another card there
            here = case.group_id == row.group_id
            _retire_card(work, row, case.card_message_id if here else ids[0])
            if here:
                case.card_message_id, case.card_drawn = ids[0], parcel.drawn
    elif row.what is What.POLL and row.key and ids:
        work.happen(PollSent(row.key, str(outcome.result["poll"]["id"]), ids[0]))
    elif row.what is What.TOPIC:
        await _topic_made(work, row, int(outcome.result["message_thread_id"]))
    elif row.what is What.COPY:
        if parcel.method in ("copyMessages", "forwardMessages") and len(ids) < len(parcel.items):
            await tell(work, row, "delivery/partly_copied", sent=len(ids), wanted=len(parcel.items))
        if row.maybe_repeated:
            await tell(work, row, "delivery/possibly_repeated")
    elif row.maybe_repeated and row.chat_id and row.message_id and await is_answer(work, row.message_id):
        await tell(work, row, "delivery/possibly_repeated")


def _retire_card(work: Work, row: Any, telegram_id: int | None) -> None:
    """A newer card stands in its place: the old one loses its buttons."""
    if telegram_id is not None:
        body = {"at": telegram_id, "buttons": []}
        send(work, What.CHANGE, row.lane, body, group_id=row.group_id, send_class=SendClass.C)


async def _topic_made(work: Work, row: Any, thread_id: int) -> None:
    topic = await topic_of(work, row.customer_id, row.group_id)
    if topic is None or topic.thread_id == thread_id:
        return
    if topic.state is TopicState.LIVE:  # adopted meanwhile: this one is to spare
        groups.drop_topic(work, row.group_id, row.customer_id, thread_id)
        return
    make_live(work, topic, thread_id)
