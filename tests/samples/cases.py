"""Values for what is due on the cards and in the lists of cases."""

from typing import Any

from models.cases import CaseState
from models.standards import SHOWN

_MINE: dict[str, Any] = {
    "number": 1001,
    "name": "<b>&" * 16,
    "subject": "漏水<&" * 8,
    "due": "11-21 17:40",
    "due_what": "promise",
    "late": True,
    "chased": 2,
    "link": "https://t.me/c/1234567890/1234",
}
CHOICES: dict[str, list[Any]] = {
    "in_hand.mine": [[], *([_MINE | {"state": state.value}] * 15 for state in CaseState)],
    "in_hand.count": [1, 40],
    "in_hand.more": [0, 25],
    "in_hand.figures": [False, True],
    "due_what": [None, *(what.value for what in SHOWN)],
    "due": ["", "11-21 17:40"],
    "back": ["", "11-23 09:00"],
    "late": [False, True],
    "card.lines": [[], ["内容：<b>&漏水"]],
    "card.source": ["phone", "counter", "wechat", "email", "12345", "other", None],
    "card.severity": [None, "重大"],
    "card.alarm": [None, "外部投诉风险"],
    "card.department": [None, "售后服务部"],
    "card.in_charge": [None, "老板"],
}
