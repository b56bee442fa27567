"""The doctor says in plain lines what is wrong, one thing at a time, and leaves everything as it was."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text
from typer.testing import CliRunner

from bot.__main__ import cli
from bot.clock import wall
from bot.doctor import examine
from bot.doctor.telegram_side import clock_finding
from bot.settings import Settings
from handlers import open_database
from models.database import Database
from models.installation import Installation
from tests.running import QuickBot
from tests.tables import make_tables, make_tables_at
from tests.telegram import Json, Telegram

# The gateway calls Telegram's methods by name; here that happens inside pytest, which resets the filters.
pytestmark = pytest.mark.filterwarnings("ignore:Please use 'Bot:telegram.warnings.PTBUserWarning")

TOKEN = "1000000001:canary-of-the-doctor"
SECRET = "an-unusually-long-secret-of-36-chars"


@pytest.fixture(scope="module")
async def telegram() -> AsyncIterator[Telegram]:
    sandbox = await Telegram.start(TOKEN)
    yield sandbox
    await sandbox.stop()


@pytest.fixture(scope="module")
async def chief(telegram: Telegram) -> Json:
    return await telegram.user("Zhao Min")


@pytest.fixture
async def group(telegram: Telegram, chief: Json) -> Json:
    return await telegram.group("Care", [chief])


class Practice:
    """The doctor's practice: settings that are all right, but for what a test changes."""

    def __init__(self, telegram: Telegram, group: Json, chief: Json, folder: Path) -> None:
        self.folder = folder
        self._given: dict[str, Any] = {
            "bot_token": TOKEN,
            "staff_group_id": group["id"],
            "owner_ids": (chief["id"],),
            "telegram_api_url": telegram.url,
            "database_url": f"sqlite+aiosqlite:///{folder / 'huifang.db'}",
            "web_port": 0,
        }

    async def examine(self, **changes: Any) -> int:
        return await examine(Settings(**{**self._given, **changes}), self.folder / ".env")

    def plan(self, words: str) -> Path:
        path = self.folder / "plan.toml"
        path.write_text(words, "utf-8")
        return path


@pytest.fixture
def practice(telegram: Telegram, group: Json, chief: Json, tmp_path: Path) -> Practice:
    return Practice(telegram, group, chief, tmp_path)


Printed = pytest.CaptureFixture[str]


def complaint(printed: Printed, level: str = "wrong") -> str:
    """The one line of that level; every other must be ok."""
    lines = printed.readouterr().out.splitlines()
    found = [line for line in lines if not line.startswith("ok ")]
    assert len(found) == 1, lines
    assert found[0].startswith(f"{level} "), found
    return found[0]


async def test_a_healthy_bot_gets_one_ok_line_for_each_thing(practice: Practice, capsys: Printed) -> None:
    code = await practice.examine()
    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert [line.split(":")[0] for line in lines] == [
        f"ok     {about}"
        for about in (
            "token",
            "staff group",
            "webhook",
            "database",
            "plan",
            "time zone",
            "questionnaires",
            "web server",
        )
    ]
    assert '"Care", a forum' in lines[1]
    assert not (practice.folder / "huifang.db").exists(), "the doctor makes nothing"


async def test_a_refused_token_is_named_and_not_shown(practice: Practice, capsys: Printed) -> None:
    assert await practice.examine(bot_token="1000000001:somebody-else") == 1
    lines = capsys.readouterr().out
    assert "wrong  token: Telegram does not accept it" in lines
    assert "somebody-else" not in lines


async def test_telegram_that_cannot_be_reached(practice: Practice, capsys: Printed) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = taken.getsockname()[1]
    assert await practice.examine(telegram_api_url=f"http://127.0.0.1:{nobody}") == 1
    assert f"127.0.0.1:{nobody} does not answer as Telegram does" in complaint(capsys)


# -- the staff group


async def test_a_group_that_the_bot_is_not_in(practice: Practice, capsys: Printed) -> None:
    assert await practice.examine(staff_group_id=-1009999999999) == 1
    assert "is in no group with the id -1009999999999. Add it" in complaint(capsys)


async def test_a_bot_that_was_removed_from_the_group(
    practice: Practice, telegram: Telegram, group: Json, capsys: Printed
) -> None:
    await telegram.bot_member(group, "kicked")
    assert await practice.examine() == 1
    assert "staff group: " in complaint(capsys)


async def test_a_bot_that_is_no_admin(practice: Practice, telegram: Telegram, group: Json, capsys: Printed) -> None:
    await telegram.bot_member(group, "member")
    assert await practice.examine() == 1
    assert 'no admin of "Care". Make it one who may manage topics' in complaint(capsys)


async def test_a_forum_in_which_the_bot_may_not_manage_topics(
    practice: Practice, telegram: Telegram, group: Json, capsys: Printed
) -> None:
    await telegram.bot_member(group, "administrator", {"can_manage_topics": False})
    assert await practice.examine() == 1
    assert "may not manage topics" in complaint(capsys)


