"""The resident's way: find a matter, look where a point belongs, report with a photo, follow, rate."""

from io import BytesIO

import pytest
from PIL import Image
from rest_framework.test import APIClient

from backend.cases import services
from backend.cases.models import Case, Photo
from backend.cases.services import Step
from backend.cases.workflow import Action
from backend.core.ids import uuid7
from tests.mobile_api.conftest import absent, picture, report_of
from tests.world import World


def close(case_id: object, world: World) -> None:
    """Takes a dispatched case to its end."""
    from django.utils import timezone

    leader, desk = world.actor("leader:002011001"), world.actor("community:002011")
    for actor, action in ((leader, Action.ACCEPT), (leader, Action.SUBMIT), (desk, Action.CLOSE)):
        services.act(actor=actor, case_id=case_id, step=Step(action), now=timezone.now())


def test_the_published_list_holds_public_matters_only(world: World, anonymous: APIClient, client_of) -> None:
    listed = anonymous.get("/api/v1/matters?kind=home_service").json()["items"]
    assert [matter["slug"] for matter in listed] == ["pension_life_proof"]
    life_proof = listed[0]
    assert life_proof["materials"] == {"zh": ["身份证"], "en": ["identity card"]}
    assert life_proof["time_limit"] == {"zh": "5 个工作日", "en": "5 working days"}
    inner = world.matters["inner_tip"].pk
    answer = anonymous.get(f"/api/v1/matters/{inner}")
    assert (answer.status_code, answer.json()["code"]) == (404, "matter_not_found")
    assert client_of("worker:002011001").get(f"/api/v1/matters/{inner}").status_code == 200


def test_a_point_shows_its_grid_and_a_masked_leader(world: World, anonymous: APIClient) -> None:
    lon, lat = world.middle_of("002011002")
    found = anonymous.get("/api/v1/locate", {"lon": lon, "lat": lat, "crs": "wgs84", "accuracy_m": 5}).json()
    assert found["kind"] == "inside"
    assert found["grid"]["code"] == "330281002011002"
    assert found["leader_name"] == "测**"
    assert found["duty_phone"] == "0574-0000000"


def test_report_with_photo_is_followed_by_its_code_and_rated(world: World, anonymous: APIClient) -> None:
    photo_id = str(uuid7())
    stored = anonymous.post("/api/v1/photos", {"id": photo_id, "file": picture()}, format="multipart")
    assert stored.status_code == 201, stored.json()
    body = report_of(world, photos=[{"id": photo_id, "claim": stored.json()["claim"]}])
    first = anonymous.post("/api/v1/reports", body, format="json")
    assert first.status_code == 201, first.json()
    report = first.json()
    assert report["grid"]["code"] == "330281002011001"
    assert report["state"] == "pending_handle"
    assert report["responsible"] == {"name_masked": "测**", "post": "leader"}
    assert report["decision"]["kind"] == "inside"
    assert report["due_at"]

    again = anonymous.post("/api/v1/reports", body, format="json")
    assert (again.status_code, again.json()) == (200, report)
    other = anonymous.post("/api/v1/reports", {**body, "description": "别的"}, format="json")
    assert (other.status_code, other.json()["code"]) == (422, "id_reused")
    assert Case.objects.count() == 1

    key = {"number": report["number"], "code": report["tracking_code"]}
    seen = anonymous.get("/api/v1/reports/track", key).json()
    assert [line["kind"] for line in seen["timeline"]] == ["report", "file", "dispatch"]
    shown = anonymous.get(seen["photos"][0])
    assert shown.status_code == 200
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert Image.open(BytesIO(b"".join(shown.streaming_content))).size == (64, 48)
    wrong = anonymous.get("/api/v1/reports/track", {**key, "code": "AAAAAAAA"})
    missing = anonymous.get("/api/v1/reports/track", {**key, "number": "20260101330281999"})
    assert wrong.status_code == missing.status_code == 404
    assert {**wrong.json(), "request_id": ""} == {**missing.json(), "request_id": ""}

    rating = {**key, "responded": True, "solved": True, "satisfied": 5, "comment": "很快"}
    early = anonymous.post("/api/v1/reports/track/rate", rating, format="json")
    assert (early.status_code, early.json()["code"]) == (409, "transition_not_allowed")
    close(report["id"], world)
    rated = anonymous.post("/api/v1/reports/track/rate", rating, format="json").json()
    assert (rated["stage"], rated["rating"]["satisfied"]) == ("evaluated", 5)
    twice = anonymous.post("/api/v1/reports/track/rate", rating, format="json")
    assert twice.json()["code"] == "already_rated"


