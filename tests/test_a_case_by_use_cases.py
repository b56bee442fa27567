"""A case from the first words to the score by use cases alone, as a page, a mail or a widget would call them.

王芳's new water filter leaks: 陈静 answers, 吴敏 gives it to 赵强, who takes it to the workshop, promises a time and
mends it; the visit, the stars, a second try, and the stars again. After every step stands what a person looks for.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from handlers import answers, cards, cases, messages, questionnaires, visits
from handlers.customers import tiers
from handlers.refusals import Refusal
from handlers.routing import assigning, kinds, moving
from handlers.standards import promising
from handlers.visits import planning, results
from handlers.visits.answers import answer as answer_visit
from models.cases import Case, CaseKind, CaseState
from models.customers import Customer, customer_numbered
from models.delivery import Outbox
from models.messages import Author, Message
from models.plan import Department
from models.questionnaires import Invitation
from models.staff import Role, Staff, staff_member
from models.standards import Clock
from models.timeline import CaseEvent, CaseSpan
from models.visits import Outcome, Visit, VisitState
from models.work import Work
from templates import render
from tests.desk import Desk, differences, open_desk

SHANGHAI = ZoneInfo("Asia/Shanghai")
PLAN = """
[business]
name = { zh = "清泉净水" }
[calendar]
mon = ["09:00-18:00"]
tue = ["09:00-18:00"]
wed = ["09:00-18:00"]
thu = ["09:00-18:00"]
fri = ["09:00-18:00"]
[[tier]]
id = "vip"
when = { spent_12m = 50000 }
first_response = "30m"
next_response = "1h"
resolution = "16h"
[[tier]]
id = "regular"
first_response = "1h"
next_response = "2h"
resolution = "16h"
[[department]]
id = "service"
name = { zh = "客服部" }
kinds = ["complaint", "enquiry"]
[[department]]
id = "repair"
name = { zh = "维修部" }
kinds = ["request"]
[[visit]]
id = "a_week_after"
when = "case_resolved"
after = "7d"
by = "bot"
"""
CSAT = Path(__file__).parents[1] / "templates" / "questionnaires" / "csat.toml"
WANG, LI = 1, 2
CHEN, WU, HE, ZHAO, GONE = 1, 2, 3, 4, 5
CALLED = {None: "-", CHEN: "陈静", WU: "吴敏", ZHAO: "赵强"}
THE_CASE = 1001


def at(text: str) -> datetime:
    """ "02-18 10:00" in Shanghai; the 18th of February 2027 is a Thursday."""
    return datetime.fromisoformat(f"2027-{text}").replace(tzinfo=SHANGHAI).astimezone(UTC)


def said_at(moment: datetime | None) -> str | None:
    """The other way round."""
    return f"{moment.astimezone(SHANGHAI):%m-%d %H:%M}" if moment else None


@dataclass
class Scene:
    """A unit of work with the case, whose it is, and who acts."""

    work: Work
    case: Case
    customer: Customer
    by: Staff


class Shop(Desk):
    """清泉净水: two customers, four who work there, and one who did."""

    def __init__(self, *desk: Any) -> None:
        super().__init__(*desk)
        self.read = {"customer": 0, "staff": 0}

    async def open(self) -> None:
        people = {
            CHEN: ("陈静", Role.AGENT),
            WU: ("吴敏", Role.SUPERVISOR),
            HE: ("何伟", Role.MANAGER),
            ZHAO: ("赵强", Role.AGENT),
            GONE: ("孙丽", Role.AGENT),
        }
        await self.hire(
            *(
                Staff(id=key, user_id=100 + key, name=name, role=role, joined_at=self.now)
                for key, (name, role) in people.items()
            )
        )
        await self.welcome(
            Customer(id=WANG, user_id=7001, name="王芳", language="zh", tier="regular", created_at=self.now),
            Customer(id=LI, user_id=7002, name="李雷", language="zh", created_at=self.now),
        )
        async with self.work() as work:
            gone = await staff_member(work, GONE)
            gone.active, gone.left_at = False, self.now
            await questionnaires.take_definitions(work, {"csat.toml": CSAT.read_text("utf-8")})

    # -- what people do

    @asynccontextmanager
    async def on_the_case(self, by: int) -> AsyncIterator[Scene]:
        """What a member of staff does with the case, as one deed."""
        async with self.work() as work:
            customer = await customer_numbered(work, WANG)
            yield Scene(work, await self.case(work, THE_CASE), customer, await staff_member(work, by))

    @asynccontextmanager
    async def refused(self, key: str, by: int) -> AsyncIterator[Scene]:
        """The same, for what they may not: it is refused for that reason, and no table has changed."""
        before = await self.tables()
        with pytest.raises(Refusal) as no:
            async with self.on_the_case(by) as scene:
                yield scene
        assert no.value.key == key
        assert differences(before, await self.tables()) == ({}, {})

    async def wang_says(self, text: str) -> None:
        async with self.work() as work:
            await messages.receive(work, await customer_numbered(work, WANG), self.words(text))

    async def staff_say(self, by: int, text: str) -> None:
        async with self.on_the_case(by) as scene:
            await answers.answer(scene.work, scene.customer, scene.case, self.words(text), scene.by)

    async def wang_gives(self, stars: int) -> None:
        async with self.on_the_case(CHEN) as scene:
            invitation = await asked_last(scene.work)
            assert await questionnaires.answer_question(scene.work, invitation, 0, str(stars), scene.customer)

    def department(self, name: str) -> Department:
        found = self.plan.department_named(name)
        assert found is not None
        return found

    # -- what people see

    async def wang_reads(self) -> str:
        """What has gone to 王芳's chat since she last looked."""
        return "\n".join([str(row.body["text"]) for row in await self._new("customer") if row.chat_id == 7001])

    async def staff_read(self) -> str:
        """What has gone to the staff group since it was last looked at."""
        rows = [row for row in await self._new("staff") if row.group_id and row.what != "card"]
        return "\n".join([in_chinese(row) for row in rows])

    async def _new(self, who: str) -> list[Outbox]:
        rows = [row for row in await self.rows(Outbox) if row.id > self.read[who]]
        self.read[who] = max([self.read[who], *(row.id for row in rows)])
        return rows

    async def stands(self) -> tuple[CaseState, str, str | None]:
        """The state of the case, who has it, and in which department."""
        async with self.work() as work:
            case = await self.case(work, THE_CASE)
            return case.state, CALLED[case.assignee_id], case.department

    async def events(self) -> list[tuple[str, str]]:
        """What happened to the case, and who did it."""
        return [(row.kind.value, who_did(row)) for row in await self.rows(CaseEvent)]

    async def details(self, kind: str) -> list[dict[str, Any]]:
        """What the timeline tells of each time that this happened."""
        return [row.details for row in await self.rows(CaseEvent) if row.kind == kind]

    async def clocks(self) -> dict[str, str | None]:
        """Which clocks run, and when each is due."""
        return {row.what.value: said_at(row.due_at) for row in await self.rows(Clock) if row.ended_at is None}

    async def kept(self, what: str) -> list[tuple[float, bool | None]]:
        """The clocks of that kind that are over: how long each ran (minutes), and whether it was kept."""
        over = [row for row in await self.rows(Clock) if row.what == what and row.ended_at]
        return [(row.used / 60, row.kept) for row in over]

    async def visits(self) -> list[tuple[str, VisitState, str | None]]:
        """Every visit: its rule, how it stands, and when it is due or what came of it."""
        found = await self.rows(Visit)
        return [(row.rule, row.state, row.outcome or row.reason or said_at(row.due_at)) for row in found]

    async def asked(self) -> list[dict[str, Any]]:
        """Every invitation with what it keeps of its moment, and its score."""
        keys = ("episode", "csat", "assignee_id", "department", "kind", "tier")
        return [{key: getattr(row, key) for key in keys} for row in await self.rows(Invitation)]


