"""A whole week of two grids: planned, booked into, disturbed, walked with phones that err; figures beside the truth."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.gis.geos import Point

from backend.accounts.models import User
from backend.cases.models import Case
from backend.inspections import reminders
from backend.inspections.models import Stop, WeeklyPlan
from backend.patrols.models import PatrolSession
from backend.places import queries as places
from backend.places.models import Address
from fixtures.demo.walked_week import walk_last_week
from fixtures.management.commands.simulate_week import COVERAGE_POINTS, FALSE_MOST, lines_of
from fixtures.simulation.week import NOTICE_VERSION, Disturbances, Outcome, simulate
from tests.streets import lay_streets, spot_in
from tests.world import World, make_world

MONDAY = date(2026, 11, 23)
BEGAN = datetime.fromisoformat("2026-11-16T08:00:00+08:00")
GRIDS = ("002011001", "002011002")
pytestmark = pytest.mark.django_db


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> World:
    monkeypatch.setattr(places, "_kept", None)
    monkeypatch.setattr(reminders, "send", len)
    settings.PLAN_STEPS = 500
    settings.DATA_DIR = tmp_path
    world = make_world(BEGAN)
    lay_streets(world)
    for grid in GRIDS:
        for number in range(12):
            spot = spot_in(world, grid, east=0.08 + 0.27 * (number % 4), north=0.15 + 0.3 * (number // 4))
            world.add_place(f"{grid}-{number}", grid=grid, at=spot, dwell_minutes=8)
        # A house with six doors: the phone can't tell them apart.
        home = spot_in(world, grid, east=0.5, north=0.9)
        for number, minutes in enumerate((15, 10, 15, 8, 20, 10)):
            world.add_place(f"{grid}-home-{number}", grid=grid, at=home, dwell_minutes=minutes)
        for number in range(3):
            spot = spot_in(world, grid, east=0.2 + 0.3 * number, north=0.55)
            Address.objects.create(
                code=f"{grid}-{number}", street="测试路", plate=f"{number + 1}号", households=20,
                location=Point(*spot, srid=4326), grid=world.grid(grid),
            )  # fmt: skip
    return world


def week_of(town: World, *, seed: int = 5) -> Outcome:
    disturbances = Disturbances(skipped=0.25, locked=0.1, bookings_a_grid=1.5, unrecorded=0.5, answered=1.0)
    grids = [town.grid(code) for code in GRIDS]
    return simulate(week_start=MONDAY, seed=seed, grids=grids, disturbances=disturbances)


def test_the_figures_of_the_week_match_what_was_true(town: World) -> None:
    outcome = week_of(town)
    assert outcome.bookings >= 2
    assert outcome.replans >= 3
    assert len(outcome.stood) >= 12
    assert outcome.passed
    assert outcome.duplicates > 0
    assert outcome.rejected == 0
    assert outcome.answered > 0
    told = "\n".join(lines_of(outcome))
    assert outcome.false_of_recognised <= FALSE_MOST, told
    assert abs(outcome.coverage_points) <= COVERAGE_POINTS, told
    # A hundredth of so few stops is none; one may fall into a silence of its phone.
    assert len(outcome.stood - outcome.recognised) <= 1, told


def test_the_demo_begins_with_last_week_walked(town: World) -> None:
    """The week before `now`, in the first grids by code; nobody is sent away, no urgent case stays open."""
    User.objects.filter(username__startswith="resident:").delete()  # as in a town whose imports have just ended
    half_days = walk_last_week(seed=3, now=datetime.fromisoformat("2026-12-02T09:00:00+08:00"), grids=1)
    [plan] = WeeklyPlan.objects.filter(state=WeeklyPlan.State.PUBLISHED)
    assert (plan.week_start, plan.grid_id) == (MONDAY, town.grid(GRIDS[0]).pk)
    days = set(PatrolSession.objects.values_list("day", flat=True))
    assert half_days == PatrolSession.objects.count() > 0
    assert min(days) >= MONDAY
    assert max(days) < MONDAY + timedelta(days=7)
    stops = Stop.objects.filter(route__plan=plan)
    assert stops.filter(state=Stop.State.DONE).exists()
    assert not stops.filter(state=Stop.State.PLANNED).exists()
    assert not Case.objects.filter(channel="hotline").exists()


def test_the_demo_consents_to_the_notice_that_the_field_app_shows() -> None:
    store = Path(__file__).resolve().parents[2] / "web" / "field" / "src" / "stores" / "patrol.ts"
    assert f'NOTICE_VERSION = "{NOTICE_VERSION}"' in store.read_text(encoding="utf-8")
