"""Reasons of plans in words, Chinese and English: those of the solver, and our own."""

from collections.abc import Mapping
from typing import Any

from gis.rounds import Reason, reasons

_OWN: Mapping[str, tuple[str, str]] = {
    "case_due": ("名下事项办理时限临近", "a case with a deadline"),
    "phone_first": ("已有 {tries} 次敲门无人，请先电话联系", "nobody home {tries} times: phone first"),
    "never_open": ("本周没有可走访的开放时间", "not open on any day of this week"),
    "bad_hours": ("开放时间填写有误", "the opening hours can't be read"),
    "is_urgent": ("紧急案件", "the urgent case"),
    "comes_again": ("未见到人，再次上门", "nobody was met: somebody comes again"),
    "window_moved": ("预约改期", "the appointment was moved"),
    "worker_absent": ("原网格员不在岗", "its worker is away"),
    "makes_room": ("为其他走访腾出时间", "makes room for another visit"),
    "has_room_now": ("现在有空档", "there is room for it now"),
    "follows": ("随前一站顺延或提前", "follows the stops around it"),
    "no_longer_due": ("已无需走访", "not due any more"),
    "no_shift_left": ("预约时段内已无班次", "no half day is left that holds the booked window"),
}
_SHOWN = 3


def reason_text(code: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    """One reason: (Chinese, English). A code without a text is shown as it is, so that nothing stays unexplained."""
    try:
        if code in _OWN:
            zh, en = _OWN[code]
            return zh.format(**facts), en.format(**facts)
        reason = Reason(code, dict(facts))
        return reasons.text_of(reason, "zh"), reasons.text_of(reason, "en")
    except KeyError:
        return code, code.replace("_", " ")


def stop_reason(reason_facts: Mapping[str, Any], code: str) -> tuple[str, str]:
    """The first few reasons of a stop as one line, the weightiest first: (Chinese, English)."""
    said = list(reason_facts.get("all") or [])[:_SHOWN] or [{"code": code, "facts": {}}]
    texts = [reason_text(one["code"], one["facts"]) for one in said]
    return "；".join(zh for zh, _ in texts), "; ".join(en for _, en in texts)
