"""The log never shows a secret, and losing it never harms the work."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from io import StringIO

import httpx
import pytest

from bot.logs import HIDDEN, RedactingFormatter, set_up_logging

TOKEN = "4242:canary-token-AAE"
SECRETS = (TOKEN, "canary-secret", "canary/pass'word")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """The log as the program sets it up, at its most talkative; afterwards all is as it was."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.raiseExceptions, sys.excepthook, threading.excepthook
    disabled = root.manager.disable  # a command that was called in this process may have silenced it
    logging.disable(logging.NOTSET)
    root.handlers = []
    stream = StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    set_up_logging("DEBUG", SECRETS)
    yield stream
    logging.captureWarnings(False)
    logging.disable(disabled)
    root.handlers, root.level, logging.raiseExceptions, sys.excepthook, threading.excepthook = before


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        (f"getMe at https://api.telegram.org/bot{TOKEN}/getMe", ()),
        ("the address was %s", (httpx.URL(f"https://api.telegram.org/bot{TOKEN}/getMe"),)),
        ("of the token only the %s", ("canary-token-AAE",)),
        ("a header was %r", ({"X-Telegram-Bot-Api-Secret-Token": "canary-secret"},)),
        ("in an address: %s", ("4242%3Acanary-token-AAE and canary%2Fpass%27word",)),
        ("connecting to %s", ("postgresql+asyncpg://care:canary@db/care",)),
        ("as a value: %r", (SECRETS[2],)),
    ],
)
def test_a_secret_is_hidden_wherever_it_stands(log: StringIO, message: str, arguments: tuple[object, ...]) -> None:
    logging.getLogger("bot.anything").info(message, *arguments)
    written = log.getvalue()
    assert HIDDEN in written
    assert "canary" not in written


def test_a_secret_is_hidden_in_an_error_and_in_its_cause(log: StringIO) -> None:
    try:
        try:
            raise ValueError(f"bad answer from bot{TOKEN}")
        except ValueError as cause:
            raise RuntimeError("canary-secret was refused") from cause
    except RuntimeError:
        logging.getLogger("bot").exception("It failed")
    written = log.getvalue()
    assert "ValueError: bad answer" in written
    assert "RuntimeError" in written
    assert "canary" not in written


def test_an_error_that_nobody_caught_is_logged_without_the_secret(log: StringIO) -> None:
    def fail() -> None:
        raise RuntimeError(TOKEN)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    error = RuntimeError(TOKEN)
    sys.excepthook(RuntimeError, error, None)
    written = log.getvalue()
    assert written.count("Stopped by an unexpected error") == 2
    assert "canary" not in written


def test_a_request_writes_no_line_even_when_debugging(log: StringIO) -> None:
    logging.getLogger("httpx").info("HTTP Request: GET https://api.telegram.org/")
    logging.getLogger("httpcore.connection").debug("connect_tcp.started")
    assert log.getvalue() == ""


def test_words_shorter_than_a_secret_stay_readable() -> None:
    assert RedactingFormatter(["db"]).redact("the db is open") == "the db is open"


AFTER_STDERR_IS_GONE = """
import logging, sys
from bot.logs import set_up_logging
set_up_logging("INFO")
sys.stdin.readline()
for number in range(1000):
    logging.getLogger("bot").error("line %s %s", number, "x" * 200)
print("still at work", flush=True)
"""


def test_a_closed_error_stream_does_not_stop_the_work() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", AFTER_STDERR_IS_GONE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    assert process.stderr is not None
    process.stderr.close()
    process.stderr = None
    output, _ = process.communicate("go\n", timeout=30)
    assert output == "still at work\n"