def in_chinese(row: Outbox) -> str:
    if "template" in row.body:
        return render("zh", row.body["template"], row.body["values"])
    return str(row.body.get("text", row.what))


def who_did(row: CaseEvent) -> str:
    if row.staff_id is not None:
        return CALLED[row.staff_id]
    return "王芳" if row.customer_id == WANG else "-"


async def asked_last(work: Work) -> Invitation:
    found: Invitation = await work.first(select(Invitation).order_by(col(Invitation.id).desc()))
    return found


async def visit_by(work: Work, rule: str, state: VisitState) -> Visit:
    found: Visit = await work.first(select(Visit).where(Visit.rule == rule, Visit.state == state))
    return found


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    async with open_desk(database_url, PLAN, at("02-18 10:00"), Shop) as found:
        await found.open()
        yield found


async def test_a_case_is_played_from_the_first_words_to_the_score_by_use_cases_alone(shop: Shop) -> None:
    await her_words_open_a_case(shop)
    await she_is_asked_back(shop)
    await another_takes_it_to_the_workshop(shop)
    await he_promises_and_mends_it(shop)
    await she_scores_and_is_visited(shop)
    await it_leaks_again(shop)
    await she_scores_once_more(shop)
    await the_books_say_so(shop)


async def her_words_open_a_case(shop: Shop) -> None:
    await shop.wang_says("我要投诉，新买的净水器漏水")
    assert await shop.stands() == (CaseState.NEW, "-", "service")
    read = await shop.wang_reads()
    assert "已为您登记，服务单编号 <b>1001</b>" in read
    assert "最迟今天 11:00" in read
    assert "我要投诉，新买的净水器漏水" in await shop.staff_read()
    assert await shop.clocks() == {"first_response": "02-18 11:00", "resolution": "02-19 17:00"}

    shop.now = at("02-18 10:01")
    async with shop.work() as work:
        await cards.choose_kind(work, await customer_numbered(work, WANG), THE_CASE, "complaint")
    assert "类型：投诉" in await shop.wang_reads()
    assert await shop.events() == [("opened", "王芳"), ("kind", "王芳")]


