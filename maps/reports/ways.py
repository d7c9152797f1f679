"""Planned and walked ways as GPX 1.1 and GeoJSON, for other maps and for devices without Gridward."""

import json
from collections.abc import Sequence
from datetime import date, datetime

import shapely

from backend.accounts.models import User
from backend.core.clock import LOCAL
from backend.inspections.models import Route
from backend.inspections.overview import PlanDetail
from backend.inspections.walked_ways import WalkedSession
from gis.formats import PlannedWay, PlanStop, WalkedWay, feature, feature_collection, plan_gpx, track_gpx
from maps.console.plan_facts import route_features
from maps.reports.rounds import Contacts, half_day_text, stop_text, title_of

GPX_TYPE = "application/gpx+xml"
GEOJSON_TYPE = "application/geo+json"


def plan_as_gpx(detail: PlanDetail, *, language: str, contacts: Contacts) -> str:
    """A route for each half day, and its stops as waypoints with the time at which the visit begins."""
    ways = [_planned(route, language, contacts) for route in detail.routes]
    return plan_gpx(ways, name=title_of(detail, language), made_at=detail.plan.created_at)


def _planned(route: Route, language: str, contacts: Contacts) -> PlannedWay:
    stops = []
    for stop in route.stops.all():
        told = stop_text(stop, language=language, contacts=contacts)
        note = "\n".join(part for part in (told.address, told.details, told.why) if part)
        stops.append(PlanStop(stop.location.x, stop.location.y, f"{told.seq} {told.name}", stop.start_at, note))
    path = shapely.MultiLineString(json.loads(route.path.json)["coordinates"]) if route.path else None
    return PlannedWay(f"{half_day_text(route, language)} {route.worker.name}", path, stops)


def plan_as_geojson(detail: PlanDetail, *, language: str, contacts: Contacts) -> str:
    """A line for each half day and a point for each stop, with what the sheet says of it."""
    features = []
    for route in detail.routes:
        told = {str(one.pk): stop_text(one, language=language, contacts=contacts) for one in route.stops.all()}
        for one in route_features(route):
            said = one["properties"]
            if said["kind"] == "stop":
                text = told[said["id"]]
                said |= {"address": text.address, "booked": text.booked, "why": text.why}
                said |= {"contact": text.contact, "phone": text.phone, "note": text.note} if contacts else {}
            features.append(one)
    return _json(features)


def walked_as_gpx(sessions: Sequence[WalkedSession], *, worker: User, day: date, now: datetime) -> str:
    """A track for each patrol, a segment for each stretch without a gap; cleaned, with the times of the phone."""
    ways = [
        WalkedWay(f"{worker.name} {one.started_at.astimezone(LOCAL):%Y-%m-%d %H:%M}", one.track) for one in sessions
    ]
    return track_gpx(ways, name=f"{worker.name} {day:%Y-%m-%d}", made_at=now)


def walked_as_geojson(sessions: Sequence[WalkedSession], *, worker: User, day: date) -> str:
    """A line for each stretch without a gap; a stretch of a single fix is a point."""
    features = []
    for one in sessions:
        for number, part in enumerate(one.track.segments, start=1):
            places = list(zip(part.lons.tolist(), part.lats.tolist(), strict=True))
            times = [datetime.fromtimestamp(at_s, LOCAL).isoformat() for at_s in part.at_s.tolist()]
            said = {
                "worker": str(worker.pk),
                "day": str(day),
                "session": str(one.session_id),
                "segment": number,
                "starts_at": times[0],
                "ends_at": times[-1],
                "distance_m": round(part.distance_m, 1),
                "times": times,
            }
            shape = shapely.LineString(places) if len(places) > 1 else shapely.Point(places[0])
            features.append(feature(shape, properties=said))
    return _json(features)


def _json(features: Sequence[dict[str, object]]) -> str:
    return json.dumps(feature_collection(features), ensure_ascii=False, separators=(",", ":"))
