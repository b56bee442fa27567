"""A refused deed leaves nothing, whatever it did before it refused: every refusal there is, and every table.

Each story ends with what is refused; then all tables are compared, and nothing but the polite no has been added.
"""

import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from handlers import open_database
from models.cases import Case, CaseKind
from models.customers import Customer
from models.plan import read_plan
from models.staff import Role, Staff
from templates import LANGUAGES, label
from tests.desk import AGENT, MANAGER, SUPERVISOR, open_desk
from tests.line import AtOnce, Line, Shown, Update

HANDLERS = Path(__file__).parents[1] / "handlers"
PLAN = """
[[tier]]
id = "vip"
[[tier]]
id = "regular"
[[severity]]
id = "critical"
keywords = ["漏电"]
[[severity]]
id = "normal"
[[department]]
id = "service"
kinds = ["complaint"]
assign = "claim"
capacity = 1
[[department]]
id = "advice"
kinds = ["enquiry"]
assign = "claim"
"""
NOW = datetime(2027, 2, 18, 2, 0, tzinfo=UTC)  # ten in the morning in Shanghai
OWNER, MEI, NEWCOMER = 4, 5, 6
WANG, LI = 7001, 7002
HIDDEN = {"type": "hidden_user", "sender_user_name": "someone", "date": 1}


class Shop(Line):
    """The scene of every story: 王 has a complaint, 李 has said nothing yet; staff are who they are."""

    async def open(self) -> None:
        await self.cast()
        await self.hire(
            Staff(
                id=OWNER, user_id=100 + OWNER, name="owner", username="staff4", role=Role.OWNER, joined_at=self.now
            ),
            Staff(id=MEI, user_id=100 + MEI, name="梅", username="staff5", joined_at=self.now),
        )
        async with self.work() as work:
            for person in await work.all(select(Staff)):
                person.name, person.username = f"staff {person.id}", f"staff{person.id}"
        await self.customer_writes(WANG, "水壶漏水，气死我了")
        await self.post()
        async with self.work() as work:
            case = await work.first(select(Case))
            case.kind, case.department = CaseKind.COMPLAINT, "service"
        await self.post()

    @property
    def card(self) -> Shown:
        """The card of 王's case."""
        return next(each for each in self.telegram.shown if any(data == "more:1001" for _, data in each.buttons))

    @property
    def topic(self) -> int:
        """王's topic."""
        found = next(each.thread_id for each in self.telegram.shown if each.thread_id)
        assert found is not None
        return found

    def staff_says(self, text: str, who: int = AGENT, thread: int | None = None, **content: Any) -> Update:
        return {
            "message": self.in_group(100 + who, text, self.topic if thread is None else thread or None, **content)
        }

    def in_general(self, text: str, who: int = AGENT, **content: Any) -> Update:
        return {"message": self.in_group(100 + who, text, None, **content)}

    def staff_presses(self, data: str, who: int = AGENT, under: Shown | None = None) -> Update:
        return {"callback_query": self.pressed(100 + who, data, under or self.card)}

    def customer_presses(self, data: str, who: int = WANG, under: Shown | None = None) -> Update:
        return {"callback_query": self.pressed(who, data, under)}

    async def done(self, *updates: Update) -> None:
        """These come first, and are granted."""
        for update in updates:
            await self.hear(**update)
            await self.post()

    async def resolved(self) -> None:
        await self.done(self.staff_says("/claim"), self.staff_says("/resolve 已换新壶"))


Story = Callable[[Shop], Awaitable[Update]]
STORIES: dict[str, list[Story]] = {}


def refuses(key: str) -> Callable[[Story], Story]:
    """A story that ends with that refusal."""

    def told(story: Story) -> Story:
        STORIES.setdefault(key, []).append(story)
        return story

    return told


def at_once(key: str, update: Callable[[Shop], Update]) -> None:
    """A story without a beginning."""

    @refuses(key)
    async def story(shop: Shop) -> Update:
        return update(shop)

    del story


def usage(key: str, *texts: str, who: int = OWNER) -> None:
    """What is typed wrongly in 王's topic."""
    for text in texts:
        at_once(key, lambda shop, text=text: shop.staff_says(text, who))  # type: ignore[misc]


# -- who may

at_once("nobody", lambda shop: shop.staff_says("/resolve", sender_chat={"id": -1001, "type": "supergroup"}))
at_once("second_hand", lambda shop: shop.staff_says("/resolve", forward_origin=HIDDEN))
at_once("role", lambda shop: shop.staff_says("/ban 2h 辱骂"))
at_once("role", lambda shop: shop.in_general("/role @staff5 owner", SUPERVISOR))
at_once("role", lambda shop: shop.in_general("/survey csat", SUPERVISOR))
at_once("not_staff", lambda shop: shop.staff_presses("claim:1001", 77))


@refuses("awaits_approval")
async def _(shop: Shop) -> Update:
    await shop.takes('[business]\nenrolment = "approve"\n' + PLAN)
    await shop.done(shop.in_general("我是新来的", NEWCOMER))
    return shop.staff_says("/claim", NEWCOMER)


# -- cases

