"""What somebody said, from whatever channel it came."""

import enum
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from models.messages import Message

#: Kinds of content that may have words of their own under them.
CAPTIONED = frozenset(("animation", "live_photo", "photo", "video", "audio", "document", "voice"))


class Beside(enum.StrEnum):
    """What an agent's words stand beside, as far as it tells whom they are for."""

    PLAIN = "plain"
    CUSTOMER = "reply to the customer's message"
    COLLEAGUE = "reply to a colleague's message"
    MENTION = "mentions @colleague"
    CARD = "reply to the bot's card"


class Carried(enum.StrEnum):
    """How a message reaches the other side: its text sent anew, as a copy, as a forward, or only by saying what it
    is; `none` for what a channel itself notes, which is nobody's word."""

    TEXT = "text"
    COPIED = "copied"
    FORWARDED = "forwarded"
    DESCRIBED = "described"
    NONE = "none"


@dataclass(frozen=True)
class Content:
    """The content of one message: its kind ("text", "photo", ...), its words, and what is needed to know the media
    again. `album` is what it has in common with others sent together."""

    kind: str
    text: str
    written_at: datetime
    carried: Carried = Carried.TEXT
    entities: list[dict[str, Any]] | None = None
    media: dict[str, Any] | None = None
    album: str | None = None

    @property
    def housekeeping(self) -> bool:
        """Whether nobody said anything."""
        return self.carried is Carried.NONE


@dataclass(frozen=True)
class Origin:
    """Where a message was written: the chat and the message there, as the channel numbers them."""

    chat_id: int
    message_id: int


@dataclass(frozen=True)
class Quote:
    """What words are about: the part of a message that their author names. Of a message in another chat, `whose` it
    is and of what `kind` (None: one of this chat)."""

    text: str
    whose: str | None = None
    kind: str = "text"


@dataclass(frozen=True)
class Said:
    """Anybody's words, from any channel: what they are, where they were written (None: on the phone, at the counter),
    and which stored message they answer.

    `replies`: they answer something, be it nothing that we know. `second_hand`: the words are somebody else's,
    passed on; `whose` they are then, as far as it is known, None for those of whoever speaks. `quote` is what they
    are about. `beside` is told of what staff write in their groups.
    """

    content: Content
    at: Origin | None = None
    answers: Message | None = None
    replies: bool = False
    second_hand: bool = False
    whose: str | None = None
    quote: Quote | None = None
    beside: Beside = Beside.PLAIN

    @property
    def text(self) -> str:
        """The words."""
        return self.content.text

    @property
    def own_words(self) -> str:
        """The words as far as whoever speaks has said them: nothing follows from those of others, passed on."""
        return self.text if self.whose is None else ""

    def with_text(self, text: str) -> "Said":
        """The same with other words: a note without its mark."""
        return replace(self, content=replace(self.content, text=text))


def stored(said: Said) -> dict[str, Any]:
    """The columns of `messages` that say what was said and where."""
    content = said.content
    return {
        "kind": content.kind,
        "text": content.text,
        "entities": content.entities,
        "media": content.media,
        "album": content.album,
        "written_at": content.written_at,
        "origin_chat_id": said.at.chat_id if said.at else None,
        "origin_message_id": said.at.message_id if said.at else None,
        "reply_to_id": said.answers.id if said.answers else None,
    }


def same_media(message: Message, content: Content) -> bool:
    """Whether an edit kept the media, or left words without any, and changed at most the words."""
    key = "file_unique_id"
    before, after = message.media or {}, content.media or {}
    return not after or bool(before.get(key) == after.get(key))
