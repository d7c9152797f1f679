"""Why a stop is in the plan, or why something was left out, in Chinese and English."""

from collections.abc import Mapping
from typing import Any

from gis.rounds import Reason
from gis.rounds.reasons import TEXTS, text_of

# Codes of this room, beside those of the planner.
_OWN: Mapping[str, Mapping[str, str]] = {
    "case_due": {"zh": "名下事项办理时限临近", "en": "a case of yours is due"},
    "phone_first": {"zh": "已有 {tries} 次敲门无人，请先电话联系", "en": "nobody home {tries} times: phone first"},
    "never_open": {"zh": "本周没有可走访的开放时间", "en": "not open on any day of this week"},
    "bad_hours": {"zh": "开放时间填写有误", "en": "the opening hours can't be read"},
    "no_shift_left": {"zh": "预约时段内已无班次", "en": "no shift is left in the booked window"},
}
_SHOWN = 3


def text_for(code: str, facts: Mapping[str, Any], language: str) -> str:
    """The sentence of one reason in `zh` or `en`; an unknown code is given as it is."""
    if code in _OWN:
        return _OWN[code][language].format(**facts)
    return text_of(Reason(code, dict(facts)), language) if code in TEXTS else code


def localised(reason: Mapping[str, Any]) -> dict[str, str]:
    """A stored reason (`code`, `facts`) in both languages."""
    return {language: text_for(reason["code"], reason.get("facts", {}), language) for language in ("zh", "en")}


def of_stop(reason_code: str, reason_facts: Mapping[str, Any]) -> dict[str, str]:
    """The first few reasons of a stop as one line in both languages."""
    reasons = list(reason_facts.get("all", []))[:_SHOWN] or [{"code": reason_code, "facts": {}}]
    parts = [localised(reason) for reason in reasons]
    return {"zh": "；".join(part["zh"] for part in parts), "en": "; ".join(part["en"] for part in parts)}
