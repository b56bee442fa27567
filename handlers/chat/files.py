"""What staff do with a customer's file, and about whom: the doors of /file and of the commands that change it."""

from datetime import datetime

from handlers.approvals import choices
from handlers.chat.approvals import where_asked
from handlers.chat.doors import Place, Where, in_place
from handlers.chat.places import customer_and_words, language_here, topic_link
from handlers.chat.presses import answer_press, pressed
from handlers.customers import bans, files, finding, joining, merging, rfm, tiers, values
from handlers.moments import read_length
from handlers.names import shown_name
from handlers.refusals import Refusal
from models.customers import Customer, customer_called
from models.customers.accounts import LONGEST_NUMBER
from models.customers.phones import masked
from models.work import Work
from templates import label

#: How many tags are shown after a change.
TAGS = 20


async def file(work: Work, place: Place) -> None:
    """/file in a topic, or /file 17."""
    customer, _ = await customer_and_words(work, place)
    language = language_here(work, place)
    shown = {"file": await files.file_values(work, customer, language, place.speaker)}
    in_place(work, place, "customers/file", shown, files.file_buttons(customer, language))


async def file_press(work: Work, place: Place) -> None:
    """The buttons under the file: the phone number, shown to who pressed alone; how to change things."""
    press = pressed(place)
    customer = await customer_called(work, press.word())
    if customer is None or (
        place.where is not Where.PRIVATE and place.customer is not None and place.customer.id != customer.id
    ):
        raise Refusal("stale")
    if press.action == "how_to_set":
        answer_press(work, place, label(place.speaker.language, "toast.how_to_set"), alert=True)
    else:
        answer_press(work, place, files.see_phone(work, customer, place.speaker), alert=True)


async def set_field(work: Work, place: Place) -> None:
    """/set phone 138...: one field of the file; "-" empties it."""
    customer, words = await customer_and_words(work, place)
    key, _, value = words.partition(" ")
    new, language = await values.set_field(work, customer, key, value, place.speaker), language_here(work, place)
    shown = label(language, f"language_names.{new.stored}") if new.key == "language" else new.shown
    unknown = "?" if new.key == "city" and new.stored else ""
    zone = (customer.zone or unknown) if new.key == "city" else ""
    _say_changed(work, place, values.field_name(work.plan, new.key, language), shown, zone)


def _say_changed(work: Work, place: Place, what: str, value: str | None, zone: str = "") -> None:
    in_place(work, place, "customers/file_changed", {"what": what, "value": value, "zone": zone})


async def tag(work: Work, place: Place) -> None:
    """/tag +x -y: put tags on the file and take them off."""
    customer, words = await customer_and_words(work, place)
    if not words:
        raise Refusal("tag_usage")
    tags = list(customer.tags)
    for word in words.split():
        name = word.lstrip("+-#")[: values.LONGEST_TAG]
        if not name:
            raise Refusal("tag_usage")
        tags = [each for each in tags if each != name]
        if not word.startswith("-"):
            tags.append(name)
    after = await values.set_tags(work, customer, tags, place.speaker)
    _say_changed(work, place, label(language_here(work, place), "file_word.tags"), " ".join(after[:TAGS]))


async def address(work: Work, place: Place) -> None:
    """/address: how this customer is to be addressed."""
    customer, words = await customer_and_words(work, place)
    new = await values.set_salutation(work, customer, words, place.speaker)
    _say_changed(work, place, label(language_here(work, place), "file_word.salutation"), new)


async def find(work: Work, place: Place) -> None:
    """/find words; telephone numbers are masked."""
    found, language = await finding.find(work, place.rest, place.speaker), language_here(work, place)
    people = [*found.customers, *(customer for _, customer in found.cases)]
    names = {each.id: await shown_name(work, each, language) for each in people}

    def shown(customer: Customer) -> dict[str, object]:
        return {
            "number": customer.id,
            "name": names[customer.id],
            "salutation": customer.salutation,
            "phone": masked(customer.phone),
            "ref": customer.ref,
            "link": topic_link(*found.threads[customer.id]) if customer.id in found.threads else "",
        }

    matters = [
        {"number": case.id, "state": case.state.value, "subject": case.subject, "customer": shown(customer)}
        for case, customer in found.cases
    ]
    listed = [shown(each) for each in found.customers]
    in_place(work, place, "customers/found", {"words": found.words, "customers": listed, "matters": matters})


async def _name(work: Work, place: Place, customer: Customer) -> str:
    return await shown_name(work, customer, language_here(work, place))