async def test_a_forum_in_which_the_bot_may_not_delete(
    practice: Practice, telegram: Telegram, group: Json, capsys: Printed
) -> None:
    await telegram.bot_member(group, "administrator", {"can_delete_messages": False})
    assert await practice.examine() == 0
    assert "may not delete messages" in complaint(capsys, "warn")


@pytest.mark.parametrize(
    ("door", "words"),
    [
        ({"username": "acme_care"}, "join it as @acme_care"),
        ({"linked_chat_id": -1009}, "discussion group of a channel"),
    ],
)
async def test_f1_a_group_that_strangers_can_enter_or_be_heard_in(
    practice: Practice, telegram: Telegram, chief: Json, capsys: Printed, door: Json, words: str
) -> None:
    group = await telegram.group("Care", [chief], **door)
    assert await practice.examine(staff_group_id=group["id"]) == 0
    found = complaint(capsys, "warn")
    assert words in found
    assert 'enrolment = "approve"' in found


async def test_a_plain_group_is_as_good(practice: Practice, telegram: Telegram, group: Json, capsys: Printed) -> None:
    await telegram.forum(group, False)
    assert await practice.examine() == 0
    assert '"Care", a plain group: answer customers by reply' in capsys.readouterr().out


async def test_a_group_that_has_moved_is_followed_and_its_new_id_named(
    practice: Practice, telegram: Telegram, chief: Json, capsys: Printed
) -> None:
    old = await telegram.group("Small", [chief], forum=False, type="group")
    new = await telegram.migrate(old)
    assert await practice.examine(staff_group_id=old["id"]) == 0
    assert f"has the id {new['id']} now" in complaint(capsys, "warn")


async def test_owners_that_nobody_has_named(practice: Practice, capsys: Printed) -> None:
    assert await practice.examine(owner_ids=()) == 0
    assert "OWNER_IDS" in complaint(capsys, "warn")


# -- the database


@pytest.fixture
async def used_database(telegram: Telegram, database_url: str) -> AsyncIterator[Database]:
    """A database that the bot has used."""
    database = open_database(database_url, wall)
    await make_tables(database)
    bot = (await telegram.call("getMe"))["result"]
    async with database.engine.begin() as connection:
        row = {"bot_id": bot["id"], "bot_username": bot["username"], "owner_ids": []}
        await connection.execute(insert(Installation), row)
    yield database
    await database.close()


def address(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


async def execute(database: Database, statement: str) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text(statement))


async def test_a_database_in_use_is_left_as_it_is(
    practice: Practice, used_database: Database, capsys: Printed
) -> None:
    assert await practice.examine(database_url=address(used_database)) == 0
    assert "ok     database: can be written, version " in capsys.readouterr().out
    with pytest.raises(Exception, match="huifang_doctor"):
        await execute(used_database, "SELECT * FROM huifang_doctor")


async def test_the_database_of_another_bot(practice: Practice, used_database: Database, capsys: Printed) -> None:
    await execute(used_database, "UPDATE installation SET bot_id = 77, bot_username = 'other_bot'")
    assert await practice.examine(database_url=address(used_database)) == 1
    assert "belongs to another bot, @other_bot (77)" in complaint(capsys)


async def test_a_questionnaire_that_changed_without_a_new_version(
    practice: Practice, used_database: Database, capsys: Printed
) -> None:
    put = "INSERT INTO questionnaire_versions (key, version, digest, text, current, taken_at) VALUES"
    await execute(used_database, f"{put} ('csat', 1, 'another', '', true, '2026-11-01 00:00:00')")
    assert await practice.examine(database_url=address(used_database)) == 0
    assert "version 1 of 'csat' was stored with other words" in capsys.readouterr().out


async def test_the_database_of_a_newer_program(practice: Practice, used_database: Database, capsys: Printed) -> None:
    await execute(used_database, "UPDATE alembic_version SET version_num = '9999'")
    assert await practice.examine(database_url=address(used_database)) == 1
    assert "its version 9999 is newer than this program" in complaint(capsys)


async def test_an_empty_database_is_fine(practice: Practice, database_url: str, capsys: Printed) -> None:
    assert await practice.examine(database_url=database_url) == 0
    assert "the first start makes" in capsys.readouterr().out


async def test_a_file_that_is_no_database(practice: Practice, capsys: Printed) -> None:
    (practice.folder / "huifang.db").write_text("shopping list\n" * 100)
    assert await practice.examine() == 1
    assert "database: cannot be used" in complaint(capsys)


async def test_a_folder_that_cannot_hold_a_database(practice: Practice, capsys: Printed) -> None:
    (practice.folder / "data").write_text("a file, not a folder")
    url = f"sqlite+aiosqlite:///{practice.folder / 'data' / 'huifang.db'}"
    assert await practice.examine(database_url=url) == 1
    assert "cannot be made" in complaint(capsys)


async def test_a_server_that_does_not_answer_and_its_password_is_not_shown(
    practice: Practice, capsys: Printed
) -> None:
    url = "postgresql+asyncpg://care:canary-password@127.0.0.1:1/huifang"
    assert await practice.examine(database_url=url) == 1
    line = complaint(capsys)
    assert "database: cannot be used" in line
    assert "canary-password" not in line


