"""The console's interface: queue, steps, reveal, tiles, tickets. Each as its own role, and as the neighbour."""

import json
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import signing
from django.test import Client

from backend.cases import services
from backend.cases.models import Case
from backend.cases.services import NewReport, PointIn
from backend.core.ids import uuid7
from backend.core.models import AuditEntry
from maps import tickets
from maps.tiles.layers import TileAsked
from tests.world import World

TILE = "15/27413/13513"  # holds the whole test world


@pytest.fixture(autouse=True)
def _stand_still(time_machine_at_noon: None) -> None:
    """The clock shows the world's noon."""


def report(world: World, *, grid: str = "002011001", matter: str = "exposed_garbage", now: datetime) -> Case:
    lon, lat = world.middle_of(grid)
    new = NewReport(
        id=uuid7(), matter_id=world.matters[matter].pk, point=PointIn(lon, lat, "wgs84"), channel="resident_web",
        description="桶边有垃圾", contact_name="测试人", contact_phone="19900000009",
    )  # fmt: skip
    return services.report_case(actor=world.actor("resident:1"), report=new, now=now).case


def client_of(world: World, name: str) -> Client:
    client = Client()
    client.force_login(world.people[name])
    return client


def step(client: Client, case: Case, **said: Any) -> Any:
    body = {"version": case.version, "note": "", **said}
    return client.post(f"/api/v1/console/cases/{case.pk}/actions", json.dumps(body), content_type="application/json")


def test_the_desk_sees_why_a_case_is_here_and_what_comes_next(world: World, now: datetime) -> None:
    case = report(world, now=now)
    told = client_of(world, "community:002011").get(f"/api/v1/console/cases/{case.pk}").json()
    assert told["decision"]["rule"] == "duty_leader"
    leader = world.people["leader:002011001"]
    assert told["decision"]["duty_chain"][0] == {"post": "leader", "name": str(leader.name), "absent": False}
    assert leader.username not in json.dumps(told["decision"])
    assert told["contact"] == {"name": "测**", "phone": "199****0009"}
    assert {"assign", "note", "return"} <= {one["action"] for one in told["actions"]}
    assert told["candidates"][0]["is_own_grid"] is True
    assert [event["action"] for event in told["events"]] == ["report", "file", "dispatch"]