at_once("stale", lambda shop: shop.staff_presses("claim:999"))
at_once("stale", lambda shop: shop.staff_presses("claim:x"))
at_once("stale", lambda shop: shop.staff_presses("nonsense:1"))
at_once("stale", lambda shop: shop.customer_presses("kind:999:complaint"))
at_once("stale", lambda shop: shop.customer_presses("q:999:0:5"))
at_once("stale", lambda shop: shop.customer_presses("visited:999:well"))
at_once("stale", lambda shop: shop.customer_presses("unsolved:999:0"))
usage("empty_note", "/note")
usage("unknown_command", "/resovle", who=AGENT)
at_once("command_here", lambda shop: shop.in_general("/resovle"))
at_once("not_a_topic", lambda shop: shop.in_general("/resolve 好了"))
at_once("not_a_topic", lambda shop: shop.in_general("/promise 明天 10:00"))
at_once("not_a_topic", lambda shop: shop.in_general("/why"))
at_once("not_a_topic", lambda shop: shop.in_general("/visit 明天 复查"))
at_once("not_a_topic", lambda shop: shop.in_general("/subject 水壶"))
at_once("not_a_topic", lambda shop: shop.in_general("/assign @staff5"))
usage("recall_what", "/recall", who=AGENT)


@refuses("already_yours")
async def _(shop: Shop) -> Update:
    await shop.done(shop.staff_presses("claim:1001"))
    return shop.staff_presses("claim:1001")


@refuses("taken_by")
async def _(shop: Shop) -> Update:
    await shop.done(shop.staff_presses("claim:1001"))
    return shop.staff_presses("claim:1001", MEI)


@refuses("finished")
async def _(shop: Shop) -> Update:
    await shop.resolved()
    return shop.staff_says("/resolve")


for words in ("/kind enquiry", "/assign @staff5", "/transfer advice", "/promise 明天 10:00", "/severity critical"):

    @refuses("finished")
    async def _(shop: Shop, words: str = words) -> Update:
        await shop.resolved()
        return shop.staff_says(words, SUPERVISOR)


@refuses("finished_unsaid")
async def _(shop: Shop) -> Update:
    await shop.resolved()
    return shop.staff_says("/resolve 另外送您一个壶")


at_once("not_finished", lambda shop: shop.staff_says("/reopen"))


@refuses("already_pending")
async def _(shop: Shop) -> Update:
    await shop.done(shop.staff_says("请问您的订单号"), shop.staff_presses("wait:1001"))
    return shop.staff_presses("wait:1001")


at_once("ask_first", lambda shop: shop.staff_presses("wait:1001"))


@refuses("edit_to_note")
async def _(shop: Shop) -> Update:
    said = shop.staff_says("马上为您换新")
    await shop.done(said)
    return {"edited_message": said["message"] | {"text": "// 只是备注", "edit_date": said["message"]["date"]}}


@refuses("already_recalled")
async def _(shop: Shop) -> Update:
    said = shop.staff_says("马上为您换新")
    whole = said["message"]
    await shop.done(said, shop.staff_says("/recall", reply_to_message=whole))
    return shop.staff_says("/recall", reply_to_message=whole)


# -- routing

usage("kind_usage", "/kind", "/kind 别的")
usage("severity_usage", "/severity", "/severity 别的")
usage("assign_usage", "/assign", "/assign @谁")
usage("transfer_usage", "/transfer", "/transfer 别处")
usage("handover_usage", "/handover", "/handover @谁 @staff5")
usage("new_usage", "/new", "/new #999 电话投诉")
usage("away_usage", "/away 明年左右")
usage("not_away", "/back", who=AGENT)


@refuses("complaint_stays")
async def _(shop: Shop) -> Update:
    async with shop.work() as work:
        case = await work.first(select(Case))
        case.kind = CaseKind.COMPLAINT
    return shop.customer_presses("kind:1001:praise")


@refuses("role")
async def _(shop: Shop) -> Update:
    return shop.staff_says("/kind enquiry")


@refuses("has_it")
async def _(shop: Shop) -> Update:
    await shop.done(shop.staff_says("/assign @staff5", SUPERVISOR))
    return shop.staff_says("/assign @staff5", SUPERVISOR)


@refuses("not_in_group")
async def _(shop: Shop) -> Update:
    async with shop.work() as work:
        work.add(Staff(id=9, user_id=109, name="外人", username="staff9", joined_at=shop.now))
    return shop.staff_says("/assign @staff9", SUPERVISOR)


@refuses("is_away")
async def _(shop: Shop) -> Update:
    await shop.done(shop.in_general("/away 2h", MEI))
    return shop.staff_says("/assign @staff5", SUPERVISOR)


@refuses("full")
async def _(shop: Shop) -> Update:
    await _other_case(shop)
    return shop.staff_says("/assign @staff5", SUPERVISOR)


@refuses("full")
async def _(shop: Shop) -> Update:
    await _other_case(shop)
    return shop.staff_presses("claim:1001", MEI)


