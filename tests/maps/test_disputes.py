"""The desk's queue of disputes, one of them with its border, and the ruling."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.cases.models import Dispute
from tests.cases.test_disputes import AT_BORDER, EAST, GROUND, NORTH, WORDS, case_at, returned, ruled
from tests.conftest import ClientOf
from tests.inspections.test_carried_rulings import moved_border
from tests.inspections.test_divisions import draft_of, half_split, published
from tests.world import World

pytestmark = pytest.mark.usefixtures("time_machine_at_noon")
CONSOLE = "/api/v1/console"


def ruling(world: World, dispute: Dispute, **more: Any) -> dict[str, Any]:
    return {
        "version": dispute.version, "outcome": "grid", "words": WORDS, "grid_code": world.grid(EAST).code, **more,
    }  # fmt: skip


def test_the_queue_shows_what_a_desk_stands_above(world: World, now: datetime, client_of: ClientOf) -> None:
    near = returned(world, case_at(world, AT_BORDER, now), now)
    far = returned(world, case_at(world, AT_BORDER, now), now + timedelta(minutes=1), grid_code=world.grid(NORTH).code)
    seen = {
        name: [(one["id"], one["may_rule"]) for one in client_of(name).get(f"{CONSOLE}/disputes").json()["items"]]
        for name in ("community:002011", "community:002012", "street:002", "street:003", "district", "auditor")
    }
    assert seen == {
        "community:002011": [(str(far.pk), False), (str(near.pk), True)],
        "community:002012": [(str(far.pk), False)],
        "street:002": [(str(far.pk), True), (str(near.pk), True)],
        "street:003": [],
        "district": [(str(far.pk), True), (str(near.pk), True)],
        "auditor": [(str(far.pk), False), (str(near.pk), False)],
    }
    street = client_of("street:002")
    assert [one["id"] for one in street.get(f"{CONSOLE}/disputes", {"level": "street"}).json()["items"]] == [
        str(far.pk)
    ]
    assert street.get(f"{CONSOLE}/disputes", {"state": "ruled"}).json() == {"items": [], "next": None, "open": 2}


def test_pages_follow_each_other(world: World, now: datetime, client_of: ClientOf) -> None:
    made = [returned(world, case_at(world, AT_BORDER, now), now) for _ in range(5)]
    street, seen, mark = client_of("street:002"), [], ""
    while mark is not None:
        page = street.get(f"{CONSOLE}/disputes", {"limit": 2, "cursor": mark}).json()
        seen += [one["id"] for one in page["items"]]
        mark = page["next"]
    assert sorted(seen) == sorted(str(one.pk) for one in made)


def test_one_dispute_has_both_grids_the_stretch_and_what_was_ruled(
    world: World, now: datetime, client_of: ClientOf
) -> None:
    desk = client_of("community:002011")
    first = returned(world, case_at(world, AT_BORDER, now), now)
    done = desk.post(f"{CONSOLE}/disputes/{first.pk}/ruling", ruling(world, first), format="json")
    assert (done.status_code, done.json()["state"]) == (200, "ruled")
    assert done.json()["ruling"]["grid"]["code"] == world.grid(EAST).code
    second = returned(world, case_at(world, AT_BORDER, now), now)
    told = desk.get(f"{CONSOLE}/disputes/{second.pk}").json()
    assert told["stretch"]["type"] == "LineString"
    assert {told[name]["type"] for name in ("outline", "other_outline")} == {"MultiPolygon"}
    assert (told["ground"], told["border_m"]) == (GROUND, pytest.approx(4.8, abs=0.1))
    assert [(one["case_number"], one["words"], one["owner"]["zh"]) for one in told["earlier"]] == [
        (first.case.number, WORDS, "第2网格")
    ]
    assert [grid["code"] for grid in told["grids"]] == [world.grid(EAST).code]
    assert told["departments"] == []
    assert len(client_of("street:002").get(f"{CONSOLE}/disputes/{second.pk}").json()["departments"]) == 2
    why = desk.get(f"{CONSOLE}/cases/{second.case_id}").json()
    assert [one["words"] for one in why["decision"]["rulings"]] == [WORDS]
    assert why["dispute"]["id"] == str(second.pk)


REFUSED = [
    ({"words": "归东"}, "community:002011", 422, "ground_too_short"),
    ({"words": ""}, "community:002011", 422, "invalid"),
    ({"outcome": "somewhere"}, "community:002011", 422, "invalid"),
    ({"grid_code": ""}, "community:002011", 422, "unknown_owner"),
    ({"outcome": "department"}, "street:002", 422, "unknown_owner"),
    ({"version": 9}, "community:002011", 409, "stale_version"),
    ({}, "community:002012", 404, "dispute_not_found"),
    ({}, "auditor", 403, "role_may_not"),
]


@pytest.mark.parametrize("refused", REFUSED, ids=[one[-1] for one in REFUSED])
def test_rulings_that_are_refused(
    world: World, now: datetime, client_of: ClientOf, refused: tuple[dict[str, Any], str, int, str]
) -> None:
    said, by, status, code = refused
    dispute = returned(world, case_at(world, AT_BORDER, now), now)
    answer = client_of(by).post(
        f"{CONSOLE}/disputes/{dispute.pk}/ruling", ruling(world, dispute, **said), format="json"
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    dispute.refresh_from_db()
    assert dispute.state == "open"


def test_a_community_is_told_that_the_street_rules(world: World, now: datetime, client_of: ClientOf) -> None:
    dispute = returned(world, case_at(world, AT_BORDER, now), now, grid_code=world.grid(NORTH).code)
    answer = client_of("community:002011").post(
        f"{CONSOLE}/disputes/{dispute.pk}/ruling", ruling(world, dispute), format="json"
    )
    assert (answer.status_code, answer.json()["code"], answer.json()["level"]) == (403, "not_the_arbiter", "street")


def test_the_desk_writes_down_a_departments_return(world: World, now: datetime, client_of: ClientOf) -> None:
    case = case_at(world, AT_BORDER, now, matter="dirty_road")
    desk, said = client_of("community:002011"), {"version": case.version, "note": GROUND}
    made = desk.post(f"{CONSOLE}/cases/{case.pk}/return", said, format="json")
    assert (made.status_code, made.json()["from_department"]["name"]["en"]) == (201, "Sanitation")
    plain = case_at(world, AT_BORDER, now)
    refused = desk.post(f"{CONSOLE}/cases/{plain.pk}/return", {**said, "version": plain.version}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_dispute")


def test_the_desk_reads_what_divisions_did_to_a_ruling(world: World, now: datetime, client_of: ClientOf) -> None:
    dispute = ruled(world, returned(world, case_at(world, AT_BORDER, now), now), now)
    desk, path = client_of("community:002011"), f"{CONSOLE}/disputes/{dispute.pk}"
    assert desk.get(path).json()["moves"] == []
    published(world, half_split(world, draft_of(world, now), now), now)
    later = now + timedelta(hours=1)
    published(world, moved_border(world, draft_of(world, later), later), later)
    moves = desk.get(path).json()["moves"]
    assert [(one["division"], one["dropped"], one["grid"] and one["grid"]["code"]) for one in moves] == [
        ("秋季调整", "", world.grid(EAST).code), ("秋季调整", "border_moved", None),
    ]  # fmt: skip
