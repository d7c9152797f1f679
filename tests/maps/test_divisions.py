"""The console's way from a draft to published boundaries, over HTTP."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.areas.models import Boundary
from tests.conftest import ClientOf
from tests.world import SIDE, SOUTH, WEST, World

COMMUNITY = "330281002011"
FIRST, SECOND = f"{COMMUNITY}001", f"{COMMUNITY}002"
pytestmark = pytest.mark.usefixtures("time_machine_at_noon")


@pytest.fixture
def street(world: World, client_of: ClientOf) -> APIClient:
    return client_of("street:002")


def drafted(client: APIClient, **more: Any) -> dict[str, Any]:
    said = {"parent": COMMUNITY, "name": "秋季调整", **more}
    response = client.post("/api/v1/console/divisions", said, format="json")
    assert response.status_code == 201, response.content
    return dict(response.json())


def edited(client: APIClient, division: dict[str, Any], kind: str, **more: Any) -> Any:
    said = {"version": division["version"], "kind": kind, **more}
    return client.post(f"/api/v1/console/divisions/{division['id']}/edits", said, format="json")


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def test_from_draft_to_published(street: APIClient, now: datetime) -> None:
    draft = drafted(street)
    assert [one["id"] for one in draft["features"]["features"]] == [FIRST, SECOND, f"{COMMUNITY}003"]
    line = {"type": "LineString", "coordinates": [[WEST + 1.5 * SIDE, SOUTH - 1e-4], [WEST + 1.5 * SIDE, SOUTH + 0.01]]}
    split = edited(street, draft, "split", code=SECOND, line=line).json()
    assert (split["version"], split["outlines"]) == (2, 4)
    new = next(one for one in split["features"]["features"] if one["properties"]["is_new"])
    assert new["properties"]["code"] == f"{COMMUNITY}004"

    path = f"/api/v1/console/divisions/{draft['id']}"
    early = street.post(f"{path}/publish", {"version": 2}, format="json")
    assert (early.status_code, early.json()["code"]) == (409, "division_not_checked")
    checked = street.post(f"{path}/check", {"version": 2}, format="json").json()
    assert (checked["state"], checked["report"]["blocking"]) == ("checked", 0)
    impact = street.get(f"{path}/impact").json()
    assert [(one["old"]["code"], one["new"]["code"]) for one in impact["pairs"] if one["is_moved"]] == [
        (SECOND, f"{COMMUNITY}004")
    ]
    monday = now + timedelta(days=5)
    published = street.post(f"{path}/publish", {"version": 2, "effective_at": monday.isoformat()}, format="json")
    assert published.status_code == 200, published.content
    assert published.json()["is_scheduled"]

    grids = "/api/v1/console/grids"
    codes = [one["id"] for one in street.get(grids).json()["features"]]
    later = [one["id"] for one in street.get(grids, {"at": monday.isoformat()}).json()["features"]]
    assert set(later) - set(codes) == {f"{COMMUNITY}004"}
    assert street.get(f"{grids}/{COMMUNITY}004").status_code == 404
    assert street.get(f"{grids}/{COMMUNITY}004", {"at": monday.isoformat()}).status_code == 200
    undone = street.post(f"{path}/undo")
    assert (undone.status_code, undone.json()["state"]) == (200, "undone")
    again = street.post(f"{path}/undo")
    assert (again.status_code, again.json()["code"], again.json()["reason"]) == (409, "division_not_undoable", "state")


@pytest.mark.parametrize(
    ("kind", "said", "pointer"),
    [
        ("split", {"code": SECOND}, "#/line"),
        ("rename", {"code": SECOND}, "#/name"),
        ("set_outline", {"code": SECOND, "outline": {"type": "Point", "coordinates": [1, 2]}}, "#/outline"),
        ("set_outline", {"code": SECOND, "outline": {"type": "Polygon", "coordinates": "x"}}, "#/outline"),
        ("move_vertex", {"start": [WEST, SOUTH], "end": [30, 121]}, "#/end"),
        ("add", {"outline": box(WEST, SOUTH, WEST + SIDE, SOUTH + SIDE), "under": "330281003001"}, "#/under"),
        ("rename", {"code": "330281002012001", "name": "别处"}, "#/code"),
    ],
)
def test_a_bad_edit_is_refused_by_name(street: APIClient, kind: str, said: dict[str, Any], pointer: str) -> None:
    draft = drafted(street)
    response = edited(street, draft, kind, **said)
    assert response.status_code == 422, response.content
    assert [one["pointer"] for one in response.json()["errors"]] == [pointer]
    assert street.get(f"/api/v1/console/divisions/{draft['id']}").json()["version"] == 1


def test_the_older_version_is_refused(street: APIClient) -> None:
    draft = drafted(street)
    assert edited(street, draft, "rename", code=SECOND, name="新名").status_code == 200
    stale = edited(street, draft, "rename", code=SECOND, name="再改")
    assert (stale.status_code, stale.json()["code"], stale.json()["version"]) == (409, "stale_version", 2)


def test_what_somebody_edited_meanwhile_is_not_published(street: APIClient) -> None:
    draft = drafted(street)
    path = f"/api/v1/console/divisions/{draft['id']}"
    assert edited(street, draft, "rename", code=SECOND, name="新名").status_code == 200
    assert street.post(f"{path}/check", {"version": 2}, format="json").json()["state"] == "checked"
    refused = street.post(f"{path}/publish", {"version": 1}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "stale_version")
    assert street.get(path).json()["state"] == "checked"


def test_a_repair_is_accepted_and_checked(street: APIClient) -> None:
    draft = drafted(street, source="empty", name="重画")
    for west in (0, 1):
        outline = box(WEST + west * 1.4 * SIDE, SOUTH, WEST + (west * 1.4 + 1.3) * SIDE, SOUTH + SIDE)
        draft = edited(street, draft, "add", outline=outline, name=f"第{west + 1}网格").json()
    path = f"/api/v1/console/divisions/{draft['id']}"
    checked = street.post(f"{path}/check", {"version": draft["version"]}, format="json").json()
    assert checked["report"]["counts"]["gap"] == 2
    repaired = street.post(f"{path}/repairs", {"version": draft["version"]}, format="json").json()
    assert (repaired["state"], repaired["report"]["blocking"], repaired["version"]) == ("checked", 0, 4)
    unknown = street.post(f"{path}/repairs", {"version": 4, "faults": [99]}, format="json")
    assert unknown.status_code == 422


def test_a_draft_is_thrown_away_and_a_community_only_reads(street: APIClient, client_of: ClientOf) -> None:
    draft = drafted(street)
    path = f"/api/v1/console/divisions/{draft['id']}"
    community = client_of("community:002011")
    assert community.get(path).status_code == 200
    assert community.delete(path).status_code == 403
    assert client_of("street:003").get(path).status_code == 404
    assert street.delete(path).status_code == 204
    assert street.get(path).status_code == 404
    assert Boundary.objects.filter(valid__isnull=False).count() == 11
