"""Files that lie, explode or point elsewhere: each is refused by name, in little time, and nothing is opened for it."""

import json
import sqlite3
import struct
import time
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import shapely

from gis.layers import LayerError, Limits, Wish, read_in_child, read_layer, write_layer
from tests.gis.layers.files import (
    SOUTH,
    WEST,
    box,
    dbf,
    features,
    geojson,
    polygon,
    read,
    ring,
    unzipped,
    zipped,
    zipped_paths,
)  # fmt: skip

SHP = unzipped(write_layer(features(), fields=["name"], name="g", file_format="shp").content)
GPKG = write_layer(features(), fields=["name"], name="g", file_format="gpkg").content
KML = write_layer(features(), fields=["name"], name="g", file_format="kml").content
CSV = write_layer(features(), fields=["name"], name="g", file_format="csv").content
BOMB = b"<!DOCTYPE kml [<!ENTITY a 'aaaaaaaaaa'>" + b"".join(
    f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>".encode() for n in range(9)
)
VRT = b'<OGRVRTLayer name="x"><SrcDataSource>/vsicurl/http://127.0.0.1:1/x</SrcDataSource></OGRVRTLayer>'


WITH_FILE = (
    b'GEOGCS["x",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563],'
    b'EXTENSION["PROJ4_GRIDS","/etc/passwd"]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]'
)


def link() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        entry = zipfile.ZipInfo("g.shp")
        entry.external_attr = 0o120777 << 16
        book.writestr(entry, "/etc/passwd")
    return out.getvalue()


def encrypted() -> bytes:
    content = bytearray(zipped(g__kml=KML))
    for head, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(head) + place] |= 1
    return bytes(content)


def lying_zip() -> bytes:
    """A member that says it is small."""
    content = zipped(g__kml=b"\x00" * 5_000_000)
    return content.replace(struct.pack("<I", 5_000_000), struct.pack("<I", 1000))


def words(value: object) -> str:
    """Name of a case: bytes of a zip differ with the clock."""
    return value if isinstance(value, str) else "-"


def refused(content: bytes, name: str, **wish: Any) -> LayerError:
    began = time.monotonic()
    with pytest.raises(LayerError) as caught:
        read(content, name, **wish)
    assert time.monotonic() - began < 10
    return caught.value


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "g.geojson", "empty"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "g.png", "format_unknown"),
        (VRT, "evil.geojson", "format_unknown"),
        (VRT, "evil.kml", "format_unknown"),
        (zipped(g__kml=KML), "g.geojson", "format_differs"),
        (GPKG, "g.geojson", "format_differs"),
        (KML, "g.zip", "format_differs"),
        (b'{"type": "Topology"}', "g.geojson", "bad_json"),
        (SHP["g.shp"], "g.shp", "shp_incomplete"),
        (zipped_paths({"../g.shp": b"x"}), "g.zip", "zip_bad_path"),
        (zipped_paths({"..\\g.shp": b"x"}), "g.zip", "zip_bad_path"),
        (zipped_paths({"/g.shp": b"x"}), "g.zip", "zip_bad_path"),
        (zipped_paths({"C:/g.shp": b"x"}), "g.zip", "zip_bad_path"),
        (zipped_paths({"g/" + "n" * 300 + ".shp": b"x"}), "g.zip", "zip_bad_path"),
        (zipped_paths({f"{n}.txt": b"" for n in range(101)}), "g.zip", "zip_too_many_members"),
        (zipped(g__kml=b"\x00" * 60_000_000), "g.zip", "zip_bomb"),
        (zipped(inner__zip=zipped(g__kml=KML)), "g.zip", "zip_nested"),
        (zipped_paths({"g.kml": KML, "G.KML": KML}), "g.zip", "zip_doubled"),
        (zipped(a__kml=KML, b__kml=KML), "g.zip", "format_unknown"),
        (zipped(readme__md=b"hello"), "g.zip", "format_unknown"),
        (zipped(g__kml=KML)[:200], "g.zip", "bad_zip"),
        (link(), "g.zip", "zip_link"),
        (encrypted(), "g.zip", "zip_encrypted"),
        (lying_zip(), "g.zip", "bad_zip"),
        (BOMB + b"]><kml>&i;</kml>", "g.kml", "xml_entities"),
        (b'<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml>&x;</kml>', "g.kml", "xml_entities"),
        (b"<kml>" + b"<Folder>" * 100_000, "g.kml", "bad_xml"),
        (b"<kml><Placemark>", "g.kml", "bad_xml"),
        (b"[" * 100_000, "g.geojson", "bad_json"),
        (geojson(polygon(ring())).replace(b"121.", b"NaN,121."), "g.geojson", "bad_json"),
        (b'{"type":"FeatureCollection","features":[]}', "g.geojson", "empty"),
        (b"\xff\xfe\xff{", "g.geojson", "format_unknown"),
        (b"code,name\n1,a\n", "g.csv", "no_geometry"),
        (b"code,code,wkt\n", "g.csv", "bad_table"),
        (b'code,wkt\n1,"POLYGON((', "g.csv", "bad_table"),
        (GPKG[:5000], "g.gpkg", "bad_geopackage"),
        (b"SQLite format 3\x00" + b"\xff" * 4096, "g.gpkg", "bad_geopackage"),
        (zipped_paths({"g.shp": SHP["g.shp"]}), "g.zip", "shp_incomplete"),
        (zipped_paths(SHP | {"g.shp": SHP["g.shp"][:150]}), "g.zip", "bad_shapefile"),
        (zipped_paths(SHP | {"g.dbf": SHP["g.dbf"][:20]}), "g.zip", "bad_shapefile"),
        (zipped_paths(SHP | {"g.dbf": dbf(["一"], encoding="utf-8")}), "g.zip", "bad_shapefile"),
        (zipped_paths(SHP | {"g.prj": b"x" * 50_000}), "g.zip", "crs_unknown"),
        (
            zipped_paths(SHP | {"g.prj": WITH_FILE}),
            "g.zip",
            "crs_unknown",
        ),
        (zipped_paths({name: part for name, part in SHP.items() if name != "g.prj"}), "g.zip", "crs_missing"),
    ],
    ids=words,
)
def test_a_file_that_cannot_be_used_is_refused_by_name(content: bytes, name: str, code: str) -> None:
    error = refused(content, name)
    assert (error.code, bool(error.detail)) == (code, True), error.detail


