"""Exchange formats: GeoJSON (RFC 7946) and GPX 1.1.

GPX: a planned way is a route (rte) with its stops as waypoints (wpt); what was walked is a track (trk) with a segment
(trkseg) per stretch without a gap. Times are UTC with Z. All coordinates are WGS84 with 7 decimals (1 cm).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import shapely
from gpxpy.gpx import GPX, GPXRoute, GPXRoutePoint, GPXTrack, GPXTrackPoint, GPXTrackSegment, GPXWaypoint
from shapely import LineString, MultiLineString
from shapely.geometry.base import BaseGeometry

from gis.tracks import CleanTrack

DECIMALS: Final = 7
# XML 1.0 has no way to write these, not even escaped.
UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class PlanStop:
    """A stop of a planned way: WGS84 place, name, planned arrival with offset if there is one."""

    lon: float
    lat: float
    name: str
    arrive_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class PlannedWay:
    """A way to walk, WGS84, with its stops in order; `path` None where no way is known, only stops."""

    name: str
    path: LineString | MultiLineString | None
    stops: Sequence[PlanStop] = ()


@dataclass(frozen=True, eq=False, slots=True)
class WalkedWay:
    """A cleaned track with a name."""

    name: str
    track: CleanTrack


def geometry_json(geometry: BaseGeometry) -> dict[str, Any]:
    """GeoJSON geometry object: 2-D, 7 decimals, shells counter-clockwise and holes clockwise as RFC 7946 asks.

    Raises ValueError for an empty geometry: GeoJSON has no use for it.

    >>> geometry_json(shapely.Point(121.123456789, 30.05, 4.0))
    {'type': 'Point', 'coordinates': [121.1234568, 30.05]}
    """
    if geometry.is_empty:
        raise ValueError("an empty geometry")
    tidy = shapely.orient_polygons(shapely.force_2d(geometry))
    members: dict[str, Any] = _lists(tidy.__geo_interface__)
    return members


def feature(
    geometry: BaseGeometry | None, *, properties: Mapping[str, Any], feature_id: str | int | None = None
) -> dict[str, Any]:
    """GeoJSON feature; `geometry` None for something without a place."""
    body: dict[str, Any] = {"type": "Feature"} if feature_id is None else {"type": "Feature", "id": feature_id}
    return body | {
        "geometry": None if geometry is None else geometry_json(geometry),
        "properties": dict(properties),
    }


def feature_collection(features: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """GeoJSON collection of features made by `feature`."""
    return {"type": "FeatureCollection", "features": list(features)}


def plan_gpx(ways: Sequence[PlannedWay], *, name: str, made_at: datetime) -> str:
    """GPX of planned ways: a route each, and before them all stops as waypoints, in order."""
    book = _book(name, made_at)
    for way in ways:
        book.waypoints.extend(_waypoint(stop) for stop in way.stops)
        route = GPXRoute(name=_writable(way.name))
        route.points = [
            GPXRoutePoint(latitude=_round(lat), longitude=_round(lon))
            for lon, lat in (shapely.get_coordinates(way.path).tolist() if way.path is not None else ())
        ]
        book.routes.append(route)
    return _xml(book)


def _waypoint(stop: PlanStop) -> GPXWaypoint:
    return GPXWaypoint(
        latitude=_round(stop.lat),
        longitude=_round(stop.lon),
        time=_utc(stop.arrive_at),
        name=_writable(stop.name),
        description=_writable(stop.note) or None,
    )


def track_gpx(ways: Sequence[WalkedWay], *, name: str, made_at: datetime) -> str:
    """GPX of what was walked: a track each, one trkseg per segment, so that a gap stays a gap."""
    book = _book(name, made_at)
    for way in ways:
        walked = GPXTrack(name=_writable(way.name))
        for part in way.track.segments:
            segment = GPXTrackSegment()
            segment.points = [
                GPXTrackPoint(latitude=_round(lat), longitude=_round(lon), time=datetime.fromtimestamp(at_s, UTC))
                for at_s, lon, lat in zip(part.at_s.tolist(), part.lons.tolist(), part.lats.tolist(), strict=True)
            ]
            walked.segments.append(segment)
        book.tracks.append(walked)
    return _xml(book)


def _book(name: str, made_at: datetime) -> GPX:
    book = GPX()
    book.creator = "Gridward"
    book.name = _writable(name)
    book.time = _utc(made_at)
    return book


def _xml(book: GPX) -> str:
    text: str = book.to_xml(version="1.1")
    return text


def _utc(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise ValueError("a time without offset")
    return moment.astimezone(UTC) if moment else None


def _writable(text: str) -> str:
    return UNWRITABLE.sub("", text)


def _round(degrees: float) -> float:
    return round(degrees, DECIMALS)


def _lists(value: Any) -> Any:
    """Geo interface of shapely with lists for tuples and rounded numbers."""
    if isinstance(value, dict):
        return {key: _lists(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_lists(member) for member in value]
    return round(value, DECIMALS) + 0.0 if isinstance(value, float) else value
