"""What happens: the use cases, and every door that leads to them, on one screen."""

from handlers import answers, cards, cases, customers, groups, messages, questionnaires, retention, staff
from handlers.doors import (
    ANYONE,
    CUSTOMER,
    STAFF_PLACES,
    Door,
    Where,
    any_command,
    command,
    keyboard,
    message_with,
    note_of_telegram,
    press,
    update_of,
)
from models.staff import Role

PRIVATE, TOPIC, GENERAL, PLAIN = Where.PRIVATE, Where.TOPIC, Where.GENERAL, Where.PLAIN
WITH_CUSTOMER = frozenset({TOPIC, PLAIN})
AGENT, OWNER = Role.AGENT, Role.OWNER


#: Every door, in order; the first that fits is taken. An update that fits none is left alone.
DOORS: tuple[Door, ...] = (
    # Telegram about the group
    Door("migrated", STAFF_PLACES, ANYONE, message_with("migrate_to_chat_id"), groups.moved_away),
    Door("topic_created", STAFF_PLACES, ANYONE, message_with("forum_topic_created"), groups.topic_created),
    Door("left_message", STAFF_PLACES, ANYONE, message_with("left_chat_member"), staff.left_message),
    Door("noted", STAFF_PLACES, ANYONE, note_of_telegram, staff.plain_talk),
    Door("membership", STAFF_PLACES, ANYONE, update_of("chat_member"), staff.membership),
    Door("bot_standing", STAFF_PLACES, ANYONE, update_of("my_chat_member"), groups.bot_standing),
    # a customer's chat
    Door("reachability", PRIVATE, ANYONE, update_of("my_chat_member"), customers.reachability),
    Door("start", PRIVATE, CUSTOMER, command("start"), customers.welcome),
    Door("help", PRIVATE, CUSTOMER, command("help"), customers.say_help),
    Door("privacy", PRIVATE, CUSTOMER, command("privacy"), customers.say_privacy),
    Door("language", PRIVATE, CUSTOMER, command("language"), customers.ask_language),
    Door("my_cases", PRIVATE, CUSTOMER, command("mycases"), cards.my_cases),
    Door("unknown_command", PRIVATE, CUSTOMER, any_command, customers.unknown_command),
    Door("complain_key", PRIVATE, CUSTOMER, keyboard("complain"), customers.start_complaint),
    Door("progress_key", PRIVATE, CUSTOMER, keyboard("progress"), cards.my_cases),
    Door("person_key", PRIVATE, CUSTOMER, keyboard("person"), messages.ask_for_person),
    Door("language_key", PRIVATE, CUSTOMER, keyboard("language"), customers.ask_language),
    Door("set_language", PRIVATE, CUSTOMER, press("language"), customers.set_language),
    Door("another_matter", PRIVATE, CUSTOMER, press("another"), customers.start_new_matter),
    Door("kind", PRIVATE, CUSTOMER, press("kind"), cards.choose_kind),
    Door("score", PRIVATE, CUSTOMER, press("score"), questionnaires.score),
    Door("not_solved", PRIVATE, CUSTOMER, press("unsolved"), questionnaires.not_solved),
    Door("no_comment", PRIVATE, CUSTOMER, press("nocomment"), questionnaires.no_comment),
    Door("message", PRIVATE, CUSTOMER, update_of("message"), messages.receive),
    Door("edited", PRIVATE, CUSTOMER, update_of("edited_message"), messages.edited),
    # a staff group
    *(
        Door(f"card_{action}", WITH_CUSTOMER | {GENERAL}, AGENT, press(action), cases.card_press)
        for action in ("claim", "wait", "resolve", "reopen", "note")
    ),
    Door("staff_role", STAFF_PLACES, OWNER, command("role"), staff.change_role),
    Door("staff_help", STAFF_PLACES, AGENT, command("help", "start"), staff.staff_help),
    Door("note", WITH_CUSTOMER, AGENT, command("note"), answers.note_command),
    Door("recall", WITH_CUSTOMER, AGENT, command("recall"), answers.recall),
    Door("claim", WITH_CUSTOMER, AGENT, command("claim"), cases.claim_command),
    Door("resolve", WITH_CUSTOMER, AGENT, command("resolve"), cases.resolve_command),
    Door("close", WITH_CUSTOMER, AGENT, command("close"), cases.close_command),
    Door("reopen", WITH_CUSTOMER, AGENT, command("reopen"), cases.reopen_command),
    Door("case", WITH_CUSTOMER, AGENT, command("case"), cases.case_command),
    Door("staff_unknown", STAFF_PLACES, AGENT, any_command, staff.unknown_command),
    Door("answer", TOPIC, AGENT, update_of("message"), answers.answer),
    Door("answer_plain", PLAIN, AGENT, answers.answers_customer, answers.answer),
    Door("answer_edited", WITH_CUSTOMER, AGENT, update_of("edited_message"), answers.edited),
    Door("reply_elsewhere", frozenset({GENERAL, PLAIN}), AGENT, answers.replies_to_bot, answers.point_to_topic),
    Door("plain_talk", frozenset({GENERAL, PLAIN}), ANYONE, update_of("message"), staff.plain_talk),
    # a button that nobody knows any more
    Door("stale", STAFF_PLACES | {PRIVATE}, ANYONE, update_of("callback_query"), customers.stale_press),
)

#: What the clock does: name, seconds between looks, use case (returns whether it did something).
TICKS = (("forget_inbox", 3600, retention.forget_inbox), ("forget_outbox", 3600, retention.forget_outbox))
