"""Areas with their outlines from a GeoJSON file: the tree first, then one published division per parent."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import shapely
from shapely import MultiPolygon, Polygon
from shapely.errors import ShapelyError

from backend.areas.errors import BadDivision
from backend.areas.models import Area, Boundary
from backend.areas.services import Outline, publish_division
from backend.core.ids import uuid7
from backend.core.imports import Report, read_json
from gis.coverage import BLOCKING, find_faults
from gis.locate import GridShape

LEVELS: Final = tuple(level.value for level in Area.Level)
OUTLINED: Final = (Area.Level.STREET.value, Area.Level.COMMUNITY.value, Area.Level.GRID.value)
SCHEMES: Final = {"stats12": (4, 6, 9, 12), "grid15": (15,)}
KINDS: Final = ("", "base", "dedicated")
LONGEST: Final = {"name": 80, "name_en": 120, "class_code": 3, "duty_phone": 30}


@dataclass
class _Feature:
    row: int
    level: str
    scheme: str
    code: str
    parent_code: str
    texts: dict[str, str]
    kind: str
    shape: Polygon | MultiPolygon | None


def import_areas(report: Report, *, file: Path, effective_at: datetime, now: datetime) -> None:
    """Upserts the areas by code and publishes what changed, one division per parent and level.

    Under a parent that the file cuts, areas of that level which the file leaves out are closed. Outlines must cover
    their parent without overlap or gap. Refuses through `report`.
    """
    features = _read(report, file)
    _refuse_orphans(report, file, features)
    report.stop_if_bad()
    _check_outlines(report, file, features)
    report.stop_if_bad()
    areas = _store(report, file, features, effective_at)
    report.stop_if_bad()
    _publish(report, file, features, areas, effective_at=effective_at, now=now)


def _read(report: Report, file: Path) -> list[_Feature]:
    content = read_json(report, file)
    if content is None:
        return []
    if not isinstance(content, dict) or not isinstance(content.get("features"), list):
        report.refuse(file=file, row=0, field="features", reason="is not a GeoJSON FeatureCollection")
        return []
    features = []
    for row, raw in enumerate(report.progress(content["features"], "areas"), start=1):
        feature = _feature(report, file, row, raw)
        if feature is not None:
            features.append(feature)
    for code, count in Counter(feature.code for feature in features).items():
        if count > 1:
            rows = [feature.row for feature in features if feature.code == code]
            report.refuse(file=file, row=rows[-1], field="code", reason=f"{code} stands in row {rows[0]} too")
    return features


def _feature(report: Report, file: Path, row: int, raw: Any) -> _Feature | None:
    before = len(report.errors)

    def refuse(field: str, reason: str) -> None:
        report.refuse(file=file, row=row, field=field, reason=reason)

    given = raw.get("properties") if isinstance(raw, dict) else None
    if not isinstance(given, dict):
        refuse("properties", "are missing")
        return None
    texts = {
        name: str(given.get(name) or "").strip()
        for name in ("level", "scheme", "code", "parent_code", "kind", *LONGEST)
    }
    if texts["level"] not in LEVELS:
        refuse("level", f"{texts['level']!r} is none of {', '.join(LEVELS)}")
    if texts["scheme"] not in SCHEMES:
        refuse("scheme", f"{texts['scheme']!r} is none of {', '.join(SCHEMES)}")
    elif not texts["code"].isdigit() or len(texts["code"]) not in SCHEMES[texts["scheme"]]:
        refuse("code", f"{texts['code']!r} has not the digits of {texts['scheme']}")
    if texts["level"] != Area.Level.CITY and not texts["code"].startswith(texts["parent_code"] or "?"):
        refuse("parent_code", f"{texts['code']} does not begin with the parent's code {texts['parent_code']!r}")
    if not texts["name"]:
        refuse("name", "is empty")
    for name, most in LONGEST.items():
        if len(texts[name]) > most:
            refuse(name, f"has {len(texts[name])} characters, {most} are possible")
    if texts["kind"] not in KINDS:
        refuse("kind", f"{texts['kind']!r} is none of base, dedicated")
    shape = _shape(raw.get("geometry"), texts["level"], refuse)
    if len(report.errors) > before:
        return None
    return _Feature(
        row,
        texts["level"],
        texts["scheme"],
        texts["code"],
        texts["parent_code"],
        {name: texts[name] for name in LONGEST},
        texts["kind"],
        shape,
    )


def _shape(geometry: Any, level: str, refuse: Any) -> Polygon | MultiPolygon | None:
    if geometry is None:
        if level in OUTLINED:
            refuse("geometry", f"a {level} needs an outline")
        return None
    try:
        shape = shapely.from_geojson(json.dumps(geometry))
    except (ShapelyError, ValueError, TypeError) as error:
        refuse("geometry", f"cannot be read: {error}")
        return None
    if not isinstance(shape, Polygon | MultiPolygon) or shape.is_empty:
        refuse("geometry", "is not a polygon")
        return None
    west, south, east, north = shape.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        refuse("geometry", "lies outside lon -180..180, lat -90..90 (lon comes first)")
        return None
    if not shape.is_valid:
        refuse("geometry", f"is not valid: {shapely.is_valid_reason(shape)}")
        return None
    return shape


def _refuse_orphans(report: Report, file: Path, features: list[_Feature]) -> None:
    """Every parent stands in the file or is known."""
    codes = {feature.code for feature in features}
    wanted = {feature.parent_code for feature in features} - codes - {""}
    codes |= set(Area.objects.filter(code__in=wanted, closed_at=None).values_list("code", flat=True))
    for feature in features:
        if feature.level != Area.Level.CITY and feature.parent_code not in codes:
            report.refuse(file=file, row=feature.row, field="parent_code", reason=f"no area {feature.parent_code}")


def _check_outlines(report: Report, file: Path, features: list[_Feature]) -> None:
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


def _groups(features: list[_Feature]) -> dict[tuple[str, str], list[_Feature]]:
    groups: dict[tuple[str, str], list[_Feature]] = defaultdict(list)
    for feature in features:
        if feature.level in OUTLINED:
            groups[feature.level, feature.parent_code].append(feature)
    return groups


def _outline_in_force(code: str) -> Polygon | MultiPolygon | None:
    row = Boundary.objects.filter(area__code=code, valid__endswith=None, valid__isnull=False).first()
    shape = shapely.from_wkb(bytes(row.outline.wkb)) if row else None
    return shape if isinstance(shape, Polygon | MultiPolygon) else None


def _store(report: Report, file: Path, features: list[_Feature], effective_at: datetime) -> dict[str, Area]:
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
    features: list[_Feature],
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


def _is_in_force(parent: Area, level: str, group: list[_Feature]) -> bool:
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


def _close_missing(parent: Area, level: str, group: list[_Feature], at: datetime) -> int:
    kept = [feature.code for feature in group]
    return Area.objects.filter(parent=parent, level=level, closed_at=None).exclude(code__in=kept).update(closed_at=at)
