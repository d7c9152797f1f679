"""Writes of the area tree: publish outlines that a file or another service brings whole."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.areas import force
from backend.areas.models import Area, Division
from backend.areas.publishing import Outline, lock_publishing, put_in_force
from backend.core import outbox
from backend.core.ids import uuid7

__all__ = ["Outline", "publish_division"]


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
    lock_publishing()
    force.lock_grids(parent.path)
    base = force.last_published(parent, level)
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
        published_by_id=actor_id,
        effective_at=effective_at,
        # Where nothing was drawn before, nothing is to be brought home.
        switched_at=None if base else effective_at,
        settled_at=None if base else effective_at,
    )
    put_in_force(division, outlines, base=base, at=effective_at)
    outbox.owe("division_published", division.pk, now=now, area_path=parent.path, level=level)
    return division
