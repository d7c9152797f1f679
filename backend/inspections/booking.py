"""Appointments: free windows, booking one of them, giving it back."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.actor import Actor
from backend.accounts.roles import Role
from backend.areas import queries as areas
from backend.areas.models import Area
from backend.cases import services as cases
from backend.cases.errors import BadPoint
from backend.cases.flows.steps import may_take
from backend.cases.models import Case
from backend.cases.services import NewReport, PointIn, Step
from backend.cases.workflow import OPEN_STATES, Action
from backend.core import outbox
from backend.core.clock import LOCAL, week_start_of
from backend.core.errors import IdReused, NotAllowed, StaleVersion
from backend.inspections import access, capacity, planning, plans
from backend.inspections.capacity import Slot, Wish
from backend.inspections.errors import (
    AppointmentOver,
    NobodyServes,
    NotBookable,
    SlotTaken,
    TooLateToMove,
    UnknownSlot,
)
from backend.inspections.models import Appointment, Stop
from backend.inspections.shifts import BOOKABLE
from backend.matters import queries as matters
from backend.matters.models import Matter
from gis.coordinates import CoordinateError, to_wgs84

# Free windows that a refusal offers instead.
OFFERED_INSTEAD = 4
_CHANNELS = {Role.RESIDENT: "resident_web", Role.GRID_WORKER: "worker", Role.GRID_LEADER: "worker"}


@dataclass(frozen=True, slots=True)
class NewBooking:
    """A home visit that somebody books. `id` is the client's UUIDv7: the same id again is the same booking.

    The case and its first appointment share this id. `start` and `end` are a window as `offer_slots` gave it.
    """

    id: UUID
    matter_id: UUID
    point: PointIn
    start: datetime
    end: datetime
    address_text: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    note: str = ""
    answers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Booked:
    """The case that was opened, its appointment, and the code to follow it with."""

    case: Case
    appointment: Appointment
    tracking_code: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """Windows of the responsible team for one matter at one point; full ones have `left` 0."""

    grid: Area
    matter: Matter
    slots: list[Slot]


def offer_slots(*, matter_id: UUID, point: PointIn, public_only: bool, now: datetime) -> Offer:
    """What may be booked in the next two weeks.

    Raises UnknownMatter, NotBookable, BadPoint, NobodyServes, NoNetwork.
    """
    matter = _bookable(matter_id, public_only=public_only)
    lon, lat = _converted(point)
    grid = _grid_at(lon, lat, point.accuracy_m, now)
    return Offer(grid, matter, free_slots(matter=matter, grid=grid, lon=lon, lat=lat, now=now))


def free_slots(*, matter: Matter, grid: Area, lon: float, lat: float, now: datetime) -> list[Slot]:
    """Windows of the grid's team with what is left of them, for a visit at a WGS84 point."""
    return capacity.slots(grid, Wish(lon, lat, matter.dwell_minutes), now=now)


@transaction.atomic
def book(*, actor: Actor, booking: NewBooking, now: datetime) -> Booked:
    """Opens the case and takes the window, both or neither; of two who want the last place one gets it.

    Raises NotBookable, UnknownSlot, SlotTaken (with `next` free windows), NobodyServes, IdReused and what `report_case`
    raises.
    """
    matter = _bookable(booking.matter_id, public_only=actor.role is Role.RESIDENT)
    lon, lat = _converted(booking.point)
    grid = _grid_at(lon, lat, booking.point.accuracy_m, now)
    access.lock_rounds(grid.pk)
    if Case.objects.filter(pk=booking.id).exists():
        return _repeated(actor, booking, now)
    _take_slot(grid, Wish(lon, lat, matter.dwell_minutes), booking.start, booking.end, now)
    reported = cases.report_case(actor=actor, report=_report(actor, booking), now=now)
    if reported.case.grid_id != grid.pk:
        raise NobodyServes("the point belongs to another desk; please call it", grid_code=grid.code)
    appointment = Appointment.objects.create(
        id=booking.id,
        case=reported.case,
        grid=grid,
        window=DateTimeTZRange(booking.start, booking.end),
        dwell_minutes=matter.dwell_minutes,
        note=booking.note,
        booked_at=now,
    )
    _owe(appointment, "appointment_booked", grid, now)
    plans.ask_again(grid, week_start=_week_of(appointment), now=now)
    return Booked(reported.case, appointment, reported.tracking_code, is_new=True)


