"""What happens: the use cases. Here stands what nobody calls: what the clock does, and what follows from what."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from handlers import (
    approvals,
    cards,
    contact,
    questionnaires,
    recovery,
    retention,
    staff,
    visits,
)
from handlers.chat.commands import renew_menu, renew_menu_of_group
from handlers.chat.entrance import COMMANDS
from handlers.customers import contacting, importing, merging, rules, tiers
from handlers.happenings.aftercare import PollSent, QuestionnaireEnded, ScoreGiven
from handlers.happenings.cases import (
    CaseClosed,
    CaseOpened,
    CasePending,
    CaseReopened,
    CaseResolved,
    CaseResumed,
    KindConfirmed,
    SeverityChanged,
)
from handlers.happenings.messages import AgentSpoke, CustomerSpoke, Promised, WordsChanged
from handlers.happenings.people import (
    ContactFailed,
    Decided,
    EventImported,
    FileChanged,
    GroupMoved,
    OptedOut,
    RanOut,
    StaffAway,
    StaffBack,
    StaffLeft,
    StandingChanged,
)
from handlers.routing import absence, assigning, moving, paging
from handlers.standards import chasing, clocks, late_list, sweep
from models.approvals import Approval, ApprovalKind
from models.database import Database
from models.staff import Staff
from models.timeline import keep_spans
from models.work import Work


async def _renew_menu(work: Work, happening: StandingChanged) -> None:
    renew_menu(work, happening.person, COMMANDS)


async def _renew_menu_of_group(work: Work, happening: GroupMoved) -> None:
    renew_menu_of_group(work, happening.group, COMMANDS)


#: What the clock does: name, seconds between looks, use case (returns whether it did something).
TICKS = (
    ("forget_inbox", 3600, retention.forget_inbox),
    ("forget_outbox", 3600, retention.forget_outbox),
    ("forget_private_words", 3600, retention.forget_private_words),
    ("clocks", 2, sweep.sweep),
    ("queue", 2, assigning.drain),
    ("absences", 4, absence.see_to_absences),
    ("calls", 2, paging.tell_unanswered_calls),
    ("late_list", 5, late_list.tell_late_list),
    ("visits_due", 1, visits.due.come_due),
    ("visits_run_out", 2, visits.due.run_out),
    ("visits_missed", 2, visits.missed.tell_missed),
    ("visits_morning", 5, visits.agenda.tell_each_morning),
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
    ("approvals_run_out", 60, approvals.run_out),
)

#: What follows from a yes or a no, by what was asked.
AFTER_DECISION: dict[ApprovalKind, Callable[[Work, Approval, Staff, bool], Awaitable[None]]] = {
    ApprovalKind.TIER: tiers.decided,
    ApprovalKind.CANDIDATE: staff.decided,
    ApprovalKind.WAVE: questionnaires.waves.decided,
    ApprovalKind.MERGE: merging.decided,
}


async def _decided(work: Work, happening: Decided) -> None:
    approval = happening.approval
    await AFTER_DECISION[approval.kind](work, approval, happening.by, happening.yes)


#: What follows from what has happened, in order.
AFTER: dict[type, tuple[Callable[[Work, Any], Awaitable[None]], ...]] = {
    CaseOpened: (clocks.case_opened, paging.opened, cards.tell_received, assigning.opened),
    CustomerSpoke: (
        contact.heed_stop,
        clocks.customer_spoke,
        paging.spoke,
        chasing.words_chase,
        contacting.note_contact,
        visits.typed_answers.heed_words,
    ),
    AgentSpoke: (
        clocks.agent_spoke,
        contacting.note_contact,
        questionnaires.begged,
        recovery.note_spoken,
        paging.agent_spoke,
    ),
    KindConfirmed: (
        clocks.kind_confirmed,
        visits.planning.kind_confirmed,
        questionnaires.kind_confirmed,
        recovery.praise_of_kind,
        moving.kind_confirmed,
    ),
    SeverityChanged: (clocks.standard_changed,),
    Promised: (clocks.promised,),
    CasePending: (clocks.case_pending,),
    CaseResumed: (clocks.case_resumed,),
    CaseResolved: (
        clocks.case_resolved,
        visits.planning.case_resolved,
        recovery.end,
        questionnaires.say_resolved,
        questionnaires.plan_surveys,
    ),
    CaseClosed: (
        clocks.case_closed,
        visits.planning.case_closed,
        recovery.end,
        questionnaires.plan_surveys,
    ),
    CaseReopened: (
        clocks.case_reopened,
        visits.results.scored_low,
        visits.planning.case_reopened,
        questionnaires.take_back,
        assigning.reopened,
    ),
    FileChanged: (clocks.file_changed, visits.recurring.file_changed),
    EventImported: (visits.planning.event_imported,),
    StaffLeft: (visits.absence.staff_left, absence.left),
    StaffAway: (visits.absence.staff_away, absence.gone_away),
    ContactFailed: (questionnaires.not_sent, visits.due.not_sent),
    OptedOut: (questionnaires.withdraw,),
    ScoreGiven: (recovery.begin,),
    QuestionnaireEnded: (recovery.ask_why, recovery.praise_of_answers),
    PollSent: (questionnaires.poll_sent,),
    WordsChanged: (paging.spoke,),
    StaffBack: (absence.came_back,),
    StandingChanged: (_renew_menu,),
    GroupMoved: (_renew_menu_of_group,),
    Decided: (_decided,),
    RanOut: (tiers.ran_out,),
}


async def follow_up(work: Work) -> None:
    """Do what follows from what happened in this work, and from what happens by that."""
    while work.happened:
        happening = work.happened.pop(0)
        for act in AFTER.get(type(happening), ()):
            await act(work, happening)


async def conclude(work: Work) -> None:
    """The end of every unit of work: what follows, then the spans and cards of cases that are not as they were."""
    await follow_up(work)
    changes = work.take_changes()
    await keep_spans(work, changes)
    await cards.draw_changed(work, changes)


def open_database(url: str, wall: Callable[[], datetime]) -> Database:
    """The database at that address, whose units of work end as they must; `wall` tells the real time (UTC)."""
    return Database(url, wall, follow_up, conclude)
