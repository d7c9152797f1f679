"""Round sheets and walked ways as files: what is in them, for whom, and what is kept of it."""

import io
import json
from collections.abc import Callable
from contextlib import nullcontext as _nothing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import gpxpy
import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from backend.accounts.actor import SYSTEM
from backend.cases.models import Case
from backend.core.models import AuditEntry
from backend.inspections.errors import TrackNotShown
from backend.inspections.models import Appointment, Route, Stop, WeeklyPlan
from backend.inspections.services import plan_week, publish_plan
from backend.inspections.walked_ways import take_walked
from backend.patrols import services as patrols
from maps.reports import paper
from tests.conftest import ClientOf
from tests.gis.gpx_grammar import faults_of
from tests.inspections.conftest import (  # noqa: F401
    GRID,
    MONDAY,
    MONDAY_EARLY,
    _quiet,
    book_at,
    booking_of,
    town,
)
from tests.patrols.test_sessions import LEADER, agree, point, start
from tests.tables import unchanged
from tests.world import World

PHONE, NAME, HOME, NOTE = "19900000001", "测试人", "测试路1号", "家里有狗，请先打电话"
SECRETS = (PHONE, NAME, HOME, NOTE)
TRACK = "/api/v1/console/tracks/file"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time_machine_at_noon")]


@pytest.fixture
def plan(town: World, book_at: Callable[..., Any]) -> WeeklyPlan:  # noqa: F811
    """The first grid's week with five places and one booked visit, published."""
    booked = book_at("18 14:00", "18 16:00")
    booked.appointment.note = NOTE
    booked.appointment.save(update_fields=["note"])
    made = plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=MONDAY_EARLY)
    return publish_plan(actor=SYSTEM, plan_id=made.pk, now=MONDAY_EARLY)


@pytest.fixture
def walked(world: World, now: datetime) -> None:
    """The leader's walk of today: two stretches with twenty minutes of silence between them."""
    agree(world, LEADER, now - timedelta(hours=1))
    early = now - timedelta(minutes=50)
    session = start(world, early, started_at=early)
    points = [point(n, early + timedelta(seconds=10 * n + (1200 if n >= 20 else 0))) for n in range(40)]
    patrols.take_positions(actor=world.actor(LEADER), session_id=session.pk, points=points, now=now)


def address(plan: WeeklyPlan) -> str:
    return f"/api/v1/console/plans/{plan.pk}/round"


def booked_stop(plan: WeeklyPlan) -> Stop:
    return Stop.objects.get(route__plan=plan, kind="appointment")


def test_a_round_as_gpx_is_a_route_a_half_day_and_a_waypoint_a_stop(plan: WeeklyPlan, client_of: ClientOf) -> None:
    response = client_of("community:002011").get(address(plan), {"file_format": "gpx"})
    assert (response.status_code, response["Content-Type"]) == (200, "application/gpx+xml")
    assert response["Content-Disposition"] == 'attachment; filename="round-330281002011001-20261116.gpx"'
    text = response.content.decode()
    assert faults_of(text) == []
    book = gpxpy.parse(text)
    stops = list(Stop.objects.filter(route__plan=plan).order_by("route__shift", "route__worker__username", "seq"))
    assert [(point.longitude, point.latitude, point.time) for point in book.waypoints] == [
        (round(stop.location.x, 7), round(stop.location.y, 7), stop.start_at) for stop in stops
    ]
    paths = Route.objects.filter(plan=plan, stops__isnull=False).distinct().order_by("shift", "worker__username")
    assert [[(point.longitude, point.latitude) for point in route.points] for route in book.routes] == [
        [(round(lon, 7), round(lat, 7)) for line in one.path.coords for lon, lat in line] if one.path else []
        for one in paths
    ]
    assert any(len(route.points) > 1 for route in book.routes)