def test_a_huge_count_in_a_dbf_costs_nothing() -> None:
    table = bytearray(SHP["g.dbf"])
    table[4:8] = struct.pack("<I", 0xFFFFFFFF)
    assert refused(zipped_paths(SHP | {"g.dbf": bytes(table)}), "g.zip").code == "bad_shapefile"


@pytest.mark.parametrize("points", [10, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_huge_count_in_a_shp_costs_nothing(points: int) -> None:
    outline = bytearray(SHP["g.shp"])
    outline[108 + 4 + 32 + 4 : 108 + 4 + 32 + 8] = struct.pack("<I", points)
    assert refused(zipped_paths(SHP | {"g.shp": bytes(outline)}), "g.zip").code == "bad_shapefile"


def test_a_million_vertices_are_counted_not_built() -> None:
    many = [[WEST + n * 1e-9, SOUTH] for n in range(1_000_000)]
    content = geojson(polygon([*many, many[0]]))
    assert refused(content, "g.geojson").code == "too_many_vertices"
    lines = b'code,wkt\n1,"POLYGON((' + b",".join(b"121.1 30.1" for _ in range(1_000_000)) + b'))"\n'
    assert refused(lines, "g.csv").code in {"too_many_vertices", "bad_table"}


def test_more_features_than_the_limit_are_refused() -> None:
    with pytest.raises(LayerError) as caught:
        read_layer(geojson(*[polygon(ring())] * 6), name="g.geojson", wish=Wish(), limits=Limits(features=5))
    assert caught.value.code == "too_many_features"


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("DROP TABLE gpkg_contents", "bad_geopackage"),
        ("UPDATE gpkg_contents SET data_type = 'tiles'", "no_geometry"),
        ("DELETE FROM gpkg_geometry_columns", "no_geometry"),
        ("DROP TABLE g; CREATE VIEW g AS SELECT 1 AS fid, randomblob(1000000000) AS geom", "bad_geopackage"),
        ("ALTER TABLE g RENAME TO h; CREATE VIEW g AS SELECT * FROM h", "bad_geopackage"),
        ("UPDATE gpkg_geometry_columns SET column_name = 'no'", "bad_geopackage"),
        ("UPDATE gpkg_geometry_columns SET srs_id = 0", "crs_missing"),
        ("UPDATE gpkg_spatial_ref_sys SET organization='x', definition='GEOGCS[\"a\",EXTENSION[\"PROJ4\",\"x\"]]'",
         "crs_unknown"),
    ],
)  # fmt: skip
def test_a_geopackage_runs_nothing(sql: str, code: str, tmp_path: Path) -> None:
    file = tmp_path / "g.gpkg"
    file.write_bytes(GPKG)
    with sqlite3.connect(file) as base:
        base.executescript(sql)
    assert refused(file.read_bytes(), "g.gpkg").code == code


