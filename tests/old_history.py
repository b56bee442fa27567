"""A shop's history as the program wrote it at version 0014, and beside it the truth: how each case was at any moment.

Every deed writes the rows that the old use cases wrote, with names of people and departments in them, and the rows
that they are to become. Nothing here knows how a migration reads them.
"""

import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any

BEGAN = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
DAYS = 200
RENAMED_AT = BEGAN + timedelta(days=100)  # when the second plan was put in force
NOW = BEGAN + timedelta(days=DAYS + 60)
TIERS = (None, "regular", "key", "vip")
KINDS = ("complaint", "enquiry", "request", "suggestion", "praise")

#: By number: the name of today, and the one until RENAMED_AT. Two are namesakes, one has been renamed.
STAFF = {
    1: ("王芳", "王芳"),
    2: ("李伟", "李伟"),
    3: ("李伟", "李伟"),
    4: ("Zhang Min", "Zhang Min"),
    5: ("陈洁", "小陈"),
    6: ("O'Brien", "O'Brien"),
}
NAMESAKES = {2, 3}
#: Department ids by plan, with what staff called them then: first in Chinese, then in English, with one name reused.
CALLED = ({"service": "客服部", "repair": "维修部", "advice": "advice"}, {"service": "Service", "field": "维修部"})
PLANS = (
    """
[[department]]
id = "service"
name = { zh = "客服部", en = "Service" }
[[department]]
id = "repair"
name = "维修部"
[[department]]
id = "advice"
""",
    """
[business]
language = "en"
[[department]]
id = "service"
name = { zh = "客服部", en = "Service" }
[[department]]
id = "field"
name = { en = "维修部", zh = "repair" }
""",
)


@dataclass
class CustomerThen:
    """A customer and which tier they had from when."""

    number: int
    tiers: list[tuple[datetime, str | None]]

    def tier(self, at: datetime) -> str | None:
        """The tier at that moment."""
        for since, tier in reversed(self.tiers):  # asked so often that a generator would show
            if since <= at:
                return tier
        raise LookupError(f"customer {self.number} was not there at {at}")


@dataclass
class CaseThen:
    """A case: its columns of today, and all that ever was."""

    number: int
    opened_at: datetime
    owners: list[tuple[datetime, CustomerThen]]
    state: str = "new"
    holder: int | None = None
    told: int | None = None  # the holder, as far as the events say who
    department: str | None = None
    kind: str | None = None
    severity: str | None = None
    source: str = "telegram"
    first_response_at: datetime | None = None
    last_agent_at: datetime | None = None
    last_customer_at: datetime = BEGAN
    facts: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    holds: list[int] = field(default_factory=list)  # since which fact somebody has it
    events: list[dict[str, Any]] = field(default_factory=list)
    new_events: list[dict[str, Any]] = field(default_factory=list)
    known: dict[datetime, dict[str, Any]] = field(default_factory=dict)

    def owner(self, at: datetime) -> CustomerThen:
        """Whose it was at that moment."""
        for since, owner in reversed(self.owners):
            if since <= at:
                return owner
        raise LookupError(f"case {self.number} was not there at {at}")

    def was(self, at: datetime) -> dict[str, Any]:
        """How it was at that moment; its history is over when first asked."""
        if at not in self.known:
            self.known[at] = self._was(at)
        return self.known[at]

    def _was(self, at: datetime) -> dict[str, Any]:
        last = bisect_right(self.facts, at, key=itemgetter(0)) - 1
        values = self.facts[last][1]
        while last >= 0 and self.facts[last][1]["state"] == "closed":  # what is over keeps its last tier
            at = self.facts[last][0]
            last -= 1
        return {**values, "tier": self.owner(at).tier(at)}


