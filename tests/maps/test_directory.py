"""The console's doors to the departments' duty directory and to the policy of duty."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.areas.duty.policy import returns_work
from backend.cases import directory_effects, services
from backend.cases.models import Case, Reroute
from backend.core.ids import uuid7
from backend.core.models import AuditEntry
from backend.dispatch import services as dispatch
from backend.dispatch.models import DepartmentDuty
from backend.notify.models import Notification
from backend.notify.relay import relay
from tests.cases.test_spine import ANONYMOUS, report
from tests.conftest import ClientOf
from tests.dispatch.test_department_duty import answering, enter, load
from tests.dispatch.test_department_duty import book as workbook
from tests.world import World

pytestmark = pytest.mark.usefixtures("time_machine_at_noon")
ENTRIES = "/api/v1/console/duty/departments"
POLICIES = "/api/v1/console/duty/policies"


def entry_of(world: World, now: datetime, **more: Any) -> dict[str, Any]:
    return {
        "department_id": str(world.departments["sanitation"].pk),
        "area_code": "330281002",
        "person": "张三丰",
        "phone": "0574-8",
        "starts": now.isoformat(),
        **more,
    }


def add(client: APIClient, entry: dict[str, Any], entry_id: str | None = None) -> Any:
    body = {"id": entry_id or str(uuid7()), "entry": entry}
    seen = client.post(f"{ENTRIES}/preview", {**body, "step": "added"}, format="json")
    if seen.status_code != 200:
        return seen
    return client.post(ENTRIES, {**body, "stamp": seen.json()["stamp"]}, format="json")


def alter(client: APIClient, entry_id: object, step: str, version: int, entry: dict[str, Any] | None = None) -> Any:
    body = {"step": step, "version": version, "entry": entry}
    seen = client.post(f"{ENTRIES}/preview", {**body, "id": str(entry_id)}, format="json")
    if seen.status_code != 200:
        return seen
    return client.post(f"{ENTRIES}/{entry_id}/changes", {**body, "stamp": seen.json()["stamp"]}, format="json")


@pytest.fixture(autouse=True)
def texts(settings: Any, tmp_path: Path) -> Path:
    """Where the SMS of this test go."""
    settings.SMS_FILE = str(tmp_path / "sms")
    return tmp_path / "sms"


def count_to(texts: Path, phone: str) -> int:
    return sum(f"\t{phone}\t" in line for line in texts.read_text().splitlines())


def dirty_road(world: World, now: datetime) -> Case:
    """A case of Sanitation's, reported a little earlier."""
    before = now - timedelta(minutes=5)
    return services.report_case(actor=ANONYMOUS, report=report(world, matter="dirty_road"), now=before).case


def test_an_entry_is_previewed_added_changed_and_ended(
    world: World, now: datetime, client_of: ClientOf, texts: Path
) -> None:
    case, street = dirty_road(world, now), client_of("street:002")
    relay(now=lambda: now)
    body = {"id": str(uuid7()), "entry": entry_of(world, now)}
    seen = street.post(f"{ENTRIES}/preview", {**body, "step": "added"}, format="json").json()
    assert [(one["case"]["number"], one["before"], one["after"]["person"]) for one in seen["tells"]] == [
        (case.number, None, "张三丰")
    ]
    assert street.get(ENTRIES).json()["items"] == []
    given = {**body, "stamp": seen["stamp"]}
    made = street.post(ENTRIES, given, format="json")
    again = street.post(ENTRIES, given, format="json")
    assert (made.status_code, made.json()["told"], again.status_code, again.json()["told"]) == (201, 1, 200, 0)
    relay(now=lambda: now)
    assert count_to(texts, "0574-8") == 1
    assert dispatch.decisions_of(case.pk)[0].department_duty["person"] == "张三丰"
    line = street.get(f"/api/v1/console/cases/{case.pk}").json()["events"][-1]["text"]["en"]
    assert line.endswith("Sanitation keeps it")

    later = now + timedelta(minutes=1)
    (held,) = street.get(ENTRIES).json()["items"]
    assert (held["person"], held["version"], held["can_change"], held["matter"]) == ("张三丰", 1, True, None)
    DepartmentDuty.objects.update(valid=(now - timedelta(days=1), None))
    changed = alter(street, held["id"], "changed", 1, entry_of(world, now, person="李四", phone="0574-9"))
    assert (changed.status_code, changed.json()["told"], changed.json()["entry"]["person"]) == (200, 1, "李四")
    # What was so stays so: the old entry ended, a new one began.
    assert answering(world, now - timedelta(hours=1)) == "张三丰"
    assert answering(world, later) == "李四"
    ended = alter(street, changed.json()["entry"]["id"], "ended", changed.json()["entry"]["version"])
    assert ended.status_code == 200
    assert answering(world, later) == "nobody"
    trail = AuditEntry.objects.filter(subject_kind="department_duty").order_by("seq")
    assert [line.action.removeprefix("department_duty_") for line in trail] == ["added", "changed", "ended"]


