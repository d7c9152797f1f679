"""Coordinate systems of files: what a person or a file declares, and the way to WGS84 and back.

Systems on WGS84, CGCS2000 and a few that agree with them to about a metre are only unprojected. Older Chinese datums
(Beijing 1954, Xian 1980) differ by up to 150 m, and the parameters of each city are secret: they are refused by name.
GCJ-02 and BD-09 no file can declare; a person does.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from gis.coordinates import OFFSET_BOX, Crs, FloatArray, to_wgs84_batch
from gis.layers.model import Bounds, LayerError, Shape

WKT_MOST: Final = 10_000
WGS84_NAMES: Final = frozenset({"wgs84", "epsg:4326", "4326", "crs84", "ogc:crs84"})
OFFSET: Final = {"gcj02": Crs.GCJ02, "gcj-02": Crs.GCJ02, "bd09": Crs.BD09, "bd-09": Crs.BD09}
_EPSG: Final = re.compile(
    r"(?:EPSG:|urn:ogc:def:crs:EPSG:[\d.]*:|http://www\.opengis\.net/def/crs/EPSG/0/)?(\d{4,6})", re.I
)
_CRS84: Final = re.compile(r"urn:ogc:def:crs:OGC:[\d.]*:CRS84|http://www\.opengis\.net/def/crs/OGC/1\.3/CRS84", re.I)
# Datums that agree with WGS84 to about a metre.
_NEAR_WGS84: Final = (
    "world geodetic system 1984", "wgs 84", "wgs_1984", "wgs 1984", "china 2000", "china_2000", "cgcs2000",
    "china geodetic coordinate system 2000", "european terrestrial reference system 1989", "etrs_1989",
    "japanese geodetic datum 2011", "north american datum 1983 (2011)", "taiwan datum 1997",
)  # fmt: skip
# How far beyond its area of use a projected layer may lie, degrees.
_BEYOND_DEG: Final = 1.5
NEAR_DEG: Final = 0.25
_NEXT: Final = "declare the system: wgs84, cgcs2000, an EPSG number such as 4549, gcj02 or bd09"


@dataclass(frozen=True, slots=True)
class Reference:
    """One system. `name` is how it is told, `said` what it is made from again; offset systems have no `crs`."""

    name: str
    said: str
    crs: CRS | None = None
    offset: Crs | None = None

    @property
    def is_geographic(self) -> bool:
        return self.crs is None or self.crs.is_geographic

    def to_wgs84(self, xy: FloatArray) -> FloatArray:
        """Rows of lon, lat for rows of x, y (east or longitude first); not finite where it cannot be."""
        if self.offset is not None:
            return np.column_stack(to_wgs84_batch(xy[:, 0], xy[:, 1], self.offset))
        if self.is_geographic:
            return xy
        xs, ys = _projection(self.said).transform(xy[:, 0], xy[:, 1], direction="INVERSE")
        return np.column_stack([xs, ys])

    def from_wgs84(self, lonlat: FloatArray) -> FloatArray:
        """Rows of x, y for rows of lon, lat. Offset systems are for entry only."""
        if self.is_geographic:
            return lonlat
        xs, ys = _projection(self.said).transform(lonlat[:, 0], lonlat[:, 1])
        return np.column_stack([xs, ys])

    def area_of_use(self) -> Bounds | None:
        """Degrees that the system is made for, where it is known."""
        if self.crs is None or self.name == "EPSG:4490":
            return OFFSET_BOX  # China with its seas; the register names less
        code = self.crs.to_epsg()
        known = CRS.from_epsg(code) if code else self.crs
        return known.area_of_use.bounds if known.area_of_use else None


def reference_of(text: str) -> Reference:
    """The declared system: wgs84, cgcs2000, gcj02, bd09, EPSG number, or well-known text of a .prj file.

    Raises LayerError: crs_unknown, crs_datum, crs_not_flat.

    >>> reference_of("EPSG:4549").name, reference_of("cgcs2000").name
    ('EPSG:4549', 'EPSG:4490')
    """
    said = text.strip()
    key = said.lower()
    if key in WGS84_NAMES or _CRS84.fullmatch(said):
        return _reference("EPSG:4326")
    if key == "cgcs2000":
        return _reference("EPSG:4490")
    if key in OFFSET:
        return Reference(OFFSET[key].value, key, offset=OFFSET[key])
    epsg = _EPSG.fullmatch(said)
    return _reference(f"EPSG:{int(epsg[1])}" if epsg else said)


@lru_cache(maxsize=64)
def _reference(said: str) -> Reference:
    crs = _parsed(said)
    code = None if said.startswith("EPSG:") else crs.to_epsg()
    if code:
        crs, said = CRS.from_epsg(code), f"EPSG:{code}"
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    if crs.is_bound or not (crs.is_geographic or crs.is_projected) or crs.geodetic_crs is None:
        raise LayerError("crs_not_flat", f"{crs.name[:60]} is no plane or geographic system; {_NEXT}")
    datum = crs.geodetic_crs.datum
    name = (datum.name if datum else crs.geodetic_crs.name).lower()
    if not name.startswith(_NEAR_WGS84):
        raise LayerError(
            "crs_datum",
            f"{crs.name[:60]} is on the datum {(datum.name if datum else name)[:60]}, whose shift to CGCS2000 differs "
            "from city to city; have the survey office convert the file to CGCS2000 first",
            declared=crs.name[:60],
        )
    if crs.prime_meridian is not None and crs.prime_meridian.longitude != 0:
        raise LayerError("crs_unknown", f"{crs.name[:60]} does not count from Greenwich; {_NEXT}")
    return Reference(said if said.startswith("EPSG:") else crs.name[:60], said, crs)


def _parsed(said: str) -> CRS:
    """Numbers of EPSG and plain well-known text only: PROJ text could name files of the machine."""
    try:
        if said.startswith("EPSG:"):
            return CRS.from_epsg(int(said[5:]))
        upper = said.upper()
        if len(said) > WKT_MOST or not upper.startswith(("GEOGCS[", "PROJCS[", "GEOGCRS[", "PROJCRS[", "COMPD_CS[")):
            raise LayerError("crs_unknown", f"{said[:40]!r} is no coordinate system that is known; {_NEXT}")
        if "EXTENSION[" in upper or "PARAMETERFILE[" in upper or "BOUNDCRS" in upper:
            raise LayerError("crs_unknown", f"the system asks for a file of its own; {_NEXT}")
        return CRS.from_wkt(said)
    except (CRSError, ProjError, ValueError, OverflowError) as error:
        if isinstance(error, LayerError):
            raise
        raise LayerError("crs_unknown", f"{said[:40]!r} is no coordinate system that is known; {_NEXT}") from None


@lru_cache(maxsize=64)
def _projection(said: str) -> Transformer:
    """From degrees on the system's own ellipsoid: a pure conversion without a datum shift to look up."""
    crs = _reference(said).crs
    if crs is None or crs.geodetic_crs is None:
        raise ValueError(f"{said[:40]} has no ellipsoid")  # it was checked when it was made
    return Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True)


