"""Who may pass where: deny by default."""

import re
from pathlib import Path

from handlers.chat.doors import ANYONE, CUSTOMER, STAFF_PLACES, Place, Where
from handlers.chat.entrance import DOORS
from models.staff import Role

HANDLERS = Path(__file__).parents[1] / "handlers"

#: Doors for which nobody need be anybody: what Telegram itself reports, talk that is left alone, dead buttons.
OPEN_TO_ALL = {
    "migrated",
    "topic_created",
    "left_message",
    "noted",
    "unheard",
    "membership",
    "bot_standing",
    "reachability",
    "plain_talk",
    "stale",
}


def test_s11_every_door_declares_who_may_pass() -> None:
    for door in DOORS:
        assert isinstance(door.who, Role) or door.who in (CUSTOMER, ANYONE), door.name
    assert {door.name for door in DOORS if door.who == ANYONE} == OPEN_TO_ALL


def test_s09_staff_act_in_their_groups_or_alone_with_the_bot_and_customers_in_private() -> None:
    for door in DOORS:
        if isinstance(door.who, Role):
            # In private the door itself lets staff pass alone; a command of theirs is none to anybody else.
            assert door.where <= STAFF_PLACES | {Where.PRIVATE}, f"{door.name}: staff have no authority elsewhere"
        if door.who == CUSTOMER:
            assert door.where == {Where.PRIVATE}, f"{door.name}: a customer is somebody who writes in private"
    assert not [door.name for door in DOORS if Where.FOREIGN in door.where]


def test_s09_in_private_a_door_of_staff_is_none_for_anybody_else() -> None:
    stranger = Place(Where.PRIVATE, "message", {"date": 0, "text": "/file 1"}, {"id": 7})
    opened = [door for door in DOORS if door.fits(stranger)]
    assert {door.who for door in opened} == {CUSTOMER}


def test_every_door_has_a_name_of_its_own() -> None:
    names = [door.name for door in DOORS]
    assert len(names) == len(set(names))


def test_every_button_leads_somewhere() -> None:
    code = "\n".join(path.read_text("utf-8") for path in HANDLERS.rglob("*.py"))
    made = {action for action in re.findall(r'button\(.*f?"(\w+):', code) if action != "{action"}
    opened = set(re.findall(r'press\("(\w+)"\)', code)) | {"claim", "wait", "resolve", "reopen", "note"}
    assert made - {"action"} <= opened