def test_who_is_taken_off_alarms_the_desks(world: World, now: datetime, client_of: ClientOf) -> None:
    entry = enter(world, now, area=world.areas["330281002"])
    dirty_road(world, now)
    relay(now=lambda: now)
    assert not Notification.objects.filter(topic="department_unattended").exists()
    answer = alter(client_of("street:002"), entry.pk, "ended", 1)
    assert [one["after"] for one in answer.json()["tells"]] == [None]
    relay(now=lambda: now)
    told = set(Notification.objects.filter(topic="department_unattended").values_list("user__username", flat=True))
    assert told == {"community-002011", "street-002"}


def test_the_second_of_two_editors_gets_the_present_entry(world: World, now: datetime, client_of: ClientOf) -> None:
    entry = enter(world, now, area=world.areas["330281002"], person="原值班")
    street = client_of("street:002")
    until = (now + timedelta(days=9)).isoformat()
    same = entry_of(world, now, person="原值班", phone="0574-1", ends=until)
    assert alter(street, entry.pk, "changed", 1, same).status_code == 200
    late = alter(street, entry.pk, "ended", 1)
    assert (late.status_code, late.json()["code"]) == (409, "stale_version")
    assert (late.json()["present"]["version"], late.json()["present"]["ends_at"][:10]) == (2, until[:10])


