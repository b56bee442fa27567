"""What happens: the use cases, and every door that leads to them, on one screen."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from handlers import (
    answers,
    cards,
    cases,
    commands,
    contact,
    customers,
    groups,
    happenings,
    messages,
    questionnaires,
    recovery,
    retention,
    staff,
    visits,
)
from handlers.commands import AMONG_STAFF, IN_GROUP, WITH_CUSTOMER, Command
from handlers.customers import (
    barring,
    changing,
    contacting,
    files,
    finding,
    importing,
    joining,
    merging,
    rfm,
    rules,
    tiers,
)
from handlers.customers.barring import unless_banned
from handlers.customers.commanding import beside, instead
from handlers.doors import (
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
    update_of,
)
from handlers.routing import absence, assigning, directing, heeding, moving, opening
from handlers.standards import chasing, clocks, late_list, promising, sweep, telling
from models.staff import Role
from models.work import Work

PRIVATE, TOPIC, GENERAL, PLAIN = Where.PRIVATE, Where.TOPIC, Where.GENERAL, Where.PLAIN
IN_PRIVATE = frozenset({PRIVATE})
AGENT, SUPERVISOR, MANAGER, OWNER = Role.AGENT, Role.SUPERVISOR, Role.MANAGER, Role.OWNER


async def _help(work: Work, place: Place) -> None:
    await commands.say_help(work, place, COMMANDS)


async def _renew_menu(work: Work, happening: happenings.StandingChanged) -> None:
    commands.renew_menu(work, happening.person, COMMANDS)


async def _renew_menu_of_group(work: Work, happening: happenings.GroupMoved) -> None:
    commands.renew_menu_of_group(work, happening.group, COMMANDS)


#: Every command: what is typed, where, who may, what it does. Doors, menus and help come from this list.
COMMANDS: tuple[Command, ...] = (
    # a customer's chat
    Command("start", IN_PRIVATE, CUSTOMER, joining.start),
    Command("mycases", IN_PRIVATE, CUSTOMER, cards.my_cases),
    Command("language", IN_PRIVATE, CUSTOMER, customers.ask_language),
    Command("help", IN_PRIVATE, CUSTOMER, customers.say_help),
    Command("privacy", IN_PRIVATE, CUSTOMER, customers.say_privacy),
    Command("preferences", IN_PRIVATE, CUSTOMER, contact.preferences),
    # with a customer at hand
    Command("claim", WITH_CUSTOMER, AGENT, cases.claim_command),
    Command("resolve", WITH_CUSTOMER, AGENT, cases.resolve_command),
    Command("close", WITH_CUSTOMER, AGENT, cases.close_command),
    Command("reopen", WITH_CUSTOMER, AGENT, cases.reopen_command),
    Command("case", WITH_CUSTOMER, AGENT, cases.case_command),
    Command("kind", WITH_CUSTOMER, AGENT, directing.kind_command),
    Command("severity", WITH_CUSTOMER, AGENT, directing.severity_command),
    Command("assign", WITH_CUSTOMER, AGENT, directing.assign),
    Command("transfer", WITH_CUSTOMER, AGENT, directing.transfer),
    Command("note", WITH_CUSTOMER, AGENT, answers.note_command),
    Command("recall", WITH_CUSTOMER, AGENT, answers.recall),
    Command("promise", WITH_CUSTOMER, AGENT, promising.promise),
    Command("why", WITH_CUSTOMER, AGENT, contact.why),
    Command("visit", WITH_CUSTOMER, AGENT, visits.lists.visit_command),
    Command("subject", WITH_CUSTOMER, AGENT, visits.lists.subject_command),
    # customers' files
    Command("file", AMONG_STAFF, AGENT, files.file_command),
    Command("set", AMONG_STAFF, AGENT, changing.set_command),
    Command("tag", AMONG_STAFF, AGENT, changing.tag_command),
    Command("address", AMONG_STAFF, AGENT, changing.address_command),
    Command("tier", AMONG_STAFF, AGENT, tiers.tier_command),
    Command("find", AMONG_STAFF, AGENT, finding.find),
    Command("merge", AMONG_STAFF, AGENT, merging.merge_command),
    Command("unmerge", AMONG_STAFF, AGENT, merging.unmerge_command),
    Command("link", AMONG_STAFF, AGENT, joining.link_command),
    Command("rfm", IN_PRIVATE, MANAGER, rfm.rfm_command),
    Command("ban", AMONG_STAFF, SUPERVISOR, barring.ban),
    Command("mute", AMONG_STAFF, SUPERVISOR, barring.mute),
    Command("unban", AMONG_STAFF, SUPERVISOR, barring.unban),
    # among staff
    Command("visits", AMONG_STAFF, AGENT, visits.lists.visits_command),
    Command("survey", AMONG_STAFF, MANAGER, questionnaires.survey),
    Command("poll", IN_GROUP, MANAGER, questionnaires.poll),
    Command("new", AMONG_STAFF, AGENT, opening.new_command),
    Command("away", AMONG_STAFF, AGENT, absence.away),
    Command("back", AMONG_STAFF, AGENT, absence.back),
    Command("handover", AMONG_STAFF, SUPERVISOR, directing.hand_over),
    Command("role", IN_GROUP, OWNER, staff.change_role),
    Command("help", AMONG_STAFF, AGENT, _help),
    Command("start", IN_GROUP, AGENT, _help, listed=False),
)

#: Every door, in order; the first that fits is taken. An update that fits none is left alone.
DOORS: tuple[Door, ...] = (
    # Telegram about the group
    Door("migrated", STAFF_PLACES, ANYONE, message_with("migrate_to_chat_id"), groups.moved_away),
    Door("topic_created", STAFF_PLACES, ANYONE, message_with("forum_topic_created"), groups.topic_created),
    Door("left_message", STAFF_PLACES, ANYONE, message_with("left_chat_member"), staff.left_message),
    Door("noted", STAFF_PLACES, ANYONE, note_of_telegram, staff.plain_talk),
    Door("membership", STAFF_PLACES, ANYONE, update_of("chat_member"), staff.membership),
    Door("bot_standing", STAFF_PLACES, ANYONE, update_of("my_chat_member"), groups.bot_standing),
    Door("reachability", PRIVATE, ANYONE, update_of("my_chat_member"), customers.reachability),
    # commands: those of staff first, for in private somebody may be both
    *(each.door() for each in COMMANDS if each.who != CUSTOMER),
    *(replace(each, do=beside(questionnaires.words, each.do)).door() for each in COMMANDS if each.who == CUSTOMER),
    Door("staff_unknown", STAFF_PLACES | {PRIVATE}, AGENT, any_command, staff.unknown_command),
    Door("unknown_command", PRIVATE, CUSTOMER, any_command, instead(questionnaires.words, customers.unknown_command)),
    # a customer's chat
    Door("complain_key", PRIVATE, CUSTOMER, keyboard("complain"), customers.start_complaint),
    Door("progress_key", PRIVATE, CUSTOMER, keyboard("progress"), cards.my_cases),
    Door("person_key", PRIVATE, CUSTOMER, keyboard("person"), messages.ask_for_person),
    Door("language_key", PRIVATE, CUSTOMER, keyboard("language"), customers.ask_language),
    Door("set_language", PRIVATE, CUSTOMER, press("language"), customers.set_language),
    Door("another_matter", PRIVATE, CUSTOMER, press("another"), unless_banned(customers.start_new_matter)),
    Door("kind", PRIVATE, CUSTOMER, press("kind"), unless_banned(cards.choose_kind)),
    Door("object", PRIVATE, CUSTOMER, press("object"), barring.objects),
    Door("not_solved", PRIVATE, CUSTOMER, press("unsolved"), unless_banned(questionnaires.not_solved)),
    Door("question", PRIVATE, CUSTOMER, press("q"), unless_banned(questionnaires.press, but="stop")),
    Door("vote", PRIVATE, CUSTOMER, update_of("poll_answer"), questionnaires.vote),
    Door("prefer", PRIVATE, CUSTOMER, press("prefer"), contact.prefer),
    Door("stop", PRIVATE, CUSTOMER, press("stop"), contact.stop),
    Door("visit_answer", PRIVATE, CUSTOMER, press("visited"), unless_banned(visits.asking.press, but="stop")),
    # a staff group
    *(
        Door(f"card_{action}", WITH_CUSTOMER | {GENERAL}, AGENT, press(action), cases.card_press)
        for action in ("claim", "wait", "resolve", "reopen", "note")
    ),
    Door("have_it", STAFF_PLACES | {PRIVATE}, AGENT, press("ack"), telling.acknowledge),
    Door("phone", AMONG_STAFF, AGENT, press("phone"), files.file_press),
    Door("how_to_set", AMONG_STAFF, AGENT, press("how_to_set"), files.file_press),
    Door("merge", AMONG_STAFF, AGENT, press("merge"), merging.merge_press),
    Door("tier_yes", AMONG_STAFF, SUPERVISOR, press("tier_yes"), tiers.decide),
    Door("tier_no", AMONG_STAFF, SUPERVISOR, press("tier_no"), tiers.decide),
    Door("visit_form", WITH_CUSTOMER, AGENT, press("visit"), visits.tasks.press),
    Door("visit_note", WITH_CUSTOMER, AGENT, visits.tasks.notes_visit, visits.tasks.note),
    Door("wave", AMONG_STAFF, MANAGER, press("wave"), questionnaires.confirm),
    Door("form", WITH_CUSTOMER, AGENT, press("form"), questionnaires.press_form),
    Door("form_words", WITH_CUSTOMER, AGENT, questionnaires.answers_form, questionnaires.form_words),
    Door("make_case", WITH_CUSTOMER | {GENERAL}, AGENT, press("makecase"), questionnaires.make_case),
    Door("approve", STAFF_PLACES, SUPERVISOR, press("approve"), staff.decide_on_candidate),
    Door("refuse", STAFF_PLACES, SUPERVISOR, press("refuse"), staff.decide_on_candidate),
    Door("card_more", WITH_CUSTOMER | {GENERAL}, AGENT, press("more"), directing.press),
    Door("card_kind", WITH_CUSTOMER | {GENERAL}, AGENT, press("setkind"), directing.press),
    Door("card_severity", WITH_CUSTOMER | {GENERAL}, AGENT, press("severity"), directing.press),
    Door("have", STAFF_PLACES | {PRIVATE}, AGENT, press("have"), heeding.have),
    # words: what is no command and no button
    Door("own_contact", PRIVATE, CUSTOMER, joining.is_own_contact, joining.own_contact),
    Door("visit_words", PRIVATE, CUSTOMER, visits.spoken.may_answer, visits.spoken.words),
    Door("questionnaire_words", PRIVATE, CUSTOMER, questionnaires.may_answer, questionnaires.words),
    Door("message", PRIVATE, CUSTOMER, update_of("message"), messages.receive),
    Door("edited", PRIVATE, CUSTOMER, update_of("edited_message"), messages.edited),
    Door("answer", TOPIC, AGENT, update_of("message"), answers.answer),
    Door("answer_plain", PLAIN, AGENT, answers.answers_customer, answers.answer),
    Door("answer_edited", WITH_CUSTOMER, AGENT, update_of("edited_message"), answers.edited),
    Door("reply_elsewhere", frozenset({GENERAL, PLAIN}), AGENT, answers.replies_to_bot, answers.point_to_topic),
    Door("plain_talk", frozenset({GENERAL, PLAIN}), ANYONE, update_of("message"), staff.plain_talk),
    # a button that nobody knows any more
    Door("stale", STAFF_PLACES | {PRIVATE}, ANYONE, update_of("callback_query"), customers.stale_press),
)

#: What the clock does: name, seconds between looks, use case (returns whether it did something).
TICKS = (
    ("forget_inbox", 3600, retention.forget_inbox),
    ("forget_outbox", 3600, retention.forget_outbox),
    ("clocks", 2, sweep.sweep),
    ("queue", 2, assigning.drain),
    ("absences", 4, absence.see_to_absences),
    ("calls", 2, heeding.tell_unanswered_calls),
    ("late_list", 5, late_list.tell_late_list),
    ("visits_due", 1, visits.due.come_due),
    ("visits_run_out", 2, visits.due.run_out),
    ("visits_missed", 2, visits.lists.tell_missed),
    ("visits_morning", 5, visits.lists.tell_each_morning),
    ("visits_ahead", 2, visits.recurring.plan_ahead),
    ("visits_replan", 2, visits.planning.replan),
    ("rules", 5, rules.recompute),
    ("imported", 2, importing.set_going),
    ("ask_due", 1, questionnaires.ask_due),
    ("plan_waves", 1, questionnaires.plan_waves),
    ("begin_periods", 5, questionnaires.begin_periods),
    ("remind_due", 2, questionnaires.remind_due),
    ("expire_due", 2, questionnaires.expire_due),
    ("recovery_missed", 2, recovery.tell_missed),
)

#: What follows from what has happened, in order.
AFTER: dict[type, tuple[Callable[[Work, Any], Awaitable[None]], ...]] = {
    happenings.CaseOpened: (clocks.case_opened, heeding.opened, cases.tell_received, assigning.opened),
    happenings.CustomerSpoke: (
        contact.heed_stop,
        clocks.customer_spoke,
        heeding.spoke,
        chasing.words_chase,
        contacting.note_contact,
        visits.spoken.heed_words,
    ),
    happenings.AgentSpoke: (
        clocks.agent_spoke,
        contacting.note_contact,
        questionnaires.begged,
        recovery.note_spoken,
        heeding.agent_spoke,
    ),
    happenings.KindConfirmed: (
        clocks.kind_confirmed,
        visits.planning.kind_confirmed,
        questionnaires.kind_confirmed,
        recovery.praise_of_kind,
        moving.kind_confirmed,
    ),
    happenings.StandardChanged: (clocks.standard_changed,),
    happenings.Promised: (clocks.promised,),
    happenings.CasePending: (clocks.case_pending,),
    happenings.CaseResumed: (clocks.case_resumed,),
    happenings.CaseResolved: (
        clocks.case_resolved,
        visits.planning.case_resolved,
        recovery.end,
        questionnaires.say_resolved,
        questionnaires.plan_surveys,
    ),
    happenings.CaseClosed: (
        clocks.case_closed,
        visits.planning.case_closed,
        recovery.end,
        questionnaires.plan_surveys,
    ),
    happenings.CaseReopened: (
        clocks.case_reopened,
        visits.tasks.scored_low,
        visits.planning.case_reopened,
        questionnaires.take_back,
        assigning.reopened,
    ),
    happenings.FileChanged: (clocks.file_changed, visits.recurring.file_changed),
    happenings.PlanChanged: (rules.look_again,),
    happenings.EventImported: (visits.planning.event_imported,),
    happenings.StaffLeft: (visits.absence.staff_left, absence.left),
    happenings.StaffAway: (visits.absence.staff_away, absence.gone_away),
    happenings.ContactFailed: (questionnaires.not_sent, visits.due.not_sent),
    happenings.OptedOut: (questionnaires.withdraw,),
    happenings.ScoreGiven: (recovery.begin,),
    happenings.QuestionnaireEnded: (recovery.ask_why, recovery.praise_of_answers),
    happenings.PollSent: (questionnaires.poll_sent,),
    happenings.WordsChanged: (heeding.spoke,),
    happenings.StaffBack: (absence.came_back,),
    happenings.StandingChanged: (_renew_menu,),
    happenings.GroupMoved: (_renew_menu_of_group,),
}


async def follow_up(work: Work) -> None:
    """Do what follows from what happened in this work, and from what happens by that."""
    while work.happened:
        happening = work.happened.pop(0)
        for act in AFTER.get(type(happening), ()):
            await act(work, happening)
