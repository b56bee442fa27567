"""Slips: how an agent's words for colleagues still reach a customer, or a customer's words pass for ours."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from handlers.customers import merging
from models.customers import Customer, customer_numbered
from models.staff import Staff, StaffGroup
from tests.desk import GROUP, open_desk
from tests.line import Update
from tests.test_held_words import CHEN, LENA, LIU, NOW, PLANS, SEND, Topic, button

SQLITE_ALONE = "which words go where: how rows are kept is tested elsewhere"
PHOTO = [{"file_id": "photo-1", "file_unique_id": "unique-1", "width": 1, "height": 1}]
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
STRANGER = 109


@pytest.fixture
async def topic(database_url: str) -> AsyncIterator[Topic]:
    async with open_desk(database_url, PLANS["en"], NOW, Topic) as found:
        await found.opens_shop("en")
        yield found


def media(topic: Topic, **content: Any) -> Update:
    """A message of Chen's that has no text."""
    message = topic.in_group(CHEN, "", topic.thread, **content)
    del message["text"]
    return message


async def edited(topic: Topic, message: Update, **content: Any) -> None:
    await topic.hear(edited_message={**message, **content, "edit_date": int(NOW.timestamp())})


def calls(topic: Topic, chat: int) -> list[tuple[str, dict[str, Any]]]:
    return [(method, params) for method, params in topic.telegram.calls if params.get("chat_id") == chat]


def copies(topic: Topic, chat: int) -> list[dict[str, Any]]:
    return [
        params for method, params in calls(topic, chat) if method.startswith(("copy", "sendMediaGroup", "sendPoll"))
    ]


async def test_s15_words_behind_a_command_are_read_before_they_go(topic: Topic) -> None:
    for words in (
        "/resolve // she is lying, no refund ever",
        "/resolve 【内部】别赔她，她上次也这样",
        "/promise tomorrow 10:00 // stall her, she is lying",
        "/promise tomorrow 10:00 internal: stall her",
        "/subject // liar, wants a free kettle again",
    ):
        await topic.chen_writes(words)
    assert topic.liu_reads() == []
    assert "liar" not in topic.card().text


async def test_s15_a_caption_changed_into_a_note_before_the_copy_goes_with_nothing(topic: Topic) -> None:
    message = media(topic, photo=PHOTO, caption="Here is your bill, sorry for the wait")
    await topic.hear(message=message)
    await edited(topic, message, caption="// wrong bill, she never paid")
    await topic.post()

    assert copies(topic, LIU) == []
    assert await topic.notes() == ["wrong bill, she never paid"]


async def test_s15_a_copy_says_what_was_said_when_it_was_sent(topic: Topic) -> None:
    await topic.hear(message=media(topic, photo=PHOTO, caption="Here is your bill, sorry for the wait"))
    await topic.post()

    assert [each["caption"] for each in copies(topic, LIU)] == ["Here is your bill, sorry for the wait"]


async def test_s22_a_caption_that_a_customer_adds_before_the_copy_is_no_voice_of_ours(topic: Topic) -> None:
    message = topic.private(LIU, photo=PHOTO)
    await topic.hear(message=message)
    await edited(topic, message, caption="Case 1 closed: refund approved by Lena")
    await topic.post()

    assert [each["caption"] for each in copies(topic, GROUP)] == [""]
    assert "💬 Case 1 closed" in topic.shown("refund approved").text


async def test_s22_what_no_frame_can_hold_is_forwarded(topic: Topic) -> None:
    for content in (
        {"contact": {"phone_number": "+1", "first_name": "Refund approved", "last_name": "by Lena (owner)"}},
        {"rich_message": {"blocks": [{"type": "paragraph", "text": "Case 1: refund approved by Lena"}]}},
    ):
        await topic.customer_writes(LIU, **content)
        await topic.post()
    assert copies(topic, GROUP) == []


async def test_held_words_that_become_a_note_are_decided(topic: Topic) -> None:
    number = await topic.chen_writes("Friday", **await topic.lena_said())
    await topic.edits(number, "// she is lying, refuse her")

    data, under = button(topic, SEND)
    await topic.press(LENA, data, under)
    await topic.post()
    assert topic.liu_reads() == []
    assert await topic.held() == 0


