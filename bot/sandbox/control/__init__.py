"""The control API: people act through it, and fate."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..errors import ApiError, Json, Misuse
from ..updates import dump
from ..world import World
from . import fate, groups, people, watch

Act = Callable[[World, Json], Any]
WAIT_SECONDS = 0.5

ACTS: dict[str, Act] = {
    "user": people.user,
    "say": people.say,
    "album": people.album,
    "edit": people.edit,
    "delete": people.delete_message,
    "press": people.press,
    "vote": people.cast_vote,
    "react": people.react,
    "block": people.block,
    "group": groups.group,
    "member": groups.member,
    "bot_member": groups.bot_member,
    "topic": groups.topic,
    "forum": groups.forum,
    "migrate": groups.migrate,
    "bot": fate.bot,
    "file": fate.file,
    "update": fate.update,
    "flood": fate.flood,
    "faults": fate.faults,
    "down": fate.down,
    "limits": fate.limits,
    "latency": fate.latency,
    "clock": fate.clock,
}
#: What there is to see. Each answer has a header News; asked with `?news=` and that, the next waits until something
#: has happened since, or WAIT_SECONDS.
VIEWS: dict[str, Act] = {
    "users": watch.users,
    "bots": watch.bots,
    "chats": watch.chats,
    "chat/{id}": watch.chat,
    "commands/{id}": watch.commands,
    "topics/{id}": watch.topics,
    "callback/{id}": watch.callback,
    "state": watch.state,
    "ledger": watch.ledger,
}


def control_app(world: World) -> Starlette:
    routes = [Route(f"/control/{path}", _posted(world, act), methods=["POST"]) for path, act in ACTS.items()]
    for path, view in VIEWS.items():
        routes.append(Route(f"/control/{path}", _viewed(world, view), methods=["GET"]))
    routes.append(Route("/control/faults", _viewed(world, fate.no_faults), methods=["DELETE"]))
    routes.append(Route("/control/file/{id}", watch.file(world), methods=["GET"]))
    routes.append(Route("/control/events", watch.events(world), methods=["GET"]))
    return Starlette(routes=routes)


def _posted(world: World, act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            given = orjson.loads(await request.body() or b"{}")
        except orjson.JSONDecodeError as error:
            return _answer({"error": f"not JSON: {error}"}, 400)
        return _done(world, act, given)

    return endpoint


def _viewed(world: World, view: Act) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        given = {**request.query_params, **request.path_params}
        if "news" in given:
            await world.ledger.news_after(int(given["news"]), WAIT_SECONDS)
        answer = _done(world, view, given)
        answer.headers["News"] = str(world.ledger.news)
        return answer

    return endpoint


def _done(world: World, act: Act, given: Any) -> Response:
    if not isinstance(given, dict):
        return _answer({"error": "an object is expected"}, 400)
    try:
        return _answer(act(world, given))
    except (Misuse, ApiError) as error:
        return _answer({"error": str(error)}, 400)
    except ValueError as error:
        return _answer({"error": f"a number is expected: {error}"}, 400)
    except KeyError as error:
        return _answer({"error": f"{error.args[0]} is missing"}, 400)


def _answer(value: Any, status: int = 200) -> Response:
    return Response(dump(value), status, media_type="application/json")
