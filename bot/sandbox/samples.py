"""Plausible values for any type of the Bot API, for messages of every kind."""

from typing import Any

from .checks import TYPES
from .errors import Json, Misuse

# The member that stands for a union, and what it is told apart by.
STAND_INS: dict[str, tuple[str, Json]] = {
    "MessageOrigin": ("MessageOriginHiddenUser", {"type": "hidden_user"}),
    "BackgroundType": ("BackgroundTypeFill", {"type": "fill"}),
    "BackgroundFill": ("BackgroundFillSolid", {"type": "solid"}),
    "PaidMedia": ("PaidMediaPreview", {"type": "preview"}),
    "RichBlock": ("RichBlockDivider", {"type": "divider"}),
    "MaybeInaccessibleMessage": ("InaccessibleMessage", {"date": 0}),
    "ReactionType": ("ReactionTypeEmoji", {"type": "emoji", "emoji": "\N{THUMBS UP SIGN}"}),
}
TEXTS = {
    "url": "https://example.org/",
    "currency": "XTR",
    "phone_number": "+10000000001",
    "emoji": "\N{GAME DIE}",
    "type": "private",
    "state": "pending",
}
CHOICES = {
    "Sticker": {"type": "regular"},
    "Poll": {"type": "regular"},
    "SuggestedPostInfo": {"state": "pending"},
    "SuggestedPostRefunded": {"reason": "post_deleted"},
    "PassportFile": {},
    "GiftInfo": {},
    "UniqueGiftInfo": {"origin": "upgrade"},
}
NUMBERS = {"date": 1_700_000_000, "start_date": 1_700_000_000, "value": 3, "width": 320, "height": 240}


def sample(type_name: str, field: str = "") -> Any:
    """A value with what the type requires and no more."""
    if type_name == "String":
        return TEXTS.get(field, field or "text")
    if type_name == "Integer":
        return NUMBERS.get(field, 1)
    if type_name == "Integer or String":
        return 1
    if type_name == "Float":
        return 1.5
    if type_name == "Boolean":
        return False
    if type_name == "True":
        return True
    if type_name == "RichText":
        return "text"
    if type_name.startswith("Array of "):
        return [sample(type_name.removeprefix("Array of "), field)]
    if type_name in STAND_INS:
        name, told = STAND_INS[type_name]
        return {**sample(name), **told}
    fields = TYPES[type_name]["fields"]
    made = {key: sample(each["type"], key) for key, each in fields.items() if each.get("required")}
    return {**made, **CHOICES.get(type_name, {})}


def message_field(name: str) -> Any:
    """What a message of a kind carries in the field `name`."""
    field = TYPES["Message"]["fields"].get(name)
    if field is None:
        raise Misuse(f"a message has no field {name}")
    return sample(field["type"], name)
