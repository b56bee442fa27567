"""Refusals of those who may not, and of what is done with a case: claimed, answered, given to others, promised."""

from typing import Any

from sqlmodel import select

from models.cases import Case, CaseKind
from models.customers import Customer
from models.staff import GroupMember, Staff, StaffGroup
from models.standards import Clock, Timed
from models.topics import Topic, TopicState
from tests.desk import AGENT, GROUP, SUPERVISOR
from tests.line import Shown, Update
from tests.refusals.shop import HIDDEN, LI, MEI, NEWCOMER, OWNER, PLAN, Shop, at_once, pressed, refuses, tapped, typed

ELSEWHERE = -1002

# -- who may

at_once("nobody", lambda shop: shop.staff_says("/resolve", sender_chat={"id": -1001, "type": "supergroup"}))
at_once("second_hand", lambda shop: shop.staff_says("/resolve", forward_origin=HIDDEN))
typed("role", "/ban 2h 辱骂", "/kind enquiry", who=AGENT)
at_once("role", lambda shop: shop.in_general("/role @staff5 owner", SUPERVISOR))
at_once("role", lambda shop: shop.in_general("/survey csat", SUPERVISOR))
pressed("not_staff", "claim:1001", who=77)
typed("role_usage", "/role", "/role @staff5 king")
typed("role_who", "/role @nobody agent")
typed("last_owner", "/role @staff4 agent", "/role @staff4 none")
pressed("stale", "team:999:offered", "dismiss:999", f"dismiss:{OWNER}", who=SUPERVISOR)


@refuses("role_who")
async def _(shop: Shop) -> Update:
    """In reply to somebody who has left."""
    word = shop.in_general("好的", MEI)
    await shop.done(word, shop.leaves(MEI))
    return shop.in_general("/role supervisor", OWNER, reply_to_message=word["message"])


for role in ("supervisor", "none"):

    @refuses("role_who")
    async def _(shop: Shop, role: str = role) -> Update:
        """Of somebody who is no longer on the staff, and in no group."""
        await shop.done(shop.in_general("/role @staff5 none", OWNER))
        await shop.done(*([shop.leaves(MEI)] if role != "none" else []))
        return shop.in_general(f"/role @staff5 {role}", OWNER)


@refuses("dismissed")
async def _(shop: Shop) -> Update:
    """Whose authority an owner has taken."""
    await shop.done(shop.in_general("/role @staff5 none", OWNER))
    return shop.staff_says("/claim", MEI)


@refuses("standing_unknown")
async def _(shop: Shop) -> Update:
    """Alone with the bot, while Telegram does not say whether they sit in the group."""
    shop.telegram.standing[100 + AGENT] = "unsaid"
    return shop.in_private("/find 王")


@refuses("standing_unknown")
async def _(shop: Shop) -> Update:
    """Somebody new, in the group."""
    shop.telegram.standing[100 + NEWCOMER] = "unsaid"
    return shop.staff_says("/claim", NEWCOMER)


@refuses("standing_unknown")
async def _(shop: Shop) -> Update:
    """Whether they could have it back."""
    await shop.done(shop.in_general("/role @staff5 none", OWNER))
    shop.telegram.standing[100 + MEI] = "unsaid"
    return shop.in_general("/role @staff5 agent", OWNER)


@refuses("not_staff")
async def _(shop: Shop) -> Update:
    """Alone with the bot, by somebody with authority who works in no group."""
    await shop.has(Staff(id=9, user_id=109, name="外人", username="staff9", joined_at=shop.now, started_bot=True))
    return shop.in_private("/find 王", 9)


@refuses("awaits_approval")
async def _(shop: Shop) -> Update:
    await shop.takes('[business]\nenrolment = "approve"\n' + PLAN)
    await shop.done(shop.in_general("我是新来的", NEWCOMER))
    return shop.staff_says("/claim", NEWCOMER)


# -- buttons of long ago, and forged ones

pressed("stale", "claim:999", "claim:x", "nonsense:1", "more:999", "setkind:1001:nonsense", "severity:1001:nonsense")
pressed("stale", "have:999", "ack:999", "phone:999", "how_to_set:999", "approval:999:yes", "tier_yes:999")
tapped("stale", "kind:999:complaint", "kind:1001:nonsense", "object:1", "language:xx")


@refuses("stale")
async def _(shop: Shop) -> Update:
    """A card that was passed on."""
    update = shop.staff_presses("claim:1001")
    update["callback_query"]["message"]["forward_origin"] = HIDDEN
    return update


@refuses("stale")
async def _(shop: Shop) -> Update:
    """王's case, in the topic of 李."""
    await _topic_of_li(shop)
    return shop.staff_presses("claim:1001", under=Shown(GROUP, 90, 77, "工单"))


@refuses("stale")
async def _(shop: Shop) -> Update:
    """A call, and whoever does not work there."""
    await _works_elsewhere(shop)
    return {"callback_query": shop.pressed(109, "have:1001")}


