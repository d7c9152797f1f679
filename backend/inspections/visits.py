"""What becomes of stops: recognised, visited, skipped, missed. Every step is one transaction and counts once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.gis.geos import Point
from django.db import IntegrityError, transaction
from django.db.models import F

from backend.accounts.actor import Actor
from backend.cases import photos, workflow
from backend.cases import services as cases
from backend.cases.flows.steps import may_take
from backend.cases.models import Case, Photo
from backend.cases.photos import PhotoClaim
from backend.cases.services import PointIn, Step
from backend.cases.workflow import Action
from backend.core import outbox
from backend.core.clock import LOCAL
from backend.core.errors import IdReused, Invalid
from backend.core.ids import digest_of
from backend.inspections import access
from backend.inspections.errors import StopEnded, TimeNotPlausible
from backend.inspections.models import Appointment, Route, Stop, Visit, WeeklyPlan
from backend.inspections.moments import local_midnight
from backend.inspections.subjects import subject_key
from backend.patrols.models import PatrolSession
from backend.places.models import VisitDuty
from gis.coordinates import CoordinateError, geodesic_m, to_wgs84

# A phone may have been without signal for days; its clock may be a little ahead.
LATE_LIMIT = timedelta(days=5)
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class NewVisit:
    """What a worker records at a stop. `id` is the phone's UUIDv7; `at` is the phone's time of the visit."""

    id: UUID
    stop_id: UUID
    outcome: str
    at: datetime
    note: str = ""
    photo_claims: Sequence[PhotoClaim] = ()
    point: PointIn | None = None
    checks: dict[str, Any] = field(default_factory=dict)

    def digest(self) -> bytes:
        """Tells a repeat from another content under the same id."""
        where = self.point and [self.point.lon, self.point.lat, self.point.crs, self.point.accuracy_m]
        shown = [str(claim.photo_id) for claim in self.photo_claims]
        return digest_of([str(self.stop_id), self.outcome, self.at.timestamp(), self.note, shown, where, self.checks])


@transaction.atomic
def record_visit(*, actor: Actor, visit: NewVisit, now: datetime) -> Visit:
    """Records a visit with its evidence and settles what it met: stop, duties, appointment, case.

    A stop of a plan that was replaced meanwhile is found again in the plan in force by what it is about; the record
    counts either way. The same visit again gives the stored one. A failed call (nobody home, refused, moved) leaves the
    duty due and counts as a try. Raises StopNotFound, StopEnded, IdReused, TimeNotPlausible, Invalid, PhotoNotYours,
    EvidenceMissing.
    """
    asked = access.lock_stop(actor, visit.stop_id)
    known = Visit.objects.filter(pk=visit.id).first()
    if known is not None:
        return _repeated(actor, known, visit)
    _check(visit, now)
    stop = _in_force(asked)
    if stop.state == Stop.State.DONE:
        raise StopEnded("this stop has its visit already", state=stop.state, stop_id=str(stop.pk))
    row = _store(actor, visit, stop, now)
    _attach(visit, row, stop, now)
    done = visit.outcome == Visit.Outcome.DONE
    _end(stop, Stop.State.DONE if done else Stop.State.MISSED, at=visit.at, now=now)
    _settle_duties(stop, done=done, at=visit.at)
    if stop.kind == Stop.Kind.APPOINTMENT:
        _settle_appointment(actor, stop, visit, done=done, now=now)
    return row


def _attach(visit: NewVisit, row: Visit, stop: Stop, now: datetime) -> None:
    """Pictures of a booked visit are the evidence of its case, those of other stops belong to the visit alone."""
    if stop.kind == Stop.Kind.APPOINTMENT:
        photos.attach(visit.photo_claims, now=now, case=stop.case, visit_id=row.pk, purpose=Photo.Purpose.AFTER)
    else:
        photos.attach(visit.photo_claims, now=now, visit_id=row.pk, purpose=Photo.Purpose.VISIT)


def _repeated(actor: Actor, known: Visit, visit: NewVisit) -> Visit:
    if known.worker_id != actor.user_id or bytes(known.payload_digest) != visit.digest():
        raise IdReused("this id was used for another visit; take a new id", field="id")
    return known


def _check(visit: NewVisit, now: datetime) -> None:
    if visit.outcome not in Visit.Outcome.values:
        raise Invalid(f"outcome is one of {', '.join(Visit.Outcome.values)}", field="outcome")
    if visit.at > now + CLOCK_SKEW:
        raise TimeNotPlausible("the phone's clock is ahead; correct it", field="at")
    if visit.at < now - LATE_LIMIT:
        raise TimeNotPlausible("too long ago to be recorded now", field="at")


def _in_force(stop: Stop) -> Stop:
    """The stop itself, or the one about the same thing in the published plan; the old one when there is none.

    Of several (a daily duty) the one on the same day counts, then the worker's own, then the earliest still open.
    """
    plan = stop.route.plan
    if plan.state == WeeklyPlan.State.PUBLISHED:
        return stop
    same = [
        other
        for other in Stop.objects.published()
        .filter(route__plan__grid_id=plan.grid_id, route__plan__week_start=plan.week_start)
        .select_related("route__plan__grid", "place")
        if subject_key(other) == subject_key(stop)
    ]
    same.sort(
        key=lambda other: (
            other.route.day != stop.route.day,
            other.route.worker_id != stop.route.worker_id,
            other.state == Stop.State.DONE,
            other.start_at,
        )
    )
    return same[0] if same else stop


def _store(actor: Actor, visit: NewVisit, stop: Stop, now: datetime) -> Visit:
    location = _location(visit.point)
    worker_id = stop.route.worker_id if actor.user_id is None else actor.user_id
    there = (stop.location.x, stop.location.y)
    distance_m = geodesic_m((location.x, location.y), there) if location is not None else None
    try:
        with transaction.atomic():
            return Visit.objects.create(
                id=visit.id,
                stop=stop,
                place_id=stop.place_id,
                case_id=stop.case_id,
                grid=stop.route.plan.grid,
                worker_id=worker_id,
                session_id=_session_at(worker_id, visit.at),
                at=visit.at,
                received_at=now,
                outcome=visit.outcome,
                note=visit.note,
                checks=visit.checks,
                location=location,
                distance_m=distance_m,
                payload_digest=visit.digest(),
            )
    except IntegrityError as error:
        raise IdReused("this id was used for another visit; take a new id", field="id") from error


def _location(point: PointIn | None) -> Point | None:
    if point is None:
        return None
    try:
        return Point(*to_wgs84(point.lon, point.lat, point.crs), srid=4326)
    except CoordinateError as error:
        raise Invalid(str(error), field=f"location.{error.field}", reason=error.code) from error


def _session_at(worker_id: UUID, at: datetime) -> UUID | None:
    """The worker's patrol session at that moment, when one was running."""
    sessions = PatrolSession.objects.filter(worker_id=worker_id, started_at__lte=at)
    newest = sessions.order_by("-started_at").first()
    if newest is None or (newest.ended_at is not None and newest.ended_at < at):
        return None
    return newest.pk


