"""Carrying a person's message over: as it is, with its words in the frame, or as a forward that shows whose it is."""

from typing import Any

from handlers.delivery.parcels import Parcel
from handlers.quoting import CAPTION, framed, shifted
from handlers.said import CAPTIONED
from handlers.texts import utf16_length

#: How a person's message is carried over, alone and together with others.
_CARRIED = {"copied": ("copyMessage", "copyMessages"), "forwarded": ("forwardMessage", "forwardMessages")}
#: Kinds that stand together in an album, and how many.
ALBUMS = ({"photo", "video"}, {"audio"}, {"document"})
MOST_ITEMS = 10
Caption = dict[str, Any]


def carry(parcel: Parcel, prefix: str) -> None:
    """Say how the parcel's message goes, or its album; `prefix` says whose it is where no topic does."""
    body, items = parcel.head.body, parcel.items
    if "items" not in body or parcel.singly:
        _alone(parcel, prefix)
        return
    known = ["caption" in item for item in items]
    has_words = any(item.get("caption") for item in items) or (any(known) and not all(known))
    spoken = body["carried"] == "copied" and has_words
    if spoken and _together(items):
        _album(parcel, prefix)
    elif spoken:
        parcel.apart = True
        _alone(parcel, prefix)
    else:
        _as_they_are(parcel, prefix)


def _together(items: list[dict[str, Any]]) -> bool:
    """Whether Telegram takes these as a new album."""
    kinds = {item.get("kind") for item in items}
    known = all(item.get("file_id") for item in items)
    return known and 1 < len(items) <= MOST_ITEMS and any(kinds <= album for album in ALBUMS)


def _alone(parcel: Parcel, prefix: str) -> None:
    body = parcel.head.body
    item = {**body, **parcel.items[0]} if "items" in body else {**body, "telegram_id": body["message_ids"][0]}
    caption = _caption(item, prefix) if _takes_caption(body, item) else None
    # Without a caption of ours only a forward shows whose it is.
    parcel.method = _CARRIED["forwarded" if prefix and caption is None else body["carried"]][0]
    parcel.params |= {"message_id": item["telegram_id"], **(caption or {})}


def _takes_caption(body: dict[str, Any], item: dict[str, Any]) -> bool:
    """Whether its words go anew: whoever wrote them may have changed them since."""
    return "caption" in item and body["carried"] == "copied" and item["kind"] in CAPTIONED


def _album(parcel: Parcel, prefix: str) -> None:
    """An album with words of a customer's is sent anew, so that each stands in the frame."""
    items = parcel.items
    captions = [_caption({**parcel.head.body, **item}, "" if at else prefix) for at, item in enumerate(items)]
    if None in captions:  # with the name before them they are too long
        _as_they_are(parcel, prefix)
        return
    parcel.method = "sendMediaGroup"
    parcel.params["media"] = [
        {"type": item["kind"], "media": item["file_id"], **(caption or {})}
        for item, caption in zip(items, captions, strict=True)
    ]


def _as_they_are(parcel: Parcel, prefix: str) -> None:
    parcel.method = _CARRIED["forwarded" if prefix else parcel.head.body["carried"]][1]
    parcel.params["message_ids"] = [item["telegram_id"] for item in parcel.items]
    if parcel.method == "copyMessages" and all("caption" in item for item in parcel.items):
        parcel.params["remove_caption"] = True  # one that was added since


def _caption(item: dict[str, Any], prefix: str) -> Caption | None:
    """The caption of a copy: whose it is, and the words in the frame; None where that is too long.

    Nothing is said of a caption where there is neither: what is copied has none.
    """
    if "caption" not in item and not prefix:
        return {}
    if not item.get("caption"):
        return {"caption": prefix.strip()}
    text, entities = item["caption"], () if item.get("plain") else item.get("entities") or ()
    if item.get("quoted"):
        text, entities = framed(text, entities)
    if utf16_length(prefix + text) > CAPTION:
        return None
    return {"caption": prefix + text, "caption_entities": shifted(entities, utf16_length(prefix))}
