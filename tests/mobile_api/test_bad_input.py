"""Bad input gets its named error and changes nothing."""

import json
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.cases import painting
from backend.cases.errors import PaintersBusy, PhotoTooHeavy
from backend.core.errors import DomainError
from backend.core.ids import uuid7
from tests.mobile_api.conftest import absent, picture, report_of
from tests.tables import unchanged
from tests.world import World


@pytest.fixture
def nothing_changes(world: World) -> Iterator[None]:
    with unchanged():
        yield


POINTS = [
    ("another country", {"lon": 2.3522, "lat": 48.8566, "crs": "wgs84"}, "outside_china", "#/location"),
    ("swapped axes", {"lon": 30.05, "lat": 121.17, "crs": "wgs84"}, "axes_swapped", "#/location/lon"),
    ("swapped axes in range", {"lon": 43.8, "lat": 87.6, "crs": "wgs84"}, "axes_swapped", "#/location"),
    ("swapped axes, GCJ-02", {"lon": 30.05, "lat": 121.17, "crs": "gcj02"}, "axes_swapped", "#/location/lon"),
    ("undeclared system", {"lon": 121.17, "lat": 30.05}, "crs_missing", "#/location/crs"),
    ("unknown system", {"lon": 121.17, "lat": 30.05, "crs": "EPSG:4549"}, "unknown_crs", "#/location/crs"),
    ("metres as degrees", {"lon": 516000, "lat": 3325000, "crs": "wgs84"}, "out_of_range", "#/location/lon"),
    ("text", {"lon": "121.17", "lat": 30.05, "crs": "wgs84"}, "not_a_number", "#/location/lon"),
    ("true", {"lon": True, "lat": 30.05, "crs": "wgs84"}, "not_a_number", "#/location/lon"),
    ("negative accuracy", {"lon": 121.17, "lat": 30.05, "crs": "wgs84", "accuracy_m": -1}, "min_value",
     "#/location/accuracy_m"),
]  # fmt: skip


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(("location", "code", "pointer"), [row[1:] for row in POINTS], ids=[row[0] for row in POINTS])
def test_a_point_that_cannot_be(
    world: World, anonymous: APIClient, location: dict[str, Any], code: str, pointer: str
) -> None:
    answer = anonymous.post("/api/v1/reports", report_of(world, location=location), format="json")
    assert answer.status_code == 422
    problem = answer.json()
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [(pointer, code)]
    assert problem["code"] in (code, "invalid")


@pytest.mark.usefixtures("nothing_changes")
def test_a_point_in_another_city_is_outside_the_served_area(world: World, anonymous: APIClient) -> None:
    location = {"lon": 116.39, "lat": 39.9, "crs": "wgs84"}
    answer = anonymous.post("/api/v1/reports", report_of(world, location=location), format="json")
    assert (answer.status_code, answer.json()["code"]) == (422, "outside_served_area")


