"""A map product as a file: its content, its kind, and what it is called."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from backend.accounts.models import User
from backend.core.workbooks import MEDIA_TYPE as XLSX_TYPE
from backend.inspections.overview import PlanDetail
from backend.inspections.walked_ways import WalkedSession
from maps.reports import ways
from maps.reports.page import POLICY
from maps.reports.round_book import round_book
from maps.reports.round_print import round_pdf
from maps.reports.round_sheet import round_sheet
from maps.reports.rounds import Contacts

ROUND_FORMATS: Final = ("html", "pdf", "xlsx", "gpx", "geojson")
WALKED_FORMATS: Final = ("gpx", "geojson")
MEDIA_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "xlsx": XLSX_TYPE,
    "gpx": ways.GPX_TYPE,
    "geojson": ways.GEOJSON_TYPE,
}
# Shown by the browser itself; the others are saved.
_SHOWN: Final = frozenset({"html", "pdf"})


@dataclass(frozen=True, slots=True)
class ReportFile:
    """`name` ends with the format; it holds codes, names of accounts and days only."""

    name: str
    file_format: str
    content: bytes

    def response(self) -> HttpResponse:
        headers = {
            "Cache-Control": "private, no-store",
            "Content-Disposition": content_disposition_header(self.file_format not in _SHOWN, self.name),
        }
        if self.file_format == "html":
            headers["Content-Security-Policy"] = POLICY
        return HttpResponse(self.content, content_type=MEDIA_TYPES[self.file_format], headers=headers)


def round_file(
    detail: PlanDetail,
    *,
    file_format: str,
    language: str,
    contacts: Contacts,
    day: date | None = None,
    worker: User | None = None,
) -> ReportFile:
    """The half days of `detail` in one of ROUND_FORMATS, in `zh` or `en`. Raises NoFont for a PDF.

    `day` and `worker` only name what `rounds.narrowed` has left in it.
    """
    if file_format == "html":
        content = round_sheet(detail, language=language, contacts=contacts).encode()
    elif file_format == "pdf":
        content = round_pdf(detail, language=language, contacts=contacts)
    elif file_format == "xlsx":
        content = round_book(detail, language=language, contacts=contacts)
    elif file_format == "gpx":
        content = ways.plan_as_gpx(detail, language=language, contacts=contacts).encode()
    else:
        content = ways.plan_as_geojson(detail, language=language, contacts=contacts).encode()
    whose = f"-{worker.username}" if worker else ""
    name = f"round-{detail.plan.grid.code}-{day or detail.plan.week_start:%Y%m%d}{whose}"
    return ReportFile(f"{name}.{file_format}", file_format, content)


def walked_file(
    sessions: Sequence[WalkedSession], *, worker: User, day: date, file_format: str, now: datetime
) -> ReportFile:
    """What somebody walked on a day, in one of WALKED_FORMATS."""
    if file_format == "gpx":
        content = ways.walked_as_gpx(sessions, worker=worker, day=day, now=now)
    else:
        content = ways.walked_as_geojson(sessions, worker=worker, day=day)
    return ReportFile(f"walked-{worker.username}-{day:%Y%m%d}.{file_format}", file_format, content.encode())
