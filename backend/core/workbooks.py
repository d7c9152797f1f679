"""XLSX in and out. A workbook from outside is hostile until it is read: limits before parsing, no formula.

What we write holds texts only; a text that a spreadsheet would run as a formula gets an apostrophe in front.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

import xlsxwriter
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from backend.core.errors import Invalid
from backend.core.imports import Report, Row

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_BYTES: Final = 5_000_000
MOST_INFLATED: Final = 60_000_000
MOST_ENTRIES: Final = 100
MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 40
# Also full-width ones, which office programs turn into plain ones.
_RUN_AS_FORMULA: Final = re.compile(r"^[=+\-@\t\r＝＋－＠]")
_ENTITY: Final = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


class BadWorkbook(Invalid):
    """The file is no XLSX workbook that may be opened; `detail` says what to do."""

    code = "bad_workbook"


@dataclass(frozen=True)
class Column:
    """A column by the name that code uses, the heading that is written, and others that are understood."""

    name: str
    heading: str
    also: tuple[str, ...] = ()
    width: int = 14
    needed: bool = True


@dataclass(frozen=True)
class Sheet:
    """One sheet of a known form."""

    name: str
    also: tuple[str, ...]
    columns: Sequence[Column]
    rows: Iterable[Mapping[str, str]] = field(default_factory=tuple)


def guarded(text: str) -> str:
    """The text as a spreadsheet shows it and never runs it.

    >>> guarded("=1+1"), guarded("0574-1"), guarded("-1")
    ("'=1+1", '0574-1', "'-1")
    """
    return f"'{text}" if _RUN_AS_FORMULA.match(text) else text


def write_workbook(sheets: Sequence[Sheet]) -> bytes:
    """The sheets with a bold heading row that stays in sight."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    bold = book.add_format({"bold": True, "bg_color": "#E8F0FA", "border": 1})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        page.freeze_panes(1, 0)
        for index, column in enumerate(sheet.columns):
            page.set_column(index, index, column.width)
            page.write_string(0, index, column.heading, bold)
        for number, row in enumerate(sheet.rows, start=1):
            for index, column in enumerate(sheet.columns):
                page.write_string(number, index, guarded(row.get(column.name, "")))
    book.close()
    return out.getvalue()


def read_workbook(report: Report, content: bytes, forms: Sequence[Sheet]) -> dict[str, list[Row]]:
    """Rows of each known sheet, by the sheet's first name; a missing sheet has none.

    Cells are named by `Column.name`; refusals name sheet, row and the heading of the column. Raises BadWorkbook.
    """
    _check_container(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, SyntaxError, TypeError) as error:
        raise BadWorkbook("this is no XLSX workbook; save it as .xlsx and send it again", field="file") from error
    found: dict[str, list[Row]] = {}
    try:
        titles = {title.strip().lower(): title for title in book.sheetnames}
        for form in forms:
            title = next((titles[name.lower()] for name in (form.name, *form.also) if name.lower() in titles), None)
            found[form.name] = _rows_of(report, form, book[title]) if title is not None else []
        if not any(name.lower() in titles for form in forms for name in (form.name, *form.also)):
            names = "、".join(form.name for form in forms)
            raise BadWorkbook(f"none of the sheets {names} is in the workbook", field="file")
    except (KeyError, ValueError, SyntaxError, TypeError, zipfile.BadZipFile) as error:
        raise BadWorkbook("the workbook is damaged; save it anew and send it again", field="file") from error
    finally:
        book.close()
    return found


def _check_container(content: bytes) -> None:
    """Size, number of entries, what they inflate to, their names, entities: before any of it is parsed."""
    if len(content) > MOST_BYTES:
        raise BadWorkbook(f"the file is larger than {MOST_BYTES // 1_000_000} MB", field="file")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as container:
            entries = container.infolist()
            if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_INFLATED:
                raise BadWorkbook("the workbook inflates to more than a roster can be", field="file")
            inflated = 0
            for entry in entries:
                is_link = (entry.external_attr >> 16) & 0o170000 == 0o120000
                if ".." in entry.filename or entry.filename.startswith("/") or is_link or entry.flag_bits & 1:
                    raise BadWorkbook("the workbook holds entries that no office program writes", field="file")
                if entry.filename.lower().endswith((".zip", ".xlsx", ".bin")):
                    raise BadWorkbook("the workbook holds macros or another archive", field="file")
                inflated += _inflated(container, entry)
                if inflated > MOST_INFLATED:
                    raise BadWorkbook("the workbook inflates to more than a roster can be", field="file")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise BadWorkbook("this is no XLSX workbook; save it as .xlsx and send it again", field="file") from error


def _inflated(container: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """How many bytes an entry really holds, counted while they are read; an entity in it is refused."""
    size = 0
    with container.open(entry) as stream:
        tail = b""
        while chunk := stream.read(65_536):
            size += len(chunk)
            if size > MOST_INFLATED:
                break
            if _ENTITY.search(tail + chunk):
                raise BadWorkbook("the workbook holds XML entities", field="file")
            tail = chunk[-16:]
    return size


def _rows_of(report: Report, form: Sheet, page: Any) -> list[Row]:
    file = Path(form.name)
    lines = page.iter_rows(max_col=MOST_COLUMNS)
    header = [_text(cell) or "" for cell in next(lines, ())]
    places = {column.name: _place_of(column, header) for column in form.columns}
    missing = [column.heading for column in form.columns if column.needed and places[column.name] is None]
    if missing:
        report.refuse(file=file, row=1, field="、".join(missing), reason="column is missing")
        return []
    headings = {column.name: column.heading for column in form.columns}
    rows: list[Row] = []
    for number, cells in enumerate(lines, start=2):
        if number > MOST_ROWS + 1:
            report.refuse(file=file, row=number, field="", reason=f"more than {MOST_ROWS} rows")
            break
        texts = {
            name: _text(cells[place]) if place is not None and place < len(cells) else ""
            for name, place in places.items()
        }
        if not any(text != "" for text in texts.values()):
            continue
        row = SheetRow(report, file, number, {name: text or "" for name, text in texts.items()}, headings)
        for name, text in texts.items():
            if text is None:
                row.refuse(name, "holds a formula; write the value")
        rows.append(row)
    return rows


def _place_of(column: Column, header: Sequence[str]) -> int | None:
    names = {name.lower() for name in (column.heading, column.name, *column.also)}
    return next((place for place, text in enumerate(header) if text.strip().lower() in names), None)


class SheetRow(Row):
    """A row whose refusals name the column by its heading."""

    def __init__(
        self, report: Report, file: Path, number: int, cells: dict[str, str], headings: Mapping[str, str]
    ) -> None:
        super().__init__(report, file, number, cells)
        self._headings = headings

    def refuse(self, field: str, reason: str) -> None:
        super().refuse(self._headings.get(field, field), reason)


def _text(cell: Any) -> str | None:
    """The cell as a person reads it; None for a formula, which is never evaluated."""
    value = cell.value
    if getattr(cell, "data_type", "") == "f":
        return None
    if value is None:
        return ""
    if isinstance(value, date | time):
        return _moment_text(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    return text[1:] if text.startswith("'") and _RUN_AS_FORMULA.match(text[1:]) else text


def _moment_text(value: date | time) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value.time() == time(0) else f"{value:%Y-%m-%d %H:%M}"
    return f"{value:%H:%M}" if isinstance(value, time) else value.isoformat()
