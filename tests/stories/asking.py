"""What the stories about satisfaction share: a matter that is resolved, a question in place, what is stored."""

from typing import Any

from sqlmodel import col, select

from models.questionnaires import Answer, Invitation
from tests.stories.shop import Agent, Customer, Shop, case_number, until
from tests.telegram import Json, buttons

#: A plan whose contact budget is in nobody's way, with surveys after cases; stories add to it.
PLAN = """
[business]
name = { zh = "海港酒店", en = "Harbour Hotel" }
[contact]
quiet = ""
call_quiet = ""
gap = "0s"
calm_after_complaint = "0s"
[[segment]]
id = "stay_zh"
when = { tag = "stay_zh" }
[[segment]]
id = "stay_en"
when = { tag = "stay_en" }
[[segment]]
id = "unhappy"
when = { tag = "unhappy" }
[[segment]]
id = "held"
when = { tag = "held" }
[[tier]]
id = "regular"
contacts_per_30d = 50
[[survey]]
questionnaire = "csat"
when = "case_resolved"
after = { enquiry = "0s", request = "1d" }
expires = "3d"
remind_after = "1d"
[recovery]
csat_at_most = 2
nps_at_most = 6
to = "supervisor"
within = { regular = "4h" }
"""


async def resolved(shop: Shop, customer: Customer, agent: Agent, kind: str, matter: str, done: str) -> int:
    """A matter of that kind, from the first word until we say that it is done."""
    received = await customer.complains(matter)
    await customer.presses(received, kind)
    await agent.answers("好的", customer)
    await agent.says(f"/resolve {done}", to=customer)
    await customer.hears(done)
    return case_number(received)


async def question(customer: Customer, containing: str, after: Json | None = None) -> Json:
    """The message in which that question stands now."""
    return await customer.hears(containing, after=after, where=lambda message: bool(buttons(message)))


async def supervisor(shop: Shop) -> Agent:
    """The supervisor of the module, who has a private chat with the bot."""
    sun = await shop.agent("孙主管", username="sun", id=4_900_000_001)
    await sun.says("大家好")
    await shop.telegram.say(sun.user, "/start")
    said = await shop.owner.says("/role @sun supervisor")
    await shop.owner.sees("孙主管", after=said)
    return sun


async def runs_of(shop: Shop, customer: Customer) -> list[Invitation]:
    row = await customer.row()
    query = select(Invitation).where(Invitation.customer_id == row.id).order_by(col(Invitation.id))
    return list(await shop.stored(query))


async def blocked_by(shop: Shop, customer: Customer) -> None:
    """The customer blocks the bot, and it learns of that by the next message only."""
    words = "Forbidden: bot was blocked by the user"
    await shop.telegram.fault("status", "sendMessage", chat_id=customer.id, code=403, description=words)


async def run_ended(shop: Shop, customer: Customer) -> Invitation:
    """The customer's latest invitation, once it is over."""
    runs = await until(lambda: runs_of(shop, customer), lambda runs: bool(runs and runs[-1].ended_at is not None))
    return runs[-1]


async def scored(shop: Shop, number: int) -> int | None:
    """What the customer gave the case, the last time that it was asked for."""
    query = select(Invitation.csat).where(Invitation.case_id == number).order_by(col(Invitation.id).desc())
    return next(iter(await shop.stored(query)), None)


async def answers_of(shop: Shop, invitation: Invitation) -> dict[str, Any]:
    rows: list[Answer] = list(await shop.stored(select(Answer).where(Answer.invitation_id == invitation.id)))
    return {row.question: row.text if row.value is None else row.value for row in rows}


async def ask_segment(shop: Shop, customer: Customer, agent: Agent, key: str, segment: str) -> None:
    """A manager sends a questionnaire to the one customer of a segment."""
    await customer.says("在吗")
    await agent.answers("在的", customer)
    await agent.says(f"/tag +{segment}", to=customer)
    await shop.calms_down()
    said = await shop.owner.says(f"/survey {key} {segment}")
    preview = await shop.owner.sees("可以询问的 1 位", after=said)
    await shop.owner.presses(preview, "发送")
