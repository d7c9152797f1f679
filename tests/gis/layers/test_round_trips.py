"""What is written is read back: by us and, as a second opinion, by GDAL; to the last vertex where the format can."""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon

from gis.coordinates import from_wgs84_batch
from gis.layers import Feature, Format, LayerError, write_layer
from tests.gis.layers.files import box, features, read

FIELDS = ["code", "name"]
WITH_HOLE = Polygon(box(0).exterior, [shapely.box(121.172, 30.052, 121.173, 30.053).exterior])
TWO_PARTS = MultiPolygon([WITH_HOLE, box(2)])
degrees = st.floats(0.0001, 0.02, allow_nan=False)


@st.composite
def outlines(draw: Any) -> Polygon | MultiPolygon:
    """Star-shaped rings with any doubles, sometimes with a hole or a second part."""
    rays = draw(st.lists(degrees, min_size=3, max_size=40))
    turns = np.linspace(0, 2 * np.pi, len(rays), endpoint=False)
    lon, lat = draw(st.floats(75, 134)), draw(st.floats(18, 52))
    shell = Polygon(np.column_stack([lon + np.cos(turns) * rays, lat + np.sin(turns) * rays]))
    hole = shapely.affinity.scale(shell, 0.3, 0.3, origin=(lon, lat))
    whole = Polygon(shell.exterior, [hole.exterior]) if draw(st.booleans()) and shell.contains(hole) else shell
    if draw(st.booleans()):
        return MultiPolygon([whole, shapely.box(lon + 0.1, lat, lon + 0.2, lat + 0.1)])
    return whole


def vertices(shape: Any) -> np.ndarray:
    whole = shape if isinstance(shape, MultiPolygon) else MultiPolygon([shape])
    return shapely.get_coordinates(whole)


def near(one: Any, other: Any, tolerance: float) -> bool:
    """Whether both have the same vertices, whatever the direction and the begin of their rings."""
    left, right = np.unique(vertices(one).round(12), axis=0), np.unique(vertices(other).round(12), axis=0)
    return bool(
        shapely.hausdorff_distance(shapely.multipoints(left), shapely.multipoints(right)) <= tolerance
    ) and bool(shapely.area(shapely.symmetric_difference(one, other)) <= 1e-2 * tolerance)


@given(st.lists(outlines(), min_size=1, max_size=4), st.sampled_from(["wgs84", "cgcs2000"]))
def test_a_geopackage_keeps_every_vertex_to_the_last_bit(shapes: list[Any], crs: str) -> None:
    drawn = [Feature(n, "", {"code": str(n), "name": None}, shape) for n, shape in enumerate(shapes, 1)]
    written = write_layer(drawn, fields=FIELDS, name="grids", file_format="gpkg", crs=crs)
    back = read(written.content, "grids.gpkg")
    assert back.faults == ()
    for one, shape in zip(back.features, shapes, strict=True):
        assert (vertices(one.shape) == vertices(shape)).all()


@given(st.lists(outlines(), min_size=1, max_size=3), st.sampled_from([Format.GEOJSON, Format.KML]))
def test_geojson_and_kml_are_good_to_a_centimetre(shapes: list[Any], kind: Format) -> None:
    drawn = [Feature(n, "", {"code": str(n)}, shape) for n, shape in enumerate(shapes, 1)]
    written = write_layer(drawn, fields=["code"], name="grids", file_format=kind)
    back = read(written.content, f"grids{written.ending}")
    assert back.rows == len(shapes)
    for one in back.features:
        shape = shapes[one.row - 1]
        turned = shapely.orient_polygons(shape)
        assert np.abs(vertices(one.shape) - vertices(turned)).max() <= 0.500001e-7


@pytest.mark.parametrize("kind", list(Format))
def test_attributes_and_rings_come_back(kind: Format) -> None:
    drawn = [
        Feature(1, "", {"code": "330281002011001", "name": "<第1网格> & 'x'"}, WITH_HOLE),
        Feature(2, "", {"code": "330281002011002", "name": "𠮷田小区"}, TWO_PARTS),
    ]
    written = write_layer(drawn, fields=FIELDS, name="grids", file_format=kind)
    back = read(written.content, f"grids{written.ending}", crs="wgs84")
    assert (back.format, back.crs, back.faults) == (kind, "EPSG:4326", ())
    assert [one.attributes["name"] for one in back.features] == ["<第1网格> & 'x'", "𠮷田小区"]
    assert [one.attributes["code"] for one in back.features] == ["330281002011001", "330281002011002"]
    for one, drew in zip(back.features, drawn, strict=True):
        assert near(one.shape, drew.shape, 1e-9)