async def she_is_asked_back(shop: Shop) -> None:
    shop.now = at("02-18 10:05")
    async with shop.refused("not_staff", GONE) as scene:
        await cases.claim(scene.work, scene.case, scene.by)
    async with shop.on_the_case(CHEN) as scene:
        await cases.claim(scene.work, scene.case, scene.by)
    assert await shop.stands() == (CaseState.OPEN, "陈静", "service")
    async with shop.refused("taken_by", ZHAO) as scene:
        await cases.claim(scene.work, scene.case, scene.by)

    shop.now = at("02-18 10:10")
    await shop.staff_say(CHEN, "您好，是哪个位置漏水？")
    assert await shop.wang_reads() == "您好，是哪个位置漏水？"
    assert await shop.kept("first_response") == [(10, True)]

    shop.now = at("02-18 10:12")
    async with shop.on_the_case(CHEN) as scene:
        await answers.keep_note(scene.work, scene.customer, scene.case, shop.words("上次也是她家"), scene.by)
    await shop.staff_say(CHEN, "// 像是滤芯没装好")
    notes = [row for row in await shop.rows(Message) if row.author is Author.NOTE]
    assert [(row.text, row.staff_id, row.case_id) for row in notes] == [
        ("上次也是她家", CHEN, THE_CASE),
        ("像是滤芯没装好", CHEN, THE_CASE),
    ]
    assert await shop.wang_reads() == "", "notes stay among staff"

    shop.now = at("02-18 10:15")
    async with shop.on_the_case(CHEN) as scene:
        cases.wait_for_customer(scene.work, scene.case, scene.by)
    assert await shop.stands() == (CaseState.PENDING, "陈静", "service")
    assert await shop.clocks() == {"resolution": None, "pending": "02-25 10:15"}

    shop.now = at("02-18 10:45")
    await shop.wang_says("滤芯那里")
    assert await shop.stands() == (CaseState.OPEN, "陈静", "service")
    assert await shop.clocks() == {"resolution": "02-19 17:30", "next_response": "02-18 12:45"}, "half an hour more"
    assert "滤芯那里" in await shop.staff_read()


