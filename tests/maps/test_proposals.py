"""Asking the engine for a division over HTTP: the answer at once, the way to the draft, refusals by field."""

from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from backend.core.models import OutboxMessage
from backend.notify import people
from backend.notify.models import Notification
from backend.notify.texts import notice_text
from backend.places import proposals
from tests.conftest import ClientOf
from tests.places.town_blocks import lay_blocks
from tests.world import World

COMMUNITY = "330281002011"
PROPOSE, LATEST = "/api/v1/console/divisions/propose", "/api/v1/console/divisions/proposals"
pytestmark = pytest.mark.usefixtures("time_machine_at_noon")


@pytest.fixture(autouse=True)
def _blocks(world: World) -> None:
    lay_blocks()


def asked(client: APIClient, **more: Any) -> Any:
    return client.post(PROPOSE, {"area": COMMUNITY, "name": "建议划分", **more}, format="json")


def test_from_the_wish_to_the_draft(client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis.division.searching.LONG_SEARCH", 100_000)
    street = client_of("street:002")
    response = asked(street, households=400, keeps_borders=True)
    assert response.status_code == 202, response.content
    said = response.json()
    assert (said["state"], said["area"]["code"], said["asked_by"]) == ("queued", COMMUNITY, "测street:002")
    assert (said["grids"], said["households"], said["keeps_borders"], said["keeps_dedicated"]) == (
        None,
        400,
        True,
        True,
    )
    assert (said["before"], said["after"], said["problem"], said["division"]) == (None, None, None, None)
    assert proposals.compute(proposal_id=UUID(said["id"]))
    done = street.get(f"{LATEST}/{said['id']}").json()
    assert (done["state"], done["before"]["grids"], done["after"]["grids"]) == ("done", 3, 4)
    draft = street.get(f"/api/v1/console/divisions/{done['division']}").json()
    assert (draft["source"], draft["state"], draft["outlines"], draft["name"]) == ("proposal", "draft", 4, "建议划分")
    assert [one["id"] for one in street.get(LATEST).json()["items"]] == [said["id"]]
    assert street.get(LATEST, {"area": "330281002012"}).json()["items"] == []
    assert street.delete(f"/api/v1/console/divisions/{done['division']}").status_code == 204
    assert street.get(f"{LATEST}/{said['id']}").json()["division"] is None


@pytest.mark.parametrize(
    ("wish", "refused"),
    [
        ({}, [("#/grids", "one_size"), ("#/households", "one_size")]),
        ({"grids": 3, "households": 400}, [("#/grids", "one_size"), ("#/households", "one_size")]),
        ({"grids": 0}, [("#/grids", "min_value")]),
        ({"grids": "viele"}, [("#/grids", "invalid")]),
        ({"households": 100_001}, [("#/households", "max_value")]),
        ({"grids": 2000}, [("#/grids", "too_few_homes")]),
        ({"households": 5000}, [("#/households", "too_few_homes")]),
        ({"grids": 3, "area": f"{COMMUNITY}001"}, [("#/area", "bad_level")]),
        ({"grids": 3, "area": "330281002012"}, [("#/area", "no_homes")]),
        ({"grids": 3, "name": ""}, [("#/name", "blank")]),
    ],
)
def test_a_wish_that_cannot_be_names_the_field(
    client_of: ClientOf, wish: dict[str, Any], refused: list[tuple[str, str]]
) -> None:
    response = asked(client_of("street:002"), **wish)
    assert (response.status_code, response["Content-Type"]) == (422, "application/problem+json")
    assert sorted((one["pointer"], one["code"]) for one in response.json()["errors"]) == refused


def test_too_few_homes_are_said_in_figures(client_of: ClientOf) -> None:
    problem = asked(client_of("street:002"), grids=2000).json()
    assert (problem["code"], problem["homes"]) == ("cannot_propose", 1575)
    assert "1575 households" in problem["detail"]


def test_the_second_wish_is_shown_the_first(client_of: ClientOf) -> None:
    first = asked(client_of("street:002"), grids=3).json()
    second = asked(client_of("district"), grids=4)
    assert (second.status_code, second.json()["code"]) == (409, "proposal_under_way")
    assert second.json()["proposal_id"] == first["id"]


def test_a_waiting_request_is_cancelled_by_its_office_only(client_of: ClientOf) -> None:
    street = client_of("street:002")
    path = f"{LATEST}/{asked(street, grids=3).json()['id']}"
    assert client_of("street:003").post(f"{path}/cancel").status_code == 404
    assert client_of("community:002011").post(f"{path}/cancel").status_code == 403
    assert client_of("community:002011").get(path).json()["state"] == "queued"
    assert street.post(f"{path}/cancel").json()["state"] == "cancelled"
    again = asked(street, grids=3).json()["id"]
    assert proposals._claim(UUID(again), proposals.timezone.now()) is not None
    refused = street.post(f"{LATEST}/{again}/cancel")
    assert (refused.status_code, refused.json()["code"], refused.json()["state"]) == (409, "proposal_begun", "running")


def test_a_community_asks_for_its_own_ground_only(client_of: ClientOf) -> None:
    desk = client_of("community:002011")
    foreign = client_of("community:002012")
    assert asked(foreign, grids=3).status_code == 404
    assert desk.post(PROPOSE, {"area": "330281002", "name": "x", "grids": 9}, format="json").status_code == 404
    assert asked(client_of("auditor"), grids=3).status_code == 403
    said = asked(desk, grids=3)
    assert (said.status_code, said.json()["may_cancel"]) == (202, True)
    path = f"{LATEST}/{said.json()['id']}"
    assert foreign.post(f"{path}/cancel").status_code == 404
    assert client_of("street:002").get(path).json()["may_cancel"] is True
    assert desk.post(f"{path}/cancel").json()["state"] == "cancelled"


def test_the_draft_that_a_community_asked_for_is_its_streets(
    client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gis.division.searching.LONG_SEARCH", 100_000)
    desk = client_of("community:002011")
    proposal = asked(desk, grids=3).json()["id"]
    assert proposals.compute(proposal_id=UUID(proposal))
    draft = f"/api/v1/console/divisions/{desk.get(f'{LATEST}/{proposal}').json()['division']}"
    assert desk.get(draft).json()["state"] == "draft"
    assert desk.delete(draft).status_code == 403
    assert desk.post(f"{draft}/check", {"version": 1}, format="json").status_code == 403
    assert client_of("street:002").post(f"{draft}/check", {"version": 1}, format="json").status_code == 200


def test_the_asker_finds_the_end_behind_the_bell(
    client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    monkeypatch.setattr("gis.division.searching.LONG_SEARCH", 100_000)
    desk = client_of("community:002011")
    proposal = UUID(asked(desk, grids=3).json()["id"])
    assert proposals.compute(proposal_id=proposal)
    for _ in range(2):
        for message in OutboxMessage.objects.filter(topic="proposal_ended"):
            people.notify_people(message, proposals.timezone.now())
    (notice,) = Notification.objects.filter(topic="proposal_ended")
    assert (notice.user, notice.facts["state"]) == (world.people["community:002011"], "done")
    assert notice_text(notice.topic, notice.facts) == (
        "划分建议“建议划分”已生成草案", "The proposal “建议划分” is done: its draft is there"
    )  # fmt: skip
    failed = notice_text(notice.topic, {**notice.facts, "state": "failed"})
    assert failed[0].startswith("划分建议“建议划分”未能生成草案")
