"""What the console is told of a proposal to mend a week. Texts in both languages; no contact of a resident."""

import json
from collections.abc import Iterable
from typing import Any

from backend.accounts.actor import Actor
from backend.inspections import queries
from backend.inspections.models import Route, Stop
from backend.inspections.replanning.difference import KINDS, Change, DayChange, Difference, Load
from backend.inspections.texts import reason_text
from maps.console.case_facts import grid_ref, person_ref
from maps.console.plan_facts import stop_name, unserved_facts
from mobile_api.common.case_facts import lon_lat
from mobile_api.common.localised import localised


def replan_facts(found: Difference, actor: Actor) -> dict[str, Any]:
    """The content of `ReplanOut`."""
    replan = found.replan
    return {
        "id": replan.pk,
        "kind": replan.kind,
        "grid": grid_ref(replan.plan.grid),
        "week_start": replan.plan.week_start,
        "base_id": replan.base_id,
        "base_version": replan.base.version,
        "plan_id": replan.plan_id,
        "plan_version": replan.plan.version,
        "is_met": replan.is_met,
        "stability_s": replan.stability_s,
        "cpu_ms": replan.cpu_ms,
        "asked_at": replan.asked_at,
        "expires_at": replan.expires_at,
        "accepted_at": replan.accepted_at,
        "counts": {kind: found.count(kind) for kind in KINDS},
        "before": _load_facts(found.before),
        "after": _load_facts(found.after),
        "days": [_day_facts(day) for day in found.days],
        "left_out": [unserved_facts(left) for left in queries.left_out_rows(actor, replan.left_out)],
    }


def _load_facts(load: Load) -> dict[str, int]:
    return {
        "stops": load.stops,
        "work_s": load.work_s,
        "travel_s": load.travel_s,
        "travel_m": load.travel_m,
    }


def _day_facts(day: DayChange) -> dict[str, Any]:
    return {
        "worker": person_ref(day.worker),
        "day": day.day,
        "before": _load_facts(day.before),
        "after": _load_facts(day.after),
        "changes": [_change_facts(change) for change in day.changes],
        "before_path": _path_of(day.before_routes),
        "after_path": _path_of(day.after_routes),
    }


def _path_of(routes: Iterable[Route]) -> dict[str, Any] | None:
    lines = [line for route in routes if route.path for line in json.loads(route.path.json)["coordinates"]]
    return {"type": "MultiLineString", "coordinates": lines} if lines else None


def _change_facts(change: Change) -> dict[str, Any]:
    stop = change.stop
    return {
        "kind": change.kind,
        "stop_kind": stop.kind,
        "name": stop_name(stop),
        "location": lon_lat(stop.location),
        "window": {"start": stop.window.lower, "end": stop.window.upper} if stop.window else None,
        "reason": localised(*reason_text(change.reason.code, change.reason.facts)),
        "old": _spot_facts(change.old),
        "new": _spot_facts(change.new),
    }


def _spot_facts(stop: Stop | None) -> dict[str, Any] | None:
    if stop is None:
        return None
    return {
        "stop_id": stop.pk,
        "worker": person_ref(stop.route.worker),
        "day": stop.route.day,
        "start_at": stop.start_at,
        "leave_at": stop.leave_at,
    }