@refuses("stale")
async def _(shop: Shop) -> Update:
    """What gets late is another group's since."""
    await _gets_late(shop)
    await _moves(shop, None)
    return shop.staff_presses("ack:1")


@refuses("stale")
async def _(shop: Shop) -> Update:
    """ "I have it", alone with the bot, from somebody who does not work where the case is."""
    await _gets_late(shop)
    await _works_elsewhere(shop)
    return {"callback_query": shop.pressed(109, "ack:1")}


async def _works_elsewhere(shop: Shop) -> None:
    """Somebody of another group, alone with the bot."""
    await shop.has(StaffGroup(id=2, configured_id=ELSEWHERE, chat_id=ELSEWHERE, is_forum=False))
    await shop.has(Staff(id=9, user_id=109, name="外人", username="staff9", joined_at=shop.now, started_bot=True))
    await shop.has(GroupMember(group_id=2, staff_id=9))


async def _gets_late(shop: Shop) -> None:
    clock: dict[str, Any] = {"what": Timed.FIRST_RESPONSE, "started_at": shop.now, "allowed": 60.0}
    await shop.has(Clock(id=1, case_id=1001, **clock))


# -- a case

typed("unknown_command", "/resovle", "/resolve@another_bot 好了", who=AGENT)
at_once("command_here", lambda shop: shop.in_general("/resovle"))
typed("empty_note", "/note")
typed("recall_what", "/recall", who=AGENT)
typed("not_finished", "/reopen")
pressed("ask_first", "wait:1001")

for words in ("/resolve 好了", "/promise 明天 10:00", "/why", "/visit 明天 复查", "/subject 水壶", "/assign @staff5"):

    @refuses("not_a_topic")
    async def _(shop: Shop, words: str = words) -> Update:
        """In a group without topics it is said of nobody."""
        await shop.sets(StaffGroup, 1, is_forum=False)
        message = shop.in_group(100 + SUPERVISOR, words)
        return {"message": message | {"chat": {"id": GROUP, "type": "supergroup", "title": "Staff"}}}


@refuses("no_case")
async def _(shop: Shop) -> Update:
    """李 has nothing to complain of."""
    await _topic_of_li(shop)
    return shop.staff_says("/resolve 好了", thread=77)


async def _topic_of_li(shop: Shop) -> None:
    li = Customer(id=50, user_id=LI, name="李", language="zh", created_at=shop.now)
    topic = Topic(customer_id=50, group_id=1, name="李 #50", thread_id=77, wanted_at=shop.now)
    topic.state = TopicState.LIVE
    await shop.has(li, topic)


@refuses("moved")
async def _(shop: Shop) -> Update:
    await _moves(shop, 55)
    return shop.staff_says("/resolve 好了")


@refuses("moved_no_link")
async def _(shop: Shop) -> Update:
    await _moves(shop, None)
    return shop.staff_says("您好")


async def _moves(shop: Shop, card: int | None) -> None:
    """Another group has the case, with its card there."""
    await shop.has(StaffGroup(id=2, configured_id=ELSEWHERE, chat_id=ELSEWHERE, is_forum=False))
    await shop.sets(Case, 1001, group_id=2, card_message_id=card)


@refuses("already_yours")
async def _(shop: Shop) -> Update:
    """It is all that she may have, and she has it."""
    await shop.done(shop.staff_presses("claim:1001"))
    return shop.staff_presses("claim:1001")


@refuses("taken_by")
async def _(shop: Shop) -> Update:
    await shop.done(shop.staff_presses("claim:1001"))
    return shop.staff_presses("claim:1001", MEI)


@refuses("finished")
async def _(shop: Shop) -> Update:
    """Whoever resolved it has left since."""
    await shop.resolved()
    await shop.sets(Staff, AGENT, active=False)
    return shop.staff_says("/claim", MEI)


for words in (
    *("/resolve", "/kind enquiry", "/assign @staff5", "/transfer advice 只是想问"),
    *("/promise 明天 10:00", "/severity critical"),
):

    @refuses("finished")
    async def _(shop: Shop, words: str = words) -> Update:
        await shop.resolved()
        return shop.staff_says(words, SUPERVISOR)


for button in ("wait:1001", "more:1001", "have:1001"):

    @refuses("finished")
    async def _(shop: Shop, button: str = button) -> Update:
        await shop.resolved()
        return shop.staff_presses(button)


@refuses("finished")
async def _(shop: Shop) -> Update:
    await shop.done(shop.staff_says("/close"))
    return shop.staff_says("/close")


@refuses("finished_unsaid")
async def _(shop: Shop) -> Update:
    await shop.resolved()
    return shop.staff_says("/resolve 另外送您一个壶")


@refuses("already_pending")
async def _(shop: Shop) -> Update:
    await shop.done(shop.staff_says("请问您的订单号"), shop.staff_presses("wait:1001"))
    return shop.staff_presses("wait:1001")


@refuses("edit_to_note")
async def _(shop: Shop) -> Update:
    said = shop.staff_says("马上为您换新")
    await shop.done(said)
    return {"edited_message": said["message"] | {"text": "// 只是备注", "edit_date": said["message"]["date"]}}