@pytest.mark.parametrize("crs", ["EPSG:4549", "EPSG:4528", "EPSG:4499", "EPSG:4490", "EPSG:3857"])
@pytest.mark.parametrize("kind", [Format.GEOPACKAGE, Format.SHAPEFILE, Format.CSV])
def test_a_layer_in_metres_comes_back_within_a_micrometre(kind: Format, crs: str) -> None:
    written = write_layer(features(), fields=FIELDS, name="grids", file_format=kind, crs=crs)
    back = read(written.content, f"grids{written.ending}")
    assert back.crs == crs
    for one, drew in zip(back.features, features(), strict=True):
        assert near(one.shape, drew.shape, 1e-11)


@pytest.mark.parametrize("kind", [Format.GEOPACKAGE, Format.SHAPEFILE, Format.GEOJSON, Format.KML])
def test_gdal_reads_what_we_write(kind: Format, tmp_path: Path) -> None:
    drawn = [Feature(1, "", {"code": "1", "name": "第1网格"}, WITH_HOLE), *features()[1:]]
    written = write_layer(drawn, fields=FIELDS, name="grids", file_format=kind)
    file = tmp_path / f"grids{written.ending}"
    file.write_bytes(written.content)
    about, _, shapes, columns = pyogrio.raw.read(file)
    assert about["crs"] == "EPSG:4326"
    held = dict(zip(about["fields"], columns, strict=True))
    assert list(held["Name" if kind is Format.KML else "name"]) == ["第1网格", "第2网格", "第3网格"]
    for blob, one in zip(shapes, drawn, strict=True):
        assert near(shapely.from_wkb(blob), one.shape, 1e-7)


@pytest.mark.parametrize(
    ("driver", "ending", "crs"),
    [("GPKG", "gpkg", "EPSG:4549"), ("ESRI Shapefile", "zip", "EPSG:4549"), ("GeoJSON", "geojson", "EPSG:4326")],
)
def test_we_read_what_gdal_writes(driver: str, ending: str, crs: str, tmp_path: Path) -> None:
    written = write_layer(features(), fields=FIELDS, name="grids", file_format="gpkg", crs=crs)
    source = tmp_path / "source.gpkg"
    source.write_bytes(written.content)
    _, _, shapes, columns = pyogrio.raw.read(source)
    target = tmp_path / ("grids.shp" if ending == "zip" else f"grids.{ending}")
    pyogrio.raw.write(
        target, shapes, columns, FIELDS, geometry_type="MultiPolygon", crs=crs, driver=driver,
        **({"encoding": "GBK"} if ending == "zip" else {}),
    )  # fmt: skip
    content = target.read_bytes()
    if ending == "zip":
        out = BytesIO()
        with zipfile.ZipFile(out, "w") as book:
            for part in tmp_path.glob("grids.*"):
                book.write(part, part.name)
        content = out.getvalue()
    back = read(content, f"grids.{ending}")
    assert back.crs == crs
    assert [one.attributes["name"] for one in back.features] == ["第1网格", "第2网格", "第3网格"]
    for one, drew in zip(back.features, features(), strict=True):
        assert near(one.shape, drew.shape, 1e-7)


@pytest.mark.parametrize("crs", ["gcj02", "bd09"])
def test_an_offset_system_is_taken_off_when_declared(crs: str) -> None:
    shifted = [
        Feature(
            one.row, "", one.attributes,
            shapely.transform(one.shape, lambda xy: np.column_stack(from_wgs84_batch(xy[:, 0], xy[:, 1], crs))),
        )
        for one in features()
    ]  # fmt: skip
    written = write_layer(shifted, fields=FIELDS, name="grids", file_format="gpkg")
    back = read(written.content, "grids.gpkg", crs=crs)
    assert back.crs == crs
    for one, drew in zip(back.features, features(), strict=True):
        assert near(one.shape, drew.shape, 1e-9)


@pytest.mark.parametrize(
    ("kind", "crs", "code"),
    [
        ("geojson", "EPSG:4549", "crs_for_format"),
        ("gpkg", "gcj02", "crs_for_format"),
        ("dxf", "wgs84", "format_unknown"),
    ],
)
def test_what_cannot_be_written_is_refused(kind: str, crs: str, code: str) -> None:
    with pytest.raises(LayerError) as refused:
        write_layer(features(), fields=FIELDS, name="grids", file_format=kind, crs=crs)
    assert refused.value.code == code


def test_a_text_that_a_shapefile_cannot_hold_is_not_cut() -> None:
    long = [Feature(1, "feature 1", {"name": "网" * 100}, box(0))]
    with pytest.raises(LayerError) as refused:
        write_layer(long, fields=["name"], name="grids", file_format="shp")
    assert refused.value.code == "text_too_long"


def test_a_spreadsheet_runs_nothing_of_a_csv() -> None:
    written = write_layer(
        [Feature(1, "", {"name": "=cmd|x"}, box(0))], fields=["name"], name="grids", file_format="csv"
    )
    assert "'=cmd|x" in written.content.decode("utf-8-sig")


def test_the_same_layer_gives_the_same_file() -> None:
    for kind in Format:
        one, two = (write_layer(features(), fields=FIELDS, name="g", file_format=kind).content for _ in range(2))
        assert one == two, kind
