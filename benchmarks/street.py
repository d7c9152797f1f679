"""A street office of its own for measurements: crooked grids, their teams, and open work of every kind on them."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Self

import numpy as np
import shapely
from django.contrib.gis.geos import LineString, Point
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.models import Department, User
from backend.areas.drafts import Drawn
from backend.areas.models import Area, Duty
from backend.areas.services import Outline, publish_division
from backend.cases.models import Case
from backend.core.clock import week_start_of
from backend.core.ids import uuid7
from backend.dispatch.models import Rule
from backend.inspections.models import Appointment, Route, Stop, WeeklyPlan
from backend.matters.models import Matter
from backend.places.models import Address, Place
from benchmarks.mesh import jittered_mesh
from gis.outlines import Shape, as_shape, rounded

BOUNDS: Final = (119.0, 28.0, 119.06, 28.035)
COMMUNITIES: Final = 3
# Of 50 open rows: what a street has of each kind.
MIX: Final = {"cases": 25, "appointments": 2, "stops": 3, "places": 10, "addresses": 10}
STOPS_A_ROUTE: Final = 500
STATES: Final = ("reported", "filed", "pending_handle", "handling", "suspended", "pending_check")


@dataclass
class Street:
    """The street with its grids; `fill` adds open rows up to a number."""

    area: Area
    shapes: dict[str, Shape]
    grid_of: dict[str, Area]
    leader_of: dict[str, User]
    matters: list[Matter]
    now: datetime
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MIX, 0))
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(8))

    @property
    def grids(self) -> int:
        return len(self.shapes)

    @classmethod
    def built(cls, columns: int, lines: int, *, now: datetime) -> Self:
        """Areas, boundaries, a leader and two deputies a grid, two matters."""
        opened = now - timedelta(days=400)
        city = _area("city", "9901", None, opened)
        county = _area("county", "990101", city, opened)
        street = _area("street", "990101001", county, opened)
        communities = [_area("community", f"990101001{n + 1:03d}", street, opened) for n in range(COMMUNITIES)]
        shapes: dict[str, Shape] = {}
        grid_of: dict[str, Area] = {}
        for number, cell in enumerate(jittered_mesh(columns, lines, bounds=BOUNDS, seed=3)):
            home = communities[number % columns * COMMUNITIES // columns]
            grid = _area("grid", f"{home.code}{number + 1:03d}", home, opened)
            shapes[grid.code], grid_of[grid.code] = cell, grid
        outlines = [Outline(grid_of[code], shape) for code, shape in shapes.items()]
        wholes = [
            Outline(one, as_shape(shapely.union_all([shapes[code] for code in shapes if code.startswith(one.code)])))
            for one in communities
        ]
        for level, drawn in (("community", wholes), ("grid", outlines)):
            publish_division(
                parent=street, level=level, name="bench", source="bench", outlines=drawn, effective_at=opened,
                now=opened,
            )  # fmt: skip
        matters = [_matter(f"bench:{number}") for number in range(2)]
        return cls(street, shapes, grid_of, _teams(grid_of, opened), matters, now)

    def redrawn(self) -> list[Drawn]:
        """The same outlines as new grids of their communities."""
        return [
            Drawn(as_shape(rounded(shape)), under_code=str(code[:12]), name=f"新网格{number}")
            for number, (code, shape) in enumerate(self.shapes.items(), start=1)
        ]

    def rule(self, count: int) -> None:
        """Rules of the street: roads that its desk answers for, a matter by night and a category that go elsewhere.

        None names a grid, so that both ways are measured with the same table.
        """
        since = DateTimeTZRange(self.now - timedelta(days=100), None)
        sanitation = Department.objects.create(code="bench", name_zh="环卫", name_en="Sanitation")
        west, south, east, north = BOUNDS
        for number in range(count):
            more: dict[str, Any] = {"target": Rule.Target.DEPARTMENT, "department": sanitation}
            if number % 3 == 0:
                lat = south + (north - south) * (number + 1) / (count + 1)
                more = {
                    "target": Rule.Target.DESK, "target_area": self.area,
                    "shape": LineString((west, lat), (east, lat), srid=4326), "reach_m": 15,
                }  # fmt: skip
            elif number % 3 == 1:
                more |= {"matter": self.matters[0], "hours_from": time(22), "hours_until": time(6)}
            else:
                more |= {"category_prefix": f"9{number}"}
            Rule.objects.create(
                name_zh=f"规则{number}", area=self.area, valid=since, changed_at=self.now, priority=100 + number, **more
            )

    def fill(self, total: int) -> dict[str, int]:
        """Adds rows until there are `total`; how many of each kind there are then."""
        wanted = {kind: total * share // sum(MIX.values()) for kind, share in MIX.items()}
        spots = {kind: list(self._spots(wanted[kind] - self.counts[kind])) for kind in MIX}
        cases = self._cases(spots["cases"])
        Address.objects.bulk_create(
            Address(code=f"b-{uuid7()}", street="路", plate=str(n), location=at, grid=self.grid_of[code])
            for n, (code, at) in enumerate(spots["addresses"])
        )
        places = Place.objects.bulk_create(
            Place(
                code=f"b-{uuid7()}", kind="premise", name="店", location=at, raw_lon=at.x, raw_lat=at.y,
                raw_crs="wgs84", grid=self.grid_of[code],
            )
            for code, at in spots["places"]
        )  # fmt: skip
        window = DateTimeTZRange(self.now + timedelta(days=2), self.now + timedelta(days=2, hours=2))
        Appointment.objects.bulk_create(
            Appointment(case=case, grid=case.grid, window=window, dwell_minutes=20, booked_at=self.now)
            for case in cases[: len(spots["appointments"])]
        )
        self._stops(places, len(spots["stops"]))
        self.counts = wanted
        return wanted

    def _spots(self, count: int) -> Iterator[tuple[str, Point]]:
        """Points all over the street, each well inside a grid or near its border, with that grid's code."""
        codes = list(self.shapes)
        for number in range(count):
            code = codes[number % len(codes)]
            ring = self.shapes[code].exterior.coords  # type: ignore[union-attr]
            middle = self.shapes[code].centroid
            corner, part = ring[int(self.random.integers(len(ring)))], self.random.uniform(0.05, 0.9)
            lon = round(middle.x + (corner[0] - middle.x) * part, 7)
            lat = round(middle.y + (corner[1] - middle.y) * part, 7)
            yield code, Point(lon, lat, srid=4326)

    def _cases(self, spots: list[tuple[str, Point]]) -> list[Case]:
        return Case.objects.bulk_create(
            Case(
                id=uuid7(), number=f"b{uuid7().hex[:23]}", matter=self.matters[n % 2], matter_version=1,
                state=STATES[n % len(STATES)], channel="counter", location=at, raw_lon=at.x, raw_lat=at.y,
                raw_crs="wgs84", accuracy_m=(None, 8.0)[n % 2], grid=self.grid_of[code],
                area_path=self.grid_of[code].path, responsible=self.leader_of[code] if n % len(STATES) > 1 else None,
                tracking_digest=os.urandom(32), payload_digest=os.urandom(32), reported_at=self.now,
                dispatched_at=self.now if n % len(STATES) > 1 else None,
            )
            for n, (code, at) in enumerate(spots)
        )  # fmt: skip

    def _stops(self, places: list[Place], count: int) -> None:
        """Planned stops of next week, in routes of published plans, one plan a grid."""
        week = week_start_of(self.now) + timedelta(days=7)
        routes: dict[object, Route] = {}
        sizes: dict[object, int] = {}
        rows = []
        for place in (places * 2)[:count]:
            route = routes.get(place.grid_id)
            if route is None:
                route = routes[place.grid_id] = self._route(place, week)
                sizes[place.grid_id] = route.stops.count()
            sizes[place.grid_id] += 1
            at = self.now + timedelta(days=7, minutes=sizes[place.grid_id])
            rows.append(
                Stop(
                    route=route, seq=sizes[place.grid_id], kind="duty", place=place, location=place.location,
                    arrive_at=at, start_at=at, leave_at=at + timedelta(minutes=1), reason_code="bench",
                )
            )  # fmt: skip
        Stop.objects.bulk_create(rows)

    def _route(self, place: Place, week: date) -> Route:
        plan, _ = WeeklyPlan.objects.get_or_create(
            grid_id=place.grid_id, week_start=week, version=1,
            defaults={"state": "published", "created_at": self.now, "published_at": self.now},
        )  # fmt: skip
        begins = self.now + timedelta(days=7)
        leader = next(self.leader_of[code] for code, grid in self.grid_of.items() if grid.pk == place.grid_id)
        route, _ = Route.objects.get_or_create(
            plan=plan, worker=leader,
            defaults={
                "day": begins.date(), "shift": DateTimeTZRange(begins, begins + timedelta(days=1)), "travel_s": 0,
                "travel_m": 0,
            },
        )  # fmt: skip
        return route


