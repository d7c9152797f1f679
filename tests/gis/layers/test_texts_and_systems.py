"""Encodings and coordinate systems: what a person says, what the file says, and what is found out."""

from typing import Any

import numpy as np
import pytest
import shapely

from gis.layers import Feature, LayerError, suggest_mapping, write_layer
from gis.layers.mapping import said_mapping
from gis.layers.reference import reference_of
from tests.gis.layers.files import box, dbf, features, geojson, polygon, read, ring, unzipped, zipped_paths

SHP = unzipped(write_layer(features(), fields=["name"], name="g", file_format="shp").content)
NAMES = ["东风社区第一网格", "𠮷田", "镕基路"]


def shapefile(table: bytes, cpg: bytes | None) -> bytes:
    parts = {name: part for name, part in SHP.items() if name != "g.cpg"} | {"g.dbf": table}
    return zipped_paths(parts | ({"g.cpg": cpg} if cpg is not None else {}))


@pytest.mark.parametrize(
    ("encoding", "driver", "cpg", "found", "notes"),
    [
        ("utf-8", 0, b"UTF-8", "utf-8", []),
        ("utf-8", 0, None, "utf-8", []),
        ("gb18030", 0x4D, None, "gb18030", []),
        ("gb18030", 0, b"GBK", "gb18030", []),
        ("gb18030", 0, b"936", "gb18030", []),
        ("gb18030", 0, None, "gb18030", ["encoding_guessed"]),
        ("gb18030", 0x4D, b"UTF-8", "gb18030", ["encoding_wrong"]),
        ("gb18030", 0, b"UTF-8", "gb18030", ["encoding_wrong", "encoding_guessed"]),
        ("utf-8", 0, b"nonsense", "utf-8", []),
    ],
)
def test_the_encoding_of_a_shapefile(
    encoding: str, driver: int, cpg: bytes | None, found: str, notes: list[str]
) -> None:
    back = read(shapefile(dbf(NAMES, encoding=encoding, driver=driver), cpg), "g.zip")
    assert [one.attributes["NAME"] for one in back.features] == NAMES
    assert (back.encoding, [note.code for note in back.notes]) == (found, notes)


def test_a_person_knows_better() -> None:
    table = dbf(["東區", "西區", "南區"], encoding="big5hkscs", driver=0x4D)
    back = read(shapefile(table, None), "g.zip", encoding="big5")
    assert back.features[0].attributes["NAME"] == "東區"
    wrong = read(shapefile(dbf(NAMES, encoding="gb18030"), None), "g.zip", encoding="utf-8")
    assert {(fault.code, fault.field) for fault in wrong.faults} == {("bad_text", "attributes")}
    with pytest.raises(LayerError) as refused:
        read(shapefile(table, None), "g.zip", encoding="zlib")
    assert refused.value.code == "unknown_encoding"


def test_a_table_saved_by_an_office_program() -> None:
    wkt = shapely.to_wkt(box(0))
    content = f"名称;编码;wkt\n第一网格;001;{wkt}\n".encode("gb18030")
    back = read(content, "g.csv", crs="cgcs2000")
    assert (back.encoding, back.crs, back.features[0].attributes) == (
        "gb18030", "EPSG:4490", {"名称": "第一网格", "编码": "001"},
    )  # fmt: skip
    with pytest.raises(LayerError) as refused:
        read(content, "g.csv")
    assert refused.value.code == "crs_missing"


@pytest.mark.parametrize(
    ("said", "code"),
    [("EPSG:4610", "crs_datum"), ("EPSG:2437", "crs_datum"), ("EPSG:4214", "crs_datum"), ("EPSG:999999", "crs_unknown"),
     ("+proj=longlat +nadgrids=/etc/passwd", "crs_unknown"), ("mars", "crs_unknown"), ("EPSG:5773", "crs_not_flat"),
     ("file:///etc/passwd", "crs_unknown"), ("EPSG:4978", "crs_not_flat")],
)  # fmt: skip
def test_a_system_that_cannot_be_used_is_refused(said: str, code: str) -> None:
    with pytest.raises(LayerError) as refused:
        reference_of(said)
    assert refused.value.code == code


