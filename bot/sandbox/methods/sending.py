"""Messages that a bot sends."""

import random
from collections.abc import Callable
from typing import Any

from .. import keyboards
from ..entities import check_given, detect, from_html, tidy, units
from ..errors import Json, bad
from ..messages import announce, may_enter, post, topic_for
from ..polls import make_poll
from ..world import Bot, Chat, Message, Topic, World

Run = Callable[[World, Bot, Json], Any]
TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
DICE = {
    "\N{GAME DIE}": 6,
    "\N{DIRECT HIT}": 6,
    "\N{BOWLING}": 6,
    "\N{BASKETBALL AND HOOP}": 5,
    "\N{SOCCER BALL}": 5,
    "\N{SLOT MACHINE}": 64,
}
UNAVAILABLE = ("direct_messages_topic_id", "suggested_post_parameters", "ephemeral_message_parameters")


def formatted(params: Json, field: str = "text", entities: str = "entities") -> tuple[str, list[Json]]:
    """Text and entities of a call, parsed and trimmed."""
    text: str = params.get(field, "")
    mode = params.get("parse_mode") if field != "question" else params.get("question_parse_mode")
    if mode and not params.get(entities):
        if mode.upper() != "HTML":
            raise bad(f"parse_mode {mode} is not available in this sandbox")
        text, found = from_html(text)
    else:
        found = check_given(text, params.get(entities, []))
    text, found = tidy(text, found)
    return text, detect(text, found)[:100]


def text_content(world: World, params: Json) -> Json:
    text, entities = formatted(params)
    if not text:
        raise bad("message text is empty")
    if units(text) > TEXT_LIMIT:
        raise bad("message is too long")
    content: Json = {"text": text}
    if entities:
        content["entities"] = with_people(world, entities)
    if "link_preview_options" in params:
        content["link_preview_options"] = params["link_preview_options"]
    return content


def caption_content(world: World, params: Json) -> Json:
    caption, entities = formatted(params, "caption", "caption_entities")
    if units(caption) > CAPTION_LIMIT:
        raise bad("message caption is too long")
    content: Json = {}
    if caption:
        content["caption"] = caption
    if entities:
        content["caption_entities"] = with_people(world, entities)
    if params.get("show_caption_above_media"):
        content["show_caption_above_media"] = True
    if params.get("has_spoiler"):
        content["has_media_spoiler"] = True
    return content


def with_people(world: World, entities: list[Json]) -> list[Json]:
    """Links to people become mentions of those whom Telegram knows."""
    shown = []
    for entity in entities:
        if "user_id" in entity:
            user = world.users.get(entity["user_id"])
            if user is None:
                continue
            place = {"offset": entity["offset"], "length": entity["length"]}
            entity = {**place, "type": "text_mention", "user": user}
        shown.append(entity)
    return shown


def target(world: World, bot: Bot, params: Json) -> tuple[Chat, Topic | None]:
    """Where a call writes to; raises Telegram's refusals."""
    for name in UNAVAILABLE:
        if name in params:
            raise bad(f"{name} is not available in this sandbox")
    if "business_connection_id" in params:
        raise bad("business connection not found")
    chat = world.writable(bot, params["chat_id"])
    topic = topic_for(chat, params.get("message_thread_id"))
    if not may_enter(chat, topic, bot.id):
        raise bad("TOPIC_CLOSED")
    return chat, topic


def deliver(world: World, bot: Bot, params: Json, content: Json) -> Message:
    """Put the bot's message into its chat and show it to the others there."""
    chat, topic = target(world, bot, params)
    inline, reply_keyboard = keyboards.split(params.get("reply_markup"), chat)
    reply_to, quote = replied(world, bot, chat, params.get("reply_parameters"))
    message = post(world, chat, bot.user, {**content, **quote}, topic, reply_to)
    if inline is not None:
        message.body["reply_markup"] = inline
    message.reply_keyboard = reply_keyboard
    if params.get("protect_content"):
        message.body["has_protected_content"] = True
    if "message_effect_id" in params:
        message.body["effect_id"] = params["message_effect_id"]
    announce(world, message)
    return message


