"""Coverage maps: whose walks and places are on them, one worker each, kept for some days, in every form."""

import io
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.gis.geos import LineString, Point
from django.core.management import call_command
from openpyxl import load_workbook

from backend.areas import queries as areas
from backend.core.models import AuditEntry
from backend.patrols import services as patrols
from backend.patrols.models import PatrolSession
from backend.places.models import NetworkEdge, NetworkNode
from backend.stats import coverage_maps
from backend.stats.coverage import CoverageFacts, coverage_of
from backend.stats.errors import CoverageMapNotFound, CoverageNotReady
from backend.stats.models import CoverageMap
from maps.reports import paper
from tests.conftest import ClientOf
from tests.patrols.test_sessions import LAT, LEADER, LON, agree, point, start
from tests.tables import unchanged
from tests.world import SIDE, SOUTH, WEST, World

MAPS = "/api/v1/console/maps/coverage"
STREET, COMMUNITY, GRID = "330281002", "330281002011", "330281002011001"
MONDAY = date(2026, 11, 16)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time_machine_at_noon")]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Tasks that would have gone out."""
    found: list[Any] = []
    monkeypatch.setattr(coverage_maps.current_app, "send_task", lambda name, args, **more: found.append((name, args)))
    return found


@pytest.fixture
def streets() -> None:
    """One street from west to east through the three grids of community 011, and one to the north in 012."""
    for number, (lat, width) in enumerate(((LAT, 3), (SOUTH + 1.5 * SIDE, 3))):
        ends = [(WEST, lat), (WEST + width * SIDE, lat)]
        for place, end in enumerate(ends):
            NetworkNode.objects.create(number=2 * number + place, location=Point(*end, srid=4326))
        NetworkEdge.objects.create(
            number=number, tail_id=2 * number, head_id=2 * number + 1, length_m=1, walk_s=1, highway="residential",
            osm_way=number, line=LineString(ends, srid=4326),
        )  # fmt: skip


@pytest.fixture
def walked(world: World, now: datetime) -> PatrolSession:
    """The leader's walk of today along the street, through the first grid and some of the second."""
    agree(world, LEADER, now - timedelta(hours=1))
    early = now - timedelta(minutes=50)
    session = start(world, early, started_at=early)
    points = [point(n, early + timedelta(seconds=10 * n)) for n in range(25)]
    patrols.take_positions(actor=world.actor(LEADER), session_id=session.pk, points=points, now=now)
    return session


def found_for(world: World, who: str, now: datetime, *, area: str = STREET, **more: Any) -> CoverageFacts:
    actor = world.actor(who)
    asked = {"week_start": MONDAY, "weeks": 1, "unseen_days": 30, **more}
    return coverage_of(actor, area=areas.area_below(actor, area), now=now, **asked)


def ask(world: World, who: str, now: datetime, *, area: str = STREET) -> CoverageMap:
    return coverage_maps.ask(
        actor=world.actor(who), area_code=area, week_start=MONDAY, weeks=1, unseen_days=30, now=now
    )


@pytest.mark.usefixtures("streets", "walked")
def test_streets_are_walked_where_somebody_went(world: World, now: datetime) -> None:
    found = found_for(world, "street:002", now)
    shares = {grid.code[9:]: grid.street_share for grid in found.grids}
    assert shares["011001"] == pytest.approx(1.0, abs=0.16)  # the walk begins 48 m from the western end
    assert 0.3 < (shares["011002"] or 0) < 0.7
    assert (shares["011003"], shares["012001"]) == (0, 0)
    assert found.walked
    west, east = min(x for line in found.walked for x, _ in line), max(x for line in found.walked for x, _ in line)
    assert (west, east) == (pytest.approx(LON, abs=0.0004), pytest.approx(LON + 0.0024, abs=0.0004))
    assert 0 < found.ground_share < 0.3


