"""Customers: getting to know them, their files and tiers, joining, finding, and barring them."""

from handlers.customers.knowing import (
    ask_language,
    became_unreachable,
    known,
    main_group,
    reachability,
    say_help,
    say_privacy,
    set_language,
    stale_press,
    start_complaint,
    start_new_matter,
    unknown_command,
    welcome,
)

__all__ = [
    "ask_language",
    "became_unreachable",
    "known",
    "main_group",
    "reachability",
    "say_help",
    "say_privacy",
    "set_language",
    "stale_press",
    "start_complaint",
    "start_new_matter",
    "unknown_command",
    "welcome",
]
