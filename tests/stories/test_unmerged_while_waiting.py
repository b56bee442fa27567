"""An answer that waits for Telegram while its customer is unmerged: nobody else reads it, and staff see that."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from models.customers import Customer as Row
from models.delivery import Pause
from models.plan import Plan
from tests.stories.shop import Agent, Customer, Shop, open_shop, until
from tests.telegram import words


@dataclass(frozen=True)
class Tongue:
    """What is said in one language."""

    business: str
    code: str
    matter: str
    other_matter: str
    result: str
    merge: str
    merged: str
    parted: str
    unsent: str
    to_bob: str


ZH = Tongue(
    business="zh",
    code="zh-hans",
    matter="门铃不响",
    other_matter="化验单什么时候能出",
    result="朵拉女士您好，您的化验结果出来了，是阳性，请您本周来一趟。",
    merge="合并",
    merged="已并入",
    parted="恢复原状",
    unsent="这条答复没有发给任何人",
    to_bob="您好，门铃明天换新的",
)
EN = Tongue(
    business="en",
    code="en",
    matter="The doorbell is dead",
    other_matter="When will the lab report be ready",
    result="Dear Dora, your lab result is here and it is positive, please come by this week.",
    merge="Merge",
    merged="merged into",
    parted="two customers again",
    unsent="This answer went to nobody",
    to_bob="Dear Bob, your bell is mended tomorrow",
)


@pytest.fixture(params=[ZH, EN], ids=["zh", "en"])
def tongue(request: pytest.FixtureRequest) -> Tongue:
    found: Tongue = request.param
    return found


@pytest.fixture
async def shop(tongue: Tongue, tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop that speaks that language."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'h.db'}"
    async with open_shop(tmp_path, url, plan=f'[business]\nlanguage = "{tongue.business}"\n') as running:
        yield running
        assert await running.telegram.violations() == []


async def dora(shop: Shop) -> int:
    """A patient who came to the counter, without Telegram; her number."""
    async with shop.database.work(lambda: datetime.now(UTC), Plan()) as work:
        number = await work.number("customer")
        work.add(Row(id=number, name="Dora", language="zh", created_at=datetime.now(UTC)))
    return number


async def bob_and_his_agent(shop: Shop, tongue: Tongue) -> tuple[Customer, Agent]:
    bob = await shop.customer("Bob", language=tongue.code)
    chen = await shop.agent("Chen", language=tongue.code)
    await chen.says("morning")
    await bob.complains(tongue.matter)
    await bob.topic()
    return bob, chen


async def test_f6_an_answer_that_waits_for_a_429_while_its_customer_is_unmerged_goes_to_nobody(
    shop: Shop, tongue: Tongue
) -> None:
    bob, chen = await bob_and_his_agent(shop, tongue)
    number, bobs, boss = await dora(shop), (await bob.row()).id, shop.owner
    await shop.telegram.say(boss.user, f"/new phone #{number} {tongue.other_matter}")
    await shop.calms_down()
    await boss.starts_bot()
    asked = await shop.telegram.say(boss.user, f"/merge {bobs} {number}")
    preview = await shop.telegram.wait_message(boss.user, after=asked, where=lambda each: "reply_markup" in each)
    pressed = await boss.presses(preview, tongue.merge)
    assert pressed is not None
    await shop.calms_down()
    await shop.telegram.fault("status", "sendMessage", code=429, chat_id=bob.id, parameters={"retry_after": 4})
    await chen.says(tongue.result, to=bob)
    await until(lambda: shop.stored(select(Pause)), bool)

    await shop.telegram.say(boss.user, f"/unmerge {number}")

    unsent = await chen.sees(tongue.unsent, where=lambda each: tongue.result in words(each))
    topics = await shop.telegram.topics(shop.group)
    assert next(each["name"] for each in topics if each["thread_id"] == unsent["thread_id"]).startswith("Dora")
    await shop.calms_down()
    assert tongue.result not in str(await bob.chat())
    await chen.answers(tongue.to_bob, to=bob)
    assert tongue.result not in str(await bob.chat()), "nor later"
