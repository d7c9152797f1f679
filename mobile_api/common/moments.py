"""Moments and days as they come in: written in one form only, and in a century that calendars and clocks can hold."""

import re
from datetime import date, datetime
from typing import Any, Final

from rest_framework import serializers

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2099
_DAY: Final = re.compile(r"(\d{4})-\d\d-\d\d", re.ASCII)
_MOMENT: Final = re.compile(rf"{_DAY.pattern}[Tt]\d\d:\d\d(:\d\d([.,]\d+)?)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)


def _refuse_other_centuries(field: serializers.Field, year: str) -> None:
    if not FIRST_YEAR <= int(year) <= LAST_YEAR:
        field.fail("time_out_of_range", first=FIRST_YEAR, last=LAST_YEAR)


class MomentField(serializers.DateTimeField):
    """A moment of RFC 3339 with its offset, 2000 to 2099. A clock reading without offset means no moment."""

    default_error_messages = {
        "offset_missing": "Write the offset: 2026-11-18T10:00:00+08:00.",
        "time_out_of_range": "Give a year from {first} to {last}.",
    }

    def to_internal_value(self, value: Any) -> datetime:
        written = _MOMENT.fullmatch(value) if isinstance(value, str) else None
        if written is None:
            self.fail("invalid", format="YYYY-MM-DDThh:mm[:ss[.uuuuuu]](+HH:MM|-HH:MM|Z)")
        if written[4] is None:
            self.fail("offset_missing")
        _refuse_other_centuries(self, written[1])
        return super().to_internal_value(value)


class DayField(serializers.DateField):
    """A day as YYYY-MM-DD, 2000 to 2099. Weeks are named by their Monday, never by a number."""

    default_error_messages = {"time_out_of_range": "Give a year from {first} to {last}."}

    def to_internal_value(self, value: Any) -> date:
        written = _DAY.fullmatch(value) if isinstance(value, str) else None
        if written is None:
            self.fail("invalid", format="YYYY-MM-DD")
        _refuse_other_centuries(self, written[1])
        return super().to_internal_value(value)