@pytest.mark.parametrize("kind", ["html", "gpx", "geojson"])
def test_a_round_says_nothing_private_unless_asked_with_a_reason(
    plan: WeeklyPlan, client_of: ClientOf, kind: str
) -> None:
    desk = client_of("community:002011")
    with unchanged():
        plain = desk.get(address(plan), {"file_format": kind, "language": "en"}).content.decode()
    assert "booked 14:00–16:00" in plain
    assert not [secret for secret in SECRETS if secret in plain]

    with unchanged():
        refused = desk.post(address(plan), {"file_format": kind, "reason": " x "}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (422, "note_needed")

    whole = desk.post(address(plan), {"file_format": kind, "reason": "入户走访需要"}, format="json").content.decode()
    assert [secret for secret in SECRETS if secret in whole] == list(SECRETS)
    kept = AuditEntry.objects.get(action="reveal_contact")
    assert (kept.subject_id, kept.facts) == (str(booked_stop(plan).case_id), {"reason": "入户走访需要"})


def test_a_booked_visit_of_a_case_that_went_elsewhere_stays_hidden(
    plan: WeeklyPlan, world: World, client_of: ClientOf
) -> None:
    other = world.grid("003001002")
    Case.objects.filter(pk=booked_stop(plan).case_id).update(grid=other, area_path=other.path, responsible=None)
    asked = {"file_format": "geojson", "reason": "入户走访需要"}
    answer = client_of("community:002011").post(address(plan), asked, format="json")
    assert answer.status_code == 200
    assert not [secret for secret in SECRETS if secret in answer.content.decode()]
    assert not AuditEntry.objects.filter(action="reveal_contact").exists()


def test_a_round_as_a_workbook_runs_nothing(plan: WeeklyPlan, client_of: ClientOf) -> None:
    Appointment.objects.update(note='=HYPERLINK("http://x")')
    desk, asked = client_of("community:002011"), {"file_format": "xlsx", "language": "zh"}
    response = desk.get(address(plan), asked)
    assert response["Content-Disposition"] == 'attachment; filename="round-330281002011001-20261116.xlsx"'
    head, *rows = load_workbook(io.BytesIO(response.content))["走访单"].iter_rows()
    assert [cell.value for cell in head] == [
        "日期", "班次", "走访人", "序", "时间", "走访对象", "地址", "预约时段", "原因",
    ]  # fmt: skip
    assert len(rows) == Stop.objects.filter(route__plan=plan).count()
    texts = [str(cell.value) for row in rows for cell in row]
    assert "预约 14:00–16:00" in texts
    assert not [secret for secret in SECRETS for text in texts if secret in text]
    whole = desk.post(address(plan), {**asked, "reason": "入户走访需要"}, format="json")
    cells = [cell for row in load_workbook(io.BytesIO(whole.content))["走访单"].iter_rows() for cell in row]
    assert {NAME, PHONE, HOME, """'=HYPERLINK("http://x")"""} <= {cell.value for cell in cells}
    assert {cell.data_type for cell in cells} <= {"s", "n"}


def test_a_round_on_paper_is_a_page_a_worker_and_day(plan: WeeklyPlan, client_of: ClientOf) -> None:
    desk = client_of("community:002011")
    response = desk.get(address(plan), {"file_format": "pdf"})
    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
    pages = Route.objects.filter(plan=plan, stops__isnull=False).values("worker", "day").distinct().count()
    assert response.content.startswith(b"%PDF-")
    assert response.content.count(b"/Type /Page\n") == pages
    assert b"/FontFile" in response.content
    assert response.content == desk.get(address(plan), {"file_format": "pdf"}).content


def test_a_server_without_a_font_says_what_to_install(
    plan: WeeklyPlan, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(paper, "FONT", tmp_path / "none.ttf")
    refused = client_of("community:002011").get(address(plan), {"file_format": "pdf"})
    assert (refused.status_code, refused.json()["code"]) == (503, "no_pdf_font")
    assert "fonts-wqy-microhei" in refused.json()["detail"]


def test_only_the_asked_half_days_are_revealed(plan: WeeklyPlan, client_of: ClientOf) -> None:
    desk, reason = client_of("street:002"), {"reason": "入户走访需要", "file_format": "gpx"}
    monday = desk.post(address(plan), {**reason, "day": "2026-11-16"}, format="json")
    assert monday.status_code == 200
    assert not AuditEntry.objects.filter(action="reveal_contact").exists()


def test_who_may_have_a_round(plan: WeeklyPlan, client_of: ClientOf) -> None:
    body = {"reason": "入户走访需要"}
    for name, plain, private in (
        ("community:002011", 200, 200), ("street:002", 200, 200), ("auditor", 200, 403), ("city", 200, 403),
        ("community:002012", 404, 404), ("leader:002011001", 403, 403), ("resident:1", 403, 403),
    ):  # fmt: skip
        client = client_of(name)
        assert client.get(address(plan)).status_code == plain, name
        assert client.post(address(plan), body, format="json").status_code == private, name


def test_one_day_or_one_worker(plan: WeeklyPlan, world: World, client_of: ClientOf) -> None:
    desk = client_of("community:002011")
    route = booked_stop(plan).route
    asked = {"file_format": "geojson", "day": str(route.day), "worker": str(route.worker_id), "language": "zh"}
    response = desk.get(address(plan), asked)
    assert response["Content-Disposition"].endswith(f'-20261118-{route.worker.username}.geojson"')
    features = json.loads(response.content)["features"]
    assert {one["properties"]["day"] for one in features} == {str(route.day)}
    assert {one["properties"]["worker"] for one in features} == {str(route.worker_id)}
    assert {one["properties"]["route"] for one in features} == {
        str(one.pk) for one in Route.objects.filter(plan=plan, day=route.day, worker=route.worker, stops__isnull=False)
    }
    for more, field in (({"day": "2026-11-23"}, "day"), ({"worker": str(world.people["city"].pk)}, "worker")):
        refused = desk.get(address(plan), more)
        told = refused.json()
        assert (refused.status_code, told["code"]) == (422, "not_in_plan")
        assert [one["pointer"] for one in told["errors"]] == [f"#/{field}"]
    for more in ({"day": "16.11.2026"}, {"worker": "7"}, {"file_format": "exe"}, {"language": "fr"}):
        refused = desk.get(address(plan), more)
        assert refused.status_code == 422
        assert [one["pointer"] for one in refused.json()["errors"]] == [f"#/{next(iter(more))}"]


def test_a_walked_day_keeps_its_gap(walked: None, world: World, client_of: ClientOf) -> None:
    desk, asked = client_of("community:002011"), {"worker": str(world.people[LEADER].pk), "date": "2026-11-18"}
    response = desk.get(TRACK, {**asked, "file_format": "gpx"})
    assert (response.status_code, response["Content-Type"]) == (200, "application/gpx+xml")
    assert faults_of(response.content.decode()) == []
    [track] = gpxpy.parse(response.content.decode()).tracks
    assert [len(segment.points) for segment in track.segments] == [20, 20]
    assert track.segments[0].points[0].time == datetime.fromisoformat("2026-11-18T01:10:00+00:00")
    lines = json.loads(desk.get(TRACK, {**asked, "file_format": "geojson"}).content)["features"]
    assert [(one["geometry"]["type"], len(one["geometry"]["coordinates"])) for one in lines] == [("LineString", 20)] * 2
    assert [one["properties"]["segment"] for one in lines] == [1, 2]
    kept = AuditEntry.objects.filter(action="export_track")
    assert [(one.actor_id, one.facts["day"]) for one in kept] == [
        (world.people["community:002011"].pk, "2026-11-18")
    ] * 2


def test_who_may_take_a_walk_along(walked: None, world: World, client_of: ClientOf) -> None:
    asked = {"worker": str(world.people[LEADER].pk), "date": "2026-11-18"}
    for name, status in (
        ("street:002", 200), ("community:002012", 404), ("street:003", 404), ("district", 403), ("city", 403),
        ("auditor", 403), ("worker:002011001", 403), ("resident:1", 403),
    ):  # fmt: skip
        client = client_of(name)
        with unchanged() if status != 200 else _nothing():
            assert client.get(TRACK, asked).status_code == status, name


def test_a_role_that_sees_figures_gets_no_way_whatever_door_it_takes(walked: None, world: World, now: datetime) -> None:
    worker = world.people[LEADER].pk
    with unchanged(), pytest.raises(TrackNotShown):
        take_walked(actor=world.actor("district"), worker_id=worker, day=now.date(), now=now)
    assert take_walked(actor=world.actor("community:002012"), worker_id=worker, day=now.date(), now=now) == []


def test_a_day_without_a_walk_is_an_empty_file(world: World, client_of: ClientOf) -> None:
    asked = {"worker": str(world.people[LEADER].pk), "date": "2026-11-18"}
    text = client_of("street:002").get(TRACK, asked).content.decode()
    assert faults_of(text) == []
    assert gpxpy.parse(text).tracks == []
    assert not AuditEntry.objects.filter(action="export_track").exists()


def test_the_command_writes_every_form(plan: WeeklyPlan, walked: None, tmp_path: Path) -> None:
    folder = tmp_path / "sheets"
    formats = [word for kind in ("html", "gpx", "geojson") for word in ("--format", kind)]
    call_command("make_sheets", "rounds", "--week", "2026-11-16", "--out", str(folder), *formats)
    stem = "round-330281002011001-20261116"
    assert sorted(file.name for file in folder.iterdir()) == [f"{stem}.geojson", f"{stem}.gpx", f"{stem}.html"]
    assert not [secret for secret in SECRETS for file in folder.iterdir() if secret in file.read_text()]
    call_command("make_sheets", "rounds", "--week", "2026-11-16", "--each", "day", "--out", str(folder / "days"))
    workers_and_days = Route.objects.filter(plan=plan, stops__isnull=False).values("worker", "day").distinct()
    assert len(list((folder / "days").iterdir())) == workers_and_days.count()
    call_command("make_sheets", "walked", "--day", "2026-11-18", "--out", str(folder / "walked"))
    assert [file.name for file in (folder / "walked").iterdir()] == [f"walked-{_username(plan)}-20261118.gpx"]


def _username(plan: WeeklyPlan) -> str:
    from backend.accounts.models import User

    return str(User.objects.get(patrol_sessions__isnull=False).username)


@pytest.mark.parametrize(
    "words",
    [
        ["rounds", "--week", "2026-11-17"], ["rounds", "--week", "x"], ["rounds", "--week", "2027-11-15"],
        ["walked", "--worker", "nobody"], ["walked", "--day", "2026-13-01"], ["rounds", "--format", "exe"], [],
    ],
)  # fmt: skip
def test_the_command_refuses_by_name_and_writes_nothing(world: World, words: list[str], tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("make_sheets", *words, *(["--out", str(tmp_path / "out")] if words else []))
    assert not (tmp_path / "out").exists()