async def another_takes_it_to_the_workshop(shop: Shop) -> None:
    shop.now = at("02-18 10:50")
    async with shop.refused("role", ZHAO) as scene:
        await assigning.assign(scene.work, scene.case, scene.by, scene.by)
    async with shop.on_the_case(WU) as scene:
        await assigning.assign(scene.work, scene.case, await staff_member(scene.work, ZHAO), scene.by)
    assert await shop.stands() == (CaseState.OPEN, "赵强", "service")
    assert "工单 1001：吴敏 交给 赵强 处理。" in await shop.staff_read()
    assert await shop.details("assigned") == [{"to": ZHAO}]

    shop.now = at("02-18 11:00")
    async with shop.on_the_case(ZHAO) as scene:
        await moving.transfer(scene.work, scene.case, shop.department("repair"), "要换滤芯", scene.by)
    assert await shop.stands() == (CaseState.OPEN, "-", "repair")
    assert "工单 1001 已从“客服部”转到“维修部”。原因：要换滤芯" in await shop.staff_read()
    assert await shop.details("transferred") == [{"before": "service", "after": "repair", "reason": "要换滤芯"}]

    shop.now = at("02-18 11:05")
    async with shop.on_the_case(ZHAO) as scene:
        await cases.claim(scene.work, scene.case, scene.by)
    assert await shop.stands() == (CaseState.OPEN, "赵强", "repair")
    assert await shop.wang_reads() == "", "who has it is for staff to know"


async def he_promises_and_mends_it(shop: Shop) -> None:
    shop.now = at("02-18 11:10")
    async with shop.refused("not_staff", GONE) as scene:
        await promising.promise(scene.work, scene.case, scene.customer, shop.now, "", shop.now, scene.by)
    async with shop.on_the_case(ZHAO) as scene:
        by_then = at("02-19 10:00")
        await promising.promise(scene.work, scene.case, scene.customer, by_then, "上门换滤芯", shop.now, scene.by)
    read = await shop.wang_reads()
    assert "服务单 1001：客服预计明天 10:00 前给您答复。" in read
    assert "上门换滤芯" in read
    assert await shop.clocks() == {"resolution": "02-19 17:30", "promise": "02-19 10:00"}
    assert await shop.kept("next_response") == [(25, True)]

    shop.now = at("02-19 09:30")
    await shop.staff_say(ZHAO, "我到楼下了")
    assert await shop.wang_reads() == "我到楼下了"
    assert await shop.kept("promise") == [(22 * 60 + 20, True)]

    shop.now = at("02-19 10:50")
    async with shop.on_the_case(ZHAO) as scene:
        chen = await staff_member(scene.work, CHEN)
        monday, note = at("02-22 10:00"), "问问还漏不漏"
        await planning.plan_visit(scene.work, scene.customer, scene.case, monday, scene.by, owner=chen, note=note)
    assert await shop.visits() == [("by_hand", VisitState.PLANNED, "02-22 10:00")]

    shop.now = at("02-19 11:00")
    async with shop.on_the_case(ZHAO) as scene:
        cases.resolve(scene.work, scene.customer, scene.case, scene.by, "滤芯已更换，不再漏水")
    assert await shop.stands() == (CaseState.RESOLVED, "赵强", "repair")
    read = await shop.wang_reads()
    assert "您的服务单 <b>1001</b> 我们已处理完毕" in read
    assert "滤芯已更换，不再漏水" in read
    assert "这次的处理，您满意吗？" in read
    assert await shop.kept("resolution") == [(15 + 7.25 * 60 + 120, True)]
    assert await shop.clocks() == {}
    assert await shop.visits() == [
        ("by_hand", VisitState.PLANNED, "02-22 10:00"),
        ("a_week_after", VisitState.PLANNED, "02-26 11:00"),
    ]


