"""The chat: Telegram's doors to the use cases, all of them on one screen."""

from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import Any

from handlers.chat import answers as chat_answers
from handlers.chat import approvals, questionnaires, surveys
from handlers.chat import cases as chat_cases
from handlers.chat import contact as chat_contact
from handlers.chat import customers as chat_customers
from handlers.chat import files as chat_files
from handlers.chat import groups as chat_groups
from handlers.chat import messages as chat_messages
from handlers.chat import private as chat_private
from handlers.chat import routing as chat_routing
from handlers.chat import staff as chat_staff
from handlers.chat import standards as chat_standards
from handlers.chat import visits as chat_visits
from handlers.chat.commanding import beside, if_words, instead
from handlers.chat.commands import AMONG_STAFF, IN_GROUP, WITH_CUSTOMER, Command, say_help
from handlers.chat.customers import unless_banned
from handlers.chat.doors import (
    ANYONE,
    CUSTOMER,
    STAFF_PLACES,
    Door,
    Place,
    Where,
    any_command,
    keyboard,
    message_with,
    note_of_telegram,
    press,
    refuse,
    update_of,
)
from handlers.chat.locating import locate
from handlers.refusals import Refusal
from models.staff import Role
from models.work import Work

PRIVATE, TOPIC, GENERAL, PLAIN = Where.PRIVATE, Where.TOPIC, Where.GENERAL, Where.PLAIN
IN_PRIVATE = frozenset({PRIVATE})
AGENT, SUPERVISOR, MANAGER, OWNER = Role.AGENT, Role.SUPERVISOR, Role.MANAGER, Role.OWNER


async def _help(work: Work, place: Place) -> None:
    await say_help(work, place, COMMANDS)


#: Every command: what is typed, where, who may, what it does. Doors, menus and help come from this list.
COMMANDS: tuple[Command, ...] = (
    # a customer's chat
    Command("start", IN_PRIVATE, CUSTOMER, chat_customers.start),
    Command("mycases", IN_PRIVATE, CUSTOMER, chat_cases.mine),
    Command("language", IN_PRIVATE, CUSTOMER, chat_customers.ask_language),
    Command("help", IN_PRIVATE, CUSTOMER, chat_customers.say_help),
    Command("privacy", IN_PRIVATE, CUSTOMER, chat_customers.say_privacy),
    Command("preferences", IN_PRIVATE, CUSTOMER, chat_contact.preferences),
    # with a customer at hand
    Command("claim", WITH_CUSTOMER, AGENT, chat_cases.claim),
    Command("resolve", WITH_CUSTOMER, AGENT, chat_cases.resolve),
    Command("close", WITH_CUSTOMER, AGENT, chat_cases.close),
    Command("reopen", WITH_CUSTOMER, AGENT, chat_cases.reopen),
    Command("case", WITH_CUSTOMER, AGENT, chat_cases.show),
    Command("kind", WITH_CUSTOMER, AGENT, chat_routing.kind),
    Command("severity", WITH_CUSTOMER, AGENT, chat_routing.severity),
    Command("assign", WITH_CUSTOMER, AGENT, chat_routing.assign),
    Command("transfer", WITH_CUSTOMER, AGENT, chat_routing.transfer),
    Command("note", WITH_CUSTOMER, AGENT, chat_answers.note),
    Command("recall", WITH_CUSTOMER, AGENT, chat_answers.recall),
    Command("promise", WITH_CUSTOMER, AGENT, chat_standards.promise),
    Command("why", WITH_CUSTOMER, AGENT, chat_contact.why),
    Command("visit", WITH_CUSTOMER, AGENT, chat_visits.plan),
    Command("subject", WITH_CUSTOMER, AGENT, chat_visits.set_subject),
    # customers' files
    Command("file", AMONG_STAFF, AGENT, chat_files.file),
    Command("set", AMONG_STAFF, AGENT, chat_files.set_field),
    Command("tag", AMONG_STAFF, AGENT, chat_files.tag),
    Command("address", AMONG_STAFF, AGENT, chat_files.address),
    Command("tier", AMONG_STAFF, AGENT, chat_files.tier),
    Command("find", AMONG_STAFF, AGENT, chat_files.find),
    Command("merge", AMONG_STAFF, AGENT, chat_files.merge),
    Command("unmerge", AMONG_STAFF, AGENT, chat_files.unmerge),
    Command("link", AMONG_STAFF, AGENT, chat_files.link),
    Command("mycases", IN_PRIVATE, AGENT, chat_private.list_own),
    Command("rfm", IN_PRIVATE, MANAGER, chat_files.buyers),
    Command("ban", AMONG_STAFF, SUPERVISOR, chat_files.ban),
    Command("mute", AMONG_STAFF, SUPERVISOR, chat_files.mute),
    Command("unban", AMONG_STAFF, SUPERVISOR, chat_files.unban),
    # among staff
    Command("visits", AMONG_STAFF, AGENT, chat_visits.agenda),
    Command("survey", AMONG_STAFF, MANAGER, surveys.survey),
    Command("poll", IN_GROUP, MANAGER, surveys.poll),
    Command("new", AMONG_STAFF, AGENT, chat_routing.new),
    Command("away", AMONG_STAFF, AGENT, chat_routing.away),
    Command("back", AMONG_STAFF, AGENT, chat_routing.back),
    Command("handover", AMONG_STAFF, SUPERVISOR, chat_routing.handover),
    Command("staff", AMONG_STAFF, SUPERVISOR, chat_staff.roll),
    Command("role", IN_GROUP, OWNER, chat_staff.change_role),
    Command("help", AMONG_STAFF, AGENT, _help),
    Command("start", IN_GROUP, AGENT, _help, listed=False),
)


