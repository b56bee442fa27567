"""How a use case speaks, in words of ours: it names a template and its values, and an outbox row is added.

What a customer is told is frozen as text here. What staff read is rendered when it goes, and rendered once here
to be sure that it can be. Which call of which channel says it is for `handlers/delivery` to know.
"""

import html
import re
from typing import Any

from models.cases import Case
from models.customers import Customer
from models.delivery import Outbox, Priority, SendClass, What, customer_lane, staff_lane
from models.messages import Author, new_message
from models.staff import Staff, StaffGroup
from models.work import Work
from templates import label, render

Button = dict[str, str]
Buttons = list[list[Button]]


def button(text: str, press: str) -> Button:
    """A button under a message; `press` is what it says when it is pressed, at most 64 bytes."""
    return {"text": text, "press": press}


def send(work: Work, what: What, lane: str, body: dict[str, Any], **row: Any) -> None:
    """Add an outbox row; unnamed columns have their defaults (class A, priority of a notice)."""
    row.setdefault("send_class", SendClass.A)
    row.setdefault("priority", Priority.NOTICE)
    work.append(Outbox, lane=lane, what=what, body=body, created_at=work.real_now, **row)
    work.said = True


def bare(body: dict[str, Any]) -> str:
    """The words of a row's body, without the tags of ours; "" for none."""
    text = str(body.get("text") or body.get("words") or body.get("caption") or "")
    return text if "entities" in body else html.unescape(re.sub(r"<[^>]+>", "", text))


# -- to a customer


def to_customer(work: Work, customer: Customer, what: What, body: dict[str, Any], **row: Any) -> None:
    """A row for the customer's chat, which is frozen now."""
    row.setdefault("priority", Priority.ANSWER)
    send(work, what, customer_lane(customer.chat_id), body, chat_id=customer.chat_id, customer_id=customer.id, **row)


def tell_customer(
    work: Work,
    customer: Customer,
    template: str,
    values: dict[str, Any] | None = None,
    *,
    buttons: Buttons | None = None,
    keyboard: list[list[dict[str, Any]]] | None = None,
    case: Case | None = None,
    **row: Any,
) -> int | None:
    """Say a template to the customer, in the customer's language, and keep it with the messages; returns its key.

    Who has no chat with us is told by somebody else: of a case, staff read what there is to tell. Returns None then.
    """
    text = render(customer.language, template, values or {})
    if not customer.has_chat:
        if case is not None:
            _ask_to_tell(work, customer, case, text)
        return None
    case_id = case.id if case else None
    message_id = new_message(
        work,
        customer_id=customer.id,
        case_id=case_id,
        author=Author.BOT,
        kind="text",
        text=text,
        written_at=work.now,
    )
    body: dict[str, Any] = {"text": text}
    if buttons:
        body["buttons"] = buttons
    elif keyboard:
        body["keyboard"] = keyboard
    to_customer(work, customer, What.SAY, body, message_id=message_id, case_id=case_id, **row)
    return message_id


def _ask_to_tell(work: Work, customer: Customer, case: Case, text: str) -> None:
    """Staff read in the topic what a customer without a chat should hear."""
    body = {"template": "routing/read_out", "values": {"text": bare({"text": text})[:3000]}}
    send(
        work,
        What.SAY,
        staff_lane(case.group_id, customer.id),
        body,
        group_id=case.group_id,
        customer_id=customer.id,
        case_id=case.id,
    )


def change_message(
    work: Work, customer: Customer, shown_at: int, template: str, values: dict[str, Any], buttons: Buttons
) -> None:
    """Put a template in the place of a message of ours that stands at the customer's."""
    body = {"at": shown_at, "text": render(customer.language, template, values), "buttons": buttons}
    to_customer(work, customer, What.CHANGE, body, send_class=SendClass.C)


def reply(
    work: Work,
    customer: Customer,
    template: str,
    values: dict[str, Any],
    buttons: Buttons,
    shown_at: int | None,
    *,
    case: Case | None = None,
) -> int | None:
    """Reply to what the customer has chosen: in the place of our message at `shown_at`, or where there was none to
    press under in words of their own, of which the key is returned."""
    if shown_at is None:
        return tell_customer(work, customer, template, values, buttons=buttons, case=case)
    change_message(work, customer, shown_at, template, values, buttons)
    return None


def change_sent(
    work: Work, customer: Customer, message_id: int, template: str, values: dict[str, Any], buttons: Buttons
) -> None:
    """The same for a message of ours by its key, wherever it will stand once it is sent."""
    body = {"text": render(customer.language, template, values), "buttons": buttons}
    to_customer(work, customer, What.CHANGE, body, message_id=message_id, send_class=SendClass.C)


