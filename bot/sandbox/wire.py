"""Reading a call as Telegram takes it: query, form, multipart or JSON."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

from .errors import ApiError, Json, bad

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

BODY_LIMIT = 55 * 1024 * 1024
ATTRIBUTE = re.compile(r';\s*(\w+)=(?:"([^"]*)"|([^;"]*))')


@dataclass(slots=True)
class Upload:
    """A file that came with a call."""

    name: str
    data: bytes
    mime: str


async def read_call(scope: Scope, receive: Receive) -> Json:
    """The call's parameters: text from forms, JSON's types from JSON, `Upload` for files."""
    body = await read_body(receive)
    try:
        query = scope["query_string"].decode()
        params: Json = dict(parse_qsl(query, keep_blank_values=True, errors="strict"))
        if not body:
            return params
        content_type = _header(scope, b"content-type")
        if content_type.startswith("application/json"):
            params.update(_from_json(body))
        elif content_type.startswith("multipart/form-data"):
            params.update(_from_multipart(body, content_type))
        elif content_type.startswith("application/x-www-form-urlencoded"):
            params.update(parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError:
        raise bad("strings must be encoded in UTF-8") from None
    return params


async def read_body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    parts = [body]
    size = len(body)
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BODY_LIMIT:
            raise ApiError(413, "Request Entity Too Large")
    return b"".join(parts)


def _header(scope: Scope, name: bytes) -> str:
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return ""


def _from_json(body: bytes) -> Json:
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise bad("can't parse request as a JSON object") from None
    if not isinstance(given, dict):
        raise bad("can't parse request as a JSON object")
    return given


def _from_multipart(body: bytes, content_type: str) -> Json:
    _, _, boundary = content_type.partition("boundary=")
    if not boundary:
        raise bad("boundary is missing in the multipart request")
    params: Json = {}
    for part in body.split(b"--" + boundary.split(";")[0].strip('"').encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        facts = _part_facts(head.decode())
        if "name" not in facts:
            raise bad("a part of the multipart request has no name")
        data = content.removesuffix(b"\r\n")
        if "filename" in facts:
            mime = facts.get("content-type", "application/octet-stream")
            params[facts["name"]] = Upload(facts["filename"], data, mime)
        else:
            params[facts["name"]] = data.decode()
    return params


def _part_facts(head: str) -> dict[str, str]:
    """Name, filename and content type of a part, from its header lines."""
    facts = {}
    for line in head.strip().split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "content-type":
            facts["content-type"] = value.strip()
        elif name.lower() == "content-disposition":
            facts.update((key, quoted or bare) for key, quoted, bare in ATTRIBUTE.findall(value))
    return facts
