"""A home visit: free windows, booking one, the same again, giving it back."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.cases.models import Case
from backend.inspections.models import Appointment
from tests.mobile_api.conftest import report_of
from tests.world import World


@pytest.fixture
def resident(client_of) -> APIClient:
    return client_of("resident:1")


def windows(world: World, client: APIClient) -> list[dict[str, Any]]:
    lon, lat = world.middle_of("002011001")
    matter = world.matters["pension_life_proof"].pk
    answer = client.get("/api/v1/slots", {"matter": matter, "lon": lon, "lat": lat, "crs": "wgs84"})
    assert answer.status_code == 200, answer.json()
    assert answer.json()["grid"]["code"] == "330281002011001"
    return [slot for slot in answer.json()["items"] if slot["left"] > 0]


def booking(world: World, slot: dict[str, Any]) -> dict[str, Any]:
    return {
        **report_of(world, matter="pension_life_proof"),
        "address": "测试路 1 号 101",
        "slot": {"start": slot["start"], "end": slot["end"]},
        "contact": {"name": "李四", "phone": "19900001111"},
        "note": "老人在家",
    }


def test_booking_takes_a_window_and_cancelling_gives_it_back(
    world: World, anonymous: APIClient, resident: APIClient
) -> None:
    slot = windows(world, anonymous)[0]
    body = booking(world, slot)
    booked = resident.post("/api/v1/appointments", body, format="json")
    assert booked.status_code == 201, booked.json()
    assert booked.json()["appointment"]["window"] == {"start": slot["start"], "end": slot["end"]}
    again = resident.post("/api/v1/appointments", body, format="json")
    assert (again.status_code, again.json()) == (200, booked.json())
    assert (Case.objects.count(), Appointment.objects.count()) == (1, 1)
    left = {one["start"]: one["left"] for one in windows(world, anonymous)}
    assert left.get(slot["start"], 0) < slot["left"]
    seen = resident.get(f"/api/v1/my/requests/{body['id']}").json()
    assert seen["appointment"]["state"] == "booked"
    cancelled = resident.post(f"/api/v1/appointments/{body['id']}/cancel", {}, format="json").json()
    assert (cancelled["state"], cancelled["appointment"]["state"]) == ("cancelled", "cancelled")
    assert {one["start"]: one["left"] for one in windows(world, anonymous)}[slot["start"]] == slot["left"]


def test_a_full_window_names_others(world: World, anonymous: APIClient, resident: APIClient) -> None:
    slot = windows(world, anonymous)[0]
    answers = [
        resident.post("/api/v1/appointments", booking(world, slot), format="json") for _ in range(slot["left"] + 1)
    ]
    assert [answer.status_code for answer in answers] == [201] * slot["left"] + [409]
    problem = answers[-1].json()
    assert problem["code"] == "slot_taken"
    assert problem["next"]
    assert slot["start"] not in [one["start"] for one in problem["next"]]


def test_what_cannot_be_booked_is_named(world: World, anonymous: APIClient, resident: APIClient) -> None:
    slot = windows(world, anonymous)[0]
    body = booking(world, slot)
    crooked = {"start": slot["start"], "end": slot["start"]}
    incident = str(world.matters["exposed_garbage"].pk)
    for change, code in (({"slot": crooked}, "unknown_slot"), ({"matter": incident}, "not_bookable")):
        answer = resident.post("/api/v1/appointments", {**body, **change}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    nobody = anonymous.post("/api/v1/appointments", body, format="json")
    assert (nobody.status_code, nobody.json()["code"]) == (401, "not_authenticated")
    assert Case.objects.count() == 0


def test_a_visit_is_moved_to_a_window_that_is_offered_for_it(
    world: World, anonymous: APIClient, resident: APIClient, client_of
) -> None:
    slots = windows(world, anonymous)
    body = booking(world, slots[0])
    resident.post("/api/v1/appointments", body, format="json")
    address = f"/api/v1/appointments/{body['id']}"
    assert resident.get(f"/api/v1/my/requests/{body['id']}").json()["may"]["move"] is True
    offered = resident.get(f"{address}/slots").json()["items"]
    wanted = next(one for one in offered if one["start"] != slots[0]["start"] and one["left"] > 0)
    slot = {"slot": {"start": wanted["start"], "end": wanted["end"]}}
    foreign = client_of("resident:2").post(f"{address}/move", slot, format="json")
    assert (foreign.status_code, foreign.json()["code"]) == (404, "appointment_not_found")
    moved = resident.post(f"{address}/move", slot, format="json")
    assert moved.status_code == 200, moved.json()
    assert moved.json()["appointment"]["window"] == slot["slot"]
    assert [one["kind"] for one in moved.json()["timeline"]][-1] == "rebook"
    # The booking itself, sent again by a phone that never heard its answer, tells of the visit as it is now.
    again = resident.post("/api/v1/appointments", body, format="json")
    assert (again.status_code, again.json()["appointment"]["window"]) == (200, slot["slot"])
    crooked = {"slot": {"start": wanted["start"], "end": wanted["start"]}}
    refused = resident.post(f"{address}/move", crooked, format="json")
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_slot")
