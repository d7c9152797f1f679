"""Who of a grid's team walks when: two half days, six hours of field time, on each working day (§8, [D])."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self
from uuid import UUID

from backend.areas.duty.chain import Roster, holds
from backend.areas.models import Absence, Area, Duty
from backend.cases.workflow import OPEN_STATES, State
from backend.core.calendar import work_calendar
from backend.core.clock import LOCAL
from backend.inspections.lending import Call, Walker, lend
from backend.inspections.models import Appointment

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
    """Half days on which somebody walks the grid, by time; absences are cut out.

    Leader, workers and covers walk; who serves several grids walks them in turn, half day by half day. Deputies answer
    for reports but walk no rounds, except where a booked visit would find nobody: see `lending`. The answer for every
    grid of a street follows from the same rows, so that two plans never claim one person at the same time.
    """
    halves = half_days(week_start)
    if not halves:
        return []
    street = _Street.read(grid_id, halves)
    shifts = []
    for number, half in enumerate(halves):
        walkers, lent = street.half_day(number, half)
        shifts += [
            WorkerShift(walker.start, walker.end, walker.worker_id)
            for walker in walkers.values()
            if lent.get(walker.worker_id, walker.grid_id) == grid_id
        ]
    return sorted(shifts)


def grids_that_may_lend(grid_id: UUID, week_start: date) -> set[UUID]:
    """Other grids whose rounds give this one somebody for a booked visit, or would get them back.

    Empty where the own team is there for every window that was ever booked in the week and nobody else walks.
    """
    halves = half_days(week_start)
    if not halves:
        return set()
    street = _Street.read(grid_id, halves)
    return street.grids_of_chain(grid_id) if street.is_thin(grid_id, halves) else set()


@dataclass(frozen=True)
class _Street:
    """What the half days of a street's grids follow from: duties, absences, and the visits booked in the week."""

    roster: Roster
    calls: tuple[tuple[bool, Call], ...]
    own_grids: frozenset[UUID]

    @classmethod
    def read(cls, grid_id: UUID, halves: Sequence[tuple[datetime, datetime]]) -> Self:
        """Four queries, however many grids the street has."""
        span = (halves[0][0], halves[-1][1])
        path = Area.objects.values_list("path", flat=True).get(pk=grid_id)
        grids = Area.objects.filter(level=Area.Level.GRID, path__startswith=_street_of(path))
        own = frozenset(grids.values_list("pk", flat=True))
        serving = Duty.objects.filter(grid_id__in=own, valid__overlap=span).values("worker_id")
        elsewhere = Duty.objects.filter(worker_id__in=serving, valid__overlap=span).values_list("grid_id", flat=True)
        roster = Roster.read(own | set(elsewhere), start=span[0], end=span[1])
        booked = Appointment.objects.filter(grid_id__in=own, window__overlap=span).select_related("case", "grid")
        calls = tuple(
            (
                one.state == Appointment.State.BOOKED and State(one.case.state) in OPEN_STATES,
                Call(one.grid_id, one.window.lower, one.window.upper, one.dwell_minutes),
            )
            for one in booked.only("grid__code", "case__state", "window", "dwell_minutes", "state").order_by(
                "grid__code", "window", "id"
            )
        )
        return cls(roster, calls, own)

    def half_day(self, number: int, half: tuple[datetime, datetime]) -> tuple[dict[UUID, Walker], dict[UUID, UUID]]:
        """Who is there in a half day, and who of them is lent to which grid."""
        walkers = self._walkers(number, half)
        calls = [call for is_live, call in self.calls if is_live and call.start < half[1] and half[0] < call.end]
        chains = {call.grid_id: self._chain(call.grid_id, half[0]) for call in calls}
        return walkers, lend(walkers, calls, chains)

    def _walkers(self, number: int, half: tuple[datetime, datetime]) -> dict[UUID, Walker]:
        serves: dict[UUID, set[UUID]] = {}
        for duties in self.roster.duties.values():
            for duty in duties:
                if holds(duty.valid, half[0]):
                    turn = serves.setdefault(duty.worker_id, set())
                    turn.update([duty.grid_id] if duty.post in _TEAM_POSTS else [])
        walkers = {}
        for worker_id in sorted(serves):
            away = [(one.period.lower or half[0], one.period.upper or half[1]) for one in self._away(worker_id)]
            free = longest_left(*half, away)
            if free is not None:
                grids = sorted(serves[worker_id])
                walkers[worker_id] = Walker(worker_id, grids[number % len(grids)] if grids else None, *free)
        return walkers

    def _away(self, worker_id: UUID) -> list[Absence]:
        return self.roster.absences.get(worker_id, [])

    def _chain(self, grid_id: UUID, at: datetime) -> list[UUID]:
        """Who may be lent, in the order in which they answer: nobody who also serves another street."""
        people = [line.worker.pk for line in self.roster.lines_at(grid_id, at)]
        return [worker_id for worker_id in people if self._grids_of(worker_id) <= self.own_grids]

    def _grids_of(self, worker_id: UUID) -> set[UUID]:
        return {
            duty.grid_id for duties in self.roster.duties.values() for duty in duties if duty.worker_id == worker_id
        }

    def grids_of_chain(self, grid_id: UUID) -> set[UUID]:
        """All other grids of everybody who stands in the grid's chain at some moment of the week."""
        people = {duty.worker_id for duty in self.roster.duties.get(grid_id, ())}
        return {other for worker_id in people for other in self._grids_of(worker_id)} - {grid_id}

    def is_thin(self, grid_id: UUID, halves: Sequence[tuple[datetime, datetime]]) -> bool:
        """Whether some window booked in the week (and perhaps given back) finds nobody who walks the grid by turn."""
        asked = [call for _, call in self.calls if call.grid_id == grid_id]
        team = [
            walker
            for number, half in enumerate(halves)
            for walker in self._walkers(number, half).values()
            if walker.grid_id == grid_id
        ]
        return any(not any(walker.can_make(call) for walker in team) for call in asked)


def _street_of(path: str) -> str:
    """`3302.81.002.011.001.` lies in the street `3302.81.002.`."""
    return "".join(f"{part}." for part in path.rstrip(".").split(".")[:-2])


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
