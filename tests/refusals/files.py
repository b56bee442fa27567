"""Refusals of what is done with customers' files, and of what wants a yes."""

from datetime import timedelta

from models.approvals import Approval, Decision
from models.customers import Customer
from tests.desk import AGENT, SUPERVISOR
from tests.line import Update
from tests.refusals.shop import LI, NEWCOMER, OWNER, PLAN, Shop, at_once, pressed, refuses, typed

# -- files

at_once("which_customer", lambda shop: shop.in_general("/file"), lambda shop: shop.in_private("/file 999"))
at_once("find_usage", lambda shop: shop.in_general("/find"))
typed("set_usage", "/set", "/set nothing")
typed("role_who", "/set agent @nobody")
typed("not_phone", "/set phone 天知道")
typed("not_choice", "/set language 火星文")
typed("not_number", "/set spent 很多")
typed("not_date", "/set bought 去年")
typed("not_text", "/set city " + "很远的地方" * 50, "/set spent " + "1" * 300)
typed("tag_usage", "/tag", "/tag -")
typed("too_many_tags", "/tag " + " ".join(f"标签{number}" for number in range(31)))
typed("address_usage", "/address")
typed("tier_usage", "/tier 别的 老朋友", "/tier vip 老朋友")
typed("tier_reason", "/tier vip 至 2027-06-30", "/tier 按规则")
typed("tier_past", "/tier vip 至 2020-01-01 老朋友")
typed("role", "/tier 按规则 不再常来", who=AGENT)
typed("ban_usage", "/ban", "/ban 2h")
typed("mute_usage", "/mute")
typed("not_banned", "/unban")
typed("has_telegram", "/link")
typed("merge_usage", "/merge", "/merge #999", "/merge 1 1")
typed("unmerge_usage", "/unmerge", "/unmerge 1")


@refuses("no_tiers")
async def _(shop: Shop) -> Update:
    await shop.takes("")
    return shop.staff_says("/tier vip 至 2027-06-30 老朋友")


@refuses("merge_two_accounts")
async def _(shop: Shop) -> Update:
    await shop.done({"message": shop.private(LI, "你们送来的壶也漏水")})
    return shop.staff_says("/merge 2")


@refuses("no_telegram")
async def _(shop: Shop) -> Update:
    """Whoever telephones cannot be kept from writing."""
    await shop.done(shop.in_general("/new 电话 张先生 13800000000 壶漏水"))
    return shop.staff_says("/ban 2h 辱骂", SUPERVISOR, shop.topic_of(1002))


for button in ("kind:1001:praise", "unsolved:1001:0", "another:1"):

    @refuses("banned")
    async def _(shop: Shop, button: str = button) -> Update:
        await shop.done(shop.staff_says("/ban 2h 辱骂", SUPERVISOR))
        return shop.customer_presses(button)


# A file without a number.
pressed("stale", "phone:1")

# -- what wants a yes


@refuses("stale")
async def _(shop: Shop) -> Update:
    """Decided long ago, when nobody wrote down by whom."""
    await shop.asks_for_a_tier()
    await shop.sets(Approval, 1, decision=Decision.YES, decided_at=shop.now)
    return shop.decides()


@refuses("role")
async def _(shop: Shop) -> Update:
    await shop.asks_for_a_tier()
    return shop.decides(AGENT)


@refuses("approval_own")
async def _(shop: Shop) -> Update:
    """Who asked as an agent is a supervisor since."""
    await shop.asks_for_a_tier()
    await shop.done(shop.in_general("/role @staff1 supervisor", OWNER))
    return shop.decides(AGENT)


@refuses("approval_decided")
async def _(shop: Shop) -> Update:
    await shop.asks_for_a_tier()
    await shop.done(shop.decides(SUPERVISOR, "no"))
    return shop.decides(OWNER)


@refuses("approval_ran_out")
async def _(shop: Shop) -> Update:
    await shop.asks_for_a_tier()
    shop.now += timedelta(days=15)
    return shop.decides()


@refuses("approval_no_tier")
async def _(shop: Shop) -> Update:
    await shop.asks_for_a_tier()
    await shop.takes('[[tier]]\nid = "regular"')
    return shop.decides()


@refuses("approval_merged")
async def _(shop: Shop) -> Update:
    """The customer is known under an older number."""
    await shop.has(Customer(id=50, name="王先生", language="zh", created_at=shop.now))
    await shop.asks_for_a_tier()
    asked = shop.decides()
    await shop.done(shop.staff_says("/merge 50 1"))
    await shop.done(shop.decides(AGENT))
    return asked


async def _newcomer_asks(shop: Shop) -> None:
    await shop.takes('[business]\nenrolment = "approve"\n' + PLAN)
    await shop.done(shop.in_general("我是新来的", NEWCOMER))


@refuses("standing_of_unknown")
async def _(shop: Shop) -> Update:
    """Telegram does not say any more whether they sit in the group."""
    await _newcomer_asks(shop)
    shop.telegram.standing[100 + NEWCOMER] = "unsaid"
    shop.now += timedelta(hours=1)
    return shop.decides()


@refuses("approval_admitted")
async def _(shop: Shop) -> Update:
    """Meanwhile everybody may come in."""
    await _newcomer_asks(shop)
    await shop.takes('[business]\nenrolment = "group"\n' + PLAN)
    await shop.done(shop.in_general("我来了", NEWCOMER))
    return shop.decides()


@refuses("approval_left")
async def _(shop: Shop) -> Update:
    await _newcomer_asks(shop)
    await shop.done(shop.leaves(NEWCOMER))
    return shop.decides()
