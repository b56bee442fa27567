"""/merge and /unmerge: two numbers, one person."""

from typing import Any

from handlers.chat.doors import Place, Where, in_place
from handlers.chat.places import language_here
from handlers.chat.presses import answer_press
from handlers.customers.rules import refresh
from handlers.refusals import Refusal
from handlers.speaking import button
from models.customers import Customer, customer_called
from models.customers.phones import masked
from models.merging import counts, latest_merge, merge, undo
from models.staff import Staff
from models.work import Work
from templates import label


async def merge_command(work: Work, place: Place) -> None:
    """/merge 17 23, or /merge 23 in a topic: shows what would become of 23, and asks."""
    survivor, merged = await _both(work, place, place.rest.split())
    language = language_here(work, place)
    values = {"survivor": await _preview(work, survivor), "merged": await _preview(work, merged)}
    yes = button(label(language, "button.merge"), f"merge:{survivor.id}:{merged.id}")
    in_place(work, place, "customers/merge_preview", values, [[yes]])


async def merge_press(work: Work, place: Place) -> None:
    """The button under the preview."""
    survivor, merged = await _both(work, place, place.text.split(":")[1:], pressed=True)
    await unite(work, survivor, merged, place.speaker)
    in_place(work, place, "customers/merged", {"survivor": survivor.id, "merged": merged.id, "name": survivor.name})
    answer_press(work, place, label(place.speaker.language, "toast.thanks"))


async def unite(work: Work, survivor: Customer, merged: Customer, by: Staff | Customer) -> None:
    """Merge, write it down, and let the rules look at who is left."""
    done = await merge(work, survivor, merged, by)
    work.audit(by, "merged", f"customer:{survivor.id}", merged=merged.id, merge=done.id)
    await refresh(work, [survivor])


async def unmerge_command(work: Work, place: Place) -> None:
    """/unmerge 23: two again, as before."""
    words = place.rest.removeprefix("#")
    done = await latest_merge(work, int(words)) if words.isdecimal() and len(words) < 18 else None
    merged = await work.session.get(Customer, done.merged_id) if done else None
    survivor = await work.session.get(Customer, done.survivor_id) if done else None
    if done is None or merged is None or survivor is None or survivor.merged_into_id is not None:
        raise Refusal("unmerge_usage")
    await undo(work, done, survivor, merged)
    work.audit(place.speaker, "unmerged", f"customer:{survivor.id}", merged=merged.id, merge=done.id)
    await refresh(work, [survivor, merged])
    in_place(work, place, "customers/unmerged", {"survivor": survivor.id, "merged": merged.id})


async def _both(work: Work, place: Place, words: list[str], *, pressed: bool = False) -> tuple[Customer, Customer]:
    """Who stays and who goes into them; raises Refusal where that cannot be."""
    here = place.customer if place.where is not Where.PRIVATE else None
    if here is not None and len(words) == 1:
        words = [str(here.id), *words]
    usage = Refusal("stale" if pressed else "merge_usage")
    if len(words) != 2:
        raise usage
    survivor, merged = await customer_called(work, words[0]), await customer_called(work, words[1])
    if survivor is None or merged is None or survivor is merged:
        raise usage
    if survivor.user_id is not None and merged.user_id is not None:
        raise Refusal("merge_two_accounts")
    return survivor, merged


async def _preview(work: Work, customer: Customer) -> dict[str, Any]:
    return {
        "number": customer.id,
        "name": customer.name,
        "phone": masked(customer.phone),
        "ref": customer.ref,
        "telegram": customer.user_id is not None,
        **await counts(work, customer.id),
    }