for key, text in (
    ("edit_to_command", "/ban 1 2h x"),
    ("edit_to_command", "、claim"),
    ("edit_to_aside", "这人在撒谎 别理他"),
):

    @refuses(key)
    async def _(shop: Shop, text: str = text) -> Update:
        """An edit says nothing that an answer would not say."""
        said = shop.staff_says("马上为您换新")
        await shop.done(said)
        return {"edited_message": said["message"] | {"text": text, "edit_date": said["message"]["date"]}}


@refuses("edit_to_command")
async def _(shop: Shop) -> Update:
    """Of words that are held."""
    said = shop.staff_says("这人在撒谎 别理他")
    await shop.done(said)
    return {"edited_message": said["message"] | {"text": "/ban 1 2h x", "edit_date": said["message"]["date"]}}


@refuses("stale")
async def _(shop: Shop) -> Update:
    """What was held about somebody's case, which is another's by now."""
    await shop.done(shop.staff_says("这人在撒谎 别理他"))
    async with shop.work() as work:
        work.add(Customer(id=99, name="另一位", language="zh", created_at=shop.now))
        await work.flush()
        (await work.first(select(Case))).customer_id = 99
    return shop.staff_presses(shop.shown("发给客户").press("发给客户"))


@refuses("held_decided")
async def _(shop: Shop) -> Update:
    """What was held went to the customer; a second press decides nothing."""
    await shop.done(shop.staff_says("这人在撒谎 别理他"))
    data = shop.shown("发给客户").press("发给客户")
    await shop.done(shop.staff_presses(data))
    return shop.staff_presses(data)


typed("meant_for_us", "/resolve // 她在撒谎，别退", "/promise 明天10:00 【内部】先拖住她", "/subject // 骗子又来了")
pressed("stale", "held:999:send", "takeback:999")


@refuses("already_recalled")
async def _(shop: Shop) -> Update:
    said = shop.staff_says("马上为您换新")
    whole = said["message"]
    await shop.done(said, shop.staff_says("/recall", reply_to_message=whole))
    return shop.staff_says("/recall", reply_to_message=whole)


# -- what it is, whose it is, where it goes

typed("kind_usage", "/kind 别的")
typed("severity_usage", "/severity 别的")
typed("assign_usage", "/assign @谁", "/handover @谁 @staff5")
typed("transfer_usage", "/transfer", "/transfer advice", "/transfer 别处 只是想问")
typed("already_there", "/transfer service 仍是投诉", who=SUPERVISOR)
typed("handover_usage", "/handover")
typed("has_it", "/handover @staff5 @staff5")
typed("new_usage", "/new", "/new #999 电话投诉")
typed("away_usage", "/away 明年左右")
typed("not_away", "/back", who=AGENT)
tapped("complaint_stays", "kind:1001:praise")


@refuses("has_it")
async def _(shop: Shop) -> Update:
    await shop.done(shop.staff_says("/assign @staff5", SUPERVISOR))
    return shop.staff_says("/assign @staff5", SUPERVISOR)


@refuses("has_it")
async def _(shop: Shop) -> Update:
    """A call that somebody has answered."""
    await shop.done(shop.staff_presses("have:1001"))
    return shop.staff_presses("have:1001", MEI)


@refuses("has_it")
async def _(shop: Shop) -> Update:
    """What gets late, and somebody sees to it."""
    await _gets_late(shop)
    await shop.done(shop.staff_presses("ack:1"))
    return shop.staff_presses("ack:1", MEI)


@refuses("not_in_group")
async def _(shop: Shop) -> Update:
    await _works_elsewhere(shop)
    return shop.staff_says("/assign @staff9", SUPERVISOR)


for words in ("/assign @staff5", "/handover @staff1 @staff5"):

    @refuses("is_away")
    async def _(shop: Shop, words: str = words) -> Update:
        await shop.done(shop.in_general("/away 2h", MEI))
        return shop.staff_says(words, SUPERVISOR)


@refuses("full")
async def _(shop: Shop) -> Update:
    await _has_another(shop)
    return shop.staff_says("/assign @staff5", SUPERVISOR)


@refuses("full")
async def _(shop: Shop) -> Update:
    await _has_another(shop)
    return shop.staff_presses("claim:1001", MEI)


async def _has_another(shop: Shop) -> None:
    """李 complains too, and 梅 has the case: it is as many as she may have."""
    await shop.done({"message": shop.private(LI, "你们送来的壶也漏水")})
    async with shop.work() as work:
        case = await work.first(select(Case).where(Case.id == 1002))
        case.kind, case.department, case.assignee_id = CaseKind.COMPLAINT, "service", MEI


# -- promises

typed("promise_when", "/promise", "/promise 有空的时候")


@refuses("no_chat")
async def _(shop: Shop) -> Update:
    await shop.done(shop.in_general("/new 电话 张先生 13800000000 壶漏水"))
    return shop.staff_says("/promise 明天 10:00", thread=shop.topic_of(1002))
