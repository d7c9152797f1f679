"""What every test of the rounds needs: streets to walk, a quiet broker, a planner that is warm."""

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

import pytest

from backend.accounts.actor import SYSTEM
from backend.cases.services import PointIn
from backend.core.ids import uuid7
from backend.inspections import reminders
from backend.inspections.booking import Booked, NewBooking, book
from backend.inspections.models import Stop, WeeklyPlan
from backend.inspections.services import plan_week, publish_plan
from backend.places import queries as places
from tests.streets import lay_streets, spot_in
from tests.world import World

GRID = "002011001"
MONDAY = date(2026, 11, 16)
MONDAY_EARLY = datetime.fromisoformat("2026-11-16T04:30:00+08:00")


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch, settings: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No task leaves a test; each test's network is its own; the planner takes fewer steps."""
    monkeypatch.setattr(reminders, "send", len)
    monkeypatch.setattr(places, "_kept", None)
    settings.PLAN_STEPS = 500  # type: ignore[attr-defined]
    settings.DATA_DIR = tmp_path_factory.mktemp("data")  # type: ignore[attr-defined]


@pytest.fixture
def town(world: World) -> World:
    """The small world with streets and five places with weekly duties in the first grid."""
    lay_streets(world)
    for number in range(5):
        world.add_place(
            f"P{number}",
            grid=GRID,
            at=spot_in(world, GRID, east=0.1 + 0.2 * number, north=0.2 + 0.15 * number),
            last_visit_on=date(2026, 11, 10 - number),
        )
    return world


@pytest.fixture
def published(town: World) -> WeeklyPlan:
    """The first grid's plan of the week, made and published early on Monday."""
    plan = plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=MONDAY_EARLY)
    return publish_plan(actor=SYSTEM, plan_id=plan.pk, now=MONDAY_EARLY)


def at(text: str) -> datetime:
    """A local moment of the week, e.g. "18 09:30" for Wednesday."""
    day, clock = text.split()
    return datetime.fromisoformat(f"2026-11-{day}T{clock}:00+08:00")


@pytest.fixture
def booking_of(town: World) -> Callable[..., NewBooking]:
    """Makes a booking in the first grid, or in `grid=`: `booking_of("18 14:00", "18 16:00")`."""

    def make(start: str, end: str, *, booking_id: UUID | None = None, grid: str = GRID, **more: object) -> NewBooking:
        lon, lat = spot_in(town, grid, east=0.7, north=0.7)
        return NewBooking(
            id=booking_id or uuid7(),
            matter_id=town.matters["pension_life_proof"].pk,
            point=PointIn(lon, lat, "wgs84", 5.0),
            start=at(start),
            end=at(end),
            address_text="测试路1号",
            contact_name="测试人",
            contact_phone="19900000001",
            **more,
        )

    return make


@pytest.fixture
def book_at(town: World, booking_of: Callable[..., NewBooking]) -> Callable[..., Booked]:
    """Books as resident 1: `book_at("18 14:00", "18 16:00", now=...)`."""

    def take(start: str, end: str, *, now: datetime = MONDAY_EARLY, **more: object) -> Booked:
        return book(actor=town.actor("resident:1"), booking=booking_of(start, end, **more), now=now)

    return take


def stops_of(plan: WeeklyPlan) -> list[Stop]:
    return list(Stop.objects.filter(route__plan=plan).select_related("route").order_by("start_at"))
