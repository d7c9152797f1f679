"""One case as GeoReport shows it: whole to the system that sent it, without words and exact place to others."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.cases import partners, photos, queries
from backend.cases.models import Case, CaseEvent
from mobile_api.common.case_facts import public_text
from mobile_api.common.localised import asked_language
from mobile_api.open311.moments import written
from mobile_api.open311.service_views import service_code, service_name

# About a hundred metres: enough for a map of the town, too little for a door.
_ROUGH_DECIMALS, _EXACT_DECIMALS = 3, 7


def request_facts(
    cases: Sequence[Case], *, viewer: UUID | None, extended: bool, absolute: Callable[[str], str]
) -> list[dict[str, Any]]:
    """The content of `service_requests`; `absolute` makes an address of this server whole."""
    lines = partners.public_events([case.pk for case in cases])
    return [_facts(case, lines[case.pk], viewer, extended, absolute) for case in cases]


def _facts(
    case: Case, lines: list[CaseEvent], viewer: UUID | None, extended: bool, absolute: Callable[[str], str]
) -> dict[str, Any]:
    is_own = viewer is not None and case.reporter_id == viewer
    last = lines[-1] if lines else None
    decimals = _EXACT_DECIMALS if is_own else _ROUGH_DECIMALS
    facts: dict[str, Any] = {
        "service_request_id": case.number,
        "status": "open" if partners.is_open(case) else "closed",
        "status_notes": line_text(last, is_own=is_own) if last else "",
        "service_name": service_name(case.matter),
        "service_code": service_code(case.matter),
        "description": case.description if is_own else "",
        "agency_responsible": _agency(case),
        "service_notice": _notice(case.due_at),
        "requested_datetime": written(case.reported_at),
        "updated_datetime": written(last.at if last else case.reported_at),
        "expected_datetime": written(case.due_at),
        "address": case.address_text if is_own else "",
        "address_id": "",
        "zipcode": "",
        "lat": round(case.location.y, decimals),
        "long": round(case.location.x, decimals),
        "media_url": _media(case, viewer, absolute) if is_own else "",
    }
    if extended:
        facts["extended_attributes"] = _extended(case)
        facts["notes"] = [_note(line, is_own) for line in lines]
    return facts


def line_text(line: CaseEvent, *, is_own: bool) -> str:
    """A line of the history in the asked language; answers in free words are for the system that reported."""
    text = public_text(line)[asked_language()]
    return text if is_own else text.partition("：" if asked_language() == "zh" else ": ")[0]


def _agency(case: Case) -> str:
    english = asked_language() == "en"
    if case.department is not None:
        return (case.department.name_en if english else "") or case.department.name_zh
    if case.grid is not None:
        return (case.grid.name_en if english else "") or case.grid.name
    return ""


def _notice(due_at: datetime | None) -> str:
    return written(due_at) or ""


def _media(case: Case, viewer: UUID | None, absolute: Callable[[str], str]) -> str:
    first = next(iter(queries.photos_of(case)), None)
    return absolute(photos.signed_path(first, viewer=viewer)) if first else ""


def _extended(case: Case) -> dict[str, Any]:
    return {
        "channel": case.channel,
        "stage": queries.stage(case).value,
        "grid_code": case.grid.code if case.grid else "",
        "closed_datetime": written(case.closed_at),
    }


def _note(line: CaseEvent, is_own: bool) -> dict[str, Any]:
    return {"datetime": written(line.at), "type": line.action, "summary": line_text(line, is_own=is_own)}