def replied(world: World, bot: Bot, chat: Chat, given: Json | None) -> tuple[Message | None, Json]:
    """The message that is answered, and what the answer shows of it beyond that."""
    if not given or "message_id" not in given:
        return None, {}
    elsewhere = given.get("chat_id", chat.id)
    source = chat if elsewhere == chat.id else world.known(bot, elsewhere)
    message = source.find(given["message_id"])
    if message is None:
        if given.get("allow_sending_without_reply"):
            return None, {}
        raise bad("message to be replied not found")
    shown: Json = {}
    if "quote" in given:
        whole = message.body.get("text") or message.body.get("caption") or ""
        quote, _ = from_html(given["quote"]) if given.get("quote_parse_mode") else (given["quote"], [])
        if quote not in whole:
            raise bad("QUOTE_TEXT_INVALID")
        shown["quote"] = {"text": quote, "position": units(whole[: whole.index(quote)]), "is_manual": True}
    if source is chat:
        return message, shown
    origin = {"type": "user", "date": message.body["date"], "sender_user": message.body["from"]}
    shown["external_reply"] = {"origin": origin, "message_id": message.id, "chat": source.face}
    return None, shown


def send_message(world: World, bot: Bot, params: Json) -> Json:
    return deliver(world, bot, params, text_content(world, params)).body


def send_media(kind: str) -> Run:
    """sendPhoto, sendVideo ...: the methods that carry one file."""

    def run(world: World, bot: Bot, params: Json) -> Json:
        target(world, bot, params)
        content: Json = {kind: world.files.send(kind, params[kind], params)}
        if kind == "animation":
            content["document"] = content[kind]
        content |= caption_content(world, params)
        return deliver(world, bot, params, content).body

    return run


def send_location(world: World, bot: Bot, params: Json) -> Json:
    return deliver(world, bot, params, {"location": _place(params)}).body


def _place(params: Json) -> Json:
    if not (-90 <= params["latitude"] <= 90 and -180 <= params["longitude"] <= 180):
        raise bad("wrong latitude or longitude specified")
    names = ("latitude", "longitude", "horizontal_accuracy", "live_period", "heading")
    return {name: params[name] for name in names if name in params}


def send_venue(world: World, bot: Bot, params: Json) -> Json:
    place = {"latitude": params["latitude"], "longitude": params["longitude"]}
    names = ("title", "address", "foursquare_id", "foursquare_type", "google_place_id", "google_place_type")
    venue = {"location": _place(place), **{name: params[name] for name in names if name in params}}
    return deliver(world, bot, params, {"venue": venue, "location": venue["location"]}).body


def send_contact(world: World, bot: Bot, params: Json) -> Json:
    names = ("phone_number", "first_name", "last_name", "vcard")
    contact = {name: params[name] for name in names if name in params}
    return deliver(world, bot, params, {"contact": contact}).body


def send_dice(world: World, bot: Bot, params: Json) -> Json:
    emoji = params.get("emoji", "\N{GAME DIE}")
    if emoji not in DICE:
        raise bad("wrong dice emoji")
    dice = {"emoji": emoji, "value": random.randint(1, DICE[emoji])}
    return deliver(world, bot, params, {"dice": dice}).body


def send_poll(world: World, bot: Bot, params: Json) -> Json:
    question, entities = formatted(params, "question", "question_entities")
    poll = make_poll(world, {**params, "question": question})
    if entities:
        poll["question_entities"] = entities
    message = deliver(world, bot, params, {"poll": poll})
    world.polls[poll["id"]] = [message]
    return message.body


def send_media_group(world: World, bot: Bot, params: Json) -> list[Json]:
    items = params["media"]
    if not 2 <= len(items) <= 10:
        raise bad("group must have 2-10 items")
    kinds = {item["type"] for item in items}
    if "animation" in kinds:
        raise bad("type of the media is not allowed in an album")
    if len(kinds) > 1 and kinds & {"document", "audio"}:
        raise bad("document can't be mixed with other media types")
    target(world, bot, params)
    contents = [album_item(world, item, params) for item in items]
    album = str(world.serial("album", 13_000_000_000))
    return [deliver(world, bot, params, {**content, "media_group_id": album}).body for content in contents]


def album_item(world: World, item: Json, uploads: Json) -> Json:
    """What a message shows of one InputMedia."""
    kind = item["type"]
    content: Json = {kind: world.files.send(kind, item["media"], uploads)}
    if kind == "animation":
        content["document"] = content[kind]
    return content | caption_content(world, item)


ACTIONS = frozenset(
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document choose_sticker "
    "find_location record_video_note upload_video_note".split()
)


def send_chat_action(world: World, bot: Bot, params: Json) -> bool:
    if params["action"] not in ACTIONS:
        raise bad("wrong parameter action in request")
    target(world, bot, params)
    return True