class History:
    """Customers, their merges, staff, plans and `count` cases, all from one seed."""

    def __init__(self, seed: int, count: int) -> None:
        self.any = random.Random(seed)
        self.audit: list[dict[str, Any]] = []
        self.merges: list[dict[str, Any]] = []
        self.customers = {
            number: CustomerThen(number, [(BEGAN - timedelta(days=1), self.any.choice(TIERS))])
            for number in range(1, count // 4 + 10)
        }
        self._live()
        self.everybody = list(self.customers.values())
        self.merge_of = {each["merged_id"]: each for each in self.merges}
        self.cases = [self._case(1001 + number) for number in range(count)]
        for case in self.cases:
            self._last_holder(case)
        self.audit.sort(key=lambda row: row["at"])

    # -- customers

    def _moment(self, since: datetime = BEGAN, days: float = DAYS) -> datetime:
        return since + timedelta(seconds=self.any.randrange(1, int(days * 86400)), microseconds=7)

    def _live(self) -> None:
        numbers = list(self.customers)
        for survivor, merged in zip(numbers[::20], numbers[1::20], strict=False):
            at = self._moment()
            undone = self._moment(at, 40) if self.any.random() < 0.5 else None
            both = self.customers[survivor], self.customers[merged]
            for customer in both:
                self._age(customer, BEGAN, at)
            self._merge(*both, at, undone)
            self._age(both[0], undone or at, NOW)
            self._age(both[1], undone or NOW, NOW)
        for number, customer in self.customers.items():
            if number % 20 not in (1, 2):
                self._age(customer, BEGAN, NOW)

    def _age(self, customer: CustomerThen, since: datetime, until: datetime) -> None:
        """Tiers by rule and by hand, as the audit tells them; to leave it to the rules need not change it."""
        subject = f"customer:{customer.number}"
        while (since := self._moment(since, 150)) < until:
            before = customer.tiers[-1][1]
            after = self.any.choice([tier for tier in TIERS if tier != before])
            said = [("staff:2", after)] if self.any.random() < 0.5 else [("system", after)]
            if said == [("staff:2", None)]:
                after = self.any.choice(TIERS)
                said += [("system", after)] if after != before else []
            for actor, tier in said:
                details = {"before": before, "after": tier}
                row = {"at": since, "actor": actor, "action": "tier", "subject": subject, "details": details}
                self.audit.append(row)
            if after != before:
                customer.tiers.append((since, after))

    def _merge(self, survivor: CustomerThen, merged: CustomerThen, at: datetime, undone: datetime | None) -> None:
        before, became = survivor.tier(at), merged.tier(at)
        takes = before != became and self.any.random() < 0.6
        if takes:
            survivor.tiers.append((at, became))
        if undone:
            self._age(survivor, at, undone)
            if takes and survivor.tier(undone) == became:
                survivor.tiers.append((undone, before))
        file = {"name": ["a", "b"], **({"tier": [before, became]} if takes else {})}
        self.merges.append(
            {
                "survivor_id": survivor.number,
                "merged_id": merged.number,
                "actor": self.any.choice([f"customer:{survivor.number}", "staff:1"]),
                "at": at,
                "undone_at": undone,
                "moved": {
                    "rows": {"cases.customer_id": [], "messages.customer_id": [[5]]},
                    "topics": [],
                    "file": file,
                },
            }
        )

    def _owners(self, opened_at: datetime, number: int) -> list[tuple[datetime, CustomerThen]]:
        owner = self.any.choice(self.everybody)
        merge = self.merge_of.get(owner.number)
        if merge is None:
            return [(opened_at, owner)]
        survivor = self.customers[merge["survivor_id"]]
        if opened_at >= merge["at"]:
            return [(opened_at, survivor)]
        merge["moved"]["rows"]["cases.customer_id"].append([number])
        back = [(merge["undone_at"], owner)] if merge["undone_at"] else []
        return [(opened_at, owner), (merge["at"], survivor), *back]

    # -- a case

    def _case(self, number: int) -> CaseThen:
        self.now = self._moment()
        case = CaseThen(number, self.now, self._owners(self.now, number), last_customer_at=self.now)
        plan = self._called()
        case.department = self.any.choice([None, *plan])
        case.severity = self.any.choice([None, None, "serious"])
        case.kind = self.any.choice([None, None, *KINDS])
        case.source = self.any.choice(["telegram", "phone"])
        by = f"customer:{case.owners[0][1].number}" if case.source == "telegram" else "staff:4"
        self._tell(case, "opened", by, {"kind": case.kind}, {"kind": case.kind, "source": case.source})
        if self.any.random() < 0.4:
            self._assign(case, "assigned")
        self._note(case)
        for _ in range(self.any.choice((0, 1, 3, 8, 14))):
            self.now = self._moment(self.now, self.any.choice((0.02, 1, 9))) + timedelta(minutes=6)
            if self.now >= NOW:
                break
            self.any.choice(self._possible(case))(self, case)
            self._note(case)
        return case

    def _called(self) -> dict[str, str]:
        return CALLED[self.now >= RENAMED_AT]

    def _name(self, number: int | None) -> str | None:
        return STAFF[number][self.now < RENAMED_AT] if number else None

    def _known(self, number: int | None) -> int | None:
        """Who is meant by the name of that person as it was then: nobody else has it today."""
        name = self._name(number)
        bearers = [key for key, (today, _) in STAFF.items() if today == name]
        return bearers[0] if len(bearers) == 1 else None

    def _note(self, case: CaseThen) -> None:
        """The end of a unit of work."""
        values = {
            "state": case.state,
            "assignee_id": case.told,
            "department": case.department,
            "kind": case.kind,
            "severity": case.severity,
        }
        case.facts.append((self.now, values))

    def _tell(self, case: CaseThen, what: str, by: str, old: dict[str, Any], new: dict[str, Any]) -> None:
        actor, _, key = by.partition(":")
        row = {"case_id": case.number, "at": self.now, "details": old, "what": what, "actor": by}
        case.events.append(row)
        case.new_events.append(
            {
                "case_id": case.number,
                "at": self.now,
                "kind": what,
                "staff_id": int(key) if actor == "staff" else None,
                "customer_id": int(key) if actor == "customer" else None,
                "details": new,
            }
        )

    def _hold(self, case: CaseThen, number: int | None, told: int | None) -> None:
        case.holder, case.told = number, told
        if number and case.state == "new":
            case.state = "open"
        case.holds = [len(case.facts), len(case.events)]

    def _last_holder(self, case: CaseThen) -> None:
        """Who has it at last is known whatever their name: the case itself says so."""
        if case.holder is None or case.told == case.holder:
            return
        fact, event = case.holds
        for _, values in case.facts[fact:]:
            values["assignee_id"] = case.holder
        case.new_events[event - 1]["details"]["to"] = case.holder
        case.told = case.holder

    # -- what can happen

    def _possible(self, case: CaseThen) -> "Deeds":
        if case.state in ("new", "open", "pending"):
            waits = case.state == "open" and case.last_agent_at and case.last_agent_at >= case.last_customer_at
            return UNFINISHED[bool(waits), bool(case.holder)]
        return RESOLVED if case.state == "resolved" else OVER

    def _person(self) -> int:
        return self.any.choice(list(STAFF))

    def _customer(self, case: CaseThen) -> str:
        return f"customer:{case.owner(self.now).number}"

    def _talk(self, case: CaseThen) -> None:
        """What tells nothing of the case's state."""
        person, people = self._person(), [self._person() for _ in range(2)]
        names, known = [self._name(each) for each in people], [self._known(each) for each in people]
        found = [each for each in known if each]
        staff = f"staff:{person}"
        sayings: tuple[Callable[[], tuple[str, str, dict[str, Any], dict[str, Any]]], ...] = (
            lambda: ("subject", staff, {"subject": "kettle"}, {"subject": "kettle"}),
            lambda: ("commented", self._customer(case), {"comment": "好"}, {"comment": "好"}),
            lambda: ("chased", self._customer(case), {}, {}),
            lambda: ("paged", "system", {"people": names}, {"people": found}),
            lambda: ("page_unanswered", "system", {"people": names}, {"people": found}),
            lambda: ("alarm", "system", {"alarm": "press", "people": names}, {"alarm": "press", "people": found}),
            lambda: ("acknowledged", staff, {}, {"of": None}),
            lambda: ("acknowledged", staff, {"of": "resolve"}, {"of": "resolve"}),
            lambda: (
                "escalated",
                "system",
                {"of": "resolve", "to": "supervisor"},
                {"of": "resolve", "to": "supervisor"},
            ),
            lambda: ("warned", "system", {"of": "next_response"}, {"of": "next_response"}),
            lambda: ("reminded", "system", {}, {}),
            lambda: ("recovery_missed", "system", {}, {}),
            lambda: ("praised", self._customer(case), {"staff": person}, {"praised": person}),
            lambda: ("from_answer", staff, {"answer": 77}, {"answer": 77}),
        )
        what, by, old, new = self.any.choice(sayings)()
        self._tell(case, what, by, old, new)

    def _words(self, case: CaseThen) -> None:
        case.last_customer_at = self.now
        if case.state == "pending":
            case.state = "open"
            self._tell(case, "answered", self._customer(case), {}, {})
        elif case.state in ("resolved", "closed") and self.any.random() < 0.5:
            case.state = "open"
            self._tell(case, "reopened", self._customer(case), {"why": "words"}, {"why": "words"})

    def _answer(self, case: CaseThen) -> None:
        """An agent speaks; who has room has the case with that."""
        person = self._person()
        begs = self.any.random() < 0.2
        if begs and case.state == "new":
            case.state = "open"
        self._spoken(case, person)
        if begs:
            self._tell(case, "begged", f"staff:{person}", {"words": "5 stars?"}, {"words": "5 stars?"})

    def _spoken(self, case: CaseThen, person: int) -> None:
        case.last_agent_at = self.now
        if case.first_response_at is None:
            case.first_response_at = self.now.replace(microsecond=0)  # as Telegram tells it
        if case.holder is None and self.any.random() < 0.5:
            self._hold(case, person, person)
            self._tell(case, "claimed", f"staff:{person}", {}, {})
        if case.state == "new":
            case.state = "open"
            self._note_at(case, case.first_response_at)

    def _note_at(self, case: CaseThen, at: datetime) -> None:
        """What the case says and no event: it is known to the second."""
        now, self.now = self.now, at
        self._note(case)
        self.now = now

    def _promise(self, case: CaseThen) -> None:
        person, at = self._person(), (self.now + timedelta(days=1)).isoformat()
        old = {"at": at, **({"words": "new kettle"} if self.now >= RENAMED_AT else {})}
        self._tell(case, "promised", f"staff:{person}", old, {"at": at, "words": old.get("words", "")})
        if case.state == "new":
            case.state = "open"
        self._spoken(case, person)

    def _claim(self, case: CaseThen) -> None:
        if case.holder is None:
            person = self._person()
            self._hold(case, person, person)
            self._tell(case, "claimed", f"staff:{person}", {}, {})

    def _give(self, case: CaseThen) -> None:
        self._assign(case, "assigned", by=self.any.choice(["system", "staff:1"]))

    def _assign(self, case: CaseThen, what: str, by: str = "system", **old: Any) -> None:
        person = self._person()
        told = self._known(person)
        new = {key: case.told or self._known(case.holder) for key in old}
        self._tell(case, what, by, {**old, "to": self._name(person)}, {**new, "to": told})
        self._hold(case, person, told)

    def _hand_over(self, case: CaseThen) -> None:
        if case.holder is None:
            return
        giver = self._name(case.holder)
        if self.any.random() < 0.5:
            self._assign(case, "handed_over", "staff:1", giver=giver)
            return
        new = {"giver": case.told or self._known(case.holder), "to": None}
        self._tell(case, "handed_over", "staff:1", {"giver": giver, "to": None}, new)
        self._hold(case, None, None)

    def _release(self, case: CaseThen) -> None:
        why = self.any.choice(["left", "away"])
        new = {"holder": case.told or self._known(case.holder), "why": why}
        self._tell(case, "unassigned", "system", {why: self._name(case.holder)}, new)
        self._hold(case, None, None)
        if self.any.random() < 0.3:
            self._assign(case, "assigned")

    def _kind(self, case: CaseThen) -> None:
        kind = self.any.choice([each for each in KINDS if each != case.kind])
        new = {"before": case.kind, "kind": kind}
        if self.any.random() < 0.5:
            self._tell(case, "kind", self._customer(case), {"kind": kind}, new)
        else:
            self._tell(case, "kind", "staff:1", dict(new), new)
        case.kind = kind

    def _severity(self, case: CaseThen) -> None:
        severity = self.any.choice([each for each in (None, "serious", "critical") if each != case.severity])
        details = {"before": case.severity, "after": severity}
        by = self.any.choice(["system", "staff:1", self._customer(case)])
        self._tell(case, "severity", by, dict(details), details)
        case.severity = severity

    def _transfer(self, case: CaseThen) -> None:
        called = self._called()
        to = self.any.choice([each for each in called if each != case.department])
        old = {"reason": "heater", "before": called.get(case.department or "", ""), "after": called[to]}
        before = case.department
        is_first = not any(each["what"] == "transferred" for each in case.events)
        if is_first and before is not None and not old["before"]:
            return  # what the plan of then did not know, nothing tells
        self._tell(case, "transferred", "staff:1", old, {"reason": "heater", "before": before, "after": to})
        case.department = to
        self._hold(case, None, None)
        if self.any.random() < 0.5:
            self._assign(case, "assigned")

    def _wait(self, case: CaseThen) -> None:
        case.state = "pending"
        self._tell(case, "pending", "staff:1", {}, {})

    def _resolve(self, case: CaseThen) -> None:
        person = self._person()
        self._tell(case, "resolved", f"staff:{person}", {"summary": "换新"}, {"summary": "换新"})
        if case.holder is None:
            self._hold(case, person, person)
        case.state = "resolved"

    def _close(self, case: CaseThen) -> None:
        self._tell(case, "closed", "staff:4", {}, {"why": "staff"})
        case.state = "closed"

    def _silence(self, case: CaseThen) -> None:
        self._tell(case, "closed", "system", {"why": "silence"}, {"why": "silence"})
        case.state = "closed"

    def _score(self, case: CaseThen) -> None:
        shown = {"shown_at": 4711} if self.any.random() < 0.5 else {}
        by = self.any.choice([self._customer(case), "staff:4"])
        self._tell(case, "scored", by, {"score": 5, **shown}, {"measure": "csat", "score": 5})
        self._tell(case, "closed", self._customer(case), {}, {"why": "accepted"})
        case.state = "closed"

    def _low(self, case: CaseThen) -> None:
        self._tell(case, "scored", self._customer(case), {"score": 1}, {"measure": "csat", "score": 1})
        self._tell(case, "reopened", self._customer(case), {"why": "score"}, {"why": "score"})
        case.state = "open"
        to = self.any.choice([None, *STAFF])
        details = {"to": to, "due_at": (self.now + timedelta(hours=4)).isoformat() if to else None}
        self._tell(case, "recovery", "system", dict(details), details)
        self._hold(case, to, to)

    def _reopen(self, case: CaseThen) -> None:
        why, by = self.any.choice([("staff", "staff:1"), ("not_solved", self._customer(case))])
        self._tell(case, "reopened", by, {"why": why}, {"why": why})
        case.state = "open"

    def _visit(self, case: CaseThen) -> None:
        if case.state == "resolved":
            self._tell(case, "closed", self._customer(case), {}, {"why": "accepted"})
            case.state, outcome = "closed", "well"
        else:
            self._tell(case, "reopened", "staff:4", {"why": "visit"}, {"why": "visit"})
            case.state, outcome = "open", "problem"
        self._tell(case, "visited", "staff:4", {"outcome": outcome}, {"outcome": outcome})

    # -- the rows

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """All rows by table, as they stood at version 0014."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        found["staff_groups"] = [{"id": 1, "configured_id": -1, "chat_id": -1, "title": "staff", "is_forum": True}]
        for number, (name, _) in STAFF.items():
            person = {"id": number, "user_id": number, "name": name, "role": "agent", "language": "zh"}
            found["staff"].append({**person, "active": True, "started_bot": False, "joined_at": BEGAN})
        for number, text in enumerate(PLANS):
            found["plan_versions"].append({"text": text, "taken_at": (BEGAN - timedelta(days=9), RENAMED_AT)[number]})
        merged = {each["merged_id"]: each["survivor_id"] for each in self.merges if not each["undone_at"]}
        for customer in self.customers.values():
            row = {"id": customer.number, "name": "c", "language": "zh", "created_at": BEGAN, "tier_by": "rule"}
            row |= {"language_chosen": False, "next_is_new": False, "segments": [], "tags": [], "fields": {}}
            row |= {"notes": "", "tier": customer.tier(NOW), "merged_into_id": merged.get(customer.number)}
            found["customers"].append(row)
        found["audit"], found["merges"] = self.audit, self.merges
        moments = ("opened_at", "first_response_at", "last_agent_at", "last_customer_at")
        columns = ("state", "department", "kind", "severity", "source", *moments)
        for case in self.cases:
            row = {
                "id": case.number,
                "customer_id": case.owner(NOW).number,
                "group_id": 1,
                "subject": "",
                "summary": "",
            }
            row |= {"comment_open": False, "episode": 0, "reopened_count": 0, "chased_count": 0}
            row |= {"subject_confirmed": False, "assignee_id": case.holder}
            found["cases"].append({**row, **{name: getattr(case, name) for name in columns}})
            found["case_events"] += case.events
        return found


Deeds = tuple[Callable[[History, CaseThen], None], ...]

#: What can happen to a case, each as often as it is likely. Of one that is not done: whether it may wait for the
#: customer, and whether somebody has it.
_ALWAYS: Deeds = (History._talk, History._words, History._talk)
_AT_WORK: Deeds = (
    *(History._answer, History._answer, History._kind, History._severity, History._transfer, History._resolve),
    *(History._hand_over, History._give, History._give, History._claim, History._promise, History._close),
)
UNFINISHED = {
    (waits, held): (*_ALWAYS, *_AT_WORK, *(History._wait, History._wait) * waits, *(History._release,) * held)
    for waits in (False, True)
    for held in (False, True)
}
RESOLVED: Deeds = (
    *(*_ALWAYS, History._score, History._score, History._low),
    *(History._close, History._silence, History._visit),
)
OVER: Deeds = (*_ALWAYS, History._reopen, History._visit)
