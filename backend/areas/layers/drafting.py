"""A layer becomes a draft of a division, to be checked, repaired and published by people."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import shapely

from backend.accounts.actor import Actor
from backend.areas import access, drafts, force
from backend.areas.drafts import Drawn
from backend.areas.errors import BadEdit, BadLayer
from backend.areas.layers.rows import KINDS, LONGEST
from backend.areas.models import Area, Division
from backend.areas.shapes import shape_of
from gis import outlines
from gis.coordinates import Crs, from_wgs84_batch, geodesic_m
from gis.layers import Fault, Feature, Layer, Mapping, Note
from gis.layers.model import Bounds
from gis.outlines import EditNotPossible, Shape, polygons_of

OUTLINES_MOST: Final = 2_000
# A layer whose corners lie this far from those of its ground may be shifted; moved back they have to meet so closely.
SHIFTED_M: Final = 60.0
MET_M: Final = 25.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What a layer is to fill: the parent, its outline (None where none is drawn) and the areas directly above."""

    parent: Area
    level: str
    outline: Shape | None
    above: tuple[Area, ...]
    above_outlines: tuple[Shape, ...]

    @property
    def bounds(self) -> Bounds | None:
        return None if self.outline is None else self.outline.bounds


@dataclass(frozen=True)
class Sketch:
    """A layer read as outlines of a draft: the good ones, what is wrong with the others, what a person should know."""

    drawn: tuple[Drawn, ...]
    faults: tuple[Fault, ...]
    notes: tuple[Note, ...]


def ground_for(actor: Actor, *, parent_code: str, level: str) -> Ground:
    """Raises AreaNotFound, MayNotDivide, BadEdit for a level that does not lie below the parent."""
    access.refuse_readers(actor)
    parent = access.get_area(actor, parent_code)
    if level not in drafts.LEVELS or not drafts.lies_above(parent, level):
        raise BadEdit(f"a {parent.level} is not cut into areas of level {level}", field="level", reason="bad_level")
    above = Area.Level.COMMUNITY if level == Area.Level.GRID else Area.Level.STREET
    if parent.level == above:
        return Ground(parent, level, force.ground_of(parent), (parent,), ())
    held = force.last_published(parent, above)
    areas = tuple(one.area for one in held)
    return Ground(parent, level, force.ground_of(parent), areas, tuple(shape_of(one.outline) for one in held))


def sketch(layer: Layer, mapping: Mapping, ground: Ground) -> Sketch:
    """The layer's features as outlines of a draft under `ground`; those with a fault are left out and named."""
    faults = list(layer.faults)
    drawn: list[Drawn] = []
    notes = list(layer.notes)
    crumbs: list[str] = []
    twice = {code for code, count in Counter(mapping.text(one, "code") for one in layer.features).items() if count > 1}
    for feature in layer.features:
        code = mapping.text(feature, "code")
        found = _faults(feature, mapping)
        if code and code in twice:
            found.append(Fault(feature.row, feature.place, "code_twice", f"{code} stands in several rows", "code"))
        shape = feature.shape
        under: str | None = ""
        if shape is not None and not found:
            under = _under(feature, shape, mapping, ground)
            if under is None:
                found.append(_homeless(feature, ground))
            try:
                if len(polygons_of(outlines.as_shape(shape))) < len(polygons_of(shape)):
                    crumbs.append(feature.place)
            except EditNotPossible as error:
                found.append(Fault(feature.row, feature.place, error.code, error.detail))
        faults += found
        if shape is not None and not found:
            texts = {name: mapping.text(feature, name) for name in ("name", "name_en", "kind")}
            drawn.append(Drawn(shape, code=code, under_code=under or "", **texts))
    if dropped := [name for name in layer.fields if name not in mapping.fields.values()]:
        notes.append(Note("fields_dropped", f"columns that are not taken over: {', '.join(dropped)}", len(dropped)))
    if crumbs:
        notes.append(Note("crumbs_dropped", "parts of less than 1 m² are left out", len(crumbs), crumbs[0]))
    notes += _strangers(drawn, ground)
    if layer.crs not in [crs.value for crs in Crs] and (hint := _shifted(drawn, ground)):
        notes.append(hint)
    return Sketch(tuple(drawn), tuple(sorted(faults, key=lambda fault: fault.row)), tuple(notes))


