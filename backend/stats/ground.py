"""On whose ground a case counts: by the boundaries of then, or by those of one moment for all cases."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from backend.areas import queries as areas
from backend.areas.models import Area
from backend.cases.models import Case, CaseEvent

_MOVED = CaseEvent.objects.filter(case=OuterRef("pk"), action="route", facts__cause="boundary").order_by("n")
# Code of the grid under the boundaries in force when the case was reported: the first change of boundaries that moved
# it says where it had been; one that was never moved is still there.
THEN_CODE: Final = Coalesce(
    Subquery(_MOVED.annotate(code=KeyTextTransform("from_grid", "facts")).values("code")[:1]),
    Cast(F("grid__code"), TextField()),
)


def then_within(area: Area) -> Q:
    """Cases annotated with `then_code` that lay in the area; those in no grid by the area that triages them."""
    grids = Area.objects.filter(level=Area.Level.GRID, path__startswith=area.path).values("code")
    return Q(then_code__in=grids) | Q(then_code=None, area_path__startswith=area.path)


def codes_at(rows: Sequence[tuple[UUID | None, datetime, float, float]], *, at: datetime) -> list[str | None]:
    """Code of the grid of each case under the boundaries of `at`, given its grid, when it was reported, and its point.

    A case whose grid has had the same boundary since it was reported stays there; the others are located by their
    point, all in one batch. None where no grid covers it.
    """
    held = areas.grids_held_since(at)
    found = areas.covering_codes([(lon, lat) for _, _, lon, lat in rows], now=at)
    return [
        held[grid_id][0] if grid_id in held and held[grid_id][1] <= reported_at else code
        for (grid_id, reported_at, _, _), code in zip(rows, found, strict=True)
    ]


def grids_by_code(codes: Collection[str]) -> dict[str, Area]:
    """Grids with their communities, those that are closed too."""
    found = Area.objects.filter(level=Area.Level.GRID, code__in=codes).select_related("parent")
    return {area.code: area for area in found}


def with_then_code(cases: QuerySet[Case]) -> QuerySet[Any]:
    return cases.annotate(then_code=THEN_CODE)
