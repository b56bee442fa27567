"""Updates that could not be handled."""

from typing import Any

from handlers.speaking import tell_staff
from models.delivery import Priority
from models.staff import staff_groups
from models.work import Work
from templates import jointed


async def hand_over_raw(work: Work, raw: dict[str, Any]) -> None:
    """An update that we failed to handle: its words reach staff in General all the same, as they came."""
    found: dict[str, Any] = next((raw[key] for key in raw if key != "update_id" and isinstance(raw[key], dict)), {})
    text = found.get("text") or found.get("caption") or found.get("data") or ""
    sender = found.get("from") if isinstance(found.get("from"), dict) else {}
    name = str((sender or {}).get("first_name") or "")[:64]
    values = {"name": jointed(name), "text": str(text)[:3000], "update": str(raw.get("update_id", ""))[:20]}
    for group in (await staff_groups(work))[:1]:
        tell_staff(work, group, None, "delivery/raw", values, priority=Priority.RELAY)
