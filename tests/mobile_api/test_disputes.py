"""Sending a case back from the phone, on line and off, and what the neighbour is asked."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from backend.areas.models import Duty
from backend.cases.models import Case, CaseEvent, Dispute
from backend.core.ids import uuid7
from backend.notify.models import Notification
from backend.notify.relay import relay
from backend.sync.models import Change, Receipt
from tests.conftest import ClientOf
from tests.mobile_api.conftest import report_of
from tests.world import World

OWN, EAST = "002011001", "002011002"
GROUND = "垃圾桶在围墙另一侧，属于隔壁网格"
FIELD = "/api/v1/field"


@pytest.fixture
def case(world: World, anonymous: APIClient) -> Case:
    """Five metres inside the border that the first grid shares with the second."""
    where = {"lon": 121.17195, "lat": 30.051, "crs": "wgs84"}
    told = anonymous.post("/api/v1/reports", report_of(world, location=where), format="json")
    return Case.objects.get(pk=told.json()["id"])


def body(**more: Any) -> dict[str, Any]:
    return {"op_id": str(uuid7()), "note": GROUND, **more}


def actions_of(client: APIClient, case: Case) -> dict[str, Any]:
    shown = client.get(f"{FIELD}/cases/{case.pk}").json()
    return {one["action"]: one["disabled_reason"] for one in shown["actions"]}


def test_the_way_of_a_return(world: World, case: Case, client_of: ClientOf) -> None:
    mine, theirs = client_of(f"leader:{OWN}"), client_of(f"leader:{EAST}")
    assert actions_of(mine, case)["dispute"] is None
    sent = mine.post(f"{FIELD}/cases/{case.pk}/return", body(to_grid=world.grid(EAST).code), format="json")
    assert sent.status_code == 201
    told = sent.json()
    assert (told["state"], told["level"], told["other_grid"]["code"]) == ("open", "community", world.grid(EAST).code)
    assert (told["asks_me"], told["can_withdraw"]) == (False, True)
    assert actions_of(mine, case)["dispute"] == "already_returned"
    (asked,) = theirs.get(f"{FIELD}/disputes").json()["items"]
    assert (asked["asks_me"], asked["can_withdraw"], asked["ground"]) == (True, False, GROUND)
    assert "contact" not in str(asked)
    assert theirs.get(f"{FIELD}/cases/{case.pk}").status_code == 404
    taken = theirs.post(
        f"{FIELD}/disputes/{asked['id']}/accept", {"op_id": str(uuid7()), "version": asked["version"]}, format="json"
    )
    assert (taken.status_code, taken.json()["state"]) == (200, "agreed")
    assert theirs.get(f"{FIELD}/cases/{case.pk}").json()["is_mine"] is True
    assert mine.get(f"{FIELD}/cases/{case.pk}").status_code == 404
    assert actions_of(theirs, case)["dispute"] == "already_ruled"


def test_a_repeat_gets_the_first_answer(case: Case, client_of: ClientOf) -> None:
    mine, said = client_of(f"leader:{OWN}"), body()
    first, again = (mine.post(f"{FIELD}/cases/{case.pk}/return", said, format="json") for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert Dispute.objects.count() == Receipt.objects.count() == 1
    other = mine.post(f"{FIELD}/cases/{case.pk}/return", body(), format="json")
    assert (other.status_code, other.json()["code"]) == (409, "already_returned")


def test_off_line_it_is_one_operation_with_a_receipt(case: Case, client_of: ClientOf) -> None:
    mine, op_id = client_of(f"leader:{OWN}"), str(uuid7())
    captured = timezone.now().isoformat()
    payload = {"case_id": str(case.pk), "note": GROUND}
    operation = {"op_id": op_id, "kind": "return_case", "captured_at": captured, "payload": payload}
    for _ in range(2):
        (receipt,) = mine.post(f"{FIELD}/operations", {"operations": [operation]}, format="json").json()["receipts"]
        assert receipt["outcome"] == "applied"
    line = CaseEvent.objects.get(case=case, action="dispute")
    assert line.captured_at is not None
    dispute = Dispute.objects.get()
    back = {
        "op_id": str(uuid7()), "kind": "withdraw_dispute", "captured_at": captured,
        "payload": {"dispute_id": str(dispute.pk)},
    }  # fmt: skip
    (receipt,) = mine.post(f"{FIELD}/operations", {"operations": [back]}, format="json").json()["receipts"]
    assert receipt["result"]["state"] == "withdrawn"


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"note": "不归我"}, 422, "ground_too_short"),
        ({"note": ""}, 422, "invalid"),
        ({"note": "长" * 1001}, 422, "invalid"),
        ({"to_grid": "330281002011"}, 422, "unknown_owner"),
        ({"to_grid": "330281002011001"}, 422, "unknown_owner"),
        ({"to_department": str(uuid7())}, 422, "unknown_owner"),
        ({"to_department": "sanitation"}, 422, "invalid"),
        ({"version": 1}, 409, "stale_version"),
    ],
)
def test_bad_returns_say_what_to_do(
    case: Case, client_of: ClientOf, said: dict[str, Any], status: int, code: str
) -> None:
    answer = client_of(f"leader:{OWN}").post(f"{FIELD}/cases/{case.pk}/return", body(**said), format="json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if status == 422:
        told = answer.json()
        assert told.get("field") in said or told["errors"][0]["pointer"] in {f"#/{name}" for name in said}
    assert Dispute.objects.count() == 0


def test_the_plain_door_does_not_return(case: Case, client_of: ClientOf) -> None:
    for action in ("dispute", "return", "settle"):
        answer = client_of(f"leader:{OWN}").post(
            f"{FIELD}/cases/{case.pk}/actions", {**body(), "action": action}, format="json"
        )
        assert answer.status_code == 422


def test_whom_a_worker_may_propose(world: World, client_of: ClientOf) -> None:
    told = client_of(f"leader:{EAST}").get(f"{FIELD}/neighbourhood").json()
    beside = [world.grid(code).code for code in ("002011001", "002011003", "002012002")]
    assert [grid["code"] for grid in told["grids"]] == beside
    assert {one["name"]["en"] for one in told["departments"]} == {"Sanitation", "Police"}


def test_who_serves_both_grids_is_not_asked_by_themselves(world: World, case: Case, client_of: ClientOf) -> None:
    leader = world.people[f"leader:{OWN}"]
    Duty.objects.create(grid=world.grid(EAST), worker=leader, post="deputy", rank=1, valid=(timezone.now(), None))
    mine = client_of(f"leader:{OWN}")
    told = mine.post(f"{FIELD}/cases/{case.pk}/return", body(), format="json").json()
    assert (told["asks_me"], told["can_withdraw"]) == (False, True)


def test_people_hear_of_it_once(world: World, case: Case, client_of: ClientOf) -> None:
    relay(now=timezone.now)
    Notification.objects.all().delete()
    client_of(f"leader:{OWN}").post(f"{FIELD}/cases/{case.pk}/return", body(), format="json")
    relay(now=timezone.now)
    told = set(Notification.objects.values_list("topic", "user__username"))
    assert told == {("dispute_asks", f"leader-{EAST}"), ("dispute_to_rule", "community-002011")}
    dispute = Dispute.objects.get()
    client_of(f"leader:{EAST}").post(f"{FIELD}/disputes/{dispute.pk}/accept", {"op_id": str(uuid7())}, format="json")
    relay(now=timezone.now)
    settled = Notification.objects.filter(topic="dispute_settled")
    assert set(settled.values_list("user__username", flat=True)) == {f"leader-{OWN}", f"leader-{EAST}"}
    texts = {one["text"]["en"] for one in client_of(f"leader:{OWN}").get("/api/v1/notices").json()["items"]}
    assert any("was taken by the side that was asked" in text for text in texts)


def test_the_phones_of_both_grids_are_told_to_look_again(world: World, case: Case, client_of: ClientOf) -> None:
    mine, theirs = client_of(f"leader:{OWN}"), client_of(f"leader:{EAST}")
    relay(now=timezone.now)
    Change.objects.all().delete()
    mine.post(f"{FIELD}/cases/{case.pk}/return", body(), format="json")
    theirs.post(f"{FIELD}/disputes/{Dispute.objects.get().pk}/accept", {"op_id": str(uuid7())}, format="json")
    relay(now=timezone.now)
    lines = set(Change.objects.values_list("area_path", "kind"))
    paths = [world.grid(grid).path for grid in (OWN, EAST)]
    assert lines == {(paths[0], "case"), (paths[1], "case"), (paths[1], "dispute")}


def test_an_earlier_ruling_is_told_on_the_phone(
    world: World, case: Case, anonymous: APIClient, client_of: ClientOf
) -> None:
    mine, theirs = client_of(f"leader:{OWN}"), client_of(f"leader:{EAST}")
    mine.post(f"{FIELD}/cases/{case.pk}/return", body(), format="json")
    theirs.post(f"{FIELD}/disputes/{Dispute.objects.get().pk}/accept", {"op_id": str(uuid7())}, format="json")
    where = {"lon": 121.17194, "lat": 30.0511, "crs": "wgs84"}
    later = anonymous.post("/api/v1/reports", report_of(world, location=where), format="json").json()
    shown = mine.get(f"{FIELD}/cases/{later['id']}").json()["decision"]
    assert [(one["how"], one["case_number"], one["owner"]["en"]) for one in shown["rulings"]] == [
        ("agreed", case.number, world.grid(EAST).name_en)
    ]
    assert "rulings" not in later["decision"]
    assert case.number not in str(later["decision"])
