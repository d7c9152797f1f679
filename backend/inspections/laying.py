"""Puts the solver's answer into rows: routes with the walked path, stops with times and reasons, what is left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.contrib.gis.geos import LineString, MultiLineString, Point
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.core.clock import LOCAL
from backend.core.ids import uuid7
from backend.inspections.models import Route, Stop, StopDuty
from backend.inspections.moments import local_midnight
from backend.inspections.planning import Collected, Head, Solved
from backend.inspections.subjects import Subject
from gis import rounds
from gis.rounds import Job, Plan, Reason


@dataclass(frozen=True)
class Rows:
    """Unsaved rows of a plan, in the order in which they are to be stored."""

    routes: list[Route]
    stops: list[Stop]
    links: list[StopDuty]
    unserved: list[dict[str, Any]]
    cost: dict[str, Any]


def rows_of(plan_id: UUID, collected: Collected, solved: Solved) -> Rows:
    """Routes that have stops, with their walked path; the frozen ones copied; what is left out, with the reason."""
    rows = Rows([], [], [], [], {})
    for frozen in collected.frozen:
        _copy_route(plan_id, frozen, rows)
    heads = _laid_heads(collected)
    for planned in solved.plan.routes:
        head = heads.pop(planned.shift, _NO_HEAD)
        if planned.stops or head.kept:
            _lay_route(plan_id, collected, solved, planned, rows=rows, laid=head)
    for head in heads.values():
        _lay_route(plan_id, collected, solved, None, rows=rows, laid=head)
    rows.unserved.extend(_unserved(collected, solved.plan))
    cost = solved.plan.cost
    rows.cost.update(
        travel_s=round(cost.travel_s),
        travel_m=sum(route.travel_m for route in solved.plan.routes),
        missed_appointments=cost.missed_appointments + len(collected.late),
        missed_required=cost.missed_required,
        missed_optional=cost.missed_optional,
        steps=solved.plan.iterations,
        stops=len(rows.stops),
    )
    return rows


@dataclass(frozen=True, slots=True)
class _LaidHead:
    """The head of a half day with the points of its stops in the matrix."""

    head: Head | None
    points: tuple[int, ...] = ()

    @property
    def kept(self) -> tuple[Stop, ...]:
        return self.head.kept if self.head else ()


_NO_HEAD = _LaidHead(None)


def _laid_heads(collected: Collected) -> dict[int, _LaidHead]:
    """By the row of the shift that goes on from it; below 0 where nobody does."""
    found, point = {}, len(collected.jobs) + 1
    for number, head in enumerate(collected.heads):
        points = tuple(range(point, point + len(head.kept)))
        point += len(head.kept)
        found[-1 - number if head.row is None else head.row] = _LaidHead(head, points)
    return found


def copy_stop(stop: Stop, *, route: Route, seq: int) -> tuple[Stop, list[StopDuty]]:
    """The same stop in another version of the plan, with the state that it has reached."""
    links = list(stop.duties.all())
    copy = Stop(
        id=uuid7(),
        route=route,
        seq=seq,
        kind=stop.kind,
        place_id=stop.place_id,
        appointment_id=stop.appointment_id,
        case_id=stop.case_id,
        location=stop.location,
        arrive_at=stop.arrive_at,
        start_at=stop.start_at,
        leave_at=stop.leave_at,
        window=stop.window,
        reason_code=stop.reason_code,
        reason_facts=stop.reason_facts,
        state=stop.state,
        version=stop.version,
        arrived_at=stop.arrived_at,
        ended_at=stop.ended_at,
        skip_reason=stop.skip_reason,
        locked=stop.locked,
    )
    return copy, [StopDuty(stop=copy, duty_id=link.duty_id) for link in links]


def _copy_route(plan_id: UUID, route: Route, rows: Rows) -> None:
    copy = Route(
        id=uuid7(),
        plan_id=plan_id,
        worker_id=route.worker_id,
        day=route.day,
        shift=route.shift,
        travel_s=route.travel_s,
        travel_m=route.travel_m,
        path=route.path,
    )
    rows.routes.append(copy)
    for stop in route.stops.all():
        copied, links = copy_stop(stop, route=copy, seq=stop.seq)
        rows.stops.append(copied)
        rows.links.extend(links)


def _lay_route(
    plan_id: UUID, collected: Collected, solved: Solved, planned: rounds.Route | None, *, rows: Rows, laid: _LaidHead
) -> None:
    """One half day: what of it is over or under way, copied, then what is planned after that."""
    shift = laid.head or collected.free_shifts[planned.shift if planned else 0]
    steps = planned.stops if planned else ()
    points = [0, *laid.points, *(solved.problem.job_of[step.job_id].point for step in steps), 0]
    route = Route(
        id=uuid7(),
        plan_id=plan_id,
        worker_id=shift.worker_id,
        day=shift.start.astimezone(LOCAL).date(),
        shift=DateTimeTZRange(shift.start, shift.end),
        travel_s=_along(solved.problem.travel_s, points),
        travel_m=_along(solved.problem.travel_m, points),
        path=_path(solved, points),
    )
    rows.routes.append(route)
    midnight = local_midnight(route.day)
    last: Stop | None = None
    seq = 0
    for stop in laid.kept:
        seq = stop.seq
        copied, links = copy_stop(stop, route=route, seq=seq)
        rows.stops.append(copied)
        rows.links.extend(links)
    for step in steps:
        subject = collected.subjects[step.job_id]
        if last is not None and last.place_id is not None and _same_place(last, subject):
            # Two needs of one place in a row are one call at one door.
            last.leave_at = midnight + timedelta(seconds=step.leave_s)
            rows.links.extend(_links(last, subject))
            continue
        seq += 1
        last = _stop(route, seq, subject, step, midnight)
        job = solved.problem.job_of[step.job_id]
        last.window = _stop_window(job, (route.day - collected.week_start).days, step.start_s, midnight)
        last.locked = bool(job.locked)
        rows.stops.append(last)
        rows.links.extend(_links(last, subject))


def _same_place(stop: Stop, subject: Subject) -> bool:
    return subject.need is not None and stop.kind == Stop.Kind.DUTY and stop.place_id == subject.need.place.pk


def _links(stop: Stop, subject: Subject) -> list[StopDuty]:
    return [StopDuty(stop=stop, duty=duty) for duty in subject.need.duties] if subject.need else []


def _stop(route: Route, seq: int, subject: Subject, step: rounds.PlannedStop, midnight: datetime) -> Stop:
    kind = Stop.Kind.DUTY
    if subject.appointment is not None:
        kind = Stop.Kind.APPOINTMENT
    elif subject.case is not None:
        kind = Stop.Kind.CASE
    case = subject.case or (subject.appointment.case if subject.appointment else None)
    place_id = subject.need.place.pk if subject.need else (case.place_id if case else None)
    reasons = [{"code": reason.code, "facts": reason.facts} for reason in step.reasons]
    return Stop(
        id=uuid7(),
        route=route,
        seq=seq,
        kind=kind,
        place_id=place_id,
        appointment=subject.appointment,
        case=case,
        location=_point(subject),
        arrive_at=midnight + timedelta(seconds=step.arrive_s),
        start_at=midnight + timedelta(seconds=step.start_s),
        leave_at=midnight + timedelta(seconds=step.leave_s),
        reason_code=step.reasons[0].code if step.reasons else "on_the_way",
        reason_facts={
            "all": reasons,
            "required": subject.appointment is not None or bool(subject.need and subject.need.required),
        },
    )


def _point(subject: Subject) -> Point:
    return Point(subject.lon, subject.lat, srid=4326)


def _stop_window(job: Job, day: int, start_s: int, midnight: datetime) -> DateTimeTZRange | None:
    """The opening or booked window in which the stop was put."""
    for window in job.windows:
        if window.day == day and window.start_s <= start_s <= window.end_s:
            return DateTimeTZRange(
                midnight + timedelta(seconds=window.start_s), midnight + timedelta(seconds=window.end_s)
            )
    return None


def _along(matrix: npt.NDArray[np.int32], points: Sequence[int]) -> int:
    """The sum of the legs between these points; a leg without a way counts nothing."""
    return sum(max(0, int(matrix[a, b])) for a, b in pairwise(points))


def _path(solved: Solved, points: Sequence[int]) -> MultiLineString | None:
    """The way walked, leg by leg; None when every stop lies at the base itself."""
    legs = solved.network.legs(solved.snapped, points)
    lines = [LineString(leg.coordinates, srid=4326) for leg in legs if leg.metres > 0]
    return MultiLineString(lines, srid=4326) if lines else None


def _unserved(collected: Collected, plan: Plan) -> list[dict[str, Any]]:
    """What the plan leaves out: ids and reason codes; names are looked up by whoever may see them."""
    left = []
    for missing in plan.unserved:
        subject = collected.subjects[missing.job_id]
        left.append({**named(subject), "visits": missing.visits, "reason": _as_facts(missing.reason)})
    for appointment in collected.late:
        left.append(
            {
                "kind": "appointment",
                "appointment_id": str(appointment.pk),
                "case_id": str(appointment.case_id),
                "visits": 1,
                "required": True,
                "reason": {"code": "no_shift_left", "facts": {}},
            }
        )
    for refused in collected.refused:
        left.append(
            {
                "kind": "duty",
                "place_id": str(refused.duty.place_id),
                "duty_ids": [str(refused.duty.pk)],
                "visits": 1,
                "required": True,
                "reason": _as_facts(refused.reason),
            }
        )
    return left


def named(subject: Subject) -> dict[str, Any]:
    if subject.appointment is not None:
        return {
            "kind": "appointment",
            "appointment_id": str(subject.appointment.pk),
            "case_id": str(subject.appointment.case_id),
            "required": True,
        }
    if subject.case is not None:
        return {"kind": "case", "case_id": str(subject.case.pk), "required": False}
    if subject.need is None:
        raise ValueError("a subject that is nothing")
    return {
        "kind": "duty",
        "place_id": str(subject.need.place.pk),
        "required": subject.need.required,
        "duty_ids": [str(duty.pk) for duty in subject.need.duties],
    }


def _as_facts(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "facts": reason.facts}
