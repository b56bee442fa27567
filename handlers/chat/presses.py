"""Presses of buttons: what a button's data says, parsed in one place, and how a press is answered.

Data are words between colons, the first of which names the action: "kind:1001:complaint". They are to be treated as
forged: whoever parses them asks for what they name and refuses what is not there.
"""

from dataclasses import dataclass

from handlers.chat.doors import Place, answer_press
from handlers.refusals import Refusal

__all__ = ["Press", "answer_press", "press_under", "pressed", "read_press"]

#: The largest key that there can be: what is longer would not fit into a column.
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Press:
    """A button's data: the action, and what follows it."""

    action: str
    parts: tuple[str, ...]

    def number(self, place: int = 0) -> int:
        """The key at that place after the action; raises Refusal for none."""
        word = self.word(place)
        if not word.isdecimal() or len(word) > len(str(LARGEST)) or int(word) > LARGEST:
            raise Refusal("stale")
        return int(word)

    def word(self, place: int = 0) -> str:
        """The word at that place after the action; "" for none."""
        return self.parts[place] if place < len(self.parts) else ""

    def rest(self, place: int) -> str:
        """Everything from that place on, with its colons."""
        return ":".join(self.parts[place:])


def read_press(data: str) -> Press:
    """A button's data."""
    action, *parts = data.split(":")
    return Press(action, tuple(parts))


def pressed(place: Place) -> Press:
    """What was pressed; a button of a message that was passed on is nobody's to press: raises Refusal."""
    if "forward_origin" in place.message:
        raise Refusal("stale")
    return read_press(place.text)


def press_under(place: Place, action: str) -> Press | None:
    """The first button of that action under the message that this one replies to; None for no message of a bot's."""
    reply = place.raw.get("reply_to_message") or {}
    if not (reply.get("from") or {}).get("is_bot"):
        return None
    rows = (reply.get("reply_markup") or {}).get("inline_keyboard") or []
    presses = [read_press(str(each.get("callback_data", ""))) for row in rows for each in row]
    return next((each for each in presses if each.action == action), None)
