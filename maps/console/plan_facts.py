"""What the console is told of plans, routes, stops and tracks. Texts in both languages; no contact of a resident."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from backend.inspections import overview
from backend.inspections.models import Route, Stop, WeeklyPlan
from backend.inspections.overview import JobProgress, PlanLine
from backend.inspections.texts import reason_text, stop_reason
from maps.console.case_facts import grid_ref, person_ref
from mobile_api.common.localised import localised

Names = Mapping[str, tuple[str, str]]


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
        "failed": [{"grid": code, "error": error} for code, error in progress.failed],
        "finished": progress.done >= progress.total,
    }


def plan_facts(plan: WeeklyPlan) -> dict[str, Any]:
    """The content of `PlanDetail`."""
    routes = list(plan.routes.all())
    targets = overview.target_names()
    return {
        **_head(plan),
        "week_start": plan.week_start,
        "cost": plan.cost,
        "error": plan.error,
        "routes": [_route_facts(route, targets) for route in routes],
        "unserved": list(_unserved_facts(plan)),
    }


def _route_facts(route: Route, targets: Names) -> dict[str, Any]:
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


def stop_facts(stop: Stop, targets: Names) -> dict[str, Any]:
    """The content of `PlanStop`."""
    return {
        "id": stop.pk,
        "seq": stop.seq,
        "kind": stop.kind,
        "name": stop_name(stop),
        "address": _address(stop),
        "location": {"lon": stop.location.x, "lat": stop.location.y},
        "arrive_at": stop.arrive_at,
        "start_at": stop.start_at,
        "leave_at": stop.leave_at,
        "window": {"start": stop.window.lower, "end": stop.window.upper} if stop.window else None,
        "state": stop.state,
        "reason": localised(*stop_reason(stop.reason_facts, stop.reason_code)),
        "targets": [
            {
                "target": link.duty.target,
                "name": localised(*targets.get(link.duty.target, (link.duty.target, ""))),
                "dwell_minutes": link.duty.dwell_minutes,
            }
            for link in stop.duties.all()
        ],
        "case_id": stop.case_id,
        "locked": stop.locked,
    }


def stop_name(stop: Stop) -> dict[str, str]:
    """The place, or the matter of the case or booked service."""
    if stop.place is not None:
        return localised(stop.place.name, stop.place.name_en)
    if stop.case is not None:
        return localised(stop.case.matter.name_zh, stop.case.matter.name_en)
    return localised("上门服务", "Home service")


def _address(stop: Stop) -> str:
    if stop.place is not None:
        return str(stop.place.address_text)
    return str(stop.case.address_text) if stop.case is not None else ""


def _unserved_facts(plan: WeeklyPlan) -> Iterable[dict[str, Any]]:
    names = overview.unserved_names(plan)
    for left in plan.unserved:
        name = names.get(left.get("place_id") or left.get("case_id") or "", ("", ""))
        yield {
            "kind": left["kind"],
            "name": localised(*name),
            "case_id": UUID(left["case_id"]) if left.get("case_id") else None,
            "required": left.get("required", False),
            "visits": left.get("visits", 1),
            "reason": localised(*reason_text(left["reason"]["code"], left["reason"]["facts"])),
        }


def route_features(route: Route) -> Iterable[dict[str, Any]]:
    """GeoJSON features of a planned half day: its line, then its stops."""
    shared = {"route": str(route.pk), "worker": str(route.worker_id), "grid": route.plan.grid.code, "day": str(route.day)}
    if route.path:
        yield {
            "type": "Feature",
            "geometry": json.loads(route.path.json),
            "properties": {
                **shared, "kind": "path", "starts_at": route.shift.lower.isoformat(), "travel_m": route.travel_m,
            },
        }
    for stop in route.stops.all():
        yield {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [stop.location.x, stop.location.y]},
            "properties": {
                **shared, "kind": "stop", "id": str(stop.pk), "seq": stop.seq, "stop_kind": stop.kind,
                "state": stop.state, "starts_at": stop.start_at.isoformat(),
            },
        }
