"""The settings of one process: read once from the environment, then `.env`, checked, and never changed."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

# Telegram's ids fit into 52 bits, with a sign for groups (Bot API, type Chat).
LARGEST_TELEGRAM_ID = 2**52
DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}


class SettingsError(Exception):
    """Settings that cannot be used: one line for each that is wrong, safe to show."""


def _database_url(value: str) -> str:
    """Spell the address with its asynchronous driver, as SQLAlchemy wants it."""
    try:
        url = make_url(value)
    except ArgumentError:
        raise ValueError("not a database address") from None
    if url.drivername not in DRIVERS:
        raise ValueError("another database or driver")
    url = url.set(drivername=DRIVERS[url.drivername])
    if url.get_backend_name() == "sqlite":
        return _sqlite_url(url)
    # libpq and hosting firms write sslmode; asyncpg calls the same thing ssl.
    query = {"ssl" if name == "sslmode" else name: given for name, given in url.query.items()}
    return url.set(query=query).render_as_string(hide_password=False)


def _sqlite_url(url: URL) -> str:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:") or url.host:
        raise ValueError("not a file: what is kept in memory is lost with the process")
    return url.render_as_string(hide_password=False)


def _matching(pattern: str) -> AfterValidator:
    """Check a secret whole, without naming it in the complaint."""

    def check(secret: SecretStr) -> SecretStr:
        if not re.fullmatch(pattern, secret.get_secret_value()):
            raise ValueError("other characters")
        return secret

    return AfterValidator(check)


def _web_address(value: str) -> str:
    """Check an http or https address and take the slash off its end."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("not a web address")
    _ = parts.port  # raises ValueError outside 0-65535
    return value.rstrip("/")


def _without_bot_part(value: str) -> str:
    if re.search(r"/bot([0-9]+:.*)?$", urlsplit(value).path):
        raise ValueError("with the /bot part")
    return value


def _split_at_commas(value: Any) -> Any:
    return [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value


TelegramId = Annotated[int, Field(gt=0, lt=LARGEST_TELEGRAM_ID)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Limit = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Settings(BaseSettings):
    """What an operator may set; a field's name in capitals is the setting's name.

    A description says what is expected, in the words an operator reads when the value is wrong.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        env_ignore_empty=True,
        env_file_encoding="utf-8-sig",  # Windows' editor puts a mark before the first name
        extra="ignore",
        hide_input_in_errors=True,
        str_strip_whitespace=True,
        validate_default=True,
    )

    bot_token: Annotated[SecretStr, _matching("[0-9]+:[A-Za-z0-9_-]+")] = Field(
        description="the token from @BotFather: digits, a colon, letters"
    )
    staff_group_id: Annotated[int, Field(lt=0, gt=-LARGEST_TELEGRAM_ID)] = Field(
        description="the id of the staff group, a negative number such as -1001234567890"
    )
    owner_ids: Annotated[tuple[TelegramId, ...], NoDecode, BeforeValidator(_split_at_commas)] = Field(
        default=(), description="Telegram ids of the owners, separated by commas"
    )
    # Its password makes it a secret; it stays a plain string for those who connect.
    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        default="sqlite+aiosqlite:///data/huifang.db",
        repr=False,
        description="sqlite+aiosqlite:///path/of/a/file or postgresql+asyncpg://user:password@host/name",
    )
    telegram_api_url: Annotated[WebAddress, AfterValidator(_without_bot_part)] = Field(
        default="https://api.telegram.org",
        description="an http or https address without the /bot part",
    )
    plan_file: Path | None = Field(default=None, description="the path of a care plan that can be read")
    webhook_url: WebAddress | None = Field(
        default=None, description="the https address at which Telegram reaches this bot"
    )
    webhook_secret: Annotated[SecretStr, _matching("[A-Za-z0-9_-]{1,256}")] | None = Field(
        default=None,
        description="beside WEBHOOK_URL, 1 to 256 of the characters A-Z a-z 0-9 _ -",
    )
    web_host: str = Field(default="127.0.0.1", description="the address on which to listen")
    web_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8080, description="a port from 1 to 65535, or 0 for any that is free"
    )
    public_url: WebAddress | None = Field(
        default=None, description="the http or https address at which people reach the pages"
    )
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
        BeforeValidator(lambda value: value.strip().upper() if isinstance(value, str) else value),
    ] = Field(default="INFO", description="DEBUG, INFO, WARNING, ERROR or CRITICAL")
    limit_group_per_minute: Limit = Field(
        default=20, description="messages to one group in a minute, a number above 0"
    )
    limit_chat_per_second: Limit = Field(default=1, description="messages to one chat in a second, a number above 0")
    limit_overall_per_second: Limit = Field(
        default=30, description="messages to all chats in a second, a number above 0"
    )
    limit_topics_per_minute: Limit = Field(
        default=6, description="topics made in one group in a minute, a number above 0"
    )

    @field_validator("webhook_secret")
    @classmethod
    def _webhook_has_a_secret(cls, secret: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        if secret is None and others.data.get("webhook_url") is not None:
            raise ValueError("a webhook without a secret believes anybody")
        return secret

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every string of these settings that no log line or message may show."""
        password = make_url(self.database_url).password
        found = (
            self.bot_token.get_secret_value(),
            self.webhook_secret.get_secret_value() if self.webhook_secret else None,
            str(password) if password else None,
        )
        return tuple(secret for secret in found if secret)


def load_settings(env_file: Path | str | None = ".env") -> Settings:
    """Read the settings from the environment, then from `env_file` (a missing file is an empty one).

    Raises SettingsError whose text has one line for each wrong setting: its name and what is expected.
    The text holds no value, because a token pasted into the wrong line is still a token.
    """
    try:
        # The fields come from the environment, which the type checker cannot see.
        return Settings(_env_file=env_file)  # type: ignore[call-arg]
    except ValidationError as error:
        # A list names a setting once for each part that is wrong; an operator needs it once.
        wrong = {str(problem["loc"][0]): problem for problem in error.errors()}
        lines = [_complaint(name, problem) for name, problem in wrong.items()]
    except (OSError, UnicodeDecodeError) as error:
        lines = [f"{env_file}: expected a text file in UTF-8 that can be read ({type(error).__name__})"]
    # Raised outside the handlers: the first error, which carries the values, must not travel along.
    raise SettingsError("\n".join(lines))


class _PlanFile(BaseSettings):
    """The one setting that the commands about plans need."""

    model_config = Settings.model_config

    plan_file: Path | None = None


def plan_file(env_file: Path | str | None = ".env") -> Path | None:
    """The plan's file as set, whether or not the other settings can be used."""
    return _PlanFile(_env_file=env_file).plan_file  # type: ignore[call-arg]


def _complaint(name: str, problem: ErrorDetails) -> str:
    missing = problem["type"] == "missing" or problem["input"] is None
    expected = Settings.model_fields[name].description
    return f"{name.upper()}: {'is missing' if missing else 'is wrong'}; expected {expected}"
