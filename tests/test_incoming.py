"""What customers pass on, quote, mend and react to: staff see it as what it is."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.cases import Case
from models.customers import Customer
from models.delivery import Outbox, What
from models.staff import Role, Staff
from templates import SIGN
from tests.desk import open_desk
from tests.line import Line, Shown

SQLITE_ALONE = "how words are shown is told from the words; how rows are kept is tested elsewhere"
NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
LIU, CHEN = 20, 101
JOINT = "\N{WORD JOINER}"
PLAN = """
[business]
language = "{language}"
[[severity]]
id = "grave"
name = {{zh = "重大", en = "grave"}}
keywords = ["exploded", "爆炸"]
"""
LI_WEI = {
    "type": "user",
    "date": 1,
    "sender_user": {"id": 77, "is_bot": False, "first_name": "Li", "last_name": "Wei"},
}
HIDDEN = {"type": "hidden_user", "date": 1, "sender_user_name": "Li Wei"}
GROUP = {"type": "chat", "date": 1, "sender_chat": {"id": -5, "type": "supergroup", "title": "Li Wei"}}
CHANNEL = {"type": "channel", "date": 1, "message_id": 3, "chat": {"id": -6, "type": "channel", "title": "Li Wei"}}
OWN = {"type": "user", "date": 1, "sender_user": {"id": LIU, "is_bot": False, "first_name": "Liu"}}
FRAME = f"{SIGN} "
FORWARDED = {"zh": "转发自 Li Wei：\n", "en": "Forwarded from Li Wei:\n"}
PHOTO = [{"file_id": "photo-1", "file_unique_id": "unique-1", "width": 1, "height": 1}]


class Topic(Line):
    """Liu has a matter; Chen serves her."""

    language = "en"
    thread = 0

    async def opens_shop(self, language: str) -> None:
        self.language = language
        await self.hire(Staff(id=1, user_id=CHEN, name="Chen", username="chen", role=Role.AGENT, joined_at=NOW))
        await self.welcome(Customer(id=1, user_id=LIU, name="Liu", language=language, created_at=NOW))

    async def has_matter(self) -> None:
        await self.writes("The kettle leaks")
        self.thread = self.shown("The kettle leaks").thread_id or 0
        assert self.thread

    async def writes(self, text: str | None = None, **content: Any) -> int:
        """Liu writes; returns the number of her message."""
        message = self.private(LIU, text, **content)
        message["from"]["first_name"] = message["chat"]["first_name"] = "Liu"
        await self.hear(message=message)
        await self.post()
        await self.post()
        return int(message["message_id"])

    async def answers(self, text: str = "We are on our way") -> int:
        message = self.in_group(CHEN, text, self.thread)
        await self.hear(message=message)
        await self.post()
        return int(message["message_id"])

    def at_staff(self) -> list[Shown]:
        return [each for each in self.telegram.shown if each.chat_id < 0]

    def at_liu(self) -> list[Shown]:
        return [each for each in self.telegram.shown if each.chat_id == LIU]

    async def case(self) -> Case:  # type: ignore[override]
        found: Case = (await self.rows(Case))[-1]
        return found

    async def copied(self) -> list[dict[str, Any]]:
        return [row.body for row in await self.rows(Outbox) if row.what is What.COPY]


@pytest.fixture(params=["zh", "en"])
async def topic(database_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Topic]:
    plan = PLAN.format(language=request.param)
    async with open_desk(database_url, plan, NOW, Topic) as found:
        await found.opens_shop(request.param)
        yield found


# -- what is passed on


@pytest.mark.parametrize("origin", [LI_WEI, HIDDEN, GROUP, CHANNEL], ids=lambda origin: origin["type"])
async def test_c01_forwarded_words_are_shown_as_somebody_elses(topic: Topic, origin: dict[str, Any]) -> None:
    await topic.has_matter()

    await topic.writes("Your refund is approved", forward_origin=origin)

    assert topic.at_staff()[-1].text == FORWARDED[topic.language] + FRAME + "Your refund is approved"


async def test_c01_ones_own_words_forwarded_are_ones_own(topic: Topic) -> None:
    await topic.has_matter()

    await topic.writes("It is the blue one", forward_origin=OWN)

    assert topic.at_staff()[-1].text == FRAME + "It is the blue one"


async def test_c01_words_beside_forwarded_ones_are_in_a_message_of_their_own(topic: Topic) -> None:
    await topic.has_matter()
    for text, more in (("They said no", {"forward_origin": LI_WEI}), ("What do I do", {})):
        await topic.store(message=topic.private(LIU, text, **more))
    await topic.handle()
    await topic.post()

    assert [each.text for each in topic.at_staff()[-2:]] == [
        FORWARDED[topic.language] + FRAME + "They said no",
        FRAME + "What do I do",
    ]


async def test_c01_a_forwarded_photo_comes_with_whose_it_is(topic: Topic) -> None:
    await topic.has_matter()

    await topic.writes(photo=PHOTO, caption="the bill", forward_origin=HIDDEN)

    line, _copy = topic.at_staff()[-2:]
    assert line.text + "\n" == FORWARDED[topic.language]
    assert line.thread_id == topic.thread
    assert len(await topic.copied()) == 1


async def test_c01_a_forwarded_album_says_once_whose_it_is(topic: Topic) -> None:
    await topic.has_matter()
    for number in (1, 2):
        photo = [{"file_id": f"p{number}", "file_unique_id": f"u{number}", "width": 1, "height": 1}]
        await topic.store(message=topic.private(LIU, photo=photo, media_group_id="7", forward_origin=LI_WEI))
    await topic.handle()
    await topic.post()

    said = [each.text for each in topic.at_staff() if each.text + "\n" == FORWARDED[topic.language]]
    assert len(said) == 1


async def test_c01_forwarded_words_open_a_case_but_suggest_nothing(topic: Topic) -> None:
    await topic.writes("It exploded, I want to complain, 我要投诉, 爆炸", forward_origin=LI_WEI)

    case = await topic.case()
    assert (case.suggested_kind, case.severity, case.alarm) == (None, None, None)
    assert case.subject.startswith("It exploded")


async def test_c01_forwarded_danger_makes_no_matter_graver(topic: Topic) -> None:
    await topic.has_matter()

    await topic.writes("it exploded 爆炸", forward_origin=LI_WEI)
    assert (await topic.case()).severity is None

    await topic.writes("it exploded 爆炸")
    assert (await topic.case()).severity == "grave"


@pytest.mark.parametrize("words", ["stop messaging me", "以后别给我发了"])
async def test_c01_somebody_elses_stop_stops_nothing(topic: Topic, words: str) -> None:
    await topic.has_matter()
    before = len(topic.at_liu())

    await topic.writes(words, forward_origin=LI_WEI)

    assert len(topic.at_liu()) == before


@pytest.mark.parametrize("words", ["any news?", "有进展吗"])
async def test_c01_somebody_elses_question_is_no_chase(topic: Topic, words: str) -> None:
    await topic.has_matter()
    topic.now = topic.now.replace(hour=5)

    await topic.writes(words, forward_origin=LI_WEI)
    assert (await topic.case()).chased_count == 0

    await topic.writes(words)
    assert (await topic.case()).chased_count == 1


async def test_c01_somebody_elses_thanks_take_a_matter_up_as_any_words_do(topic: Topic) -> None:
    await topic.has_matter()
    await topic.staff_write(CHEN, "/resolve", topic.thread)
    await topic.post()

    await topic.writes("Thank you", forward_origin=LI_WEI)

    assert (await topic.case()).unfinished


async def test_c01_a_name_that_leads_somewhere_leads_nowhere(topic: Topic) -> None:
    await topic.has_matter()

    await topic.writes("hello", forward_origin={**HIDDEN, "sender_user_name": "@chen\nevil.example"})

    shown = topic.at_staff()[-1].text
    assert f"@{JOINT}chen evil.{JOINT}example" in shown
    assert shown.count("\n") == 1


async def test_c01_a_very_long_forwarded_text_has_its_line_before_it(topic: Topic) -> None:
    await topic.has_matter()

    await topic.writes("long words " * 1000, forward_origin=LI_WEI)

    read = [each.text for each in topic.at_staff()]
    assert FORWARDED[topic.language].strip() in read
    assert read.index(FORWARDED[topic.language].strip()) < len(read) - 1


# -- what words are about

ABOUT = {"zh": "针对“{}”：\n", "en": "On “{}”:\n"}
ABOUT_OTHER = {"zh": "针对“{}”（Li Wei，在另一个聊天里）：\n", "en": "On “{}” (Li Wei, in another chat):\n"}
ABOUT_PHOTO = {
    "zh": "针对 Li Wei 在另一个聊天里的一张照片：\n",
    "en": "On a photo by Li Wei in another chat:\n",
}


async def test_c02_staff_see_which_part_of_an_answer_a_customer_means(topic: Topic) -> None:
    await topic.has_matter()
    await topic.answers("We can come on Monday or on Tuesday")
    shown = topic.reply(topic.at_liu()[-1])

    await topic.writes("that one", quote={"text": "on Tuesday", "position": 24, "is_manual": True}, **shown)

    assert topic.at_staff()[-1].text == ABOUT[topic.language].format("on Tuesday") + FRAME + "that one"


async def test_c02_staff_see_what_of_another_chat_a_customer_speaks_of(topic: Topic) -> None:
    await topic.has_matter()
    quote = {"text": "free repair", "position": 0}

    await topic.writes("is this true", quote=quote, external_reply={"origin": LI_WEI})
    assert topic.at_staff()[-1].text == ABOUT_OTHER[topic.language].format("free repair") + FRAME + "is this true"

    await topic.writes("and this", external_reply={"origin": CHANNEL, "photo": PHOTO})
    assert topic.at_staff()[-1].text == ABOUT_PHOTO[topic.language] + FRAME + "and this"


async def test_c02_a_photo_about_a_part_of_an_answer_has_the_line_before_it(topic: Topic) -> None:
    await topic.has_matter()
    await topic.answers("Please send the bill")
    shown = topic.reply(topic.at_liu()[-1])

    await topic.writes(photo=PHOTO, quote={"text": "the bill", "position": 12}, **shown)

    assert topic.at_staff()[-2].text + "\n" == ABOUT[topic.language].format("the bill")


async def test_c02_a_long_quote_is_one_short_line_that_leads_nowhere(topic: Topic) -> None:
    await topic.has_matter()
    quoted = "see evil.example” said @chen\n" + "very " * 100

    await topic.writes("this", quote={"text": quoted, "position": 0}, external_reply={"origin": HIDDEN})

    line, words = topic.at_staff()[-1].text.split("\n")
    assert words == FRAME + "this"
    assert line.count("”") == 1
    assert f"evil.{JOINT}example" in line
    assert f"@{JOINT}chen" in line
    assert len(line) < 280
    assert "…" in line


async def test_c02_a_quote_suggests_nothing_but_the_words_do(topic: Topic) -> None:
    await topic.has_matter()

    await topic.writes(
        "what is meant", quote={"text": "it exploded 爆炸", "position": 0}, external_reply={"origin": LI_WEI}
    )
    assert (await topic.case()).severity is None


# -- what is added by an edit


async def edits(topic: Topic, number: int, **content: Any) -> None:
    """Liu edits that message of hers."""
    message = topic.private(LIU, **content) | {"message_id": number, "edit_date": int(NOW.timestamp())}
    await topic.hear(edited_message=message)
    await topic.post()


async def chen_edits(topic: Topic, number: int, **content: Any) -> None:
    message = topic.in_group(CHEN, "", topic.thread) | {"message_id": number, "edit_date": int(NOW.timestamp())}
    del message["text"]
    await topic.hear(edited_message=message | content)
    await topic.post()


def called(topic: Topic, method: str) -> list[dict[str, Any]]:
    return [params for each, params in topic.telegram.calls if each == method]


async def test_c04_a_photo_that_a_customer_adds_to_a_text_arrives(topic: Topic) -> None:
    await topic.has_matter()
    number = await topic.writes("the bill is here")

    await edits(topic, number, photo=PHOTO, caption="the bill is here")

    [copy] = called(topic, "copyMessage")
    assert (copy["from_chat_id"], copy["message_id"]) == (LIU, number)
    assert topic.at_staff()[-1].text.endswith("the bill is here")


async def test_c04_an_edit_of_the_words_under_a_photo_copies_no_photo(topic: Topic) -> None:
    await topic.has_matter()
    number = await topic.writes(photo=PHOTO, caption="the bill")

    await edits(topic, number, photo=PHOTO, caption="the bill of May")

    assert len(called(topic, "copyMessage")) == 1
    assert topic.at_staff()[-1].text.endswith("the bill of May")


async def test_c04_a_photo_that_an_agent_adds_to_an_answer_arrives_in_its_place(topic: Topic) -> None:
    await topic.has_matter()
    number = await topic.answers("Please press this button")

    await chen_edits(topic, number, photo=PHOTO, caption="Please press this button")

    [change] = called(topic, "editMessageMedia")
    assert change["message_id"] == topic.at_liu()[-1].message_id
    assert change["media"]["media"] == "photo-1"
    assert change["media"]["caption"] == "Please press this button"


async def test_c04_what_telegram_does_not_put_in_its_place_comes_behind_it(topic: Topic) -> None:
    await topic.has_matter()
    number = await topic.answers("Please press this button")
    at_liu = topic.at_liu()[-1].message_id
    topic.telegram.refuses = {"editMessageMedia"}

    await chen_edits(topic, number, photo=PHOTO, caption="Please press this button")

    [copy] = called(topic, "copyMessage")
    assert (copy["chat_id"], copy["message_id"]) == (LIU, number)
    assert copy["reply_parameters"]["message_id"] == at_liu
    assert copy["caption"] == {"zh": "（已修改）\n", "en": "(edited)\n"}[topic.language] + "Please press this button"


async def test_c04_a_photo_added_to_held_words_goes_with_them(topic: Topic) -> None:
    await topic.has_matter()
    colleague = topic.in_group(102, "// what about her", topic.thread)
    message = topic.in_group(CHEN, "don't pay her", topic.thread, reply_to_message=colleague)
    await topic.hear(message=message)
    await topic.post()
    await chen_edits(topic, message["message_id"], photo=PHOTO, caption="don't pay her")
    asked = topic.at_staff()[-1]

    await topic.press(CHEN, asked.buttons[0][1], asked)
    await topic.post()

    [copy] = called(topic, "copyMessage")
    assert (copy["chat_id"], copy["message_id"]) == (LIU, message["message_id"])


# -- reactions

REACTED = {"zh": "Liu对这条的反应：{}", "en": "Liu reacted {} to this"}
UP, DOWN, ANGRY, DUNG, SWEARING = "👍", "👎", "😡", "💩", "🤬"


async def reacts(topic: Topic, message_id: int, *new: str | dict[str, Any], old: tuple[str, ...] = ()) -> None:
    """Liu reacts to a message of her chat, in the place of what she chose before."""

    def signs(chosen: tuple[Any, ...]) -> list[dict[str, Any]]:
        return [{"type": "emoji", "emoji": each} if isinstance(each, str) else each for each in chosen]

    person = topic.private(LIU, "")
    update = {"chat": person["chat"], "user": person["from"], "message_id": message_id, "date": person["date"]}
    await topic.hear(message_reaction=update | {"old_reaction": signs(old), "new_reaction": signs(new)})
    await topic.post()


async def answered(topic: Topic) -> int:
    """Liu has a matter and an answer; returns the number of the answer in her chat."""
    await topic.has_matter()
    await topic.answers()
    return topic.at_liu()[-1].message_id


@pytest.mark.parametrize("sign", [DOWN, ANGRY, DUNG, SWEARING])
async def test_c05_a_thumb_down_under_an_answer_is_heard_at_that_answer(topic: Topic, sign: str) -> None:
    await topic.has_matter()
    at_staff = await topic.answers()

    await reacts(topic, topic.at_liu()[-1].message_id, sign)

    assert topic.at_staff()[-1].text == REACTED[topic.language].format(sign)
    assert topic.at_staff()[-1].thread_id == topic.thread
    said = called(topic, "sendMessage")[-1]
    assert said["reply_parameters"]["message_id"] == at_staff
    assert "disable_notification" not in said


async def test_c05_a_thumb_up_is_shown_without_a_sound(topic: Topic) -> None:
    await reacts(topic, await answered(topic), UP)

    assert topic.at_staff()[-1].text == REACTED[topic.language].format(UP)
    assert called(topic, "sendMessage")[-1]["disable_notification"] is True


async def test_c05_what_is_taken_back_is_not_told_and_what_changes_is(topic: Topic) -> None:
    number = await answered(topic)
    await reacts(topic, number, UP)
    count = len(topic.at_staff())

    await reacts(topic, number, old=(UP,))
    assert len(topic.at_staff()) == count

    await reacts(topic, number, DOWN, UP, old=(UP,))
    assert topic.at_staff()[-1].text == REACTED[topic.language].format(DOWN)


async def test_c05_a_reaction_to_the_bots_own_words_says_to_which(topic: Topic) -> None:
    await topic.has_matter()

    await reacts(topic, topic.at_liu()[0].message_id, DOWN)

    shown = topic.at_staff()[-1].text
    assert DOWN in shown
    assert shown.count("“") == 1
    assert shown.endswith(("”", "”的反应：" + DOWN))
    assert "<" not in shown


async def test_c05_reactions_that_are_no_emoji_are_named(topic: Topic) -> None:
    number = await answered(topic)

    await reacts(topic, number, {"type": "custom_emoji", "custom_emoji_id": "5"})
    named = {"zh": "自定义表情", "en": "with an emoji of their own"}
    assert topic.at_staff()[-1].text == REACTED[topic.language].format(named[topic.language])

    await reacts(topic, number, {"type": "paid"})
    named = {"zh": "付费星星", "en": "with a paid star"}
    assert topic.at_staff()[-1].text == REACTED[topic.language].format(named[topic.language])


async def test_c05_reactions_to_ones_own_words_and_to_nothing_are_nobodys_business(topic: Topic) -> None:
    await answered(topic)
    number = await topic.writes("hello?")
    count = len(topic.at_staff())

    await reacts(topic, number, DOWN)
    await reacts(topic, 9_999, DOWN)

    assert len(topic.at_staff()) == count


@pytest.mark.parametrize("barred", ["banned_until", "muted_until"])
async def test_c05_whoever_is_barred_reacts_unseen(topic: Topic, barred: str) -> None:
    number = await answered(topic)
    async with topic.work() as work:
        customer = await work.session.get(Customer, 1)
        setattr(customer, barred, NOW + timedelta(days=1))
    count = len(topic.at_staff())

    await reacts(topic, number, DOWN)

    assert len(topic.at_staff()) == count


async def test_c05_a_reaction_changes_nothing_of_the_matter_and_makes_no_topic(topic: Topic) -> None:
    number = await answered(topic)
    before = (await topic.case()).model_dump()
    await reacts(topic, number, DOWN)
    assert (await topic.case()).model_dump() == before

    await topic.welcome(Customer(id=2, user_id=21, name="Bo", language="en", created_at=NOW))
    await topic.hear(message=topic.private(21, "/start"))
    await topic.post()
    welcome, count = topic.telegram.shown[-1], len(topic.at_staff())
    person = topic.private(21)
    await topic.hear(
        message_reaction={
            "chat": person["chat"],
            "user": person["from"],
            "message_id": welcome.message_id,
            "date": person["date"],
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": DOWN}],
        }
    )
    await topic.post()
    assert len(topic.at_staff()) == count
