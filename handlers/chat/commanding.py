"""What customers say in the shape of a command: words behind one, and slashes that begin none, are words like any."""

import re
from functools import wraps

from handlers.chat.doors import Do, Place
from handlers.typed import is_urgent
from models.work import Work

#: A command as Telegram knows it; whatever else follows a slash is somebody's words.
_NAME = re.compile(r"[a-z0-9_]{1,32}")
#: What a link of ours, or one that hangs anywhere, hands over behind /start.
_FROM_LINK = re.compile(r"[A-Za-z0-9_-]{1,64}")


def says_something(work: Work, place: Place) -> bool:
    """Whether somebody says something in private, and does not only give a command; staff who command do no more."""
    name, rest = place.command()
    if name and place.is_staff:
        return False
    if not _NAME.fullmatch(name):
        return True
    if name == "start" and _FROM_LINK.fullmatch(rest):
        return rest.isalpha() and is_urgent(work, rest)  # "smoke-detector" is where a link hung, "fire" is fire
    return bool(rest) or is_urgent(work, place.text)


def if_words(words: Do) -> Do:
    """What is done with words, where there are some."""

    async def heard(work: Work, place: Place) -> None:
        if says_something(work, place):
            await words(work, place)

    return heard


def beside(words: Do, do: Do) -> Do:
    """What a command does; what stands beside it goes the way of words first."""

    @wraps(do)
    async def both(work: Work, place: Place) -> None:
        if says_something(work, place):
            await words(work, place)
        await do(work, place)

    return both


def instead(words: Do, do: Do) -> Do:
    """What is done with words in the shape of a command that we do not know, else what is done about the command."""

    @wraps(do)
    async def either(work: Work, place: Place) -> None:
        await (words if says_something(work, place) else do)(work, place)

    return either
