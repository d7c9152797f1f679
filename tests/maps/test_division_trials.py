"""A draft tried on the past, over HTTP."""

from datetime import datetime, timedelta

import pytest
from rest_framework.test import APIClient

from backend.areas.models import Division
from tests.inspections.test_divisions import COMMUNITY, SECOND, draft_of, half_split, published, reported
from tests.world import SIDE, SOUTH, WEST, World

EAST = (WEST + 1.8 * SIDE, SOUTH + 0.5 * SIDE)
NEW = f"{COMMUNITY}004"
DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("time_machine_at_noon")


@pytest.fixture
def draft(world: World, now: datetime) -> Division:
    return half_split(world, draft_of(world, now), now)


def client_of(world: World, name: str) -> APIClient:
    client = APIClient()
    client.force_login(world.people[name])
    return client


def test_the_answer_pages_cases_and_draws_loads(world: World, draft: Division, now: datetime) -> None:
    cases = [reported(world, *EAST, now - n * DAY) for n in (3, 2, 1)]
    path = f"/api/v1/console/divisions/{draft.pk}/try"
    period = {"since": str((now - 5 * DAY).date()), "until": str(now.date())}
    response = client_of(world, "street:002").get(path, {**period, "offset": 1, "limit": 1})
    assert response.status_code == 200, response.content
    said = response.json()
    assert (said["cases"], said["elsewhere"], said["other_grid"], said["other_person"]) == (3, 3, 3, 0)
    assert (said["nobody"], said["nobody_before"], said["listed"], said["offset"]) == (0, 0, 3, 1)
    (move,) = said["moved"]
    assert (move["number"], move["spot"]) == (cases[1].number, list(EAST))
    assert (move["before"]["code"], move["after"]["code"]) == (SECOND, NEW)
    assert move["why"]["zh"]
    assert {one["who"]["code"]: (one["before"], one["after"]) for one in said["loads"]} == {SECOND: (3, 0), NEW: (0, 3)}
    drawn = {one["properties"]["code"]: one["properties"]["after"] for one in said["features"]["features"]}
    assert drawn == {f"{COMMUNITY}001": 0, SECOND: 0, f"{COMMUNITY}003": 0, NEW: 3}
    for show, listed in (("grid", 3), ("person", 0), ("nobody", 0)):
        assert client_of(world, "street:002").get(path, {**period, "show": show}).json()["listed"] == listed


def test_refusals_name_what_to_change(world: World, draft: Division, now: datetime) -> None:
    path, today = f"/api/v1/console/divisions/{draft.pk}/try", str(now.date())
    street = client_of(world, "street:002")
    missing = street.get(path, {"until": today})
    assert (missing.status_code, missing.json()["errors"][0]["pointer"]) == (422, "#/since"), missing.content
    turned = street.get(path, {"since": today, "until": str((now - 3 * DAY).date())})
    assert (turned.status_code, turned.json()["code"]) == (422, "bad_period"), turned.content
    assert client_of(world, "street:003").get(path, {"since": today, "until": today}).status_code == 404
    published(world, draft, now)
    again = street.get(path, {"since": today, "until": today})
    assert (again.status_code, again.json()["code"]) == (409, "division_not_draft")