async def she_scores_and_is_visited(shop: Shop) -> None:
    shop.now = at("02-19 11:05")
    async with shop.refused("stale", CHEN) as scene:
        li, invitation = await customer_numbered(scene.work, LI), await asked_last(scene.work)
        await questionnaires.answer_question(scene.work, invitation, 0, "1", li)
    await shop.wang_gives(4)
    assert await shop.stands() == (CaseState.CLOSED, "赵强", "repair")
    assert "您的评分是" in await shop.wang_reads()
    assert "客户评分" in await shop.staff_read()
    async with shop.refused("finished", ZHAO) as scene:
        cases.resolve(scene.work, scene.customer, scene.case, scene.by, "")

    shop.now = at("02-22 10:00")
    assert await shop.ticks(visits.due.come_due) == 1
    task = await shop.staff_read()
    assert "回访任务" in task
    assert "问问还漏不漏" in task
    async with shop.refused("not_staff", GONE) as scene:
        visit = await visit_by(scene.work, "by_hand", VisitState.DUE)
        await results.record_outcome(scene.work, visit, Outcome.WELL, scene.by)
    async with shop.on_the_case(CHEN) as scene:
        visit = await visit_by(scene.work, "by_hand", VisitState.DUE)
        await results.record_outcome(scene.work, visit, Outcome.WELL, scene.by)
    assert (await shop.visits())[0] == ("by_hand", VisitState.DONE, Outcome.WELL)
    assert (await shop.events())[-1] == ("visited", "陈静")


async def it_leaks_again(shop: Shop) -> None:
    shop.now = at("02-23 10:00")
    await shop.wang_says("又滴水了，是不是阀门没关紧？")
    assert await shop.stands() == (CaseState.OPEN, "赵强", "repair")
    assert "收到，服务单 1001 已重新开始处理" in await shop.wang_reads()
    assert await shop.details("reopened") == [{"why": "words"}]
    assert await shop.clocks() == {"resolution": "02-23 16:30", "next_response": "02-23 12:00"}, "what was left"
    assert (await shop.visits())[1] == ("a_week_after", VisitState.CANCELLED, "reopened")

    shop.now = at("02-23 10:10")
    async with shop.on_the_case(WU) as scene:
        wish = tiers.Wish("vip", shop.now + timedelta(days=365), "大客户")
        await tiers.set_tier(scene.work, scene.customer, wish, scene.by, {})
    assert (await shop.clocks())["next_response"] == "02-23 11:00"

    shop.now = at("02-23 10:20")
    async with shop.refused("role", ZHAO) as scene:
        kinds.set_kind(scene.work, scene.case, CaseKind.ENQUIRY, scene.by)
    async with shop.on_the_case(WU) as scene:
        kinds.set_kind(scene.work, scene.case, CaseKind.ENQUIRY, scene.by)
    shop.now = at("02-23 10:22")
    async with shop.on_the_case(WU) as scene:
        await moving.transfer(scene.work, scene.case, shop.department("service"), "教客户关阀门", scene.by)
    shop.now = at("02-23 10:25")
    async with shop.on_the_case(WU) as scene:
        await assigning.assign(scene.work, scene.case, await staff_member(scene.work, CHEN), scene.by)
    assert await shop.stands() == (CaseState.OPEN, "陈静", "service")

    shop.now = at("02-23 10:30")
    await shop.staff_say(CHEN, "请把阀门顺时针拧到底")
    assert await shop.wang_reads() == "请把阀门顺时针拧到底"
    assert await shop.kept("next_response") == [(25, True), (30, True)]


async def she_scores_once_more(shop: Shop) -> None:
    shop.now = at("02-23 11:00")
    async with shop.on_the_case(CHEN) as scene:
        cases.resolve(scene.work, scene.customer, scene.case, scene.by, "阀门已关紧")
    assert "阀门已关紧" in await shop.wang_reads()
    first = {"episode": 1, "assignee_id": ZHAO, "department": "repair", "kind": "complaint", "tier": "regular"}
    second = {"episode": 2, "assignee_id": CHEN, "department": "service", "kind": "enquiry", "tier": "vip"}
    assert await shop.asked() == [{**first, "csat": 4}, {**second, "csat": None}], "asked, not yet answered"

    shop.now = at("02-23 11:05")
    await shop.wang_gives(5)
    assert await shop.asked() == [{**first, "csat": 4}, {**second, "csat": 5}], "both stand, each where it was earned"
    assert await shop.stands() == (CaseState.CLOSED, "陈静", "service")
    assert await shop.clocks() == {}

    shop.now = at("03-02 11:00")
    await shop.wang_reads()
    assert await shop.ticks(visits.due.come_due) == 1
    assert "您的服务单 <b>1001</b>，现在都好了吗？" in await shop.wang_reads()
    async with shop.refused("stale", CHEN) as scene:
        visit = await visit_by(scene.work, "a_week_after", VisitState.ASKED)
        await answer_visit(scene.work, visit, "well", await customer_numbered(scene.work, LI))
    async with shop.on_the_case(CHEN) as scene:
        visit = await visit_by(scene.work, "a_week_after", VisitState.ASKED)
        await answer_visit(scene.work, visit, "well", scene.customer)
    assert "那就好，谢谢您告诉我们" in await shop.wang_reads()
    assert (await shop.visits())[2] == ("a_week_after", VisitState.DONE, Outcome.WELL)


