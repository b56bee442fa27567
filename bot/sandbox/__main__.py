"""python -m bot.sandbox: a Telegram on loopback, until it is told to stop."""

import argparse
import asyncio
import contextlib
import os
import socket
import sys

import uvicorn

from .limits import Rates
from .server import CuttableProtocol, Server
from .world import World

DEFAULT_TOKEN = "1000000001:sandbox"  # noqa: S105 - it opens nothing but this sandbox


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bot.sandbox",
        description="A Bot API server on loopback, for tests and the demo.",
        epilog="example: python -m bot.sandbox --port 8081 --token 123456:secret",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (0: any free one)")
    parser.add_argument("--token", action="append", help=f"token of a bot, repeatable ({DEFAULT_TOKEN})")
    parser.add_argument("--no-limits", action="store_true", help="never answer 429 by itself")
    parser.add_argument("--latency-ms", type=float, default=0, help="milliseconds that every answer is held")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when standard input ends")
    return parser.parse_args()


class Announcing(uvicorn.Server):
    """Says where it listens once it does, and lets go of long polls when it stops."""

    def __init__(self, config: uvicorn.Config, world: World, address: str, watch_stdin: bool) -> None:
        super().__init__(config)
        self.world = world
        self.address = address
        self.watch_stdin = watch_stdin

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(f"sandbox listening on {self.address}", flush=True)
        if self.watch_stdin:
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._stdin)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.world.faults.went_down.set()
        for bot in self.world.bots.values():
            if bot.webhook is not None:
                await bot.webhook.close()
        await super().shutdown(sockets)

    def _stdin(self) -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self.should_exit = self.force_exit = True


def main() -> None:
    given = arguments()
    rates = Rates(None, None, None) if given.no_limits else Rates()
    world = World(rates)
    world.latency = given.latency_ms / 1000
    for token in given.token or [DEFAULT_TOKEN]:
        world.add_bot(token)
    listener = socket.create_server((given.host, given.port), backlog=1024)
    config = uvicorn.Config(
        Server(world),
        http=CuttableProtocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        # Clients keep connections for long; closing one under a request would look like a fault.
        timeout_keep_alive=3600,
        timeout_graceful_shutdown=1,
    )
    address = f"http://{given.host}:{listener.getsockname()[1]}"
    server = Announcing(config, world, address, given.until_stdin_closes)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])


if __name__ == "__main__":
    main()
