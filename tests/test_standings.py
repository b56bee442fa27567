"""Who has authority: Telegram is asked before anybody gets it, and it ends when it ends (F1, F2, S06, S42)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from bot.standings import Standings
from handlers import staff
from models.delivery import Fate, Outbox, Outcome
from models.installation import Installation
from models.plan import read_plan
from models.staff import GroupMember, Role, Staff, StaffGroup, staff_member
from models.standings import LOOKED_AT
from tests.desk import AGENT, GROUP, SUPERVISOR, open_desk
from tests.line import Update
from tests.refusals.shop import LI, MEI, NEWCOMER, NOW, OWNER, PLAN, WANG, Shop, standing

SQLITE_ALONE = "authority is no matter of storage"
ANYBODY = '[business]\nenrolment = "group"\n' + PLAN
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NEW = 100 + NEWCOMER
#: What Telegram may answer, and whether somebody sits there by it.
ANSWERS: list[tuple[Any, bool | None]] = [
    ("creator", True),
    ("administrator", True),
    ("member", True),
    ({"status": "restricted", "is_member": True}, True),
    ({"status": "restricted", "is_member": False}, False),
    ({"status": "restricted"}, False),
    ("left", False),
    ("kicked", False),
    ("something new", None),
    ({}, None),
    (Outcome(Fate.SENT, True), None),
    (Outcome(Fate.CHAT_GONE, detail="Bad Request: user not found"), None),
    (Outcome(Fate.REFUSED, detail="Bad Request: member not found"), None),
    (Outcome(Fate.NO_RIGHTS, detail="Forbidden: bot is not a member"), None),
    (Outcome(Fate.LATER, detail="Too Many Requests", retry_after=40.0), None),
    (Outcome(Fate.UNKNOWN, detail="5xx"), None),
    (Outcome(Fate.UNSENT), None),
]


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """王 has a complaint and a topic; nobody whom the plan does not ask about."""
    async with open_desk(f"sqlite+aiosqlite:///{tmp_path / 'shop.sqlite'}", PLAN, NOW, Shop) as found:
        await found.open()
        async with found.work() as work:
            work.add(Installation(bot_id=5_000, bot_username="care_bot", owner_ids=[100 + OWNER]))
        yield found


async def has_authority(shop: Shop, who: int) -> bool:
    return any(each.active for each in await shop.rows(Staff) if each.user_id == 100 + who)


async def at_customer(shop: Shop, after: int = 0) -> list[str]:
    """What 王 was sent since then."""
    return [each.text for each in shop.telegram.shown[after:] if each.chat_id == WANG]


def told(shop: Shop, words: str) -> int:
    """How often the bot said so in the group."""
    return sum(words in each.text for each in shop.telegram.shown if each.chat_id == GROUP)


async def look(shop: Shop) -> int:
    """The look of each hour, at this moment, until it finds nobody."""
    standings, rounds = Standings(shop.work, shop.telegram), 0  # type: ignore[arg-type]
    while await standings.look(shop.now - LOOKED_AT):
        rounds += 1
        assert rounds < 20
    await shop.post()
    return rounds


def joins(shop: Shop, who: int) -> Update:
    """Telegram says that somebody has come into the group."""
    was = shop.in_group(100 + who, "")
    return {
        "chat_member": {key: was[key] for key in ("chat", "from", "date")} | standing(was["from"], "left", "member")
    }


# -- how it begins


@pytest.mark.parametrize(("answer", "sits"), ANSWERS)
async def test_f1_whom_telegram_does_not_call_a_member_one_message_makes_nobody(
    shop: Shop, answer: Any, sits: bool | None
) -> None:
    await shop.takes(ANYBODY)
    shop.telegram.standing[NEW], before = answer, len(shop.telegram.shown)

    for text in ("请把卡号发给 @mallory", "还在吗", "请尽快"):
        await shop.done(shop.staff_says(text, NEWCOMER))

    assert await has_authority(shop, NEWCOMER) is (sits is True)
    assert shop.telegram.asked == [NEW], "once, and then it is remembered"
    if sits:
        assert await at_customer(shop, before) == ["还在吗", "请尽快"], "the first made them staff and went to nobody"
        assert told(shop, "这第一条没有发给客户，请再写一遍") == 1
    else:
        assert await at_customer(shop, before) == []
        assert told(shop, "这条没有发给任何人") == 1, "it is said once"
        assert NEW not in [each.user_id for each in await shop.rows(Staff)]


async def test_f1_by_default_a_person_decides_and_until_then_words_in_a_topic_go_to_nobody(shop: Shop) -> None:
    before = len(shop.telegram.shown)
    for text in ("请把卡号发给 @mallory", "还在吗"):
        await shop.done(shop.staff_says(text, NEWCOMER))
    assert (await has_authority(shop, NEWCOMER), await at_customer(shop, before)) == (False, [])
    assert told(shop, "这条没有发给任何人。主管确认之后") == 1
    assert told(shop, "在群里说话了，是否加入客服？") == 1

    await shop.done(shop.decides())
    await shop.done(shop.staff_says("马上查", NEWCOMER))
    assert await at_customer(shop, before) == ["马上查"]


async def test_f1_an_edit_or_the_rest_of_an_album_does_not_bring_the_first_words_to_the_customer(shop: Shop) -> None:
    await shop.takes(ANYBODY)
    before, photo = len(shop.telegram.shown), [{"file_id": "p", "file_unique_id": "p", "width": 1, "height": 1}]
    first = shop.staff_says("请把卡号发给我", NEWCOMER)
    parts = [shop.staff_says("", NEWCOMER, photo=photo, media_group_id="7") for _ in range(2)]
    for part in parts:
        del part["message"]["text"]
    await shop.takes(ANYBODY)
    await shop.done(*parts)
    assert await at_customer(shop, before) == []
    await shop.done(first)
    assert await at_customer(shop, before) == ["请把卡号发给我"], "by now it is an agent's word"

    edited = parts[0]["message"] | {"caption": "请把卡号发给我", "edit_date": parts[0]["message"]["date"] + 1}
    shop.now += MINUTE
    await shop.store(edited_message=edited)
    await shop.handle()
    await shop.post()
    assert await at_customer(shop, before) == ["请把卡号发给我"]


async def test_f1_in_a_group_without_topics_a_reply_of_a_stranger_goes_to_nobody(shop: Shop) -> None:
    await shop.sets(StaffGroup, 1, is_forum=False)
    await shop.customer_writes(LI, "灯不亮")
    await shop.post()
    before, shown = len(shop.telegram.shown), shop.shown("灯不亮", chat=GROUP)
    for text in ("请把卡号发给我", "请尽快"):
        said = shop.in_group(NEW, text, **shop.reply(shown))
        del said["chat"]["is_forum"]
        await shop.done({"message": said})
    assert not [each for each in shop.telegram.shown[before:] if each.chat_id == LI]
    assert told(shop, "这条没有发给任何人") == 1


async def test_f1_a_candidate_who_has_left_is_not_admitted_though_nobody_told_us(shop: Shop) -> None:
    await shop.done(shop.in_general("我是新来的", NEWCOMER))
    shop.telegram.standing[NEW] = "left"
    shop.now += HOUR
    await shop.hear(**shop.decides())
    assert not await has_authority(shop, NEWCOMER)


# -- the team of the first day


async def opens_to_team(shop: Shop, who: int = SUPERVISOR) -> None:
    await shop.done(shop.staff_presses("team:1:asked", who))


async def test_f1_one_tap_takes_whoever_is_there_and_about_who_joins_later_it_is_asked(shop: Shop) -> None:
    later = NEWCOMER + 1
    await opens_to_team(shop)
    assert told(shop, "群里的人都是客服") >= 1
    shop.now += MINUTE
    await shop.done(joins(shop, later))
    await shop.done(shop.in_general("我在", NEWCOMER), shop.in_general("我是后来的", later))
    assert (await has_authority(shop, NEWCOMER), await has_authority(shop, later)) == (True, False)

    shop.now += 7 * DAY
    await shop.done(shop.in_general("我也在", later + 1))
    assert not await has_authority(shop, later + 1), "it holds for a week"

    data, under = shop.button("dismiss:")
    await shop.done(shop.staff_presses(data, SUPERVISOR, under))
    await shop.done(shop.in_general("怎么了", NEWCOMER))
    assert not await has_authority(shop, NEWCOMER), "undone stays undone"


async def test_f1_the_tap_takes_those_who_wait_at_once_but_not_who_was_refused_or_has_left(shop: Shop) -> None:
    refused, gone = NEWCOMER + 1, NEWCOMER + 2
    await shop.done(shop.in_general("我", refused))
    await shop.done(shop.decides(answer="no"))
    await shop.done(shop.in_general("我", NEWCOMER), shop.in_general("我", gone))
    shop.telegram.standing[100 + gone] = "left"
    shop.now += HOUR

    await opens_to_team(shop)

    assert [await has_authority(shop, who) for who in (NEWCOMER, refused, gone)] == [True, False, False]
    await shop.done(shop.in_general("我呢", refused))
    assert not await has_authority(shop, refused)


async def test_s42_the_tap_is_for_supervisors_in_that_group(shop: Shop) -> None:
    await opens_to_team(shop, AGENT)
    await shop.done(shop.in_general("我在", NEWCOMER))
    assert not await has_authority(shop, NEWCOMER)


# -- how it ends


async def test_f2_whoever_is_gone_loses_authority_within_the_hour_whatever_we_missed(shop: Shop) -> None:
    await look(shop)
    shop.telegram.standing[100 + AGENT] = "kicked"
    await shop.done(shop.staff_presses("claim:1001"))
    assert await look(shop) == 0
    shop.now += HOUR + MINUTE
    assert await look(shop)
    assert not await has_authority(shop, AGENT)
    assert told(shop, "已离开本群，以下工单退回待认领：1001") == 1
    assert await has_authority(shop, MEI)


async def test_s06_alone_with_the_bot_telegram_is_asked_first_and_remembered_for_ten_minutes(shop: Shop) -> None:
    for _ in range(2):
        await shop.done(shop.in_private("/find 王"))
    assert shop.telegram.asked == [100 + AGENT]
    shop.telegram.standing[100 + AGENT] = "left"
    shop.now += 11 * MINUTE
    before = len(shop.telegram.shown)

    await shop.done(shop.in_private("/find 王"))

    assert not await has_authority(shop, AGENT)
    (answer,) = [each.text for each in shop.telegram.shown[before:] if each.chat_id == 100 + AGENT]
    assert "已为您登记" in answer, "they are a customer like any other"


@pytest.mark.parametrize("answer", [each for each, sits in ANSWERS if sits is None])
async def test_s06_no_answer_refuses_in_words_and_ends_nothing(shop: Shop, answer: Any) -> None:
    shop.telegram.standing[100 + AGENT] = answer
    await shop.done(shop.in_private("/find 王"))
    assert "暂时无法从 Telegram 确认" in shop.shown(chat=100 + AGENT).text
    shop.now += HOUR
    await look(shop)
    assert await has_authority(shop, AGENT)
    before = len(shop.telegram.shown)
    await shop.done(shop.staff_says("马上查"))
    assert await at_customer(shop, before) == ["马上查"]

    shop.telegram.standing[100 + AGENT] = "member"
    shop.now += MINUTE
    await shop.done(shop.in_private("/find 王"))
    assert "王" in shop.shown(chat=100 + AGENT).text or "person" in shop.shown(chat=100 + AGENT).text


async def test_s06_somebody_with_authority_speaks_in_another_group_and_works_there_once_telegram_says_so(
    shop: Shop,
) -> None:
    async with shop.work() as work:
        await work.session.delete(await work.first(select(GroupMember).where(GroupMember.staff_id == MEI)))
    shop.telegram.standing[100 + MEI] = "left"
    before = len(shop.telegram.shown)
    await shop.done(shop.staff_says("我来答", MEI))
    assert await at_customer(shop, before) == []
    async with shop.work() as work:
        assert MEI not in [each.staff_id for each in await work.all(select(GroupMember))]


@pytest.mark.parametrize("sits", [True, False])
async def test_f2_an_owner_taken_out_of_the_settings_is_an_agent_or_nobody(shop: Shop, sits: bool) -> None:
    await shop.sets(Staff, MEI, role=Role.OWNER)
    if not sits:
        await shop.done(shop.leaves(OWNER))
        assert await has_authority(shop, OWNER), "while the settings name them"
    async with shop.work() as work:
        await staff.appoint_owners(work, (), [100 + OWNER])
        assert (await work.first(select(Installation))).owner_ids
    owner = next(each for each in await shop.rows(Staff) if each.id == OWNER)
    assert (owner.active, owner.role) == (sits, Role.AGENT)


async def test_f2_an_owner_by_another_owners_word_who_leaves_is_one_no_more_and_a_lower_role_needs_a_seat(
    shop: Shop,
) -> None:
    await shop.sets(Staff, MEI, role=Role.OWNER)
    await shop.done(shop.leaves(MEI))
    assert not await has_authority(shop, MEI)
    await shop.sets(Staff, AGENT, role=Role.OWNER)
    await shop.done(shop.leaves(OWNER))
    await shop.done(shop.in_general("/role @staff4 agent", AGENT))
    assert not await has_authority(shop, OWNER)
    assert "已不再是客服" in shop.shown(chat=GROUP).text


async def test_f2_who_has_authority_in_no_group_loses_it(shop: Shop) -> None:
    await shop.has(Staff(id=9, user_id=109, name="外人", joined_at=shop.now))
    await look(shop)
    assert not await has_authority(shop, 9)
    assert await has_authority(shop, OWNER)


async def test_s42_an_owner_ends_somebodys_authority_until_an_owner_gives_it_back(shop: Shop) -> None:
    await shop.takes(ANYBODY)
    await shop.done(shop.staff_presses("claim:1001", MEI))
    await shop.done(shop.in_general("/role @staff5 none", OWNER))
    assert not await has_authority(shop, MEI)
    assert told(shop, "以下工单退回待认领：1001") == 1
    before = len(shop.telegram.shown)
    await shop.done(shop.staff_says("我还在", MEI), shop.in_private("/find 王", MEI))
    assert not await has_authority(shop, MEI), "a word brings nothing back"
    assert await at_customer(shop, before) == []
    await shop.done(shop.in_general("/role @staff5 客服专员", OWNER))
    await shop.done(shop.staff_says("您好，我马上来看", MEI))
    assert await at_customer(shop, before) == ["您好，我马上来看"]


async def test_s42_supervisors_read_who_has_authority_since_when_and_by_whom(shop: Shop) -> None:
    await shop.done(shop.in_general("我是新来的", NEWCOMER))
    await shop.done(shop.decides())
    await shop.done(shop.in_general("/staff", SUPERVISOR))
    lines = shop.shown(chat=GROUP).text.splitlines()
    assert "staff 4（@staff4） · 系统管理员 · 2027-02-18 起，由系统设置指定" in lines
    assert "staff 6（@staff6） · 客服专员 · 2027-02-18 起，由 staff 2 确认" in lines
    await shop.done(shop.in_general("/staff", AGENT))
    assert "需要主管" in shop.shown(chat=GROUP).text


# -- and nothing is lost meanwhile


async def test_s06_an_update_waits_in_its_lane_while_telegram_is_asked_and_others_go_on(shop: Shop) -> None:
    before = len(shop.telegram.shown)
    for update in (shop.in_private("/find 王"), {"message": shop.private(LI, "灯不亮")}):
        await shop.store(**update)
    await shop.handle()
    await shop.post()
    assert [each.chat_id for each in shop.telegram.shown[before:] if each.chat_id in (LI, 100 + AGENT)]
    async with shop.work() as work:
        assert (await staff_member(work, AGENT)).active
    assert not [row for row in await shop.rows(Outbox) if row.state == "dead"]
    assert read_plan("").business.enrolment == "approve"
