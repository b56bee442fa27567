"""Polls and votes."""

from typing import Any

from .entities import units
from .errors import Json, Misuse, bad
from .messages import show
from .world import Message, World


def make_poll(world: World, given: Json) -> Json:
    """A Poll object from sendPoll's parameters; options are texts or InputPollOption objects."""
    options = [_option_text(option) for option in given["options"]]
    kind = given.get("type", "regular")
    _check(given["question"], options, kind)
    poll: Json = {
        "id": str(world.serial("poll", 5_000_000_000_000_001)),
        "question": given["question"],
        "options": [_option(text, number) for number, text in enumerate(options)],
        "total_voter_count": 0,
        "is_closed": given.get("is_closed", False),
        "is_anonymous": given.get("is_anonymous", True),
        "type": kind,
        "allows_multiple_answers": given.get("allows_multiple_answers", False),
        "allows_revoting": given.get("allows_revoting", kind == "regular"),
        "members_only": given.get("members_only", False),
    }
    if kind == "quiz":
        poll["correct_option_ids"] = _correct(given, len(options))
    for name in ("open_period", "close_date", "explanation", "description"):
        if name in given:
            poll[name] = given[name]
    return poll


def _check(question: str, options: list[str], kind: str) -> None:
    if not question:
        raise bad("poll question must be non-empty")
    if units(question) > 300:
        raise bad("poll question length must not exceed 300")
    if not 1 <= len(options) <= 12:
        raise bad("poll can't have more than 12 options" if options else "poll must have at least 1 option")
    if not all(options):
        raise bad("poll options must be non-empty")
    if any(units(option) > 100 for option in options):
        raise bad("poll options length must not exceed 100")
    if kind not in ("regular", "quiz"):
        raise bad("unsupported poll type specified")


def _option_text(option: Any) -> str:
    return option.strip() if isinstance(option, str) else str(option["text"]).strip()


def _option(text: str, number: int) -> Json:
    return {"persistent_id": str(number + 1), "text": text, "voter_count": 0}


def _correct(given: Json, count: int) -> list[int]:
    correct: list[int] = given.get("correct_option_ids", [])
    if not correct or not all(0 <= each < count for each in correct):
        raise bad("wrong correct option ID specified")
    return correct


def vote(world: World, user_id: int, poll_id: str, option_ids: list[int]) -> None:
    """A person's vote, which replaces the former; an empty one takes it back."""
    messages = world.polls.get(poll_id)
    if not messages:
        raise Misuse(f"there is no poll {poll_id}")
    poll = messages[0].body["poll"]
    if poll["is_closed"]:
        raise Misuse("the poll is closed")
    if not all(0 <= each < len(poll["options"]) for each in option_ids):
        raise Misuse("there is no such option")
    if len(option_ids) > 1 and not poll["allows_multiple_answers"]:
        raise Misuse("the poll takes one answer")
    votes = world.votes.setdefault(poll_id, {})
    if option_ids:
        votes[user_id] = option_ids
    else:
        votes.pop(user_id, None)
    _count(poll, votes)
    for message in messages:
        show(world.ledger, "edited", message)
    _tell(world, messages[0], user_id, option_ids)


def _count(poll: Json, votes: dict[int, list[int]]) -> None:
    poll["total_voter_count"] = len(votes)
    for number, option in enumerate(poll["options"]):
        option["voter_count"] = sum(number in chosen for chosen in votes.values())


def _tell(world: World, message: Message, user_id: int, option_ids: list[int]) -> None:
    """The bot that sent a poll hears its state, and who voted where the poll is not anonymous."""
    poll = message.body["poll"]
    for bot in world.bots.values():
        if bot.id != message.author:
            continue
        bot.updates.push("poll", poll, ("poll", 0))
        if not poll["is_anonymous"]:
            answer = {
                "poll_id": poll["id"],
                "user": world.account(user_id),
                "option_ids": option_ids,
                "option_persistent_ids": [poll["options"][each]["persistent_id"] for each in option_ids],
            }
            bot.updates.push("poll_answer", answer, ("poll", 0))
