"""The demo's web server, on loopback: the page, its files, the sandbox's control API, and the demo's switches."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.demo.stage import Stage
from bot.demo.words import FILES, of_the_page

LONGEST_BODY = 16 * 1024 * 1024
LONGEST_DOWN = 60
LONGEST_LEAP = 366 * 86_400
PASSED_BACK = ("content-type", "content-security-policy")
HEADERS = {
    # Nothing from elsewhere and nothing inline: markup that somebody smuggles in is never run.
    "content-security-policy": (
        "default-src 'self'; img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


class Guard:
    """Adds the headers above, and takes orders from our own page only, not from another site's."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        origin = given.get("origin")
        if origin is not None and origin.partition("://")[2] != given.get("host"):
            await Response(status_code=403)(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name for name, _ in message["headers"]}
                new = ((name.encode(), value.encode()) for name, value in HEADERS.items())
                message["headers"] = [*message["headers"], *(each for each in new if each[0] not in there)]
            await send(message)

        await self.app(scope, receive, with_headers)


def application(stage: Stage) -> Starlette:
    """The whole site."""
    routes = [
        Route("/", _page),
        Route("/words", lambda _request: _json(of_the_page())),
        Route("/demo/cast", lambda _request: _json(stage.introduction())),
        Route("/demo/plan", lambda _request: _json(stage.plan())),
        Route("/demo/state", _look(stage)),
        Route("/demo/events", _events(stage)),
        *(Route(f"/demo/{name}", _order(stage, act), methods=["POST"]) for name, act in ORDERS.items()),
        Route("/control/{path:path}", _passed_on(stage), methods=["GET", "POST", "DELETE"]),
        Mount("/static/{version}", Files(directory=FILES)),
    ]
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    return Starlette(routes=routes, middleware=[hosts, Middleware(Guard)])


class Files(StaticFiles):
    """The page's files, for which a browser asks once: others stand at another address."""

    def file_response(self, *given: Any, **options: Any) -> Response:
        """The same, to be kept."""
        response = super().file_response(*given, **options)
        response.headers["cache-control"] = "max-age=31536000, immutable"
        return response


async def _page(_request: Request) -> Response:
    return Response(index(), media_type="text/html")


def index() -> str:
    """The page itself; in its files' address is when one of them was changed last."""
    version = max(each.stat().st_mtime_ns for each in FILES.iterdir())
    return (FILES / "index.html").read_text("utf-8").replace('"/static/', f'"/static/{version:x}/')


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


def _look(stage: Stage) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(_request: Request) -> Response:
        """How everything stands, with what is stored this moment."""
        if stage.bot.ready.is_set():
            await stage.look()
        return _json(stage.state())

    return endpoint


def _events(stage: Stage) -> Callable[[Request], Awaitable[Response]]:
    async def stream() -> AsyncIterator[bytes]:
        async for state in stage.states():
            yield b"data: " + orjson.dumps(state) + b"\n\n"

    async def endpoint(_request: Request) -> Response:
        return StreamingResponse(stream(), media_type="text/event-stream")

    return endpoint


# -- the switches

Order = Callable[[Stage, dict[str, Any]], Awaitable[bool]]


async def _kill(stage: Stage, _given: dict[str, Any]) -> bool:
    return stage.kill()


async def _down(stage: Stage, given: dict[str, Any]) -> bool:
    await stage.down(_number(given, LONGEST_DOWN))
    return True


async def _limit(stage: Stage, given: dict[str, Any]) -> bool:
    await stage.limit(given["on"] is True)
    return True


async def _days(stage: Stage, given: dict[str, Any]) -> bool:
    return await stage.let_days_pass(_number(given, LONGEST_LEAP))


ORDERS: dict[str, Order] = {"kill": _kill, "down": _down, "limit": _limit, "days": _days}


def _number(given: dict[str, Any], most: int) -> int:
    seconds = given["seconds"]
    if not isinstance(seconds, int) or not 0 < seconds <= most:
        raise ValueError(f"seconds must be a whole number from 1 to {most}")
    return seconds


def _order(stage: Stage, act: Order) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        """200 when it is done, 409 when it cannot be done now, 400 when the order makes no sense."""
        try:
            given = orjson.loads(await request.body() or b"{}")
            done = await act(stage, given)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            return _json({"error": f"{type(error).__name__}: {error}"}, 400)
        return _json(stage.state(), 200 if done else 409)

    return endpoint


# -- the sandbox behind


def _passed_on(stage: Stage) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        """The sandbox's own answer, as it comes: the stream of events never ends."""
        body = await request.body()
        if len(body) > LONGEST_BODY:
            return Response(status_code=413)
        url = f"{stage.control.url}/control/{request.path_params['path']}"
        try:
            answer = await stage.control.session.request(
                request.method, url, params=list(request.query_params.multi_items()), data=body or None
            )
        except aiohttp.ClientError as error:
            return _json({"error": f"the sandbox does not answer: {error}"}, 502)
        headers = {name: answer.headers[name] for name in PASSED_BACK if name in answer.headers}
        return StreamingResponse(_parts(answer), answer.status, headers)

    return endpoint


async def _parts(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    async with answer:
        async for part in answer.content.iter_any():
            yield part