def _bookable(matter_id: UUID, *, public_only: bool) -> Matter:
    matter = matters.get_matter(matter_id, public_only=public_only)
    if matter.kind != Matter.Kind.HOME_SERVICE or matter.handler != Matter.Handler.GRID:
        raise NotBookable("choose a service that is offered at home", field="matter")
    return matter


def _converted(point: PointIn) -> tuple[float, float]:
    try:
        return to_wgs84(point.lon, point.lat, point.crs)
    except CoordinateError as error:
        raise BadPoint(str(error), field=f"location.{error.field}", reason=error.code) from error


def _grid_at(lon: float, lat: float, accuracy_m: float | None, now: datetime) -> Area:
    located = areas.locate(lon, lat, accuracy_m=accuracy_m, snap_m=settings.DISPATCH_SNAP_M, now=now)
    if located.id is None:
        raise NobodyServes("no grid serves this point with home visits; please call the community", field="location")
    return areas.boundary_of(UUID(str(located.id))).area


def _take_slot(grid: Area, wish: Wish, asked_start: datetime, asked_end: datetime, now: datetime) -> None:
    """Looks again, under the lock, whether the window is free."""
    start, end = asked_start.astimezone(LOCAL), asked_end.astimezone(LOCAL)
    if (start.time(), end.time()) not in BOOKABLE or start.date() != end.date():
        raise UnknownSlot("choose one of the windows that are offered", field="slot")
    week_start = start.date() - timedelta(days=start.weekday())
    offered = capacity.week_slots(grid, wish, week_start, now=now)
    wanted = next((slot for slot in offered if (slot.start, slot.end) == (start, end)), None)
    if wanted is not None and wanted.left > 0:
        return
    raise SlotTaken("this window is full by now; choose another", next=nearest_free(grid, wish, around=start, now=now))


def nearest_free(grid: Area, wish: Wish, *, around: datetime, now: datetime) -> list[dict[str, Any]]:
    """Up to OFFERED_INSTEAD free windows nearest to a moment, by time, as a refusal offers them."""
    free = [slot for slot in capacity.slots(grid, wish, now=now) if slot.left > 0]
    nearest = sorted(free, key=lambda slot: abs(slot.start - around))[:OFFERED_INSTEAD]
    return [
        {"start": slot.start.isoformat(), "end": slot.end.isoformat(), "left": slot.left} for slot in sorted(nearest)
    ]


def _report(actor: Actor, booking: NewBooking) -> NewReport:
    """The case of a booking; the window is part of what tells a repeat from another content."""
    answers = {**booking.answers, "slot": {"start": booking.start.isoformat(), "end": booking.end.isoformat()}}
    return NewReport(
        id=booking.id,
        matter_id=booking.matter_id,
        point=booking.point,
        channel=_CHANNELS.get(actor.role, "counter"),
        description=booking.note,
        address_text=booking.address_text,
        contact_name=booking.contact_name,
        contact_phone=booking.contact_phone,
        answers=answers,
    )


def _repeated(actor: Actor, booking: NewBooking, now: datetime) -> Booked:
    reported = cases.report_case(actor=actor, report=_report(actor, booking), now=now)
    appointment = Appointment.objects.filter(pk=booking.id).select_related("grid").first()
    if appointment is None:
        raise IdReused("this id was used for a report; take a new id", field="id")
    return Booked(reported.case, appointment, reported.tracking_code, is_new=False)


