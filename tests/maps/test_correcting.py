"""Correcting a case at the desk: once an id, the answer says where the case stands, also when it has left."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from backend.cases.models import Case
from backend.core.ids import uuid7
from tests.conftest import ClientOf
from tests.mobile_api.conftest import report_of
from tests.world import World

pytestmark = pytest.mark.usefixtures("clock")
OWN, NORTH = "002011001", "002012001"


@pytest.fixture
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def case(world: World) -> Case:
    told = APIClient().post("/api/v1/reports", report_of(world), format="json")
    return Case.objects.get(pk=told.json()["id"])


def body(world: World, case: Case, **more: Any) -> dict[str, Any]:
    lon, lat = world.middle_of(NORTH)
    where = {"lon": lon, "lat": lat, "crs": "wgs84", "accuracy_m": 5}
    return {"op_id": str(uuid7()), "version": case.version, "note": "门牌在隔壁社区", "location": where, **more}


def test_a_desk_sends_a_case_out_of_its_sight_and_is_told_where_it_went(
    world: World, case: Case, client_of: ClientOf
) -> None:
    desk, said = client_of("community:002011"), body(world, case)
    address = f"/api/v1/console/cases/{case.pk}/correct"
    first, again = (desk.post(address, said, format="json") for _ in range(2))
    assert (first.status_code, first.json()) == (200, again.json())
    told = first.json()
    assert (told["in_sight"], told["owner_kept"]) == (False, False)
    assert (told["grid"]["code"], told["owner"]["kind"]) == (world.grid(NORTH).code, "worker")
    assert case.events.filter(action="correct").count() == 1
    assert desk.get(f"/api/v1/console/cases/{case.pk}").status_code == 404
    other = desk.post(address, {**said, "note": "另一个理由"}, format="json")
    assert (other.status_code, other.json()["code"]) == (422, "op_id_reused")


def test_the_second_of_two_gets_409_with_the_state(world: World, case: Case, client_of: ClientOf) -> None:
    street, address = client_of("street:002"), f"/api/v1/console/cases/{case.pk}/correct"
    assert street.post(address, body(world, case), format="json").status_code == 200
    late = street.post(address, body(world, case), format="json")
    case.refresh_from_db()
    assert (late.status_code, late.json()["code"]) == (409, "stale_version")
    assert (late.json()["version"], late.json()["state"]) == (case.version, "pending_handle")


def test_what_is_wrong_in_a_correction_is_named(world: World, case: Case, client_of: ClientOf) -> None:
    street, address = client_of("street:002"), f"/api/v1/console/cases/{case.pk}/correct"
    for more, pointer, code in (
        ({"note": ""}, "#/note", "blank"),
        ({"location": {"lon": 30.05, "lat": 121.17, "crs": "wgs84"}}, "#/location/lon", "axes_swapped"),
        ({"location": {"lon": 121.17, "lat": 30.05}}, "#/location/crs", "crs_missing"),
        ({"matter": str(uuid7())}, "#/matter", "unknown_matter"),
        ({"location": None, "condition": "1"}, "#/condition", "invalid"),
    ):
        answer = street.post(address, body(world, case, **more), format="json")
        (part,) = answer.json()["errors"]
        assert (answer.status_code, part["pointer"], part["code"]) == (422, pointer, code)
    nothing = street.post(address, body(world, case, location=None), format="json")
    assert (nothing.status_code, nothing.json()["code"]) == (422, "nothing_to_correct")


def test_the_desk_is_offered_it_and_the_history_names_both_owners(
    world: World, case: Case, client_of: ClientOf, clock: time_machine.Traveller
) -> None:
    street = client_of("street:002")
    shown = street.get(f"/api/v1/console/cases/{case.pk}").json()
    assert shown["may_correct"] is True
    assert "correct" not in [one["action"] for one in shown["actions"]]
    to_department = body(world, case, location=None, matter=str(world.matters["dirty_road"].pk))
    clock.shift(60)
    assert street.post(f"/api/v1/console/cases/{case.pk}/correct", to_department, format="json").status_code == 200
    shown = street.get(f"/api/v1/console/cases/{case.pk}").json()
    text = shown["events"][-1]["text"]
    leader = str(world.people[f"leader:{OWN}"].name)
    assert text["en"].endswith(f"corrected by the street command centre: from {leader} to Sanitation")
    assert text["zh"].endswith(f"：由{leader}改为环卫所")
    assert shown["decision"]["cause"] == "matter"
    auditor = client_of("auditor").get(f"/api/v1/console/cases/{case.pk}").json()
    assert auditor["may_correct"] is False


def test_the_reporters_page_follows(world: World, case: Case, client_of: ClientOf) -> None:
    told = APIClient().post("/api/v1/reports", report_of(world), format="json").json()
    mine = Case.objects.get(pk=told["id"])
    client_of("street:002").post(
        f"/api/v1/console/cases/{mine.pk}/correct",
        body(world, mine, matter=str(world.matters["graffiti_removal"].pk)),
        format="json",
    )
    track = {"number": told["number"], "code": told["tracking_code"]}
    page = APIClient().get("/api/v1/reports/track", track).json()
    lon, lat = world.middle_of(NORTH)
    assert page["matter"]["slug"] == "graffiti_removal"
    assert (page["grid"]["code"], page["location"]) == (world.grid(NORTH).code, {"lon": lon, "lat": lat})
    mine.refresh_from_db()
    assert datetime.fromisoformat(page["due_at"]) == mine.due_at
    (line,) = [one for one in page["timeline"] if one["kind"] == "correct"]
    # What was said among those who handle the case stays there.
    assert "门牌在隔壁社区" not in str(page)
    assert "Matter" in line["text"]["en"] or "matter" in line["text"]["en"]


def test_a_visit_that_cannot_go_along_is_told_of_first_and_given_back_on_confirmation(
    world: World, case: Case, client_of: ClientOf, now: datetime
) -> None:
    street, address = client_of("street:002"), f"/api/v1/console/cases/{case.pk}/correct"
    window = (now + timedelta(days=1), now + timedelta(days=1, hours=2))
    visit = case.appointments.create(grid=case.grid, window=window, dwell_minutes=10, booked_at=now)
    told = street.post(address, body(world, case), format="json")
    assert (told.status_code, told.json()["code"], told.json()["reason"]) == (409, "visit_to_rebook", "no_visit")
    assert (told.json()["grid"]["code"], told.json()["next"]) == (world.grid(NORTH).code, [])
    visit.refresh_from_db()
    case.refresh_from_db()
    assert (visit.state, case.grid) == ("booked", world.grid(OWN))
    confirmed = street.post(address, {**body(world, case), "rebook": True}, format="json")
    assert confirmed.status_code == 200
    assert (confirmed.json()["visit"]["fate"], confirmed.json()["visit"]["may_book"]) == ("given_back", False)
    visit.refresh_from_db()
    assert visit.state == "cancelled"


def test_a_case_without_a_visit_says_nothing_of_one(world: World, case: Case, client_of: ClientOf) -> None:
    done = client_of("street:002").post(f"/api/v1/console/cases/{case.pk}/correct", body(world, case), format="json")
    assert done.json()["visit"] is None
