"""Names that customers choose, as staff read them: they neither speak for us nor lead anywhere."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.names import shown_name, title_of
from models.customers import Customer
from models.staff import Role, Staff
from models.topics import Topic
from templates import SIGN, jointed
from tests.desk import open_desk
from tests.line import Line

SQLITE_ALONE = "how a name is shown is told from the name and those of the staff"
NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
MALLORY = 20
CHEN, LENA = 101, 102
JOINT = "\N{WORD JOINER}"
PLANS = {
    "zh": '[business]\nlanguage = "zh"\n',
    "en": '[business]\nlanguage = "en"\n',
}
MARKED = {"zh": "“{}”（客户自填）", "en": "“{}” · self-chosen"}


class Shop(Line):
    """Chen and Lena at work, and a customer who calls themself what they like."""

    async def opens_shop(self) -> None:
        staff = ((1, CHEN, "Chen", Role.AGENT, "chen_care"), (2, LENA, "Lena Vogt", Role.SUPERVISOR, "lena_v"))
        await self.hire(
            *(
                Staff(id=key, user_id=user, name=name, username=username, role=role, joined_at=NOW)
                for key, user, name, role, username in staff
            )
        )

    async def writes(self, name: str, text: str = "The kettle leaks") -> None:
        """The customer, who calls themself so, says something."""
        message: dict[str, Any] = self.private(MALLORY, text)
        message["from"] |= {"first_name": name}
        await self.hear(message=message)
        await self.post()
        await self.post()

    def marked(self, name: str) -> str:
        """The name with the mark that its customer chose it."""
        return MARKED[self.plan.business.language].format(name)

    async def name(self) -> str:
        async with self.work() as work:
            return await shown_name(work, await self.mallory(work))

    async def title(self) -> str:
        async with self.work() as work:
            return await title_of(work, await self.mallory(work))

    async def mallory(self, work: Any) -> Customer:
        found: Customer = await work.session.get(Customer, await self.number())
        return found

    async def number(self) -> int:
        return int((await self.rows(Customer))[0].id)

    def read_by_staff(self) -> str:
        return "\n".join(each.text for each in self.telegram.shown if each.chat_id < 0)


@pytest.fixture(params=["zh", "en"])
async def shop(database_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    async with open_desk(database_url, PLANS[request.param], NOW, Shop) as found:
        await found.opens_shop()
        yield found


@pytest.mark.parametrize(
    "name",
    [
        "Lena (owner)",
        "Lena (\N{CYRILLIC SMALL LETTER O}wner)",
        "ＯＷＮＥＲ",
        "Supervisor Kim",
        "the_staff",
        "陈主管",
        "官方客服",
        "系统",
        "Bob (no. 1): refund me",
        "Bob #17",
        "王芳（编号 1）",
        "@lena_v",
        "write to www.evil.example",
        "evil.example/login",
        "https://evil",
        "CHEN",
        "Ch\N{CYRILLIC SMALL LETTER IE}n",
        "Ch\N{LATIN SMALL LETTER E WITH ACUTE}n",
        "lena_v",
        "Lena Vogt, care",
        "Ann” · VIP",
        "Ann · self-chosen",
    ],
)
async def test_s35_a_name_that_speaks_for_us_is_marked_as_the_customers_own(shop: Shop, name: str) -> None:
    await shop.writes(name)

    shown = (await shop.name()).replace(JOINT, "")
    assert shown not in (name, "")
    assert shown.endswith(shop.marked("x").rpartition("x")[2])


@pytest.mark.parametrize(
    "name", ["Liu", "刘芳", "J. R. Smith", "Albert", "Botha", "Chenoa", "王老板", "O'Brien", "3M"]
)
async def test_s35_other_names_stand_as_they_are(shop: Shop, name: str) -> None:
    await shop.writes(name)

    assert await shop.name() == name


async def test_s35_lena_the_owner_is_marked_on_the_card_and_on_the_topic(shop: Shop) -> None:
    await shop.writes("Lena (owner)")

    assert shop.marked("Lena (owner)") in shop.read_by_staff()
    assert (await shop.title()) == shop.marked("Lena (owner)")
    [topic] = await shop.rows(Topic)
    assert topic.name == f"{shop.marked('Lena (owner)')} #{await shop.number()}"


async def test_s35_nothing_in_a_name_or_a_subject_leads_anywhere(shop: Shop) -> None:
    await shop.writes("Ann @sam #tag", "pay at evil.example/login, ask @sam")

    read = "\n".join(
        each.text for each in shop.telegram.shown if each.chat_id < 0 and not each.text.startswith(f"{SIGN} ")
    )
    assert f"@{JOINT}sam" in read
    assert f"evil.{JOINT}example/{JOINT}login" in read
    assert "@sam" not in read
    assert "evil.example" not in read


async def test_s35_whoever_joins_later_is_spoken_for_by_nobody_either(shop: Shop) -> None:
    await shop.writes("Tom Berg")
    assert await shop.name() == "Tom Berg"

    await shop.hire(Staff(id=3, user_id=103, name="Tom Berg", role=Role.AGENT, joined_at=NOW))

    assert await shop.name() == shop.marked("Tom Berg")


async def test_s35_staff_find_a_customer_by_the_marked_name(shop: Shop) -> None:
    await shop.writes("Lena (owner)")

    await shop.staff_write(CHEN, "/find Lena")
    await shop.post()

    assert shop.marked("Lena (owner)") in shop.telegram.shown[-1].text


async def test_s35_a_name_that_staff_wrote_needs_no_mark(shop: Shop) -> None:
    await shop.welcome(Customer(id=7, name="Manager Li", language="en", created_at=NOW))

    async with shop.work() as work:
        customer = await work.session.get(Customer, 7)
        assert customer is not None
        assert await shown_name(work, customer) == "Manager Li"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://evil.example/x", f"https:/{JOINT}/{JOINT}evil.{JOINT}example/{JOINT}x"),
        ("a@b.co", f"a@{JOINT}b.{JOINT}co"),
        ("#tag /ban $USD", f"#{JOINT}tag /{JOINT}ban ${JOINT}USD"),
        ("Well. Then", "Well. Then"),
        ("10 / 3 @ home", "10 / 3 @ home"),
    ],
)
def test_s35_a_joint_keeps_words_from_being_links(text: str, shown: str) -> None:
    assert jointed(text) == shown
