"""What the console is told of plans, routes, stops and tracks. Texts in both languages; no contact of a resident."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from backend.accounts.models import User
from backend.inspections.models import Route, Stop, WeeklyPlan
from backend.inspections.overview import JobProgress, PlanDetail, PlanLine
from backend.inspections.queries import LeftOut
from backend.inspections.texts import reason_text, stop_reason
from backend.inspections.tracking import DayFigures
from backend.patrols import suspicions
from backend.patrols.models import TrackLook
from backend.places.models import VisitDuty, VisitTarget
from maps.console.case_facts import grid_ref, person_ref
from mobile_api.common.case_facts import lon_lat
from mobile_api.common.localised import localised

Targets = Mapping[str, VisitTarget]
_KIND_NAMES = {
    "appointment": localised("上门服务", "Home service"),
    "case": localised("案件", "Case"),
    "duty": localised("走访", "Visit"),
}


def line_facts(line: PlanLine) -> dict[str, Any]:
    """The content of `PlanLineOut`."""
    return {
        **_head(line.plan),
        "stops": line.stops,
        "done": line.done,
        "appointments": line.appointments,
        "unserved": len(line.plan.unserved),
        "travel_s": line.travel_s,
        "travel_m": line.travel_m,
        "error": line.plan.error,
    }


def _head(plan: WeeklyPlan) -> dict[str, Any]:
    return {
        "id": plan.pk,
        "grid": grid_ref(plan.grid),
        "community": plan.grid.parent.name if plan.grid.parent else "",
        "state": plan.state,
        "version": plan.version,
        "created_at": plan.created_at,
        "published_at": plan.published_at,
    }


def job_facts(progress: JobProgress) -> dict[str, Any]:
    """The content of `JobOut`."""
    return {
        "job_id": progress.job.pk,
        "week_start": progress.job.week_start,
        "total": progress.total,
        "done": progress.done,
        "failed": [{"grid": code, "error": error} for code, error in progress.failures],
        "finished": progress.is_finished,
    }


def plan_facts(detail: PlanDetail) -> dict[str, Any]:
    """The content of `PlanDetail`."""
    plan = detail.plan
    return {
        **_head(plan),
        "week_start": plan.week_start,
        "cost": plan.cost,
        "error": plan.error,
        "routes": [_route_facts(route, detail.targets) for route in detail.routes],
        "unserved": [unserved_facts(left) for left in detail.unserved],
        "readers": [{"worker": person_ref(one.worker), "seen_at": one.seen_at} for one in detail.readers],
    }


def _route_facts(route: Route, targets: Targets) -> dict[str, Any]:
    return {
        "id": route.pk,
        "worker": person_ref(route.worker),
        "day": route.day,
        "shift": {"start": route.shift.lower, "end": route.shift.upper},
        "travel_s": route.travel_s,
        "travel_m": route.travel_m,
        "path": json.loads(route.path.json) if route.path else None,
        "stops": [stop_facts(stop, targets) for stop in route.stops.all()],
    }


def stop_facts(stop: Stop, targets: Targets) -> dict[str, Any]:
    """The content of `PlanStop`."""
    return {
        "id": stop.pk,
        "seq": stop.seq,
        "kind": stop.kind,
        "name": stop_name(stop),
        "address": _address(stop),
        "location": lon_lat(stop.location),
        "arrive_at": stop.arrive_at,
        "start_at": stop.start_at,
        "leave_at": stop.leave_at,
        "window": {"start": stop.window.lower, "end": stop.window.upper} if stop.window else None,
        "state": stop.state,
        "reason": localised(*stop_reason(stop.reason_facts, stop.reason_code)),
        "targets": [_target_facts(link.duty, targets) for link in stop.duties.all()],
        "case_id": stop.case_id,
        "appointment_id": stop.appointment_id,
        "locked": stop.locked,
    }


def _target_facts(duty: VisitDuty, targets: Targets) -> dict[str, Any]:
    target = targets.get(duty.target)
    return {
        "target": duty.target,
        "name": localised(target.name_zh, target.name_en) if target else localised(duty.target, ""),
        "dwell_minutes": duty.dwell_minutes,
    }


def stop_name(stop: Stop) -> dict[str, str]:
    """The place, or the matter of the case or booked service."""
    if stop.place is not None:
        return localised(stop.place.name, stop.place.name_en)
    if stop.case is not None:
        return localised(stop.case.matter.name_zh, stop.case.matter.name_en)
    return _KIND_NAMES["appointment"]


def _address(stop: Stop) -> str:
    if stop.place is not None:
        return str(stop.place.address_text)
    return str(stop.case.address_text) if stop.case is not None else ""


def unserved_facts(left: LeftOut) -> dict[str, Any]:
    """The content of `PlanUnserved`."""
    name = (
        localised(left.place.name, left.place.name_en) if left.place else _KIND_NAMES.get(left.kind, localised("", ""))
    )
    return {
        "kind": left.kind,
        "name": name,
        "case_id": left.case_id,
        "required": left.required,
        "visits": left.visits,
        "reason": localised(*reason_text(left.reason["code"], left.reason["facts"])),
    }


def route_features(route: Route) -> Iterable[dict[str, Any]]:
    """GeoJSON features of a planned half day: its line, then its stops."""
    shared = {
        "route": str(route.pk),
        "worker": str(route.worker_id),
        "grid": route.plan.grid.code,
        "day": str(route.day),
    }
    if route.path:
        yield {
            "type": "Feature",
            "geometry": json.loads(route.path.json),
            "properties": {
                **shared,
                "kind": "path",
                "starts_at": route.shift.lower.isoformat(),
                "travel_m": route.travel_m,
            },
        }
    for stop in route.stops.all():
        yield {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [stop.location.x, stop.location.y]},
            "properties": {
                **shared,
                "kind": "stop",
                "id": str(stop.pk),
                "seq": stop.seq,
                "name": stop_name(stop),
                "stop_kind": stop.kind,
                "state": stop.state,
                "starts_at": stop.start_at.isoformat(),
            },
        }


def track_facts(figures: DayFigures, worker: User) -> dict[str, Any]:
    """The content of `TrackOut`."""
    walk = figures.walk
    planned = [line for route in figures.routes if route.path for line in json.loads(route.path.json)["coordinates"]]
    walked = [[list(point[:2]) for point in line.coords] for line in walk.lines.geoms]
    return {
        "worker": person_ref(worker),
        "date": figures.day,
        "walked": {"type": "MultiLineString", "coordinates": walked} if walked else None,
        "planned": {"type": "MultiLineString", "coordinates": planned} if planned else None,
        "walked_m": round(walk.kept_m),
        "planned_m": figures.planned_m,
        "on_plan_share": figures.share_of_way_walked,
        "stops_planned": figures.stops_planned,
        "stops_visited": figures.stops_reached,
        "stops_done": figures.stops_done,
        "stops_shown": len(figures.shown_by_track),
        "points": walk.points,
        "gaps": walk.gaps,
        "duration_s": round(walk.duration_s),
        "hints": {**walk.hints, **({suspicions.REPLAYED: 1} if figures.repeats else {})},
        "repeats": figures.repeats,
        "look": look_facts(figures.look) if figures.look else None,
    }


def look_facts(look: TrackLook) -> dict[str, Any]:
    return {"verdict": look.verdict, "note": look.note, "by": str(look.looked_by.name), "at": look.looked_at}
