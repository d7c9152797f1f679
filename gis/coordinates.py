"""Coordinate systems, distances and areas.

Stored truth is longitude, latitude in degrees on WGS84 (EPSG:4326); CGCS2000 counts as equal at phone accuracy.
GCJ-02 (Amap, Tencent) and BD-09 (Baidu) are offset on purpose by 20-1,500 m and are converted once, on entry.
Metres come from geodesics or from the local metric zone, never from degrees or Web Mercator.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod, Transformer
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

FloatArray = npt.NDArray[np.float64]
Position = tuple[float, float]
AnyGeometry = TypeVar("AnyGeometry", bound=BaseGeometry)

# Krasovsky 1940, the ellipsoid inside the GCJ-02 formula.
KRASOVSKY_A_M: Final = 6_378_245.0
KRASOVSKY_E2: Final = 0.00669342162296594323
BAIDU_ANGLE: Final = np.pi * 3000.0 / 180.0
# Outside this box (west, south, east, north) the offset systems equal WGS84.
OFFSET_BOX: Final = (72.004, 0.8293, 137.8347, 55.8271)
INVERSE_ROUNDS: Final = 20
INVERSE_STEP_DEG: Final = 1e-13

GEOD: Final = Geod(ellps="WGS84")


class Crs(StrEnum):
    """Coordinate system that an incoming point declares."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


