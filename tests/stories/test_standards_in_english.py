"""The care plan of a business that speaks English: what its staff read of time, and of many cases at once."""

from tests.stories.shop import Shop, case_number
from tests.telegram import buttons, words

PLAN = """
[business]
language = "en"

[[tier]]
id = "regular"
first_response = "20m"
resolution = "2d"

[escalation]
steps = [{ at = 0.5, tell = "assignee" }, { at = 1.0, tell = "supervisor" }]

[contact]
quiet = ""
"""


async def test_staff_read_what_is_due_and_what_is_late_in_their_language(shop: Shop) -> None:
    anna, chen = await shop.customer("Anna", language="en"), await shop.agent("Chen", language="en")
    await chen.says("morning")
    number = case_number(await anna.complains("My kettle leaks"))
    await chen.card(anna, "Due: first response, ")

    await shop.time_passes(minutes=11)
    asked = await chen.sees(f"Case {number}: the first response is due ", of=anna)
    assert "Chen: please see to it." in words(asked)
    assert await chen.presses(asked, "I have it") == f"Noted: you have case {number}"
    shown = await chen.sees("Chen has it, ", of=anna)
    assert buttons(shown) == []

    await shop.time_passes(minutes=10)
    await chen.sees("the first response is late. It was due ", of=anna)
    await chen.card(anna, "late, was due ")
    await anna.says("Any news?")
    await chen.sees(f"The customer asks where case {number} stands (asked once).", of=anna)
    await chen.says("/promise soon", to=anna)
    await chen.sees("Please name a time in the future", of=anna)
    await chen.says("/promise 2h a new kettle in the post", to=anna)
    assert "a new kettle in the post" in words(await anna.hears("you can expect an answer by "))
    await chen.sees("The customer knows: an answer by ", of=anna)
    await chen.says("/close", to=anna)
    await shop.telegram.leave(chen.user, shop.group)
    await shop.calms_down()


async def test_many_that_fall_due_at_once_are_one_message(shop: Shop) -> None:
    chen = await shop.agent("Chen", language="en")
    await chen.says("morning")
    people = [await shop.customer(name, language="en") for name in ("Ben", "Cleo", "Dan", "Eve")]
    numbers = [case_number(await person.complains("No power")) for person in people]
    for person in people:
        await chen.card(person)
    await shop.time_passes(minutes=11)
    digest = await chen.sees("These cases are pressing")
    assert not digest["thread_id"], "it stands in General"
    assert all(words(digest).count(str(number)) == 1 for number in numbers), "each once, at whatever step"
    assert [entity["user"]["id"] for entity in digest["entities"] if entity["type"] == "text_mention"] == [chen.id]
    await shop.calms_down()
    for person in people:
        assert not [each for each in await shop.topic_of(person) if "please see to it" in words(each)]
