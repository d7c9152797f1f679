"""Days of every year between which a rule holds: "06-01" outside, month × 100 + day in the row."""

import re
from collections.abc import Callable
from datetime import date
from typing import Final

# A leap year, so that 29 February is a day.
_LEAP: Final = 2000
Fault = Callable[[str, str, str], None]


def read(first: str, last: str, fault: Fault) -> tuple[int | None, int | None]:
    """The season from one day to another, both included; None and None for the whole year.

    `fault(field, reason, detail)` is called for a day that no year has and for half a season.
    """
    days = {name: text.strip() for name, text in (("season_from", first), ("season_until", last))}
    read_days = {name: _day(text) for name, text in days.items()}
    for name, text in days.items():
        if text and read_days[name] is None:
            fault(name, "no_such_day", "a day of the year is written 06-01")
        elif not text and any(days.values()):
            fault(name, "required", "a season needs its first and its last day")
    return read_days["season_from"], read_days["season_until"]


def written(day: int | None) -> str | None:
    """As the client writes it.

    >>> written(601)
    '06-01'
    """
    return None if day is None else f"{day // 100:02d}-{day % 100:02d}"


def of_row(text: str | None) -> int | None:
    """As the row keeps it, of a day that was written by `written`.

    >>> of_row("02-29")
    229
    """
    return None if text is None else int(text.replace("-", ""))


def _day(text: str) -> int | None:
    """
    >>> _day("12-31"), _day("02-29"), _day("02-30"), _day("6-1")
    (1231, 229, None, None)
    """
    if not re.fullmatch(r"[0-9]{2}-[0-9]{2}", text):
        return None
    month, day = int(text[:2]), int(text[3:])
    try:
        date(_LEAP, month, day)
    except ValueError:
        return None
    return month * 100 + day
