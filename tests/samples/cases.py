"""Values for what is due on the cards and in the lists of cases."""

from typing import Any

from models.standards import SHOWN

CHOICES: dict[str, list[Any]] = {
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