def test_a_trigger_and_a_virtual_table_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "g.gpkg"
    file.write_bytes(GPKG)
    with sqlite3.connect(file) as base:
        base.executescript(
            "CREATE TRIGGER t AFTER UPDATE ON g BEGIN DELETE FROM g; END;"
            "ALTER TABLE g ADD COLUMN bomb TEXT GENERATED ALWAYS AS (hex(zeroblob(1000000))) VIRTUAL"
        )
    back = read(file.read_bytes(), "g.gpkg")
    assert (len(back.features), back.fields) == (3, ("name",))


def test_a_link_in_a_kml_is_told_and_not_followed() -> None:
    linked = KML.replace(
        b"<Placemark>", b"<NetworkLink><Link><href>http://127.0.0.1:1/</href></Link></NetworkLink><Placemark>", 1
    )
    back = read(linked, "g.kml")
    assert [note.code for note in back.notes] == ["link_ignored"]
    assert len(back.features) == 3


# --- faults of single features -------------------------------------------------------------------------------------

BOW_TIE = polygon(
    [[WEST, SOUTH], [WEST + 0.002, SOUTH + 0.002], [WEST + 0.002, SOUTH], [WEST, SOUTH + 0.002], [WEST, SOUTH]]
)


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        (BOW_TIE, "self_intersection"),
        ({"type": "Point", "coordinates": [WEST, SOUTH]}, "not_a_polygon"),
        ({"type": "LineString", "coordinates": ring()}, "not_a_polygon"),
        ({"type": "GeometryCollection", "geometries": []}, "not_a_polygon"),
        (polygon(ring()[:-1]), "ring_not_closed"),
        (polygon([[WEST, SOUTH], [WEST, SOUTH]]), "ring_too_short"),
        ({"type": "Polygon", "coordinates": [[["121", "30"]] * 4]}, "bad_ring"),
        ({"type": "Polygon", "coordinates": [[[10**400, 30]] * 4]}, "bad_ring"),
        ({"type": "Polygon", "coordinates": {"a": 1}}, "bad_ring"),
        (polygon(ring(), ring(WEST + 1)), "hole_outside_shell"),
        (polygon(ring(), ring(WEST + 0.001, SOUTH + 0.001, 0.001), ring(WEST + 0.0012, SOUTH + 0.0012, 0.0002)),
         "nested_holes"),
        (polygon([[SOUTH, WEST], [SOUTH + 0.1, WEST], [SOUTH + 0.1, WEST + 0.1], [SOUTH, WEST]]), "axes_swapped"),
        (polygon([[-179, 1], [179, 1], [179, 2], [-179, 2], [-179, 1]]), "crosses_antimeridian"),
    ],
)  # fmt: skip
def test_a_bad_feature_is_named_with_its_place(geometry: dict[str, Any], code: str) -> None:
    good = [polygon(ring(WEST + 0.01 * n)) for n in range(3)]
    back = read(geojson(*good, geometry), "g.geojson")
    assert [(fault.row, fault.place, fault.code) for fault in back.faults] == [(4, "feature 4", code)]
    assert [one.row for one in back.features] == [1, 2, 3]
    if code == "self_intersection":
        assert back.faults[0].spot == pytest.approx((WEST + 0.001, SOUTH + 0.001))


