"""Correcting a case on the phone: on the spot, off line, and after the case has left."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.cases.models import Case
from backend.core.ids import uuid7
from tests.conftest import ClientOf
from tests.mobile_api.conftest import report_of
from tests.world import World

OWN, NORTH = "002011001", "002012001"
FIELD = "/api/v1/field"


@pytest.fixture
def case(world: World, anonymous: APIClient) -> Case:
    told = anonymous.post("/api/v1/reports", report_of(world), format="json")
    return Case.objects.get(pk=told.json()["id"])


def said(world: World, case: Case, **more: Any) -> dict[str, Any]:
    lon, lat = world.middle_of(NORTH)
    return {
        "version": case.version,
        "note": "门牌在隔壁社区",
        "location": {"lon": lon, "lat": lat, "crs": "wgs84"},
        **more,
    }


def test_by_its_own_address_and_again_after_the_case_has_left(world: World, case: Case, client_of: ClientOf) -> None:
    worker, body = client_of(f"worker:{OWN}"), {"op_id": str(uuid7()), **said(world, case)}
    shown = worker.get(f"{FIELD}/cases/{case.pk}").json()
    (offered,) = [one for one in shown["actions"] if one["action"] == "correct"]
    assert offered == {"action": "correct", "needs": ["note"], "disabled_reason": None}
    first, again = (worker.post(f"{FIELD}/cases/{case.pk}/correct", body, format="json") for _ in range(2))
    assert (first.status_code, first.json()) == (200, again.json())
    assert (first.json()["in_sight"], first.json()["grid"]["code"]) == (False, world.grid(NORTH).code)
    assert worker.get(f"{FIELD}/cases/{case.pk}").status_code == 404
    # An accept that was still on its way comes too late.
    late = {"op_id": str(uuid7()), "kind": "case_action", "payload": {"case_id": str(case.pk), "action": "accept"}}
    (receipt,) = worker.post(f"{FIELD}/operations", {"operations": [late]}, format="json").json()["receipts"]
    assert (receipt["outcome"], receipt["problem"]["code"]) == ("refused", "case_not_found")


def test_off_line_through_the_queue_and_by_the_other_door(world: World, case: Case, client_of: ClientOf) -> None:
    worker, op_id = client_of(f"worker:{OWN}"), str(uuid7())
    payload = {"case_id": str(case.pk), **said(world, case, matter=str(world.matters["graffiti_removal"].pk))}
    operation = {"op_id": op_id, "kind": "correct_case", "payload": payload, "captured_at": "2026-11-18T09:00:00+08:00"}
    for _ in range(2):
        (receipt,) = worker.post(f"{FIELD}/operations", {"operations": [operation]}, format="json").json()["receipts"]
        assert (receipt["outcome"], receipt["result"]["grid"]["code"]) == ("applied", world.grid(NORTH).code)
    line = case.events.get(action="correct")
    assert line.captured_at is not None
    assert (line.facts["to_matter"]["en"], line.facts["cause"]) == ("Graffiti Removal", "location")


def test_a_neighbour_and_a_stale_phone_are_refused(world: World, case: Case, client_of: ClientOf) -> None:
    address = f"{FIELD}/cases/{case.pk}/correct"
    stranger = client_of(f"leader:{NORTH}").post(address, {"op_id": str(uuid7()), **said(world, case)}, format="json")
    assert (stranger.status_code, stranger.json()["code"]) == (404, "case_not_found")
    stale = {"op_id": str(uuid7()), **said(world, case, version=case.version - 1)}
    refused = client_of(f"leader:{OWN}").post(address, stale, format="json")
    assert (refused.status_code, refused.json()["code"], refused.json()["version"]) == (
        409,
        "stale_version",
        case.version,
    )
