"""Reasons of plans in words, Chinese and English: those of the solver, and our own."""

from collections.abc import Mapping
from typing import Any

from gis.rounds import Reason, reasons

_OWN: Mapping[str, tuple[str, str]] = {
    "no_shift_left": ("预约时段所在班次已过或无人当班", "no half day is left that holds the booked window"),
    "case_due": ("案件限时处置", "a case with a deadline"),
    "outside_hours": ("走访时段与开放时间不相交", "the visit's hours and the opening hours do not meet"),
    "bad_hours": ("开放时间填写有误", "the opening hours cannot be read"),
}


def reason_text(code: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    """One reason: (Chinese, English). A code without a text is shown as it is, so that nothing stays unexplained."""
    if code in _OWN:
        return _OWN[code]
    try:
        reason = Reason(code, dict(facts))
        return reasons.text_of(reason, "zh"), reasons.text_of(reason, "en")
    except KeyError:
        return code, code.replace("_", " ")


def stop_reason(reason_facts: Mapping[str, Any], code: str) -> tuple[str, str]:
    """All reasons of a stop, the weightiest first."""
    said = reason_facts.get("all") or [{"code": code, "facts": {}}]
    texts = [reason_text(one["code"], one["facts"]) for one in said]
    return "；".join(zh for zh, _ in texts), "; ".join(en for _, en in texts)