async def _other_case(shop: Shop) -> None:
    """李 complains too, and 梅 has the case: it is as many as she may have."""
    await shop.done({"message": shop.private(LI, "你们送来的壶也漏水")})
    async with shop.work() as work:
        case = await work.first(select(Case).where(Case.id == 1002))
        case.kind, case.department, case.assignee_id = CaseKind.COMPLAINT, "service", MEI


@refuses("already_there")
async def _(shop: Shop) -> Update:
    return shop.staff_says("/transfer service", SUPERVISOR)


# -- files

usage("set_usage", "/set", "/set nothing")
usage("role_who", "/set agent @nobody")
usage("not_phone", "/set phone 天知道")
usage("not_choice", "/set language 火星文")
usage("tag_usage", "/tag", "/tag 老客户")
usage("address_usage", "/address")
usage("tier_usage", "/tier 别的 老朋友")
usage("tier_reason", "/tier vip")
usage("tier_past", "/tier vip 老朋友 2020-01-01")
usage("not_banned", "/unban")
usage("ban_usage", "/ban")
usage("mute_usage", "/mute")
usage("merge_usage", "/merge", "/merge #999")
usage("unmerge_usage", "/unmerge")
at_once("which_customer", lambda shop: shop.in_general("/file"))
at_once("find_usage", lambda shop: shop.in_general("/find"))
usage("has_telegram", "/link")


@refuses("too_many_tags")
async def _(shop: Shop) -> Update:
    async with shop.work() as work:
        (await work.first(select(Customer))).tags = [f"标签{number}" for number in range(20)]
    return shop.staff_says("/tag +一个太多")


@refuses("no_tiers")
async def _(shop: Shop) -> Update:
    await shop.takes("")
    return shop.staff_says("/tier vip 老朋友")


@refuses("banned")
async def _(shop: Shop) -> Update:
    await shop.done(shop.staff_says("/ban 2h 辱骂", SUPERVISOR))
    return shop.customer_presses("kind:1001:praise")


# -- staff

usage("role_usage", "/role", "/role @staff5 king")
usage("role_who", "/role @nobody agent")
usage("last_owner", "/role @staff4 agent")

# -- promises, visits, questionnaires

usage("promise_when", "/promise", "/promise 有空的时候")
usage("visit_usage", "/visit", "/visit 有空的时候")
usage("role_who", "/visit @nobody 明天 复查")
usage("subject_usage", "/subject")
at_once("no_questionnaire", lambda shop: shop.in_general("/survey nothing", MANAGER))
at_once("no_audience", lambda shop: shop.in_general("/survey csat nobody", MANAGER))
at_once("no_wave", lambda shop: shop.in_general("/survey pause 9", MANAGER))
at_once("poll_usage", lambda shop: shop.in_general("/poll 好吗", MANAGER))


@pytest.fixture(scope="module")
async def opened(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, AtOnce]:
    """The scene, once: its database, and what Telegram shows."""
    path = tmp_path_factory.mktemp("refusals") / "huifang.db"
    async with open_desk(f"sqlite+aiosqlite:///{path}", PLAN, NOW, Shop) as shop:
        await shop.open()
        return path, shop.telegram


@pytest.fixture
async def shop(opened: tuple[Path, AtOnce], tmp_path: Path) -> AsyncIterator[Shop]:
    """A copy of the scene, for one story."""
    path, telegram = opened
    database = open_database(f"sqlite+aiosqlite:///{shutil.copy(path, tmp_path)}", lambda: NOW)
    shop = Shop(database, read_plan(PLAN), NOW)
    shop.telegram.take_over(telegram)
    yield shop
    await database.close()


def _told() -> list[Any]:
    return [
        pytest.param(key, story, id=f"{key}-{number}")
        for key, stories in STORIES.items()
        for number, story in enumerate(stories, 1)
    ]


@pytest.mark.parametrize(("key", "story"), _told())
async def test_a_refused_deed_leaves_nothing(shop: Shop, key: str, story: Story) -> None:
    update = await story(shop)
    before = await shop.tables()
    shop.telegram.toasts.clear()
    await shop.hear(**update)
    after = await shop.tables()
    added = {name: [row for row in rows if row not in before[name]] for name, rows in after.items()}
    gone = {name: [row for row in rows if row not in after[name]] for name, rows in before.items()}
    said = [str(row["body"].get("text") or row["body"].get("values")) for row in added["outbox"]]
    assert [key for words in [*shop.telegram.toasts, *said] if is_no(key, words)], (
        f"said {shop.telegram.toasts, said}"
    )
    assert not any(gone.values()), {name: rows for name, rows in gone.items() if rows}
    # The no itself: a row to send, and one of the customer's conversation where it is a customer who hears it.
    assert len(said) <= 1
    kept = added.pop("messages") + added.pop("outbox")
    assert len(kept) <= 2 * len(said)
    assert not any(added.values()), {name: rows for name, rows in added.items() if rows}


def is_no(key: str, words: str) -> bool:
    """Whether it is that refusal, in any language and with any values."""
    for language in LANGUAGES:
        parts = re.split(r"\{\w+\}", label(language, f"refusal.{key}"))
        if re.search(".*".join(map(re.escape, parts)), words, re.DOTALL):
            return True
    return False