def _of_customer(command: Command) -> Door:
    """The door of a customer's command: the words beside it are heard first, and kept if the command is refused."""
    door = replace(command, do=beside(questionnaires.words, command.do)).door()
    return replace(door, refused=if_words(chat_messages.message))


#: Every door, in order; the first that fits is taken. An update that fits none is left alone.
DOORS: tuple[Door, ...] = (
    # Telegram about the group
    Door("migrated", STAFF_PLACES, ANYONE, message_with("migrate_to_chat_id"), chat_groups.moved_away),
    Door("topic_created", STAFF_PLACES, ANYONE, message_with("forum_topic_created"), chat_groups.topic_created),
    Door("left_message", STAFF_PLACES, ANYONE, message_with("left_chat_member"), chat_staff.left_message),
    Door("noted", STAFF_PLACES, ANYONE, note_of_telegram, chat_staff.noted),
    Door("membership", STAFF_PLACES, ANYONE, update_of("chat_member"), chat_staff.membership),
    Door("bot_standing", STAFF_PLACES, ANYONE, update_of("my_chat_member"), chat_groups.bot_standing),
    Door("reachability", IN_PRIVATE, ANYONE, update_of("my_chat_member"), chat_customers.reachability),
    # words of whom is not on the staff, or was not before them
    Door("unheard", STAFF_PLACES, ANYONE, chat_staff.is_unheard, chat_staff.unheard),
    # commands: those of staff first, for in private somebody may be both
    *(each.door() for each in COMMANDS if each.who != CUSTOMER),
    *(_of_customer(each) for each in COMMANDS if each.who == CUSTOMER),
    Door("staff_unknown", STAFF_PLACES | {PRIVATE}, AGENT, any_command, chat_staff.unknown_command),
    Door(
        "unknown_command",
        IN_PRIVATE,
        CUSTOMER,
        any_command,
        instead(questionnaires.words, chat_customers.unknown_command),
        if_words(chat_messages.message),
    ),
    # a customer's chat; in theirs, what staff write is no matter of their own unless they say so
    Door("own_complaint", IN_PRIVATE, AGENT, keyboard("complain"), chat_private.begin_complaint),
    Door("own_matter", IN_PRIVATE, AGENT, press("another"), unless_banned(chat_private.begin_new_matter)),
    Door("complain_key", IN_PRIVATE, CUSTOMER, keyboard("complain"), chat_customers.begin_complaint),
    Door("language_key", IN_PRIVATE, CUSTOMER, keyboard("language"), chat_customers.ask_language),
    Door("own_list", IN_PRIVATE, AGENT, chat_private.asks_for_list, chat_private.list_own),
    Door("private_words", IN_PRIVATE, AGENT, chat_private.is_words, chat_private.words),
    Door("private_edited", IN_PRIVATE, AGENT, update_of("edited_message"), chat_private.edited),
    Door("private_choice", IN_PRIVATE, AGENT, press("mine"), chat_private.choice),
    Door("private_take_back", IN_PRIVATE, AGENT, press("unsay"), chat_private.take_back),
    Door("private_as_staff", IN_PRIVATE, AGENT, press("staffagain"), chat_private.as_staff),
    Door("progress_key", IN_PRIVATE, CUSTOMER, keyboard("progress"), chat_cases.mine),
    Door("person_key", IN_PRIVATE, CUSTOMER, keyboard("person"), chat_messages.ask_for_person),
    Door("set_language", IN_PRIVATE, CUSTOMER, press("language"), chat_customers.set_language),
    Door("another_matter", IN_PRIVATE, CUSTOMER, press("another"), unless_banned(chat_customers.begin_new_matter)),
    Door("kind", IN_PRIVATE, CUSTOMER, press("kind"), unless_banned(chat_cases.choose_kind)),
    Door("object", IN_PRIVATE, CUSTOMER, press("object"), chat_customers.object_to),
    Door("not_solved", IN_PRIVATE, CUSTOMER, press("unsolved"), unless_banned(questionnaires.not_solved)),
    Door("question", IN_PRIVATE, CUSTOMER, press("q"), unless_banned(questionnaires.press, but="stop")),
    Door("vote", IN_PRIVATE, CUSTOMER, update_of("poll_answer"), questionnaires.vote),
    Door("prefer", IN_PRIVATE, CUSTOMER, press("prefer"), chat_contact.prefer),
    Door("stop", IN_PRIVATE, CUSTOMER, press("stop"), chat_contact.stop),
    Door("visit_answer", IN_PRIVATE, CUSTOMER, press("visited"), unless_banned(chat_visits.answer, but="stop")),
    # a staff group
    *(
        Door(
            f"card_{action}",
            WITH_CUSTOMER | {GENERAL},
            AGENT,
            press(action),
            chat_cases.card_press,
            chat_cases.show_as_it_is,
        )
        for action in ("claim", "wait", "resolve", "reopen", "note")
    ),
    Door("acknowledge", STAFF_PLACES | {PRIVATE}, AGENT, press("ack"), chat_standards.acknowledge),
    Door("phone", AMONG_STAFF, AGENT, press("phone"), chat_files.file_press),
    Door("how_to_set", AMONG_STAFF, AGENT, press("how_to_set"), chat_files.file_press),
    Door("team", STAFF_PLACES, SUPERVISOR, press("team"), chat_staff.open_team),
    Door("undo_joining", STAFF_PLACES, SUPERVISOR, press("dismiss"), chat_staff.undo),
    Door("approval", AMONG_STAFF, AGENT, press("approval"), approvals.press),
    *(Door(f"old_{action}", AMONG_STAFF, AGENT, press(action), approvals.press) for action in approvals.OLD_BUTTONS),
    Door("visit_form", WITH_CUSTOMER, AGENT, press("visit"), chat_visits.fill_in, chat_visits.show_as_it_is),
    Door("visit_note", WITH_CUSTOMER, AGENT, chat_visits.notes_visit, chat_visits.note),
    Door("form", WITH_CUSTOMER, AGENT, press("form"), questionnaires.press_form),
    Door("form_words", WITH_CUSTOMER, AGENT, questionnaires.answers_form, questionnaires.form_words),
    Door("make_case", WITH_CUSTOMER | {GENERAL}, AGENT, press("makecase"), questionnaires.make_case),
    Door(
        "card_more",
        WITH_CUSTOMER | {GENERAL},
        AGENT,
        press("more"),
        chat_routing.more_press,
        chat_cases.show_as_it_is,
    ),
    Door(
        "card_kind",
        WITH_CUSTOMER | {GENERAL},
        AGENT,
        press("setkind"),
        chat_routing.kind_press,
        chat_cases.show_as_it_is,
    ),
    Door(
        "card_severity",
        WITH_CUSTOMER | {GENERAL},
        AGENT,
        press("severity"),
        chat_routing.severity_press,
        chat_cases.show_as_it_is,
    ),
    Door("held_words", WITH_CUSTOMER, AGENT, press("held"), chat_answers.held_press),
    Door("take_back", WITH_CUSTOMER, AGENT, press("takeback"), chat_answers.take_back_press),
    Door("take_call", STAFF_PLACES | {PRIVATE}, AGENT, press("have"), chat_routing.take_call),
    # words: what is no command and no button; a customer's are kept, whatever is refused
    Door(
        "own_contact",
        IN_PRIVATE,
        CUSTOMER,
        chat_customers.is_own_contact,
        chat_customers.own_contact,
        chat_messages.message,
    ),
    Door("visit_words", IN_PRIVATE, CUSTOMER, chat_visits.may_answer, chat_visits.words, chat_messages.message),
    Door(
        "questionnaire_words",
        IN_PRIVATE,
        CUSTOMER,
        questionnaires.may_answer,
        questionnaires.words,
        chat_messages.message,
    ),
    Door("message", IN_PRIVATE, CUSTOMER, update_of("message"), chat_messages.message),
    Door("edited", IN_PRIVATE, CUSTOMER, update_of("edited_message"), chat_messages.edited),
    Door("reaction", IN_PRIVATE, CUSTOMER, update_of("message_reaction"), chat_messages.reacted),
    Door("answer", frozenset({TOPIC}), AGENT, update_of("message"), chat_answers.answer),
    Door("answer_plain", frozenset({PLAIN}), AGENT, chat_answers.answers_customer, chat_answers.answer),
    Door("answer_edited", WITH_CUSTOMER, AGENT, update_of("edited_message"), chat_answers.edited),
    Door(
        "reply_elsewhere",
        frozenset({GENERAL, PLAIN}),
        AGENT,
        chat_answers.replies_to_bot,
        chat_answers.point_to_topic,
    ),
    Door("plain_talk", frozenset({GENERAL, PLAIN}), ANYONE, update_of("message"), chat_staff.plain_talk),
    # a button that nobody knows any more
    Door("stale", STAFF_PLACES | {PRIVATE}, ANYONE, update_of("callback_query"), chat_customers.stale_press),
)


