"""What staff write to the bot alone (facts/said.md, the duty agent's page, "answers in that private chat", figures):
the answer to a customer, or asked about, and never a matter of their own."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from handlers import delivery
from models import outbox
from models.cases import Case
from models.customers import Customer
from models.delivery import Fate, Outcome
from models.messages import Author, Message
from models.staff import Role, Staff
from tests.desk import open_desk
from tests.line import Line, Shown

SQLITE_ALONE = "what becomes of words is told from the words; how rows are kept is tested elsewhere"
NOW = datetime(2026, 11, 25, 15, 40, tzinfo=UTC)  # 23:40 in Shanghai
LIU, ZHAO = 20, 21
NIGHT, LENA = 101, 102
PLAN = """
[business]
language = "{language}"
[[severity]]
id = "critical"
name = {{ zh = "重大", en = "Critical" }}
keywords = ["漏电", "electric shock"]
around_the_clock = true
[[tier]]
id = "vip"
name = {{ zh = "VIP客户", en = "VIP" }}
[duty]
roster = [{{ agent = "@staff1", days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], hours = "18:00-09:00" }}]
"""
SHOCK = {"zh": "你们的水壶漏电，把我妈电了", "en": "Your kettle gave my mother an electric shock"}
CALLS = {
    "zh": "刘女士您好，请先拔掉插头，我马上给您打电话。",
    "en": "Ms Liu, please pull the plug, I am calling you now.",
}
TO_HER = {"zh": "发给刘女士（1001）", "en": "To Ms Liu (1001)"}
NOTE = {"zh": "备注", "en": "A note"}
AS_CUSTOMER = {"zh": "我是以客户身份写的", "en": "I write as a customer"}
AS_STAFF = {"zh": "不再以客户身份", "en": "No longer as a customer"}
TAKE_BACK = {"zh": "撤回", "en": "Take back"}
NOT_SENT = {"zh": "还没有发给任何人", "en": "Not sent to anybody"}
SENT = {"zh": "已发给刘女士（工单 1001）", "en": "Sent to Ms Liu (case 1001)"}
NO_NUMBER = {"zh": "没有留电话", "en": "left no number"}


class Night(Line):
    """A customer who was hurt at night, whoever is on duty, and a supervisor asleep."""

    language = "zh"
    _update = 0

    async def opens_shop(self, language: str) -> None:
        self.language = language
        staff = ((1, NIGHT, "Night", Role.AGENT), (2, LENA, "Lena", Role.SUPERVISOR))
        await self.hire(
            *(
                Staff(
                    id=key,
                    user_id=user,
                    name=name,
                    username=f"staff{key}",
                    role=role,
                    language=language,
                    started_bot=True,
                    joined_at=NOW,
                )
                for key, user, name, role in staff
            )
        )
        name = {"zh": "刘女士", "en": "Ms Liu"}[language]
        customer = Customer(
            id=900, user_id=LIU, name="Liu", salutation=name, language=language, tier="vip", created_at=NOW
        )
        await self.welcome(customer)
        await self.customer_writes(LIU, SHOCK[language])
        await self.settles()

    async def settles(self) -> None:
        """Whatever waits for a topic that is made meanwhile has gone."""
        for _ in range(3):
            self.now += timedelta(seconds=1)
            await self.post()

    async def try_once(self) -> None:
        """What waits has one try."""
        async with self.database.reading() as session:
            waiting = sorted(await outbox.waiting_after(session, 0))
        async with self.work() as work:
            parcels = await delivery.claim(work, [[row] for row in waiting])
        results = [(each, await self.telegram.call(each.method, each.params, each.file)) for each in parcels]
        async with self.work() as work:
            await delivery.settle(work, results)

    async def alone(self, text: str | None = None, user: int = NIGHT, **content: Any) -> int:
        """Somebody on the staff writes to the bot alone; the number of the message."""
        message = self.private(user, text, **content)
        await self.hear(message=message)
        await self.settles()
        return int(message["message_id"])

    async def taps(self, words: str, user: int = NIGHT) -> None:
        shown = self.shown(words, chat=user)
        await self.press(user, shown.press(words), shown)
        await self.settles()

    def page(self) -> Shown:
        return next(
            each
            for each in self.telegram.shown
            if each.chat_id == NIGHT and any(data == "have:1001" for _, data in each.buttons)
        )

    def to_the_page(self) -> dict[str, Any]:
        return self.reply(self.page())

    def read_by(self, user: int) -> list[str]:
        return [each.text for each in self.telegram.shown if each.chat_id == user]

    def in_topic(self) -> list[str]:
        thread = next(each.thread_id for each in self.telegram.shown if each.text.endswith(SHOCK[self.language]))
        return [each.text for each in self.telegram.shown if each.thread_id == thread]

    async def cases(self) -> list[int]:
        async with self.work() as work:
            return list(await work.all(select(Case.id).order_by(col(Case.id))))

    async def words_of(self, author: Author) -> list[str]:
        async with self.work() as work:
            found = select(Message).where(Message.author == author).order_by(col(Message.id))
            return [each.text for each in await work.all(found)]


@pytest.fixture(params=["zh", "en"])
async def night(database_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Night]:
    async with open_desk(database_url, PLAN.format(language=request.param), NOW, Night) as found:
        await found.opens_shop(request.param)
        yield found


# -- the page


async def test_the_page_leads_to_the_topic_and_tells_what_is_known_of_the_person(night: Night) -> None:
    page = night.page().text

    assert "https://t.me/c/" in page
    assert {"zh": "刘女士（VIP客户）", "en": "Ms Liu (VIP)"}[night.language] in page
    assert NO_NUMBER[night.language] in page
    assert {"zh": "就是答复客户", "en": "to answer the customer"}[night.language] in page


async def test_the_page_about_somebody_with_a_number_shows_it_on_a_tap(night: Night) -> None:
    await night.welcome(
        Customer(id=902, user_id=ZHAO, name="Zhao", language="zh", phone="+8613800138000", created_at=NOW)
    )
    await night.customer_writes(ZHAO, SHOCK[night.language])
    await night.settles()

    page = night.shown("138****8000", chat=NIGHT)
    assert NO_NUMBER[night.language] not in page.text
    await night.press(NIGHT, "phone:902", page)
    assert night.telegram.toasts[-1] == "+8613800138000"


async def test_a_page_waits_some_seconds_for_the_topic_and_then_says_how_it_will_be_called(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = night.telegram.call

    async def slow(method: str, params: dict[str, Any], file: object = None) -> Outcome:
        if method == "createForumTopic":
            return Outcome(Fate.LATER, retry_after=60)
        return await call(method, params, file)

    monkeypatch.setattr(night.telegram, "call", slow)
    await night.welcome(Customer(id=905, user_id=ZHAO, name="person 21", language="zh", created_at=NOW))
    await night.customer_writes(ZHAO, SHOCK[night.language])
    before = len(night.read_by(NIGHT))
    await night.try_once()
    assert len(night.read_by(NIGHT)) == before

    night.now += timedelta(seconds=6)
    await night.try_once()

    assert "person 21 #905" in night.read_by(NIGHT)[-1]
    assert "https://t.me" not in night.read_by(NIGHT)[-1]


# -- a reply


async def test_a_reply_to_the_page_is_the_answer_to_that_customer(night: Night) -> None:
    await night.alone(CALLS[night.language], **night.to_the_page())

    assert night.read_by(LIU)[-1] == CALLS[night.language]
    assert SENT[night.language] in night.read_by(NIGHT)[-1]
    assert "Night" in night.in_topic()[-1]
    assert CALLS[night.language] in night.in_topic()[-1]
    assert await night.cases() == [1001]
    async with night.work() as work:
        case = await work.first(select(Case))
        assert case.first_response_at is not None
        assert case.assignee_id == 1
        assert case.page_due_at is None, "nobody else is called"


async def test_what_a_reply_said_is_taken_back_by_a_tap(night: Night) -> None:
    await night.alone(CALLS[night.language], **night.to_the_page())

    await night.taps(TAKE_BACK[night.language])

    async with night.work() as work:
        [answer] = await work.all(select(Message).where(Message.author == Author.AGENT))
        assert answer.recalled_at is not None
    assert not [data for each in night.telegram.shown for _, data in each.buttons if data.startswith("unsay:")]
    assert {"zh": "撤回了", "en": "took back"}[night.language] in night.in_topic()[-1]


async def test_a_reply_to_what_was_said_before_goes_on_with_that_customer(night: Night) -> None:
    await night.alone(CALLS[night.language], **night.to_the_page())

    await night.alone(
        {"zh": "您好，请问电话多少？", "en": "Which number may I call you on?"}[night.language],
        **night.reply(night.shown(SENT[night.language], chat=NIGHT)),
    )

    assert night.read_by(LIU)[-1] in ("您好，请问电话多少？", "Which number may I call you on?")
    assert await night.cases() == [1001]


async def test_a_photo_in_reply_reaches_customer_and_topic(night: Night) -> None:
    photo = [{"file_id": "p", "file_unique_id": "u", "width": 9, "height": 9}]
    before = len(night.read_by(LIU)), len(night.in_topic())

    await night.alone(photo=photo, **night.to_the_page())

    assert len(night.read_by(LIU)) == before[0] + 1
    assert len(night.in_topic()) == before[1] + 2, "whose it is, and the photo"


@pytest.mark.parametrize("mark", ["//", "／／", "、、", "备注：", "fyi "])
async def test_a_marked_reply_is_a_note_there(night: Night, mark: str) -> None:
    before = night.read_by(LIU)

    await night.alone(f"{mark}她上周也来过", **night.to_the_page())

    assert night.read_by(LIU) == before
    assert len(await night.words_of(Author.NOTE)) == 1
    assert "她上周也来过" in night.in_topic()[-1]
    assert await night.cases() == [1001]


@pytest.mark.parametrize("typed", ["／ban 1 2h x", "、ban 1 2h x"])
async def test_a_reply_that_looks_like_a_command_goes_to_nobody(night: Night, typed: str) -> None:
    before = night.read_by(LIU)

    await night.alone(typed, **night.to_the_page())

    assert night.read_by(LIU) == before
    assert await night.cases() == [1001]
    assert await night.words_of(Author.AGENT) == []


async def test_a_reply_that_reads_as_meant_for_colleagues_is_asked_about(night: Night) -> None:
    before = night.read_by(LIU)
    aside = {"zh": "别赔她，她上次也这样", "en": "Don't pay her, she did it before"}[night.language]

    await night.alone(aside, **night.to_the_page())

    assert night.read_by(LIU) == before
    assert NOT_SENT[night.language] in night.read_by(NIGHT)[-1]
    await night.taps(NOTE[night.language])
    assert night.read_by(LIU) == before
    assert await night.words_of(Author.NOTE) == [aside]


async def test_an_edit_of_a_reply_changes_the_customers_copy_and_refuses_what_a_reply_refuses(night: Night) -> None:
    number = await night.alone(CALLS[night.language], **night.to_the_page())
    message = night.private(NIGHT, CALLS[night.language] + " 120") | {"message_id": number, "edit_date": 1}

    await night.hear(edited_message=message)
    await night.settles()
    assert night.read_by(LIU)[-1] == CALLS[night.language] + " 120"
    assert "120" in night.in_topic()[-1]

    await night.hear(edited_message={**message, "text": "/ban 1 2h x", "edit_date": 2})
    await night.settles()
    assert night.read_by(LIU)[-1] == CALLS[night.language] + " 120"
    assert await night.cases() == [1001]


# -- other words


async def test_words_that_reply_to_nothing_are_asked_about_and_go_where_the_agent_says(night: Night) -> None:
    before = night.read_by(LIU)

    await night.alone(CALLS[night.language])

    assert night.read_by(LIU) == before
    assert NOT_SENT[night.language] in night.read_by(NIGHT)[-1]
    assert await night.cases() == [1001], "it is no matter of the agent's own"
    await night.taps(TO_HER[night.language])
    assert night.read_by(LIU)[-1] == CALLS[night.language]
    assert "Night" in night.in_topic()[-1]
    await night.taps(TAKE_BACK[night.language])
    assert await night.cases() == [1001]


async def test_an_edit_before_the_tap_is_what_goes(night: Night) -> None:
    number = await night.alone("x" + CALLS[night.language])
    message = night.private(NIGHT, CALLS[night.language]) | {"message_id": number, "edit_date": 1}
    await night.hear(edited_message=message)

    await night.taps(TO_HER[night.language])

    assert night.read_by(LIU)[-1] == CALLS[night.language]


async def test_an_album_is_asked_about_once_and_goes_whole(night: Night) -> None:
    before = len(night.read_by(LIU))
    for number in range(3):
        photo = [{"file_id": f"p{number}", "file_unique_id": f"u{number}", "width": 9, "height": 9}]
        await night.hear(message=night.private(NIGHT, photo=photo, media_group_id="7"))
    await night.settles()

    assert len([each for each in night.read_by(NIGHT) if NOT_SENT[night.language] in each]) == 1
    await night.taps(TO_HER[night.language])
    async with night.work() as work:
        answers = await work.all(select(Message).where(Message.author == Author.AGENT))
        assert len(answers) == 3
    assert len(night.read_by(LIU)) > before


async def test_the_person_key_and_plain_words_of_staff_register_nothing(night: Night) -> None:
    before = night.read_by(LIU)
    for words in ("人工", "human", "转人工客服", "这个谁跟一下", "who takes this?", "😀"):
        await night.alone(words)
        await night.alone(words, user=LENA)

    assert await night.cases() == [1001]
    assert night.read_by(LIU) == before


# -- lists


@pytest.mark.parametrize(
    "words",
    [
        "统计",
        "我的工单",
        "催单",
        "今天的数据？",
        "报表",
        "看板",
        "my cases",
        "Stats",
        "dashboard",
        "进度",
        "/mycases",
    ],
)
async def test_words_for_a_list_lead_to_the_cases_in_hand_and_register_nothing(night: Night, words: str) -> None:
    await night.alone(CALLS[night.language], **night.to_the_page())

    await night.alone(words)

    shown = night.read_by(NIGHT)[-1]
    assert {"zh": "您手上 1 张工单", "en": "You have 1 case in hand"}[night.language] in shown
    assert {"zh": "1001 刘女士", "en": "1001 Ms Liu"}[night.language] in shown
    assert "https://t.me/c/" in shown
    assert await night.cases() == [1001]
    assert night.read_by(LIU)[-1] == CALLS[night.language]


async def test_whoever_has_nothing_in_hand_reads_that_and_no_invitation_to_complain(night: Night) -> None:
    await night.alone("我的工单", user=LENA)

    assert {"zh": "您手上没有工单", "en": "You have no cases in hand"}[night.language] in night.read_by(LENA)[-1]


# -- as a customer


async def test_staff_who_write_as_a_customer_have_a_matter_like_anybody(night: Night) -> None:
    await night.alone("我家的灯坏了", user=LENA)
    assert await night.cases() == [1001]

    await night.taps(AS_CUSTOMER[night.language], user=LENA)
    assert await night.cases() == [1001, 1002]
    await night.alone("是客厅的那盏", user=LENA)
    assert await night.words_of(Author.CUSTOMER) == [SHOCK[night.language], "我家的灯坏了", "是客厅的那盏"]

    await night.taps(AS_STAFF[night.language], user=LENA)
    await night.alone("谁来看看", user=LENA)
    assert NOT_SENT[night.language] in night.read_by(LENA)[-1]


async def test_a_page_ends_writing_as_a_customer(night: Night) -> None:
    await night.alone("我家的灯坏了")
    await night.taps(AS_CUSTOMER[night.language])
    await night.welcome(Customer(id=909, user_id=ZHAO, name="Zhao", language=night.language, created_at=NOW))
    await night.customer_writes(ZHAO, SHOCK[night.language])
    await night.settles()

    await night.alone(CALLS[night.language])

    assert NOT_SENT[night.language] in night.read_by(NIGHT)[-1]
    assert CALLS[night.language] not in str(await night.words_of(Author.CUSTOMER))


async def test_the_complaint_key_begins_a_matter_of_ones_own(night: Night) -> None:
    await night.alone({"zh": "投诉", "en": "complain"}[night.language], user=LENA)
    await night.alone("你们送货的人骂人", user=LENA)

    assert await night.cases() == [1001, 1002]


async def test_a_reply_to_what_one_was_told_as_a_customer_is_a_customers(night: Night) -> None:
    await night.alone("我家的灯坏了", user=LENA)
    await night.taps(AS_CUSTOMER[night.language], user=LENA)
    received = night.shown("1002", chat=LENA)
    night.now += timedelta(hours=2)

    await night.alone("还没有人来", user=LENA, **night.reply(received))

    assert (await night.words_of(Author.CUSTOMER))[-1] == "还没有人来"
