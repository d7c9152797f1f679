"""The workbook of an office: written and read back, refused by row and column, hostile until proven otherwise."""

import io
import zipfile
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from openpyxl import load_workbook

from backend.areas.duty.sheets import ABSENCES, DESK, ROSTER, export_sheets
from backend.areas.models import Absence, DeskShift, Duty
from backend.cases import services
from backend.core.errors import StaleVersion
from backend.core.workbooks import BadWorkbook
from backend.inspections import staff_sheets
from backend.inspections.staff_sheets import SheetEffect
from tests.cases.test_spine import ANONYMOUS, report
from tests.world import World

GRID = "330281002011001"


def workbook(**sheets: list[list[Any]]) -> bytes:
    """Sheets by roster, absences, desk: rows below the headings."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    for form, name in ((ROSTER, "roster"), (ABSENCES, "absences"), (DESK, "desk")):
        if name in sheets:
            page = book.add_worksheet(form.name)
            for number, row in enumerate([[column.heading for column in form.columns], *sheets[name]]):
                page.write_row(number, 0, row)
    book.close()
    return out.getvalue()


def read(world: World, content: bytes, now: datetime, *, who: str = "community:002011") -> SheetEffect:
    actor = world.actor(who)
    seen = staff_sheets.import_sheets(actor=actor, content=content, version=None, now=now)
    if seen.report.errors:
        return seen
    return staff_sheets.import_sheets(actor=actor, content=content, version=seen.version, now=now)


def rows_of_tables() -> list[object]:
    return [
        list(Duty.objects.order_by("pk").values_list("pk", "valid", "rank", "part_time")),
        list(Absence.objects.order_by("pk").values_list("pk", "period", "kind", "reason")),
        list(DeskShift.objects.order_by("pk").values_list("pk", "period", "phone")),
    ]


def test_what_is_written_is_read_back_without_any_change(world: World, now: datetime) -> None:
    leader = world.people["leader:002011001"]
    Absence.objects.create(worker=leader, period=DateTimeTZRange(now, None), kind="sick", reason="=1+1")
    DeskShift.objects.create(
        desk=world.areas["330281002011"], worker=world.people["community:002011"], phone="-1",
        period=DateTimeTZRange(now, now + timedelta(hours=8)),
    )  # fmt: skip
    before = rows_of_tables()
    content = export_sheets(actor=world.actor("community:002011"), now=now)
    effect = read(world, content, now)
    assert (effect.report.errors, effect.is_kept) == ([], True)
    assert rows_of_tables() == before


def test_cells_are_texts_and_never_formulas(world: World, now: datetime) -> None:
    Absence.objects.create(
        worker=world.people["leader:002011001"], period=DateTimeTZRange(now, None), reason="=HYPERLINK(1)"
    )
    book = load_workbook(io.BytesIO(export_sheets(actor=world.actor("community:002011"), now=now)))
    cells = [cell for page in book for row in page.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert "'=HYPERLINK(1)" in [cell.value for cell in cells]


def test_only_the_own_community_is_written(world: World, now: datetime) -> None:
    book = load_workbook(io.BytesIO(export_sheets(actor=world.actor("community:002012"), now=now)))
    codes = {row[0].value for row in book[ROSTER.name].iter_rows(min_row=2)}
    assert codes == {f"33028100201200{number}" for number in (1, 2, 3)}


def test_a_new_roster_ends_and_begins_duty_and_moves_the_work(world: World, now: datetime) -> None:
    case = services.report_case(actor=ANONYMOUS, report=report(world), now=now).case
    row = [GRID, "", "worker-002011001", "0574-9", "", "测leader:002011003（leader-002011003）", "leader-002011002", "",
           "2026-11-01", ""]  # fmt: skip
    effect = read(world, workbook(roster=[row]), now)
    assert [move.case.pk for move in effect.moves] == [case.pk]
    case.refresh_from_db()
    assert case.responsible == world.people["worker:002011001"]
    team = Duty.objects.filter(grid__code=GRID, valid__contains=now).order_by("post")
    assert [(duty.post, duty.worker.username, duty.rank, duty.part_time) for duty in team] == [
        ("deputy", "leader-002011002", 1, False),
        ("leader", "worker-002011001", 0, False),
        ("worker", "leader-002011003", 0, True),
    ]
    assert read(world, workbook(roster=[row]), now + timedelta(hours=1)).report.errors == []
    assert Duty.objects.filter(grid__code=GRID, valid__contains=now + timedelta(hours=1)).count() == 3


def test_the_whole_days_of_an_absence_include_the_last(world: World, now: datetime) -> None:
    content = workbook(absences=[["", "leader-002011001", "年休假", "2026-11-20", "2026/11/21", ""]])
    read(world, content, now)
    period = Absence.objects.get().period
    assert (period.lower.isoformat(), period.upper.isoformat()) == (
        "2026-11-19T16:00:00+00:00",
        "2026-11-21T16:00:00+00:00",
    )
    before = rows_of_tables()
    read(world, content, now)
    assert rows_of_tables() == before


BAD: list[tuple[dict[str, list[list[Any]]], tuple[str, int, str]]] = [
    ({"roster": [["999", "", "", "", "", "", "", "", "2026-11-01", ""]]}, ("网格值守", 2, "网格编码")),
    ({"roster": [["330281002012001", "", "", "", "", "", "", "", "2026-11-01", ""]]}, ("网格值守", 2, "网格编码")),
    ({"roster": [[GRID, "", "无此人", "", "", "", "", "", "2026-11-01", ""]]}, ("网格值守", 2, "网格长")),
    ({"roster": [[GRID, "", "leader-002012001", "", "", "", "", "", "2026-11-01", ""]]}, ("网格值守", 2, "网格长")),
    ({"roster": [[GRID, "", "leader-002011001、leader-002011002", "", "", "", "", "", "2026-11-01", ""]]},
     ("网格值守", 2, "网格长")),
    ({"roster": [[GRID, "", "leader-002011001", "", "", "", "", "", "11月1日", ""]]}, ("网格值守", 2, "起")),
    ({"roster": [[GRID, "", "leader-002011001", "", "", "", "", "", "2026-11-02", "2026-11-01"]]},
     ("网格值守", 2, "止")),
    ({"roster": [[GRID, "", "leader-002011001", "", "", "", "", "", "2026-11-01", ""],
                 [GRID, "", "leader-002011002", "", "", "", "", "", "2026-12-01", ""]]}, ("网格值守", 3, "起")),
    ({"roster": [[GRID, "", "张三（leader-002011001）", "", "", "", "", "", "2026-11-01", ""]]},
     ("网格值守", 2, "网格长")),
    ({"roster": [[GRID, "=1+1", "leader-002011001", "", "", "", "", "", "2026-11-01", ""]]},
     ("网格值守", 2, "网格名称")),
    ({"absences": [["", "leader-002011001", "放假", "2026-11-20", "2026-11-21", ""]]}, ("请假", 2, "类型")),
    ({"absences": [["", "leader-002011001", "病假", "2026-11-20", "2026-11-21", ""],
                   ["", "leader-002011001", "病假", "2026-11-21", "", ""]]}, ("请假", 3, "起")),
    ({"desk": [["330281002011", "", "2026-11-20", "08:30", "25:00", "", "community-002011", ""]]},
     ("社区值班", 2, "止")),
    ({"desk": [["330281002012", "", "2026-11-20", "08:30", "17:00", "", "community-002011", ""]]},
     ("社区值班", 2, "社区编码")),
]  # fmt: skip


@pytest.mark.parametrize(("sheets", "named"), BAD)
def test_each_bad_row_is_named_and_nothing_is_kept(
    world: World, now: datetime, sheets: dict[str, list[list[Any]]], named: tuple[str, int, str]
) -> None:
    before = rows_of_tables()
    effect = read(world, workbook(**sheets), now)
    assert named in [(error.file, error.row, error.field) for error in effect.report.errors]
    assert not effect.is_kept
    assert rows_of_tables() == before


def test_a_bad_row_in_one_sheet_keeps_the_others_out(world: World, now: datetime) -> None:
    good = ["", "leader-002011001", "病假", "2026-11-20", "", ""]
    bad = ["999", "", "", "", "", "", "", "", "2026-11-01", ""]
    assert read(world, workbook(absences=[good], roster=[bad]), now).report.errors
    assert not Absence.objects.exists()


def zipped(**entries: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as container:
        for name, content in entries.items():
            container.writestr(name, content)
    return out.getvalue()


def with_entry(name: str, content: bytes) -> bytes:
    out = io.BytesIO(workbook(absences=[]))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as container:
        container.writestr(name, content)
    return out.getvalue()


HOSTILE = {
    "no zip": b"name,phone\n",
    "empty": b"",
    "other zip": zipped(a=b"b"),
    "large": b"PK" + b"0" * 5_000_001,
    "inflates": with_entry("xl/media/a.xml", b"0" * 60_000_001),
    "many entries": zipped(**{f"e{number}": b"" for number in range(101)}),
    "climbs": with_entry("../../etc/x.xml", b""),
    "nested": with_entry("xl/inner.zip", b"PK"),
    "macros": with_entry("xl/vbaProject.bin", b""),
    "entities": with_entry("xl/x.xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a/>'),
    "no known sheet": workbook(),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_workbook_is_refused_before_it_is_parsed(world: World, now: datetime, kind: str) -> None:
    with pytest.raises(BadWorkbook):
        read(world, HOSTILE[kind], now)


def test_a_stale_preview_is_refused(world: World, now: datetime) -> None:
    content = workbook(absences=[["", "leader-002011001", "病假", "2026-11-18", "", ""]])
    actor = world.actor("community:002011")
    seen = staff_sheets.import_sheets(actor=actor, content=content, version=None, now=now)
    services.report_case(actor=ANONYMOUS, report=report(world), now=now)
    with pytest.raises(StaleVersion):
        staff_sheets.import_sheets(actor=actor, content=content, version=seen.version, now=now)
    assert not Absence.objects.exists()


def test_the_commands_write_check_and_read(world: World, now: datetime, tmp_path: Path) -> None:
    file, out = tmp_path / "duty.xlsx", StringIO()
    call_command("export_duty", file, stdout=out)
    before = rows_of_tables()
    call_command("import_duty", file, stdout=out)
    assert rows_of_tables() == before
    file.write_bytes(workbook(absences=[["", "leader-002011001", "病假", "2026-11-20", "", ""]]))
    call_command("import_duty", file, "--dry-run", stdout=out)
    assert not Absence.objects.exists()
    call_command("import_duty", file, stdout=out)
    assert Absence.objects.count() == 1
    file.write_bytes(workbook(absences=[["", "nobody", "病假", "2026-11-20", "", ""]]))
    with pytest.raises(CommandError):
        call_command("import_duty", file, stdout=out)
    assert "请假:2: 工号" in out.getvalue()