def door_for(place: Place) -> Door | None:
    """The first door that fits; an update that fits none is left alone."""
    return next((door for door in DOORS if door.fits(place)), None)


async def hear(work: Work, update: dict[str, Any], bot_username: str) -> bool:
    """Take a raw update to its use case; returns whether it is ours at all, and not of a chat that is none of ours.

    Raises Refusal, NotYet where what it builds on has not arrived, and AskFirst where Telegram must be asked who sits
    in a staff group.
    """
    place = await _come_in(work, update, bot_username)
    if door := door_for(place):
        await chat_staff.require_seat(work, place, door)
        await door.enter(work, place)
    return place.where is not Where.FOREIGN or not _is_of_a_group(place)


def _is_of_a_group(place: Place) -> bool:
    chat = place.message.get("chat")
    return isinstance(chat, dict) and chat.get("type") in ("group", "supergroup", "channel")


async def say_no(work: Work, update: dict[str, Any], bot_username: str, refusal: Refusal) -> None:
    """Answer an update whose deed was refused and left nothing."""
    place = await _come_in(work, update, bot_username)
    door = door_for(place)
    if door and door.refused:
        forged = suppress(Refusal) if place.what == "callback_query" else nullcontext()
        with forged:  # what a forged press names is not there to be shown
            await door.refused(work, place)
    refuse(work, place, refusal)


async def _come_in(work: Work, update: dict[str, Any], bot_username: str) -> Place:
    """Where it came from; who speaks among staff joins them, whatever becomes of the words."""
    place = await locate(work, update, bot_username)
    if place.where in STAFF_PLACES and place.what == "message" and not place.second_hand and place.has_words:
        await chat_staff.enrol(work, place)
    return place