class CoordinateError(ValueError):
    """A coordinate that cannot be used.

    `code`: not_a_number, not_finite, out_of_range, axes_swapped, unknown_crs, length_mismatch; `field` names the input.
    """

    def __init__(self, code: str, field: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.field = field
        self.detail = detail


def to_wgs84(lon: float, lat: float, crs: Crs | str) -> Position:
    """WGS84 longitude, latitude of a position given in `crs`.

    Raises CoordinateError (not_a_number, not_finite, out_of_range, axes_swapped, unknown_crs).

    >>> lon, lat = to_wgs84(121.1744289, 30.0476488, Crs.GCJ02)
    >>> round(lon, 6), round(lat, 6)
    (121.17, 30.05)
    """
    system = parse_crs(crs)
    x, y = check_position(lon, lat, system)
    if system in (Crs.WGS84, Crs.CGCS2000):
        return x, y
    xs, ys = _remove_offset(np.array([x]), np.array([y]), system)
    return float(xs[0]), float(ys[0])


def from_wgs84(lon: float, lat: float, crs: Crs | str) -> Position:
    """Position in `crs` of a WGS84 longitude, latitude. Raises CoordinateError like `to_wgs84`."""
    system = parse_crs(crs)
    x, y = check_position(lon, lat, Crs.WGS84)
    if system in (Crs.WGS84, Crs.CGCS2000):
        return x, y
    xs, ys = _add_offset(np.array([x]), np.array([y]), system)
    return float(xs[0]), float(ys[0])


def to_wgs84_batch(lons: npt.ArrayLike, lats: npt.ArrayLike, crs: Crs | str) -> tuple[FloatArray, FloatArray]:
    """`to_wgs84` for arrays of equal length. Raises CoordinateError for the first bad row, naming its index."""
    system = parse_crs(crs)
    xs, ys = check_positions(lons, lats, system)
    return (xs, ys) if system in (Crs.WGS84, Crs.CGCS2000) else _remove_offset(xs, ys, system)


def from_wgs84_batch(lons: npt.ArrayLike, lats: npt.ArrayLike, crs: Crs | str) -> tuple[FloatArray, FloatArray]:
    """`from_wgs84` for arrays of equal length. Raises CoordinateError for the first bad row, naming its index."""
    system = parse_crs(crs)
    xs, ys = check_positions(lons, lats, Crs.WGS84)
    return (xs, ys) if system in (Crs.WGS84, Crs.CGCS2000) else _add_offset(xs, ys, system)


def parse_crs(crs: Crs | str) -> Crs:
    """The declared system; raises CoordinateError (unknown_crs) when it is none of ours."""
    try:
        return Crs(crs)
    except ValueError:
        raise CoordinateError(
            "unknown_crs", "crs", f"unknown coordinate system {str(crs)[:40]!r}, use one of {', '.join(Crs)}"
        ) from None


def check_position(lon: float, lat: float, crs: Crs = Crs.WGS84) -> Position:
    """The position as two floats in range (-0.0 becomes 0.0); raises CoordinateError by name otherwise."""
    for field, value in (("lon", lon), ("lat", lat)):
        if isinstance(value, bool) or not isinstance(value, int | float | np.floating | np.integer):
            raise CoordinateError("not_a_number", field, f"{field} is not a number")
    if crs is Crs.WGS84 and -180 <= lon <= 180 and -90 <= lat <= 90:
        return float(lon) + 0.0, float(lat) + 0.0
    xs, ys = check_positions([lon], [lat], crs)
    return float(xs[0]), float(ys[0])


def check_positions(lons: npt.ArrayLike, lats: npt.ArrayLike, crs: Crs = Crs.WGS84) -> tuple[FloatArray, FloatArray]:
    """Two float arrays in range; raises CoordinateError for the first bad row."""
    try:
        xs, ys = np.asarray(lons, dtype=np.float64) + 0.0, np.asarray(lats, dtype=np.float64) + 0.0
    except OverflowError:
        raise CoordinateError("not_finite", "lon", "a coordinate is too large for a number") from None
    if xs.shape != ys.shape or xs.ndim != 1:
        raise CoordinateError("length_mismatch", "lon", f"{xs.shape} longitudes for {ys.shape} latitudes")
    for field, values in (("lon", xs), ("lat", ys)):
        _refuse_first(~np.isfinite(values), "not_finite", field, "is not a finite number")
    swapped = (np.abs(ys) > 90) & (np.abs(ys) <= 180) & (np.abs(xs) <= 90)
    if crs is not Crs.WGS84:
        swapped |= ~_in_box(xs, ys, OFFSET_BOX) & _in_box(ys, xs, OFFSET_BOX)
    _refuse_first(swapped, "axes_swapped", "lon", "and lat seem to be swapped: longitude comes first")
    _refuse_first(np.abs(xs) > 180, "out_of_range", "lon", "lies outside -180..180")
    _refuse_first(np.abs(ys) > 90, "out_of_range", "lat", "lies outside -90..90")
    return xs, ys


def _refuse_first(bad: npt.NDArray[np.bool_], code: str, field: str, reason: str) -> None:
    if bad.any():
        place = f" of point {int(np.argmax(bad))}" if bad.size > 1 else ""
        raise CoordinateError(code, field, f"{field}{place} {reason}")


def _in_box(xs: FloatArray, ys: FloatArray, box: tuple[float, float, float, float]) -> npt.NDArray[np.bool_]:
    west, south, east, north = box
    return (xs >= west) & (xs <= east) & (ys >= south) & (ys <= north)


def _add_offset(xs: FloatArray, ys: FloatArray, crs: Crs) -> tuple[FloatArray, FloatArray]:
    shifted_x, shifted_y = _formula(xs, ys, crs)
    inside = _in_box(xs, ys, OFFSET_BOX)
    return np.where(inside, shifted_x, xs), np.where(inside, shifted_y, ys)


def _remove_offset(xs: FloatArray, ys: FloatArray, crs: Crs) -> tuple[FloatArray, FloatArray]:
    """Inverse by iteration: w -= f(w) - g; the one-step inverse would err by up to 4.5 m.

    On the rim of the box the formula jumps, so two sources may share one image; the shifted source wins there.
    """
    true_x, true_y = xs.copy(), ys.copy()
    for _ in range(INVERSE_ROUNDS):
        image_x, image_y = _formula(true_x, true_y, crs)
        step_x, step_y = image_x - xs, image_y - ys
        true_x, true_y = true_x - step_x, true_y - step_y
        near = _in_box(xs, ys, (70.0, -1.0, 140.0, 58.0))  # far away the formula means nothing and need not settle
        if not near.any() or max(np.abs(step_x[near]).max(), np.abs(step_y[near]).max()) < INVERSE_STEP_DEG:
            break
    inside = _in_box(true_x, true_y, OFFSET_BOX)
    return np.where(inside, true_x, xs), np.where(inside, true_y, ys)


def _formula(xs: FloatArray, ys: FloatArray, crs: Crs) -> tuple[FloatArray, FloatArray]:
    """WGS84 -> GCJ-02 or BD-09, without the box."""
    gcj_x, gcj_y = _gcj02(xs, ys)
    return (gcj_x, gcj_y) if crs is Crs.GCJ02 else _baidu(gcj_x, gcj_y)


def _gcj02(lons: FloatArray, lats: FloatArray) -> tuple[FloatArray, FloatArray]:
    x, y = lons - 105.0, lats - 35.0
    root, pi = np.sqrt(np.abs(x)), np.pi
    shared = 20.0 * (np.sin(6.0 * pi * x) + np.sin(2.0 * pi * x))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north = north + (shared + 20.0 * np.sin(pi * y) + 40.0 * np.sin(pi / 3.0 * y)) * 2.0 / 3.0
    north = north + (160.0 * np.sin(pi / 12.0 * y) + 320.0 * np.sin(pi / 30.0 * y)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east = east + (shared + 20.0 * np.sin(pi * x) + 40.0 * np.sin(pi / 3.0 * x)) * 2.0 / 3.0
    east = east + (150.0 * np.sin(pi / 12.0 * x) + 300.0 * np.sin(pi / 30.0 * x)) * 2.0 / 3.0
    phi = np.radians(lats)
    magic = 1.0 - KRASOVSKY_E2 * np.sin(phi) ** 2
    # The pole would divide by zero; nothing there is inside the box.
    cosine = np.maximum(np.cos(phi), 1e-9)
    dlat = np.degrees(north * magic * np.sqrt(magic) / (KRASOVSKY_A_M * (1.0 - KRASOVSKY_E2)))
    dlon = np.degrees(east * np.sqrt(magic) / (KRASOVSKY_A_M * cosine))
    return lons + dlon, lats + dlat


def _baidu(lons: FloatArray, lats: FloatArray) -> tuple[FloatArray, FloatArray]:
    radius = np.hypot(lons, lats) + 0.00002 * np.sin(lats * BAIDU_ANGLE)
    angle = np.arctan2(lats, lons) + 0.000003 * np.cos(lons * BAIDU_ANGLE)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def geodesic_m(start: Position, end: Position) -> float:
    """Metres between two (lon, lat) WGS84 positions along the ellipsoid.

    >>> round(geodesic_m((121.17, 30.05), (121.18, 30.05)))
    964
    """
    return float(GEOD.inv(start[0], start[1], end[0], end[1])[2])


def geodesic_m_batch(
    start_lons: npt.ArrayLike, start_lats: npt.ArrayLike, end_lons: npt.ArrayLike, end_lats: npt.ArrayLike
) -> FloatArray:
    """Metres between pairs of WGS84 positions; arrays of equal length."""
    x1, y1, x2, y2 = (np.array(part, dtype=np.float64) for part in (start_lons, start_lats, end_lons, end_lats))
    return np.asarray(GEOD.inv(x1, y1, x2, y2)[2], dtype=np.float64)


def geodesic_area_m2(polygon: Polygon | MultiPolygon) -> float:
    """Area on the ellipsoid in square metres of a WGS84 polygon; ring direction does not matter.

    >>> round(geodesic_area_m2(shapely.box(121.17, 30.05, 121.171, 30.051)))
    10690
    """
    area_m2, _ = GEOD.geometry_area_perimeter(shapely.orient_polygons(polygon))
    return abs(float(area_m2))


@dataclass(frozen=True)
class MetricZone:
    """Local plane in metres: transverse Mercator around a central meridian that is a multiple of three degrees.

    In China this is the official CGCS2000 3-degree zone without prefix (EPSG:4534..4554). Elsewhere it is the same
    projection on the same ellipsoid, so real extracts of any city work. At a zone's edge lengths are up to 0.04 % long.
    Use `MetricZone.at`, which shares one transformer per meridian. Axis order is x = east, y = north.
    """

    central_meridian_deg: int

    @staticmethod
    def at(lon: float, lat: float) -> "MetricZone":
        """The zone of a WGS84 position. Raises CoordinateError for a position that is not on Earth.

        >>> MetricZone.at(121.17, 30.05).epsg
        4549
        """
        x, _ = check_position(lon, lat)
        return _zone(round(x / 3.0) * 3)

    @staticmethod
    def of(geometry: BaseGeometry) -> "MetricZone":
        """The zone of the middle of a WGS84 geometry. Raises CoordinateError (not_finite) for an empty one."""
        west, south, east, north = geometry.bounds
        return MetricZone.at((west + east) / 2, (south + north) / 2)

    @property
    def epsg(self) -> int | None:
        """EPSG code of the official zone, None where CGCS2000 has none."""
        return 4534 + (self.central_meridian_deg - 75) // 3 if 75 <= self.central_meridian_deg <= 135 else None

    @property
    def proj(self) -> str:
        """PROJ text of the zone; `ST_Transform(geom, text)` understands it too."""
        return (
            f"+proj=tmerc +lat_0=0 +lon_0={self.central_meridian_deg} +k=1 +x_0=500000 +y_0=0 "
            "+ellps=GRS80 +units=m +no_defs"
        )

    @cached_property
    def _forward(self) -> Transformer:
        # From degrees on the same ellipsoid: a pure conversion, no datum shift that PROJ would have to look up.
        return Transformer.from_pipeline(
            f"+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step {self.proj.replace(' +no_defs', '')}"
        )

    def project_points(self, lons: npt.ArrayLike, lats: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Arrays of x, y in metres."""
        xs, ys = self._forward.transform(np.array(lons, dtype=np.float64), np.array(lats, dtype=np.float64))
        return np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)

    def unproject_points(self, xs: npt.ArrayLike, ys: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Arrays of longitude, latitude in degrees."""
        lons, lats = self._forward.transform(
            np.array(xs, dtype=np.float64), np.array(ys, dtype=np.float64), direction="INVERSE"
        )
        return np.asarray(lons, dtype=np.float64), np.asarray(lats, dtype=np.float64)

    def project(self, geometry: AnyGeometry) -> AnyGeometry:
        """The WGS84 geometry in metres of this zone (heights are dropped)."""
        return _transform(geometry, self.project_points)

    def unproject(self, geometry: AnyGeometry) -> AnyGeometry:
        """The geometry of this zone in WGS84 degrees (heights are dropped)."""
        return _transform(geometry, self.unproject_points)


@lru_cache(maxsize=121)
def _zone(central_meridian_deg: int) -> MetricZone:
    return MetricZone(central_meridian_deg)


def _transform(
    geometry: AnyGeometry, change: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
) -> AnyGeometry:
    def columns(rows: FloatArray) -> FloatArray:
        return np.column_stack(change(rows[:, 0], rows[:, 1]))

    return shapely.transform(geometry, columns)
