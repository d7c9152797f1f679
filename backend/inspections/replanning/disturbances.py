"""What may come between a published week and its end, and what is written when a person accepts the answer to it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from backend.accounts.actor import Actor
from backend.areas.duty.wishes import AbsenceWish
from backend.areas.models import Absence
from backend.cases import access as cases
from backend.cases.models import Case
from backend.core.clock import LOCAL
from backend.inspections import access, booking, staffing
from backend.inspections.errors import NothingToReplan
from backend.inspections.models import Replan, Route, Stop, WeeklyPlan
from backend.inspections.moments import local_midnight
from backend.inspections.subjects import subject_key

TODAY: Final = "today"
REST_OF_WEEK: Final = "week"


@dataclass(frozen=True, slots=True)
class UrgentCase:
    """A case that is to be handled by `by` (end of today when left out), by whoever is responsible for it."""

    kind: ClassVar = Replan.Kind.URGENT_CASE

    case_id: UUID
    by: datetime | None = None


@dataclass(frozen=True, slots=True)
class ComeAgain:
    """A stop was missed or left out (a locked door): somebody comes again this week, in another half day."""

    kind: ClassVar = Replan.Kind.COME_AGAIN

    stop_id: UUID


@dataclass(frozen=True, slots=True)
class AbsentWorker:
    """A worker is away from now on, `until` the end of today or of the week."""

    kind: ClassVar = Replan.Kind.ABSENCE

    worker_id: UUID
    until: str = TODAY
    absence_kind: str = "sick"


@dataclass(frozen=True, slots=True)
class MovedAppointment:
    """A booked visit gets another window."""

    kind: ClassVar = Replan.Kind.MOVED_APPOINTMENT

    appointment_id: UUID
    start: datetime
    end: datetime


Disturbance = UrgentCase | ComeAgain | AbsentWorker | MovedAppointment
_KINDS: Final[Mapping[str, Any]] = {
    one.kind.value: one for one in (UrgentCase, ComeAgain, AbsentWorker, MovedAppointment)
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a disturbance asks of the plan. `target`: whose visit it is about (`subjects.subject_key`), empty for none.

    `case`: to be planned by `until`. `duty_ids`: which visits of a place are to be made again, not before `after`.
    """

    target: str = ""
    case: Case | None = None
    duty_ids: frozenset[UUID] = frozenset()
    after: datetime | None = None
    until: datetime | None = None


def facts_of(disturbance: Disturbance) -> dict[str, Any]:
    """As it is stored: ids and times as text."""
    return {name: value if value is None else str(value) for name, value in asdict(disturbance).items()}


def look(*, actor: Actor, disturbance: Disturbance, plan: WeeklyPlan, now: datetime) -> Asked:
    """What it asks of the plan. Raises NothingToReplan, CaseNotFound, StopNotFound, AppointmentNotFound."""
    if isinstance(disturbance, UrgentCase):
        return _urgent(actor, disturbance, plan, now)
    if isinstance(disturbance, ComeAgain):
        return _again(actor, disturbance, plan)
    if isinstance(disturbance, MovedAppointment):
        appointment = access.get_appointment(actor, disturbance.appointment_id)
        day = disturbance.start.astimezone(LOCAL).date()
        if appointment.grid_id != plan.grid_id or not plan.week_start <= day < plan.week_start + timedelta(days=7):
            raise NothingToReplan("the window lies in another grid or week", field="start")
        return Asked(target=f"appointment:{appointment.pk}")
    if not Route.objects.filter(plan=plan, worker_id=disturbance.worker_id, shift__endswith__gt=now).exists():
        raise NothingToReplan("this worker has no round in the rest of this plan", field="worker_id")
    return Asked()


def _urgent(actor: Actor, wish: UrgentCase, plan: WeeklyPlan, now: datetime) -> Asked:
    case = cases.get_case(actor, wish.case_id)
    if case.grid_id != plan.grid_id or case.responsible_id is None:
        raise NothingToReplan("the case is nobody's in this grid; assign it first", field="case_id")
    until = wish.by or local_midnight(now.astimezone(LOCAL).date()) + timedelta(days=1)
    week_end = local_midnight(plan.week_start) + timedelta(days=7)
    if not now < until:
        raise NothingToReplan("this moment has passed", field="by")
    return Asked(target=f"case:{case.pk}", case=case, until=min(until, week_end))


def _again(actor: Actor, wish: ComeAgain, plan: WeeklyPlan) -> Asked:
    stop = access.get_stop(actor, wish.stop_id)
    if stop.route.plan_id != plan.pk or stop.state not in (Stop.State.MISSED, Stop.State.SKIPPED):
        raise NothingToReplan("only a stop of this plan that was missed or left out is made again", field="stop_id")
    if stop.kind == Stop.Kind.APPOINTMENT:
        raise NothingToReplan("agree on another window with the resident: book again", field="stop_id")
    duty_ids = frozenset(stop.duties.values_list("duty_id", flat=True))
    return Asked(target=subject_key(stop), duty_ids=duty_ids, after=stop.route.shift.upper)


def carry_out(
    *, actor: Actor, disturbance: Disturbance, change_id: UUID, version: str | None, asked_at: datetime, now: datetime
) -> str:
    """Writes what the disturbance says beside the plan itself: the absence with all that follows, the new window.

    `version` None: for a preview, inside a transaction that is rolled back. Returns the version that carrying it out
    later asks for. Raises what `staffing.apply` and `booking.move_appointment` raise.
    """
    if isinstance(disturbance, AbsentWorker):
        wish = AbsenceWish(
            disturbance.worker_id, disturbance.absence_kind, asked_at, _away_until(disturbance, asked_at)
        )
        if version is None:
            version = staffing.preview(actor=actor, change_id=change_id, wish=wish, now=now).version
        staffing.apply(actor=actor, change_id=change_id, wish=wish, version=version, now=now)
        return version
    if isinstance(disturbance, MovedAppointment):
        booking.move_appointment(
            actor=actor,
            appointment_id=disturbance.appointment_id,
            start=disturbance.start,
            end=disturbance.end,
            now=now,
        )
    return ""


def _away_until(wish: AbsentWorker, since: datetime) -> datetime:
    """The end of the day or week, or where an absence that is known already takes over."""
    day: date = since.astimezone(LOCAL).date()
    days = 1 if wish.until == TODAY else 7 - day.weekday()
    until = local_midnight(day) + timedelta(days=days)
    known = Absence.objects.filter(worker=wish.worker_id, period__startswith__range=(since, until))
    next_begin = known.order_by("period__startswith").values_list("period__startswith", flat=True).first()
    return until if next_begin is None else next_begin


def stored(kind: str, facts: Mapping[str, Any]) -> Disturbance:
    """The disturbance that `facts_of` was made from."""
    made = dict(facts)
    for name, value in made.items():
        if value is not None and name.endswith("_id"):
            made[name] = UUID(value)
        elif value is not None and name in ("by", "start", "end"):
            made[name] = datetime.fromisoformat(value)
    found: Disturbance = _KINDS[kind](**made)
    return found