def test_queue_pages_neither_skip_nor_repeat(world: World, now: datetime) -> None:
    ids = {str(report(world, now=now + timedelta(seconds=number // 2)).pk) for number in range(7)}
    client, seen, cursor = client_of(world, "street:002"), [], ""
    while True:
        page = client.get("/api/v1/console/cases", {"limit": 3, "cursor": cursor}).json()
        seen += [row["id"] for row in page["items"]]
        assert page["total"] == 7
        cursor = page["next"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 7
    assert set(seen) == ids


@pytest.mark.parametrize("name", ["community:002012", "street:003"])
def test_neighbours_see_neither_row_nor_feature_nor_tile(world: World, now: datetime, name: str) -> None:
    case = report(world, now=now)
    own, neighbour = client_of(world, "community:002011"), client_of(world, name)
    assert neighbour.get(f"/api/v1/console/cases/{case.pk}").status_code == 404
    for client, count in ((own, 1), (neighbour, 0)):
        assert client.get("/api/v1/console/cases").json()["total"] == count
        assert len(client.get("/api/v1/console/cases.geojson").json()["features"]) == count
        assert client.get(f"/tiles/cases/{TILE}.mvt").status_code == (200 if count else 204)
        assert client.get("/api/v1/console/summary").json()["open"] == count


def test_a_stale_step_is_refused_and_says_what_is_true_now(world: World, now: datetime) -> None:
    case = report(world, now=now)
    client = client_of(world, "community:002011")
    assert step(client, case, action="note", note="看过了").status_code == 200
    refused = step(client, case, action="note", note="又看了")
    assert refused.status_code == 409
    assert (refused.json()["code"], refused.json()["version"]) == ("stale_version", case.version + 1)


def test_assigning_moves_the_case_to_another_worker(world: World, now: datetime) -> None:
    case = report(world, now=now)
    client = client_of(world, "community:002011")
    colleague = world.people["leader:002011002"]
    assert step(client, case, action="assign", worker_id=str(colleague.pk)).status_code == 200
    case.refresh_from_db()
    assert case.responsible == colleague
    stranger = world.people["leader:003001001"]
    refused = step(client, case, action="assign", worker_id=str(stranger.pk))
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_assignee")


def test_a_contact_is_shown_for_a_reason_only_and_the_look_is_kept(world: World, now: datetime) -> None:
    case = report(world, now=now)
    client = client_of(world, "community:002011")
    address = f"/api/v1/console/cases/{case.pk}/reveal"
    assert client.post(address, {"reason": " "}, content_type="application/json").status_code == 422
    assert AuditEntry.objects.filter(action="reveal_contact").count() == 0
    told = client.post(address, {"reason": "电话核实位置"}, content_type="application/json").json()
    assert told == {"name": "测试人", "phone": "19900000009"}
    entry = AuditEntry.objects.get(action="reveal_contact")
    assert (entry.subject_id, entry.facts["reason"]) == (str(case.pk), "电话核实位置")


def test_grid_tiles_are_public_and_unchanged_ones_are_not_sent_again(world: World) -> None:
    first = Client().get(f"/tiles/grids/{TILE}.mvt")
    assert first.status_code == 200
    assert b"330281002011001" in first.content
    again = Client().get(f"/tiles/grids/{TILE}.mvt", HTTP_IF_NONE_MATCH=first["ETag"])
    assert again.status_code == 304


@pytest.mark.parametrize("address", ["99/1/1", "0/999/999", "5/5000/1", "21/0/0"])
def test_impossible_tiles_are_refused_by_name(world: World, address: str) -> None:
    answer = Client().get(f"/tiles/grids/{address}.mvt")
    assert (answer.status_code, answer.json()["code"]) == (422, "tile_out_of_range")


@pytest.mark.parametrize("box", ["nan,1,2,3", "1,2,3", "3,2,1,4", "-180,-90,180,90", "x,1,2,3"])
def test_bad_boxes_are_refused_by_name(world: World, box: str) -> None:
    answer = client_of(world, "street:002").get("/api/v1/console/cases", {"bbox": box})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].endswith("bbox")


def test_grid_outlines_come_page_by_page(world: World) -> None:
    client = client_of(world, "street:002")
    first = client.get("/api/v1/console/grids", {"limit": 4}).json()
    second = client.get("/api/v1/console/grids", {"limit": 4, "cursor": first["next"]}).json()
    codes = [feature["id"] for feature in first["features"] + second["features"]]
    assert codes == sorted(codes)
    assert (len(codes), second["next"]) == (6, None)
    assert first["features"][0]["geometry"]["type"] == "MultiPolygon"


def test_a_ticket_holds_for_its_areas_and_no_longer_than_said(world: World) -> None:
    said = client_of(world, "community:002011").post("/api/v1/live/ticket").json()
    ticket = tickets.read_ticket(said["ticket"])
    assert ticket.covers("3302.81.002.011.001.")
    assert not ticket.covers("3302.81.002.012.001.")
    with pytest.raises(tickets.TicketRefused):
        tickets.read_ticket(said["ticket"] + "x")
    with pytest.raises(tickets.TicketRefused):
        tickets.read_ticket(signing.dumps({"user": "1", "paths": [""]}, salt="another"))
    with time_machine.travel(time.time() + tickets.LASTS_S - 5, tick=False):
        assert tickets.read_ticket(said["ticket"]) == ticket
    with time_machine.travel(time.time() + tickets.LASTS_S + 5, tick=False), pytest.raises(tickets.TicketRefused):
        tickets.read_ticket(said["ticket"])


def test_a_tile_knows_its_range() -> None:
    assert TileAsked(15, 27413, 13513).parameters()["z"] == 15
