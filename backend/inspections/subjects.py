"""What the jobs of a planning problem stand for: needs, appointments, cases, and where the published plan has them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from backend.cases.models import Case
from backend.inspections.demand import Need
from backend.inspections.models import Appointment, Stop
from backend.inspections.moments import day_of, local_midnight, second_of, window_of
from gis.rounds import Commitment, Job, Reason, Window

# Walking seconds that handling a case of one's own on the way is worth.
CASE_PRIZE_S = 7200
CASE_DELAY_S = 120


@dataclass(frozen=True, slots=True)
class Subject:
    """What a job of the problem stands for: a need, an appointment or a case."""

    lon: float
    lat: float
    need: Need | None = None
    appointment: Appointment | None = None
    case: Case | None = None


def subject_key(stop: Stop) -> str:
    """What a stop is about, equal across the versions of a plan."""
    if stop.kind == Stop.Kind.APPOINTMENT:
        return f"appointment:{stop.appointment_id}"
    if stop.kind == Stop.Kind.CASE:
        return f"case:{stop.case_id}"
    return f"place:{stop.place_id}"


Spots = list[tuple[Commitment, int, bool]]


def previous_spots(stops: Iterable[Stop], week_start: date) -> dict[str, Spots]:
    """Where the published plan has each subject, at what second of the day, and whether a person has locked it."""
    found: dict[str, Spots] = {}
    for stop in stops:
        spot = Commitment(str(stop.route.worker_id), day_of(stop.start_at, week_start))
        found.setdefault(subject_key(stop), []).append((spot, second_of(stop.start_at), stop.locked))
    return found


def jobs_of(
    needs: Iterable[Need],
    appointments: Iterable[Appointment],
    cases: Iterable[Case],
    *,
    previous: Mapping[str, Spots],
    week_start: date,
    open_days: Sequence[int],
) -> tuple[tuple[Job, ...], dict[str, Subject]]:
    """Jobs with the subjects behind them; point 0 is the base, job n stands at point n + 1."""
    jobs: list[Job] = []
    subjects: dict[str, Subject] = {}
    for appointment in appointments:
        at = appointment.case.location
        key = f"appointment:{appointment.pk}"
        subjects[key] = Subject(at.x, at.y, appointment=appointment)
        jobs.append(_appointment_job(key, len(jobs) + 1, window_of(appointment, week_start), appointment.dwell_minutes))
    for case in cases:
        key = f"case:{case.pk}"
        subjects[key] = Subject(case.location.x, case.location.y, case=case)
        jobs.append(_case_job(key, len(jobs) + 1, case, week_start, _still_open(previous.get(key, []), open_days)))
    for need in needs:
        key = f"place:{need.place.pk}"
        spots = _still_open(previous.get(key, []), open_days)
        # Two needs of one place that could not be merged are told apart by the first duty.
        job_id = key if key not in subjects else f"{key}:{need.duties[0].pk}"
        subjects[job_id] = Subject(need.place.location.x, need.place.location.y, need=need)
        jobs.append(_need_job(job_id, len(jobs) + 1, need, spots))
    return tuple(jobs), subjects


def _appointment_job(job_id: str, point: int, window: Window, dwell_minutes: int) -> Job:
    return Job(
        id=job_id, point=point, dwell_s=60 * dwell_minutes, windows=(window,), appointment=True, household_call=True
    )


def _case_job(job_id: str, point: int, case: Case, week_start: date, spots: Spots) -> Job:
    due_at = case.due_at or local_midnight(week_start)
    return Job(
        id=job_id,
        point=point,
        dwell_s=60 * max(1, case.matter.dwell_minutes),
        required=False,
        prize_s=CASE_PRIZE_S,
        delay_cost_s=CASE_DELAY_S,
        only_workers=(str(case.responsible_id),),
        previous=tuple(spot for spot, _, _ in spots),
        previous_starts_s=tuple(start_s for _, start_s, _ in spots),
        locked=tuple(spot for spot, _, locked in spots if locked)[:1],
        reason=Reason("case_due", {"due_at": due_at.isoformat()}),
    )


def _still_open(spots: Spots, open_days: Sequence[int]) -> Spots:
    return [spot for spot in spots if spot[0].day in open_days]


def _need_job(job_id: str, point: int, need: Need, spots: Spots) -> Job:
    usable = spots[: need.visits]
    return Job(
        id=job_id,
        point=point,
        dwell_s=need.dwell_s,
        windows=need.windows,
        visits=need.visits,
        min_gap_days=need.gap_days,
        required=need.required,
        prize_s=need.prize_s,
        delay_cost_s=need.delay_cost_s,
        earliest_day=need.earliest_day,
        household_call=need.household_call,
        reason=need.reason,
        previous=tuple(spot for spot, _, _ in usable),
        previous_starts_s=tuple(start_s for _, start_s, _ in usable),
        locked=tuple(spot for spot, _, locked in usable if locked),
    )