def _area(level: str, code: str, parent: Area | None, opened: datetime) -> Area:
    tail = code.removeprefix(parent.code) if parent else code
    return Area.objects.create(
        level=level, scheme="grid15" if level == "grid" else "stats12", code=code, parent=parent,
        path=f"{parent.path if parent else ''}{tail}.", name=f"测 {code}", name_en=f"{level} {code}", opened_at=opened,
        kind="base" if level == "grid" else "",
    )  # fmt: skip


def _matter(code: str) -> Matter:
    return Matter.objects.create(
        scheme="bench", code=code, kind=Matter.Kind.INCIDENT, slug=code.replace(":", "_"), category_code="01",
        category_zh="市容", name_zh=f"事项{code}", name_en=code, handler=Matter.Handler.GRID, auto_file=True,
        public=True,
    )  # fmt: skip


def _teams(grid_of: dict[str, Area], since: datetime) -> dict[str, User]:
    """A leader, an A and a B deputy a grid; the leaders by the code of the grid."""
    posts = (("leader", 0), ("deputy", 1), ("deputy", 2))
    leaders: dict[str, User] = {}
    duties = []
    for code, grid in grid_of.items():
        for post, rank in posts:
            user = User.objects.create(username=f"bench-{code}-{post}{rank}", name=f"测{post}")
            leaders.setdefault(code, user)
            duties.append(Duty(grid=grid, worker=user, post=post, rank=rank, valid=DateTimeTZRange(since, None)))
    Duty.objects.bulk_create(duties)
    return leaders