# -- plan and time zone


async def test_a_plan_with_a_mistake(practice: Practice, capsys: Printed) -> None:
    assert await practice.examine(plan_file=practice.plan("[business\n")) == 1
    assert "plan: " in complaint(capsys)


async def test_a_time_zone_that_does_not_exist(practice: Practice, capsys: Printed) -> None:
    plan = practice.plan('[business]\ntimezone = "Mars/Olympus_Mons"\n')
    assert await practice.examine(plan_file=plan) == 1
    assert "expected a time zone" in complaint(capsys)


# -- the webhook


@pytest.fixture
async def webhook(telegram: Telegram) -> AsyncIterator[str]:
    """A webhook that Telegram has, and at which nobody listens; no update waits."""
    await telegram.clock(25 * 3600)
    url = "http://127.0.0.1:1/hook"
    assert (await telegram.call("setWebhook", url=url, secret_token=SECRET))["ok"]
    yield url
    await telegram.call("deleteWebhook")


async def test_a_webhook_of_another_program(practice: Practice, webhook: str, capsys: Printed) -> None:
    assert await practice.examine() == 0
    assert "still sends updates to 127.0.0.1" in complaint(capsys, "warn")


async def test_a_webhook_that_is_set(practice: Practice, webhook: str, capsys: Printed) -> None:
    assert await practice.examine(webhook_url=webhook, webhook_secret=SECRET) == 0
    assert "ok     webhook: set; 0 updates wait" in capsys.readouterr().out


async def test_a_webhook_that_is_not_set_yet(practice: Practice, capsys: Printed) -> None:
    assert await practice.examine(webhook_url="http://127.0.0.1:1/hook", webhook_secret=SECRET) == 0
    assert "is not set at Telegram; the next start sets it" in complaint(capsys, "warn")


async def test_a_webhook_with_a_short_secret(practice: Practice, webhook: str, capsys: Printed) -> None:
    assert await practice.examine(webhook_url=webhook, webhook_secret="short") == 0
    assert "the secret is short" in complaint(capsys, "warn")


async def test_a_webhook_at_which_nobody_answers(
    practice: Practice, telegram: Telegram, chief: Json, webhook: str, capsys: Printed
) -> None:
    await telegram.say(chief, "hello?")
    for _ in range(500):
        if "last_error_date" in (await telegram.call("getWebhookInfo"))["result"]:
            break
        await asyncio.sleep(0.02)
    assert await practice.examine(webhook_url=webhook, webhook_secret=SECRET) == 1
    line = complaint(capsys)
    assert "Telegram could not deliver" in line
    assert "1 updates wait" in line


# -- this machine


async def test_a_port_that_another_program_has(practice: Practice, capsys: Printed) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert await practice.examine(web_port=port) == 0
        assert "runs without its health page" in complaint(capsys, "warn")


async def test_a_port_that_the_webhook_needs(practice: Practice, webhook: str, capsys: Printed) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        settings = {"webhook_url": webhook, "webhook_secret": SECRET, "web_port": port}
        assert await practice.examine(**settings) == 1
        assert f"cannot listen on 127.0.0.1:{port}" in complaint(capsys)


async def test_a_bot_that_runs_meanwhile_is_fine_and_undisturbed(
    practice: Practice, telegram: Telegram, capsys: Printed
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given = {**practice._given, "owner_ids": "", "web_port": port}
    await make_tables_at(given["database_url"])
    bot = await QuickBot.start(practice.folder, **given)
    assert await practice.examine(web_port=port) == 0
    assert "a bot runs here and answers" in capsys.readouterr().out
    assert await bot.stop() == 0
    assert "409" not in bot.log


@pytest.mark.parametrize(
    ("ahead", "words"),
    [(2, "agrees"), (-40, "40 seconds behind Telegram"), (75, "75 seconds ahead of Telegram")],
)
def test_the_clock_is_held_against_telegrams(ahead: int, words: str) -> None:
    assert words in str(clock_finding(timedelta(seconds=ahead)))


# -- names


async def test_a_misspelt_setting(practice: Practice, capsys: Printed) -> None:
    (practice.folder / ".env").write_text("OWNER_ID=5\nexport LIMIT_PER_MINUTE=3\nPATH=/bin\n# BOT_TOKE=1\n")
    assert await practice.examine() == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("ok ")]
    assert [line.split("mean ")[1] for line in lines] == ["OWNER_IDS?", "LIMIT_GROUP_PER_MINUTE?"]


def test_settings_that_cannot_be_read_are_named_with_the_likely_slip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text("BOT_TOKN=1:canary\nSTAFF_GROUP_ID=-100123\n")
    result = CliRunner().invoke(cli, ["doctor"])
    assert result.exit_code == 1
    assert "wrong  BOT_TOKEN: is missing" in result.output
    assert "Did you mean BOT_TOKEN?" in result.output
    assert "canary" not in result.output
