"""Layer files over HTTP: looked at, refused by name, made a draft, and written again."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from backend.areas.errors import LayersBusy
from backend.areas.layers import uploads
from backend.areas.models import Division
from backend.core.queueing import Queue
from gis.layers import Feature, Wish, read_layer, write_layer
from tests.conftest import ClientOf
from tests.tables import unchanged
from tests.world import SIDE, SOUTH, WEST

COMMUNITY = "330281002011"
LOOK, DRAFT = "/api/v1/console/divisions/layers", "/api/v1/console/divisions/layers/draft"
pytestmark = pytest.mark.usefixtures("time_machine_at_noon")


@pytest.fixture
def street(client_of: ClientOf) -> APIClient:
    return client_of("street:002")


def grids(count: int = 3) -> list[Feature]:
    return [
        Feature(
            n + 1, "", {"WGBM": f"{COMMUNITY}{n + 1:03d}", "WGMC": f"新第{n + 1}网格", "MJ": 1.5},
            shapely.box(WEST + n * SIDE, SOUTH, WEST + (n + 1) * SIDE, SOUTH + SIDE),
        )
        for n in range(count)
    ]  # fmt: skip


def layer(features: list[Feature] | None = None, kind: str = "gpkg", **more: Any) -> bytes:
    drawn = grids() if features is None else features
    return write_layer(drawn, fields=list(drawn[0].attributes), name="g", file_format=kind, **more).content


def sent(client: APIClient, address: str, content: bytes, name: str = "网格.gpkg", **more: str) -> Any:
    body = {"parent": COMMUNITY, "file": SimpleUploadedFile(name, content), **more}
    return client.post(address, body, format="multipart")


def bow_tie() -> Feature:
    ring = [(WEST, SOUTH), (WEST + SIDE, SOUTH + SIDE), (WEST + SIDE, SOUTH), (WEST, SOUTH + SIDE), (WEST, SOUTH)]
    return Feature(4, "", {"WGBM": "x", "WGMC": "结", "MJ": 2.0}, shapely.Polygon(ring))


def test_a_layer_is_looked_at_and_becomes_a_draft(street: APIClient) -> None:
    content = layer(crs="EPSG:4549")
    with unchanged():
        seen = sent(street, LOOK, content)
    assert seen.status_code == 200, seen.content
    told = seen.json()
    assert (told["file_format"], told["crs"], told["rows"], told["usable"]) == ("gpkg", "EPSG:4549", 3, 3)
    assert [(one["name"], one["meaning"]) for one in told["columns"]] == [
        ("WGBM", "code"), ("WGMC", "name"), ("MJ", ""),
    ]  # fmt: skip
    assert told["columns"][1]["values"] == ["新第1网格", "新第2网格", "新第3网格"]
    assert (told["faults"], told["is_thinned"]) == ([], False)
    assert [(note["code"], note["detail"]) for note in told["notes"]] == [
        ("fields_dropped", "columns that are not taken over: MJ")
    ]
    assert [one["properties"]["name"] for one in told["features"]["features"]] == told["columns"][1]["values"]
    assert told["ground"]["type"] == "Polygon"

    made = sent(street, DRAFT, content, name="网格.gpkg", **{"fields": "name=WGBM"})
    assert made.status_code == 422  # a draft needs a name
    made = street.post(
        DRAFT,
        {"parent": COMMUNITY, "name": "新图层", "file": SimpleUploadedFile("网格.gpkg", content)},
        format="multipart",
    )
    assert made.status_code == 201, made.content
    draft = made.json()
    assert (draft["state"], draft["source"], draft["outlines"]) == ("draft", "网格.gpkg", 3)
    checked = street.post(f"/api/v1/console/divisions/{draft['id']}/check", {"version": 1}, format="json").json()
    assert (checked["state"], checked["report"]["blocking"]) == ("checked", 0)


def test_a_bad_feature_is_told_and_stops_the_draft(street: APIClient) -> None:
    content = layer([*grids(), bow_tie()])
    seen = sent(street, LOOK, content).json()
    assert (seen["rows"], seen["usable"], seen["fault_count"]) == (4, 3, 1)
    [fault] = seen["faults"]
    assert (fault["row"], fault["place"], fault["code"]) == (4, "fid 4", "self_intersection")
    assert fault["spot"] == pytest.approx([WEST + SIDE / 2, SOUTH + SIDE / 2])
    with unchanged():
        refused = street.post(
            DRAFT, {"parent": COMMUNITY, "name": "x", "file": SimpleUploadedFile("g.gpkg", content)}, format="multipart"
        )
    assert (refused.status_code, refused.json()["code"], refused.json()["reason"]) == (422, "bad_layer", "bad_features")
    assert [one["row"] for one in refused.json()["faults"]] == [4]


@pytest.mark.parametrize(
    ("content", "name", "said", "pointer", "reason"),
    [
        (b"", "g.gpkg", {}, "#/file", "empty"),
        (b"hello", "g.gpkg", {}, "#/file", "format_unknown"),
        (layer(kind="csv").replace(b"SRID=4326;", b""), "g.csv", {}, "#/crs", "crs_missing"),
        (layer(), "g.gpkg", {"crs": "EPSG:4610"}, "#/crs", "crs_datum"),
        (layer(), "g.gpkg", {"layer": "other"}, "#/layer", "layer_unknown"),
        (layer(kind="csv"), "g.csv", {"encoding": "zlib"}, "#/encoding", "unknown_encoding"),
        (layer(), "g.gpkg", {"fields": "code=DM"}, "#/fields", "bad_mapping"),
        (layer(), "g.gpkg", {"level": "street"}, "#/level", "invalid_choice"),
        (layer(), "g.gpkg", {"parent": f"{COMMUNITY}001"}, "#/level", "bad_level"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-",
)
def test_a_file_that_cannot_be_used_names_what_to_change(
    street: APIClient, *, content: bytes, name: str, said: dict[str, str], pointer: str, reason: str
) -> None:
    answer = sent(street, LOOK, content, name=name, **said)
    assert answer.status_code == 422, answer.content
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [(pointer, reason)]


def test_the_reason_is_told_in_both_languages(street: APIClient) -> None:
    for language, part in (("en", "datum"), ("zh-CN", "坐标系")):
        body = {"parent": COMMUNITY, "crs": "EPSG:4610", "file": SimpleUploadedFile("g.gpkg", layer())}
        answer = street.post(LOOK, body, format="multipart", headers={"Accept-Language": language})
        assert part in answer.json()["detail"]


def test_a_file_over_the_limit_is_not_even_read(street: APIClient) -> None:
    body = {"parent": COMMUNITY, "file": SimpleUploadedFile("g.gpkg", b"\x00" * (uploads.MOST_BYTES + 50_000))}
    assert street.post(LOOK, body, format="multipart").status_code == 413


def test_readers_are_few_and_the_others_are_told(street: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Queue(workers=1, places=1, wait_s=0.05, busy=LayersBusy)
    monkeypatch.setattr(uploads, "_queue", queue)
    with queue.turn():
        busy = sent(street, LOOK, layer())
    assert (busy.status_code, busy.json()["code"]) == (503, "layers_busy")
    assert sent(street, LOOK, layer()).status_code == 200


def test_only_those_above_a_community_draft_and_only_their_own(client_of: ClientOf) -> None:
    assert sent(client_of("community:002011"), LOOK, layer()).status_code == 403
    assert sent(client_of("street:003"), LOOK, layer()).status_code == 404
    assert sent(client_of("district"), LOOK, layer()).status_code == 200


def test_a_preview_for_the_map_is_thinned_and_the_draft_is_not(
    street: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "SHOWN_VERTICES", 10)
    assert sent(street, LOOK, layer()).json()["is_thinned"]


@pytest.mark.parametrize("kind", ["gpkg", "shp", "geojson", "kml", "csv"])
def test_a_draft_and_what_was_published_are_written(street: APIClient, kind: str) -> None:
    body = {"parent": COMMUNITY, "name": "x", "file": SimpleUploadedFile("g.gpkg", layer())}
    draft = street.post(DRAFT, body, format="multipart").json()
    published = Division.objects.get(parent__code="330281", level="grid")
    answer = street.get(f"/api/v1/console/divisions/{draft['id']}/layer", {"file_format": kind})
    assert answer.status_code == 200, answer.content
    name = answer.headers["Content-Disposition"].split('"')[1]
    back = read_layer(answer.content, name=name, wish=Wish())
    assert [one.attributes["code"] for one in back.features] == [f"{COMMUNITY}00{n}" for n in (1, 2, 3)]
    assert street.get(f"/api/v1/console/divisions/{published.pk}/layer").status_code == 404  # the county's


def test_boundaries_of_any_moment_are_written(street: APIClient, client_of: ClientOf, now: datetime) -> None:
    address = "/api/v1/console/boundaries"
    answer = street.get(address, {"crs": "EPSG:4549", "within": COMMUNITY})
    back = read_layer(answer.content, name="g.gpkg", wish=Wish())
    assert (back.crs, len(back.features)) == ("EPSG:4549", 3)
    assert len(read_layer(street.get(address).content, name="g.gpkg", wish=Wish()).features) == 6
    community = client_of("community:002011").get(address, {"level": "community"})
    assert len(read_layer(community.content, name="g.gpkg", wish=Wish()).features) == 1
    before = street.get(address, {"at": (now - timedelta(days=500)).isoformat()})
    assert (before.status_code, before.json()["reason"]) == (422, "empty")
    assert street.get(address, {"within": "330281003001"}).status_code == 404
    assert street.get(address, {"file_format": "kml", "crs": "EPSG:4549"}).json()["reason"] == "crs_for_format"
    assert street.get(address, {"file_format": "dxf"}).status_code == 422
