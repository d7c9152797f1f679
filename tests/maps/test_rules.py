"""The console's doors to the rule table: list, preview, carry out, history, trial, refusals that name the field."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.cases import services
from backend.core.ids import uuid7
from tests.cases.test_spine import ANONYMOUS, report
from tests.conftest import ClientOf
from tests.dispatch.wishes import river
from tests.world import World

pytestmark = pytest.mark.usefixtures("time_machine_at_noon")
RULES = "/api/v1/console/rules"
GRID = "002011001"


def rule_of(world: World, now: datetime, **more: Any) -> dict[str, Any]:
    return {
        "name_zh": "河道归环卫",
        "name_en": "The river is sanitation's",
        "ground": "河道管理条例",
        "area_code": "330281002",
        "shape": river(),
        "reach_m": 20,
        "target": "department",
        "department_id": str(world.departments["sanitation"].pk),
        "valid_from": (now - timedelta(days=1)).isoformat(),
        **more,
    }


def test_a_rule_is_previewed_made_and_explains_the_case(world: World, now: datetime, client_of: ClientOf) -> None:
    case = services.report_case(actor=ANONYMOUS, report=report(world), now=now - timedelta(minutes=5)).case
    street, rule_id = client_of("street:002"), str(uuid7())
    body = {"id": rule_id, "rule": rule_of(world, now)}
    seen = street.post(f"{RULES}/preview", {**body, "action": "created"}, format="json").json()
    assert [(move["number"], move["before"]["kind"], move["after"]["code"]) for move in seen["moves"]] == [
        (case.number, "grid", "sanitation")
    ]
    assert street.get(RULES).json()["items"] == []

    given = {**body, "move_open": True, "stamp": seen["stamp"]}
    made = street.post(RULES, given, format="json")
    assert (made.status_code, made.json()["moved"]) == (201, 1)
    assert street.post(RULES, given, format="json").status_code == 200
    detail = street.get(f"/api/v1/console/cases/{case.pk}").json()
    assert detail["decision"]["applied"]["name"] == {"zh": "河道归环卫", "en": "The river is sanitation's"}
    assert (detail["decision"]["applied"]["n"], detail["decision"]["located_grid"]["code"]) == (1, f"330281{GRID}")
    assert [one["rule"] for one in detail["earlier_decisions"]] == ["duty_leader"]
    assert detail["events"][-1]["text"]["zh"].endswith(f"由测leader:{GRID}改为环卫所")


def test_a_rule_is_listed_changed_switched_and_remembered(world: World, now: datetime, client_of: ClientOf) -> None:
    street, rule_id = client_of("street:002"), str(uuid7())
    street.post(RULES, {"id": rule_id, "rule": rule_of(world, now)}, format="json")
    changes = f"{RULES}/{rule_id}/changes"
    more = {"action": "changed", "version": 1, "rule": rule_of(world, now, weekdays=[2, 1], hours_from="22:00",
            hours_until="06:00", priority=300)}  # fmt: skip
    changed = street.post(changes, more, format="json").json()["rule"]
    assert (changed["weekdays"], changed["hours_from"], changed["priority"]) == ([1, 2], "22:00", 300)
    late = street.post(changes, more, format="json")
    assert (late.status_code, late.json()["version"]) == (409, 2)
    for version, action, state in ((2, "switched_off", "off"), (3, "switched_on", "in_force"), (4, "ended", "ended")):
        done = street.post(changes, {"action": action, "version": version}, format="json").json()
        assert done["rule"]["state"] == state
    ended = street.post(changes, {"action": "switched_on", "version": 5}, format="json")
    assert (ended.status_code, ended.json()["code"]) == (409, "rule_ended")
    history = street.get(f"{RULES}/{rule_id}").json()["history"]
    assert [(one["n"], one["action"]) for one in history] == [
        (5, "ended"), (4, "switched_on"), (3, "switched_off"), (2, "changed"), (1, "created"),
    ]  # fmt: skip
    assert history[-1]["actor_name"] == "测street:002"


def test_a_community_reads_the_rules_above_it(world: World, now: datetime, client_of: ClientOf) -> None:
    rule_id = str(uuid7())
    client_of("street:002").post(RULES, {"id": rule_id, "rule": rule_of(world, now)}, format="json")
    (row,) = client_of("community:002011").get(RULES).json()["items"]
    assert (row["id"], row["can_change"]) == (rule_id, False)
    off = {"action": "switched_off", "version": 1}
    assert client_of("community:002011").post(f"{RULES}/{rule_id}/changes", off, format="json").status_code == 403
    assert client_of("street:003").get(f"{RULES}/{rule_id}").status_code == 404
    assert client_of("street:003").get(RULES).json()["items"] == []


def test_what_is_wrong_is_named(world: World, now: datetime, client_of: ClientOf) -> None:
    wrong = rule_of(world, now, reach_m=0, area_code="330281003", matter_id=str(uuid7()))
    answer = client_of("street:002").post(RULES, {"id": str(uuid7()), "rule": wrong}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_rule")
    assert {(one["field"], one["reason"]) for one in answer.json()["problems"]} == {
        ("area_code", "unknown"), ("matter_id", "unknown"), ("reach_m", "out_of_range"),
    }  # fmt: skip
    for body in ({"action": "switched_on"}, {"action": "changed", "version": 1}):
        answer = client_of("street:002").post(f"{RULES}/{uuid7()}/changes", body, format="json")
        assert answer.status_code == 422


def test_a_trial_pages_what_would_have_moved(world: World, now: datetime, client_of: ClientOf) -> None:
    numbers = [
        services.report_case(actor=ANONYMOUS, report=report(world), now=now - timedelta(hours=hour)).case.number
        for hour in (3, 2, 1)
    ]
    body = {
        "id": str(uuid7()), "action": "created", "rule": rule_of(world, now), "end": now.isoformat(),
        "start": (now - timedelta(days=1)).isoformat(), "limit": 2, "offset": 2,
    }  # fmt: skip
    said = client_of("street:002").post(f"{RULES}/trial", body, format="json").json()
    assert (said["cases"], said["elsewhere"], [move["number"] for move in said["moved"]]) == (3, 3, numbers[2:])
    assert {(load["who"]["code"], load["before"], load["after"]) for load in said["loads"]} == {
        ("sanitation", 0, 3), (f"330281{GRID}", 3, 0),
    }  # fmt: skip
