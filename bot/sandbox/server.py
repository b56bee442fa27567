"""The HTTP side: Bot API and files by hand for speed, the control API through Starlette."""

import asyncio
import time
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .api import CONNECTION_CUT, Answer, Api
from .control import control_app
from .errors import ApiError, Cut, Json
from .faults import Rule
from .updates import dump
from .wire import Receive, Scope, Send, read_call
from .world import World

JSON = (b"content-type", b"application/json")
HTML = (b"content-type", b"text/html")
BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"


class CuttableProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which also lets the application end the connection without a word."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        extensions: Any = {"sandbox.cut": self.transport.abort}
        self.scope["extensions"] = extensions


class Server:
    """The ASGI application."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._api = Api(world)
        self._control = control_app(world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        try:
            if path.startswith("/bot"):
                token, _, method = path[4:].partition("/")
                await self._bot_call(scope, receive, send, token, method)
            elif path.startswith("/file/bot"):
                token, _, name = path[9:].partition("/")
                await self._file(send, token, name)
            else:
                await self._control(scope, receive, send)
        except Cut:
            scope["extensions"]["sandbox.cut"]()
            # uvicorn would miss an answer if this returned before it sees the end of the connection.
            while (await receive())["type"] != "http.disconnect":
                pass

    async def _bot_call(self, scope: Scope, receive: Receive, send: Send, token: str, method: str) -> None:
        try:
            given = await read_call(scope, receive)
        except ApiError as error:
            body = {"ok": False, "error_code": error.code, "description": error.description}
            await respond(send, error.code, dump(body))
            return
        if time.monotonic() < self._world.faults.down_until:
            await self._down(send, method, given)
            return
        if method.lower() == "getupdates":
            answer = await self._watched(receive, token, method, given)
        else:
            answer = await self._api.call(token, method, given, _never)
            if self._world.latency:
                await asyncio.sleep(self._world.latency)
        if answer.spoilt is None:
            await respond(send, answer.status, answer.body)
        else:
            await _spoil(scope, send, answer, answer.spoilt)

    async def _watched(self, receive: Receive, token: str, method: str, given: Json) -> Answer:
        """A long poll, ended when the caller hangs up or the sandbox goes down."""
        gone = asyncio.Event()
        down = self._world.faults.went_down
        watch = asyncio.ensure_future(_watch(receive, down, gone))
        try:
            answer = await self._api.call(token, method, given, gone, down)
        finally:
            watch.cancel()
        return answer

    async def _down(self, send: Send, method: str, given: Json) -> None:
        is_cut = self._world.faults.down_mode == "cut"
        self._api.note_failure(method, given, 0 if is_cut else 502, CONNECTION_CUT if is_cut else "Bad Gateway")
        if is_cut:
            raise Cut
        await respond(send, 502, BAD_GATEWAY, HTML)

    async def _file(self, send: Send, token: str, name: str) -> None:
        file = self._world.files.by_path.get(name)
        if token not in self._world.bots or file is None:
            await respond(send, 404, b'{"ok":false,"error_code":404,"description":"Not Found"}')
            return
        await respond(send, 200, file.data, (b"content-type", b"application/octet-stream"))


_never = asyncio.Event()


async def _watch(receive: Receive, down: asyncio.Event, gone: asyncio.Event) -> None:
    """Sets `gone` when the caller hangs up or the sandbox goes down."""
    hung_up = asyncio.ensure_future(receive())
    went_down = asyncio.ensure_future(down.wait())
    try:
        await asyncio.wait((hung_up, went_down), return_when=asyncio.FIRST_COMPLETED)
        gone.set()
    finally:
        hung_up.cancel()
        went_down.cancel()


async def respond(send: Send, status: int, body: bytes, kind: tuple[bytes, bytes] = JSON) -> None:
    headers = [kind, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _spoil(scope: Scope, send: Send, answer: Answer, rule: Rule) -> None:
    """What a fault makes of an answer."""
    action = rule.action
    if action in ("drop_after", "drop_before"):
        raise Cut
    if action == "hold_after":
        await asyncio.sleep(rule.facts["seconds"])
    if action == "html":
        await respond(send, 502, BAD_GATEWAY, HTML)
    elif action == "empty":
        await respond(send, 200, b"")
    elif action == "truncate":
        headers = [JSON, (b"content-length", b"%d" % len(answer.body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        half = answer.body[: len(answer.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        # Let the half go out before the connection ends.
        await asyncio.sleep(0.05)
        raise Cut
    else:
        await respond(send, answer.status, answer.body)
