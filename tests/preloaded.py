"""Processes that start with the program already imported.

Importing takes a bot or a sandbox nearly all of its start, and tests start hundreds. So one process a test run
imports both once, and forks; where pytest is several processes (xdist), they share it. The child gets the
environment, folder and arguments that `python -m bot run` would have got, and then runs that very module. Tests of
the start itself, the soak and the bench start the real command.

A process that was forked so can have those forked that it starts itself (`fork_on`), as the demo of the page's tests.
"""

import asyncio
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy.orm import configure_mappers

import models.base
import templates
from models import migrations, questionnaires

LARGEST = 200_000
#: In the environment of pytest's processes: where they find the one that forks for all of them.
SHARED_AT = "HUIFANG_TESTS_PRELOADED"
_parent: socket.socket | None = None
_server: subprocess.Popen[bytes] | None = None


class Forked:
    """A process that was forked; what tests need of asyncio's own class for processes."""

    def __init__(self, pid: int, stdin: BinaryIO, stdout: asyncio.StreamReader, fate: asyncio.StreamReader) -> None:
        self.pid = pid
        self.stdin = stdin  # closes with us, whatever ends us
        self.stdout = stdout
        self.returncode: int | None = None
        self._end = asyncio.create_task(self._ended(fate))

    async def _ended(self, fate: asyncio.StreamReader) -> int:
        self.returncode = os.waitstatus_to_exitcode(int(await fate.read()))
        self.stdin.close()
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    async def wait(self) -> int:
        """Its exit code, or minus the signal that ended it."""
        return await asyncio.shield(self._end)


async def start(module: str, *arguments: str, environment: Mapping[str, str], folder: Path) -> Forked:
    """What `python -m module arguments` starts, but for the imports."""
    (its_stdin, stdin), (stdout, its_stdout), (fate, its_fate) = os.pipe(), os.pipe(), os.pipe()
    order = {"module": module, "arguments": arguments, "environment": dict(environment), "folder": str(folder)}
    socket.send_fds(_connection(), [json.dumps(order).encode()], [its_stdin, its_stdout, its_fate])
    for given_away in (its_stdin, its_stdout, its_fate):
        os.close(given_away)
    output, told = await _reader(stdout), await _reader(fate)
    return Forked(int(await told.readline()), os.fdopen(stdin, "wb", buffering=0), output, told)


async def _reader(pipe: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(pipe, "rb"))  # closed at its end
    return reader


def _connection() -> socket.socket:
    global _parent
    if _parent is None and (address := os.environ.get(SHARED_AT)):
        _parent = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        _parent.connect(address)
    elif _parent is None:
        _parent = _begin()
    return _parent


def share(folder: Path) -> None:
    """For the process that starts pytest's others, before it does: one forks for them all, once the first asks.

    Each for itself, they would import and rehearse as often as they are. `folder` is where they find it.
    """
    global _parent
    os.environ[SHARED_AT] = str(folder / "preloaded")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(os.environ[SHARED_AT])
        listener.listen()
        _parent = _begin(listener)


def _begin(*listener: socket.socket) -> socket.socket:
    """Start the process that forks, for us or for those who come to the listener; it ends when what we get closes."""
    global _server
    parent, child = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with child:
        environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        files = [each.fileno() for each in (child, *listener)]
        _server = subprocess.Popen(
            [sys.executable, "-u", "-m", "tests.preloaded", *map(str, files)],
            pass_fds=files,
            cwd=Path(__file__).parents[1],
            env=environment,
        )
    return parent


def close() -> None:
    """End the process that forks, if there is one."""
    global _parent, _server
    if _parent is not None:
        _parent.close()
    if _server is not None:
        _server.wait(10)
    _parent = _server = None


def _serve(connection: socket.socket) -> None:
    """Fork for one who asks."""
    _prepare()
    _fork_what_is_ordered(connection)


def _serve_all(starter: socket.socket, listener: socket.socket) -> None:
    """Fork for all who come, each of whom gets a process that does; end when the one who started us does."""
    prepared = False
    while True:
        ready, _, _ = select.select([starter, listener], [], [])
        if starter in ready:
            return
        if not prepared:
            _prepare()
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            prepared = True
        connection, _ = listener.accept()
        if os.fork() == 0:
            starter.close()
            listener.close()
            _fork_what_is_ordered(connection)
            os._exit(0)
        connection.close()