def draft_of(*, actor: Actor, found: Sketch, ground: Ground, name: str, source: str, now: datetime) -> Division:
    """The draft of a layer without faults. Raises BadLayer that names each fault, and what `create_draft` does."""
    if found.faults:
        first = found.faults[0]
        raise BadLayer(
            f"{len(found.faults)} features can't be used, the first is {first.place}: {first.detail}",
            field="file", reason="bad_features", faults=[fault_facts(one) for one in found.faults],
        )  # fmt: skip
    if not found.drawn:
        raise BadLayer("no outline in the layer", field="file", reason="empty")
    if len(found.drawn) > OUTLINES_MOST:
        raise BadLayer(
            f"{len(found.drawn)} outlines, a draft holds at most {OUTLINES_MOST}; divide the file by street",
            field="file", reason="too_many_features",
        )  # fmt: skip
    return drafts.create_draft(
        actor=actor, parent_code=ground.parent.code, level=ground.level, name=name, now=now, drawn=found.drawn,
        source=source[:200],
    )  # fmt: skip


def fault_facts(fault: Fault) -> dict[str, object]:
    """A fault for programs."""
    return {
        "row": fault.row, "place": fault.place, "code": fault.code, "detail": fault.detail, "field": fault.field,
        "spot": None if fault.spot is None else list(fault.spot),
    }  # fmt: skip


def _faults(feature: Feature, mapping: Mapping) -> list[Fault]:
    found = [
        Fault(feature.row, feature.place, "too_long", f"{len(text)} characters, {LONGEST[name]} are possible", name)
        for name in ("name", "name_en")
        if len(text := mapping.text(feature, name)) > LONGEST[name]
    ]
    if len(mapping.text(feature, "code")) > 30:
        found.append(Fault(feature.row, feature.place, "too_long", "a code of more than 30 characters", "code"))
    if mapping.text(feature, "kind") not in KINDS:
        said = mapping.text(feature, "kind")[:40]
        found.append(Fault(feature.row, feature.place, "bad_kind", f"{said!r} is none of base, dedicated", "kind"))
    if feature.shape is None:
        found.append(Fault(feature.row, feature.place, "no_outline", "has no outline"))
    return found


def _under(feature: Feature, shape: Shape, mapping: Mapping, ground: Ground) -> str | None:
    """Code of the area directly above: as the file says, as the code says, else by a point inside the outline."""
    codes = {area.code for area in ground.above}
    if len(codes) == 1:
        return next(iter(codes))
    said = mapping.text(feature, "parent_code")
    if said:
        return said if said in codes else None
    by_code = mapping.text(feature, "code")[:-3]
    if by_code in codes:
        return by_code
    inside = shape.representative_point()
    around = [
        area.code
        for area, outline in zip(ground.above, ground.above_outlines, strict=True)
        if shapely.intersects_xy(outline, inside.x, inside.y)
    ]
    return min(around) if around else None


def _homeless(feature: Feature, ground: Ground) -> Fault:
    above = "community" if ground.level == Area.Level.GRID else "street"
    return Fault(
        feature.row, feature.place, "unknown_under",
        f"lies in no {above} of {ground.parent.name}; give it a field parent_code with the code of one", "parent_code",
    )  # fmt: skip


def _strangers(drawn: list[Drawn], ground: Ground) -> list[Note]:
    """How many outlines stand for no open area, so that they become new ones with numbers of their own."""
    codes = [one.code for one in drawn if one.code]
    known = set(
        Area.objects.filter(
            code__in=codes, level=ground.level, closed_at=None, path__startswith=ground.parent.path
        ).values_list("code", flat=True)
    )
    new = [one for one in drawn if one.code not in known]
    if not new:
        return []
    return [Note("new_areas", "will be new areas and get the next free numbers", len(new), new[0].code or new[0].name)]


def _shifted(drawn: list[Drawn], ground: Ground) -> Note | None:
    """Whether the layer meets its ground only when GCJ-02 or BD-09 is taken off: by the corners of both boxes."""
    if ground.outline is None or not drawn:
        return None
    mine = shapely.total_bounds([one.shape for one in drawn])
    if _apart_m(mine, np.array(ground.outline.bounds)) < SHIFTED_M:
        return None
    for crs in (Crs.GCJ02, Crs.BD09):
        lons, lats = np.array(ground.outline.bounds)[[0, 2]], np.array(ground.outline.bounds)[[1, 3]]
        moved_lons, moved_lats = from_wgs84_batch(lons, lats, crs)
        there = np.array([moved_lons[0], moved_lats[0], moved_lons[1], moved_lats[1]])
        if _apart_m(mine, there) < MET_M:
            return Note(
                f"looks_{crs.value}",
                f"the layer lies beside its ground as if it were in {crs.value}: declare {crs.value}",
            )
    return None


def _apart_m(one: np.ndarray, other: np.ndarray) -> float:
    """The larger distance between south-west and north-east corners."""
    pairs = [((one[n], one[n + 1]), (other[n], other[n + 1])) for n in (0, 2)]
    return max(geodesic_m((float(a[0]), float(a[1])), (float(b[0]), float(b[1]))) for a, b in pairs)
