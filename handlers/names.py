"""Customers' names as staff read them: whoever chooses a name does not speak in ours by it, or lead anywhere."""

from models.customers import Customer, speaks_for_others, without_quotes
from models.staff import staff_called
from models.work import Work
from templates import LANGUAGES, in_line, jointed, label, word_list

#: What a name claims by a word: a role here, a number of ours; of all languages, for staff read them all.
_CLAIMS = tuple(word for language in LANGUAGES for word in word_list(language, "customer_name.roles"))


async def shown_name(work: Work, customer: Customer, language: str | None = None) -> str:
    """The customer's name for staff, in words of that language (None: the business's)."""
    title = await title_of(work, customer, language)
    return title if customer.name == f"#{customer.id}" else jointed(title)


async def called(work: Work, customer: Customer, language: str | None = None) -> str:
    """What staff call the customer: by the salutation that they chose, else by the name."""
    return jointed(customer.salutation or "") or await shown_name(work, customer, language)


async def title_of(work: Work, customer: Customer, language: str | None = None) -> str:
    """The same where nothing can be a link: the title of a topic, by which it is found again letter for letter."""
    if not customer.has_chat or customer.name == f"#{customer.id}":
        return customer.name  # staff chose it
    return await _as_chosen(work, customer.name, language)


async def stranger(work: Work, name: str) -> str:
    """The name of whose words somebody passes on or speaks of: no voice of ours either."""
    return jointed(await _as_chosen(work, in_line(name), None))


async def _as_chosen(work: Work, name: str, language: str | None) -> str:
    if not speaks_for_others(name, _CLAIMS, await staff_called(work)):
        return name
    return label(language or work.plan.business.language, "customer_name.chosen", name=without_quotes(name))
