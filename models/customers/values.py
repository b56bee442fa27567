"""What a customer's file may hold: each kind of field, how it is written, and what is stored of it."""

import re
from datetime import date, datetime, time, timedelta

from models.base import clean
from models.customers.phones import normal_phone
from models.plan import FileField, Plan

#: How long a field may be (characters).
LONGEST = 200
# Year, month and day with signs between them, or with the Chinese words for them.
_DAY = re.compile(r"(\d{4})[-/.\u5e74](\d{1,2})[-/.\u6708](\d{1,2})\u65e5?")
_NUMBER = re.compile(r"[-+]?\d{1,15}(\.\d{1,6})?")


class NotSo(ValueError):
    """A value that the field cannot hold; `kind` is the label of the refusal that says what is expected."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def read_day(text: str) -> date | None:
    """A day as people write it: 2027-06-30, 2027/6/30, 20270630, or with the Chinese words; None for no day."""
    text = re.sub(r"\s", "", text)
    if re.fullmatch(r"\d{8}", text):
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    match = _DAY.fullmatch(text)
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def end_of(day: date, plan: Plan) -> datetime:
    """The moment at which that day ends for the business."""
    return datetime.combine(day + timedelta(days=1), time(), plan.business.timezone)


def read_text(text: str) -> str:
    """One line of at most 200 characters; raises NotSo for nothing or more."""
    line = " ".join(clean(text).split())
    if not 0 < len(line) <= LONGEST:
        raise NotSo("not_text")
    return line


def read_field(field: FileField, text: str, plan: Plan) -> str:
    """The value that a field of the plan gets from what somebody wrote; raises NotSo."""
    line = read_text(text)
    match field.kind:
        case "number":
            number = line.replace(",", "")
            if not _NUMBER.fullmatch(number):
                raise NotSo("not_number")
            return number
        case "date":
            day = read_day(line)
            if day is None:
                raise NotSo("not_date")
            return day.isoformat()
        case "choice":
            found = next((choice for choice in field.choices if choice.casefold() == line.casefold()), None)
            if found is None:
                raise NotSo("not_choice")
            return found
        case "phone":
            phone = normal_phone(line, plan)
            if phone is None:
                raise NotSo("not_phone")
            return phone
    return line
