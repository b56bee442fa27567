"""Telegram's refusals, in Telegram's words."""

from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """A call that Telegram answers with `ok: false`."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class Cut(Exception):
    """The connection ends without an answer."""


class Misuse(Exception):
    """A control call that asks for something impossible; the text says what."""


def bad(text: str, **parameters: int) -> ApiError:
    return ApiError(400, f"Bad Request: {text}", parameters or None)


def forbidden(text: str) -> ApiError:
    return ApiError(403, f"Forbidden: {text}")


def too_many(seconds: int) -> ApiError:
    return ApiError(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})
