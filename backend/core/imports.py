"""What every import command shares: reading tables, naming bad rows, one transaction, a report for people and programs.

A file from outside is accepted whole or refused whole; every bad row is named with its file, number, field and reason.
"""

import csv
import json
import sys
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from datetime import time as day_time
from pathlib import Path
from typing import Any, Final, TypeVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from tqdm import tqdm

from backend.core.clock import LOCAL
from gis.coordinates import CoordinateError, to_wgs84

SHOWN_ERRORS: Final = 200
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RowError:
    """One reason why a file is refused. Rows count from 1; the header of a table is row 1."""

    file: str
    row: int
    field: str
    reason: str


class ImportRefused(Exception):
    """The input has bad rows; the report names each of them."""

    def __init__(self, report: "Report") -> None:
        super().__init__(f"{len(report.errors)} bad rows")
        self.report = report


@dataclass
class Report:
    """What an import saw and did."""

    counts: dict[str, int] = field(default_factory=dict)
    errors: list[RowError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    shows_progress: bool = False

    def refuse(self, *, file: Path, row: int, field: str, reason: str) -> None:
        self.errors.append(RowError(file.name, row, field, reason))

    def stop_if_bad(self) -> None:
        """Raises ImportRefused when anything was refused so far."""
        if self.errors:
            raise ImportRefused(self)

    def progress(self, things: Collection[T], label: str) -> Iterator[T]:
        """The things, behind a progress bar where a person watches."""
        yield from tqdm(things, desc=label, disable=not self.shows_progress, leave=False)


class Row:
    """One row of a table. A cell that cannot be read is named in the report and answered with an empty value."""

    def __init__(self, report: Report, file: Path, number: int, cells: dict[str, str]) -> None:
        self._report, self.file, self.number, self._cells = report, file, number, cells
        self.is_bad = False

    def refuse(self, field: str, reason: str) -> None:
        self.is_bad = True
        self._report.refuse(file=self.file, row=self.number, field=field, reason=reason)

    def text(self, field: str, *, needed: bool = True, most: int = 200) -> str:
        value = (self._cells.get(field) or "").strip()
        if needed and not value:
            self.refuse(field, "is empty")
        elif len(value) > most:
            self.refuse(field, f"has {len(value)} characters, {most} are possible")
        elif "\x00" in value:
            self.refuse(field, "holds a zero byte")
        return value

    def choice(self, field: str, among: Collection[str]) -> str:
        value = self.text(field)
        if value and value not in among:
            self.refuse(field, f"{value!r} is none of {', '.join(sorted(among))}")
        return value

    def number_of(self, field: str, *, minimum: float, maximum: float) -> float:
        value = self.text(field)
        try:
            number = float(value)
        except ValueError:
            if value:
                self.refuse(field, f"{value!r} is not a number")
            return minimum
        if not minimum <= number <= maximum:
            self.refuse(field, f"{value} lies outside {minimum:g} to {maximum:g}")
            return minimum
        return number

    def integer(self, field: str, *, minimum: int, maximum: int) -> int:
        number = self.number_of(field, minimum=minimum, maximum=maximum)
        if number != int(number):
            self.refuse(field, f"{number} is not a whole number")
        return int(number)

    def day(self, field: str, *, needed: bool = True) -> date | None:
        value = self.text(field, needed=needed)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            self.refuse(field, f"{value!r} is not a date like 2026-11-23")
            return None

    def moment(self, field: str, *, needed: bool = True) -> datetime | None:
        """A time with its offset from UTC."""
        value = self.text(field, needed=needed)
        if not value:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.refuse(field, f"{value!r} is not a time like 2026-11-23T08:30:00+08:00")
            return None
        if moment.tzinfo is None:
            self.refuse(field, f"{value!r} has no offset from UTC, write 2026-11-23T08:30:00+08:00")
            return None
        return moment

    def point(self) -> tuple[float, float, float, float, str]:
        """WGS84 lon, lat from the columns lon, lat, crs; then the pair and the system as they came."""
        lon = self.number_of("lon", minimum=-1e9, maximum=1e9)
        lat = self.number_of("lat", minimum=-1e9, maximum=1e9)
        crs = self.text("crs")
        if not self.is_bad:
            try:
                return (*to_wgs84(lon, lat, crs), lon, lat, crs)
            except CoordinateError as error:
                self.refuse(error.field, str(error))
        return 0.0, 0.0, 0.0, 0.0, crs


def midnight(day: date) -> datetime:
    """The begin of the day in Shanghai."""
    return datetime.combine(day, day_time(0), LOCAL)


def read_table(report: Report, file: Path, columns: Collection[str]) -> list[Row]:
    """Rows of a CSV file with a header. UTF-8 with or without mark, else GB18030 as re-saved by office programs.

    Missing columns and unreadable bytes are named in the report and give no rows; further columns are ignored.
    """
    try:
        raw = file.read_bytes()
    except OSError as error:
        report.refuse(file=file, row=0, field="", reason=f"cannot be read: {error.strerror}")
        return []
    text = _decoded(raw)
    if text is None:
        report.refuse(file=file, row=1, field="", reason="is neither UTF-8 nor GB18030 text")
        return []
    lines = csv.reader(text.splitlines(keepends=True))
    header = [name.strip() for name in next(lines, [])]
    missing = [name for name in columns if name not in header]
    if missing:
        report.refuse(file=file, row=1, field=", ".join(missing), reason="column is missing")
        return []
    rows = []
    for number, cells in enumerate(lines, start=2):
        if not any(cells):
            continue
        row = Row(report, file, number, dict(zip(header, cells, strict=False)))
        if len(cells) != len(header):
            row.refuse("", f"has {len(cells)} cells, the header has {len(header)}")
        rows.append(row)
    return rows


def _decoded(raw: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def refuse_doubles(rows: Iterable[Row], *fields: str) -> None:
    """Names each row whose key was met before in the file."""
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(row.text(field, needed=False) for field in fields)
        first = seen.setdefault(key, row.number)
        if first != row.number:
            row.refuse(fields[0], f"{'/'.join(key)} stands in row {first} too")


def read_json(report: Report, file: Path) -> Any:
    """The content of a JSON file; None when it cannot be read, which the report names."""
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        report.refuse(file=file, row=0, field="", reason=f"cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        report.refuse(file=file, row=0, field="", reason="is not UTF-8 text")
    except json.JSONDecodeError as error:
        report.refuse(file=file, row=error.lineno, field="", reason=f"is not JSON: {error.msg}")
    return None


class ImportCommand(BaseCommand):
    """Base of the import commands: `--dry-run`, `--json`, one transaction, exit code 1 on refusal."""

    requires_system_checks = ()  # the pages need not be sound to bring data in

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="check and report, change nothing")
        parser.add_argument("--json", action="store_true", help="report as JSON")
        self.add_files(parser)

    def add_files(self, parser: CommandParser) -> None:
        raise NotImplementedError

    def run_import(self, report: Report, options: dict[str, Any], *, now: datetime) -> None:
        """Check and write; refuse through `report`."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        report = Report(shows_progress=sys.stderr.isatty() and not options["json"])
        began = time.monotonic()
        try:
            with transaction.atomic():
                self.run_import(report, options, now=datetime.now(LOCAL))
                report.stop_if_bad()
                transaction.set_rollback(options["dry_run"])
        except ImportRefused as refused:
            self._print(refused.report, options, time.monotonic() - began, is_refused=True)
            raise CommandError(f"refused, nothing was changed: {len(refused.report.errors)} bad rows") from refused
        self._print(report, options, time.monotonic() - began, is_refused=False)

    def _print(self, report: Report, options: dict[str, Any], seconds: float, *, is_refused: bool) -> None:
        if options["json"]:
            summary = {
                "outcome": "refused" if is_refused else "dry_run" if options["dry_run"] else "imported",
                "counts": report.counts,
                "notes": report.notes,
                "seconds": round(seconds, 2),
                "error_count": len(report.errors),
                "errors": [asdict(error) for error in report.errors],
            }
            self.stdout.write(json.dumps(summary, ensure_ascii=False))
            return
        for error in report.errors[:SHOWN_ERRORS]:
            self.stdout.write(" ".join(filter(None, [f"{error.file}:{error.row}:", error.field, error.reason])))
        if len(report.errors) > SHOWN_ERRORS:
            self.stdout.write(f"… and {len(report.errors) - SHOWN_ERRORS} more (--json names all)")
        for note in report.notes:
            self.stdout.write(note)
        if not is_refused:
            done = "checked, nothing changed" if options["dry_run"] else "imported"
            figures = ", ".join(f"{count:,} {name}" for name, count in report.counts.items())
            self.stdout.write(f"{done}: {figures} ({seconds:.1f} s)")
