"""The worker's way: the day, a case from taking on to handing in, a patrol, a visit, and the same off line."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from rest_framework.test import APIClient

from backend.cases.models import Case, CaseEvent
from backend.core.clock import LOCAL
from backend.core.ids import uuid7
from backend.inspections.models import Route, Stop, StopDuty, Visit, WeeklyPlan
from backend.sync.models import Receipt
from tests.mobile_api.conftest import absent, picture, report_of
from tests.world import World

LEADER = "leader:002011001"


def plan_stop(world: World, *, grid: str = "002011001", worker: str = LEADER) -> Stop:
    """A stop of a published plan of today, at a place with a fire-lane duty in the middle of the grid."""
    place = world.add_place(f"P{Stop.objects.count()}", grid=grid)
    today = timezone.now().astimezone(LOCAL).date()
    start = timezone.now().replace(microsecond=0)
    plan, _ = WeeklyPlan.objects.get_or_create(
        grid=world.grid(grid),
        week_start=today - timedelta(days=today.weekday()),
        version=1,
        defaults={"state": "published", "created_at": start, "published_at": start},
    )
    route, _ = Route.objects.get_or_create(
        plan=plan,
        worker=world.people[worker],
        day=today,
        defaults={
            "shift": DateTimeTZRange(start - timedelta(hours=1), start + timedelta(hours=3)),
            "travel_s": 600,
            "travel_m": 700,
        },
    )
    stop = Stop.objects.create(
        route=route,
        seq=route.stops.count() + 1,
        kind="duty",
        place=place,
        location=Point(*world.middle_of(grid), srid=4326),
        arrive_at=start,
        start_at=start,
        leave_at=start + timedelta(minutes=10),
        reason_code="due_by",
        reason_facts={"all": []},
    )
    StopDuty.objects.create(stop=stop, duty=place.visit_duties.get())
    return stop


@pytest.fixture
def leader(client_of) -> APIClient:
    return client_of(LEADER)


def reported(world: World, anonymous: APIClient, **more: Any) -> str:
    contact = {"name": "王小明", "phone": "13800001234"}
    return anonymous.post("/api/v1/reports", report_of(world, contact=contact, **more), format="json").json()["id"]


def test_a_case_is_taken_on_and_handed_in(world: World, anonymous: APIClient, leader: APIClient) -> None:
    case_id = reported(world, anonymous)
    listed = leader.get("/api/v1/field/cases").json()["items"]
    assert [case["id"] for case in listed] == [case_id]
    case = listed[0]
    assert case["contact"] == {"name": "王小明", "phone": "13800001234"}
    assert case["is_mine"] is True
    assert {one["action"]: one["disabled_reason"] for one in case["actions"]}["submit"] == "not_in_this_state"
    taken = leader.post(
        f"/api/v1/field/cases/{case_id}/actions",
        {"op_id": str(uuid7()), "action": "accept", "version": case["version"]},
        format="json",
    )
    assert taken.status_code == 200, taken.json()
    stale = leader.post(
        f"/api/v1/field/cases/{case_id}/actions",
        {"op_id": str(uuid7()), "action": "submit", "version": case["version"]},
        format="json",
    )
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    assert stale.json()["version"] == taken.json()["version"]


def test_the_same_step_again_gives_the_same_answer(world: World, anonymous: APIClient, leader: APIClient) -> None:
    case_id = reported(world, anonymous)
    step = {"op_id": str(uuid7()), "action": "accept"}
    first = leader.post(f"/api/v1/field/cases/{case_id}/actions", step, format="json")
    again = leader.post(f"/api/v1/field/cases/{case_id}/actions", step, format="json")
    offline = leader.post(
        "/api/v1/field/operations",
        {
            "operations": [
                {"op_id": step["op_id"], "kind": "case_action", "payload": {"action": "accept", "case_id": case_id}}
            ]
        },
        format="json",
    )
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["version"] == again.json()["version"]
    assert offline.json()["receipts"][0]["outcome"] == "applied"
    assert CaseEvent.objects.filter(case_id=case_id, action="accept").count() == 1
    refused = leader.post(f"/api/v1/field/cases/{case_id}/actions", {**step, "op_id": str(uuid7())}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "transition_not_allowed")


def test_contact_is_masked_when_the_case_is_closed(world: World, anonymous: APIClient, client_of) -> None:
    case_id = reported(world, anonymous)
    worker = client_of("worker:002011001")
    assert worker.get(f"/api/v1/field/cases/{case_id}").json()["contact"]["phone"] == "13800001234"
    Case.objects.filter(pk=case_id).update(state="closed")
    assert worker.get(f"/api/v1/field/cases/{case_id}").json()["contact"] == {"name": "王**", "phone": "138****1234"}


def test_dealt_with_on_the_spot(world: World, leader: APIClient) -> None:
    claims = []
    for _ in range(2):
        stored = leader.post("/api/v1/photos", {"id": str(uuid7()), "file": picture()}, format="multipart").json()
        claims.append({"id": stored["id"], "claim": stored["claim"]})
    body = report_of(world, self_handled={"note": "已清扫", "photos_before": claims[:1], "photos_after": claims[1:]})
    case = leader.post("/api/v1/field/reports", body, format="json")
    assert case.status_code == 201, case.json()
    assert case.json()["state"] == "closed"
    assert {photo["purpose"] for photo in case.json()["photos"]} == {"before", "after"}
    assert leader.post("/api/v1/field/reports", body, format="json").status_code == 200


def test_a_patrol_reaches_its_stop_and_the_visit_is_recorded(world: World, leader: APIClient) -> None:
    stop = plan_stop(world)
    today = leader.get("/api/v1/field/today").json()
    assert [row["id"] for row in today["stops"]] == [str(stop.pk)]
    assert today["stops"][0]["targets"][0]["name"] == {"zh": "消防通道", "en": "Fire lane"}
    assert today["stops"][0]["place"]["name_en"] == stop.place.name_en != ""
    assert today["route"]["distance_m"] == 700
    session_id = str(uuid7())
    begin = timezone.now() - timedelta(minutes=5)
    start = {"id": session_id, "started_at": begin.isoformat(), "purpose": "patrol"}
    early = leader.post("/api/v1/field/sessions", start, format="json")
    assert (early.status_code, early.json()["code"]) == (403, "consent_missing")
    consent = {"purpose": "patrol_track", "notice_version": "1", "granted": True}
    assert leader.post("/api/v1/field/consents", consent, format="json").status_code == 201
    assert leader.get("/api/v1/field/consents").json()["items"][0]["granted"] is True
    assert leader.post("/api/v1/field/sessions", start, format="json").status_code == 201
    lon, lat = world.middle_of("002011001")
    points = [
        {
            "seq": n,
            "at": (begin + timedelta(seconds=20 * n)).isoformat(),
            "lon": lon,
            "lat": lat,
            "crs": "wgs84",
            "accuracy_m": 6,
        }
        for n in range(12)
    ]
    points.append({"seq": 99, "at": "yesterday", "lon": lon, "lat": lat, "crs": "wgs84", "accuracy_m": 6})
    packed = gzip.compress(json.dumps({"points": points}).encode())
    sent = leader.generic(
        "POST",
        f"/api/v1/field/sessions/{session_id}/positions",
        packed,
        content_type="application/json",
        HTTP_CONTENT_ENCODING="gzip",
    )
    assert sent.status_code == 200, sent.json()
    assert (sent.json()["accepted"], sent.json()["duplicates"]) == (12, 0)
    assert [row["seq"] for row in sent.json()["rejected"]] == [99]
    assert sent.json()["visited"] == [str(stop.pk)]
    ended = leader.post(
        f"/api/v1/field/sessions/{session_id}/end", {"ended_at": timezone.now().isoformat()}, format="json"
    )
    assert ended.json()["state"] == "ended"
    summary = leader.get(f"/api/v1/field/sessions/{session_id}").json()
    assert (summary["points"], summary["visited"]) == (12, [str(stop.pk)])
    visit = {
        "id": str(uuid7()),
        "op_id": str(uuid7()),
        "outcome": "done",
        "note": "畅通",
        "at": timezone.now().isoformat(),
        "location": {"lon": lon, "lat": lat, "crs": "wgs84"},
    }
    for _ in range(2):
        stored = leader.post(f"/api/v1/field/stops/{stop.pk}/visit", visit, format="json")
        assert stored.status_code == 201, stored.json()
    assert Visit.objects.count() == 1
    assert leader.get("/api/v1/field/today").json()["stops"][0]["state"] == "done"
    week = leader.get("/api/v1/field/week").json()
    assert sum(len(day["stops"]) for day in week["days"]) == 1


def test_one_refused_operation_never_blocks_the_others(world: World, anonymous: APIClient, leader: APIClient) -> None:
    case_id, stop = reported(world, anonymous), plan_stop(world)
    operations = [
        {"op_id": str(uuid7()), "kind": "case_action", "payload": {"case_id": str(absent()), "action": "accept"}},
        {"op_id": str(uuid7()), "kind": "case_action", "payload": {"case_id": case_id, "action": "dance"}},
        {"op_id": str(uuid7()), "kind": "teleport", "payload": {}},
        {"op_id": str(uuid7()), "kind": "report_case", "payload": report_of(world, location={"lon": 1, "lat": 2})},
        {"op_id": str(uuid7()), "kind": "case_action", "payload": {"case_id": case_id, "action": "accept"}},
        {"op_id": str(uuid7()), "kind": "skip_stop", "payload": {"stop_id": str(stop.pk), "reason": "道路封闭"}},
        {"op_id": str(uuid7()), "kind": "report_case", "payload": report_of(world)},
    ]
    receipts = leader.post("/api/v1/field/operations", {"operations": operations}, format="json").json()["receipts"]
    assert [row["outcome"] for row in receipts] == ["refused"] * 4 + ["applied"] * 3
    assert [row["problem"]["code"] for row in receipts[:3]] == ["case_not_found", "invalid", "unknown_operation"]
    assert receipts[3]["problem"]["errors"][0] == {
        "pointer": "#/location/crs",
        "code": "crs_missing",
        "detail": "Declare the coordinate system: wgs84, cgcs2000, gcj02 or bd09.",
    }
    again = leader.post("/api/v1/field/operations", {"operations": operations}, format="json").json()["receipts"]
    assert again == receipts
    assert (Case.objects.count(), Receipt.objects.count()) == (2, 7)
    changed = {**operations[4], "payload": {"case_id": case_id, "action": "submit"}}
    reused = leader.post("/api/v1/field/operations", {"operations": [changed]}, format="json").json()["receipts"][0]
    assert (reused["outcome"], reused["problem"]["code"]) == ("refused", "op_id_reused")


def test_another_workers_stop_session_and_case_look_absent(world: World, anonymous: APIClient, client_of) -> None:
    stop, case_id = plan_stop(world), reported(world, anonymous)
    other = client_of("leader:002012001")
    pairs = [
        (f"/api/v1/field/cases/{case_id}", f"/api/v1/field/cases/{absent()}"),
        (f"/api/v1/field/stops/{stop.pk}", f"/api/v1/field/stops/{absent()}"),
    ]
    for foreign, missing in pairs:
        answers = [other.get(path) for path in (foreign, missing)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert {**answers[0].json(), "request_id": ""} == {**answers[1].json(), "request_id": ""}


def test_the_list_of_cases_asks_the_same_number_of_queries(
    world: World, leader: APIClient, anonymous: APIClient, django_assert_max_num_queries
) -> None:
    for _ in range(12):
        reported(world, anonymous)
    with django_assert_max_num_queries(18):
        assert len(leader.get("/api/v1/field/cases").json()["items"]) == 12


def test_changes_begin_with_a_cursor_of_ones_own(world: World, leader: APIClient, client_of) -> None:
    begun = leader.get("/api/v1/field/changes").json()
    assert (begun["changes"], begun["more"]) == ([], False)
    assert leader.get("/api/v1/field/changes", {"cursor": begun["cursor"]}).status_code == 200
    stolen = client_of("leader:002012001").get("/api/v1/field/changes", {"cursor": begun["cursor"]})
    assert (stolen.status_code, stolen.json()["code"]) == (422, "bad_cursor")


def test_a_round_is_seen_once_whether_sent_directly_or_later(world: World, leader: APIClient, client_of) -> None:
    plan = plan_stop(world).route.plan
    assert leader.get("/api/v1/field/today").json()["route"]["plan_ids"] == [str(plan.pk)]
    op = {"op_id": str(uuid7()), "kind": "see_plan", "payload": {"plan_id": str(plan.pk)}}
    captured = timezone.now() + timedelta(milliseconds=1)
    batch = {"operations": [{**op, "captured_at": captured.isoformat()}]}
    receipts = [leader.post("/api/v1/field/operations", batch, format="json").json()["receipts"][0] for _ in range(2)]
    assert [one["outcome"] for one in receipts] == ["applied", "applied"]
    direct = leader.post(f"/api/v1/field/plans/{plan.pk}/seen", {"op_id": str(uuid7())}, format="json").json()
    assert direct == receipts[0]["result"] == receipts[1]["result"]
    desk = client_of("community:002011").get(f"/api/v1/console/plans/{plan.pk}").json()
    assert [one["seen_at"] for one in desk["readers"]] == [direct["seen_at"]]
    foreign = client_of("leader:002011002").post(
        f"/api/v1/field/plans/{plan.pk}/seen", {"op_id": str(uuid7())}, format="json"
    )
    assert (foreign.status_code, foreign.json()["code"]) == (404, "plan_not_found")
