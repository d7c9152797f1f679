"""Writes of the area tree: publish a division, set duty."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Point
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from backend.areas.errors import BadDivision
from backend.areas.models import Area, Boundary, Division, Lineage
from backend.core import outbox
from backend.core.ids import uuid7
from gis.coordinates import geodesic_area_m2
from gis.locate import snap_degrees

_PUBLISH_LOCK = 4_210_002


@dataclass(frozen=True, slots=True)
class Outline:
    """The drawn extent of one area: valid WGS84 polygon."""

    area: Area
    polygon: BaseGeometry


@transaction.atomic
def publish_division(
    *,
    parent: Area,
    level: str,
    name: str,
    source: str,
    outlines: Sequence[Outline],
    effective_at: datetime,
    now: datetime,
    actor_id: UUID | None = None,
) -> Division:
    """Publishes the outlines of all areas of `level` under `parent` at one moment: old boundaries end, new ones begin.

    Vertices are rounded to 1e-7 degree, as points are when they are located. The caller has checked the coverage
    (`gis.coverage`); the exclusion constraint of `Boundary` is the last word. Raises BadDivision for an outline that
    rounding makes invalid.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_PUBLISH_LOCK])
    division = Division.objects.create(
        id=uuid7(),
        parent=parent,
        level=level,
        name=name,
        state=Division.State.PUBLISHED,
        source=source,
        created_at=now,
        created_by_id=actor_id,
        published_at=now,
        effective_at=effective_at,
    )
    _end_former(parent, level, effective_at)
    former = set(
        Boundary.objects.filter(area__in=[outline.area for outline in outlines], valid__isnull=False).values_list(
            "area_id", flat=True
        )
    )
    Boundary.objects.bulk_create(_boundary(outline, division, effective_at) for outline in outlines)
    Lineage.objects.bulk_create(
        Lineage(
            division=division,
            old=outline.area if outline.area.pk in former else None,
            new=outline.area,
            kind=Lineage.Kind.KEPT if outline.area.pk in former else Lineage.Kind.NEW,
        )
        for outline in outlines
    )
    outbox.owe("division_published", division.pk, now=now, area_path=parent.path, level=level)
    return division


def _end_former(parent: Area, level: str, at: datetime) -> None:
    """Ends boundaries in force at `at`; one that would begin later is taken back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE areas_boundary AS boundary SET valid = CASE WHEN lower(valid) >= %(at)s THEN NULL "
            "ELSE tstzrange(lower(valid), %(at)s) END FROM areas_area AS area "
            "WHERE area.id = boundary.area_id AND area.level = %(level)s AND area.path LIKE %(below)s "
            "AND valid IS NOT NULL AND (upper_inf(valid) OR upper(valid) > %(at)s)",
            {"at": at, "level": level, "below": parent.path + "%"},
        )


def _boundary(outline: Outline, division: Division, effective_at: datetime) -> Boundary:
    rounded = shapely.transform(outline.polygon, lambda xy: np.rint(xy * 1e7) / 1e7)
    if not rounded.is_valid or rounded.is_empty:
        raise BadDivision("outline is not valid at 1e-7 degree", area_code=outline.area.code)
    whole = shapely.MultiPolygon([rounded]) if isinstance(rounded, Polygon) else rounded
    assert isinstance(whole, shapely.MultiPolygon)
    stored = GEOSGeometry(memoryview(whole.wkb), srid=4326)
    mercator = stored.transform(3857, clone=True)
    assert isinstance(stored, MultiPolygon)
    assert isinstance(mercator, MultiPolygon)
    label = shapely.point_on_surface(whole)
    return Boundary(
        id=uuid7(),
        area=outline.area,
        division=division,
        outline=stored,
        outline_mercator=mercator,
        label_point=Point(snap_degrees(label.x), snap_degrees(label.y), srid=4326),
        area_m2=geodesic_area_m2(whole),
        valid=DateTimeTZRange(effective_at, None),
    )