@pytest.mark.usefixtures("streets", "walked")
def test_nothing_of_other_weeks_and_other_areas(world: World, now: datetime) -> None:
    before = found_for(world, "street:002", now, week_start=MONDAY - timedelta(days=7))
    assert (before.patrols, before.walked_m) == (0, 0)
    assert found_for(world, "street:002", now, week_start=MONDAY - timedelta(days=7), weeks=2).walked_m > 200
    neighbour = found_for(world, "community:002012", now, area="330281002012")
    assert (neighbour.patrols, {grid.code[:12] for grid in neighbour.grids}) == (0, {"330281002012"})


@pytest.mark.usefixtures("streets", "walked")
@pytest.mark.parametrize(("who", "sees"), [("community:002011", True), ("street:002", True), ("district", False)])
def test_streets_are_for_those_who_may_see_tracks(world: World, now: datetime, who: str, sees: bool) -> None:
    found = found_for(world, who, now, area=COMMUNITY)
    assert (found.walked is not None, found.not_walked is not None) == (sees, sees)
    assert found.walked_m > 200


@pytest.mark.usefixtures("streets", "walked")
def test_nobody_is_named(world: World, now: datetime) -> None:
    told = json.dumps(found_for(world, "street:002", now).as_json(), ensure_ascii=False)
    for person in world.people.values():
        assert str(person.pk) not in told
        assert person.username not in told
        assert not person.name or str(person.name) not in told


@pytest.mark.usefixtures("streets", "walked")
def test_deleted_tracks_are_said(world: World, now: datetime) -> None:
    PatrolSession.objects.update(raw_dropped_at=now)
    found = found_for(world, "street:002", now)
    assert (found.patrols, found.patrols_gone, found.walked_m) == (0, 1, 0)


def test_homes_are_counted_and_not_shown(world: World, now: datetime) -> None:
    world.add_place("P1", grid="002011001", last_visit_on=now.date() - timedelta(days=40))
    home = world.add_place("P2", grid="002011001")
    type(home).objects.filter(pk=home.pk).update(kind="residence")
    world.add_place("P3", grid="002011001", last_visit_on=now.date() - timedelta(days=1))
    found = found_for(world, "community:002011", now, area=GRID)
    [grid] = found.grids
    assert (grid.places, grid.unseen, grid.overdue) == (3, 2, 2)
    assert [spot.name for spot in found.places] == ["测试场所 P1"]
    assert "P2" not in json.dumps(found.as_json())


@pytest.mark.usefixtures("streets", "walked", "sent")
def test_one_worker_computes_and_the_answer_is_kept(world: World, now: datetime) -> None:
    asked = ask(world, "street:002", now)
    assert ask(world, "street:002", now).pk == asked.pk
    with pytest.raises(CoverageNotReady):
        coverage_maps.facts_of(world.actor("street:002"), asked.pk)
    assert coverage_maps.compute(map_id=asked.pk, clock=lambda: now)
    assert not coverage_maps.compute(map_id=asked.pk, clock=lambda: now)
    done = coverage_maps.coverage_map(world.actor("street:002"), asked.pk)
    assert (done.state, done.patrols, done.patrols_done) == ("done", 1, 1)
    assert coverage_maps.facts_of(world.actor("street:002"), asked.pk).walked_m > 200
    assert AuditEntry.objects.filter(action="export_coverage").count() == 1
    assert ask(world, "street:002", now).pk != asked.pk


@pytest.mark.usefixtures("sent")
def test_a_worker_that_lost_its_claim_writes_nothing(world: World, now: datetime) -> None:
    asked = ask(world, "street:002", now)
    first = coverage_maps._claim(asked.pk, now)
    assert coverage_maps._claim(asked.pk, now) is None
    later = now + coverage_maps.CLAIM + timedelta(seconds=1)
    assert first is not None
    assert coverage_maps._claim(asked.pk, later) is not None
    assert coverage_maps._end(first, CoverageMap.State.DONE, later, answer=b"x") == 0


