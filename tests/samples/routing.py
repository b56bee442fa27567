"""Values for the messages of routing."""

from typing import Any

_WHO: dict[str, Any] = {
    "name": "<b>&" * 16,
    "tier": "VIP客户",
    "phone": "+86138****8000",
    "telegram": True,
    "topic": "<b>& #17",
}
CHOICES: dict[str, list[Any]] = {
    "people": [[], [{"name": "小陈", "user": 7}, {"name": "</a>", "user": 8}]],
    "said": [[], [{"author": "customer", "text": "长" * 200}, {"author": "agent", "text": "<" * 200}] * 4],
    "given": [[], [1001], list(range(1001, 1101))],
    "queued": [[], [1001], list(range(1001, 1101))],
    "left_over": [[], [1001], list(range(1001, 1101))],
    "long": [True, False],
    "until": ["", "11-21 17:40"],
    "source": ["phone", "counter", "wechat", "email", "12345", "other"],
    "who": [None, _WHO, _WHO | {"phone": "", "tier": "", "telegram": False}],
    "link": ["", "https://t.me/c/1234567890/1234"],
}