def _prepare() -> None:
    for module in (
        "bot.sandbox.__main__",
        "bot.__main__",
        "bot.app",
        "bot.demo.performance",
        "models.tables",
        "alembic.command",
        "uvloop",
        "aiosqlite",
        "asyncpg",
        "apscheduler.triggers.interval",
        "uvicorn.lifespan.off",
        "uvicorn.loops.uvloop",
        "uvicorn.protocols.websockets.auto",
    ):
        importlib.import_module(module)
    _warm_up()
    gc.freeze()


def fork_on() -> None:
    """In a process that was forked, before it begins: what it will `start` is forked too, and does not outlive it."""
    global _parent
    _parent, child = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        _parent.close()
        os.setsid()
        _fork_what_is_ordered(child)
        os.killpg(0, signal.SIGKILL)
    child.close()


def _fork_what_is_ordered(connection: socket.socket) -> None:
    """Fork each that is ordered, tell its number, and in the end how it ended; until who orders closes."""
    fates: dict[int, int] = {}  # where the end of each is told, by its number
    ended, told = os.pipe()
    os.set_blocking(told, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(told)
    while True:
        ready, _, _ = select.select([connection.fileno(), ended], [], [])
        if ended in ready:
            os.read(ended, LARGEST)
            _tell_ends(fates)
        if connection.fileno() not in ready:
            continue
        order, files, _, _ = socket.recv_fds(connection, LARGEST, 3)
        if not order:
            return
        stdin, stdout, fate = files
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for file in (ended, told, fate, *fates.values()):
                os.close(file)
            connection.close()
            _become(json.loads(order), stdin, stdout)
        os.close(stdin)
        os.close(stdout)
        os.write(fate, b"%d\n" % pid)
        fates[pid] = fate


def _tell_ends(fates: dict[int, int]) -> None:
    while fates:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        fate = fates.pop(pid)
        with contextlib.suppress(BrokenPipeError):
            os.write(fate, b"%d\n" % status)
        os.close(fate)


def _warm_up() -> None:
    """What every process would do for itself when it first speaks and first asks its database."""
    configure_mappers()
    migrations.is_known(migrations.head() or "")
    for path in (templates.ROOT / "questionnaires").glob("*.toml"):
        questionnaires.read_questionnaire(questionnaires.questionnaire_text(path))
    for language in templates.LANGUAGES:
        templates.labels(language)
    for path in templates.ROOT.rglob("*.html"):
        templates._environment.get_template(path.relative_to(templates.ROOT).as_posix())
    asyncio.run(_rehearse())


async def _rehearse() -> None:
    """A complaint from its first words to its score, and each tick once, on a database that is thrown away: what
    SQLAlchemy prepares once a process it then has."""
    from handlers import TICKS
    from tests import statements
    from tests.desk import open_desk
    from tests.refusals.shop import NOW, PLAN, Shop

    statements.share()
    with tempfile.TemporaryDirectory() as folder:
        async with open_desk(f"sqlite+aiosqlite:///{folder}/rehearsal.db", PLAN, NOW, Shop) as shop:
            await shop.open()
            await shop.done(shop.staff_says("您好，马上来看"), {"message": shop.private(7001, "还在漏")})
            await shop.resolved()
            await shop.done(shop.customer_presses(shop.button("q:", ":5")[0]))
            await shop.ticks(*(use_case for _, _, use_case in TICKS))
            await _rehearse_start(shop)
    statements.put_for_postgres()


async def _rehearse_start(shop: Any) -> None:
    """What a bot asks its database before it is ready, and its sender before it sends."""
    from handlers import installing
    from handlers.delivery import recover
    from handlers.plans import changing
    from models import installation, outbox, staff
    from tests.desk import GROUP

    async with shop.work() as work:
        await changing.latest(work)
        await installing.install(work, 1, "rehearsal", GROUP, (1,))
        await staff.owner_count(work)
        await staff.staff_with_chat(work)
        await changing.put_in_force(work, "")
        await installing.meet_departments(work)
        await outbox.sent_since(work, work.now)
        await outbox.pauses(work)
        await recover(work, set())
        await installation.time_ahead(work.session)


def _become(order: Any, stdin: int, stdout: int) -> None:
    os.dup2(stdin, 0)
    os.close(stdin)
    os.dup2(stdout, 1)
    os.dup2(stdout, 2)
    os.close(stdout)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    models.base._PROCESS = int.from_bytes(os.urandom(2), "big") & 0x3FF
    sys.argv = [order["module"], *order["arguments"]]
    code: object = 0
    try:
        sys.modules.pop(f"{order['module']}.__main__", None)
        runpy.run_module(order["module"], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    given = [socket.socket(fileno=int(number)) for number in sys.argv[1:]]
    _serve(*given) if len(given) == 1 else _serve_all(*given)