def test_a_resident_sees_cancels_and_reopens_only_own_requests(world: World, client_of) -> None:
    mine, other = client_of("resident:1"), client_of("resident:2")
    first = mine.post("/api/v1/reports", report_of(world), format="json").json()
    second = mine.post("/api/v1/reports", report_of(world, grid="002011002"), format="json").json()
    assert [row["number"] for row in mine.get("/api/v1/my/requests").json()["items"]] == [
        second["number"],
        first["number"],
    ]
    assert other.get("/api/v1/my/requests").json()["items"] == []
    foreign = other.get(f"/api/v1/my/requests/{first['id']}")
    nothing = other.get(f"/api/v1/my/requests/{absent()}")
    assert {**foreign.json(), "request_id": ""} == {**nothing.json(), "request_id": ""}
    cancelled = mine.post(f"/api/v1/my/requests/{second['id']}/cancel", {"reason": "已自行清理"}, format="json")
    assert cancelled.json()["state"] == "cancelled"
    close(first["id"], world)
    reopened = mine.post(f"/api/v1/my/requests/{first['id']}/reopen", {"reason": "还有垃圾"}, format="json")
    assert reopened.json()["state"] == "pending_handle"


def test_pages_of_own_requests_hold_every_row_once(world: World, client_of, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobile_api.public.views.PAGE", 2)
    mine, other = client_of("resident:1"), client_of("resident:2")
    sent = [mine.post("/api/v1/reports", report_of(world), format="json").json()["id"] for _ in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = mine.get("/api/v1/my/requests", {"cursor": cursor}).json()
        seen += [row["id"] for row in page["items"]]
        cursor = page["next"]
        if cursor:
            stolen = other.get("/api/v1/my/requests", {"cursor": cursor})
            assert (stolen.status_code, stolen.json()["code"]) == (422, "cursor_not_valid")
    assert seen == sent[::-1]


def test_anonymous_reports_are_limited_by_address(world: World, anonymous: APIClient, settings) -> None:
    settings.HOURLY_LIMITS = {**settings.HOURLY_LIMITS, "anonymous_report": 2}
    answers = [anonymous.post("/api/v1/reports", report_of(world), format="json") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert int(answers[2]["Retry-After"]) > 0
    assert Case.objects.count() == 2


def test_a_photo_address_is_for_one_person(world: World, client_of) -> None:
    mine, other = client_of("resident:1"), client_of("resident:2")
    stored = mine.post("/api/v1/photos", {"id": str(uuid7()), "file": picture()}, format="multipart").json()
    assert mine.get(stored["url"]).status_code == 200
    assert other.get(stored["url"]).status_code == 404
    assert mine.get("/media/photos/forged").status_code == 404
    assert Photo.objects.get().state == "ready"


def test_the_proxy_sends_the_picture_where_there_is_one(world: World, client_of, settings) -> None:
    settings.PHOTO_SENDFILE_PREFIX = "/_media/"
    mine = client_of("resident:1")
    stored = mine.post("/api/v1/photos", {"id": str(uuid7()), "file": picture()}, format="multipart").json()
    shown = mine.get(stored["url"])
    assert shown["X-Accel-Redirect"] == f"/_media/photos/{Photo.objects.get().file_key}"
    assert shown.content == b""
