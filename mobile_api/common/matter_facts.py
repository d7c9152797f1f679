"""Matters as they are published."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mobile_api.common.localised import localised

if TYPE_CHECKING:
    from backend.matters.models import FilingCondition, Matter

_UNITS = {
    "UH": ("小时", "hour"),
    "WH": ("个工作小时", "working hour"),
    "WD": ("个工作日", "working day"),
    "ND": ("天", "day"),
}


def matter_facts(matter: "Matter") -> dict[str, Any]:
    """The content of `MatterOut`; the matter comes with its active conditions."""
    conditions = matter.active_conditions  # type: ignore[attr-defined]
    return {
        **matter_ref(matter),
        "scheme": matter.scheme,
        "handler": matter.handler,
        "conditions": [_condition(condition) for condition in conditions],
        "legal_basis": _texts(matter.legal_basis),
        "materials": {"zh": matter.materials.get("zh", []), "en": matter.materials.get("en", [])},
        "procedure": _texts(matter.procedure),
        "fee": _texts(matter.fee),
        "requirements": _texts(matter.requirements),
        "type": _texts(matter.service_type),
        "time_limit": time_limit(conditions),
        "dwell_minutes": matter.dwell_minutes,
        "form": matter.form,
    }


def matter_ref(matter: "Matter") -> dict[str, Any]:
    """The content of `MatterRef`."""
    return {
        "id": matter.pk,
        "code": matter.code,
        "name": localised(matter.name_zh, matter.name_en),
        "category": localised(matter.category_zh, matter.category_en),
        "slug": matter.slug,
        "kind": matter.kind,
    }


def time_limit(conditions: Iterable["FilingCondition"]) -> dict[str, str]:
    """The limits of all conditions as one line: `2–4 个工作小时`; several units are joined with a stroke."""
    by_unit: dict[str, list[Decimal]] = {}
    for condition in conditions:
        by_unit.setdefault(condition.limit_unit, []).append(condition.limit_amount)
    spans = {unit: _span(amounts) for unit, amounts in by_unit.items()}
    return {
        "zh": " / ".join(f"{span} {_UNITS[unit][0]}" for unit, span in spans.items()),
        "en": " / ".join(f"{span} {_UNITS[unit][1]}{'' if span == '1' else 's'}" for unit, span in spans.items()),
    }


def _span(amounts: list[Decimal]) -> str:
    low, high = min(amounts), max(amounts)
    return f"{float(low):g}" if low == high else f"{float(low):g}–{float(high):g}"


def _condition(condition: "FilingCondition") -> dict[str, Any]:
    return {
        "code": condition.code,
        "name": localised(condition.name_zh, condition.name_en),
        "limit": {"amount": condition.limit_amount, "unit": condition.limit_unit},
        "closing": localised(condition.closing_zh, condition.closing_en),
    }


def _texts(stored: dict[str, str]) -> dict[str, str]:
    return localised(stored.get("zh", ""), stored.get("en", ""))
