"""The web server: Telegram's webhook and the health page."""

import asyncio
import hmac
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.intake import Intake
from bot.settings import Settings

log = logging.getLogger(__name__)

#: No update of Telegram's is nearly as large (bytes).
LARGEST_BODY = 16 * 1024 * 1024
BODY_SECONDS = 20
RETRY_SECONDS = "2"


def application(settings: Settings, intake: Intake, health: Callable[[], Awaitable[dict[str, Any]]]) -> Starlette:
    """The pages: everybody may ask for health, only who knows the secret may post updates."""

    async def webhook(request: Request) -> Response:
        """An update from Telegram: 200, with nothing in it, means that it is stored."""
        assert settings.webhook_secret is not None  # noqa: S101 - the settings see to it
        given = request.headers.getlist("X-Telegram-Bot-Api-Secret-Token")
        expected = settings.webhook_secret.get_secret_value().encode()
        if len(given) != 1 or not hmac.compare_digest(given[0].encode("utf-8", "replace"), expected):
            return Response(status_code=403)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(request)
        except TimeoutError:
            return Response(status_code=408)
        if body is None:
            return Response(status_code=413)
        try:
            await intake.keep_one(body)
        except Exception as error:  # whatever it is, Telegram must keep the update
            log.warning("an update cannot be stored (%s) and stays with Telegram", type(error).__name__)
            return Response(status_code=503, headers={"Retry-After": RETRY_SECONDS})
        return Response()

    async def healthz(_request: Request) -> Response:
        """Figures for whoever watches over the process."""
        return JSONResponse(await health())

    routes = [Route("/healthz", healthz, methods=["GET"])]
    if settings.webhook_url:
        path = urlsplit(settings.webhook_url).path or "/"
        routes.insert(0, Route(path, webhook, methods=["POST"]))
    return Starlette(routes=routes)


async def _body(request: Request) -> bytes | None:
    """The request's body, or None when it is too large."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_BODY:
            return None
        parts.append(part)
    return b"".join(parts)


class Server(uvicorn.Server):
    """A server inside our own loop: signals are ours."""

    def install_signal_handlers(self) -> None:
        """Leave signals to the process."""

    def capture_signals(self) -> Any:
        """Leave signals to the process."""
        import contextlib

        return contextlib.nullcontext()


def bind(host: str, port: int, *, shared: bool) -> socket.socket:
    """A listening socket; `shared` lets several processes of one bot listen on the same port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared and hasattr(socket, "SO_REUSEPORT"):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        sock.bind((host, port))
        sock.listen(256)
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    return sock


async def serve(app: Starlette, sock: socket.socket) -> None:
    """Serve until cancelled."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        http="httptools",
        lifespan="off",
        server_header=False,
        timeout_keep_alive=75,
    )
    await Server(config).serve(sockets=[sock])
