"""Maps of an area as files."""

from datetime import datetime
from typing import Final

from backend.core.clock import LOCAL
from backend.stats.coverage import CoverageFacts
from backend.stats.hotspots import HotspotMap
from maps.reports.coverage_map import coverage_pdf, coverage_sheet
from maps.reports.coverage_words import coverage_book, coverage_geojson
from maps.reports.files import ReportFile
from maps.reports.hotspot_map import hotspot_pdf, hotspot_sheet
from maps.reports.hotspots import WORDS, hotspot_book, hotspot_geojson, last_day

MAP_FORMATS: Final = ("html", "pdf", "xlsx", "geojson")


def hotspot_file(found: HotspotMap, *, file_format: str, language: str, now: datetime) -> ReportFile:
    """The map in one of MAP_FORMATS, in `zh` or `en`. Raises NoFont for a PDF."""
    made = WORDS[language]["made"].format(at=f"{now.astimezone(LOCAL):%Y-%m-%d %H:%M}")  # type: ignore[attr-defined]
    if file_format == "html":
        content = hotspot_sheet(found, language=language, made=made).encode()
    elif file_format == "pdf":
        content = hotspot_pdf(found, language=language, made=made)
    elif file_format == "xlsx":
        content = hotspot_book(found, language=language)
    else:
        content = hotspot_geojson(found).encode()
    since = found.since.astimezone(LOCAL).date()
    name = f"hotspots-{found.ground.area.code}-{since:%Y%m%d}-{last_day(found):%Y%m%d}"
    return ReportFile(f"{name}.{file_format}", file_format, content)


def coverage_file(facts: CoverageFacts, *, file_format: str, language: str) -> ReportFile:
    """The map in one of MAP_FORMATS, in `zh` or `en`. Raises NoFont for a PDF."""
    if file_format == "html":
        content = coverage_sheet(facts, language=language).encode()
    elif file_format == "pdf":
        content = coverage_pdf(facts, language=language)
    elif file_format == "xlsx":
        content = coverage_book(facts, language=language)
    else:
        content = coverage_geojson(facts).encode()
    name = f"coverage-{facts.area_code}-{facts.since.replace('-', '')}-{facts.until.replace('-', '')}"
    return ReportFile(f"{name}.{file_format}", file_format, content)
