"""From the outcomes of calls to what follows from them: the common case at once, everything else one by one."""

from sqlalchemy import bindparam, insert, update

from handlers import contact
from handlers.delivery import arriving
from handlers.delivery.failing import failed, unknown
from handlers.delivery.parcels import Parcel, change
from handlers.delivery.reporting import tell_not_shown
from models import outbox
from models.cases import Case, hold_cases
from models.delivery import Fate, Outbox, OutboxState, Outcome, What
from models.messages import MessageLink
from models.outbox import rows_in_flight
from models.topics import fetch_topics
from models.work import Work

_TABLE = Outbox.__table__  # type: ignore[attr-defined]  # SQLModel makes it, and does not declare it
_SENT = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("row_id"))
    .values(state=OutboxState.SENT, sent_at=bindparam("at"), telegram_id=bindparam("shown"))
)
_LINK = insert(MessageLink)
_CASES = Case.__table__  # type: ignore[attr-defined]  # SQLModel makes it, and does not declare it
_DRAWN = (
    update(_CASES)
    .where(_CASES.c.id == bindparam("of"), _CASES.c.card_message_id == bindparam("shown_at"))
    .values(card_drawn=bindparam("drawn"))
)


async def settle(work: Work, results: list[tuple[Parcel, Outcome]]) -> None:
    """Record what became of claimed parcels; the common case in a few statements, the rest one by one."""
    sent, links, drawn = [], [], []
    arrived = [parcel for parcel, outcome in results if outcome.fate is Fate.SENT]
    await fetch_topics(work, [each.head.customer_id for each in arrived if each.head.what is What.TOPIC])
    await hold_cases(
        work, sorted(each.head.case_id for each in arrived if each.drawn and each.method == "sendMessage")
    )
    for parcel, outcome in results:
        if outcome.fate is not Fate.SENT:
            await failed(work, parcel, outcome)
            continue
        ids = arriving.message_ids(outcome.result)
        await arriving.follow(work, parcel, outcome, ids)
        links += arriving.links(parcel, ids)
        if parcel.unfinished:
            body = {**parcel.head.body, "items": parcel.items[1:]}
            await change(work, parcel, state=OutboxState.NEW, body=body, cost=1)
            continue
        if parcel.drawn and parcel.method == "editMessageText":
            shown_at = parcel.params["message_id"]
            drawn.append({"of": parcel.head.case_id, "shown_at": shown_at, "drawn": parcel.drawn})
        for row in parcel.rows:
            sent.append({"row_id": row.id, "at": work.real_now, "shown": ids[0] if ids else None})
    await work.flush()
    connection = await work.session.connection()
    if sent:
        await connection.execute(_SENT, sent)
    if links:
        await connection.execute(_LINK, links)
    if drawn:
        await connection.execute(_DRAWN, drawn)


async def recover(work: Work, but: set[int]) -> list[int]:
    """Rows left in flight by a process that died are of unknown fate; `but` are not. Returns their keys."""
    rows = [row for row in await rows_in_flight(work) if row.id not in but]
    for row in rows:
        await unknown(work, Parcel([row]), Outcome(Fate.UNKNOWN, detail="interrupted"))
    return [row.id for row in rows if row.id is not None]


async def set_aside(work: Work, ids: list[int], error: Exception) -> None:
    """Rows that we ourselves cannot handle are dead; owners hear of each that staff should have seen."""
    for row in await outbox.set_aside(work, ids, repr(error)):
        await contact.note_fate(work, row.key, "failed")
        if row.group_id:
            await tell_not_shown(work, row, None)