def test_a_feature_far_from_the_ground_is_named() -> None:
    near = (WEST, SOUTH, WEST + 0.1, SOUTH + 0.1)
    content = geojson(*[polygon(ring(WEST + 0.01 * n)) for n in range(3)], polygon(ring(110)))
    back = read(content, "g.geojson", near=near)
    assert [(fault.row, fault.code) for fault in back.faults] == [(4, "far_away")]
    assert refused(geojson(polygon(ring(110))), "g.geojson", near=near).code == "far_away"
    helsinki = (24.9, 60.1, 25.0, 60.2)
    turned = geojson(polygon([[60.15, 24.95], [60.16, 24.95], [60.16, 24.96], [60.15, 24.95]]))
    assert refused(turned, "g.geojson", near=helsinki).code == "axes_swapped"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_none_never_reaches_the_engine(value: float) -> None:
    shapes = [box(0), box(1), shapely.Polygon([(WEST, SOUTH), (value, SOUTH), (WEST, SOUTH + 1), (WEST, SOUTH)])]
    blobs = [f"SRID=4326;{shapely.to_wkt(shape)}" for shape in shapes]
    content = ("wkt\n" + "\n".join(f'"{blob}"' for blob in blobs)).encode()
    back = read(content, "g.csv")
    assert [(fault.place, fault.code) for fault in back.faults] == [("row 4", "not_finite")]


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"\x01\x01\x00\x00\x00" + b"\x00" * 16, "not_a_polygon"),
     (b"\x01\x0a\x00\x00\x00" + b"\x00" * 8, "not_a_polygon"),
     (b"\x01\x03\x00\x00\x00\xff\xff\xff\xff", "bad_wkb"), (b"\x01\x06\x00\x00\x00\xff\xff\xff\xff", "bad_wkb"),
     (b"\x07", "bad_wkb"), (b"", "bad_wkb")],
)  # fmt: skip
def test_bad_bytes_of_a_geopackage_are_named(body: bytes, code: str, tmp_path: Path) -> None:
    file = tmp_path / "g.gpkg"
    file.write_bytes(GPKG)
    with sqlite3.connect(file) as base:
        (blob,) = base.execute("SELECT geom FROM g WHERE fid = 2").fetchone()
        base.execute("UPDATE g SET geom = ? WHERE fid = 2", (blob[:40] + body,))
    back = read(file.read_bytes(), "g.gpkg")
    assert [(fault.place, fault.code) for fault in back.faults] == [("fid 2", code)]


def test_texts_that_are_none_are_named() -> None:
    content = json.loads(geojson(polygon(ring()), polygon(ring(WEST + 0.01)), polygon(ring(WEST + 0.02))))
    content["features"][0]["properties"] = {"name": "a\x00b"}
    content["features"][1]["properties"] = {"name": "\ud800"}
    content["features"][2]["properties"] = {"name": "x" * 10_001}
    back = read(json.dumps(content).encode(), "g.geojson")
    assert [(fault.row, fault.code, fault.field) for fault in back.faults] == [
        (1, "bad_text", "name"), (2, "bad_text", "name"), (3, "text_too_long", "name"),
    ]  # fmt: skip


def test_heights_are_left_out_and_told() -> None:
    high = polygon([[*place, 12.5] for place in ring()])
    back = read(geojson(high, high), "g.geojson")
    assert [(note.code, note.count, note.place) for note in back.notes] == [("height_dropped", 2, "feature 1")]
    assert back.features[0].shape is not None
    assert not back.features[0].shape.has_z


# --- the wall ------------------------------------------------------------------------------------------------------


def test_the_child_gives_the_same_layer() -> None:
    near = (WEST, SOUTH, WEST + 0.1, SOUTH + 0.1)
    content = geojson(BOW_TIE, polygon(ring()), polygon(ring(WEST + 0.01)))
    assert read_in_child(content, name="g.geojson", wish=Wish(near=near)) == read(content, "g.geojson", near=near)


def test_the_child_gives_the_same_refusal() -> None:
    with pytest.raises(LayerError) as caught:
        read_in_child(zipped(g__kml=b"\x00" * 60_000_000), name="g.zip", wish=Wish())
    assert caught.value.code == "zip_bomb"


def test_a_child_that_is_killed_takes_nobody_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis.layers.bounded._START", "import os; os.kill(os.getpid(), 11)")
    with pytest.raises(LayerError) as caught:
        read_in_child(GPKG, name="g.gpkg", wish=Wish())
    assert caught.value.code == "unreadable"


def test_a_child_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis.layers.bounded._START", "while True: pass")
    monkeypatch.setattr("gis.layers.bounded.READ_S", 0.5)
    began = time.monotonic()
    with pytest.raises(LayerError) as caught:
        read_in_child(GPKG, name="g.gpkg", wish=Wish())
    assert time.monotonic() - began < 10
    assert caught.value.code == "too_heavy"