def settle(declared: str, in_file: str, *, default: str = "") -> Reference:
    """The system of a file. A person's word and the file's must agree; an offset system only a person can declare.

    Raises LayerError: crs_missing, crs_conflict, and those of `reference_of`.
    """
    if not declared and not in_file and not default:
        raise LayerError("crs_missing", f"the file does not say its coordinate system; {_NEXT}")
    if not declared:
        return reference_of(in_file or default)
    wanted = reference_of(declared)
    if not in_file:
        return wanted
    found = reference_of(in_file)
    if wanted.offset is not None and found.is_geographic:
        return wanted
    if found.name != wanted.name and not (found.is_geographic and wanted.is_geographic):
        raise LayerError(
            "crs_conflict",
            f"{wanted.name} is declared, but the file says {found.name}; leave the declaration out, or "
            "correct the file",
            declared=wanted.name,
            found=found.name,
        )
    return wanted


def refuse_misplaced(shapes: list[Shape], reference: Reference, near: Bounds | None) -> dict[int, str]:
    """Looks where outlines lie, by their middles: what is wrong with most is wrong with the file.

    Answers with the code (axes_swapped, far_away) of single ones by index. Raises LayerError for most of them:
    axes_swapped, crs_wrong, far_away.
    """
    boxes = shapely.bounds(np.array(shapes, dtype=object))
    middles = np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2])
    fits = _fits(middles, reference, near)
    if fits.all():
        return {}
    swapped = ~fits & _fits(middles[:, ::-1], reference, near)
    if 2 * int(fits.sum()) > len(shapes):
        return {int(n): "axes_swapped" if swapped[n] else "far_away" for n in np.flatnonzero(~fits)}
    if 2 * int(swapped.sum()) > len(shapes):
        raise LayerError(
            "axes_swapped",
            "x and y seem to be swapped: longitude or east comes first; swap them in the file",
        )
    raise _wrong(np.median(middles, axis=0)[None, :], reference)


