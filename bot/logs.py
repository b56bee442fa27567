"""The log: plain lines on the standard error stream, in UTC, in which no secret stands."""

import logging
import re
import sys
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from urllib.parse import quote

HIDDEN = "[hidden]"
# Anything shorter is an ordinary word too: hiding it everywhere would spoil the log and betray it.
SHORTEST_SECRET = 6
PASSWORD_IN_ADDRESS = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@")
# At INFO these write a line for each request, some with the token in its address; at DEBUG two of them write
# every customer's words.
TALKATIVE = (
    *("httpx", "httpcore", "aiohttp.access", "apscheduler", "uvicorn.access", "uvicorn.error"),
    *("alembic.runtime.migration", "aiosqlite", "telegram"),
)


class RedactingFormatter(logging.Formatter):
    """Formats a record and then hides every secret in what came out.

    It works on the finished text, and so sees what a filter on records would miss: arguments that
    carry a secret in their repr, the text of exceptions and of whatever caused them.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        # One time zone for every reader, the same as in the database.
        self.converter = time.gmtime
        spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
        # The longest first: a part of a secret must not be hidden before the whole is.
        ordered = sorted(spellings, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def format(self, record: logging.LogRecord) -> str:
        return self.redact(super().format(record))

    def redact(self, text: str) -> str:
        """Return `text` with every secret replaced."""
        if self._secrets is not None:
            text = self._secrets.sub(HIDDEN, text)
        return PASSWORD_IN_ADDRESS.sub(rf"\1{HIDDEN}@", text)


def _spellings(secret: str) -> set[str]:
    """A secret as it is, as it stands in an address, as a repr shows it; of a token its secret half too."""
    forms = {secret, secret.rpartition(":")[2]}
    forms |= {quote(form, safe="") for form in forms} | {repr(form)[1:-1] for form in forms}
    return {form for form in forms if len(form) >= SHORTEST_SECRET}


def set_up_logging(level: str, secrets: Iterable[str] = ()) -> None:
    """Send everything from `level` up to the standard error stream, without any of `secrets`.

    A log that cannot be written (closed stream, full disk) is lost in silence: care for customers
    goes on without it. Calling again replaces what an earlier call set up.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.raiseExceptions = False
    logging.captureWarnings(True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    # It warns, every second, of each tick that is still at work when its next look is due, which is as it should be.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    # A traceback that Python prints by itself would go past the formatter.
    sys.excepthook = _log_the_end
    threading.excepthook = _log_end_of_thread


def _log_the_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("bot").critical("Stopped by an unexpected error", exc_info=(kind, error, trace))


def _log_end_of_thread(end: threading.ExceptHookArgs) -> None:
    if end.exc_value is not None:
        _log_the_end(end.exc_type, end.exc_value, end.exc_traceback)
