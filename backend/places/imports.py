"""Addresses, places and visit duties from tables; every point is found in its grid or refused by name."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.contrib.gis.geos import Point

from backend.areas import queries as areas
from backend.areas.models import Boundary
from backend.core.ids import uuid7
from backend.core.imports import Report, Row, read_table, refuse_doubles
from backend.places.models import Address, Place, VisitDuty, VisitTarget
from gis.hours import HoursError, parse_hours

BATCH: Final = 2000
NOWHERE: Final = UUID(int=0)
"""Stands in a row that was refused and is never stored."""

LONGEST_INTERVAL_DAYS: Final = 1830


class PlacesImport:
    """One import; call the steps in the order targets, addresses, places, duties."""

    def __init__(self, report: Report, *, now: datetime) -> None:
        self._report, self._now = report, now
        self._index = areas.grid_index(now)
        boundaries = Boundary.objects.filter(pk__in=[shape.id for shape in self._index.grids])
        grid_of: dict[UUID, UUID] = dict(boundaries.values_list("pk", "area_id"))
        self._grid_ids = [grid_of[UUID(str(shape.id))] for shape in self._index.grids]

    def targets(self, file: Path) -> None:
        """The visit catalogue: kinds of visits with their default frequency and length."""
        columns = ("code", "name_zh", "name_en", "interval_days", "dwell_minutes", "at_home", "windows", "questions")
        rows = read_table(self._report, file, columns)
        refuse_doubles(rows, "code")
        targets = []
        for row in rows:
            has_interval = bool(row.text("interval_days", needed=False))
            targets.append(
                VisitTarget(
                    code=row.text("code", most=30),
                    name_zh=row.text("name_zh", most=80),
                    name_en=row.text("name_en", needed=False, most=120),
                    interval_days=row.integer("interval_days", minimum=1, maximum=LONGEST_INTERVAL_DAYS)
                    if has_interval
                    else None,
                    dwell_minutes=row.integer("dwell_minutes", minimum=1, maximum=480),
                    at_home=row.choice("at_home", ("yes", "no")) == "yes",
                    windows=_hours(row, "windows"),
                    questions=[part for part in row.text("questions", needed=False).split("|") if part],
                )
            )
        self._report.stop_if_bad()
        VisitTarget.objects.bulk_create(
            targets,
            update_conflicts=True,
            unique_fields=["code"],
            update_fields=["name_zh", "name_en", "interval_days", "dwell_minutes", "at_home", "windows", "questions"],
        )
        self._report.counts["targets"] = len(targets)

    def addresses(self, file: Path) -> None:
        """Door plates with their households, upserted by code."""
        columns = ("code", "street", "plate", "building", "unit_count", "households", "lon", "lat", "crs")
        rows = read_table(self._report, file, columns)
        refuse_doubles(rows, "code")
        points = [row.point() for row in self._report.progress(rows, "addresses")]
        found = []
        for row, point, grid_id in zip(rows, points, self._grids(rows, points), strict=True):
            address = Address(
                id=uuid7(),
                code=row.text("code", most=40),
                street=row.text("street", most=80),
                plate=row.text("plate", most=40),
                building=row.text("building", needed=False, most=60),
                unit_count=row.integer("unit_count", minimum=0, maximum=999),
                households=row.integer("households", minimum=0, maximum=99_999),
                location=Point(point[0], point[1], srid=4326),
                grid_id=grid_id,
            )
            if not row.is_bad:
                found.append(address)
        self._report.stop_if_bad()
        Address.objects.bulk_create(
            found,
            update_conflicts=True,
            unique_fields=["code"],
            batch_size=BATCH,
            update_fields=["street", "plate", "building", "unit_count", "households", "location", "grid"],
        )
        self._report.counts |= {"addresses": len(found), "households": sum(address.households for address in found)}

    def places(self, file: Path) -> None:
        """What is inspected or served, upserted by code."""
        columns = (
            "code",
            "kind",
            "name",
            "name_en",
            "address_code",
            "address",
            "lon",
            "lat",
            "crs",
            "opening_hours",
            "note",
        )
        rows = read_table(self._report, file, columns)
        refuse_doubles(rows, "code")
        addresses = dict(Address.objects.values_list("code", "pk"))
        points = [row.point() for row in self._report.progress(rows, "places")]
        found = []
        for row, point, grid_id in zip(rows, points, self._grids(rows, points), strict=True):
            address_code = row.text("address_code", needed=False, most=40)
            if address_code and address_code not in addresses:
                row.refuse("address_code", f"no address {address_code}")
            place = Place(
                id=uuid7(),
                code=row.text("code", most=40),
                kind=row.choice("kind", Place.Kind.values),
                name=row.text("name", most=120),
                name_en=row.text("name_en", needed=False, most=160),
                address_id=addresses.get(address_code),
                address_text=row.text("address", needed=False),
                location=Point(point[0], point[1], srid=4326),
                raw_lon=point[2],
                raw_lat=point[3],
                raw_crs=point[4],
                grid_id=grid_id or NOWHERE,
                opening_hours=_hours(row, "opening_hours"),
                note=row.text("note", needed=False, most=300),
            )
            if not row.is_bad:
                found.append(place)
        self._report.stop_if_bad()
        Place.objects.bulk_create(
            found,
            update_conflicts=True,
            unique_fields=["code"],
            batch_size=BATCH,
            update_fields=[
                "kind",
                "name",
                "name_en",
                "address",
                "address_text",
                "location",
                "raw_lon",
                "raw_lat",
                "raw_crs",
                "grid",
                "opening_hours",
                "note",
            ],
        )
        self._report.counts["places"] = len(found)

    def duties(self, file: Path) -> None:
        """How often each place is looked at; a later visit that is known already is never set back."""
        columns = (
            "place_code",
            "target",
            "interval_days",
            "dwell_minutes",
            "windows",
            "weight",
            "last_visit_on",
            "starts_on",
        )
        rows = read_table(self._report, file, columns)
        refuse_doubles(rows, "place_code", "target")
        places = dict(Place.objects.values_list("code", "pk"))
        targets = set(VisitTarget.objects.values_list("code", flat=True))
        known = {
            (place, target): last
            for place, target, last in VisitDuty.objects.values_list("place", "target", "last_visit_on")
        }
        found = []
        for row in self._report.progress(rows, "duties"):
            place = places.get(row.text("place_code", most=40))
            if place is None:
                row.refuse("place_code", f"no place {row.text('place_code', needed=False)}")
            duty = self._duty(row, place=place, targets=targets)
            if duty is not None and place is not None:
                duty.last_visit_on = _later(duty.last_visit_on, known.get((place, duty.target)))
                found.append(duty)
        self._report.stop_if_bad()
        VisitDuty.objects.bulk_create(
            found,
            update_conflicts=True,
            unique_fields=["place", "target"],
            batch_size=BATCH,
            update_fields=["interval_days", "dwell_minutes", "windows", "weight", "last_visit_on", "starts_on"],
        )
        self._report.counts["duties"] = len(found)

    def _duty(self, row: Row, *, place: UUID | None, targets: set[str]) -> VisitDuty | None:
        starts, last = row.day("starts_on"), row.day("last_visit_on", needed=False)
        if last is not None and last > self._now.date():
            row.refuse("last_visit_on", f"{last} lies in the future")
        fields: dict[str, Any] = {
            "target": row.choice("target", targets),
            "interval_days": row.integer("interval_days", minimum=1, maximum=LONGEST_INTERVAL_DAYS),
            "dwell_minutes": row.integer("dwell_minutes", minimum=1, maximum=480),
            "windows": _hours(row, "windows"),
            "weight": row.number_of("weight", minimum=0.01, maximum=1000),
        }
        if row.is_bad or starts is None or place is None:
            return None
        return VisitDuty(id=uuid7(), place_id=place, starts_on=starts, last_visit_on=last, **fields)

    def _grids(self, rows: list[Row], points: Sequence[tuple[float, float, float, float, str]]) -> list[UUID | None]:
        """The grid of each row's point; a point in no grid is refused."""
        good = [position for position, row in enumerate(rows) if not row.is_bad]
        owners = self._index.locate_batch(
            [points[position][0] for position in good], [points[position][1] for position in good]
        )
        found: list[UUID | None] = [None] * len(rows)
        for position, owner in zip(good, owners.tolist(), strict=True):
            if owner < 0:
                rows[position].refuse("lon", f"{points[position][0]:.6f}, {points[position][1]:.6f} lies in no grid")
            else:
                found[position] = self._grid_ids[owner]
        return found


def _hours(row: Row, field: str) -> str:
    text = row.text(field, needed=False)
    try:
        parse_hours(text)
    except HoursError as error:
        row.refuse(field, str(error))
    return text


def _later(one: date | None, other: date | None) -> date | None:
    return max((day for day in (one, other) if day is not None), default=None)
