"""What a phone may send as a position: checked point by point, converted to WGS84, the raw pair kept."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backend.core.constraints import WIDEST_FIX_M
from gis.coordinates import CoordinateError, Crs, check_position, parse_crs, to_wgs84_batch

# The country's outline as a box (west, south, east, north), with a margin: a fix outside it is a broken fix.
COUNTRY = (73.0, 3.0, 136.0, 54.0)
CLOCK_SKEW = timedelta(minutes=5)
# RFC 3339, and none of the other forms (weeks, no dashes) that a parser may also read.
DATE_AND_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
SEQ_MOST = 2**31 - 1
# The measures that a point may carry, and the most of each.
MOST = {"accuracy_m": float(WIDEST_FIX_M), "speed_mps": 400.0, "bearing_deg": 360.0, "battery": 1.0}


class PointRefused(Exception):
    """One point can't be used. `code` is stable, the text says why."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Fix:
    """A usable position: WGS84 degrees, metres, metres per second, degrees from north, battery 0..1."""

    seq: int
    at: datetime
    lon: float
    lat: float
    accuracy_m: float | None
    speed_mps: float | None
    bearing_deg: float | None
    battery: float | None
    raw_lon: float
    raw_lat: float
    raw_crs: str


@dataclass(frozen=True, slots=True)
class Span:
    """The time during which positions of a session are taken, clock errors included."""

    earliest: datetime
    latest: datetime


@dataclass(frozen=True, slots=True)
class Sorted:
    """The points of a batch: usable ones by rising sequence, repeats within the batch dropped and counted."""

    fixes: list[Fix]
    repeats: int
    rejected: list[dict[str, Any]]


def sort_points(points: Iterable[Mapping[str, Any]], *, span: Span) -> Sorted:
    """Checks every point by itself; a bad one is named in `rejected` and never stops the others."""
    rejected: list[dict[str, Any]] = []
    taken: dict[int, Fix] = {}
    repeats = 0
    for point in points:
        try:
            fix = _read(point, span)
        except PointRefused as refusal:
            seq = point.get("seq") if isinstance(point, Mapping) else None
            rejected.append(_refusal(seq if isinstance(seq, int) else None, refusal.code, refusal.detail))
            continue
        if fix.seq in taken:
            repeats += 1
        else:
            taken[fix.seq] = fix
    converted = _to_wgs84([taken[seq] for seq in sorted(taken)])
    usable = []
    for fix in converted:
        if _in_country(fix.lon, fix.lat):
            usable.append(fix)
        else:
            rejected.append(_refusal(fix.seq, "outside_country", "the position lies outside the country"))
    return Sorted(usable, repeats, rejected)


def _refusal(seq: int | None, code: str, detail: str) -> dict[str, Any]:
    return {"seq": seq, "code": code, "detail": detail}


def _read(point: Mapping[str, Any], span: Span) -> Fix:
    if not isinstance(point, Mapping):
        raise PointRefused("not_an_object", "a point is an object")
    seq = point.get("seq")
    if isinstance(seq, bool) or not isinstance(seq, int) or not 0 <= seq <= SEQ_MOST:
        raise PointRefused("bad_seq", f"seq is a whole number from 0 to {SEQ_MOST}")
    at = _moment(point.get("at"))
    if not span.earliest <= at <= span.latest:
        raise PointRefused("outside_session", "recorded outside the patrol session")
    if "crs" not in point:
        raise PointRefused("crs_missing", "name the coordinate system in crs")
    crs, lon, lat = _position(point)
    accuracy_m, speed_mps, bearing_deg, battery = (_measure(point, name, most=most) for name, most in MOST.items())
    return Fix(
        seq=seq,
        at=at,
        lon=lon,
        lat=lat,
        accuracy_m=accuracy_m,
        speed_mps=speed_mps,
        bearing_deg=bearing_deg,
        battery=battery,
        raw_lon=lon,
        raw_lat=lat,
        raw_crs=crs.value,
    )


def _position(point: Mapping[str, Any]) -> tuple[Crs, float, float]:
    lon, lat = point.get("lon"), point.get("lat")
    try:
        crs = parse_crs(point["crs"])
        # What lies in the country as it stands is right in every system; only the rest needs the full examination.
        if type(lon) is float and type(lat) is float and _in_country(lon, lat):
            return crs, lon, lat
        return crs, *check_position(lon, lat, crs)  # type: ignore[arg-type]
    except CoordinateError as error:
        raise PointRefused(error.code, error.detail) from None


def _moment(value: Any) -> datetime:
    if isinstance(value, str) and DATE_AND_TIME.match(value):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise PointRefused("bad_time", "at is a date and time with its offset")
    return value


def _measure(point: Mapping[str, Any], name: str, *, most: float) -> float | None:
    """A number from 0 to `most`. Phones write -1 for unknown; it becomes None like a missing value."""
    value = point.get(name)
    if value is None or value == -1:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise PointRefused(f"bad_{name}", f"{name} is a number from 0 to {most:g}, or left out")
    return float(value)


def _to_wgs84(fixes: list[Fix]) -> list[Fix]:
    """The same fixes with their offset removed; one conversion per coordinate system."""
    shifted = {fix.seq: fix for fix in fixes}
    for crs in (Crs.GCJ02, Crs.BD09):
        group = [fix for fix in fixes if fix.raw_crs == crs.value]
        if not group:
            continue
        lons, lats = to_wgs84_batch([fix.raw_lon for fix in group], [fix.raw_lat for fix in group], crs)
        for fix, lon, lat in zip(group, lons.tolist(), lats.tolist(), strict=True):
            shifted[fix.seq] = _moved(fix, lon, lat)
    return [shifted[fix.seq] for fix in fixes]


def _moved(fix: Fix, lon: float, lat: float) -> Fix:
    return Fix(
        fix.seq,
        fix.at,
        lon,
        lat,
        fix.accuracy_m,
        fix.speed_mps,
        fix.bearing_deg,
        fix.battery,
        fix.raw_lon,
        fix.raw_lat,
        fix.raw_crs,
    )


def _in_country(lon: float, lat: float) -> bool:
    west, south, east, north = COUNTRY
    return west <= lon <= east and south <= lat <= north
