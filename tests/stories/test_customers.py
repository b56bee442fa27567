"""Customers' files, tiers and segments, as staff use them, and what customers never see of them."""

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta

from sqlmodel import select

from models.customers import Customer as CustomerRow
from models.customers import TierBy
from models.staff import Audit
from tests.stories.shop import Agent, Customer, Shop
from tests.telegram import buttons, words

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
        "/address 王女士", "/set 电话 138 0013 8000", "/set city 乌鲁木齐市", "/set 鞋码 38.5",
        "/set 生日 1990年5月3日", "/set notes 喜欢下午联系", "/tag +企业 +老客户",
    ):  # fmt: skip
        asked = await chen.says(said, to=wang)
        await chen.sees("：", of=wang, after=asked)

    asked = await chen.says("/file", to=wang)
    file = await chen.sees("客户档案", of=wang, after=asked)

    for expected in (
        "称呼：王女士", "等级：普通客户", "分类：企业客户", "电话：+86138****8000", "城市：乌鲁木齐市（Asia/Urumqi）",
        "鞋码：38.5", "生日：1990-05-03", "备注：喜欢下午联系", "标签：企业 老客户", "工单 1 件，处理中",
    ):  # fmt: skip
        assert expected in words(file)
    row = await wang.row()
    assert (row.phone, row.zone, row.segments) == ("+8613800138000", "Asia/Urumqi", ["business"])
    assert await audited(shop, row, "file")


async def test_what_a_field_cannot_hold_is_refused_with_what_it_can(shop: Shop) -> None:
    chen, wang = await staffed(shop), await with_topic(shop)
    for said, refused in (
        ("/set 鞋码 很大", "要填数字"), ("/set 生日 春天", "要填日期"), ("/set phone 12", "不是电话号码"),
        ("/set 爱好 唱歌", "项目：电话, 城市"), ("/set language 法语", "只能填"), ("/tag", "/tag +"),
        ("/set agent @nobody_here", "找不到这个人"), ("/address", "/address"),
    ):  # fmt: skip
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
    stranger = await shop.agent("路人")
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
    assert "失效" in await boss.presses(wish, "不同意")
    asked = await chen.says("/file", to=wang)
    assert "人工指定，到 2099-06-30" in words(await chen.sees("客户档案", of=wang, after=asked))
    assert "VIP" not in "".join(words(each) for each in await wang.chat())


async def test_a_tier_by_hand_wants_a_reason_and_an_end_and_ends_by_itself(shop: Shop) -> None:
    wang, boss = await with_topic(shop), shop.owner
    for said, refused in (
        ("/tier vip", "请写成"), ("/tier vip 2099-01-01", "理由"), ("/tier gold 2099-01-01 x", "请写成"),
        ("/tier vip until 2001-01-01 x", "已经过去"),
    ):  # fmt: skip
        asked = await boss.says(said, to=wang)
        await boss.sees(refused, of=wang, after=asked)
    soon = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    asked = await boss.says(f"/tier VIP客户 {soon} 节日关怀", to=wang)
    await boss.sees("→ VIP客户", of=wang, after=asked)

    await shop.time_passes(days=4)
    await has_tier(wang, "vip")  # not lowered: a case is open
    await boss.says("/close", to=wang)
    await shop.calms_down()
    await shop.time_passes(days=1)

    await has_tier(wang, "regular")
    assert (await wang.row()).tier_by is TierBy.RULE


async def has_tier(customer: Customer, tier: str) -> None:
    """The rules look every few seconds; wait until they have, and that is the tier."""
    await asyncio.sleep(0.2 if tier == "vip" else 0)
    deadline = time.monotonic() + 10
    while (found := (await customer.row()).tier) != tier:
        assert time.monotonic() < deadline, f"the tier is {found}"
        await asyncio.sleep(0.1)


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
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments, env=shop.bot.environment, cwd=shop.bot.folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    return int(process.returncode or 0), out.decode()


async def test_a_shop_takes_over_its_customers_and_their_orders_while_the_bot_runs(shop: Shop) -> None:
    file = shop.bot.folder / "客户.csv"
    file.write_text("会员号,姓名,手机\nM1,赵敏,139 1234 5678\nM2,钱七,1\n", "utf-8")
    code, said = await huifang(shop, "import", "customers", file.name)
    assert (code, "row 3: phone" in said, "Nothing was written." in said) == (1, True, True)
    file.write_text("会员号,姓名,手机\nM1,赵敏,139 1234 5678\n", "gb18030")
    code, said = await huifang(shop, "import", "customers", file.name, "--commit")
    assert (code, "1 new" in said, "Written." in said) == (0, True, True), said
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    orders = shop.bot.folder / "orders.csv"
    orders.write_text(f"order,customer,date,amount,item\nO1,M1,{yesterday},60000,橱柜\n", "utf-8")

    assert (await huifang(shop, "import", "purchases", "orders.csv", "--commit"))[0] == 0

    number = (await shop.stored(select(CustomerRow.id).where(CustomerRow.ref == "M1")))[0]
    deadline = time.monotonic() + 10
    while True:
        asked = await shop.owner.says(f"/file {number}")
        file_shown = words(await shop.owner.sees(f"客户档案 #{number}", after=asked))
        if "VIP" in file_shown:
            break
        assert time.monotonic() < deadline, file_shown
    for expected in (
        "赵敏",
        "电话：+86139****5678",
        "购买 1 次，共 60,000.00",
        "· 2026-11-01 橱柜",
        "还没有关联 Telegram",
    ):
        assert expected in file_shown
