"""The usable positions of a batch as arrays: read in one go where a body is plainly right, stored in one go always."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from math import nan
from typing import Annotated, Final

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import UNSET, UnsetType

from backend.core.constraints import CRS_NAMES
from backend.patrols.points import COUNTRY, DATE_AND_TIME, MOST, SEQ_MOST, Fix
from gis.coordinates import Crs, FloatArray, to_wgs84_batch

IntArray = npt.NDArray[np.int64]
_SHIFTED: Final = frozenset({Crs.GCJ02.value, Crs.BD09.value})


@dataclass(frozen=True, eq=False, slots=True)
class Columns:
    """Arrays of equal length by rising `seq`. `at_s` seconds since 1970 UTC, WGS84 degrees, NaN where unknown.

    `raw_crs` is the place of the name in CRS_NAMES.
    """

    seq: IntArray
    at_s: FloatArray
    lons: FloatArray
    lats: FloatArray
    accuracy_m: FloatArray
    speed_mps: FloatArray
    bearing_deg: FloatArray
    battery: FloatArray
    raw_lons: FloatArray
    raw_lats: FloatArray
    raw_crs: IntArray


SENT: Final = tuple(field.name for field in fields(Columns))


def columns_of(fixes: Sequence[Fix]) -> Columns:
    """The same fixes, in the order given."""

    def measured(values: list[float | None]) -> FloatArray:
        return np.array([nan if value is None else value for value in values], dtype=np.float64)

    return Columns(
        seq=np.array([fix.seq for fix in fixes], dtype=np.int64),
        at_s=np.array([fix.at.timestamp() for fix in fixes], dtype=np.float64),
        lons=np.array([fix.lon for fix in fixes], dtype=np.float64),
        lats=np.array([fix.lat for fix in fixes], dtype=np.float64),
        accuracy_m=measured([fix.accuracy_m for fix in fixes]),
        speed_mps=measured([fix.speed_mps for fix in fixes]),
        bearing_deg=measured([fix.bearing_deg for fix in fixes]),
        battery=measured([fix.battery for fix in fixes]),
        raw_lons=np.array([fix.raw_lon for fix in fixes], dtype=np.float64),
        raw_lats=np.array([fix.raw_lat for fix in fixes], dtype=np.float64),
        raw_crs=np.array([CRS_NAMES.index(fix.raw_crs) for fix in fixes], dtype=np.int64),
    )


class _Point(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    seq: Annotated[int, msgspec.Meta(ge=0, le=SEQ_MOST)]
    at: str
    lon: float
    lat: float
    crs: str
    accuracy_m: float | UnsetType | None = UNSET
    speed_mps: float | UnsetType | None = UNSET
    bearing_deg: float | UnsetType | None = UNSET
    battery: float | UnsetType | None = UNSET


class _Batch(msgspec.Struct, forbid_unknown_fields=True):
    points: list[_Point]


_DECODER = msgspec.json.Decoder(_Batch)


@dataclass(frozen=True, eq=False, slots=True)
class Plain:
    """A batch without a fault: `repeats` came with a sequence number that an earlier point of it had."""

    columns: Columns
    repeats: int


def read_plain(body: bytes, *, most: int) -> Plain | None:
    """The points of `{"points": […]}`, 1 to `most`, when nothing about them needs a second look; None otherwise.

    None is no refusal: `sort_points` reads the body again, point by point, and says what is wrong, if anything is.
    """
    try:
        points = _DECODER.decode(body).points
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not 0 < len(points) <= most or b"\\" in body or len({point.crs for point in points}) != 1:
        return None
    optional = [[getattr(point, name) for point in points] for name in MOST]
    # No escapes, known names only: two quotes for each name and each text, unless an object names one key twice.
    named = 1 + 5 * len(points) + sum(len(points) - column.count(UNSET) for column in optional)
    if body.count(b'"') != 2 * (named + 2 * len(points)):
        return None
    at_s = _moments([point.at for point in points])
    accuracy_m, speed_mps, bearing_deg, battery = (
        _measures(column, most=limit) for column, limit in zip(optional, MOST.values(), strict=True)
    )
    placed = _placed(points)
    if (
        at_s is None
        or accuracy_m is None
        or speed_mps is None
        or bearing_deg is None
        or battery is None
        or placed is None
    ):
        return None
    seq, first = np.unique(np.array([point.seq for point in points], dtype=np.int64), return_index=True)
    lons, lats, raw_lons, raw_lats, crs = placed
    columns = Columns(
        seq, at_s[first], lons[first], lats[first], accuracy_m[first], speed_mps[first], bearing_deg[first],
        battery[first], raw_lons[first], raw_lats[first], np.full(seq.size, crs, dtype=np.int64),
    )  # fmt: skip
    return Plain(columns, len(points) - seq.size)


def _moments(texts: list[str]) -> FloatArray | None:
    """Seconds since 1970 of moments that each carry their offset."""
    if not all(map(DATE_AND_TIME.match, texts)):
        return None
    try:
        moments = list(map(datetime.fromisoformat, texts))
    except ValueError:
        return None
    if any(moment.tzinfo is None for moment in moments):
        return None
    return np.array([moment.timestamp() for moment in moments], dtype=np.float64)


def _measures(column: list[float | UnsetType | None], *, most: float) -> FloatArray | None:
    """Numbers from 0 to `most`, NaN for unknown; phones also write -1 for it."""
    values = np.array([nan if value is None or value is UNSET else value for value in column], dtype=np.float64)
    values[values == -1.0] = nan
    with np.errstate(invalid="ignore"):
        return None if bool((values < 0).any() or (values > most).any()) else values


def _placed(points: list[_Point]) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, int] | None:
    """WGS84 and raw degrees with the system of the raw ones; None when anything lies outside the country's box."""
    raw_lons = np.array([point.lon for point in points], dtype=np.float64)
    raw_lats = np.array([point.lat for point in points], dtype=np.float64)
    name = points[0].crs
    if name not in CRS_NAMES or not _all_in_country(raw_lons, raw_lats):
        return None
    lons, lats = to_wgs84_batch(raw_lons, raw_lats, Crs(name)) if name in _SHIFTED else (raw_lons, raw_lats)
    return (lons, lats, raw_lons, raw_lats, CRS_NAMES.index(name)) if _all_in_country(lons, lats) else None


def _all_in_country(lons: FloatArray, lats: FloatArray) -> bool:
    west, south, east, north = COUNTRY
    return bool(lons.min() >= west and lons.max() <= east and lats.min() >= south and lats.max() <= north)


def array_texts(columns: Columns) -> dict[str, str | None]:
    """Each column as the text of a PostgreSQL array, unknown as NULL; None for raw degrees equal to the WGS84 ones."""
    texts: dict[str, str | None] = {name: _array(getattr(columns, name)) for name in SENT}
    if np.array_equal(columns.raw_lons, columns.lons) and np.array_equal(columns.raw_lats, columns.lats):
        texts["raw_lons"] = texts["raw_lats"] = None
    return texts


def _array(column: FloatArray | IntArray) -> str:
    """JSON writes numbers as PostgreSQL reads them, NaN as null, and is quick about it."""
    return f"{{{msgspec.json.encode(column.tolist())[1:-1].decode()}}}"