def _end(stop: Stop, state: str, *, at: datetime, now: datetime) -> None:
    stop.state, stop.ended_at, stop.version = state, at, stop.version + 1
    if stop.arrived_at is None and state == Stop.State.DONE:
        stop.arrived_at = at
    stop.save(update_fields=["state", "ended_at", "arrived_at", "version"])
    owe_change(stop, now)


def owe_change(stop: Stop, now: datetime) -> None:
    outbox.owe(
        "stop_changed",
        stop.pk,
        now=now,
        area_path=stop.route.plan.grid.path,
        state=stop.state,
        version=stop.version,
        worker_id=str(stop.route.worker_id),
        plan_id=str(stop.route.plan_id),
    )


def _settle_duties(stop: Stop, *, done: bool, at: datetime) -> None:
    duties = VisitDuty.objects.filter(stop_duties__stop=stop)
    day = at.astimezone(LOCAL).date()
    if not done:
        duties.update(failed_tries=F("failed_tries") + 1)
        return
    duties.exclude(last_visit_on__gt=day).update(last_visit_on=day)
    duties.update(failed_tries=0)


def _settle_appointment(actor: Actor, stop: Stop, visit: NewVisit, *, done: bool, now: datetime) -> None:
    if stop.appointment_id is None or stop.case_id is None:
        return
    state = Appointment.State.DONE if done else Appointment.State.MISSED
    Appointment.objects.filter(pk=stop.appointment_id, state__in=("booked", "missed")).update(
        state=state, ended_at=visit.at
    )
    case = Case.objects.filter(pk=stop.case_id).select_related("matter").first()
    if case is None:
        return
    if done:
        _submit(actor, case, visit, now)
    elif may_take(case, Action.NOTE, actor, now=now):
        note = f"{visit.outcome}: {visit.note}".rstrip(": ")
        cases.act(actor=actor, case_id=case.pk, step=Step(Action.NOTE, note=note, captured_at=visit.at), now=now)