def test_what_hangs_is_sent_again_and_what_is_old_goes(world: World, now: datetime, sent: list[Any]) -> None:
    asked = ask(world, "street:002", now)
    soon = now + timedelta(minutes=1)
    assert coverage_maps.tend(now=soon) == 1
    assert sent[-1] == ("backend.stats.tasks.compute_coverage_map", [str(asked.pk)])
    for attempt in range(coverage_maps.MOST_ATTEMPTS):
        coverage_maps._claim(asked.pk, soon + attempt * (coverage_maps.CLAIM + timedelta(seconds=1)))
    lost_at = soon + timedelta(minutes=20)
    assert coverage_maps.tend(now=lost_at) == 0
    asked.refresh_from_db()
    assert (asked.state, asked.problem["code"]) == ("failed", "worker_lost")
    coverage_maps.tend(now=lost_at + coverage_maps.KEPT_FOR + timedelta(seconds=1))
    assert not CoverageMap.objects.exists()


@pytest.mark.usefixtures("sent")
def test_a_map_is_for_whoever_asked(world: World, now: datetime) -> None:
    asked = ask(world, "community:002011", now, area=COMMUNITY)
    coverage_maps.coverage_map(world.actor("community:002011"), asked.pk)
    for who in ("street:002", "community:002012", "district"):
        with pytest.raises(CoverageMapNotFound):
            coverage_maps.coverage_map(world.actor(who), asked.pk)
    # A colleague at the same desk, in the same role, over the same area.
    CoverageMap.objects.update(asked_by=world.people["city"])
    with pytest.raises(CoverageMapNotFound):
        coverage_maps.coverage_map(world.actor("community:002011"), asked.pk)


@pytest.mark.usefixtures("streets", "walked", "sent")
def test_each_form_of_the_file(world: World, now: datetime, client_of: ClientOf, tmp_path: Path) -> None:
    world.add_place("P1", grid="002011001", last_visit_on=now.date() - timedelta(days=40))
    desk = client_of("street:002")
    made = desk.post(MAPS, {"area": STREET, "week_start": str(MONDAY)}, format="json")
    assert (made.status_code, made.json()["state"]) == (202, "queued")
    address = f"{MAPS}/{made.json()['id']}"
    refused = desk.get(f"{address}/file")
    assert (refused.status_code, refused.json()["code"]) == (409, "coverage_not_ready")
    coverage_maps.compute(map_id=made.json()["id"])
    assert desk.get(address).json()["state"] == "done"

    page = desk.get(f"{address}/file").content.decode()
    assert "streets walked" in page
    assert " src=" not in page
    told = json.loads(desk.get(f"{address}/file", {"file_format": "geojson"}).content)
    assert {one["properties"]["kind"] for one in told["features"]} == {"grid", "walked", "not_walked", "place"}
    book = load_workbook(io.BytesIO(desk.get(f"{address}/file", {"file_format": "xlsx", "language": "zh"}).content))
    assert book.sheetnames == ["网格覆盖", "待走访对象"]
    if paper.FONT.is_file():
        assert desk.get(f"{address}/file", {"file_format": "pdf"}).content.startswith(b"%PDF-")
    call_command(
        "make_maps", "coverage", "--area", STREET, "--week", str(MONDAY), "--format", "html", "--out", str(tmp_path)
    )
    assert [file.name for file in tmp_path.iterdir()] == ["coverage-330281002-20261116-20261122.html"]


@pytest.mark.parametrize(
    "wrong", [{"week_start": "2026-11-17"}, {"weeks": 0}, {"weeks": 40}, {"unseen_days": 0}, {"area": ""}]
)
def test_a_wrong_request_names_its_field(client_of: ClientOf, wrong: dict[str, Any]) -> None:
    desk = client_of("street:002")
    with unchanged():
        refused = desk.post(MAPS, {"area": STREET, "week_start": str(MONDAY), **wrong}, format="json")
    assert refused.status_code in (400, 422)
    assert next(iter(wrong)) in refused.content.decode()
