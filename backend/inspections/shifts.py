"""Who of a grid's team walks when: two half days, six hours of field time, on each working day (§8, [D])."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from backend.areas.models import Absence, Duty
from backend.core.calendar import work_calendar
from backend.core.clock import LOCAL

HALF_DAYS = ((time(8, 30), time(11, 30)), (time(14), time(17)))
# Windows of two hours that a resident may choose; the two of a half day overlap by an hour.
BOOKABLE = (
    (time(8, 30), time(10, 30)),
    (time(9, 30), time(11, 30)),
    (time(14), time(16)),
    (time(15), time(17)),
)
HOUSEHOLD_CALLS_A_DAY = 12
WEEK_DAYS = 7
# Half a shift that an absence leaves over is walked when it is at least this long.
SHORTEST_SHIFT = timedelta(minutes=30)
_TEAM_POSTS = (Duty.Post.LEADER, Duty.Post.WORKER, Duty.Post.COVER)


@dataclass(frozen=True, slots=True, order=True)
class WorkerShift:
    """One worker's half day in one grid, in local time."""

    start: datetime
    end: datetime
    worker_id: UUID

    @property
    def minutes(self) -> float:
        return (self.end - self.start).total_seconds() / 60


def half_days(week_start: date) -> list[tuple[datetime, datetime]]:
    """The half days of a week's working days; public holidays are left out, make-up days are in."""
    calendar = work_calendar()
    days = [week_start + timedelta(days=offset) for offset in range(WEEK_DAYS)]
    return [
        (datetime.combine(day, start, LOCAL), datetime.combine(day, end, LOCAL))
        for day in days
        if calendar.is_worked(day)
        for start, end in HALF_DAYS
    ]


def team_shifts(grid_id: UUID, week_start: date) -> list[WorkerShift]:
    """Half days on which the grid's leader and workers are there, by time; absences are cut out.

    A worker who serves several grids walks them in turn, half day by half day, so that two plans never claim the
    same person at the same time. Deputies answer for reports but walk no rounds.
    """
    halves = half_days(week_start)
    if not halves:
        return []
    duties = list(_duties_of_team(grid_id, halves))
    absences = _absences([duty.worker_id for duty in duties], halves)
    shifts = []
    for number, (start, end) in enumerate(halves):
        for worker_id in sorted({duty.worker_id for duty in duties if _holds(duty, grid_id, start)}):
            own = [duty for duty in duties if duty.worker_id == worker_id and _holds(duty, None, start)]
            grids = sorted({duty.grid_id for duty in own})
            if grids[number % len(grids)] != grid_id:
                continue
            free = longest_left(start, end, absences.get(worker_id, []))
            if free is not None:
                shifts.append(WorkerShift(*free, worker_id))
    return sorted(shifts)


def _duties_of_team(grid_id: UUID, halves: list[tuple[datetime, datetime]]) -> Iterable[Duty]:
    """All team duties, in any grid, of everybody who serves this one."""
    span = (halves[0][0], halves[-1][1])
    active = Duty.objects.filter(post__in=_TEAM_POSTS, valid__overlap=span, worker__is_active=True)
    team = active.filter(grid_id=grid_id).values("worker_id")
    return active.filter(worker_id__in=team)


def _holds(duty: Duty, grid_id: UUID | None, at: datetime) -> bool:
    begins, ends = duty.valid.lower, duty.valid.upper
    in_force = (begins is None or begins <= at) and (ends is None or at < ends)
    return in_force and (grid_id is None or duty.grid_id == grid_id)


def _absences(
    worker_ids: Iterable[UUID], halves: list[tuple[datetime, datetime]]
) -> dict[UUID, list[tuple[datetime, datetime]]]:
    found: dict[UUID, list[tuple[datetime, datetime]]] = {}
    span = (halves[0][0], halves[-1][1])
    for absence in Absence.objects.filter(worker_id__in=set(worker_ids), period__overlap=span):
        begins, ends = absence.period.lower or span[0], absence.period.upper or span[1]
        found.setdefault(absence.worker_id, []).append((begins, ends))
    return found


def longest_left(
    start: datetime, end: datetime, away: list[tuple[datetime, datetime]]
) -> tuple[datetime, datetime] | None:
    """The longest part of a shift that the absences leave; None when it is shorter than SHORTEST_SHIFT."""
    pieces = [(start, end)]
    for begins, ends in away:
        pieces = [
            piece
            for low, high in pieces
            for piece in ((low, min(high, begins)), (max(low, ends), high))
            if piece[0] < piece[1]
        ]
    longest = max(pieces, key=lambda piece: piece[1] - piece[0], default=None)
    return longest if longest and longest[1] - longest[0] >= SHORTEST_SHIFT else None
