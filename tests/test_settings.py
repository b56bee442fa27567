"""Settings come from the environment, then `.env`; what is wrong is named, and no secret is ever shown."""

import asyncio
import re
import traceback
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.app import migrate_only
from bot.settings import Settings, SettingsError, load_settings

TOKEN = "4242:canary-token-AAE"
NAMES = [name.upper() for name in Settings.model_fields]
EXAMPLE = Path(__file__).parents[1] / ".env.example"


@pytest.fixture(autouse=True)
def _in_an_empty_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A developer's own settings must not reach these tests."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with the two settings that everybody needs."""
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("STAFF_GROUP_ID", "-1001234567890")
    return monkeypatch


def complaints() -> str:
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    return str(refusal.value)


def test_two_settings_are_enough_to_start(environment: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    assert settings.bot_token.get_secret_value() == TOKEN
    assert settings.staff_group_id == -1001234567890
    assert settings.owner_ids == ()
    assert settings.database_url == "sqlite+aiosqlite:///data/huifang.db"
    assert settings.telegram_api_url == "https://api.telegram.org"
    assert settings.webhook_url is None
    assert (settings.web_host, settings.web_port) == ("127.0.0.1", 8080)
    assert (settings.limit_group_per_minute, settings.limit_overall_per_second) == (20, 30)


def test_without_any_settings_both_needed_ones_are_named() -> None:
    lines = complaints().splitlines()
    assert [line.partition(":")[0] for line in lines] == ["BOT_TOKEN", "STAFF_GROUP_ID"]
    assert all("is missing; expected" in line for line in lines)


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text(f"BOT_TOKEN={TOKEN}\nSTAFF_GROUP_ID=-1\nLOG_LEVEL=debug\n")
    monkeypatch.setenv("STAFF_GROUP_ID", "-2")
    settings = load_settings()
    assert settings.staff_group_id == -2
    assert settings.log_level == "DEBUG"


def test_a_file_saved_by_a_windows_editor_is_read() -> None:
    Path(".env").write_text(f"BOT_TOKEN={TOKEN}\r\nSTAFF_GROUP_ID=-1\r\n", encoding="utf-8-sig")
    assert load_settings().staff_group_id == -1


def test_a_file_that_is_no_text_is_refused_by_name() -> None:
    Path(".env").write_bytes(b"BOT_TOKEN=\xff\xfe")
    assert complaints().startswith(".env: expected a text file")


def test_an_empty_value_counts_as_absent(environment: pytest.MonkeyPatch) -> None:
    for name in NAMES[2:]:
        environment.setenv(name, "")
    assert load_settings() == Settings(bot_token=TOKEN, staff_group_id=-1001234567890)  # type: ignore[arg-type]
    environment.setenv("BOT_TOKEN", "")
    assert complaints().startswith("BOT_TOKEN: is missing")


def test_owners_are_separated_by_commas(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OWNER_IDS", "11, 22,33,")
    assert load_settings().owner_ids == (11, 22, 33)


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("sqlite:///data/x.db", "sqlite+aiosqlite:///data/x.db"),
        ("sqlite+aiosqlite:////var/lib/x.db", "sqlite+aiosqlite:////var/lib/x.db"),
        ("postgres://u:p%40ss@db:5432/care", "postgresql+asyncpg://u:p%40ss@db:5432/care"),
        ("postgresql://db/care?sslmode=require", "postgresql+asyncpg://db/care?ssl=require"),
        ("postgresql+asyncpg://u@/care?host=/run/pg", "postgresql+asyncpg://u@/care?host=%2Frun%2Fpg"),
    ],
)
def test_a_database_may_be_spelled_plainly(environment: pytest.MonkeyPatch, written: str, used: str) -> None:
    environment.setenv("DATABASE_URL", written)
    assert load_settings().database_url == used


@pytest.mark.parametrize("path", ["x.db", "a folder/x.db", "x.db?timeout=9"])
def test_a_plainly_spelled_sqlite_file_is_made_and_locked(environment: pytest.MonkeyPatch, path: str) -> None:
    environment.setenv("DATABASE_URL", f"sqlite:///{path}")
    settings = load_settings()
    assert asyncio.run(migrate_only(settings)).endswith("They were made anew.")
    file = Path(path.partition("?")[0])
    assert sorted(each.name for each in file.parent.iterdir()) == [file.name, f"{file.name}.lock"]