@transaction.atomic
def cancel_appointment(*, actor: Actor, appointment_id: UUID, reason: str, now: datetime) -> Appointment:
    """Gives the window back; the case is cancelled with it where the table still allows that.

    Raises AppointmentNotFound, AppointmentOver (ended, or its window has begun), NoteNeeded.
    """
    found = access.get_appointment(actor, appointment_id)
    if actor.role is Role.AUDITOR:
        raise NotAllowed("auditors read")
    access.lock_rounds(found.grid_id)
    appointment = Appointment.objects.select_related("case", "grid").get(pk=found.pk)
    if appointment.state != Appointment.State.BOOKED or appointment.window.lower <= now:
        raise AppointmentOver("this appointment can't be cancelled any more", state=appointment.state)
    appointment.state, appointment.ended_at = Appointment.State.CANCELLED, now
    appointment.save(update_fields=["state", "ended_at"])
    case = appointment.case
    if may_take(case, Action.CANCEL, actor, now=now):
        cases.act(actor=actor, case_id=case.pk, step=Step(Action.CANCEL, note=reason), now=now)
    _owe(appointment, "appointment_cancelled", appointment.grid, now)
    plans.ask_again(appointment.grid, week_start=_week_of(appointment), now=now)
    return appointment


def give_back(appointment: Appointment, *, may_book: bool, now: datetime) -> None:
    """Cancels a visit whose case goes on without it. `may_book`: its resident may choose another time.

    The caller holds the team's rounds.
    """
    appointment.state, appointment.ended_at = Appointment.State.CANCELLED, now
    appointment.save(update_fields=["state", "ended_at"])
    _owe(appointment, "appointment_given_back", appointment.grid, now, may_book=may_book)
    plans.ask_again(appointment.grid, week_start=_week_of(appointment), now=now)


def hand_on(appointment: Appointment, *, to: Area, now: datetime) -> None:
    """Gives a visit with its window to another team, whose room was looked at and whose rounds the caller holds."""
    _owe(appointment, "appointment_left", appointment.grid, now)
    appointment.grid = to
    appointment.save(update_fields=["grid", "dwell_minutes"])
    _owe(appointment, "appointment_went_along", to, now)


def slots_instead(*, actor: Actor, appointment_id: UUID, now: datetime) -> Offer:
    """Windows that an appointment could be moved to, or one given back be booked again; its own place counts as free.

    Raises AppointmentNotFound, AppointmentOver, TooLateToMove, NoNetwork.
    """
    appointment = access.get_appointment(actor, appointment_id)
    _refuse_to_move(appointment, now)
    grid = _team_of(appointment)
    slots = capacity.slots(grid, _wish_again(appointment), now=now)
    return Offer(grid, appointment.case.matter, slots)


@transaction.atomic
def move_appointment(
    *, actor: Actor, appointment_id: UUID, start: datetime, end: datetime, now: datetime
) -> Appointment:
    """Takes another free window and gives the old one back; of two who want the last place one gets it.

    One that was given back while its case stayed open is booked again, with the team that the case has by now. Asking
    for the window that it has already changes nothing. Raises StaleVersion (the case changed its team meanwhile),
    AppointmentNotFound, AppointmentOver, TooLateToMove, UnknownSlot, SlotTaken (with `next` free windows),
    TransitionNotAllowed, RoleMayNot.
    """
    found = access.get_appointment(actor, appointment_id)
    grid = _team_of(found)
    access.lock_rounds(grid.pk)
    appointment = Appointment.objects.select_related("case__grid", "case__matter", "grid").get(pk=found.pk)
    if _team_of(appointment) != grid:
        raise StaleVersion("another team answers for it by now; look at it again", version=appointment.case.version)
    before = appointment.window
    if appointment.state == Appointment.State.BOOKED and (before.lower, before.upper) == (start, end):
        return appointment
    _refuse_to_move(appointment, now)
    wish = _wish_again(appointment)
    _take_slot(grid, wish, start, end, now)
    weeks = {_week_of(appointment)}
    appointment.state, appointment.ended_at = Appointment.State.BOOKED, None
    appointment.grid, appointment.dwell_minutes = grid, wish.dwell_minutes
    appointment.window = DateTimeTZRange(start, end)
    appointment.save(update_fields=["state", "ended_at", "grid", "dwell_minutes", "window"])
    windows = {"from": before.lower.isoformat(), "start": start.isoformat(), "end": end.isoformat()}
    cases.record_rebooking(actor=actor, case_id=appointment.case_id, windows=windows, now=now)
    _owe(appointment, "appointment_moved", appointment.grid, now)
    for week_start in sorted(weeks | {_week_of(appointment)}):
        plans.ask_again(appointment.grid, week_start=week_start, now=now)
    return appointment


