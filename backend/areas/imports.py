"""Areas with their outlines from a layer file: the tree first, then one published division per parent."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import shapely
from django.contrib.gis.db.models import Extent
from shapely import MultiPolygon, Polygon

from backend.areas.errors import BadDivision
from backend.areas.layers.commands import refuse_faults
from backend.areas.layers.rows import LEVELS, LONGEST, OUTLINED, AreaRow, area_rows
from backend.areas.models import Area, Boundary
from backend.areas.services import Outline, publish_division
from backend.core.ids import uuid7
from backend.core.imports import Report
from gis.coverage import BLOCKING, find_faults
from gis.layers import Layer, Mapping
from gis.locate import GridShape


def import_areas(
    report: Report,
    *,
    layer: Layer,
    mapping: Mapping,
    file: Path,
    effective_at: datetime,
    now: datetime,
    level: str = "",
) -> None:
    """Upserts the areas by code and publishes what changed, one division per parent and level.

    Under a parent that the file cuts, areas of that level which the file leaves out are closed. Outlines must cover
    their parent without overlap or gap. `level` is that of rows which do not name theirs and whose code does not.
    Refuses through `report`, where the layer's own faults are already.
    """
    features, faults = area_rows(layer, mapping, level=level)
    refuse_faults(report, file, faults)
    _refuse_orphans(report, file, features, known=[mapping.text(one, "code") for one in layer.features])
    report.stop_if_bad()
    _check_outlines(report, file, features)
    report.stop_if_bad()
    areas = _store(report, file, features, effective_at)
    report.stop_if_bad()
    _publish(report, file, features, areas, effective_at=effective_at, now=now)


def bounds_in_force() -> tuple[float, float, float, float] | None:
    """The box of all streets, communities and grids in force: where a further layer has to lie."""
    held = Boundary.objects.filter(valid__isnull=False, valid__endswith=None).aggregate(box=Extent("outline"))
    return tuple(held["box"]) if held["box"] else None


def _refuse_orphans(report: Report, file: Path, features: list[AreaRow], *, known: Sequence[str]) -> None:
    """Every parent stands in the file (`known`: also in a row that is bad) or is known."""
    codes = {feature.code for feature in features} | set(known)
    wanted = {feature.parent_code for feature in features} - codes - {""}
    codes |= set(Area.objects.filter(code__in=wanted, closed_at=None).values_list("code", flat=True))
    for feature in features:
        if feature.level != Area.Level.CITY and feature.parent_code not in codes:
            report.refuse(file=file, row=feature.row, field="parent_code", reason=f"no area {feature.parent_code}")


def _check_outlines(report: Report, file: Path, features: list[AreaRow]) -> None:
    """Every fault of the coverage under each parent whose outline stands in the file or in force."""
    by_code = {feature.code: feature for feature in features}
    for (level, parent_code), group in sorted(_groups(features).items()):
        above = by_code.get(parent_code)
        parent = above.shape if above else _outline_in_force(parent_code)
        shapes = [GridShape(feature.row, feature.code, feature.shape) for feature in group if feature.shape is not None]
        for fault in find_faults(shapes, parent=parent if level != Area.Level.STREET else None):
            if fault.kind not in BLOCKING:
                continue
            rows = [row for row in fault.ids if isinstance(row, int)] or [group[0].row]
            report.refuse(
                file=file,
                row=rows[0],
                field="geometry",
                reason=f"{fault.kind.value.replace('_', ' ')} of {fault.area_m2:.1f} m² "
                f"between {', '.join(fault.codes)} in {parent_code} at {fault.spot[0]:.6f}, {fault.spot[1]:.6f}",
            )


def _groups(features: list[AreaRow]) -> dict[tuple[str, str], list[AreaRow]]:
    groups: dict[tuple[str, str], list[AreaRow]] = defaultdict(list)
    for feature in features:
        if feature.level in OUTLINED:
            groups[feature.level, feature.parent_code].append(feature)
    return groups


def _outline_in_force(code: str) -> Polygon | MultiPolygon | None:
    row = Boundary.objects.filter(area__code=code, valid__endswith=None, valid__isnull=False).first()
    shape = shapely.from_wkb(bytes(row.outline.wkb)) if row else None
    return shape if isinstance(shape, Polygon | MultiPolygon) else None


def _store(report: Report, file: Path, features: list[AreaRow], effective_at: datetime) -> dict[str, Area]:
    """All areas of the file as rows, parents first; answers with area by code."""
    codes = {feature.code for feature in features} | {feature.parent_code for feature in features}
    known = {area.code: area for area in Area.objects.filter(code__in=codes)}
    new, changed = [], []
    for feature in sorted(features, key=lambda feature: (LEVELS.index(feature.level), feature.code)):
        parent = known.get(feature.parent_code)
        area = known.get(feature.code)
        if area is None:
            tail = feature.code.removeprefix(feature.parent_code)
            path = f"{parent.path if parent else ''}{tail}."
            area = Area(id=uuid7(), code=feature.code, path=path, parent=parent, opened_at=effective_at)
            known[feature.code] = area
            new.append(area)
        elif area.closed_at is not None or area.level != feature.level:
            reason = "is closed, codes are never used again" if area.closed_at else f"is a {area.level} already"
            report.refuse(file=file, row=feature.row, field="code", reason=f"{feature.code} {reason}")
            continue
        else:
            changed.append(area)
        area.level, area.scheme, area.kind = feature.level, feature.scheme, feature.kind
        for name, text in feature.texts.items():
            setattr(area, name, text)
    for level in LEVELS:
        Area.objects.bulk_create([area for area in new if area.level == level])
    Area.objects.bulk_update(changed, ["scheme", "kind", *LONGEST], batch_size=500)
    report.counts |= {"areas": len(features), "new areas": len(new)}
    return known


def _publish(
    report: Report,
    file: Path,
    features: list[AreaRow],
    areas: dict[str, Area],
    *,
    effective_at: datetime,
    now: datetime,
) -> None:
    divisions = closed = 0
    for level in OUTLINED:
        for (_, parent_code), group in sorted(
            (key, group) for key, group in _groups(features).items() if key[0] == level
        ):
            parent = areas[parent_code]
            if _is_in_force(parent, level, group):
                continue
            closed += _close_missing(parent, level, group, effective_at)
            outlines = [Outline(areas[feature.code], feature.shape) for feature in group if feature.shape is not None]
            try:
                publish_division(
                    parent=parent,
                    level=level,
                    name=f"{parent.name} {effective_at:%Y-%m-%d}",
                    source=file.name[:200],
                    outlines=outlines,
                    effective_at=effective_at,
                    now=now,
                )
            except BadDivision as error:
                row = next(
                    (feature.row for feature in group if feature.code == error.facts.get("area_code")), group[0].row
                )
                report.refuse(file=file, row=row, field="geometry", reason=error.detail)
                report.stop_if_bad()
            divisions += 1
    report.counts |= {"divisions published": divisions, "areas closed": closed}


def _is_in_force(parent: Area, level: str, group: list[AreaRow]) -> bool:
    """Whether exactly these outlines hold already, so that a repeated import publishes nothing."""
    rows = Boundary.objects.filter(
        area__parent=parent, area__level=level, valid__isnull=False, valid__endswith=None
    ).values_list("area__code", "outline")
    held = {code: shapely.from_wkb(bytes(outline.wkb)) for code, outline in rows}
    if set(held) != {feature.code for feature in group}:
        return False
    return all(
        feature.shape is not None
        and shapely.equals_exact(held[feature.code].normalize(), _multi(feature.shape).normalize(), tolerance=5e-8)
        for feature in group
    )


def _multi(shape: Polygon | MultiPolygon) -> MultiPolygon:
    return shape if isinstance(shape, MultiPolygon) else MultiPolygon([shape])


def _close_missing(parent: Area, level: str, group: list[AreaRow], at: datetime) -> int:
    kept = [feature.code for feature in group]
    return Area.objects.filter(parent=parent, level=level, closed_at=None).exclude(code__in=kept).update(closed_at=at)