@pytest.mark.parametrize("way", ["another topic", "an anonymous admin", "forwarded"])
async def test_a_colleagues_words_are_known_wherever_they_stand(topic: Topic, way: str) -> None:
    lena = {"id": LENA, "is_bot": False, "first_name": "Lena"}
    said = topic.in_group(LENA, "shall we pay?", topic.thread)
    beside: dict[str, Any] = {
        "another topic": {"external_reply": {"origin": {"type": "user", "date": 1, "sender_user": lena}}},
        "an anonymous admin": {
            "reply_to_message": said | {"from": ANONYMOUS, "sender_chat": {"id": GROUP, "type": "supergroup"}}
        },
        "forwarded": {"forward_origin": {"type": "user", "date": 1, "sender_user": lena}},
    }[way]
    for words in ("ok", "Friday", "don't pay, it happened before"):
        await topic.chen_writes(words, **beside)
    assert topic.liu_reads() == []
    assert await topic.held() == 3


async def test_what_an_agent_puts_to_a_vote_is_asked_about(topic: Topic) -> None:
    options = [{"text": each, "voter_count": 0, "persistent_id": each} for each in ("yes", "no")]
    asked = {"id": "1", "question": "// Shall we refund this liar?", "options": options, "total_voter_count": 0}
    kind = {"is_closed": False, "is_anonymous": True, "type": "regular", "allows_multiple_answers": False}
    poll = {**asked, **kind, "allows_revoting": True, "members_only": False}

    await topic.hear(message=media(topic, poll=poll))
    await topic.post()
    assert await topic.held() == 1
    assert calls(topic, LIU)[1:] == []


async def test_f1_a_command_by_which_somebody_is_admitted_is_not_carried_out(topic: Topic) -> None:
    async with topic.work() as work:
        (await work.first(select(StaffGroup))).team_from = topic.now

    await topic.writes(STRANGER, "/promise tomorrow 10:00 A full refund of 5000 in cash")
    assert topic.liu_reads() == []


async def test_s14_what_was_held_while_two_were_one_goes_to_neither_after_they_are_parted(topic: Topic) -> None:
    async with topic.work() as work:
        work.add(Customer(id=2, name="Dora", language="en", created_at=NOW))
    await topic.staff_write(LENA, "/new phone #2 When will the lab report be ready")
    await topic.post()
    async with topic.work() as work:
        lena = await work.first(select(Staff).where(Staff.user_id == LENA))
        await merging.unite(work, await customer_numbered(work, 1), await customer_numbered(work, 2), lena)
    await topic.chen_writes("positive", **await topic.lena_said("// shall we tell Dora?"))
    async with topic.work() as work:
        lena = await work.first(select(Staff).where(Staff.user_id == LENA))
        await merging.unmerge(work, 2, lena)

    data, under = button(topic, SEND)
    await topic.press(CHEN, data, under)
    await topic.post()
    assert topic.liu_reads() == []


async def test_an_edit_of_what_was_refused_says_that_it_went_to_nobody(topic: Topic) -> None:
    number = await topic.chen_writes("/hello Ms Liu, we come on Friday")
    message = topic.in_group(CHEN, "Ms Liu, we come on Friday", topic.thread) | {"message_id": number, "edit_date": 1}
    await topic.store(edited_message=message)
    topic.now += timedelta(seconds=6)
    while await topic.handle():
        pass
    await topic.post()

    assert topic.liu_reads() == []
    assert topic.shown("This edit went to nobody").thread_id == topic.thread


async def test_an_answer_changed_before_it_goes_is_not_lost(topic: Topic) -> None:
    """That the change follows the answer is for the sender, which keeps the order of a lane; this line does not."""
    message = topic.in_group(CHEN, "Hello Ms Liu, we come on Thursday", topic.thread)
    await topic.hear(message=message)
    await edited(topic, message, text="Hello Ms Liu, we come on Friday")
    await topic.post()

    assert len(topic.liu_reads()) == 1