def test_work_that_changed_since_the_preview_answers_409(world: World, now: datetime, client_of: ClientOf) -> None:
    street, body = client_of("street:002"), {"id": str(uuid7()), "entry": entry_of(world, now)}
    stamp = street.post(f"{ENTRIES}/preview", {**body, "step": "added"}, format="json").json()["stamp"]
    dirty_road(world, now)
    answer = street.post(ENTRIES, {**body, "stamp": stamp}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_version")
    assert not DepartmentDuty.objects.exists()


def test_two_at_one_time_are_refused_by_name(world: World, now: datetime, client_of: ClientOf) -> None:
    street = client_of("street:002")
    assert add(street, entry_of(world, now)).status_code == 201
    answer = add(street, entry_of(world, now, person="别人"))
    assert (answer.status_code, answer.json()["code"]) == (409, "duty_overlaps")
    assert answer.json()["errors"][0]["pointer"] == "#/entry/starts"
    nights = {"hours_from": "22:00", "hours_until": "06:00", "matter_id": str(world.matters["dirty_road"].pk)}
    assert add(street, entry_of(world, now, person="夜班", **nights)).status_code == 201


def test_every_wrong_field_is_named(world: World, now: datetime, client_of: ClientOf) -> None:
    wrong = entry_of(
        world, now, department_id=str(uuid7()), area_code="330281003", matter_id=str(uuid7()), phone="没有",
        hours_from="08:00", ends=(now - timedelta(days=1)).isoformat(),
    )  # fmt: skip
    answer = add(client_of("street:002"), wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_department_duty")
    assert {one["pointer"].rsplit("/", 1)[1] for one in answer.json()["errors"]} == {
        "department_id", "area_code", "matter_id", "phone", "hours_until", "ends",
    }  # fmt: skip


@pytest.mark.parametrize(("who", "status"), [
    ("street:002", 200), ("community:002011", 403), ("street:003", 404), ("district", 200), ("auditor", 403),
    ("leader:002011001", 403), ("resident:1", 403),
])  # fmt: skip
def test_only_the_own_areas_change_it(world: World, now: datetime, client_of: ClientOf, who: str, status: int) -> None:
    entry = enter(world, now, area=world.areas["330281002"])
    assert alter(client_of(who), entry.pk, "ended", 1).status_code == status


def test_a_community_reads_what_is_entered_above(world: World, now: datetime, client_of: ClientOf) -> None:
    enter(world, now, area=world.areas["330281002"])
    enter(world, now, area=world.areas["330281003"])
    listed = client_of("community:002011").get(ENTRIES).json()["items"]
    assert [(one["area"]["code"], one["can_change"]) for one in listed] == [("330281002", False)]


def test_what_begins_later_is_told_when_it_begins(
    world: World, now: datetime, client_of: ClientOf, texts: Path
) -> None:
    case, street = dirty_road(world, now), client_of("street:002")
    relay(now=lambda: now)
    begins = now + timedelta(days=1)
    made = add(street, entry_of(world, now, starts=begins.isoformat()))
    assert (made.json()["begins_now"], made.json()["told"], len(made.json()["tells"])) == (False, 0, 1)
    assert directory_effects.sweep(now=now) == 0
    after = begins + timedelta(minutes=3)
    assert (directory_effects.sweep(now=after), directory_effects.sweep(now=after)) == (1, 0)
    assert Reroute.objects.filter(case=case).count() == 1
    relay(now=lambda: after)
    assert count_to(texts, "0574-8") == 1


def test_what_has_not_begun_is_taken_back(world: World, now: datetime, client_of: ClientOf) -> None:
    street = client_of("street:002")
    made = add(street, entry_of(world, now, starts=(now + timedelta(days=1)).isoformat())).json()
    taken = alter(street, made["entry"]["id"], "ended", 1)
    assert (taken.status_code, taken.json()["entry"]) == (200, None)
    assert not DepartmentDuty.objects.exists()


def test_a_workbook_is_followed_too(world: World, now: datetime) -> None:
    case = dirty_road(world, now)
    load(world, workbook(("sanitation", "330281002", "", "", "", "", "甲", "0574-7", "2026-11-01", "")), now)
    assert directory_effects.sweep(now=now + timedelta(minutes=1)) == 1
    assert dispatch.decisions_of(case.pk)[0].department_duty["person"] == "甲"


def test_the_policy_is_seen_settled_and_taken_back(world: World, client_of: ClientOf) -> None:
    street, grid = client_of("street:002"), world.grid("002011001")
    settled = street.post(POLICIES, {"area_code": "330281002", "returns_work": True, "seen": None}, format="json")
    assert (settled.status_code, settled.json()["holds"]) == (200, True)
    own = {"area_code": "330281002011", "returns_work": False, "seen": None}
    assert street.post(POLICIES, own, format="json").status_code == 200
    assert not returns_work(grid)
    late = street.post(POLICIES, {**own, "returns_work": True}, format="json")
    assert (late.status_code, late.json()["present"]) == (409, {"returns_work": False})
    rows = {one["area"]["code"]: one for one in client_of("community:002011").get(POLICIES).json()["items"]}
    assert set(rows) == {"330281002011"}
    assert (rows["330281002011"]["own"], rows["330281002011"]["settled_by"]["code"]) == (False, "330281002011")
    street.post(POLICIES, {**own, "returns_work": None, "seen": False}, format="json")
    assert returns_work(grid)
    assert AuditEntry.objects.filter(action="duty_policy").count() == 3


@pytest.mark.parametrize(("who", "status"), [
    ("street:002", 200), ("district", 200), ("community:002011", 403), ("street:003", 404), ("auditor", 403),
])  # fmt: skip
def test_only_streets_and_those_above_settle_it(world: World, client_of: ClientOf, who: str, status: int) -> None:
    body = {"area_code": "330281002", "returns_work": True, "seen": None}
    assert client_of(who).post(POLICIES, body, format="json").status_code == status
