"""Opening hours in the everyday part of OpenStreetMap's notation: "Mo-Fr 08:30-11:30,14:00-17:00; Sa 09:00-12:00".

Understood: weekday lists and ranges (also over the week's end), several spans, "24/7", "off"/"closed", spans over
midnight, a rule without days (every day). A later rule replaces earlier ones for its days. Holidays, months, weeks and
comments are refused by name: they belong to the calendar, not to a place.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
DAY_S: Final = 86_400
MAX_CHARACTERS: Final = 500
SPAN: Final = re.compile(r"(\d{1,2}):([0-5]\d)\s*-\s*(\d{1,2}):([0-5]\d)")
RULE: Final = re.compile(r"(?P<days>[A-Z][A-Za-z,\s-]*?)?\s*(?P<times>off|closed|\d[\d:,\s-]*)?")


class Window(NamedTuple):
    """An open span of one weekday: 0 = Monday, seconds after local midnight, `end_s` up to 86,400."""

    weekday: int
    start_s: int
    end_s: int


ANY_TIME: Final = tuple(Window(day, 0, DAY_S) for day in range(7))


class HoursError(ValueError):
    """Opening hours that cannot be read. `code`: bad_rule, bad_day, bad_time; `part`: the text that is at fault."""

    def __init__(self, code: str, part: str, detail: str) -> None:
        super().__init__(f"{detail}: {part!r}")
        self.code = code
        self.part = part


def parse_hours(text: str) -> tuple[Window, ...]:
    """Open windows of a week, sorted, without overlaps; an empty text and "24/7" are ANY_TIME. Raises HoursError.

    >>> parse_hours("Sa 09:00-12:00")
    (Window(weekday=5, start_s=32400, end_s=43200),)
    """
    if len(text) > MAX_CHARACTERS:
        raise HoursError("bad_rule", text[:20], f"more than {MAX_CHARACTERS} characters")
    rules = [part.strip() for part in text.split(";") if part.strip()]
    if not rules:
        return ANY_TIME
    week: dict[int, list[tuple[int, int]]] = {day: [] for day in range(7)}
    for rule in rules:
        days, spans = _read_rule(rule)
        for day in days:
            week[day] = spans
    windows = []
    for day, spans in week.items():
        for start_s, end_s in spans:
            windows.append(Window(day, start_s, min(end_s, DAY_S)))
            if end_s > DAY_S:
                windows.append(Window((day + 1) % 7, 0, end_s - DAY_S))
    return merge_windows(windows)


def merge_windows(windows: Iterable[Window]) -> tuple[Window, ...]:
    """The same time, sorted, overlapping and touching windows of a day joined."""
    merged: list[Window] = []
    for window in sorted(windows):
        last = merged[-1] if merged else None
        if last and last.weekday == window.weekday and window.start_s <= last.end_s:
            merged[-1] = last._replace(end_s=max(last.end_s, window.end_s))
        else:
            merged.append(window)
    return tuple(merged)


def format_hours(windows: Iterable[Window]) -> str:
    """Text that `parse_hours` reads back as the same windows; "off" for none. Raises ValueError for broken windows.

    >>> format_hours(parse_hours("Mo,Tu,We 14:00-17:00,08:30-11:30; Sa 09:00-12:00"))
    'Mo-We 08:30-11:30,14:00-17:00; Sa 09:00-12:00'
    """
    week: dict[int, list[str]] = {day: [] for day in range(7)}
    joined = merge_windows(windows)
    for weekday, start_s, end_s in joined:
        if not (0 <= weekday < 7 and 0 <= start_s < end_s <= DAY_S) or start_s % 60 or end_s % 60:
            raise ValueError(f"window {weekday} {start_s}-{end_s} s")
        week[weekday].append(f"{_clock(start_s)}-{_clock(end_s)}")
    if joined == ANY_TIME:
        return "24/7"
    rules: list[tuple[int, int, str]] = []
    for day in range(7):
        times = ",".join(week[day])
        if rules and rules[-1][1] == day - 1 and rules[-1][2] == times:
            rules[-1] = (rules[-1][0], day, times)
        elif times:
            rules.append((day, day, times))
    return "; ".join(f"{_day_range(first, last)} {times}" for first, last, times in rules) or "off"


def _read_rule(rule: str) -> tuple[list[int], list[tuple[int, int]]]:
    if rule == "24/7":
        return list(range(7)), [(0, DAY_S)]
    found = RULE.fullmatch(rule)
    if found is None or (found["days"] and not found["times"]):
        raise HoursError("bad_rule", rule, "cannot read this rule")
    days = _read_days(found["days"]) if found["days"] else list(range(7))
    if found["times"] in ("off", "closed"):
        return days, []
    return days, [_read_span(part.strip()) for part in found["times"].split(",")]


def _read_days(text: str) -> list[int]:
    days: list[int] = []
    for part in text.split(","):
        ends = [name.strip() for name in part.split("-")]
        if len(ends) > 2 or any(name not in DAYS for name in ends):
            raise HoursError("bad_day", part.strip(), "weekdays are Mo Tu We Th Fr Sa Su")
        first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
        days += [(first + step) % 7 for step in range((last - first) % 7 + 1)]
    return days


def _read_span(text: str) -> tuple[int, int]:
    found = SPAN.fullmatch(text)
    if found is None:
        raise HoursError("bad_time", text, "a span is written 08:30-11:30")
    start_h, start_m, end_h, end_m = map(int, found.groups())
    start_s, end_s = start_h * 3600 + start_m * 60, end_h * 3600 + end_m * 60
    if end_s <= start_s:
        end_s += DAY_S
    if start_s >= DAY_S or end_s - start_s > DAY_S:
        raise HoursError("bad_time", text, "hours run from 00:00 to 24:00")
    return start_s, end_s


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"


def _day_range(first: int, last: int) -> str:
    return DAYS[first] if first == last else f"{DAYS[first]}-{DAYS[last]}"
