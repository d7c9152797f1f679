"""The round as a workbook: every stop of the week in one sheet, as an office filters and prints it."""

from typing import Final

from backend.core.workbooks import Column, Sheet, write_workbook
from backend.inspections.models import Route, Stop
from backend.inspections.overview import PlanDetail
from maps.reports.rounds import DAYS, WORDS, Contacts, shift_text, stop_text

_COLUMNS: Final = (
    ("day", 17), ("half_day", 13), ("worker", 12), ("stop", 6), ("time", 13), ("where", 30), ("address", 30),
    ("booked", 18), ("why", 44),
)  # fmt: skip
_PRIVATE: Final = (("contact", 12), ("phone", 15), ("note", 36))
_TITLES: Final = {"zh": "走访单", "en": "Round"}
_BOOKED: Final = {"zh": "预约时段", "en": "Booked window"}


def round_book(detail: PlanDetail, *, language: str, contacts: Contacts) -> bytes:
    """XLSX of the half days of `detail`; texts only, none of which a spreadsheet runs."""
    shown = _COLUMNS + (_PRIVATE if contacts else ())
    words = {**WORDS[language], "booked": _BOOKED[language]}
    columns = [Column(name, words[name], width=width) for name, width in shown]
    rows = [_row(route, stop, language, contacts) for route in detail.routes for stop in route.stops.all()]
    return write_workbook([Sheet(_TITLES[language], (), columns, rows)])


def _row(route: Route, stop: Stop, language: str, contacts: Contacts) -> dict[str, str]:
    told = stop_text(stop, language=language, contacts=contacts)
    return {
        "day": f"{route.day:%Y-%m-%d} {DAYS[language][route.day.weekday()]}",
        "half_day": shift_text(route),
        "worker": str(route.worker.name),
        "stop": told.seq,
        "time": told.clock,
        "where": told.name,
        "address": told.address,
        "booked": told.booked,
        "why": told.why,
        "contact": told.contact,
        "phone": told.phone,
        "note": told.note,
    }
