"""An operator's way by the management commands, on a demo town.

The district's grids come as a GeoPackage and are mended, a proposal is weighed, the draft is tried on the past and
published for Monday, the roster changes, and history proves that every case went to the right person.
"""

import json
import re
from datetime import datetime, timedelta
from io import StringIO
from itertools import combinations
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import shapely
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone
from shapely.affinity import translate

from backend.accounts.actor import Actor
from backend.accounts.models import User
from backend.accounts.roles import Role
from backend.areas.models import Area
from backend.areas.queries import boundary_in_force
from backend.cases.services import NewReport, PointIn, report_case
from backend.core.clock import LOCAL
from backend.core.ids import uuid7
from backend.inspections import tasks
from backend.matters.models import Matter
from backend.places import queries as places
from gis.layers import Feature, Wish, read_layer, write_layer

BEGUN = datetime.fromisoformat("2026-11-18T10:00:00+08:00")  # a Wednesday
MONDAY = "2026-11-23 00:00"
_SHIFT_DEG = 0.00012  # about ten metres


def told(*command: str, refused: int = 0) -> Any:
    """What a command prints with --json; `refused` is the exit code that it has to end with."""
    out = StringIO()
    if not refused:
        try:
            call_command(*command, "--json", stdout=out)
        except CommandError as error:
            raise AssertionError(f"{error}: {out.getvalue()}") from error
    else:
        with pytest.raises(CommandError) as error:
            call_command(*command, "--json", stdout=out)
        assert error.value.returncode == refused, error.value
    return json.loads(out.getvalue())


@pytest.fixture
def town(transactional_db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(places, "_kept", None)
    settings.PLAN_STEPS = 300
    settings.DATA_DIR = tmp_path
    with time_machine.travel(BEGUN, tick=True) as clock:
        call_command("load_town", scale=0.1, verbosity=0)
        yield clock


def with_a_shifted_grid(file: Path, code: str) -> None:
    """The layer as a careless office draws it: one grid lies ten metres too far east, over its neighbour."""
    layer = read_layer(file.read_bytes(), name=file.name, wish=Wish())
    drawn = [
        Feature(one.row, one.place, one.attributes, translate(one.shape, _SHIFT_DEG))
        if one.attributes["code"] == code
        else one
        for one in layer.features
    ]
    file.write_bytes(write_layer(drawn, fields=layer.fields, name="grids", file_format="gpkg").content)


def reported_in(grid: Area) -> Any:
    """An anonymous report in the middle of the grid as it is drawn now."""
    boundary = boundary_in_force(grid, now=timezone.now())
    assert boundary is not None
    spot = shapely.from_wkb(bytes(boundary.outline.wkb)).representative_point()
    matter = Matter.objects.filter(kind="incident", handler="grid", auto_file=True, public=True).earliest("code")
    report = NewReport(uuid7(), matter.pk, PointIn(spot.x, spot.y, "wgs84"), "resident_web", description="演示")
    return report_case(actor=Actor(user_id=None, role=Role.RESIDENT), report=report, now=timezone.now()).case


def test_the_operators_walk(town: Any, tmp_path: Path) -> None:
    street = Area.objects.get(level="street")
    grids = list(Area.objects.filter(level="grid", closed_at=None).order_by("code"))
    before = [reported_in(grid) for grid in grids]

    # 1. A GeoPackage of the district comes in; its faults are found, and mended.
    file = tmp_path / "district.gpkg"
    call_command("export_areas", str(file), f"--within={street.code}", verbosity=0)
    with_a_shifted_grid(file, grids[0].code)
    call_command("import_division", str(file), f"--under={street.code}", "--name=district", verbosity=0)
    (draft,) = told("list_divisions", "--state=draft")
    faulty = told("check_division", draft["id"], refused=2)
    assert faulty["counts"].get("overlap")
    mended = told("check_division", draft["id"], "--repair=all")
    assert mended["blocking"] == 0

    # 2. Gridward proposes a division; its figures stand beside those of the draft.
    proposal = told("propose_division", f"--area={street.code}", f"--grids={len(grids)}", "--keep-borders")
    assert proposal["division"]
    assert proposal["is_contiguous"]

    # 3. Tried on the past, looked at, published for Monday.
    past = told("try_division", draft["id"], f"--from={BEGUN.date() - timedelta(days=30)}", f"--to={BEGUN.date()}")
    assert past["cases"] >= len(before)
    told("preview_division", draft["id"])
    told("publish_division", draft["id"], f"--at={MONDAY}")

    # 4. The roster changes: another leader from now on.
    changed, leader = _another_leader(tmp_path / "duty.xlsx")

    # 5. On Monday reports go by the new grids and the new roster, and history proves every one of them.
    town.move_to(datetime.fromisoformat(f"{MONDAY}:30").replace(tzinfo=LOCAL))
    tasks.switch_divisions()
    tasks.sweep_duty_changes()
    after = {grid.pk: reported_in(grid) for grid in Area.objects.filter(level="grid", closed_at=None)}
    assert all(case.grid_id == grid_id for grid_id, case in after.items())
    assert after[changed.pk].responsible_id == leader.pk
    proof = told("prove_routing", f"--from={BEGUN.date()}", "--to=2026-11-23")
    assert proof["disagreements"] == []
    assert proof["agreed"] >= len(before) + len(after)


def _another_leader(file: Path) -> tuple[Area, User]:
    """Lets two leaders change grids in the office's workbook, and brings that in; the first grid and its new leader."""
    call_command("export_duty", str(file), verbosity=0)
    book = openpyxl.load_workbook(file)
    titles, *rows = book["网格值守"].iter_rows(min_row=1)
    column = {cell.value: cell.column - 1 for cell in titles}
    led = [row for row in rows if row[column["网格长"]].value]

    def serve(row: Any) -> str:
        """Everybody who serves the grid of this row, as one text."""
        code = row[column["网格编码"]].value
        return "".join(str(cell.value) for each in rows if each[column["网格编码"]].value == code for cell in each)

    one, other = next(
        (one, other)
        for one, other in combinations(led, 2)
        if other[column["网格长"]].value not in serve(one) and one[column["网格长"]].value not in serve(other)
    )
    first, second = one[column["网格长"]], other[column["网格长"]]
    first.value, second.value = second.value, first.value
    book.save(file)
    call_command("import_duty", str(file), verbosity=0)
    username = re.findall(r"（(.+)）", str(first.value))[0]
    return Area.objects.get(code=one[column["网格编码"]].value), User.objects.get(username=username)
