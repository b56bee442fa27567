"""Changing a customer's file: /set, /tag, /address, each with what a field can hold."""

from functools import cache
from typing import Any

from handlers.chat.doors import Place, in_place
from handlers.customers.rules import refresh
from handlers.customers.whom import customer_and_words, language_here
from handlers.refusals import Refusal
from models.customers import Customer
from models.customers.phones import masked, normal_phone
from models.customers.values import NotSo, read_field, read_text
from models.customers.zones import zone_of_city
from models.plan import FileField, text_of
from models.staff import staff_named
from models.work import Work
from templates import LANGUAGES, label, word_list

#: What /set changes beside the plan's own fields.
KEYS = ("phone", "city", "language", "agent", "notes")
#: Written in the place of a value, it takes the value away.
NOTHING = "-"
MOST_TAGS, LONGEST_TAG = 30, 40


async def set_command(work: Work, place: Place) -> None:
    """/set phone 138...: one field of the file; "-" empties it."""
    customer, words = await customer_and_words(work, place)
    key, _, value = words.partition(" ")
    value = value.strip()
    field = next((each for each in work.plan.field if key.casefold() in _names(each)), None)
    built_in = None if field else _keys().get(key.casefold())
    if not value or not (field or built_in):
        own = [text_of(each.name, language_here(work, place)) or each.id for each in work.plan.field]
        named = [label(language_here(work, place), f"file_key.{each}") for each in KEYS]
        raise Refusal("set_usage", keys=", ".join([*named, *own])[:100])
    if field:
        shown = await _set_own(work, place, customer, field, value)
    else:
        shown = await _set_built_in(work, place, customer, built_in or "", value)
    in_place(work, place, "customers/file_changed", {"what": _shown_key(work, place, field, built_in), **shown})


def _shown_key(work: Work, place: Place, field: FileField | None, built_in: str | None) -> str:
    language = language_here(work, place)
    return (text_of(field.name, language) or field.id) if field else label(language, f"file_key.{built_in}")


def _names(field: FileField) -> set[str]:
    return {field.id, *(name.casefold() for name in field.name.values())}


@cache
def _keys() -> dict[str, str]:
    """Every word by which a built-in field is called, in all languages."""
    return {
        word.casefold(): key
        for key in KEYS
        for language in LANGUAGES
        for word in (key, label(language, f"file_key.{key}"), *word_list(language, f"file_key_words.{key}"))
    }


async def _set_own(work: Work, place: Place, customer: Customer, field: FileField, value: str) -> dict[str, Any]:
    try:
        new = None if value == NOTHING else read_field(field, value, work.plan)
    except NotSo as wrong:
        raise Refusal(wrong.kind, choices=", ".join(field.choices)[:100]) from wrong
    before = customer.fields.get(field.id)
    kept = {key: each for key, each in customer.fields.items() if key != field.id}
    customer.fields = kept if new is None else {**kept, field.id: new}
    hidden = field.kind == "phone"
    await _changed(
        work, place, customer, field.id, masked(before) if hidden else before, masked(new) if hidden else new
    )
    return {"value": masked(new) if hidden else new, "zone": ""}


async def _set_built_in(work: Work, place: Place, customer: Customer, key: str, value: str) -> dict[str, Any]:
    empty = value == NOTHING
    before: str | None
    new: str | None
    zone = ""
    match key:
        case "phone":
            phone = None if empty else normal_phone(value, work.plan)
            if phone is None and not empty:
                raise Refusal("not_phone")
            before, new, customer.phone = masked(customer.phone), masked(phone), phone
        case "city":
            before, new = customer.city, None if empty else _text(value)
            customer.city, customer.zone = new, zone_of_city(new or "")
            zone = customer.zone or ("" if empty else "?")
        case "language":
            before, new = customer.language, _language(value)
            customer.language, customer.language_chosen = new, True
            new = label(language_here(work, place), f"language_names.{new}")
        case "agent":
            before, new = str(customer.dedicated_agent_id or ""), None
            customer.dedicated_agent_id = None
            if not empty:
                person = await staff_named(work, value.removeprefix("@"))
                if person is None:
                    raise Refusal("role_who")
                customer.dedicated_agent_id, new = person.id, person.name
        case _:
            before, new = customer.notes, "" if empty else value[:2000]
            customer.notes = new
            before, new = before[:100], new[:100]
    await _changed(work, place, customer, key, before, new)
    return {"value": new, "zone": zone}


def _text(value: str) -> str:
    try:
        return read_text(value)
    except NotSo as wrong:
        raise Refusal(wrong.kind) from wrong


def _language(value: str) -> str:
    """One of our languages by its code or any of its names; raises Refusal."""
    for code in LANGUAGES:
        names = {code, label(code, "language.name"), *(label(each, f"language_names.{code}") for each in LANGUAGES)}
        if value.casefold() in {name.casefold() for name in names}:
            return code
    raise Refusal("not_choice", choices=", ".join(LANGUAGES))


async def tag_command(work: Work, place: Place) -> None:
    """/tag +x -y: put tags on the file and take them off."""
    customer, words = await customer_and_words(work, place)
    tags = list(customer.tags)
    for word in words.split():
        name = word.lstrip("+-#")[:LONGEST_TAG]
        if not name:
            raise Refusal("tag_usage")
        tags = [tag for tag in tags if tag != name]
        if not word.startswith("-"):
            tags.append(name)
    if not words:
        raise Refusal("tag_usage")
    if len(tags) > MOST_TAGS:
        raise Refusal("too_many_tags", most=MOST_TAGS)
    before, customer.tags = customer.tags, tags
    await _changed(work, place, customer, "tags", before, tags)
    what = label(language_here(work, place), "file_word.tags")
    in_place(work, place, "customers/file_changed", {"what": what, "value": " ".join(tags[:20]), "zone": ""})


async def address_command(work: Work, place: Place) -> None:
    """/address: how this customer is to be addressed."""
    customer, words = await customer_and_words(work, place)
    if not words:
        raise Refusal("address_usage")
    before, new = customer.salutation, None if words == NOTHING else _text(words)[:40]
    customer.salutation = new
    await _changed(work, place, customer, "salutation", before, new)
    what = label(language_here(work, place), "file_word.salutation")
    in_place(work, place, "customers/file_changed", {"what": what, "value": new, "zone": ""})


async def _changed(work: Work, place: Place, customer: Customer, key: str, before: Any, after: Any) -> None:
    work.audit(place.speaker, "file", customer.subject, field=key, before=before, after=after)
    await refresh(work, [customer])