def _wrong(middle: FloatArray, reference: Reference) -> LayerError:
    hint, words = _zone_hint(middle[0])
    facts = {"hint": hint} if hint else {}
    if reference.is_geographic and not (abs(middle[0, 0]) <= 180 and abs(middle[0, 1]) <= 90):
        return LayerError("crs_wrong", f"the numbers are metres, not degrees; declare {words}", **facts)
    lon, lat = (float(number) for number in _degrees(middle, reference)[0])
    area = reference.area_of_use() or (-180.0, -90.0, 180.0, 90.0)
    if not (np.isfinite([lon, lat]).all() and _within(np.array([[lon, lat]]), area, _BEYOND_DEG).all()):
        return LayerError(
            "crs_wrong", f"the numbers lie outside of the area of {reference.name}; declare {words}", **facts
        )
    return LayerError(
        "far_away",
        f"the layer lies around {lon:.3f}, {lat:.3f}, far from the ground that it is meant for; "
        "check its coordinate system and that it is the right file",
        spot=[round(lon, 6), round(lat, 6)],
    )


def _fits(xy: FloatArray, reference: Reference, near: Bounds | None) -> npt.NDArray[np.bool_]:
    placed = _degrees(xy, reference)
    fits = np.isfinite(placed).all(axis=1) & (np.abs(placed) <= (180, 90)).all(axis=1)
    area = reference.area_of_use()
    if area is not None:
        fits &= _within(placed, area, _BEYOND_DEG)
    return np.asarray(fits if near is None else fits & _within(placed, near, NEAR_DEG))


def _degrees(xy: FloatArray, reference: Reference) -> FloatArray:
    """Where the points lie, not finite for those that lie nowhere."""
    if reference.offset is None:
        return reference.to_wgs84(xy)
    placed = np.full_like(xy, np.nan)
    possible = (np.abs(xy) <= (180, 90)).all(axis=1)
    # An offset system is only told from its axes in its own part of the world.
    west, south, east, north = OFFSET_BOX
    possible &= (xy[:, 0] >= west) & (xy[:, 0] <= east) & (xy[:, 1] >= south) & (xy[:, 1] <= north)
    if possible.any():
        placed[possible] = reference.to_wgs84(xy[possible])
    return placed


def _within(places: FloatArray, box: Bounds, margin: float) -> npt.NDArray[np.bool_]:
    west, south, east, north = box
    low, high = np.array([west, south]) - margin, np.array([east, north]) + margin
    return np.asarray(((places >= low) & (places <= high)).all(axis=1))


def _zone_hint(middle: FloatArray) -> tuple[str, str]:
    """The CGCS2000 zone that an x with a zone number in front names (empty without one), and words for it."""
    zone = int(abs(middle[0]) // 1_000_000)
    if 25 <= zone <= 45:
        return f"EPSG:{4488 + zone}", f"EPSG:{4488 + zone} (CGCS2000, 3-degree zone {zone})"
    if 13 <= zone <= 23:
        return f"EPSG:{4478 + zone}", f"EPSG:{4478 + zone} (CGCS2000, 6-degree zone {zone})"
    return "", "the zone that it was drawn in, for example EPSG:4549 (CGCS2000, central meridian 120)"
