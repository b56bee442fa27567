"""Questionnaires by use cases alone: who may answer, for whom, and who may send one to many."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from handlers import cases, questionnaires
from handlers.questionnaires import waves
from handlers.refusals import Refusal
from handlers.said import Content, Said
from models.cases import Case, CaseState, case_numbered
from models.customers import Customer, customer_numbered
from models.messages import Message
from models.questionnaires import Answer, Invitation, InvitationState, SurveyWave, WaveState
from models.questionnaires.waves import wave_numbered
from models.staff import Staff, staff_group, staff_member
from models.work import Work
from tests.desk import AGENT, MANAGER, SUPERVISOR, Desk, open_desk

SQLITE_ALONE = "who may do what, and what is kept of it: the rules are the same on both"
SHIPPED = Path(__file__).parents[1] / "templates" / "questionnaires"
NOON = datetime(2026, 11, 25, 4, tzinfo=UTC)
PLAN = '[contact]\nquiet = ""\n[[tier]]\nid = "vip"\n[[segment]]\nid = "business"\nwhen = { tag = "business" }\n'
LI, WANG = 1, 2


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with open_desk(database_url, PLAN, NOON, Desk) as found:
        await found.cast()
        people = {LI: "Li Wei", WANG: "Wang Fang"}
        await found.welcome(
            *(
                Customer(id=key, user_id=key * 10, name=name, language="en", tier="vip", created_at=NOON)
                for key, name in people.items()
            )
        )
        async with found.work() as work:
            texts = {name: (SHIPPED / name).read_text("utf-8") for name in ("csat.toml", "nps.toml")}
            await questionnaires.take_definitions(work, texts)
        yield found


async def asked(desk: Desk, customer_id: int = LI) -> None:
    """The customer is asked how likely they are to recommend us."""
    async with desk.work() as work:
        customer = await customer_numbered(work, customer_id)
        await questionnaires.plan(work, customer, "nps", f"nps:{customer_id}", "wave", NOON)
    assert await desk.ticks(questionnaires.ask_due) == 1


async def invitation(work: Work) -> Invitation:
    found: Invitation = await work.first(select(Invitation))
    return found


async def answers(desk: Desk) -> dict[str, Answer]:
    return {row.question: row for row in await desk.rows(Answer)}


def in_words(text: str) -> Said:
    return Said(Content(kind="text", text=text, written_at=NOON))


async def test_a_customer_answers_by_tap_and_in_words_and_the_answers_say_so(desk: Desk) -> None:
    await asked(desk)
    async with desk.work() as work:
        li = await customer_numbered(work, LI)
        assert await questionnaires.answer_question(work, await invitation(work), 0, "9", li)
    async with desk.work() as work:
        await questionnaires.hear(work, await customer_numbered(work, LI), in_words("quick and friendly"))

    found = await answers(desk)
    assert [row.value for row in found.values()] == [[9], None]
    assert [row.text for row in found.values()] == [None, "quick and friendly"]
    assert {(row.customer_id, row.staff_id) for row in found.values()} == {(LI, None)}
    assert (await desk.rows(Invitation))[0].nps == 9
    assert [row.case_id for row in await desk.rows(Message) if row.text == "quick and friendly"] == [None]


async def test_another_customers_questionnaire_is_not_there_for_anybody_else(desk: Desk) -> None:
    await asked(desk)
    for who in (lambda work: customer_numbered(work, WANG), lambda work: staff_member(work, MANAGER)):
        with pytest.raises(Refusal, match="stale"):
            async with desk.work() as work:
                await questionnaires.answer_question(work, await invitation(work), 0, "9", await who(work))
    assert await answers(desk) == {}


async def open_form(desk: Desk) -> None:
    number = await desk.opens()
    async with desk.work() as work:
        by, li = await staff_member(work, AGENT), await customer_numbered(work, LI)
        case = await case_numbered(work, number)
        await questionnaires.open_form(work, by, li, case, "csat", "visit:1", NOON + timedelta(days=1))


async def test_what_an_agent_fills_in_is_the_customers_answer_by_the_agent_who_wrote_it(desk: Desk) -> None:
    await open_form(desk)
    async with desk.work() as work:
        colleague = await staff_member(work, SUPERVISOR)
        await questionnaires.fill_in(work, await invitation(work), 0, "5", colleague)
        await questionnaires.fill_in_words(work, await invitation(work), "very kind", colleague)

    rows = (await answers(desk)).values()
    assert {(row.customer_id, row.staff_id) for row in rows} == {(None, SUPERVISOR)}
    (run,) = await desk.rows(Invitation)
    assert (run.state, run.csat, run.by_staff_id) == (InvitationState.FINISHED, 5, SUPERVISOR)


async def test_who_says_not_solved_where_no_message_of_ours_stands_reads_that_it_goes_on(desk: Desk) -> None:
    number = await desk.opens()
    async with desk.work() as work:
        case, li = await desk.case(work, number), await customer_numbered(work, LI)
        cases.resolve(work, li, case, await staff_member(work, AGENT), "new lid")
    for who, why in ((WANG, "stale"), (LI, None), (LI, "score_late")):
        told = len(await desk.said())
        with pytest.raises(Refusal, match=why) if why else nullcontext():
            async with desk.work() as work:
                case, by = await desk.case(work, number), await customer_numbered(work, who)
                await questionnaires.not_solved(work, case, 1, by)
        said = desk.texts((await desk.said())[told:])
        assert any("sorry that it is not solved" in each for each in said) is (why is None), said
    assert (await desk.rows(Case))[0].state is CaseState.OPEN


async def test_a_form_is_for_staff_and_the_customer_has_no_buttons_of_it(desk: Desk) -> None:
    await open_form(desk)
    for why, do in (
        ("not_staff", lambda work, run, li: questionnaires.fill_in(work, run, 0, "5", li)),
        ("not_staff", lambda work, run, li: questionnaires.fill_in_words(work, run, "kind", li)),
        ("stale", lambda work, run, li: questionnaires.answer_question(work, run, 0, "5", li)),
    ):
        with pytest.raises(Refusal, match=why):
            async with desk.work() as work:
                await do(work, await invitation(work), await customer_numbered(work, LI))
    assert await answers(desk) == {}


async def test_an_answer_in_words_becomes_a_case_once(desk: Desk) -> None:
    await test_a_customer_answers_by_tap_and_in_words_and_the_answers_say_so(desk)
    words = next(row.id for row in (await answers(desk)).values() if row.text)

    async def make(by: int) -> Case:
        async with desk.work() as work:
            answer: Answer = await work.first(select(Answer).where(Answer.id == words))
            return await questionnaires.make_case(work, answer, await staff_member(work, by))

    case = await make(AGENT)
    assert (case.customer_id, case.subject) == (LI, "quick and friendly")
    with pytest.raises(Refusal, match="case_made"):
        await make(AGENT)
    assert len(await desk.rows(Case)) == 1


# -- to many


async def test_sending_to_many_is_for_managers_from_the_preview_to_the_end(desk: Desk) -> None:
    async with desk.work() as work:
        manager = await staff_member(work, MANAGER)
        found = await waves.preview(work, "nps", "vip", manager, {})
        assert (found.count, found.approval is not None) == (2, True)
        wave: SurveyWave = await work.first(select(SurveyWave))
        wave.state = WaveState.RUNNING
    deeds = (
        deed_on_wave(waves.pause),
        deed_on_wave(waves.resume),
        deed_on_wave(waves.cancel),
        begin_one,
        post_a_poll,
    )
    for by in (AGENT, SUPERVISOR):
        for deed in deeds:
            with pytest.raises(Refusal, match="role"):
                async with desk.work() as work:
                    await deed(work, await staff_member(work, by))
    (row,) = await desk.rows(SurveyWave)
    assert row.state is WaveState.RUNNING


def deed_on_wave(do: Callable[[Work, SurveyWave, Staff], None]) -> Callable[[Work, Staff], Awaitable[None]]:
    async def done(work: Work, by: Staff) -> None:
        do(work, await the_wave(work), by)

    return done


async def begin_one(work: Work, by: Staff) -> None:
    await waves.preview(work, "nps", None, by, {})


async def post_a_poll(work: Work, by: Staff) -> None:
    questionnaires.post_poll(work, await staff_group(work, 1), "Lunch?", ["yes", "no"], by)


async def the_wave(work: Work) -> SurveyWave:
    found = await wave_numbered(work, 1)
    assert found is not None
    return found


async def test_a_paused_wave_whose_segment_is_gone_is_not_resumed(desk: Desk) -> None:
    async with desk.work() as work:
        work.add(
            SurveyWave(
                key="hand:1",
                questionnaire="nps",
                version=1,
                rule="wave",
                audience="business",
                state=WaveState.RUNNING,
                made_at=NOON,
            )
        )
        await work.flush()
        waves.pause(work, await the_wave(work), await staff_member(work, MANAGER))
    await desk.takes('[[tier]]\nid = "vip"')

    with pytest.raises(Refusal, match="no_audience"):
        async with desk.work() as work:
            waves.resume(work, await the_wave(work), await staff_member(work, MANAGER))
