"""What a division closes, and who takes it over: for whatever names an area that will be no more."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.areas import force
from backend.areas.checking import Draft
from backend.areas.models import Area, Boundary, Division, DraftOutline
from gis.coordinates import Position, geodesic_area_m2
from gis.lineage import descent_of, heirs_of


@dataclass(frozen=True, slots=True)
class Closing:
    """An area that ends, with the code of the only one that its ground goes over into; empty where there is none.

    `is_alike`: the heir has hardly any other ground. `is_same_kind`: a dedicated grid goes over into a dedicated one.
    `takers`: codes of all that get ground of it.
    """

    area: Area
    spot: Position
    takers: tuple[str, ...]
    heir_code: str = ""
    is_alike: bool = False
    is_same_kind: bool = False


def closings_of(division: Division) -> list[Closing]:
    """What a published division closes at its moment, by code."""
    ended = Boundary.objects.filter(
        area__level=division.level, area__path__startswith=division.parent.path, valid__endswith=division.effective_at
    )
    drawn = {one.area.code: one for one in division.boundaries.select_related("area")}
    gone = [one for one in ended.select_related("area").order_by("area__code") if one.area.code not in drawn]
    lines = division.lineage.filter(old__isnull=False, new__isnull=False)
    shares = list(lines.order_by("pk").values_list("old__code", "new__code", "shared_m2"))
    sizes = {code: one.area_m2 for code, one in drawn.items()}
    return _closings(gone, shares, sizes, {code: one.kind for code, one in drawn.items()})


def never_opened(division: Division) -> list[Closing]:
    """The new areas of a division that was taken back before its moment: nobody takes them over."""
    drawn = division.boundaries.filter(area__closed_at__isnull=False).select_related("area").order_by("area__code")
    return [Closing(one.area, (one.label_point.x, one.label_point.y), ()) for one in drawn]


def closings_of_draft(draft: Draft) -> list[Closing]:
    """What a draft would close, published as it is drawn, by code."""
    base = force.last_published(draft.division.parent, draft.division.level)
    gone = [one for one in base if one.area.code not in draft.shapes]
    if not gone:
        return []
    lines = descent_of(force.shapes_of(gone), draft.shapes)
    shares = [(line.old, line.new, line.shared_m2) for line in lines if line.old is not None]
    sizes = {code: geodesic_area_m2(shape) for code, shape in draft.shapes.items()}
    kinds = dict(DraftOutline.objects.filter(division=draft.division).values_list("code", "kind"))
    return _closings(gone, shares, sizes, kinds)


def _closings(
    gone: Sequence[Boundary], shares: Sequence[tuple[str, str, float]], sizes: dict[str, float], kinds: dict[str, str]
) -> list[Closing]:
    heirs = heirs_of(shares, ended_m2={one.area.code: one.area_m2 for one in gone}, new_m2=sizes)
    found = []
    for one in gone:
        takers = tuple(sorted(new for old, new, _ in shares if old == one.area.code))
        spot = (one.label_point.x, one.label_point.y)
        heir = heirs.get(one.area.code)
        if heir is None:
            found.append(Closing(one.area, spot, takers))
        else:
            is_same_kind = _kind(kinds[heir.key]) == _kind(one.kind)
            found.append(Closing(one.area, spot, takers, heir.key, heir.is_alike, is_same_kind))
    return found


def _kind(kind: str) -> str:
    """An area without a kind is an ordinary one."""
    return kind or "base"