async def the_books_say_so(shop: Shop) -> None:
    """The timeline tells what happened and who did it; the spans tell how the case was at every moment."""
    assert await shop.events() == [
        ("opened", "王芳"),
        ("kind", "王芳"),
        ("claimed", "陈静"),
        ("pending", "陈静"),
        ("answered", "王芳"),
        ("assigned", "吴敏"),
        ("transferred", "赵强"),
        ("claimed", "赵强"),
        ("promised", "赵强"),
        ("resolved", "赵强"),
        ("scored", "王芳"),
        ("closed", "王芳"),
        ("visited", "陈静"),
        ("reopened", "王芳"),
        ("kind", "吴敏"),
        ("transferred", "吴敏"),
        ("assigned", "吴敏"),
        ("resolved", "陈静"),
        ("scored", "王芳"),
        ("closed", "王芳"),
        ("visited", "王芳"),
    ]
    assert await shop.details("scored") == [{"measure": "csat", "score": 4}, {"measure": "csat", "score": 5}]
    spans = await shop.rows(CaseSpan)
    spans.sort(key=lambda span: span.since)
    names = ("state", "assignee_id", "department", "kind", "tier", "waits_for")
    assert [(said_at(span.since), *(getattr(span, name) for name in names)) for span in spans] == [
        ("02-18 10:00", "new", None, "service", None, "regular", "us"),
        ("02-18 10:01", "new", None, "service", "complaint", "regular", "us"),
        ("02-18 10:05", "open", CHEN, "service", "complaint", "regular", "us"),
        ("02-18 10:10", "open", CHEN, "service", "complaint", "regular", "customer"),
        ("02-18 10:15", "pending", CHEN, "service", "complaint", "regular", "customer"),
        ("02-18 10:45", "open", CHEN, "service", "complaint", "regular", "us"),
        ("02-18 10:50", "open", ZHAO, "service", "complaint", "regular", "us"),
        ("02-18 11:00", "open", None, "repair", "complaint", "regular", "us"),
        ("02-18 11:05", "open", ZHAO, "repair", "complaint", "regular", "us"),
        ("02-18 11:10", "open", ZHAO, "repair", "complaint", "regular", "customer"),
        ("02-19 11:00", "resolved", ZHAO, "repair", "complaint", "regular", "customer"),
        ("02-19 11:05", "closed", ZHAO, "repair", "complaint", "regular", None),
        ("02-23 10:00", "open", ZHAO, "repair", "complaint", "regular", "us"),
        ("02-23 10:10", "open", ZHAO, "repair", "complaint", "vip", "us"),
        ("02-23 10:20", "open", ZHAO, "repair", "enquiry", "vip", "us"),
        ("02-23 10:22", "open", None, "service", "enquiry", "vip", "us"),
        ("02-23 10:25", "open", CHEN, "service", "enquiry", "vip", "us"),
        ("02-23 10:30", "open", CHEN, "service", "enquiry", "vip", "customer"),
        ("02-23 11:00", "resolved", CHEN, "service", "enquiry", "vip", "customer"),
        ("02-23 11:05", "closed", CHEN, "service", "enquiry", "vip", None),
    ]
    assert [span.until for span in spans] == [*(span.since for span in spans[1:]), None], "no gap, no overlap"
