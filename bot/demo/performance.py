"""The demo in its order: the page answers at once, the bot starts, and a case is played when it is ready."""

import asyncio
import contextlib
import logging
import os
import socket
import sys
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from bot.demo.control import Control, Refused
from bot.demo.server import application
from bot.demo.stage import Stage, wall
from bot.demo.story import Cast, play
from bot.demo.supervisor import BotProcess
from handlers import open_database


class Server(uvicorn.Server):
    """Leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def perform(
    control: Control,
    database_url: str,
    bot: BotProcess,
    cast: Cast,
    language: str,
    listener: socket.socket,
    open_browser: bool,
    stop: asyncio.Event,
    plan_file: Path,
) -> None:
    """Serve the page until `stop` is set; raises DoesNotStart."""
    database = open_database(database_url, wall)
    stage = Stage(control, database, bot, cast, language, plan_file)
    config = uvicorn.Config(
        application(stage),
        log_level="warning",
        access_log=False,
        http="httptools",
        ws="none",
        lifespan="off",
        server_header=False,
    )
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    tasks = [
        asyncio.create_task(Server(config).serve(sockets=[listener])),
        asyncio.create_task(stage.watch()),
        asyncio.create_task(_begin(stage)),
        asyncio.create_task(stop.wait()),
    ]
    print(f"Huifang's demo: {address}  (Ctrl-C ends it)", flush=True)
    if open_browser and _has_display():
        await asyncio.to_thread(webbrowser.open, address)
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        logging.disable(logging.ERROR)  # pages that are still open end with us, which is no error
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await database.close()


async def _begin(stage: Stage) -> None:
    """Start the bot and play the story, unless the database has one already."""
    await stage.bot.start()
    await stage.catch_up()
    stage.set_story("playing")
    if await stage.is_new():
        try:
            await play(stage.control, stage.cast, stage.language)
        except (TimeoutError, Refused) as error:
            print(f"The case at the beginning could not be played to its end: {error}", file=sys.stderr)
    stage.set_story("played")
    await asyncio.Event().wait()


def _has_display() -> bool:
    """Whether there is a screen on which a browser could open."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