def _submit(actor: Actor, case: Case, visit: NewVisit, now: datetime) -> None:
    """The visit was the handling: the case is taken on where that is still to do, and handed in for the check."""
    if workflow.State(case.state) is workflow.State.PENDING_HANDLE:
        case = cases.act(actor=actor, case_id=case.pk, step=Step(Action.ACCEPT, captured_at=visit.at), now=now)
    if workflow.State(case.state) is workflow.State.HANDLING:
        step = Step(Action.SUBMIT, note=visit.note, captured_at=visit.at)
        cases.act(actor=actor, case_id=case.pk, step=step, now=now)


@transaction.atomic
def skip_stop(*, actor: Actor, stop_id: UUID, reason: str, now: datetime) -> Stop:
    """The worker leaves a stop out and says why; the same again changes nothing.

    Raises StopNotFound, StopEnded, Invalid.
    """
    if not reason.strip():
        raise Invalid("say why the stop is left out", field="reason")
    stop = _in_force(access.lock_stop(actor, stop_id))
    if stop.state == Stop.State.SKIPPED:
        return stop
    if stop.state not in (Stop.State.PLANNED, Stop.State.ARRIVED):
        raise StopEnded("this stop has ended already", state=stop.state, stop_id=str(stop.pk))
    stop.skip_reason = reason.strip()[:300]
    stop.save(update_fields=["skip_reason"])
    _end(stop, Stop.State.SKIPPED, at=now, now=now)
    return stop


@transaction.atomic
def mark_arrived(*, stop_id: UUID, at: datetime, now: datetime) -> bool:
    """The track shows the worker at the stop from `at` on. True once; later batches may show an earlier arrival."""
    asked = Stop.objects.select_related("route__plan").filter(pk=stop_id).first()
    if asked is None:
        return False
    access.lock_rounds(asked.route.plan.grid_id)
    stop = _in_force(Stop.objects.select_related("route__plan__grid").get(pk=stop_id))
    if stop.state == Stop.State.ARRIVED and stop.arrived_at is not None and at < stop.arrived_at:
        stop.arrived_at = at
        stop.save(update_fields=["arrived_at"])
    if stop.state != Stop.State.PLANNED:
        return False
    stop.state, stop.arrived_at, stop.version = Stop.State.ARRIVED, at, stop.version + 1
    stop.save(update_fields=["state", "arrived_at", "version"])
    owe_change(stop, now)
    return True


def settle_case_stops(*, now: datetime, limit: int = 500) -> int:
    """Stops for cases that were handled by another door (on the spot, by somebody else) are done; how many."""
    waiting = [state.value for state in workflow.RUNNING]
    handled = (
        Stop.objects.published()
        .filter(kind=Stop.Kind.CASE, state__in=(Stop.State.PLANNED, Stop.State.ARRIVED))
        .exclude(case__state__in=waiting)
    )
    ids = list(handled.order_by("start_at").values_list("pk", flat=True)[:limit])
    return sum(_settle_case_stop(stop_id, now) for stop_id in ids)


@transaction.atomic
def _settle_case_stop(stop_id: UUID, now: datetime) -> bool:
    waiting = (Stop.State.PLANNED, Stop.State.ARRIVED)
    if not _claimed(stop_id, waiting, state=Stop.State.DONE, now=now):
        return False
    owe_change(Stop.objects.select_related("route__plan__grid").get(pk=stop_id), now)
    return True


def _claimed(stop_id: UUID, waiting: Sequence[str], *, state: Stop.State, now: datetime) -> bool:
    """Ends a stop of a plan in force, once.

    The plan is asked for in a subquery: an update through a join would find the stop by its old state, and of two
    sweeps at once both would end it.
    """
    in_force = Route.objects.filter(plan__state=WeeklyPlan.State.PUBLISHED)
    return bool(
        Stop.objects.filter(pk=stop_id, state__in=waiting, route__in=in_force).update(
            state=state, ended_at=now, version=F("version") + 1
        )
    )


def mark_missed_stops(*, now: datetime, limit: int = 2000) -> int:
    """Stops of past days that nobody reached are missed, and their appointments with them; how many."""
    today = now.astimezone(LOCAL).date()
    passed = Stop.objects.published().filter(state=Stop.State.PLANNED, route__day__lt=today)
    ids = list(passed.order_by("start_at").values_list("pk", flat=True)[:limit])
    missed = sum(_miss(stop_id, now) for stop_id in ids)
    Appointment.objects.filter(state=Appointment.State.BOOKED, window__endswith__lt=local_midnight(today)).update(
        state=Appointment.State.MISSED, ended_at=now
    )
    return missed


@transaction.atomic
def _miss(stop_id: UUID, now: datetime) -> bool:
    if not _claimed(stop_id, (Stop.State.PLANNED,), state=Stop.State.MISSED, now=now):
        return False
    owe_change(Stop.objects.select_related("route__plan__grid").get(pk=stop_id), now)
    return True
