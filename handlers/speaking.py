"""How a use case speaks: it names a template and its values, and an outbox row is added.

What a customer is told is frozen as text here. What staff read is rendered when it goes, and rendered once here
to be sure that it can be.
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

Buttons = list[list[dict[str, Any]]]


def button(text: str, data: str) -> dict[str, Any]:
    """A button under a message; `data` is at most 64 bytes."""
    return {"text": text, "callback_data": data}


def send(work: Work, what: What, lane: str, body: dict[str, Any], **row: Any) -> None:
    """Add an outbox row; unnamed columns have their defaults (class A, priority of a notice)."""
    row.setdefault("send_class", SendClass.A)
    row.setdefault("priority", Priority.NOTICE)
    work.append(Outbox, lane=lane, what=what, body=body, created_at=work.real_now, **row)
    work.said = True


def call_customer(work: Work, customer: Customer, method: str, params: dict[str, Any], **row: Any) -> None:
    """A call to the customer's chat, exactly as given; the chat is frozen now."""
    row.setdefault("priority", Priority.ANSWER)
    body = {"method": method, "params": params}
    send(
        work,
        What.CALL,
        customer_lane(customer.chat_id),
        body,
        chat_id=customer.chat_id,
        customer_id=customer.id,
        **row,
    )


def tell_customer(
    work: Work,
    customer: Customer,
    template: str,
    values: dict[str, Any] | None = None,
    *,
    buttons: Buttons | None = None,
    keyboard: dict[str, Any] | None = None,
    case: Case | None = None,
    **row: Any,
) -> int | None:
    """Say a template to the customer, in the customer's language, and keep it with the messages; returns its key.

    Who has no Telegram is told by somebody else: of a case, staff read what there is to tell. Returns None then.
    """
    text = render(customer.language, template, values or {})
    if customer.user_id is None:
        if case is not None:
            _ask_to_tell(work, customer, case, text)
        return None
    message_id = new_message(
        work,
        customer_id=customer.id,
        case_id=case.id if case else None,
        author=Author.BOT,
        kind="text",
        text=text,
        written_at=work.now,
    )
    params: dict[str, Any] = {"text": text, "parse_mode": "HTML"}
    if buttons:
        params["reply_markup"] = {"inline_keyboard": buttons}
    elif keyboard:
        params["reply_markup"] = keyboard
    call_customer(
        work, customer, "sendMessage", params, message_id=message_id, case_id=case.id if case else None, **row
    )
    return message_id


def _ask_to_tell(work: Work, customer: Customer, case: Case, text: str) -> None:
    """Staff read in the topic what a customer without Telegram should hear."""
    bare = html.unescape(re.sub(r"<[^>]+>", "", text))
    body = {"template": "routing/read_out", "values": {"text": bare[:3000]}}
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
    work: Work, customer: Customer, telegram_id: int, template: str, values: dict[str, Any], buttons: Buttons
) -> None:
    """Put a template in the place of a message that the bot sent to the customer."""
    params = {
        "message_id": telegram_id,
        "text": render(customer.language, template, values),
        "parse_mode": "HTML",
        "reply_markup": {"inline_keyboard": buttons},
    }
    call_customer(work, customer, "editMessageText", params, send_class=SendClass.C)


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
    **row: Any,
) -> None:
    """Say a template in the customer's topic, or in General (or `thread_id`) when no customer is named.

    `answers` is the staff message that it replies to. `link_to` are customer and group whose topic the template's
    `link` leads to, by then.
    """
    values = {**(values or {}), "link": ""} if link_to else values or {}
    render(work.plan.business.language, template, values)
    assert group.id is not None  # noqa: S101
    customer_id = customer.id if customer else None
    body: dict[str, Any] = {
        "template": template,
        "values": values,
        "answers": answers,
        "thread_id": thread_id,
    }
    if buttons:
        body["buttons"] = buttons
    if link_to:
        body["link_to"] = link_to
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
    buttons: Buttons | None = None,
    **row: Any,
) -> None:
    """Say a template to a member of staff in private; whoever has not started the bot does not get it."""
    row.setdefault("send_class", SendClass.B)
    params: dict[str, Any] = {"text": render(person.language, template, values or {}), "parse_mode": "HTML"}
    if buttons:
        params["reply_markup"] = {"inline_keyboard": buttons}
    body = {"method": "sendMessage", "params": params}
    send(work, What.CALL, customer_lane(person.user_id), body, chat_id=person.user_id, **row)


def answer_press(work: Work, press_id: str, text: str = "", *, alert: bool = False) -> None:
    """Answer a press of a button, best effort; `text` of at most 200 characters is shown to who pressed."""
    params: dict[str, Any] = {"callback_query_id": press_id}
    if text:
        params |= {"text": text[:200], "show_alert": alert}
    work.calls.append(("answerCallbackQuery", params))


def customer_keyboard(language: str, *, ask_phone: bool = False) -> dict[str, Any]:
    """The keyboard under the customer's input: complaint, progress, a person, language; and to share one's number."""
    rows = (("complain", "progress"), ("person", "language"))
    shown: Buttons = [[{"text": label(language, f"keyboard.{key}")} for key in row] for row in rows]
    if ask_phone:
        shown.append([{"text": label(language, "keyboard.phone"), "request_contact": True}])
    return {
        "keyboard": shown,
        "resize_keyboard": True,
        "is_persistent": True,
    }