def take_buttons(work: Work, customer: Customer, shown_at: int) -> None:
    """A message of ours at the customer's loses its buttons."""
    to_customer(work, customer, What.CHANGE, {"at": shown_at, "buttons": []}, send_class=SendClass.C)


def customer_keyboard(language: str, *, ask_phone: bool = False) -> list[list[dict[str, Any]]]:
    """The keys under the customer's input: complaint, progress, a person, language; and to share one's number."""
    rows = (("complain", "progress"), ("person", "language"))
    shown: list[list[dict[str, Any]]] = [
        [{"text": label(language, f"keyboard.{key}")} for key in row] for row in rows
    ]
    if ask_phone:
        shown.append([{"text": label(language, "keyboard.phone"), "asks_contact": True}])
    return shown


# -- to staff


def tell_staff(
    work: Work,
    group: StaffGroup,
    customer: Customer | None,
    template: str,
    values: dict[str, Any] | None = None,
    *,
    answers: int | None = None,
    thread_id: int | None = None,
    buttons: Buttons | None = None,
    link_to: tuple[int, int] | None = None,
    quiet: bool = False,
    **row: Any,
) -> None:
    """Say a template in the customer's topic, or in General (or `thread_id`) when no customer is named.

    `answers` is the staff message that it replies to. `link_to` are customer and group whose topic the template's
    `link` leads to, by then. It makes no sound where it is `quiet`.
    """
    values = {**(values or {}), "link": ""} if link_to else values or {}
    render(work.plan.business.language, template, values)
    assert group.id is not None  # noqa: S101
    customer_id = customer.id if customer else None
    body: dict[str, Any] = {"template": template, "values": values, "answers": answers, "thread_id": thread_id}
    if buttons:
        body["buttons"] = buttons
    if link_to:
        body["link_to"] = link_to
    if quiet:
        body["quiet"] = True
    send(
        work,
        What.SAY,
        staff_lane(group.id, customer_id),
        body,
        group_id=group.id,
        customer_id=customer_id,
        **row,
    )


def tell_privately(
    work: Work,
    person: Staff,
    template: str,
    values: dict[str, Any] | None = None,
    *,
    answers: int | None = None,
    buttons: Buttons | None = None,
    link_to: tuple[int, int] | None = None,
    **row: Any,
) -> None:
    """Say a template to a member of staff in private; whoever has not started the bot does not get it.

    `answers` is their message that it replies to, and a `case_id` that of the customer whom their reply answers.
    `link_to` are customer and group whose topic the template's `link` leads to, for which it waits a while.
    """
    row.setdefault("send_class", SendClass.B)
    values = {**(values or {}), "link": ""} if link_to else values or {}
    body: dict[str, Any] = {"text": render(person.language, template, values)}
    if link_to:
        body = {"template": template, "values": values, "link_to": link_to, "language": person.language}
    if answers:
        body["answers"] = answers
    if buttons:
        body["buttons"] = buttons
    send(work, What.SAY, customer_lane(person.user_id), body, chat_id=person.user_id, **row)


def change_in_group(
    work: Work,
    group_id: int,
    customer: Customer | None,
    shown_at: int,
    template: str,
    values: dict[str, Any],
    buttons: Buttons,
) -> None:
    """Put a template in the place of a message of ours that stands in a staff group: the one way to change any."""
    body = {
        "at": shown_at,
        "text": render(work.plan.business.language, template, values),
        "buttons": buttons,
    }
    send(
        work,
        What.CHANGE,
        staff_lane(group_id, customer.id if customer else None),
        body,
        group_id=group_id,
        send_class=SendClass.C,
        priority=Priority.ANSWER,
    )


def change_privately(
    work: Work, person: Staff, shown_at: int, template: str, values: dict[str, Any], buttons: Buttons
) -> None:
    """Put a template in the place of a message of ours in the private chat with a member of staff."""
    body = {"at": shown_at, "text": render(person.language, template, values), "buttons": buttons}
    send(
        work,
        What.CHANGE,
        customer_lane(person.user_id),
        body,
        chat_id=person.user_id,
        send_class=SendClass.C,
        priority=Priority.ANSWER,
    )


def add_line(work: Work, row: Outbox, line: str) -> None:
    """Put a line under what we said to staff in that row, in the place of its buttons."""
    language = row.body.get("language") or work.plan.business.language
    said = row.body.get("text") or render(language, row.body["template"], row.body["values"])
    body: dict[str, Any] = {"at": row.telegram_id, "text": f"{said}\n{html.escape(line)}", "buttons": []}
    place: dict[str, Any] = {"group_id": row.group_id} if row.group_id else {"chat_id": row.chat_id}
    send(work, What.CHANGE, row.lane, body, send_class=SendClass.C, priority=Priority.ANSWER, **place)
