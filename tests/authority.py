"""The table of who may do what: every deed behind a command, a button or words that asks who acts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from handlers import answers, approvals, cards, cases, private, questionnaires
from handlers.contact import reasons
from handlers.customers import bans, files, finding, joining, merging, rfm, tiers, values
from handlers.customers.tiers import Wish
from handlers.questionnaires import waves
from handlers.routing import absence, assigning, kinds, moving, opening, paging
from handlers.staff import appoint, dismiss, open_to_team, roll, undo_joining
from handlers.standards import acknowledging, promising
from handlers.visits import agenda, planning, results, tasks
from handlers.visits import answers as visit_answers
from models.cases import Case, CaseKind
from models.customers import Customer
from models.staff import Role, Staff
from models.visits import Outcome
from models.work import Work
from tests import deeds
from tests.scene import NOW, ROLES, SOON, said

AGENT, SUPERVISOR, MANAGER, OWNER = Role.AGENT, Role.SUPERVISOR, Role.MANAGER, Role.OWNER
#: For the customer alone whose matter it is.
OWN = "own"
DONE = "done"
#: Not done: somebody else is asked.
ASKED = "asked"


@dataclass(frozen=True)
class Way:
    """A deed in one of its ways: the lowest role that may, or OWN; how it is called; who gets another answer than
    follows from that. `call` takes the work, who acts, and rows of the scene by their names."""

    deed: Callable[..., Any]
    lowest: Role | str
    call: Callable[..., Any]
    words: str = ""
    but: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{deeds.name_of(self.deed)}{self.words and ': '}{self.words}"

    def answer(self, who: str) -> str:
        """What somebody is told."""
        if who in self.but:
            return self.but[who]
        if isinstance(self.lowest, Role):
            if who not in ROLES:
                return "awaits_approval" if who == "newcomer" else "not_staff"
            return DONE if ROLES[who].rank >= self.lowest.rank else f"role {self.lowest}"
        return DONE if who == "the customer" else "stale"


def _away(work: Work, by: Any) -> None:
    if isinstance(by, Staff):
        by.away_since = NOW
    absence.come_back(work, by)


async def _transfer(work: Work, by: Any, case: Case) -> None:
    department = work.plan.department_named("advice")
    assert department is not None
    await moving.transfer(work, case, department, "not ours", by)


def _unban(work: Work, by: Any, li: Customer) -> None:
    li.banned_until = SOON
    bans.unban(work, li, by)


async def _tier(work: Work, by: Any, li: Customer) -> str:
    return ASKED if await tiers.set_tier(work, li, Wish("vip", SOON, "orders much"), by, {}) else DONE


#: Staff who see what an agent wrote to the bot alone, and decide nothing about it.
_OTHERS = dict.fromkeys(("supervisor", "manager", "owner", "agent elsewhere"), "stale")

#: The table. Which group is somebody's to work in, the doors see to by their places; where a deed itself asks for it,
#: to somebody elsewhere it is "stale".
TABLE: tuple[Way, ...] = (
    # cases
    Way(cases.claim, AGENT, lambda work, by, case: cases.claim(work, case, by)),
    Way(cases.wait_for_customer, AGENT, lambda work, by, case: cases.wait_for_customer(work, case, by)),
    Way(cases.resolve, AGENT, lambda work, by, li, case: cases.resolve(work, li, case, by, "new kettle")),
    Way(cases.close, AGENT, lambda work, by, li, case: cases.close(work, li, case, by)),
    Way(cases.take_up_again, AGENT, lambda work, by, li, resolved: cases.take_up_again(work, li, resolved, by)),
    Way(cases.show, AGENT, lambda work, by, case: cases.show(work, case, by)),
    Way(cases.set_subject, AGENT, lambda work, by, case: cases.set_subject(work, case, "kettle", by)),
    # what a matter is, who has it, where it goes
    Way(
        kinds.set_kind,
        AGENT,
        lambda work, by, case: kinds.set_kind(work, case, CaseKind.COMPLAINT, by),
        "an agent says what it is",
    ),
    Way(
        kinds.set_kind,
        SUPERVISOR,
        lambda work, by, complaint: kinds.set_kind(work, complaint, CaseKind.PRAISE, by),
        "a complaint stays one unless a supervisor says otherwise",
    ),
    Way(
        kinds.set_severity,
        AGENT,
        lambda work, by, case: kinds.set_severity(work, case, "critical", by),
        "anybody may take it more seriously",
    ),
    Way(
        kinds.set_severity,
        SUPERVISOR,
        lambda work, by, case: kinds.set_severity(work, case, "minor", by),
        "less seriously only a supervisor",
    ),
    Way(
        assigning.assign,
        AGENT,
        lambda work, by, case: assigning.assign(work, case, by, by),
        "what nobody has, one takes",
    ),
    Way(
        assigning.assign,
        SUPERVISOR,
        lambda work, by, case, mei: assigning.assign(work, case, mei, by),
        "what nobody has, a supervisor gives",
    ),
    Way(
        assigning.assign,
        SUPERVISOR,
        lambda work, by, taken, mei: assigning.assign(work, taken, mei, by),
        "whoever has it passes it on",
        {"agent": DONE},
    ),
    Way(moving.transfer, AGENT, _transfer),
    Way(
        paging.take_call,
        AGENT,
        lambda work, by, case: paging.take_call(work, case, by),
        "whoever works there, or leads",
        {"agent elsewhere": "stale"},
    ),
    Way(
        acknowledging.acknowledge,
        AGENT,
        lambda work, by, clock: acknowledging.acknowledge(work, clock, by),
        "whoever works there, or leads",
        {"agent elsewhere": "stale"},
    ),
    Way(absence.go_away, AGENT, lambda work, by: absence.go_away(work, by, None)),
    Way(absence.come_back, AGENT, _away),
    Way(absence.hand_over, SUPERVISOR, lambda work, by, mei: absence.hand_over(work, mei, None, by)),
    Way(opening.open_for, AGENT, lambda work, by, caller: opening.open_for(work, caller, "leaks", "phone", NOW, by)),
    # words
    Way(answers.answer, AGENT, lambda work, by, li, case: answers.answer(work, li, case, said("好的"), by)),
    Way(
        answers.answer,
        AGENT,
        lambda work, by, li, case: answers.answer(work, li, case, said("// 好的"), by),
        "marked as a note",
    ),
    Way(answers.keep_note, AGENT, lambda work, by, li, case: answers.keep_note(work, li, case, said("好的"), by)),
    Way(answers.change, AGENT, lambda work, by, answered: answers.change(work, answered, said("好的"), by)),
    Way(answers.decide, AGENT, lambda work, by, held: answers.decide(work, held, by, send=True), "what was held"),
    Way(answers.recall, AGENT, lambda work, by, answered: answers.recall(work, answered, by)),
    # words in private, and lists
    Way(cards.tell_in_hand, AGENT, lambda work, by: cards.tell_in_hand(work, by)),
    Way(private.hear, AGENT, lambda work, by: private.hear(work, None, said("好的"), private.Kept(8, None, {}), by)),
    Way(private.reword, AGENT, lambda work, by: private.reword(work, private.Kept(8, None, {}), by)),
    Way(private.change, AGENT, lambda work, by, answered: private.change(work, answered, said("好的"), by)),
    Way(
        private.take_back,
        AGENT,
        lambda work, by, answered: private.take_back(work, answered, by, 1),
        "whoever said it",
        _OTHERS,
    ),
    Way(
        private.decide,
        AGENT,
        lambda work, by, aside: private.decide(work, [(aside, said("好的", 7))], 901, by, 1, to_customer=False),
        "whoever wrote it",
        _OTHERS,
    ),
    Way(
        private.own_words,
        AGENT,
        lambda work, by, aside, li: private.own_words(work, [(aside, said("好的"))], li, by, 1),
        "whoever wrote it",
        _OTHERS,
    ),
    Way(private.begin_as_customer, AGENT, lambda work, by: private.begin_as_customer(work, by)),
    Way(private.end_as_customer, AGENT, lambda work, by: private.end_as_customer(work, by, 1)),
    Way(
        promising.promise,
        AGENT,
        lambda work, by, case, li: promising.promise(work, case, li, SOON, "new kettle", NOW, by),
    ),
    # approvals: who asked decides nothing but what was shown to them
    Way(approvals.decide, SUPERVISOR, lambda work, by, tier: approvals.decide(work, tier, by, True), "a tier"),
    Way(
        approvals.decide,
        SUPERVISOR,
        lambda work, by, own_tier: approvals.decide(work, own_tier, by, True),
        "a tier that a supervisor asked for",
        {"supervisor": "approval_own"},
    ),
    Way(
        approvals.decide,
        SUPERVISOR,
        lambda work, by, candidate: approvals.decide(work, candidate, by, True),
        "a newcomer",
    ),
    Way(approvals.decide, MANAGER, lambda work, by, wave: approvals.decide(work, wave, by, True), "a wave"),
    Way(approvals.decide, AGENT, lambda work, by, merge: approvals.decide(work, merge, by, True), "a merge"),
    # files
    Way(files.file_values, AGENT, lambda work, by, li: files.file_values(work, li, "zh", by)),
    Way(files.see_phone, AGENT, lambda work, by, li: files.see_phone(work, li, by)),
    Way(finding.find, AGENT, lambda work, by: finding.find(work, "customer", by)),
    Way(values.set_field, AGENT, lambda work, by, li: values.set_field(work, li, "notes", "careful", by)),
    Way(values.set_tags, AGENT, lambda work, by, li: values.set_tags(work, li, ["business"], by)),
    Way(values.set_salutation, AGENT, lambda work, by, li: values.set_salutation(work, li, "Ms Li", by)),
    Way(
        tiers.set_tier,
        AGENT,
        _tier,
        "an agent asks for it, a supervisor's word gives it",
        {"agent": ASKED, "agent elsewhere": ASKED},
    ),
    Way(
        tiers.set_tier,
        SUPERVISOR,
        lambda work, by, li: tiers.set_tier(work, li, Wish("vip", None, "orders much"), by, {}),
        "one without an end a supervisor alone gives",
    ),
    Way(merging.ask_to_merge, AGENT, lambda work, by, li, caller: merging.ask_to_merge(work, li, caller, by, {})),
    Way(merging.unmerge, AGENT, lambda work, by: merging.unmerge(work, 4, by)),
    Way(joining.link_for, AGENT, lambda work, by, caller: joining.link_for(work, caller, by)),
    Way(bans.ban, SUPERVISOR, lambda work, by, li: bans.ban(work, li, SOON, "insults", by)),
    Way(bans.mute, SUPERVISOR, lambda work, by, li: bans.mute(work, li, SOON, "insults", by)),
    Way(bans.unban, SUPERVISOR, _unban),
    Way(rfm.buyers, MANAGER, lambda work, by: rfm.buyers(work, by)),
    Way(appoint, OWNER, lambda work, by, mei: appoint(work, mei, SUPERVISOR, by)),
    Way(dismiss, OWNER, lambda work, by, mei: dismiss(work, mei, by)),
    Way(open_to_team, SUPERVISOR, lambda work, by, group: open_to_team(work, group, by)),
    Way(undo_joining, SUPERVISOR, lambda work, by, mei: undo_joining(work, mei, by)),
    Way(roll, SUPERVISOR, lambda work, by: roll(work, by)),
    Way(reasons.why, AGENT, lambda work, by, li: reasons.why(work, li, by)),
    # visits
    Way(agenda.agenda_of, AGENT, lambda work, by: agenda.agenda_of(work, by, "zh")),
    Way(planning.plan_visit, AGENT, lambda work, by, li: planning.plan_visit(work, li, None, SOON, by, note="")),
    Way(results.record_outcome, AGENT, lambda work, by, call: results.record_outcome(work, call, Outcome.WISH, by)),
    Way(
        results.record_outcome,
        SUPERVISOR,
        lambda work, by, checked: results.record_outcome(work, checked, Outcome.WISH, by),
        "the plan keeps out who handled the case, but no supervisor",
        {"agent": "visit_not_handler", "agent elsewhere": DONE},
    ),
    Way(results.record_no_answer, AGENT, lambda work, by, call: results.record_no_answer(work, call, by)),
    Way(results.put_off, AGENT, lambda work, by, call: results.put_off(work, call, "hour", by)),
    Way(results.open_questionnaire, AGENT, lambda work, by, call: results.open_questionnaire(work, call, by)),
    Way(results.note_visit, AGENT, lambda work, by, call: results.note_visit(work, call, None, said("好的"), by)),
    Way(tasks.turn_to, AGENT, lambda work, by, call, group: tasks.turn_to(work, call, "later", by, group, 1)),
    Way(visit_answers.answer, OWN, lambda work, by, question: visit_answers.answer(work, question, "well", by)),
    Way(visit_answers.turn, OWN, lambda work, by, question: visit_answers.turn(work, question, "later", by)),
    # questionnaires
    Way(
        questionnaires.answer_question,
        OWN,
        lambda work, by, asked: questionnaires.answer_question(work, asked, 0, "9", by),
    ),
    Way(
        questionnaires.answer_question,
        OWN,
        lambda work, by, form: questionnaires.answer_question(work, form, 0, "5", by),
        "a form that an agent fills in is nobody's to tap in their chat",
        {"the customer": "stale"},
    ),
    Way(questionnaires.vote, OWN, lambda work, by, poll: questionnaires.vote(work, poll, [0], by)),
    Way(
        questionnaires.not_solved,
        OWN,
        lambda work, by, resolved: questionnaires.not_solved(work, resolved, 1, by, 1),
    ),
    Way(questionnaires.fill_in, AGENT, lambda work, by, form: questionnaires.fill_in(work, form, 1, "!skip", by)),
    Way(
        questionnaires.fill_in_words,
        AGENT,
        lambda work, by, form: questionnaires.fill_in_words(work, form, "kind", by),
    ),
    Way(questionnaires.make_case, AGENT, lambda work, by, words: questionnaires.make_case(work, words, by)),
    Way(
        questionnaires.post_poll,
        MANAGER,
        lambda work, by, group: questionnaires.post_poll(work, group, "tea?", ["yes", "no"], by),
    ),
    Way(waves.list_waves, MANAGER, lambda work, by: waves.list_waves(work, by)),
    Way(waves.preview, MANAGER, lambda work, by: waves.preview(work, "nps", None, by, {})),
    Way(waves.pause, MANAGER, lambda work, by, running: waves.pause(work, running, by)),
    Way(waves.resume, MANAGER, lambda work, by, paused: waves.resume(work, paused, by)),
    Way(waves.cancel, MANAGER, lambda work, by, running: waves.cancel(work, running, by)),
)
