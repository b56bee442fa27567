"""A customer with more than one matter: which case the words belong to, and what came before."""

from sqlmodel import col, select

from models.cases import Case
from models.messages import Message, MessageVersion
from tests.stories.asking import answers_of, runs_of
from tests.stories.shop import Customer, Shop, case_number
from tests.telegram import words


async def case_of(shop: Shop, said: dict[str, object], customer: Customer) -> int | None:
    """The case that a customer's message was filed under."""
    query = select(Message.case_id).where(
        Message.origin_chat_id == customer.id, Message.origin_message_id == said["message_id"]
    )
    found = await shop.stored(query)
    return found[0] if found else None


async def two_matters(customer: Customer) -> tuple[int, int]:
    """A leaking kettle, then, by the button, a late invoice."""
    received = await customer.complains("水壶漏水")
    assert await customer.presses(received, "另一件事") == ""
    asked = await customer.hears("请把这件事写下来")
    await customer.says("发票还没收到")
    second = await customer.hears("服务单编号", after=asked)
    return case_number(received), case_number(second)


async def test_the_button_opens_a_new_matter_in_the_same_topic(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()

    kettle, invoice = await two_matters(wang)

    assert invoice != kettle
    await chen.card(wang, f"工单 {kettle}")
    card = await chen.card(wang, f"工单 {invoice}")
    assert "以往工单 1 件" in words(card)
    assert "接续" not in words(card), "another matter continues nothing"
    topics = [each for each in await shop.telegram.topics(shop.group) if wang.name in each["name"]]
    assert len(topics) == 1


async def test_words_go_to_the_case_replied_to_or_else_to_the_latest(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    kettle, invoice = await two_matters(wang)
    about_kettle = await wang.hears(f"服务单编号 {kettle}")

    latest = await wang.says("什么时候寄发票")
    earlier = await wang.says("还在漏", reply_to=about_kettle)
    await chen.sees("还在漏", of=wang)

    assert await case_of(shop, latest, wang) == invoice
    assert await case_of(shop, earlier, wang) == kettle


async def test_staff_mean_the_case_that_they_reply_to(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    kettle, invoice = await two_matters(wang)
    about_kettle = await chen.sees("水壶漏水", of=wang)

    await chen.says("/resolve 已换新", to=wang, reply_to=about_kettle)
    await wang.hears(f"服务单 {kettle} 我们已处理完毕")
    await chen.says("/resolve 发票已寄", to=wang)
    await wang.hears(f"服务单 {invoice} 我们已处理完毕")


async def test_my_cases_shows_what_there_is_and_how_it_stands(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    kettle, invoice = await two_matters(wang)
    await chen.says("/resolve 发票已寄", to=wang)
    await wang.hears("发票已寄")

    for ask in ("/mycases", "查进度"):
        said = await wang.says(ask)
        shown = words(await wang.hears("您最近的服务单", after=said)).splitlines()
        assert [line.partition(" · ")[0] for line in shown[1:3]] == [str(invoice), str(kettle)]
        assert "已处理，待您确认" in shown[1]
        assert "已登记" in shown[2]
        assert "水壶漏水" in shown[2]


async def test_a_person_is_called_to_the_case_at_hand(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    kettle, _ = await two_matters(wang)
    await chen.says("/resolve 发票已寄", to=wang)
    await wang.hears("发票已寄")

    await wang.says("转人工")

    await wang.hears(f"尽快查看您的服务单 {kettle}")
    await chen.sees(f"客户请客服尽快查看工单 {kettle}", of=wang)


async def test_somebody_without_a_case_who_calls_for_a_person_gets_one(shop: Shop) -> None:
    anna = await shop.customer("Anna", language="en")
    chen = await shop.agent()

    await anna.says("Talk to a person")

    number = case_number(await anna.hears("Your case number is"))
    await chen.sees("Talk to a person", of=anna)
    await chen.card(anna, f"工单 {number}")
    await shop.calms_down()
    assert len(await anna.chat()) == 2, "asked once, answered once"


async def test_talk_about_an_open_case_is_no_comment_on_another_ones_score(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    kettle, _ = await two_matters(wang)
    await chen.says("/resolve 发票已寄", to=wang)
    await wang.presses(await wang.hears("发票已寄"), "5 非常满意")
    await wang.hears("说说原因")
    about_kettle = await chen.sees("水壶漏水", of=wang)

    await chen.answers("请问水壶是什么型号？", wang, reply_to=about_kettle)
    said = await wang.says("K-200")
    await chen.sees("K-200", of=wang)

    assert await case_of(shop, said, wang) == kettle
    (run,) = await runs_of(shop, wang)
    assert await answers_of(shop, run) == {"satisfaction": [5]}, "not the reason of the five stars"


async def cases_of(shop: Shop, customer: Customer) -> list[Case]:
    row = await customer.row()
    return list(await shop.stored(select(Case).where(Case.customer_id == row.id).order_by(col(Case.id))))


async def test_f41_an_edit_after_the_end_reaches_staff_and_reopens_nothing(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    said = await wang.says("买了三个月")
    await chen.card(wang)
    await chen.says("/close", to=wang)
    await wang.hears("已办结")

    await wang.edits(said, "买了四个月")

    await chen.sees("买了四个月", of=wang)
    await shop.calms_down()
    assert "已办结" in words(await chen.card(wang))
    case = (await cases_of(shop, wang))[0]
    versions = await shop.stored(select(MessageVersion.text).join(Message).where(Message.case_id == case.id))
    assert versions == ["买了三个月"], "the old words are kept"


async def test_f41_an_edit_before_staff_could_read_the_words_arrives_after_them(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    said = await wang.says("要红色的")

    await wang.edits(said, "要蓝色的")

    await chen.sees("要蓝色的", of=wang)
    shown = [words(each) for each in await shop.topic_of(wang) if "色的" in words(each) and "工单" not in words(each)]
    assert [text.splitlines()[-1] for text in shown] == ["要红色的", "要蓝色的"]


async def test_matters_can_be_told_apart_by_who_takes_them(shop: Shop) -> None:
    wang, chen, li = await shop.customer(), await shop.agent("小陈"), await shop.agent("小李")
    kettle, invoice = await two_matters(wang)
    about_kettle = await chen.sees("水壶漏水", of=wang)

    await chen.says("/claim", to=wang, reply_to=about_kettle)
    await li.says("/claim", to=wang)

    await shop.calms_down()
    holders = {case.id: case.assignee_id for case in await cases_of(shop, wang)}
    assert holders[kettle] != holders[invoice]
    assert None not in holders.values()
