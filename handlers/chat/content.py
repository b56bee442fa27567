"""What a message of Telegram holds, read from its raw form, so that kinds newer than the library work too."""

from datetime import UTC, datetime
from typing import Any

from handlers.said import Carried, Content, Quote
from models.customers import display_name

#: Kinds that copyMessage carries over whole. The order matters: an animation also has a document.
COPIED = (
    "animation",
    "live_photo",
    "photo",
    "video",
    "audio",
    "document",
    "voice",
    "video_note",
    "sticker",
    "venue",
    "location",
    "contact",
    "rich_message",
)
#: Kinds that only a forward shows truly; new kinds of Telegram are tried like this too.
FORWARDED = ("poll", "dice", "game", "story", "paid_media", "checklist", "giveaway", "giveaway_winners")
#: Kinds that Telegram neither copies nor forwards: staff read that they came.
DESCRIBED = (
    "invoice",
    "successful_payment",
    "refunded_payment",
    "users_shared",
    "chat_shared",
    "passport_data",
    "web_app_data",
    "gift",
    "unique_gift",
    "giveaway_created",
    "giveaway_completed",
    "proximity_alert_triggered",
    "connected_website",
    "checklist_tasks_done",
    "checklist_tasks_added",
    "gift_upgrade_sent",
)
#: What Telegram itself notes in a private chat; it is nobody's word and opens no case.
HOUSEKEEPING = (
    "pinned_message",
    "message_auto_delete_timer_changed",
    "chat_background_set",
    "write_access_allowed",
    "boost_added",
    "group_chat_created",
    "delete_chat_photo",
    "new_chat_title",
    "new_chat_photo",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_closed",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "new_chat_members",
    "left_chat_member",
    "supergroup_chat_created",
    "channel_chat_created",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
    "video_chat_scheduled",
    "video_chat_started",
    "video_chat_ended",
    "video_chat_participants_invited",
    "chat_owner_left",
    "chat_owner_changed",
    "community_chat_added",
    "community_chat_joined",
    "community_chat_removed",
    "direct_message_price_changed",
    "paid_message_price_changed",
    "managed_bot_created",
    "poll_option_added",
    "poll_option_deleted",
    "suggested_post_approved",
    "suggested_post_approval_failed",
    "suggested_post_declined",
    "suggested_post_paid",
    "suggested_post_refunded",
)
#: Keys of a message that are not its content.
ENVELOPE = frozenset(
    "message_id message_thread_id from sender_chat sender_boost_count sender_business_bot business_connection_id "
    "direct_messages_topic chat date forward_origin is_topic_message is_automatic_forward reply_to_message "
    "external_reply quote reply_to_story reply_to_checklist_task_id via_bot edit_date has_protected_content "
    "is_from_offline is_paid_post media_group_id author_signature paid_star_count link_preview_options effect_id "
    "entities caption caption_entities show_caption_above_media has_media_spoiler reply_markup sender_tag "
    "suggested_post_info ephemeral_message_id guest_bot_caller_chat guest_bot_caller_user guest_query_id "
    "receiver_user reply_to_poll_option_id".split()
)
#: Formatting that a bot may send on; the rest (links, hashtags, commands) Telegram finds again by itself.
FORMATTING = frozenset(
    "bold italic underline strikethrough spoiler blockquote expandable_blockquote code pre text_link".split()
)


def read_content(raw: dict[str, Any]) -> Content:
    """The content of a raw message."""
    kind = _kind(raw)
    media = raw.get(kind)
    if isinstance(media, list):
        media = media[-1] if media and isinstance(media[-1], dict) else None
    entities = raw.get("entities") or raw.get("caption_entities") or []
    return Content(
        kind=kind,
        carried=_carried(kind),
        text=raw.get("text") or raw.get("caption") or "",
        entities=[entity for entity in entities if entity.get("type") in FORMATTING] or None,
        media=media if isinstance(media, dict) else None,
        album=raw.get("media_group_id"),
        written_at=datetime.fromtimestamp(raw.get("edit_date") or raw["date"], UTC),
    )


def read_whose(raw: dict[str, Any]) -> str | None:
    """Whose words a forwarded message passes on: a name, "" where it has none; None for the sender's own."""
    origin = raw.get("forward_origin")
    if not isinstance(origin, dict):
        return None
    author = origin.get("sender_user") or {}
    if author and author.get("id") == (raw.get("from") or {}).get("id"):
        return None
    return _whose(origin)


def _whose(origin: dict[str, Any]) -> str:
    """Of whom a message comes: a person, one who hides their account, a group, or a channel and who signs there."""
    author, chat = origin.get("sender_user") or {}, origin.get("sender_chat") or origin.get("chat") or {}
    names = (
        display_name(author.get("first_name"), author.get("last_name")),
        display_name(origin.get("sender_user_name"), None),
        display_name(chat.get("title") or chat.get("first_name"), None),
        display_name(origin.get("author_signature"), None),
    )
    return " \N{MIDDLE DOT} ".join(name for name in names if name)


def read_quote(raw: dict[str, Any]) -> Quote | None:
    """Which part of a message the words are about, or of which message of another chat they speak."""
    text = str((raw.get("quote") or {}).get("text") or "")
    other = raw.get("external_reply")
    if isinstance(other, dict):
        kind = next((each for each in (*COPIED, *FORWARDED) if each in other), "text")
        return Quote(text, _whose(other.get("origin") or {}), kind)
    return Quote(text) if text.strip() else None


def read_reactions(raw: dict[str, Any]) -> list[str]:
    """The signs that a reaction adds: emoji, or the names of other kinds; none where it only takes some away."""
    before, after = raw.get("old_reaction") or [], raw.get("new_reaction") or []
    return [str(each.get("emoji") or each.get("type") or "") for each in after if each not in before]


def _carried(kind: str) -> Carried:
    if kind == "text":
        return Carried.TEXT
    if kind in COPIED:
        return Carried.COPIED
    if kind in HOUSEKEEPING:
        return Carried.NONE
    return Carried.DESCRIBED if kind in DESCRIBED else Carried.FORWARDED


def _kind(raw: dict[str, Any]) -> str:
    if "text" in raw:
        return "text"
    known = next((kind for kind in (*COPIED, *FORWARDED, *DESCRIBED, *HOUSEKEEPING) if kind in raw), None)
    return known or next((key for key in raw if key not in ENVELOPE), "empty")
