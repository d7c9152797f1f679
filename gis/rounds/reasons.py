"""Texts of the reason codes in Chinese and English. A caller with codes of its own adds its own texts."""

from collections.abc import Mapping
from string import Formatter
from typing import Any, Final

from gis.rounds.model import Reason

DAY_NAMES: Final = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}

# Why a stop is in the plan and where it is; then why a job is left out.
TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "due_since": {"zh": "已到期 {days} 天", "en": "due for {days} days"},
    "due_this_week": {"zh": "本周{day:day}到期", "en": "due on {day:day}"},
    "never_visited": {"zh": "尚未走访过", "en": "never visited"},
    "interval": {"zh": "每 {days} 天一次，上次 {last_on}", "en": "every {days} days, last on {last_on}"},
    "rolled_over": {"zh": "上周未完成，顺延至本周", "en": "left over from last week"},
    "booked": {"zh": "居民预约 {start_s:clock}–{end_s:clock}", "en": "booked {start_s:clock}–{end_s:clock}"},
    "locked": {"zh": "已由人工固定在{day:day}", "en": "fixed by hand on {day:day}"},
    "only_day": {"zh": "本周仅{day:day}可行", "en": "{day:day} is the only possible day"},
    "open_hours": {"zh": "开放时间 {start_s:clock}–{end_s:clock}", "en": "open {start_s:clock}–{end_s:clock}"},
    "as_published": {"zh": "与已发布计划一致", "en": "as in the published plan"},
    "next_to": {
        "zh": "紧邻第 {stop} 站，步行 {travel_s:minutes} 分钟",
        "en": "next to stop {stop}, {travel_s:minutes} min on foot",
    },
    "on_the_way": {"zh": "顺路安排在{day:day}", "en": "on the way on {day:day}"},
    "no_shift": {"zh": "可行日期内没有符合条件的班次", "en": "no shift of an eligible worker on the days allowed"},
    "locked_without_shift": {
        "zh": "固定在{day:day}，但该员当日无班次",
        "en": "fixed on {day:day}, when this worker has no shift",
    },
    "unreachable": {"zh": "步行路网无法到达", "en": "cannot be reached on foot"},
    "window_too_short": {
        "zh": "时间窗短于所需的 {dwell_s:minutes} 分钟",
        "en": "the time window is shorter than the {dwell_s:minutes} min needed",
    },
    "window_outside_shifts": {"zh": "时间窗不在任何班次之内", "en": "the time window lies outside every shift"},
    "no_calls_allowed": {"zh": "当日不允许入户走访", "en": "no household calls are allowed on the days possible"},
    "too_far": {
        "zh": "往返并停留需 {needed_s:minutes} 分钟，时间窗与班次内来不及",
        "en": "there, the visit and back take {needed_s:minutes} min: not within its window and one shift",
    },
    "pattern_impossible": {
        "zh": "本周排不下 {visits} 次、间隔 {min_gap_days} 天的走访",
        "en": "{visits} visits {min_gap_days} days apart do not fit this week",
    },
    "days_missing": {
        "zh": "应走访 {visits} 次，本周只能安排 {possible} 次",
        "en": "{visits} visits due, only {possible} possible this week",
    },
    "calls_used_up": {"zh": "每日入户次数已满", "en": "the daily number of household calls is used up"},
    "no_room": {
        "zh": "本周班次已排满，需 {needed_s:minutes} 分钟",
        "en": "the shifts are full: {needed_s:minutes} min are needed",
    },
    "not_worth_it": {
        "zh": "绕行 {added_s:minutes} 分钟，优先级不足",
        "en": "a detour of {added_s:minutes} min for a visit that can wait",
    },
}


class _Texts(Formatter):
    """Formats the units of facts: `clock` (seconds of the day), `minutes` (rounded up), `day` (of the week)."""

    def __init__(self, language: str) -> None:
        self._days = DAY_NAMES[language]

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == "clock":
            return f"{value // 3600:02d}:{value % 3600 // 60:02d}"
        if format_spec == "minutes":
            return str(-(-value // 60))
        if format_spec == "day":
            return self._days[value]
        return str(super().format_field(value, format_spec))


def text_of(reason: Reason, language: str) -> str:
    """Text of a reason in `zh` or `en`. Raises KeyError for an unknown code, language or missing fact.

    >>> text_of(Reason("booked", {"start_s": 50400, "end_s": 57600}), "en")
    'booked 14:00–16:00'
    """
    return _Texts(language).vformat(TEXTS[reason.code][language], (), reason.facts)
