"""The newer doors tried by hand with an id of somebody else: a neighbour finds nothing, other roles may not ask.

The sweep beside this file asks every door by the table; here each row is written out, so that a wrong table is seen.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from backend.accounts.services import DeviceSeen, sign_in
from backend.core.ids import uuid7
from backend.patrols.models import PatrolSession
from backend.stats import coverage_maps
from gis.layers import write_layer
from tests.areas.layers.test_commands import grids
from tests.cases.test_disputes import AT_BORDER, EAST, GROUND, OWN, WORDS, case_at, returned
from tests.dispatch.test_department_duty import enter
from tests.dispatch.wishes import made, wish
from tests.inspections.conftest import MONDAY
from tests.inspections.test_divisions import checked, draft_of, half_split
from tests.patrols.test_sessions import agree, start
from tests.tables import unchanged
from tests.world import PASSWORD, World

pytestmark = pytest.mark.usefixtures("time_machine_at_noon")
CONSOLE, FIELD = "/api/v1/console", "/api/v1/field"


class Door(NamedTuple):
    """One call about a thing of street 002; `absent` is the same about nothing, `body` may be made anew each time."""

    method: str
    path: str
    absent: str
    body: Callable[[], dict[str, Any]]
    absent_body: Callable[[], dict[str, Any]] | None = None
    format: str = "json"

    def ask(self, client: APIClient, *, about_nothing: bool = False) -> Any:
        path = self.absent if about_nothing else self.path
        body = (self.absent_body or self.body)() if about_nothing else self.body()
        return getattr(client, self.method)(path, body or None, format=self.format)


def door(method: str, path: str, subject: object, **body: Any) -> Door:
    return Door(method, path.format(subject), path.format(uuid7()), lambda: body)


def console_doors(world: World, now: datetime) -> list[Door]:
    case = case_at(world, AT_BORDER, now)
    dispute = returned(world, case, now)
    rule = made(world.actor("street:002"), wish(world), now)
    division = checked(world, half_split(world, draft_of(world, now), now), now)
    rules, disputes, divisions = (f"{CONSOLE}/{name}" for name in ("rules", "disputes", "divisions"))
    ruling = {"version": dispute.version, "outcome": "grid", "words": WORDS, "grid_code": world.grid(EAST).code}
    version = {"version": division.version}
    off = {"action": "switched_off", "version": 1}
    entry = enter(world, now, area=world.areas["330281002"])
    ended, settled = {"step": "ended", "version": 1}, {"returns_work": True, "seen": None}
    return [
        door("get", rules + "/{}", rule.pk),
        Door("post", f"{rules}/preview", f"{rules}/preview", lambda: {**off, "id": str(rule.pk)},
             lambda: {**off, "id": str(uuid7())}),
        door("post", rules + "/{}/changes", rule.pk, **off),
        Door("post", f"{CONSOLE}/duty/departments/preview", f"{CONSOLE}/duty/departments/preview",
             lambda: {**ended, "id": str(entry.pk)}, lambda: {**ended, "id": str(uuid7())}),
        door("post", CONSOLE + "/duty/departments/{}/changes", entry.pk, stamp="none", **ended),
        Door("post", f"{CONSOLE}/duty/policies", f"{CONSOLE}/duty/policies",
             lambda: {**settled, "area_code": "330281002"}, lambda: {**settled, "area_code": "330281999"}),
        door("get", disputes + "/{}", dispute.pk),
        door("post", disputes + "/{}/ruling", dispute.pk, **ruling),
        door("post", CONSOLE + "/cases/{}/return", case.pk, note=GROUND, version=1),
        door("get", divisions + "/{}", division.pk),
        door("get", divisions + "/{}/impact", division.pk),
        door("get", divisions + "/{}/layer?file_format=geojson", division.pk),
        door("post", divisions + "/{}/check", division.pk, **version),
        door("post", divisions + "/{}/publish", division.pk, **version),
        by_parent("post", divisions, name="x"),
        Door("post", f"{divisions}/layers/draft", f"{divisions}/layers/draft", lambda: layer("330281002011"),
             lambda: layer("330281999999"), format="multipart"),
        Door("post", f"{CONSOLE}/duty/preview", f"{CONSOLE}/duty/preview",
             lambda: absence(now, world.people[f"leader:{OWN}"].pk), lambda: absence(now, uuid7())),
    ]  # fmt: skip


NEW_STEPS = (
    "ask_extension", "extend", "deny_extension", "suspend", "resume", "supervise", "appeal", "grant_appeal",
    "deny_appeal",
)  # fmt: skip


def newer_doors(world: World, now: datetime) -> list[Door]:
    """More time, suspending, pressing and appeals of a case; maps of a community; a word on a day's track."""
    case, leader = case_at(world, AT_BORDER, now), world.people[f"leader:{OWN}"]
    agree(world, f"leader:{OWN}", now)
    PatrolSession.objects.filter(pk=start(world, now, name=f"leader:{OWN}").pk).update(ended_at=now)
    asked = coverage_maps.ask(
        actor=world.actor("street:002"), area_code="330281002011", week_start=MONDAY, weeks=1, unseen_days=30, now=now
    )
    coverage, look = f"{CONSOLE}/maps/coverage", f"{CONSOLE}/tracks/look"
    hotspots = f"{CONSOLE}/maps/hotspots?since=2026-11-01&until=2026-11-18&file_format=geojson&area="
    judged = {"date": str(now.date()), "verdict": "fine"}
    step = {"op_id": str(uuid7()), "version": case.version, "note": "因故如此"}
    return [
        *(door("post", CONSOLE + "/cases/{}/actions", case.pk, action=action, **step) for action in NEW_STEPS),
        Door("post", coverage, coverage, lambda: {"area": "330281002011", "week_start": str(MONDAY)},
             lambda: {"area": "330281002999", "week_start": str(MONDAY)}),
        door("get", coverage + "/{}", asked.pk),
        door("get", coverage + "/{}/file?file_format=geojson", asked.pk),
        Door("get", f"{hotspots}330281002011", f"{hotspots}330281002999", dict),
        Door("post", look, look, lambda: {"worker": str(leader.pk), **judged},
             lambda: {"worker": str(uuid7()), **judged}),
    ]  # fmt: skip