async def link(work: Work, place: Place) -> None:
    """/link 17."""
    customer, _ = await customer_and_words(work, place)
    made = await joining.link_for(work, customer, place.speaker)
    in_place(
        work,
        place,
        "customers/link",
        {"name": await _name(work, place, customer), "number": customer.id, "link": made},
    )


async def buyers(work: Work, place: Place) -> None:
    """/rfm, in private."""
    found, money = await rfm.buyers(work, place.speaker), files.money
    shown = {
        "buyers": found.buyers,
        "spent": money(found.spent),
        "groups": [{"group": each.group, "buyers": each.buyers, "spent": money(each.spent)} for each in found.groups],
        "shares": [{"buyers": f"{top:.0%}", "sales": f"{sales:.0%}"} for top, sales in found.shares],
        "eighty": f"{found.eighty:.1%}" if found.eighty is not None else None,
    }
    in_place(work, place, "customers/rfm", shown)


async def ban(work: Work, place: Place) -> None:
    """/ban 30d reason."""
    customer, until, reason = await _sentence(work, place, "ban_usage")
    bans.ban(work, customer, until, reason, place.speaker)
    await _say_set(work, place, "banned", customer, until, reason)


async def mute(work: Work, place: Place) -> None:
    """/mute 2h reason."""
    customer, until, reason = await _sentence(work, place, "mute_usage")
    bans.mute(work, customer, until, reason, place.speaker)
    await _say_set(work, place, "muted", customer, until, reason)


async def _sentence(work: Work, place: Place, usage: str) -> tuple[Customer, datetime, str]:
    customer, words = await customer_and_words(work, place)
    for_how_long, _, reason = words.partition(" ")
    length = read_length(for_how_long)
    if length is None:
        raise Refusal(usage)
    return customer, work.now + length, " ".join(reason.split())[: bans.REASON]


async def _say_set(work: Work, place: Place, what: str, customer: Customer, until: datetime, reason: str) -> None:
    at = until.astimezone(work.plan.business.timezone)
    shown = {
        "what": what,
        "name": await _name(work, place, customer),
        "until": f"{at:%Y-%m-%d %H:%M}",
        "reason": reason,
    }
    in_place(work, place, "customers/ban_set", {**shown, "by": place.speaker.name})


async def unban(work: Work, place: Place) -> None:
    """/unban: an end to ban and mute before their time."""
    customer, _ = await customer_and_words(work, place)
    bans.unban(work, customer, place.speaker)
    lifted = {"name": await _name(work, place, customer), "by": place.speaker.name}
    in_place(work, place, "customers/ban_lifted", lifted)


async def tier(work: Work, place: Place) -> None:
    """/tier vip until 2027-06-30 reason: a supervisor decides, an agent asks for it."""
    customer, words = await customer_and_words(work, place)
    wish, before = tiers.read_wish(work.plan, words), customer.tier
    by, language = place.speaker, language_here(work, place)
    approval = await tiers.set_tier(work, customer, wish, by, where_asked(place))
    if approval is None:
        changed = await tiers.changed_values(work, customer, wish, by, before, language)
        in_place(work, place, "customers/tier_set", changed)
    else:
        asked = await tiers.asked_values(work, customer, wish, by, language)
        in_place(work, place, "customers/tier_asked", asked, choices(approval, language))


async def merge(work: Work, place: Place) -> None:
    """/merge 17 23, or /merge 23 in a topic: shows what would become of 23, and asks."""
    words = place.rest.split()
    if place.customer is not None and place.where is not Where.PRIVATE and len(words) == 1:
        words = [str(place.customer.id), *words]
    if len(words) != 2:
        raise Refusal("merge_usage")
    survivor, merged = await customer_called(work, words[0]), await customer_called(work, words[1])
    if survivor is None or merged is None:
        raise Refusal("merge_usage")
    approval = await merging.ask_to_merge(work, survivor, merged, place.speaker, where_asked(place))
    shown = {"survivor": await merging.preview(work, survivor), "merged": await merging.preview(work, merged)}
    in_place(work, place, "customers/merge_preview", shown, choices(approval, language_here(work, place)))


async def unmerge(work: Work, place: Place) -> None:
    """/unmerge 23: two again, as before."""
    words = place.rest.removeprefix("#")
    if not words.isdecimal() or len(words) > LONGEST_NUMBER:
        raise Refusal("unmerge_usage")
    survivor, merged = await merging.unmerge(work, int(words), place.speaker)
    in_place(work, place, "customers/unmerged", {"survivor": survivor.id, "merged": merged.id})