def test_slashes_at_the_end_of_an_address_do_not_matter(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("TELEGRAM_API_URL", "http://127.0.0.1:8081/")
    environment.setenv("PUBLIC_URL", "https://care.example/bot/")
    settings = load_settings()
    assert settings.telegram_api_url == "http://127.0.0.1:8081"
    assert settings.public_url == "https://care.example/bot"


def test_a_limit_may_be_any_number_above_nothing(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("LIMIT_TOPICS_PER_MINUTE", "0.5")
    environment.setenv("LIMIT_OVERALL_PER_SECOND", "1000")
    settings = load_settings()
    assert (settings.limit_topics_per_minute, settings.limit_overall_per_second) == (0.5, 1000)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BOT_TOKEN", "no-token"),
        ("BOT_TOKEN", "4242:with space"),
        ("STAFF_GROUP_ID", "5550001234567"),
        ("STAFF_GROUP_ID", "@my_group"),
        ("OWNER_IDS", "11,somebody"),
        ("OWNER_IDS", "-11,-12"),
        ("DATABASE_URL", "mysql://user:password@host/name"),
        ("DATABASE_URL", "postgresql+psycopg://host/name"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite+aiosqlite:///:memory:"),
        ("DATABASE_URL", "sqlite:///file::memory:?uri=true"),
        ("DATABASE_URL", "postgresql://host:port/name"),
        ("DATABASE_URL", "huifang.db"),
        ("TELEGRAM_API_URL", "api.telegram.org"),
        ("TELEGRAM_API_URL", "https://api.telegram.org/bot"),
        ("TELEGRAM_API_URL", f"https://api.telegram.org/bot{TOKEN}/"),
        ("WEBHOOK_URL", "ftp://care.example/hook"),
        ("WEBHOOK_SECRET", "secret with spaces"),
        ("WEBHOOK_SECRET", "s" * 257),
        ("WEB_PORT", "65536"),
        ("WEB_PORT", "-1"),
        ("PUBLIC_URL", "care.example"),
        ("LOG_LEVEL", "loud"),
        ("LIMIT_GROUP_PER_MINUTE", "0"),
        ("LIMIT_CHAT_PER_SECOND", "-1"),
        ("LIMIT_OVERALL_PER_SECOND", "inf"),
        ("LIMIT_TOPICS_PER_MINUTE", "nan"),
    ],
)
def test_a_wrong_setting_is_named_once_and_its_value_is_not_shown(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    (line,) = complaints().splitlines()
    assert line.startswith(f"{name}: is wrong; expected ")
    assert len(value) < 10 or value not in line


def test_a_webhook_needs_a_secret(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("WEBHOOK_URL", "https://care.example/hook")
    assert complaints().startswith("WEBHOOK_SECRET: is missing")
    environment.setenv("WEBHOOK_SECRET", "Aa0_-")
    assert load_settings().webhook_url == "https://care.example/hook"


def test_all_that_is_wrong_is_said_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("STAFF_GROUP_ID", "12")
    environment.setenv("WEB_PORT", "http")
    assert re.findall(r"^[A-Z_]+", complaints(), flags=re.MULTILINE) == ["STAFF_GROUP_ID", "WEB_PORT"]


def test_a_refusal_carries_no_secret_not_even_in_its_traceback(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", "mysql://u:canary-password@host/name")
    environment.setenv("WEBHOOK_SECRET", "canary secret")
    environment.setenv("STAFF_GROUP_ID", TOKEN)  # pasted into the wrong line
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    shown = "".join(traceback.format_exception(refusal.value)) + repr(refusal.value)
    assert "canary" not in shown


def test_settings_never_show_what_is_secret(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("WEBHOOK_SECRET", "canary-secret")
    environment.setenv("DATABASE_URL", "postgresql://u:canary%2Fpassword@host/name")
    settings = load_settings()
    assert "canary" not in f"{settings} {settings!r}"
    assert settings.secrets == (TOKEN, "canary-secret", "canary/password")


def test_settings_do_not_change(environment: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.web_port = 1


def test_the_example_names_every_setting_and_no_other() -> None:
    written = re.findall(r"^(?:# )?([A-Z_]+)=", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    assert sorted(written) == sorted(NAMES), ".env.example and the Settings class must name the same settings"


def test_the_example_explains_every_setting_and_shows_its_default(environment: pytest.MonkeyPatch) -> None:
    text = EXAMPLE.read_text("utf-8")
    for name in NAMES:
        assert re.search(rf"^# .+\n(?:# )?{name}=", text, flags=re.MULTILINE), f"{name} has no explanation"
    # With every line taken into use, an operator gets what the program does without them.
    uncommented = re.sub(r"^# (?=[A-Z_]+=)", "", text, flags=re.MULTILINE)
    Path(".env").write_text(uncommented, encoding="utf-8")
    assert load_settings() == load_settings(env_file=None)
