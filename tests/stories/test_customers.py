"""Customers' files, tiers and segments, as staff use them, and what customers never see of them."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from models.audit import Audit
from models.cases import Case
from models.customers import Customer as CustomerRow
from models.customers import JoinToken, Purchase, TierBy
from models.messages import Message
from models.plan import Plan
from models.topics import Topic
from tests.running import command
from tests.stories.shop import Agent, Customer, Shop
from tests.telegram import PATIENCE_SECONDS, buttons, words

PLAN = """
[[tier]]
id = "vip"
name = { zh = "VIP客户", en = "VIP" }
when = { spent_12m = 50000 }
[[tier]]
id = "regular"
name = { zh = "普通客户", en = "Regular" }

[[segment]]
id = "business"
name = { zh = "企业客户", en = "Business" }
when = { tag = "企业" }

[[field]]
id = "size"
name = { zh = "鞋码", en = "Shoe size" }
kind = "number"
[[field]]
id = "birthday"
name = { zh = "生日", en = "Birthday" }
kind = "date"
"""


async def staffed(shop: Shop, name: str = "小陈", role: str = "", **facts: str) -> Agent:
    """An agent who has spoken in the group, with a role."""
    agent = await shop.agent(name, **facts)
    said = await agent.says("大家早")
    await shop.calms_down()
    if role:
        await shop.owner.says(f"/role {role}", reply_to=said)
        await shop.calms_down()
    return agent


async def with_topic(shop: Shop, name: str = "王芳", **facts: str) -> Customer:
    customer = await shop.customer(name, **facts)
    await customer.complains("门铃不响")
    await customer.topic()
    return customer


async def audited(shop: Shop, customer: CustomerRow, action: str) -> list[Audit]:
    return list(
        await shop.stored(select(Audit).where(Audit.subject == f"customer:{customer.id}", Audit.action == action))
    )


async def test_staff_fill_in_a_file_and_read_it_whole(shop: Shop) -> None:
    chen, wang = await staffed(shop), await with_topic(shop)
    for said in (
        "/address 王女士",
        "/set 电话 138 0013 8000",
        "/set city 乌鲁木齐市",
        "/set 鞋码 38.5",
        "/set 生日 1990年5月3日",
        "/set notes 喜欢下午联系",
        "/tag +企业 +老客户",
    ):
        asked = await chen.says(said, to=wang)
        await chen.sees("：", of=wang, after=asked)

    asked = await chen.says("/file", to=wang)
    file = await chen.sees("客户档案", of=wang, after=asked)

    for expected in (
        "称呼：王女士",
        "等级：普通客户（按规则：近 12 个月消费 0.00，0 次购买）",
        "分类：企业客户",
        "电话：+86138****8000",
        "城市：乌鲁木齐市（Asia/Urumqi）",
        "鞋码：38.5",
        "生日：1990-05-03",
        "备注：喜欢下午联系",
        "标签：企业 老客户",
        "工单 1 件，处理中",
    ):
        assert expected in words(file)
    row = await wang.row()
    assert (row.phone, row.zone, row.segments) == ("+8613800138000", "Asia/Urumqi", ["business"])
    assert await audited(shop, row, "file")


async def test_what_a_field_cannot_hold_is_refused_with_what_it_can(shop: Shop) -> None:
    chen, wang = await staffed(shop), await with_topic(shop)
    for said, refused in (
        ("/set 鞋码 很大", "要填数字"),
        ("/set 生日 春天", "要填日期"),
        ("/set phone 12", "不是电话号码"),
        ("/set 爱好 唱歌", "项目：电话, 城市"),
        ("/set language 法语", "只能填"),
        ("/tag", "/tag +"),
        ("/set agent @nobody_here", "找不到这个人"),
        ("/address", "/address"),
    ):
        asked = await chen.says(said, to=wang)
        await chen.sees(refused, of=wang, after=asked)
    row = await wang.row()
    assert (row.phone, row.fields, row.tags) == (None, {}, [])


async def test_s12_the_phone_is_shown_to_who_asks_alone_and_the_audit_says_so(shop: Shop) -> None:
    chen, wang, li = await staffed(shop), await with_topic(shop), await with_topic(shop, "李雷")
    await chen.says("/set phone +44 20 7946 0958", to=wang)
    await chen.sees("****0958", of=wang)
    asked = await chen.says("/file", to=wang)
    file = await chen.sees("客户档案", of=wang, after=asked)

    assert await chen.presses(file, "查看电话") == "+442079460958"

    other = await chen.sees("工单", of=li)
    assert "失效" in await chen.presses(other, f"phone:{(await wang.row()).id}", forge=True)
    stranger = await shop.newcomer("路人")
    assert "先在客服群里" in await stranger.presses(file, "查看电话")
    assert len(await audited(shop, await wang.row(), "phone_seen")) == 1
    assert "7946" not in "".join(words(each) for each in await shop.topic_of(wang)).replace("+44 20 7946 0958", "")


async def test_an_agent_asks_for_a_tier_and_a_supervisor_decides_once(shop: Shop) -> None:
    chen, boss, wang = await staffed(shop), await staffed(shop, "李主管", "supervisor"), await with_topic(shop)
    asked = await chen.says("/tier vip 至 2099-06-30 大客户介绍", to=wang)
    wish = await chen.sees("申请", of=wang, after=asked)
    assert "需要主管" in await chen.presses(wish, "同意")
    assert (await wang.row()).tier == "regular"

    await boss.presses(wish, "同意")

    await chen.sees("普通客户 → VIP客户，到 2099-06-30", of=wang)
    row = await wang.row()
    assert (row.tier, row.tier_by, row.tier_reason) == ("vip", TierBy.HAND, "大客户介绍")
    assert row.tier_until == datetime(2099, 6, 30, 16, tzinfo=UTC)
    assert "李主管 已经决定" in await boss.presses(wish, "不同意")
    asked = await chen.says("/file", to=wang)
    assert "人工指定，到 2099-06-30" in words(await chen.sees("客户档案", of=wang, after=asked))
    assert "VIP" not in "".join(words(each) for each in await wang.chat())


async def test_a_tier_by_hand_wants_a_reason_and_an_end_and_ends_by_itself(shop: Shop) -> None:
    wang, boss = await with_topic(shop), shop.owner
    for said, refused in (
        ("/tier vip", "请写成"),
        ("/tier vip 2099-01-01", "理由"),
        ("/tier gold 2099-01-01 x", "请写成"),
        ("/tier vip until 2001-01-01 x", "已经过去"),
    ):
        asked = await boss.says(said, to=wang)
        await boss.sees(refused, of=wang, after=asked)
    soon = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    asked = await boss.says(f"/tier VIP客户 {soon} 节日关怀", to=wang)
    await boss.sees("→ VIP客户", of=wang, after=asked)

    await shop.time_passes(days=4)
    assert (await wang.row()).tier == "vip", "not lowered: a case is open"
    await boss.says("/close", to=wang)
    await shop.calms_down()
    await shop.time_passes(days=1)
    await shop.time_comes(0, "12:00")  # after a night's work, at whatever hour this is told

    assert (await wang.row()).tier == "regular"
    assert (await wang.row()).tier_by is TierBy.RULE


async def test_a_file_is_found_by_its_number_from_anywhere_among_staff_in_english(shop: Shop) -> None:
    chen, wang = await staffed(shop, "Chen", language="en"), await with_topic(shop)
    number = (await wang.row()).id
    asked = await chen.says(f"/file {number}")
    await chen.sees(f"客户档案 #{number}", after=asked)
    asked = await chen.says("/file 999999")
    await chen.sees("the customer's number", after=asked)

    alone = Customer(shop, chen.user)
    await alone.says("/start")
    told = await alone.says(f"/file #{number}")
    file = await alone.hears(f"Customer file #{number}", after=told)
    assert [each["text"] for each in buttons(file)] == ["How to change"]

    await wang.says(f"/file {number}")
    await shop.calms_down()
    assert "客户档案" not in "".join(words(each) for each in await wang.chat())


async def huifang(shop: Shop, *arguments: str) -> tuple[int, str]:
    """The command line beside the running bot: its exit code and what it printed."""
    return await command(*arguments, environment=shop.bot.environment, folder=shop.bot.folder)


@pytest.mark.postgres_too
async def test_a_shop_takes_over_its_customers_and_their_orders_while_the_bot_runs(shop: Shop) -> None:
    file = shop.bot.folder / "客户.csv"
    file.write_text("会员号,姓名,手机\nM1,赵敏,139 1234 5678\nM2,钱七,1\n", "utf-8")
    code, said = await huifang(shop, "import", "customers", file.name)
    assert (code, "row 3: 手机" in said, "Nothing was written." in said) == (1, True, True)
    file.write_text("会员号,姓名,手机\nM1,赵敏,139 1234 5678\n", "gb18030")
    code, said = await huifang(shop, "import", "customers", file.name, "--commit")
    assert (code, "1 new" in said, "Written." in said) == (0, True, True), said
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    orders = shop.bot.folder / "orders.csv"
    orders.write_text(f"order,customer,date,amount,item\nO1,M1,{yesterday},60000,橱柜\n", "utf-8")

    assert (await huifang(shop, "import", "purchases", "orders.csv", "--commit"))[0] == 0

    number = (await shop.stored(select(CustomerRow.id).where(CustomerRow.ref == "M1")))[0]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        asked = await shop.owner.says(f"/file {number}")
        file_shown = words(await shop.owner.sees(f"客户档案 #{number}", after=asked))
        if "VIP" in file_shown:
            break
        assert time.monotonic() < deadline, file_shown
    code, said = await huifang(shop, "customers", "rfm", "--csv", "rfm.csv")
    assert (code, "80% of the sales come from" in said) == (0, True)
    assert "赵敏" in (shop.bot.folder / "rfm.csv").read_text("utf-8-sig")
    boss = Customer(shop, shop.owner.user)
    told = await boss.says("/rfm")
    assert "样本：近 365 天有购买的全部客户" in words(await boss.hears("二八曲线", after=told))
    bought = ("购买 1 次，共 60,000.00", f"· {yesterday} 橱柜")
    for expected in ("赵敏", "电话：+86139****5678", "还没有关联 Telegram", *bought):
        assert expected in file_shown


# -- finding


async def test_find_leads_to_customers_and_cases_by_what_staff_remember(shop: Shop) -> None:
    chen, wang = await staffed(shop), await shop.customer("司马相如")
    await wang.complains("100%_棉的窗帘掉色了")
    await wang.topic()
    await chen.says("/set phone 13700137042", to=wang)
    await chen.says("/tag +窗帘客户", to=wang)
    await chen.says("/address 司马先生", to=wang)
    await shop.calms_down()
    number = (await wang.row()).id

    for remembered, expected in (
        ("司马", f"#{number}"),
        ("马相", f"#{number}"),
        ("7042", "+86137****7042"),
        ("137 0013 7042", f"#{number}"),
        ("#窗帘客户", f"#{number}"),
        ("司马先生", "（司马先生）"),
        (str(number), f"#{number}"),
        ("100%_棉", "掉色"),
    ):
        asked = await chen.says(f"/find {remembered}")
        found = await chen.sees("", after=asked)
        assert expected in words(found), (remembered, words(found))
    links = [each["url"] for each in found["entities"] if each["type"] == "text_link"]
    assert links
    thread = await wang.topic()
    assert all(link.endswith(f"/{thread}") for link in links)
    for nothing in ("100_", "没有这个人", "%"):
        asked = await chen.says(f"/find {nothing}")
        found = await chen.sees("", after=asked)
        assert ("没有找到" in words(found)) == (nothing != "%")
    assert "13700137042" not in words(found)


async def test_s13_a_customer_finds_nothing_with_numbers_and_words(shop: Shop) -> None:
    wang, li, chen = await with_topic(shop), await with_topic(shop, "李雷"), await staffed(shop)
    number = (await wang.row()).id
    for said in (f"/find {number}", "/find 王芳", f"/file {number}", f"/merge {number} 1", "/tier vip 2099-01-01 x"):
        await li.says(said)
        await chen.sees(said, of=li)  # words of theirs like any others
    await shop.calms_down()
    heard = [words(each) for each in await li.chat() if each["from"]["is_bot"]]
    assert heard
    assert not [each for each in heard if "王芳" in each or f"#{number}" in each]
    assert (await li.row()).tier == "regular"
    assert (await wang.row()).merged_into_id is None


# -- one person, two numbers


async def imported_customer(shop: Shop, ref: str, name: str, phone: str = "") -> int:
    """A customer as an import leaves them; the number."""
    async with shop.database.work(lambda: datetime.now(UTC), Plan()) as work:
        number = await work.number("customer")
        row = CustomerRow(
            id=number,
            name=name,
            ref=ref,
            phone=phone or None,
            language="zh",
            tags=["老会员"],
            created_at=datetime.now(UTC) - timedelta(days=900),
        )
        work.add(row)
        work.add(Purchase(customer_id=number, ref=f"order of {ref}", at=work.now, amount=100_00, fresh=False))
    return number


async def test_a_shared_contact_joins_the_customer_who_was_imported_with_that_number(shop: Shop) -> None:
    number = await imported_customer(shop, "C1", "赵敏", "+8613612340001")
    zhao, chen = await with_topic(shop, "敏敏"), await staffed(shop)
    own = {"phone_number": "8613612340001", "first_name": "敏敏"}

    await zhao.says(contact={**own, "user_id": 4711})
    await shop.calms_down()
    assert (await zhao.row()).ref is None  # somebody else's

    await zhao.says(contact={**own, "user_id": zhao.id})
    await shop.calms_down()

    row = await zhao.row()
    assert (row.phone, row.ref, row.salutation, row.tags) == ("+8613612340001", "C1", "赵敏", ["老会员"])
    asked = await chen.says(f"/find {number}")
    assert f"#{row.id} 敏敏" in words(await chen.sees("", after=asked))
    asked = await chen.says("/file", to=zhao)
    file = words(await chen.sees("客户档案", of=zhao, after=asked))
    assert f"已并入：{number}" in file
    assert "购买 1 次" in file


async def test_of_several_with_that_number_staff_decide(shop: Shop) -> None:
    first = await imported_customer(shop, "D1", "钱一", "+8613612340002")
    second = await imported_customer(shop, "D2", "钱二", "+8613612340002")
    qian = await shop.customer("老钱")
    await qian.says("/help")
    offered = (await qian.hears("分享我的电话"))["reply_keyboard"]["keyboard"]
    assert offered[-1] == [{"text": "分享我的电话", "request_contact": True}]
    said = await qian.says(contact={"phone_number": "+8613612340002", "first_name": "钱", "user_id": qian.id})
    await qian.hears("电话已经记下", after=said)
    await shop.owner.sees(f"与这些客户相同：{first}、{second}")
    assert (await qian.row()).ref is None
    said = await qian.says("/help")
    assert "分享我的电话" not in str(await qian.hears("/mycases", after=said))


async def test_s33_a_link_joins_once_and_says_no_more_than_any_other_that_is_not_good(shop: Shop) -> None:
    number, boss = await imported_customer(shop, "E1", "孙七"), shop.owner
    asked = await boss.says(f"/link {number}")
    told = words(await boss.sees("专用链接", after=asked))
    token = told.partition("?start=")[2].split()[0]
    assert len(token) == 32
    assert token not in str(await shop.stored(select(JoinToken)))
    refused = []
    stranger = await shop.customer("路人")
    last = "a" if token[-1] != "a" else "b"
    for wrong in (token[:-1] + last, token.swapcase(), "' or 1=1".ljust(32, "-"), "长" * 32):
        said = await stranger.says(f"/start {wrong}")
        refused.append(words(await stranger.hears("链接", after=said)))
    said = await stranger.says(f"/start customer_{number}")  # a poster's link, say
    assert "链接" not in words(await stranger.hears("", after=said))

    sun = await shop.customer("孙七")
    said = await sun.says(f"/start {token}")
    await sun.hears("已经和这个对话关联好了", after=said)

    assert (await sun.row()).id == number
    said = await stranger.says(f"/start {token}")
    refused.append(words(await stranger.hears("链接", after=said)))
    assert len(set(refused)) == 1
    asked = await boss.says(f"/link {number}")
    await boss.sees("已经关联", after=asked)
    other = await imported_customer(shop, "E2", "孙八")
    asked = await boss.says(f"/link {other}")
    token = words(await boss.sees("专用链接", after=asked)).partition("?start=")[2].split()[0]
    await shop.time_passes(days=8)
    said = await stranger.says(f"/start {token}")
    await stranger.hears("已经失效", after=said)


async def test_a_merge_is_shown_first_moves_everything_and_is_undone_whole(shop: Shop) -> None:
    chen, wang = await staffed(shop), await with_topic(shop)
    old = await imported_customer(shop, "F1", "王女士", "+8613612340009")
    number = (await wang.row()).id
    everything = await of_both(shop, number, old)

    asked = await chen.says(f"/merge {old} {number}")
    preview = await chen.sees(f"合并后保留 #{old}", after=asked)
    assert "工单 1 · 消息" in words(preview)
    assert await of_both(shop, number, old) == everything
    await chen.presses(preview, "合并")
    await chen.sees(f"#{number} 已并入", after=asked)

    assert (await wang.row()).id == old
    assert "已经决定" in await chen.presses(preview, "合并")
    await chen.answers("您好，换了编号也找得到您", to=wang)
    said = await wang.says("收到，谢谢，还有一个问题")
    await chen.sees("还有一个问题", of=wang, after=said)
    new_words = await shop.stored(select(Message.id).where(Message.customer_id == old))

    asked = await chen.says(f"/unmerge {number}")
    await chen.sees("恢复原状", after=asked)

    assert (await wang.row()).id == number
    after = await of_both(shop, number, old)
    assert [row for row in after if row not in everything and row[0] != "messages"] == []
    assert [row for row in everything if row not in after] == []
    assert new_words
    await chen.answers("您好，还是我们", to=wang)
    asked = await chen.says(f"/unmerge {number}")
    await chen.sees("请写成：/unmerge", after=asked)


@pytest.mark.postgres_too
async def test_words_that_wait_through_a_merge_and_its_undoing_go_to_the_topic_of_their_own(shop: Shop) -> None:
    wang, owner = await with_topic(shop), shop.owner
    old = await imported_customer(shop, "F2", "王女士", "+8613612340010")
    number = (await wang.row()).id
    await owner.starts_bot()
    await shop.calms_down()
    await shop.telegram.fault(
        "status", "sendMessage", code=429, chat_id=shop.group["id"], parameters={"retry_after": 4}
    )
    await wang.says("门铃又不响了")
    await shop.telegram.say(owner.user, f"/merge {old} {number}")
    await owner.presses(await owner.hears(f"合并后保留 #{old}"), "合并")
    await owner.hears(f"#{number} 已并入")
    await shop.telegram.say(owner.user, f"/unmerge {number}")
    await owner.hears("恢复原状")
    assert "门铃又不响了" not in str(await shop.telegram.chat(shop.group)), "it waits"

    await owner.sees("门铃又不响了", of=wang)

    await shop.calms_down()
    assert await shop.stored(select(Topic).where(Topic.customer_id == old)) == []


async def of_both(shop: Shop, *numbers: int) -> list[tuple[str, int, int]]:
    """Whose every row is, by table, and the file that is merged."""
    found: list[tuple[str, int, int]] = []
    for table in (Case, Message, Purchase, Topic):
        rows = await shop.stored(select(table).where(col(table.customer_id).in_(numbers)).order_by(col(table.id)))
        found += [(str(table.__tablename__), int(row.id or 0), row.customer_id) for row in rows]
    for row in await shop.stored(select(CustomerRow).where(col(CustomerRow.id).in_(numbers))):
        found.append((f"{row.name} {row.user_id} {row.ref} {row.phone} {row.tags} {row.salutation}", row.id, row.id))
    return found
