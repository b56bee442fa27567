"""A refused deed cannot leave anything: whatever a door has done, a no after it undoes all of it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

import pytest
from sqlmodel import select

from handlers import conclude, follow_up
from handlers.chat import entrance
from handlers.chat.doors import Door, Place
from handlers.refusals import Refusal
from models.cases import Case, CaseState
from models.customers import Customer
from models.staff import StaffGroup
from models.work import Work
from tests.desk import AGENT, MANAGER, Tables, differences, open_desk, tables_in
from tests.line import SECOND, Update
from tests.refusals.shop import LI, MEI, NOW, OWNER, PLAN, WANG, Shop, is_no, only_a_no

#: What is granted, with the door by which it comes in: in every place, by whoever speaks there.
GRANTED: tuple[tuple[str, Callable[[Shop], Update]], ...] = (
    ("card_claim", lambda shop: shop.staff_presses("claim:1001")),
    ("card_severity", lambda shop: shop.staff_presses("severity:1001:critical", MEI)),
    ("resolve_command", lambda shop: shop.staff_says("/resolve 已换新壶")),
    ("note_command", lambda shop: shop.staff_says("/note 老客户")),
    ("promise_command", lambda shop: shop.staff_says("/promise 明天 10:00")),
    ("transfer_command", lambda shop: shop.staff_says("/transfer advice 只是想问")),
    ("ban_command", lambda shop: shop.staff_says("/ban 2h 辱骂", OWNER)),
    ("answer", lambda shop: shop.staff_says("马上为您换新")),
    ("new_command", lambda shop: shop.in_general("/new 电话 张先生 13800000000 壶漏水")),
    ("role_command", lambda shop: shop.in_general("/role @staff5 supervisor", OWNER)),
    ("survey_command", lambda shop: shop.in_general("/survey nps", MANAGER)),
    ("away_command", lambda shop: shop.in_private("/away 2h")),
    ("customer_start_command", lambda shop: {"message": shop.private(WANG, "/start")}),
    ("message", lambda shop: {"message": shop.private(WANG, "壶还在漏")}),
    ("message", lambda shop: {"message": shop.private(LI, "你们送来的壶也漏水")}),
    ("edited", lambda shop: {"edited_message": shop.first_words | {"text": "水壶漏水", "edit_date": 1}}),
    ("set_language", lambda shop: shop.customer_presses("language:en")),
    ("another_matter", lambda shop: shop.customer_presses("another")),
    ("membership", lambda shop: shop.leaves(MEI)),
    ("reachability", lambda shop: shop.blocks_us(WANG)),
)
#: Of each place one, for what nobody foresaw.
FAILING = tuple(
    each for each in GRANTED if each[0] in ("card_severity", "note_command", "away_command", "set_language")
)


@pytest.fixture(scope="module")
async def shop(module_database: str) -> AsyncIterator[Shop]:
    """The scene, which stays as it is: nothing of what is tried here lasts."""
    async with open_desk(module_database, PLAN, NOW, Shop) as shop:
        await shop.open()
        yield shop


@dataclass
class Spoilt:
    """Doors at which all is done and written, and much more, before they fail; what each had written by itself."""

    failure: Exception
    written: list[tuple[str, Tables]] = field(default_factory=list)

    def door(self, door: Door) -> Door:
        """The same door, spoilt."""

        async def do(work: Work, place: Place) -> None:
            await door.do(work, place)
            await follow_up(work)
            await work.finish()
            self.written.append((door.name, await tables_in(await work.session.connection())))
            await self._more(work)
            raise self.failure

        return replace(door, do=do)

    async def _more(self, work: Work) -> None:
        """A row is added, another changed, a case is over, and the audit says so."""
        work.add(Customer(id=99, name="nobody", language="zh", created_at=work.now))
        (await work.first(select(StaffGroup))).title = "nothing"
        case = await work.first(select(Case).where(Case.id == 1001))
        if case.state is not CaseState.CLOSED:
            case.move(CaseState.CLOSED, work.now)
        work.audit(None, "nothing", "case:1001")
        await conclude(work)
        await work.finish()


def spoil(monkeypatch: pytest.MonkeyPatch, failure: Exception, *names: str) -> Spoilt:
    """These doors are spoilt from now on, all of them where none is named."""
    spoilt = Spoilt(failure)
    doors = tuple(spoilt.door(each) if not names or each.name in names else each for each in entrance.DOORS)
    monkeypatch.setattr(entrance, "DOORS", doors)
    return spoilt


def _by_li(update: Update) -> bool:
    return bool(update["message"]["from"]["id"] == LI)


@pytest.mark.parametrize(("door", "granted"), GRANTED, ids=[door for door, _ in GRANTED])
async def test_a_no_after_all_was_done_undoes_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, door: str, granted: Callable[[Shop], Update]
) -> None:
    spoilt = spoil(monkeypatch, Refusal("stale"))
    before = await shop.tables()
    shop.telegram.toasts.clear()
    update = granted(shop)
    await shop.hear(**update)
    said = only_a_no(before, await shop.tables())
    heard = [words for words in (*shop.telegram.toasts, said) if words]
    # 李 was undone too: there is nobody to tell.
    assert [is_no("stale", words) for words in heard] == ([] if door == "message" and _by_li(update) else [True])
    assert {name for name, _ in spoilt.written} == {door}
    assert all(any(differences(before, written)) for _, written in spoilt.written), "the deed had done nothing"


@pytest.mark.parametrize(("door", "granted"), FAILING, ids=[door for door, _ in FAILING])
async def test_what_nobody_foresaw_undoes_it_too_and_it_is_tried_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, door: str, granted: Callable[[Shop], Update]
) -> None:
    before = await shop.tables()
    with monkeypatch.context() as for_once:
        spoilt = spoil(for_once, RuntimeError("nobody foresaw this"))
        await shop.hear(**granted(shop))
    assert {name for name, _ in spoilt.written} == {door}
    assert await shop.tables() == before
    shop.now += SECOND
    assert await shop.handle() == 1
    assert any(differences(before, await shop.tables()))


async def test_of_three_in_a_batch_the_refused_one_leaves_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt = spoil(monkeypatch, Refusal("stale"), "promise_command")
    before = await shop.tables()
    await shop.store(message=shop.private(WANG, "壶还在漏"))
    await shop.store(**shop.staff_says("/promise 明天 10:00"))
    await shop.store(**shop.staff_says("马上为您换新"))
    assert await shop.handle() == 3

    added, gone = differences(before, await shop.tables())
    assert spoilt.written, "nobody promised anything"
    assert [row["text"] for row in added.pop("messages")] == ["壶还在漏", "马上为您换新"]
    assert sum("失效" in str(row["body"]) for row in added.pop("outbox")) == 1
    # 王 has written and was answered, with that the agent has the case; of the promise, and of what spoilt it, there
    # is no trace.
    assert [row["kind"] for row in added.pop("case_events")] == ["claimed"]
    (case,) = added.pop("cases")
    assert (case["state"], case["assignee_id"]) == ("open", AGENT)
    assert not added.keys() - {"case_spans"}, added
    assert not gone.keys() - {"case_spans", "cases"}, gone