@pytest.mark.parametrize("epsg", [*range(4491, 4555), 4326, 4490, 3857, 32651, 3067, 3763])
def test_every_zone_of_cgcs2000_is_known(epsg: int) -> None:
    reference = reference_of(str(epsg))
    west, south, east, north = reference.area_of_use() or (0, 0, 0, 0)
    middle = np.array([[(west + east) / 2, (south + min(north, 80)) / 2]])
    back = reference.to_wgs84(reference.from_wgs84(middle))
    assert np.abs(back - middle).max() < 1e-10
    assert reference_of(f"urn:ogc:def:crs:EPSG::{epsg}").name == reference.name


def layer_in(crs: str, change: Any = None) -> bytes:
    drawn = features()
    if change is not None:
        drawn = [Feature(one.row, "", one.attributes, shapely.transform(one.shape, change)) for one in drawn]
    return write_layer(drawn, fields=["name"], name="g", file_format="csv", crs=crs).content


def renamed(content: bytes, old: str, new: str) -> bytes:
    return content.replace(f"SRID={old};".encode(), f"SRID={new};".encode() if new else b"")


@pytest.mark.parametrize(
    ("content", "code", "hint"),
    [
        (renamed(layer_in("EPSG:4528"), "4528", "4549"), "crs_wrong", "EPSG:4528"),
        (renamed(layer_in("EPSG:4549"), "4549", "4528"), "crs_wrong", "EPSG:4549"),
        (renamed(layer_in("EPSG:4549"), "4549", "4326"), "crs_wrong", "metres"),
        (renamed(layer_in("EPSG:4528"), "4528", "4490"), "crs_wrong", "EPSG:4528"),
        (renamed(layer_in("EPSG:4499"), "4499", "4490"), "crs_wrong", "EPSG:4499"),
        (layer_in("EPSG:4490", lambda xy: xy[:, ::-1]), "axes_swapped", "longitude"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-",
)
def test_a_wrong_system_is_named_with_the_next_step(content: bytes, code: str, hint: str) -> None:
    with pytest.raises(LayerError) as refused:
        read(content, "g.csv")
    assert refused.value.code == code
    assert hint in refused.value.detail


def test_north_first_in_metres_is_found() -> None:
    content = layer_in("EPSG:4549").decode("utf-8-sig")
    lines = [line for line in content.splitlines() if line]
    turned = [lines[0]]
    for line in lines[1:]:
        shape = shapely.from_wkt(line.split("SRID=4549;")[1].rstrip('"'))
        turned.append(f'x,"SRID=4549;{shapely.to_wkt(shapely.transform(shape, lambda xy: xy[:, ::-1]))}"')
    with pytest.raises(LayerError) as refused:
        read("\n".join(turned).encode(), "g.csv")
    assert refused.value.code == "axes_swapped"


def test_a_declaration_against_the_file_is_refused_unless_only_a_person_can_make_it() -> None:
    content = geojson(polygon(ring()), crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}})
    assert read(content, "g.geojson").crs == "EPSG:4490"
    assert read(content, "g.geojson", crs="gcj02").crs == "gcj02"
    with pytest.raises(LayerError) as refused:
        read(content, "g.geojson", crs="EPSG:4549")
    assert (refused.value.code, refused.value.facts["found"]) == ("crs_conflict", "EPSG:4490")


def test_fields_are_mapped_by_the_names_that_such_files_use() -> None:
    assert suggest_mapping(["OBJECTID", "WGBM", "WGMC", "SQBM"]).fields == {
        "code": "WGBM", "name": "WGMC", "parent_code": "SQBM",
    }  # fmt: skip
    said = said_mapping("code=DM,name=MC,kind=", ["DM", "MC", "name", "kind"])
    assert said.fields == {"code": "DM", "name": "MC"}
    for wrong in ("colour=DM", "code=XX"):
        with pytest.raises(LayerError) as refused:
            said_mapping(wrong, ["DM"])
        assert refused.value.code == "bad_mapping"
