"""The console's doors to duty: the calendar, what asks for a hand, a change with its preview."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.areas.duty import gaps
from backend.areas.models import Absence, DeskShift, DutyChange
from backend.cases import services
from backend.core.ids import uuid7
from tests.cases.test_spine import ANONYMOUS, report
from tests.conftest import ClientOf
from tests.world import World

pytestmark = pytest.mark.usefixtures("time_machine_at_noon")
DUTY = "/api/v1/console/duty"
COMMUNITY = "330281002011"


def absence_of(world: World, now: datetime, **more: Any) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "kind": "absence",
        "worker_id": str(world.people["leader:002011001"].pk),
        "absence_kind": "annual",
        "starts": now.isoformat(),
        "ends": (now + timedelta(days=2)).isoformat(),
        "reason": "年休假",
        **more,
    }


def test_an_absence_is_previewed_applied_and_seen(world: World, now: datetime, client_of: ClientOf) -> None:
    case = services.report_case(actor=ANONYMOUS, report=report(world), now=now).case
    desk, body = client_of("community:002011"), absence_of(world, now)
    seen = desk.post(f"{DUTY}/preview", body, format="json").json()
    assert [(move["case"]["number"], move["case"]["owner"]["name"], move["to"]["name"]) for move in seen["moves"]] == [
        (case.number, "测leader:002011001", "测worker:002011001")
    ]
    done = desk.post(f"{DUTY}/changes", {**body, "version": seen["version"]}, format="json")
    assert (done.status_code, done.json()["moved"]) == (201, 1)
    lines = desk.get(f"/api/v1/console/cases/{case.pk}").json()["events"]
    assert lines[-1]["text"]["en"].endswith("from 测leader:002011001 to 测worker:002011001")
    again = desk.post(f"{DUTY}/changes", {**body, "version": seen["version"]}, format="json")
    assert (again.status_code, again.json()["moved"]) == (200, 0)

    calendar = desk.get(f"{DUTY}/calendar", {"community": COMMUNITY, "start": "2026-11-17", "days": 7}).json()
    row = calendar["rows"][0]
    posts = [[span["first"]["post"] for span in cell["spans"]] for cell in row["days"]]
    assert posts == [["leader"], ["leader", "worker"], ["worker"], ["worker", "leader"], *[["leader"]] * 3]
    assert [len(cell["away"]) for cell in row["days"]] == [0, 1, 1, 1, 0, 0, 0]
    assert [(one["kind"], one["absence_kind"], one["can_be_ended"]) for one in calendar["changes"]] == [
        ("absence", "annual", True)
    ]
    ended = {"id": str(uuid7()), "kind": "withdrawal", "change_id": body["id"]}
    version = desk.post(f"{DUTY}/preview", ended, format="json").json()["version"]
    assert desk.post(f"{DUTY}/changes", {**ended, "version": version}, format="json").status_code == 201
    assert not Absence.objects.exists()


@pytest.mark.parametrize(("ends_in", "can_be_ended"), [(-1, False), (0, False), (1, True)])
def test_what_is_over_is_not_ended_any_more(
    world: World, now: datetime, client_of: ClientOf, ends_in: int, can_be_ended: bool
) -> None:
    desk, clerk = world.areas[COMMUNITY], world.people["community:002011"]
    starts, ends = now - timedelta(hours=8), now + timedelta(hours=ends_in)
    change = DutyChange.objects.create(
        kind="desk", area=desk, starts_at=starts, ends_at=ends, digest=b"x", made_at=now, worker=clerk
    )
    DeskShift.objects.create(desk=desk, worker=clerk, period=(starts, ends), change=change)
    browser = client_of("community:002011")
    calendar = browser.get(f"{DUTY}/calendar", {"community": COMMUNITY}).json()
    assert [one["can_be_ended"] for one in calendar["changes"]] == [can_be_ended]
    ending = {"id": str(uuid7()), "kind": "withdrawal", "change_id": str(change.pk), "version": "none"}
    answers = [
        browser.post(f"{DUTY}/{door}", ending, format="json", HTTP_ACCEPT_LANGUAGE="zh")
        for door in ("preview", "changes")
    ]
    said, over = [(one.status_code, one.json().get("code")) for one in answers], (409, "duty_change_over")
    assert said == ([(200, None), (409, "stale_version")] if can_be_ended else [over, over])
    assert can_be_ended or "请新增一条变动" in answers[0].json()["detail"]
    assert DutyChange.objects.count() == 1


def test_a_stale_preview_answers_409(world: World, now: datetime, client_of: ClientOf) -> None:
    desk, body = client_of("community:002011"), absence_of(world, now)
    version = desk.post(f"{DUTY}/preview", body, format="json").json()["version"]
    services.report_case(actor=ANONYMOUS, report=report(world), now=now)
    answer = desk.post(f"{DUTY}/changes", {**body, "version": version}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_version")
    assert not Absence.objects.exists()


@pytest.mark.parametrize(("who", "status"), [
    ("community:002011", 200), ("street:002", 200), ("community:002012", 404), ("street:003", 404),
    ("district", 403), ("auditor", 403), ("leader:002011001", 403), ("resident:1", 403),
])  # fmt: skip
def test_only_the_own_area_previews(world: World, now: datetime, client_of: ClientOf, who: str, status: int) -> None:
    answer = client_of(who).post(f"{DUTY}/preview", absence_of(world, now), format="json")
    assert answer.status_code == status


@pytest.mark.parametrize(("who", "status"), [
    ("community:002011", 200), ("auditor", 403), ("community:002012", 404), ("leader:002011001", 403),
])  # fmt: skip
def test_only_the_own_calendar_is_read(world: World, client_of: ClientOf, who: str, status: int) -> None:
    assert client_of(who).get(f"{DUTY}/calendar", {"community": COMMUNITY}).status_code == status


def test_what_a_kind_needs_is_named(world: World, now: datetime, client_of: ClientOf) -> None:
    body = {"id": str(uuid7()), "kind": "cover", "worker_id": str(world.people["leader:002011001"].pk)}
    answer = client_of("community:002011").post(f"{DUTY}/preview", body, format="json")
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"#/grid_codes", "#/starts", "#/ends"}


def test_gaps_and_waiting_decisions_are_shown(world: World, now: datetime, client_of: ClientOf) -> None:
    desk = client_of("community:002011")
    body = absence_of(world, now, worker_id=str(world.people["leader:002011002"].pk))
    version = desk.post(f"{DUTY}/preview", body, format="json").json()["version"]
    desk.post(f"{DUTY}/changes", {**body, "version": version}, format="json")
    gaps.sweep(now=now)
    state = desk.get(f"{DUTY}/state").json()
    assert [(alarm["grid"]["code"], alarm["starts_at"][:10]) for alarm in state["alarms"]] == [
        ("330281002011002", "2026-11-18")
    ]
    assert client_of("community:002012").get(f"{DUTY}/state").json() == {
        "alarms": [],
        "to_decide": [],
        "departments": [],
    }


def test_a_month_of_a_community_takes_a_fixed_number_of_queries(
    world: World, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    street = client_of("street:002")
    street.get(f"{DUTY}/calendar", {"community": COMMUNITY, "days": 1})
    with django_assert_max_num_queries(16):
        street.get(f"{DUTY}/calendar", {"community": COMMUNITY, "days": 31})
