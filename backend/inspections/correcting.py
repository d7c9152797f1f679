"""Correcting a case together with what the rounds hold of it: its booked visit and its stops, in one transaction.

The visit goes where the case goes when the team there has room at the same time. Where it can't, the correction is
refused with what would become of the visit (VisitToRebook), and who confirms (`rebook`) gives it back: the resident is
told and offered other times. Nobody's time is changed silently.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from backend.accounts.actor import Actor
from backend.areas.models import Area
from backend.cases import access as cases_access
from backend.cases import correcting
from backend.cases.correcting import Correction
from backend.cases.models import Case
from backend.cases.round_lines import GIVEN_BACK, WENT_ALONG, record_visit_fate
from backend.core.clock import LOCAL, week_start_of
from backend.inspections import access, booking, capacity, leaving, plans
from backend.inspections.capacity import Wish
from backend.inspections.errors import VisitToRebook, VisitUnderWay
from backend.inspections.models import Appointment, Stop

STAYS: Final = "stays"
NO_ROOM: Final = "no_room"
NO_TEAM: Final = "no_team"
NO_VISIT: Final = "no_visit"


@dataclass(frozen=True, slots=True)
class Corrected:
    """The case as it is now, and what became of the visit that was booked for it; no fate where none was."""

    case: Case
    visit: Appointment | None = None
    fate: str = ""

    @property
    def may_book(self) -> bool:
        """Whether the resident may choose another time for a visit that was given back."""
        return self.fate == GIVEN_BACK and booking.is_visited(self.case)


@transaction.atomic
def correct_case(
    *,
    actor: Actor,
    case_id: UUID,
    correction: Correction,
    rebook: bool = False,
    now: datetime,
    captured_at: datetime | None = None,
) -> Corrected:
    """`cases.correcting.correct_case`, and what the rounds hold of the case follows.

    `rebook`: the visit may be given back where it can't go along. Raises VisitUnderWay, VisitToRebook, NoNetwork, and
    what `cases.correcting.correct_case` raises.
    """
    seen = cases_access.get_case(actor, case_id)
    for grid_id in sorted(_rounds_of(seen, correction, now)):
        access.lock_rounds(grid_id)
    visit = Appointment.objects.filter(case=seen, state=Appointment.State.BOOKED).select_related("grid").first()
    was_done = correcting.is_corrected(case_id=case_id, correction_id=correction.id)
    case = correcting.correct_case(
        actor=actor,
        case_id=case_id,
        correction=correction,
        now=now,
        captured_at=captured_at,
        visit_id=visit.pk if visit else None,
    )
    if was_done:
        return Corrected(case)
    fate = _settle(visit, case, actor=actor, rebook=rebook, now=now) if visit is not None else ""
    for stop_id in _planned_stops(case).filter(kind=Stop.Kind.CASE).values_list("pk", flat=True):
        leaving.take_out(stop_id=stop_id, now=now)
    if leaving.follow_place(case, now=now) and case.grid is not None:
        plans.ask_again(case.grid, week_start=week_start_of(now), now=now)
    case.refresh_from_db(fields=["version"])
    return Corrected(case, visit, fate)


def _planned_stops(case: Case) -> QuerySet[Stop]:
    return Stop.objects.published().filter(case=case, state=Stop.State.PLANNED)


def _rounds_of(case: Case, correction: Correction, now: datetime) -> set[UUID]:
    """Grids whose rounds the correction may change; all are held before anything of them is read or written."""
    found = set(_planned_stops(case).values_list("route__plan__grid", flat=True))
    booked = Appointment.objects.filter(case=case, state=Appointment.State.BOOKED).values_list("grid", flat=True)
    if booked and case.version == correction.version:
        verdict = correcting.foreseen(case, correction, now=now)
        found |= {*booked, *([verdict.grid.pk] if verdict.grid else [])}
    return found


def _settle(visit: Appointment, case: Case, *, actor: Actor, rebook: bool, now: datetime) -> str:
    """The visit stays, goes along or is given back; which of the three. Raises VisitUnderWay, VisitToRebook."""
    stops = Stop.objects.published().filter(appointment=visit)
    if visit.window.lower <= now or stops.exclude(state__in=(Stop.State.PLANNED, Stop.State.SKIPPED)).exists():
        raise VisitUnderWay("the booked visit is under way; correct the case when it is over", **_window(visit))
    week_start, former = week_start_of(visit.window.lower), visit.grid
    reason = _hindrance(visit, case, now)
    if reason:
        if not rebook:
            raise _to_rebook(visit, case, reason, now)
        leaving.take_out_visit(appointment_id=visit.pk, now=now)
        booking.give_back(visit, may_book=booking.is_visited(case), now=now)
        record_visit_fate(case, actor=actor, fate=GIVEN_BACK, window=visit.window, now=now)
        return GIVEN_BACK
    visit.dwell_minutes = case.matter.dwell_minutes
    to = _grid_of(case)
    if to == former:
        visit.save(update_fields=["dwell_minutes"])
        plans.ask_again(to, week_start=week_start, now=now)
        return STAYS
    leaving.take_out_visit(appointment_id=visit.pk, now=now)
    booking.hand_on(visit, to=to, now=now)
    record_visit_fate(case, actor=actor, fate=WENT_ALONG, window=visit.window, now=now)
    for grid in (former, to):
        plans.ask_again(grid, week_start=week_start, now=now)
    return WENT_ALONG


def _hindrance(visit: Appointment, case: Case, now: datetime) -> str:
    """What keeps the visit from going along; empty where nothing does. A team keeps a visit that is not longer."""
    if not booking.is_visited(case):
        return NO_VISIT if case.grid is not None else NO_TEAM
    dwell_minutes = case.matter.dwell_minutes
    if case.grid == visit.grid and dwell_minutes <= visit.dwell_minutes:
        return ""
    week = capacity.week_slots(_grid_of(case), _wish(visit, case), week_start_of(visit.window.lower), now=now)
    asked = (visit.window.lower, visit.window.upper)
    return "" if any((slot.start, slot.end) == asked and slot.left > 0 for slot in week) else NO_ROOM


def _grid_of(case: Case) -> Area:
    if case.grid is None:
        raise ValueError("a visit without a grid")
    return case.grid


def _wish(visit: Appointment, case: Case) -> Wish:
    return Wish(case.location.x, case.location.y, case.matter.dwell_minutes, instead_of=visit.pk)


def _to_rebook(visit: Appointment, case: Case, reason: str, now: datetime) -> VisitToRebook:
    """The preview of what a confirmed correction would do to the visit."""
    grid, free = case.grid, []
    if reason == NO_ROOM:
        free = booking.nearest_free(_grid_of(case), _wish(visit, case), around=visit.window.lower, now=now)
    return VisitToRebook(
        "the booked visit can't go along; confirm that it is given back, or leave the case as it is",
        reason=reason,
        grid={"code": grid.code, "name": grid.name, "name_en": grid.name_en} if grid else None,
        next=free,
        **_window(visit),
    )


def _window(visit: Appointment) -> dict[str, str]:
    return {
        "start": visit.window.lower.astimezone(LOCAL).isoformat(),
        "end": visit.window.upper.astimezone(LOCAL).isoformat(),
    }
