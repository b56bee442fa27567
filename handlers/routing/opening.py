"""Cases that staff open for somebody on the phone, at the counter, or who came another way."""

from sqlmodel import col, select

from handlers import cases
from handlers.chat.content import read_content
from handlers.chat.doors import Place, Where, in_place
from handlers.refusals import Refusal
from handlers.speaking import tell_staff
from models.customers import Customer, customer_called, customer_numbered, display_name, remember_customer
from models.customers.phones import normal_phone
from models.delivery import Priority
from models.messages import Author, new_message
from models.routing.words import plain
from models.staff import staff_group
from models.work import Work
from templates import LANGUAGES, label

#: The ways by which somebody comes to us who does not write to the bot.
SOURCES = ("phone", "counter", "wechat", "email", "12345", "other")


async def new_command(work: Work, place: Place) -> None:
    """/new phone Zhang 13800000000 the tap leaks; in a topic: /new phone the tap leaks."""
    head, _, rest = place.rest.partition(" ")
    source = next((each for each in SOURCES if plain(head) in _names(each)), None)
    if source is None:
        raise Refusal("new_usage")
    in_topic = place.customer is not None and place.where is not Where.PRIVATE
    customer, words = (place.customer, rest.strip()) if in_topic else await _whom(work, rest)
    if customer is None or not words:
        raise Refusal("new_usage")
    case = await cases.open_case(work, customer, words=words, kind=None, parent=None, source=source, by=place.speaker)
    case.first_response_at = work.now  # whoever opened it has spoken with them
    new_message(
        work,
        customer_id=customer.id,
        case_id=case.id,
        author=Author.CUSTOMER,
        staff_id=place.speaker.id,
        kind="text",
        text=words,
        written_at=read_content(place.raw).written_at,
    )
    group = await staff_group(work, case.group_id)
    values = {"number": case.id, "source": source, "by": place.speaker.name, "text": words[:3000]}
    tell_staff(work, group, customer, "routing/opened_for", values, priority=Priority.RELAY, case_id=case.id)
    if place.where is not Where.TOPIC or place.staff_group.id != group.id:
        opened = {"number": case.id, "name": customer.name, "customer": customer.id}
        in_place(work, place, "routing/opened", opened)


def _names(source: str) -> set[str]:
    """What a source may be called: its id, or a word for it in any language."""
    return {source, *(plain(label(language, f"source_word.{source}")) for language in LANGUAGES)}


async def _whom(work: Work, typed: str) -> tuple[Customer | None, str]:
    """The customer whom the text begins with, and what they said: "#17 ...", or a name and perhaps a phone number.

    Who is not found by the number of the phone is a new customer, without Telegram.
    """
    if typed.startswith("#"):
        head, _, words = typed.partition(" ")
        return await customer_called(work, head), words.strip()
    name, _, rest = typed.partition(" ")
    head, _, after = rest.strip().partition(" ")
    phone = normal_phone(head, work.plan)
    words = after.strip() if phone else rest.strip()
    name = display_name(name, None)
    if not name or not words:
        return None, ""
    return await _of_phone(work, phone) or await _stranger(work, name, phone), words


async def _of_phone(work: Work, phone: str | None) -> Customer | None:
    """The customer with that phone number; nobody where several share it."""
    if phone is None:
        return None
    query = select(Customer).where(Customer.phone == phone, col(Customer.merged_into_id).is_(None))
    found = await work.all(query)
    return await customer_numbered(work, found[0].id) if len(found) == 1 else None


async def _stranger(work: Work, name: str, phone: str | None) -> Customer:
    customer = Customer(
        id=await work.number("customer"),
        name=name,
        language=work.plan.business.language,
        phone=phone,
        created_at=work.now,
    )
    remember_customer(work, customer)
    await work.flush()
    return customer
