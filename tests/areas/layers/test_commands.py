"""Layer files in and out through the commands: any format, dry run, all or nothing, drafts instead of overwriting."""

import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.core.management import CommandError, call_command

from backend.areas.models import Area, Boundary, Division, DraftOutline
from gis.coordinates import from_wgs84_batch
from gis.layers import Feature, Format, Wish, read_layer, write_layer
from tests.tables import unchanged
from tests.world import SIDE, SOUTH, WEST, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time_machine_at_noon")]
COMMUNITY, STREET = "330281002011", "330281002"


def run(command: str, *files: Any, **options: Any) -> dict[str, Any]:
    out = io.StringIO()
    try:
        call_command(command, *files, json=True, stdout=out, **options)
    except CommandError as error:
        if error.returncode != 1:
            raise
    return dict(json.loads(out.getvalue()))


def grids(count: int = 3, row: int = 0, **more: str) -> list[Feature]:
    """The world's grids of one community, other field names than ours."""
    south = SOUTH + row * SIDE
    return [
        Feature(
            n + 1, "",
            {"WGBM": f"33028100201{row + 1}{n + 1:03d}", "WGMC": f"新第{n + 1}网格", **more},
            shapely.box(WEST + n * SIDE, south, WEST + (n + 1) * SIDE, south + SIDE),
        )
        for n in range(count)
    ]  # fmt: skip


def written(folder: Path, features: list[Feature], kind: Format | str = "gpkg", **more: Any) -> Path:
    fields = list(features[0].attributes)
    made = write_layer(features, fields=fields, name="grids", file_format=kind, **more)
    file = folder / f"grids{made.ending}"
    file.write_bytes(made.content)
    return file


@pytest.mark.parametrize("kind", list(Format))
def test_what_is_exported_comes_in_again_and_changes_nothing(world: World, kind: Format, tmp_path: Path) -> None:
    file = tmp_path / ("grids.zip" if kind is Format.SHAPEFILE else f"grids.{kind.value}")
    call_command("export_areas", file, format=kind.value, stdout=io.StringIO())
    fields = "parent_code=parent_cod" if kind is Format.SHAPEFILE else ""
    with unchanged():
        summary = run("import_areas", file, fields=fields)
    assert summary["errors"] == []
    assert summary["counts"] == {"areas": 8, "new areas": 0, "divisions published": 0, "areas closed": 0}


def test_an_export_tells_any_moment(world: World, now: datetime, tmp_path: Path) -> None:
    file = tmp_path / "g.gpkg"
    call_command("export_areas", file, within=COMMUNITY, crs="EPSG:4549", stdout=io.StringIO())
    layer = read_layer(file.read_bytes(), name=file.name, wish=Wish())
    assert layer.crs == "EPSG:4549"
    assert [one.attributes["code"] for one in layer.features] == [f"{COMMUNITY}00{n}" for n in (1, 2, 3)]
    past = now - timedelta(days=500)
    with pytest.raises(CommandError, match="nothing to write"):
        call_command("export_areas", file, at=past)
    with pytest.raises(CommandError, match="no such area"):
        call_command("export_areas", file, within="99")
    with pytest.raises(CommandError, match=r"named \*\.kml"):
        call_command("export_areas", file, format="kml")


@pytest.mark.parametrize(
    ("kind", "crs"),
    [("gpkg", "EPSG:4549"), ("shp", "EPSG:4490"), ("csv", "EPSG:4528"), ("geojson", "wgs84"), ("kml", "wgs84")],
)
def test_a_grid_layer_becomes_a_draft(world: World, kind: str, crs: str, tmp_path: Path) -> None:
    file = written(tmp_path, grids(), kind, crs=crs)
    held = Boundary.objects.count()
    summary = run("import_division", file, under=COMMUNITY, name="自然资源局版")
    assert summary["errors"] == []
    division = Division.objects.get(state="draft")
    assert (division.name, division.source, division.parent.code) == ("自然资源局版", file.name, COMMUNITY)
    rows = list(division.drawn.select_related("area"))
    assert [(row.code, row.name, row.area.code if row.area else "") for row in rows] == [
        (f"{COMMUNITY}00{n}", f"新第{n}网格", f"{COMMUNITY}00{n}") for n in (1, 2, 3)
    ]
    assert Boundary.objects.count() == held
    assert Area.objects.get(code=f"{COMMUNITY}001").name == "第1网格"


def test_a_layer_of_a_street_finds_the_communities(world: World, tmp_path: Path) -> None:
    unnamed = [
        Feature(one.row, "", {"WGBM": f"W{row}{one.row}", "WGMC": f"{row}-{one.row}"}, one.shape)
        for row in (0, 1)
        for one in grids(row=row)
    ]
    summary = run("import_division", written(tmp_path, unnamed), under=STREET)
    assert summary["errors"] == []
    assert any("next free numbers (6" in note for note in summary["notes"])
    under = list(DraftOutline.objects.values_list("code", "under__code"))
    assert under == [
        *((f"{COMMUNITY}00{n}", COMMUNITY) for n in (4, 5, 6)),
        *((f"330281002012 00{n}".replace(" ", ""), "330281002012") for n in (4, 5, 6)),
    ]


def test_a_dry_run_shows_the_first_rows_and_changes_nothing(world: World, tmp_path: Path) -> None:
    file = written(tmp_path, grids(), "shp", crs="EPSG:4549")
    with unchanged():
        summary = run("import_division", file, under=COMMUNITY, dry_run=True)
    assert summary["outcome"] == "dry_run"
    assert summary["notes"][0] == "layer 'grids': 3 features, shp, EPSG:4549, texts in utf-8"
    assert summary["notes"][1] == "fields: code=WGBM, name=WGMC"
    assert "record 1: 330281002011001 新第1网格" in summary["notes"][2]
    assert "draft" not in summary["notes"][-1]