RAW = [
    ("NaN", b'{"lon": NaN}', "not_a_number", 400),
    ("Infinity", b'{"lon": -Infinity}', "not_a_number", 400),
    ("1e400", b'{"lon": 1e400}', "not_finite", 400),
    ("5000 digits", b'{"lon": ' + b"9" * 5000 + b"}", "not_json", 400),
    ("doubled key", b'{"id": 1, "id": 2}', "doubled_key", 400),
    ("depth 33", b"[" * 33 + b"]" * 33, "too_deep", 400),
    ("depth 100000", b"[" * 100_000 + b"]" * 100_000, "too_deep", 400),
    ("bad UTF-8", b'{"description": "\xff\xfe"}', "not_utf8", 400),
    ("GBK", '{"description": "垃圾"}'.encode("gbk"), "not_utf8", 400),
    ("lone surrogate", b'{"description": "\\ud800"}', "not_utf8", 400),
    ("U+0000", b'{"description": "a\\u0000b"}', "zero_character", 400),
    ("U+0000 in a key", b'{"a\\u0000": 1}', "zero_character", 400),
    ("byte order mark", b"\xef\xbb\xbf{}", "not_json", 400),
    ("cut off", b'{"id": ', "not_json", 400),
    ("a list", b"[]", "invalid", 422),
    ("1 MB", b'{"description": "' + b"a" * 1_000_000 + b'"}', "body_too_large", 413),
]


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(("body", "code", "status"), [row[1:] for row in RAW], ids=[row[0] for row in RAW])
def test_json_that_is_none(world: World, anonymous: APIClient, body: bytes, code: str, status: int) -> None:
    answer = anonymous.generic("POST", "/api/v1/reports", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("axis", ["lon", "lat"])
def test_a_whole_report_at_no_place(world: World, anonymous: APIClient, axis: str, number: str) -> None:
    body = report_of(world)
    body["location"][axis] = float(number)
    answer = anonymous.generic("POST", "/api/v1/reports", json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "not_a_number")


@pytest.mark.usefixtures("nothing_changes")
def test_an_unknown_matter_and_condition(world: World, anonymous: APIClient) -> None:
    unknown = anonymous.post("/api/v1/reports", {**report_of(world), "matter": str(absent())}, format="json")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_matter")
    assert unknown.json()["errors"][0]["pointer"] == "#/matter"
    inner = anonymous.post("/api/v1/reports", report_of(world, matter="inner_tip"), format="json")
    assert inner.json()["code"] == "unknown_matter"
    condition = anonymous.post("/api/v1/reports", report_of(world, condition="99"), format="json")
    assert condition.json()["code"] == "unknown_condition"


def header_of(width: int, height: int) -> BytesIO:
    """A PNG whose header claims a size; there is nearly nothing behind it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    file = BytesIO(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b""))
    file.name = "huge.png"
    return file


FILES = [
    ("200 megapixels", lambda: header_of(20_000, 10_000), "too_many_pixels"),
    ("900 megapixels", lambda: header_of(30_000, 30_000), "too_many_pixels"),
    ("no picture", lambda: _named(b"<svg onload=alert(1)>", "a.jpg"), "not_a_picture"),
    ("a GIF", lambda: picture(kind="GIF"), "not_a_picture"),
    ("half a JPEG", lambda: _named(picture(400, 400).getvalue()[:700], "half.jpg"), "not_a_picture"),
]


def _named(content: bytes, name: str) -> BytesIO:
    file = BytesIO(content)
    file.name = name
    return file


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(("make", "reason"), [row[1:] for row in FILES], ids=[row[0] for row in FILES])
def test_a_photo_that_cannot_be_taken(world: World, anonymous: APIClient, make: Any, reason: str) -> None:
    answer = anonymous.post("/api/v1/photos", {"id": str(uuid7()), "file": make()}, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_photo")
    assert answer.json()["errors"][0]["code"] == reason


@pytest.mark.usefixtures("nothing_changes")
def test_a_photo_above_ten_megabytes(world: World, anonymous: APIClient) -> None:
    file = _named(b"\xff\xd8" + b"\0" * 10_100_000, "big.jpg")
    answer = anonymous.post("/api/v1/photos", {"id": str(uuid7()), "file": file}, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.usefixtures("nothing_changes", "world")
@pytest.mark.parametrize(
    ("error", "answered"),
    [(PaintersBusy("later"), (503, "busy", "5")), (PhotoTooHeavy("smaller"), (422, "photo_too_heavy", None))],
)
def test_a_photo_that_no_painter_finishes(
    anonymous: APIClient, monkeypatch: pytest.MonkeyPatch, error: DomainError, answered: tuple[int, str, str | None]
) -> None:
    def refuse(content: bytes) -> None:
        raise error

    monkeypatch.setattr(painting, "repaint", refuse)
    answer = anonymous.post("/api/v1/photos", {"id": str(uuid7()), "file": picture()}, format="multipart")
    assert (answer.status_code, answer.json()["code"], answer.headers.get("Retry-After")) == answered


def test_a_photo_of_somebody_else_cannot_be_claimed(world: World, anonymous: APIClient) -> None:
    stored = anonymous.post("/api/v1/photos", {"id": str(uuid7()), "file": picture()}, format="multipart").json()
    forged = [{"id": stored["id"], "claim": "forged"}]
    with unchanged():
        answer = anonymous.post("/api/v1/reports", report_of(world, photos=forged), format="json")
    assert (answer.status_code, answer.json()["code"]) == (422, "photo_not_claimable")


def test_a_foreign_id_is_refused_and_tells_nothing(world: World, client_of) -> None:
    mine, other = client_of("resident:1"), client_of("resident:2")
    body = report_of(world)
    mine.post("/api/v1/reports", body, format="json")
    other.get("/api/v1/me")  # the first use of a token is noted
    with unchanged():
        stolen = other.post("/api/v1/reports", body, format="json")
    assert (stolen.status_code, stolen.json()["code"]) == (422, "id_reused")
    assert "tracking_code" not in stolen.json()


@pytest.mark.parametrize("worker", ["leader:002011002", "leader:003001001"])
def test_a_case_of_somebody_else_is_not_found(world: World, client_of, worker: str) -> None:
    case = client_of("resident:1").post("/api/v1/reports", report_of(world), format="json").json()["id"]
    step = {"op_id": str(uuid7()), "action": "accept", "note": "", "photos": []}
    stranger = client_of(worker)
    stranger.get("/api/v1/me")
    with unchanged():
        foreign = stranger.post(f"/api/v1/field/cases/{case}/actions", step, format="json")
        nowhere = stranger.post(f"/api/v1/field/cases/{absent()}/actions", step, format="json")
    assert (foreign.status_code, foreign.json()["code"]) == (404, "case_not_found")
    assert foreign.json()["detail"] == nowhere.json()["detail"]


def test_gzip_is_bounded(world: World, client_of) -> None:
    leader = client_of("leader:002011001")
    leader.get("/api/v1/me")
    with unchanged():
        _send_bad_gzip(leader)


def _send_bad_gzip(leader: APIClient) -> None:
    path = f"/api/v1/field/sessions/{absent()}/positions"
    bomb = zlib.compressobj(wbits=31)
    packed = bomb.compress(b" " * 50_000_000) + bomb.flush()
    sent = leader.generic("POST", path, packed, content_type="application/json", HTTP_CONTENT_ENCODING="gzip")
    assert (sent.status_code, sent.json()["code"]) == (413, "body_too_large")
    broken = leader.generic("POST", path, b"no gzip", content_type="application/json", HTTP_CONTENT_ENCODING="gzip")
    assert (broken.status_code, broken.json()["code"]) == (400, "not_gzip")
    other = leader.generic("POST", path, b"{}", content_type="application/json", HTTP_CONTENT_ENCODING="br")
    assert (other.status_code, other.json()["code"]) == (415, "encoding_not_taken")


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer nonsense", "Basic Y2l0eTp4", "bearer " + "a" * 5000, "Token x"],
    ids=lambda text: text[:14],
)
def test_a_token_that_is_none(world: World, header: str) -> None:
    answer = APIClient(HTTP_AUTHORIZATION=header).get("/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("cursor", ["x", "eyJvZiI6IiJ9:1:1", "0" * 399])
def test_a_cursor_that_is_none(world: World, client_of, cursor: str) -> None:
    client = client_of("leader:002011001")
    client.get("/api/v1/me")
    with unchanged():
        assert client.get("/api/v1/field/cases", {"cursor": cursor}).json()["code"] == "cursor_not_valid"
        assert client.get("/api/v1/field/changes", {"cursor": cursor}).json()["code"] == "bad_cursor"
