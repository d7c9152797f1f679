"""The worker's day and week: routes, stops, why each stop is where it is, what was left out."""

from collections.abc import Container, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from backend.accounts.actor import Actor
from backend.inspections.queries import Day, LeftOut, Week
from backend.inspections.texts import reason_text, stop_reason
from mobile_api.common.case_facts import lon_lat
from mobile_api.common.localised import localised
from mobile_api.field.case_presenter import sees_contact

if TYPE_CHECKING:
    from backend.inspections.models import Route, Stop
    from backend.patrols.models import PatrolSession
    from backend.places.models import Place, VisitTarget

OPEN_STOPS = ("planned", "arrived")


def stop_facts(
    stop: "Stop", actor: Actor, targets: Mapping[str, "VisitTarget"], *, asked: Container[UUID] = ()
) -> dict[str, Any]:
    """The content of `StopOut`."""
    case = stop.case or (stop.appointment.case if stop.appointment else None)
    note = stop.appointment.note if stop.appointment else ""
    return {
        "id": stop.pk,
        "seq": stop.seq,
        "kind": stop.kind,
        "place": place_facts(stop.place) if stop.place else _place_of_case(stop),
        "location": lon_lat(stop.location),
        "planned": {"arrive": stop.start_at, "leave": stop.leave_at},
        "window": {"start": stop.window.lower, "end": stop.window.upper} if stop.window else None,
        "state": stop.state,
        "reason": localised(*stop_reason(stop.reason_facts, stop.reason_code)),
        "targets": [_target(link.duty, targets) for link in stop.duties.all()],
        "case_id": case.pk if case else None,
        "contact": _contact(stop, actor),
        "note": note or (stop.place.note if stop.place else ""),
        "version": stop.version,
        "asks_whether_visited": stop.pk in asked,
    }


def _contact(stop: "Stop", actor: Actor) -> dict[str, str] | None:
    """Whom to ask for, only while the stop is open; home visits are always in the hands of the one who walks there."""
    case = stop.case or (stop.appointment.case if stop.appointment else None)
    if case is None or stop.state not in OPEN_STOPS:
        return None
    if stop.appointment is None and not sees_contact(case, actor):
        return None
    name, phone = str(case.contact_name), str(case.contact_phone)
    return {"name": name, "phone": phone} if name or phone else None


def place_facts(place: "Place") -> dict[str, Any]:
    """The content of `PlaceRef`."""
    address = place.address_text or (place.address.text if place.address else "")
    return {"id": place.pk, "name": place.name, "name_en": place.name_en, "address": address, "kind": place.kind}


def _place_of_case(stop: "Stop") -> dict[str, Any] | None:
    """An appointment or case has no place row: its address stands for it."""
    case = stop.case or (stop.appointment.case if stop.appointment else None)
    if case is None:
        return None
    kind = "residence" if stop.appointment else "site"
    matter = case.matter
    return {
        "id": case.pk,
        "name": matter.name_zh,
        "name_en": matter.name_en,
        "address": case.address_text,
        "kind": kind,
    }


def _target(duty: Any, targets: Mapping[str, "VisitTarget"]) -> dict[str, Any]:
    target = targets.get(duty.target)
    name = localised(target.name_zh, target.name_en) if target else localised(duty.target, duty.target)
    return {"duty_id": duty.pk, "target": duty.target, "name": name, "dwell_minutes": duty.dwell_minutes}


def route_facts(day: Day) -> dict[str, Any] | None:
    """The content of `DayRoute`: both half days as one way."""
    if not day.routes:
        return None
    first = day.routes[0]
    return {
        "id": first.pk,
        "plan_id": first.plan_id,
        "plan_ids": list(dict.fromkeys(route.plan_id for route in day.routes)),
        "version": first.plan.version,
        "published_at": first.plan.published_at,
        "distance_m": day.travel_m,
        "walk_s": day.travel_s,
        "geometry": _line(day.routes),
    }


def _line(routes: Iterable["Route"]) -> dict[str, Any] | None:
    parts = [part for route in routes if route.path is not None for part in route.path.coords]
    return multi_line(parts) if parts else None


def multi_line(parts: Iterable[Iterable[Any]]) -> dict[str, Any]:
    """GeoJSON MultiLineString, longitude first, seven decimals."""
    return {
        "type": "MultiLineString",
        "coordinates": [[[round(x, 7), round(y, 7)] for x, y, *_ in part] for part in parts],
    }


def session_facts(session: "PatrolSession") -> dict[str, Any]:
    """The content of `PatrolOut`."""
    return {
        "id": session.pk,
        "state": "ended" if session.ended_at else "open",
        "started_at": session.started_at,
        "ended_at": session.ended_at,
    }


def week_facts(week: Week, actor: Actor) -> dict[str, Any]:
    """The content of `WeekOut`."""
    plan = week.plans[0] if week.plans else None
    return {
        "week_start": week.week_start,
        "plan": {"id": plan.pk, "state": plan.state, "version": plan.version} if plan else None,
        "days": [day_facts(day, actor, week.targets) for day in week.days],
        "unserved": [_unserved(row) for row in week.unserved],
    }


def day_facts(day: Day, actor: Actor, targets: Mapping[str, "VisitTarget"]) -> dict[str, Any]:
    """The content of `WeekDay`."""
    return {
        "date": day.day,
        "shifts": [{"start": start, "end": end} for start, end in day.shifts],
        "stops": [stop_facts(stop, actor, targets) for stop in day.stops],
        "walk_s": day.travel_s,
        "distance_m": day.travel_m,
    }


def _unserved(row: LeftOut) -> dict[str, Any]:
    reason = localised(*reason_text(str(row.reason.get("code", "")), row.reason.get("facts", {})))
    return {"place": place_facts(row.place) if row.place else None, "reason": reason}
