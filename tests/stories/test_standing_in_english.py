"""The same in English: a stranger in a customer's topic, and an agent removed while nobody looked (F1, F2)."""

from sqlmodel import select

from models.staff import Staff
from tests.stories.shop import Agent, Customer, Shop, until
from tests.telegram import words

PLAN = """
[business]
language = "en"
enrolment = "approve"
"""


async def heard(customer: Customer) -> str:
    return "\n".join(words(each) for each in await customer.chat())


async def active(shop: Shop, agent: Agent) -> list[bool]:
    return list(await shop.stored(select(Staff.active).where(Staff.user_id == agent.id)))


async def test_f1_a_strangers_first_message_in_a_customers_topic(shop: Shop) -> None:
    anna, stranger = await shop.customer("Anna", language="en"), await shop.newcomer("Mallory", language="en")
    await anna.complains("I want my money back")

    said = await stranger.says("Please send your card number to @mallory", to=anna)
    notice = await shop.owner.sees("This goes to nobody. Mallory can answer customers once a supervisor", of=anna)
    assert notice["reply_to_message"]["message_id"] == said["message_id"]
    await stranger.says("Quickly", to=anna)
    asked = await shop.owner.sees("Mallory has written in this group. Are they on the staff?")
    offered = await shop.owner.sees("Who here may answer customers?")
    assert "Everyone in this group is staff" in str(offered["reply_markup"])
    await shop.owner.presses(asked, f"approval:{_number(asked)}:no")
    await stranger.says("Still there?", to=anna)
    await shop.calms_down()

    assert not [each for each in ("mallory", "Quickly", "Still there") if each in await heard(anna)]
    topic = [words(each) for each in await shop.topic_of(anna)]
    assert sum("This goes to nobody" in each for each in topic) == 1, topic


def _number(asked: dict[str, object]) -> str:
    """The key of what is asked, from its buttons."""
    return str(asked["reply_markup"]).partition("approval:")[2].partition(":")[0]


async def test_f2_an_ex_agent_who_was_removed_while_the_bot_was_down_for_25_hours(shop: Shop) -> None:
    anna, chen = await shop.customer("Anna", language="en"), await shop.newcomer("Chen", language="en")
    await chen.says("Morning")
    asked = await shop.owner.sees("Chen has written in this group")
    await shop.owner.presses(asked, f"approval:{_number(asked)}:yes")
    await until(lambda: active(shop, chen), lambda found: found == [True])
    await chen.starts_bot()
    await chen.hears("Customers are answered in the staff group")
    await anna.complains("My kettle leaks")
    await chen.answers("We will look at it", anna)
    await shop.calms_down()
    assert await shop.bot.stop() == 0

    await shop.telegram.member(chen.user, shop.group, "kicked", by=shop.owner.user)
    await shop.telegram.clock(25 * 3600)
    said = await shop.telegram.say(chen.user, "/find Anna")
    await shop.bot.restart()

    await shop.telegram.wait_message(chen.user, "", after=said)
    await until(lambda: active(shop, chen), lambda found: found == [False])
    await shop.owner.sees("Chen has left the group; these cases are free to claim again")
    await shop.calms_down()
    private = [words(each) for each in await shop.telegram.chat(chen.user)]
    assert not [each for each in private if "Anna" in each and "no. " in each]
