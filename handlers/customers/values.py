"""Changing a customer's file: its fields, tags and salutation, each with what it can hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from handlers.authority import require
from handlers.customers.rules import refresh
from handlers.refusals import Refusal
from models.customers import Customer
from models.customers.phones import masked, normal_phone
from models.customers.values import NotSo, read_field, read_text
from models.customers.zones import zone_of_city
from models.plan import FileField, Plan, text_of
from models.staff import Staff, staff_named
from models.work import Work
from templates import LANGUAGES, label, word_list

#: What can be set beside the plan's own fields, and the column in which it stands.
KEYS = {
    "phone": "phone",
    "city": "city",
    "language": "language",
    "agent": "dedicated_agent_id",
    "notes": "notes",
}
#: Written in the place of a value, it takes the value away.
NOTHING = "-"
#: How much of a value is shown (characters).
SHOWN = 200
MOST_TAGS, LONGEST_TAG, LONGEST_SALUTATION, LONGEST_NOTES = 30, 40, 40, 2000


@dataclass(frozen=True)
class Value:
    """What a field holds now: the field's id or key, what is stored, and how it may be shown (None: nothing)."""

    key: str
    stored: Any
    shown: str | None


async def set_field(work: Work, customer: Customer, key: str, value: str, by: Staff) -> Value:
    """Give one field of the file another value; "-" empties it.

    `key` is what the field is called in any language, or its id. Raises Refusal for a field that there is not, and
    for what it cannot hold, before anything is changed.
    """
    require(by)
    field, built_in, value = _field_called(work.plan, key), _keys().get(key.casefold()), value.strip()
    if not value or not (field or built_in):
        names = [field_name(work.plan, each, by.language) for each in (*KEYS, *(each.id for each in work.plan.field))]
        raise Refusal("set_usage", keys=", ".join(names)[:100])
    if field:
        new = _read_own(work.plan, field, value)
        before = _shown(field.kind, customer.fields.get(field.id))
        kept = {each: held for each, held in customer.fields.items() if each != field.id}
        customer.fields = kept if new.stored is None else {**kept, field.id: new.stored}
    else:
        new = await _read_built_in(work, built_in or "", value)
        before = _shown(new.key, getattr(customer, KEYS[new.key]))
        _write_built_in(customer, new)
    await _changed(work, customer, new.key, before, new.shown, by)
    return new


def field_name(plan: Plan, key: str, language: str) -> str:
    """What a field of the file is called, by its id or key."""
    field = next((each for each in plan.field if each.id == key), None)
    return (text_of(field.name, language) or field.id) if field else label(language, f"file_key.{key}")


def _field_called(plan: Plan, word: str) -> FileField | None:
    """The plan's own field that is called so."""
    word = word.casefold()
    fields = ((each, {each.id, *(name.casefold() for name in each.name.values())}) for each in plan.field)
    return next((field for field, names in fields if word in names), None)


@cache
def _keys() -> dict[str, str]:
    """Every word by which a built-in field is called, in all languages."""
    return {
        word.casefold(): key
        for key in KEYS
        for language in LANGUAGES
        for word in (key, label(language, f"file_key.{key}"), *word_list(language, f"file_key_words.{key}"))
    }


def _read_own(plan: Plan, field: FileField, value: str) -> Value:
    try:
        new = None if value == NOTHING else read_field(field, value, plan)
    except NotSo as wrong:
        raise Refusal(wrong.kind, choices=", ".join(field.choices)[:100]) from wrong
    return Value(field.id, new, _shown(field.kind, new))


async def _read_built_in(work: Work, key: str, value: str) -> Value:
    """What that field is to hold; raises Refusal for what it cannot."""
    empty = value == NOTHING
    new: Any = None
    match key:
        case "phone" if not empty:
            new = normal_phone(value, work.plan)
            if new is None:
                raise Refusal("not_phone")
        case "city" if not empty:
            new = _text(value)
        case "language":
            new = _language(value)
        case "agent" if not empty:
            person = await staff_named(work, value.removeprefix("@"))
            if person is None:
                raise Refusal("role_who")
            return Value(key, person.id, person.name)
        case "notes":
            new = "" if empty else value[:LONGEST_NOTES]
    return Value(key, new, _shown(key, new))


def _write_built_in(customer: Customer, new: Value) -> None:
    setattr(customer, KEYS[new.key], new.stored)
    if new.key == "city":
        customer.zone = zone_of_city(new.stored or "")
    elif new.key == "language":
        customer.language_chosen = True


def _shown(kind: str, stored: Any) -> str | None:
    """A value as the audit and staff may see it: telephone numbers masked, long texts short."""
    if kind == "phone":
        return masked(stored)
    return None if stored is None else str(stored)[:SHOWN]


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


async def set_tags(work: Work, customer: Customer, tags: Sequence[str], by: Staff) -> list[str]:
    """Put these tags on the file and take all others off; returns them. Raises Refusal for too many."""
    require(by)
    after = list(dict.fromkeys(tag[:LONGEST_TAG] for tag in tags if tag))
    if len(after) > MOST_TAGS:
        raise Refusal("too_many_tags", most=MOST_TAGS)
    before, customer.tags = customer.tags, after
    await _changed(work, customer, "tags", before, after, by)
    return after


async def set_salutation(work: Work, customer: Customer, words: str, by: Staff) -> str | None:
    """Say how this customer is to be addressed, "-" for no way of their own; returns it. Raises Refusal."""
    require(by)
    if not words:
        raise Refusal("address_usage")
    new = None if words == NOTHING else _text(words)[:LONGEST_SALUTATION]
    before, customer.salutation = customer.salutation, new
    await _changed(work, customer, "salutation", before, new, by)
    return new


async def _changed(work: Work, customer: Customer, key: str, before: Any, after: Any, by: Staff) -> None:
    work.audit(by, "file", customer.subject, field=key, before=before, after=after)
    await refresh(work, [customer])
