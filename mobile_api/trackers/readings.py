"""What stock tracker apps send, as points of ours. Unknown fields never matter; what is no usable fix is left out.

OwnTracks HTTP, Overland, and Traccar Client in its query, form and JSON dialects. WGS84 throughout.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

from backend.patrols.points import MOST

KNOT_MPS: Final = 1852 / 3600
KMH_MPS: Final = 1 / 3.6
# Above this a number of seconds is one of milliseconds (the year 5138 otherwise).
_MILLISECONDS_FROM: Final = 1e11

Point = dict[str, Any]


def owntracks_points(message: Any) -> list[Point]:
    """Fixes of a message or a list of them; waypoints, statuses, last wills and encrypted messages have none.

    >>> owntracks_points({"_type": "location", "lat": 30.05, "lon": 121.17, "tst": 0, "vel": 36})[0]["speed_mps"]
    10.0
    """
    messages = message if isinstance(message, list) else [message]
    return _kept(
        _point(
            one.get("lon"), one.get("lat"), one.get("tst"), accuracy=one.get("acc"), bearing=one.get("cog"),
            speed_mps=_times(one.get("vel"), KMH_MPS), battery=_times(one.get("batt"), 0.01),
        )
        for one in messages
        if isinstance(one, Mapping) and one.get("_type") == "location"
    )  # fmt: skip


def overland_points(message: Any) -> list[Point]:
    """Fixes of `{"locations": [Feature…]}`. Raises ValueError when there is no such list."""
    locations = message.get("locations") if isinstance(message, Mapping) else None
    if not isinstance(locations, list):
        raise ValueError("locations is a list of features")  # noqa: TRY004 - what a sender may get wrong
    return _kept(_overland_point(one) for one in locations if isinstance(one, Mapping))


def _overland_point(feature: Mapping[str, Any]) -> Point | None:
    about, shape = feature.get("properties"), feature.get("geometry")
    place = shape.get("coordinates") if isinstance(shape, Mapping) else None
    if not isinstance(about, Mapping) or not isinstance(place, list) or len(place) < 2:
        return None
    return _point(
        place[0], place[1], about.get("timestamp"), accuracy=about.get("horizontal_accuracy"),
        speed_mps=about.get("speed"), bearing=about.get("course"), battery=about.get("battery_level"),
    )  # fmt: skip


def traccar_form_points(said: Mapping[str, Any]) -> list[Point]:
    """The fix of a query or form: `lat` and `lon`, or `location=lat,lon`; speed in knots, battery in per cent.

    >>> traccar_form_points({"location": "30.05,121.17", "timestamp": "0", "speed": "10"})[0]["speed_mps"]
    5.1444
    """
    lat, lon = said.get("lat"), said.get("lon")
    if lat is None and lon is None:
        lat, _, lon = str(said.get("location", "")).partition(",")
    if str(said.get("valid", "true")).lower() in ("false", "0"):
        return []
    return _kept(
        [
            _point(
                _number(lon), _number(lat), said.get("timestamp"), accuracy=_number(said.get("accuracy")),
                speed_mps=_times(_number(said.get("speed")), KNOT_MPS),
                bearing=_number(said.get("bearing", said.get("heading"))),
                battery=_times(_number(said.get("batt")), 0.01),
            )
        ]
    )  # fmt: skip


def traccar_json_points(message: Mapping[str, Any]) -> list[Point]:
    """Fixes of the JSON dialect: `location` with `coords`, speed in m/s, battery level 0..1; -1 is unknown."""
    said = message.get("location")
    return _kept(_traccar_point(one) for one in (said if isinstance(said, list) else [said]))


def _traccar_point(said: Any) -> Point | None:
    coords = said.get("coords") if isinstance(said, Mapping) else None
    if not isinstance(coords, Mapping):
        return None
    battery = said.get("battery")
    return _point(
        coords.get("longitude"), coords.get("latitude"), said.get("timestamp"), accuracy=coords.get("accuracy"),
        speed_mps=coords.get("speed"), bearing=coords.get("heading"),
        battery=battery.get("level") if isinstance(battery, Mapping) else None,
    )  # fmt: skip


def _point(lon: Any, lat: Any, at: Any, *, accuracy: Any, speed_mps: Any, bearing: Any, battery: Any) -> Point | None:
    """A point of ours; None without a place or a moment. A measure that makes no sense is unknown."""
    moment = moment_of(at)
    if moment is None or not _is_number(lon) or not _is_number(lat):
        return None
    given = {"accuracy_m": accuracy, "speed_mps": speed_mps, "bearing_deg": bearing, "battery": battery}
    measures = {
        name: round(float(value), 4) for name, value in given.items() if _is_number(value) and 0 <= value <= MOST[name]
    }
    return {"at": moment, "lon": float(lon), "lat": float(lat), "crs": "wgs84", **measures}


def moment_of(said: Any) -> datetime | None:
    """Seconds or milliseconds since 1970, ISO 8601, or `yyyy-MM-dd HH:mm:ss` in UTC; None for anything else.

    >>> moment_of("1795000000000") == moment_of(1795000000) == moment_of("2026-11-18 11:06:40")
    True
    """
    number = _number(said)
    try:
        if number is not None:
            return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS_FROM else number, UTC)
        moment = datetime.fromisoformat(said) if isinstance(said, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _kept(points: Any) -> list[Point]:
    found: Iterator[Point | None] = iter(points)
    return [point for point in found if point is not None]


def _is_number(value: Any) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    except OverflowError:
        return False


def _number(said: Any) -> float | None:
    """A finite number, or its text; None for anything else."""
    try:
        value = float(said) if isinstance(said, str | int | float) and not isinstance(said, bool) else None
    except (ValueError, OverflowError):
        return None
    return value if value is not None and isfinite(value) else None


def _times(value: Any, factor: float) -> float | None:
    return value * factor if _is_number(value) and value >= 0 else None
