"""Values for the messages about customers: a file with nothing in it, and one that is full of foreign text."""

from typing import Any

from models.customers.rfm import GROUPS

LONG = "长<&" * 26
EMPTY: dict[str, Any] = {
    "number": 7, "name": "王芳", "username": None, "ref": None, "salutation": None, "language": "zh", "phone": "",
    "city": None, "zone": "Asia/Shanghai", "dedicated": None, "segments": [], "tags": [], "notes": "", "fields": [],
    "unreachable": False, "no_telegram": False, "banned": "", "muted": "", "unheard": 0, "purchases": [], "bought": 0,
    "spent": "0.00", "events": [], "first": "2026-11-21", "last": None, "cases": 0, "open": [], "scores": [],
    "merged": [], "tier": None, "tier_reason": None, "tier_until": None, "tier_by": None,
    "year": None,
}  # fmt: skip
FULL = {
    **EMPTY, "username": "wang", "ref": LONG, "salutation": LONG[:40], "language": "en", "phone": "+86138****8000",
    "city": LONG, "dedicated": LONG[:64], "segments": [LONG[:30]] * 5, "tags": [LONG[:40]] * 20, "notes": LONG * 7,
    "fields": [{"name": LONG[:30], "value": LONG}] * 6, "unreachable": True, "no_telegram": True,
    "banned": "11-28 09:30", "muted": "11-28 09:30", "unheard": 3, "bought": 12, "spent": "1,234,567.00",
    "purchases": [{"at": "2026-11-21", "product": LONG, "amount": "1,234.50"}] * 3,
    "events": [{"at": "2026-11-21", "name": LONG}] * 3, "last": "2026-11-24", "cases": 100,
    "open": list(range(1001, 1011)), "scores": [5, 4, 3, 2, 1], "merged": [17, 23], "tier": LONG[:30],
    "tier_reason": LONG * 3, "tier_until": "2027-06-30", "tier_by": LONG[:64],
    "year": {"spent": "1,234,567.00", "orders": 12},
}  # fmt: skip
PREVIEW = {
    "number": 17, "name": LONG[:64], "phone": "+86138****8000", "ref": LONG, "telegram": True, "cases": 3,
    "messages": 1200, "purchases": 12, "service_events": 5,
}  # fmt: skip
FOUND = {
    "number": 17, "name": LONG[:64], "salutation": LONG[:40], "phone": "+86138****8000", "ref": LONG[:60],
    "link": "https://t.me/c/1234567890/17",
}  # fmt: skip
BARE = {**FOUND, "salutation": None, "phone": "", "ref": None, "link": ""}
CHOICES: dict[str, list[Any]] = {
    "ask_phone": [False, True],
    "file.file": [EMPTY, FULL],
    "merge_preview.survivor": [PREVIEW],
    "merge_preview.merged": [{**PREVIEW, "phone": "", "ref": None, "telegram": False}],
    "survivor": [17],
    "merged": [23],
    "link": ["https://t.me/harbour_bot?start=" + "a" * 32],
    "found.customers": [[], [FOUND] * 8, [BARE] * 8],
    "found.matters": [
        [],
        [{"number": 1001, "state": "new", "subject": LONG[:60], "customer": FOUND}] * 8,
        [{"number": 1001, "state": "closed", "subject": "", "customer": BARE}] * 8,
    ],
    "ban_set.what": ["banned", "muted"],
    "rfm.buyers": [1234],
    "rfm.spent": ["1,234,567.00"],
    "rfm.groups": [[], [{"group": each, "buyers": 12, "spent": "1,234.00"} for each in GROUPS.values()]],
    "rfm.shares": [[], [{"buyers": "20%", "sales": "80%"}] * 5],
    "rfm.eighty": [None, "20.0%"],
    "until": ["2027-06-30", ""],
    "zone": ["", "?", "Asia/Shanghai"],
    "tier": [lambda text: text[:30]],
    "before": [lambda text: text[:30]],
}
