"""Telephone numbers: one spelling for each, and a mask under which staff see them."""

import unicodedata

from models.plan import Plan

#: What stands before a number of that time zone's country when it is dialled from abroad.
DIALLED = {
    "Asia/Shanghai": "86",
    "Asia/Urumqi": "86",
    "Asia/Hong_Kong": "852",
    "Asia/Macau": "853",
    "Asia/Taipei": "886",
    "Asia/Singapore": "65",
    "Asia/Kuala_Lumpur": "60",
    "Asia/Bangkok": "66",
    "Asia/Tokyo": "81",
    "Asia/Seoul": "82",
    "Asia/Manila": "63",
    "Asia/Jakarta": "62",
    "Asia/Kolkata": "91",
    "Asia/Dubai": "971",
    "Asia/Ho_Chi_Minh": "84",
    "Europe/London": "44",
    "Europe/Paris": "33",
    "Europe/Berlin": "49",
    "Europe/Madrid": "34",
    "Europe/Rome": "39",
    "Europe/Moscow": "7",
    "America/New_York": "1",
    "America/Chicago": "1",
    "America/Denver": "1",
    "America/Los_Angeles": "1",
    "America/Toronto": "1",
    "America/Vancouver": "1",
    "Australia/Sydney": "61",
    "Australia/Melbourne": "61",
    "Pacific/Auckland": "64",
}
#: Countries whose national numbers keep their leading zero when dialled from abroad.
KEEPS_ZERO = {"39"}


def normal_phone(text: str, plan: Plan) -> str | None:
    """The number as "+8613800138000"; None for what is none. Without a country it is one of the business's country.

    E.164: at most 15 digits; shorter than 7 is nobody's number.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if not text or set(text) - set("+0123456789 -().\u00b7/\u2010\u2011\u2012\u2013\u2212"):
        return None
    if "+" in text[1:]:
        return None
    digits = "".join(c for c in text if c.isdigit())
    if text.startswith("+"):
        pass
    elif digits.startswith("00"):
        digits = digits[2:]
    else:
        digits = _with_country(digits, DIALLED.get(plan.business.timezone.key))
    return f"+{digits}" if 7 <= len(digits) <= 15 and not digits.startswith("0") else None


def _with_country(digits: str, country: str | None) -> str:
    if country is None:
        return ""
    if country == "86" and len(digits) == 13 and digits.startswith("861"):
        return digits  # a mobile number with its country, and without the plus
    if country == "1" and len(digits) == 11 and digits.startswith("1"):
        return digits
    national = digits if country in KEEPS_ZERO else digits.removeprefix("0")
    return country + national if 5 <= len(national) <= 12 else ""


def masked(phone: str | None) -> str:
    """The number with its middle hidden: "+86138****8000"; "" for none."""
    if not phone:
        return ""
    head = min(6, max(2, len(phone) - 8))
    return f"{phone[:head]}****{phone[-4:]}"
