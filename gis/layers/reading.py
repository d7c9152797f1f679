"""From bytes to a checked layer in WGS84."""

import re
from math import isfinite
from typing import Any

import numpy as np
import shapely
from shapely import Polygon

from gis.coordinates import Position
from gis.geometry import INVALIDITY
from gis.layers.detecting import members_of
from gis.layers.model import Fault, Feature, Format, Layer, LayerError, Limits, Raw, RawFeature, Remarks, Shape, Wish
from gis.layers.readers import READERS
from gis.layers.reference import Reference, refuse_misplaced, settle

LIMITS = Limits()
_WGS84_BY_RULE = frozenset({Format.GEOJSON, Format.KML})
_MISPLACED = {
    "axes_swapped": "x and y seem to be swapped, unlike in the other features",
    "far_away": "lies far from the other features or from the ground that the layer is meant for",
}


def read_layer(content: bytes, *, name: str, wish: Wish, limits: Limits = LIMITS) -> Layer:
    """The layer of a file named `name`, read as `wish` says.

    What is wrong with single features is in `faults`. Raises LayerError for a file that cannot be used at all:
    the codes of `detecting`, `archive`, `reference`, `texts` and the reader, too_many_features, too_many_vertices.
    For hostile files call it through `bounded.read_in_child`.
    """
    kind, members = members_of(content, name=name, wanted=wish.format, limits=limits)
    remarks = Remarks()
    raw = READERS[kind](members, wish, remarks, limits)
    if not raw.rows:
        raise LayerError("empty", "the layer holds no feature")
    reference = settle(wish.crs, raw.crs, default="EPSG:4326" if kind in _WGS84_BY_RULE else "")
    features = _placed(raw, reference, wish, remarks)
    faults = sorted(remarks.faults, key=lambda fault: fault.row)
    return Layer(
        name=raw.name, format=kind, crs=reference.name, fields=tuple(raw.fields), features=tuple(features),
        faults=tuple(faults), notes=tuple(remarks.notes.values()), encoding=raw.encoding.removesuffix("-sig"),
        layers=tuple(raw.layers), rows=len(raw.rows),
    )  # fmt: skip


def _placed(raw: Raw, reference: Reference, wish: Wish, remarks: Remarks) -> list[Feature]:
    """Good features in WGS84; the others are named."""
    drawn = [one for one in raw.rows if one.shape is not None and _is_finite(one, one.shape, remarks)]
    shapes = [one.shape for one in drawn if one.shape is not None]
    odd = refuse_misplaced(shapes, reference, wish.near)
    bad = {one.row for one in raw.rows if one.is_bad} | {fault.row for fault in remarks.faults}
    placed: dict[int, Shape] = {}
    for index, (one, shape) in enumerate(zip(drawn, shapes, strict=True)):
        if index in odd:
            remarks.refuse(Fault(one.row, one.place, odd[index], _MISPLACED[odd[index]]))
            bad.add(one.row)
            continue
        moved = shapely.transform(_slim(shape), reference.to_wgs84)
        fault = _fault(one, moved)
        if fault is not None:
            remarks.refuse(fault)
            bad.add(one.row)
        placed[one.row] = moved
    return [Feature(one.row, one.place, one.attributes, placed.get(one.row)) for one in raw.rows if one.row not in bad]


def _slim(shape: Shape) -> Shape:
    """A single polygon where there is only one part, as edits want it."""
    return shape if isinstance(shape, Polygon) or len(shape.geoms) != 1 else shape.geoms[0]


def _is_finite(one: RawFeature, shape: Shape, remarks: Remarks) -> bool:
    """GEOS may crash on infinities: they are looked for before it is asked anything."""
    if np.isfinite(shapely.get_coordinates(shape)).all():
        return True
    remarks.refuse(Fault(one.row, one.place, "not_finite", "holds a number that is not finite"))
    return False


def _fault(one: RawFeature, shape: Shape) -> Fault | None:
    numbers = shapely.get_coordinates(shape)
    if not (np.isfinite(numbers).all() and (np.abs(numbers) <= (180, 90)).all()):
        return Fault(one.row, one.place, "out_of_range", "lies outside of lon -180..180, lat -90..90")
    west, _, east, _ = shape.bounds
    if east - west > 180:
        return Fault(one.row, one.place, "crosses_antimeridian", f"spans {east - west:.0f} degrees")
    reason = str(shapely.is_valid_reason(shape))
    if reason == "Valid Geometry":
        return None
    text, spot = _spot(reason)
    where = f" at {spot[0]:.7f}, {spot[1]:.7f}" if spot else ""
    return Fault(one.row, one.place, INVALIDITY.get(text, "invalid"), f"is not valid: {text}{where}", spot=spot)


def _spot(reason: str) -> tuple[str, Position | None]:
    found: Any = re.fullmatch(r"(.*?)\[(\S+) (\S+)\]", reason)
    if not found:
        return reason, None
    lon, lat = float(found[2]), float(found[3])
    return found[1], (lon, lat) if isfinite(lon) and isfinite(lat) else None