def _wish_again(appointment: Appointment) -> Wish:
    case = appointment.case
    dwell_minutes = case.matter.dwell_minutes if _is_given_back(appointment) else appointment.dwell_minutes
    return Wish(case.location.x, case.location.y, dwell_minutes, instead_of=appointment.pk)


def _team_of(appointment: Appointment) -> Area:
    """Whose visit it is, or would be if it were booked again."""
    grid: Area = appointment.grid
    return appointment.case.grid if _is_given_back(appointment) and appointment.case.grid else grid


def _is_given_back(appointment: Appointment) -> bool:
    """Cancelled while its case went on: somebody may still be visited for it, at another time."""
    case = appointment.case
    return appointment.state == Appointment.State.CANCELLED and case.state in OPEN_STATES


def is_visited(case: Case) -> bool:
    """Whether a team visits people for this case: a home service, in a grid, with no department."""
    matter = case.matter
    is_offered = matter.kind == Matter.Kind.HOME_SERVICE and matter.handler == Matter.Handler.GRID
    return is_offered and case.grid is not None and case.department is None


def may_move(appointment: Appointment, *, now: datetime) -> bool:
    """Booked, not begun, and nobody is on the way; or given back, and its case is still one of visits."""
    try:
        _refuse_to_move(appointment, now)
    except (AppointmentOver, TooLateToMove):
        return False
    return True


def _refuse_to_move(appointment: Appointment, now: datetime) -> None:
    """A half day that has begun is walked as it was published: nothing in it is moved any more."""
    if _is_given_back(appointment) and is_visited(appointment.case):
        return
    if appointment.state != Appointment.State.BOOKED or appointment.window.lower <= now:
        raise AppointmentOver("this appointment can't be moved any more", state=appointment.state)
    stop = Stop.objects.published().filter(appointment=appointment).select_related("route").first()
    if stop is None:
        return
    if stop.state != Stop.State.PLANNED or stop.route.shift.lower <= now + planning.FREEZE_BEFORE:
        raise TooLateToMove("the round of this half day is under way; please call the community")


def release_appointments(*, now: datetime, limit: int = 200) -> int:
    """Ends booked appointments whose case was closed or cancelled by another door; how many."""
    orphaned = Appointment.objects.filter(state=Appointment.State.BOOKED).exclude(case__in=Case.objects.open())
    ids = list(orphaned.order_by("id").values_list("pk", flat=True)[:limit])
    return sum(_release(appointment_id, now) for appointment_id in ids)


@transaction.atomic
def _release(appointment_id: UUID, now: datetime) -> bool:
    claimed = (
        Appointment.objects.filter(pk=appointment_id, state=Appointment.State.BOOKED)
        .exclude(case__in=Case.objects.open())
        .update(state=Appointment.State.CANCELLED, ended_at=now)
    )
    if not claimed:
        return False
    appointment = Appointment.objects.select_related("case", "grid").get(pk=appointment_id)
    _owe(appointment, "appointment_cancelled", appointment.grid, now)
    if appointment.window.upper > now:
        plans.ask_again(appointment.grid, week_start=_week_of(appointment), now=now)
    return True


def _week_of(appointment: Appointment) -> date:
    return week_start_of(appointment.window.lower)


def _owe(appointment: Appointment, topic: str, grid: Area, now: datetime, **more: Any) -> None:
    outbox.owe(
        topic,
        appointment.pk,
        now=now,
        area_path=grid.path,
        state=appointment.state,
        case_id=str(appointment.case_id),
        start=appointment.window.lower.isoformat(),
        end=appointment.window.upper.isoformat(),
        **more,
    )