def bow_tie() -> Feature:
    ring = [(WEST, SOUTH), (WEST + SIDE, SOUTH + SIDE), (WEST + SIDE, SOUTH), (WEST, SOUTH + SIDE), (WEST, SOUTH)]
    return Feature(4, "", {"WGBM": "x", "WGMC": "结"}, shapely.Polygon(ring))


def empty() -> Feature:
    return Feature(4, "", {"WGBM": "x", "WGMC": "空"}, None)


def again() -> Feature:
    return grids()[0]


def crumb() -> Feature:
    return Feature(4, "", {"WGBM": "x", "WGMC": "屑"}, shapely.box(WEST, SOUTH, WEST + 1e-7, SOUTH + 1e-7))


def long_name() -> Feature:
    return Feature(4, "", {"WGBM": "x", "WGMC": "长" * 81}, grids()[0].shape)


@pytest.mark.parametrize(
    ("bad", "field", "part"),
    [
        (bow_tie, "geometry", "is not valid: Self-intersection at 121.1710000, 30.0510000 (fid 4)"),
        (empty, "geometry", "has no outline (fid 4)"),
        (again, "code", "stands in several rows (fid 4)"),
        (crumb, "geometry", "nothing would be left of this outline (fid 4)"),
        (long_name, "name", "81 characters, 80 are possible (fid 4)"),
    ],
)
def test_one_bad_feature_is_named_and_nothing_is_drafted(
    world: World, bad: Any, field: str, part: str, tmp_path: Path
) -> None:
    with unchanged():
        summary = run("import_division", written(tmp_path, [*grids(), bad()]), under=COMMUNITY)
    assert summary["outcome"] == "refused"
    assert (4, field) in [(error["row"], error["field"]) for error in summary["errors"]]
    assert any(part in error["reason"] for error in summary["errors"]), summary["errors"]


@pytest.mark.parametrize(
    ("options", "field", "part"),
    [
        ({"crs": "EPSG:4610"}, "--crs", "datum"),
        ({"crs": "EPSG:4549"}, "--crs", "the file says EPSG:4326"),
        ({"layer": "other"}, "--layer", "has the layers grids"),
        ({"format": "kml"}, "--format", "is gpkg, not kml"),
        ({"fields": "code=DM"}, "--fields", "it has WGBM, WGMC"),
        ({"under": "999"}, "--under", "no such area"),
        ({"under": f"{COMMUNITY}001"}, "--under", "is not cut"),
        ({"under": "330281003001"}, "", "ok"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_option(
    world: World, options: dict[str, str], field: str, part: str, tmp_path: Path
) -> None:
    summary = run("import_division", written(tmp_path, grids()), **({"under": COMMUNITY} | options))
    if part == "ok":  # the next community is close by: what lies beyond the parent is a fault that the check draws
        assert summary["errors"] == []
        return
    assert [(error["row"], error["field"]) for error in summary["errors"]] == [(0, field)]
    assert part in summary["errors"][0]["reason"]
    assert not Division.objects.filter(state="draft").exists()


def test_a_layer_of_another_city_is_refused(world: World, tmp_path: Path) -> None:
    moved = [
        Feature(one.row, "", one.attributes, shapely.transform(one.shape, lambda xy: xy - (5, 2))) for one in grids()
    ]
    summary = run("import_division", written(tmp_path, moved), under=COMMUNITY)
    assert [error["field"] for error in summary["errors"]] == ["--crs"]
    assert "far from the ground" in summary["errors"][0]["reason"]


@pytest.mark.parametrize("kind", ["geojson", "gpkg", "csv"])
def test_columns_that_are_not_taken_over_are_named(world: World, kind: str, tmp_path: Path) -> None:
    file = written(tmp_path, grids(REMARK="旧", Owner="甲"), kind)
    summary = run("import_division", file, under=COMMUNITY, dry_run=True)
    assert summary["notes"][1] == "fields: code=WGBM, name=WGMC; not read: REMARK, Owner"
    taken = run("import_division", file, under=COMMUNITY, dry_run=True, fields="kind=REMARK,name_en=Owner")
    assert "not read" not in taken["notes"][1]


@pytest.mark.parametrize("crs", ["gcj02", "bd09"])
def test_a_shifted_layer_is_noticed_and_put_right_when_declared(world: World, crs: str, tmp_path: Path) -> None:
    import numpy as np

    shifted = [
        Feature(
            one.row, "", one.attributes,
            shapely.transform(one.shape, lambda xy: np.column_stack(from_wgs84_batch(xy[:, 0], xy[:, 1], crs))),
        )
        for one in grids()
    ]  # fmt: skip
    file = written(tmp_path, shifted)
    noticed = run("import_division", file, under=COMMUNITY, dry_run=True)
    assert any(f"declare {crs}" in note for note in noticed["notes"])
    right = run("import_division", file, under=COMMUNITY, crs=crs)
    assert not any("declare" in note for note in right["notes"])
    drawn = {row.code: shapely.from_wkb(bytes(row.outline.wkb)) for row in DraftOutline.objects.all()}
    for one in grids():
        assert shapely.hausdorff_distance(drawn[str(one.attributes["WGBM"])], one.shape) < 2e-7


def test_areas_come_in_without_level_scheme_and_parent(world: World, tmp_path: Path) -> None:
    summary = run("import_areas", written(tmp_path, grids(), crs="EPSG:4549"))
    assert summary["errors"] == []
    assert summary["counts"] == {"areas": 3, "new areas": 0, "divisions published": 0, "areas closed": 0}
    assert Area.objects.get(code=f"{COMMUNITY}001").name == "新第1网格"