def by_parent(method: str, path: str, **body: Any) -> Door:
    return Door(method, path, path, lambda: {**body, "parent": "330281002011"},
                lambda: {**body, "parent": "330281999999"})  # fmt: skip


def layer(parent: str) -> dict[str, Any]:
    content = write_layer(grids(), fields=["WGBM", "WGMC"], name="grids", file_format="gpkg").content
    return {"parent": parent, "name": "新图层", "file": SimpleUploadedFile("网格.gpkg", content)}


def absence(now: datetime, worker_id: object) -> dict[str, Any]:
    return {
        "id": str(uuid7()), "kind": "absence", "worker_id": str(worker_id), "absence_kind": "annual",
        "starts": now.isoformat(), "ends": (now + timedelta(days=2)).isoformat(), "reason": "年休假",
    }  # fmt: skip


def browser(world: World, name: str) -> APIClient:
    client = APIClient(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(world.people[name])
    return client


def said(answer: Any) -> tuple[int, dict[str, Any]]:
    return answer.status_code, {**answer.json(), "request_id": "", "instance": ""}


def test_the_console_shows_a_neighbour_nothing(world: World, now: datetime) -> None:
    doors = console_doors(world, now)
    assert not_shut(world, doors, "street:003") == []
    assert not_open(world, doors) == []


@pytest.mark.parametrize("neighbour", ["street:003", "community:002012"])
def test_more_time_maps_and_looks_show_a_neighbour_nothing(world: World, now: datetime, neighbour: str) -> None:
    doors = newer_doors(world, now)
    assert not_shut(world, doors, neighbour) == []
    assert not_open(world, doors) == []


def not_shut(world: World, doors: list[Door], neighbour_name: str) -> list[tuple[Any, ...]]:
    """Where a neighbour sees more than nothing, or another role is not refused; none of it changes anything."""
    neighbour, wrong = browser(world, neighbour_name), list[tuple[Any, ...]]()
    others = {name: browser(world, name) for name in (f"leader:{OWN}", f"worker:{OWN}", "resident:1")}
    with unchanged():
        for one in doors:
            foreign, absent = said(one.ask(neighbour)), said(one.ask(neighbour, about_nothing=True))
            if foreign[0] != 404 or foreign != absent:
                wrong.append((one.method, one.path, "neighbour", foreign, absent))
            for name, client in others.items():
                if (status := one.ask(client).status_code) != 403:
                    wrong.append((one.method, one.path, name, status, 403))
            if (status := one.ask(APIClient()).status_code) != 401:
                wrong.append((one.method, one.path, "nobody", status, 401))
    return wrong


def not_open(world: World, doors: list[Door]) -> list[tuple[str, str, int]]:
    """Doors that lead nowhere for the street itself."""
    own = browser(world, "street:002")
    answers = [(one.method, one.path, one.ask(own).status_code) for one in doors]
    return [line for line in answers if line[2] in (401, 403, 404, 500)]


def test_the_phone_shows_another_grids_worker_nothing(world: World, now: datetime) -> None:
    case = case_at(world, AT_BORDER, now)
    fresh, dispute = case_at(world, AT_BORDER, now), returned(world, case, now)
    doors = [
        door("post", FIELD + "/cases/{}/return", fresh.pk, op_id=str(uuid7()), note=GROUND),
        door("post", FIELD + "/disputes/{}/withdraw", dispute.pk, op_id=str(uuid7()), version=1),
        door("post", FIELD + "/disputes/{}/accept", dispute.pk, op_id=str(uuid7()), version=1),
        *(
            door("post", FIELD + "/cases/{}/actions", fresh.pk, op_id=str(uuid7()), action=action, note="因故如此")
            for action in ("ask_extension", "appeal")
        ),
    ]
    wrong = []

    def phone(name: str) -> APIClient:
        seen = DeviceSeen(client_id=name)
        tokens = sign_in(
            username=world.people[name].username, password=PASSWORD, device=seen, address="203.0.113.7", now=now
        )
        return APIClient(HTTP_AUTHORIZATION=f"Bearer {tokens.access}", HTTP_ACCEPT_LANGUAGE="en")

    stranger, resident = phone("leader:003001001"), browser(world, "resident:1")
    stranger.get("/api/v1/me")  # the first request of an hour is noted
    with unchanged():
        for one in doors:
            foreign, absent = said(one.ask(stranger)), said(one.ask(stranger, about_nothing=True))
            if foreign[0] != 404 or foreign != absent:
                wrong.append((one.path, "stranger", foreign, absent))
            for name, client, status in (("resident", resident, 403), ("nobody", APIClient(), 401)):
                if (found := one.ask(client).status_code) != status:
                    wrong.append((one.path, name, found, status))
    assert wrong == []
    assert doors[0].ask(phone(f"leader:{OWN}")).status_code < 300
    assert doors[2].ask(phone(f"leader:{EAST}")).status_code < 300
