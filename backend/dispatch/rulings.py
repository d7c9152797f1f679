"""Rulings on disputed cases: binding for their own case, remembered for the next one at the same place.

A remembered ruling informs; it decides nothing (docs/decisions/a-ruling-informs-it-does-not-decide.md).
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

import shapely
from django.conf import settings
from django.contrib.gis.geos import LineString, Polygon
from django.db.models import Q, QuerySet

from backend.accounts.actor import Actor
from backend.accounts.models import Department
from backend.areas.models import Area, Boundary
from backend.core.clock import LOCAL
from backend.core.ids import uuid7
from backend.core.rows import among
from backend.dispatch import ruling_places
from backend.dispatch.models import Decision, Ruling, RulingPlace
from backend.matters.models import Matter
from gis.borders import distance_m
from gis.coordinates import Position

# At most this many are told at one place, the newest first.
MOST_TOLD: Final = 3
# A degree of longitude is 111 km at the equator and half of that at 60 degrees; the box only has to be wide enough.
_DEG_PER_M: Final = 1 / 55_000


@dataclass(frozen=True, slots=True)
class Place:
    """What a ruling is remembered for: a stretch between two boundaries, or the matter inside one."""

    boundary: Boundary | None
    other_boundary: Boundary | None
    stretch: LineString | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """A ruling that touches a point, and how far its stretch is; None where it holds for the whole grid."""

    place: RulingPlace
    distance_m: float | None

    @property
    def ruling(self) -> Ruling:
        return self.place.ruling

    def facts(self) -> dict[str, Any]:
        """As a decision keeps it."""
        ruling = self.ruling
        return {
            "id": str(ruling.pk),
            "at": ruling.at.isoformat(),
            "how": ruling.how,
            "case_number": ruling.case.number,
            "words": ruling.words,
            "grid": _ref(self.place.grid),
            "department": _department_ref(ruling.department),
            "distance_m": self.distance_m,
        }

    def texts(self) -> tuple[str, str]:
        """One sentence for everybody (Chinese, English): no other case and no person is named."""
        ruling, day = self.ruling, self.ruling.at.astimezone(LOCAL).date()
        zh, en = owner_names(ruling.department, self.place.grid)
        how_zh, how_en = ("双方商定", "agreement") if ruling.how == Ruling.How.AGREED else ("裁定", "ruling")
        where_zh, where_en = (
            ("此段边界", "this stretch of border") if ruling.stretch else ("本网格此事项", "this matter here")
        )
        return (
            f"{where_zh} {day} 曾有{how_zh}：由{zh}负责（仅供参考）。",
            f"An earlier {how_en} on {where_en} ({day}) named {en}; it informs and does not decide.",
        )


def owner_names(department: Department | None, grid: Area | None) -> tuple[str, str]:
    """Whom a ruling names: (Chinese, English)."""
    if department is not None:
        return department.name_zh, department.name_en or department.name_zh
    return (f"{grid.name}（{grid.code}）", f"{grid.name_en or grid.name} ({grid.code})") if grid else ("", "")


def _ref(grid: Area | None) -> dict[str, str] | None:
    return {"code": grid.code, "name": grid.name, "name_en": grid.name_en} if grid else None


def _department_ref(department: Department | None) -> dict[str, str] | None:
    return {"name_zh": department.name_zh, "name_en": department.name_en} if department else None


def earlier_at(lon: float, lat: float, *, matter: Matter, boundary: Boundary | None, now: datetime) -> list[Earlier]:
    """Rulings on matters of the same category within GRIDWARD_RULING_NEAR_M of the point, and those on the same matter
    inside `boundary`, under boundaries in force; the newest first, at most MOST_TOLD.
    """
    reach = settings.RULING_NEAR_M
    box = Polygon.from_bbox(_box((lon, lat), reach))
    box.srid = 4326
    on_stretch = Q(ruling__stretch__bboverlaps=box, other_boundary__valid__contains=now)
    inside = Q(pk__in=[])
    if boundary is not None:
        inside = Q(ruling__stretch=None, boundary=boundary, ruling__matter=matter)
    found = _rows().filter(on_stretch | inside, boundary__valid__contains=now, ruling__matter__scheme=matter.scheme)
    told = []
    for place in found.filter(ruling__matter__category_code=matter.category_code)[:50]:
        away = _away_m(place.ruling, (lon, lat))
        if away is None or away <= reach:
            told.append(Earlier(place, away))
    return told[:MOST_TOLD]


class Remembered:
    """`earlier_at` for many points under the boundaries of one moment: the rulings are read once."""

    def __init__(self, found: Sequence[RulingPlace]) -> None:
        self._places = list(found)
        self._inside: dict[tuple[UUID | None, UUID], list[int]] = defaultdict(list)
        self._along: list[int] = []
        stretches = []
        for number, one in enumerate(self._places):
            ruling = one.ruling
            if ruling.stretch is None:
                self._inside[one.boundary_id, ruling.matter_id].append(number)
            else:
                self._along.append(number)
                stretches.append(shapely.LineString(ruling.stretch.coords))
        self._tree = shapely.STRtree(stretches)

    @classmethod
    def read(cls, now: datetime) -> Self:
        along = Q(ruling__stretch__isnull=False, other_boundary__valid__contains=now)
        found = _rows().filter(along | Q(ruling__stretch=None), boundary__valid__contains=now)
        return cls(list(found.select_related("ruling__matter")))

    def earlier_at(self, lon: float, lat: float, *, matter: Matter, boundary: Boundary) -> list[Earlier]:
        """As the function of this name says it."""
        if not self._places:
            return []
        reach = settings.RULING_NEAR_M
        near = self._tree.query(shapely.box(*_box((lon, lat), reach))).tolist()
        numbers = sorted([*(self._along[place] for place in near), *self._inside.get((boundary.pk, matter.pk), ())])
        told = []
        for place in (self._places[number] for number in numbers):
            ruling = place.ruling
            if (ruling.matter.scheme, ruling.matter.category_code) != (matter.scheme, matter.category_code):
                continue
            away = _away_m(ruling, (lon, lat))
            if away is None or away <= reach:
                told.append(Earlier(place, away))
        return told[:MOST_TOLD]


def ruled_on(case_ids: Collection[UUID | str]) -> set[UUID]:
    """Which of these cases a ruling was ever given on; `binding` says whether it still holds."""
    return set(Ruling.objects.filter(among("case", case_ids)).values_list("case_id", flat=True))


def _box(at: Position, reach_m: float) -> tuple[float, float, float, float]:
    reach = reach_m * _DEG_PER_M
    return at[0] - reach, at[1] - reach, at[0] + reach, at[1] + reach


def _away_m(ruling: Ruling, at: Position) -> float | None:
    if ruling.stretch is None:
        return None
    return round(distance_m(shapely.LineString(ruling.stretch.coords), at), 1)


def _rows() -> QuerySet[RulingPlace]:
    """The newest ruling first."""
    found = RulingPlace.objects.filter(dropped="").select_related("ruling__case", "ruling__department", "grid")
    return found.order_by("-ruling__at", "-ruling__id", "-at", "-id")


def binding(case_id: UUID, *, matter: Matter, now: datetime) -> RulingPlace | None:
    """The ruling that holds for this case while its place, its matter and the boundaries are those ruled on, and where
    it holds now.
    """
    ruling = Ruling.objects.filter(case=case_id).order_by("-at", "-id").first()
    if ruling is None or ruling.matter_id != matter.pk:
        return None
    if Decision.objects.filter(case=case_id, cause="location", at__gt=ruling.at).exists():
        return None
    for place in _rows().filter(ruling=ruling):
        wanted = {pk for pk in (place.boundary_id, place.other_boundary_id) if pk is not None}
        if Boundary.objects.in_force(now).filter(pk__in=wanted).count() == len(wanted):
            return place if place.grid_id is None or _exists(place.grid_id, now) else None
    return None


def _exists(grid_id: UUID, now: datetime) -> bool:
    return Boundary.objects.in_force(now).filter(area=grid_id).exists()


def remember(
    *,
    case_id: UUID,
    matter: Matter,
    place: Place,
    how: Ruling.How,
    words: str,
    grid: Area | None,
    department: Department | None,
    actor: Actor,
    now: datetime,
) -> Ruling:
    """Stores a ruling; must run in the transaction that settles the dispute."""
    ruling = Ruling.objects.create(
        id=uuid7(),
        case_id=case_id,
        at=now,
        how=how,
        by_id=actor.user_id,
        by_role=actor.role.value,
        words=words,
        matter=matter,
        boundary=place.boundary,
        other_boundary=place.other_boundary,
        stretch=place.stretch,
        grid=grid,
        department=department,
    )
    ruling_places.begin(ruling, now=now)
    return ruling
