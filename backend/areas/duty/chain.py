"""The chain of a grid at a moment: who answers first and why, who is away, and which desk stands behind them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.models import User
from backend.areas.models import Absence, Area, DeskShift, Duty

# The order in which people answer. A cover is named by a person for a period, therefore before everybody else.
_ORDER: Final = {Duty.Post.COVER: 0, Duty.Post.LEADER: 1, Duty.Post.WORKER: 2, Duty.Post.DEPUTY: 3}


@dataclass(frozen=True, slots=True)
class DutyLine:
    """One person of a grid's duty at a moment, in the order in which they answer."""

    worker: User
    post: str
    is_absent: bool
    rank: int = 0
    part_time: bool = False
    away_kind: str = ""
    away_since: datetime | None = None
    away_until: datetime | None = None

    @property
    def reason(self) -> str:
        """Why this line is where it is: away, cover, leader, worker, worker_part_time, deputy_a, deputy_b."""
        if self.is_absent:
            return "away"
        if self.post == Duty.Post.DEPUTY:
            return "deputy_b" if self.rank == 2 else "deputy_a"
        return "worker_part_time" if self.post == Duty.Post.WORKER and self.part_time else self.post


@dataclass(frozen=True, slots=True)
class DeskLine:
    """Who sits at the desk of a community or street at a moment; nobody is named outside the shifts."""

    desk: Area
    worker: User | None
    phone: str


@dataclass(frozen=True, slots=True)
class Chain:
    """Everybody who may answer for a grid at a moment. The desk answers where no line is present."""

    lines: tuple[DutyLine, ...] = ()
    desk: tuple[DeskLine, ...] = ()

    @property
    def first(self) -> DutyLine | None:
        """Who answers; None: nobody of the grid, so the desk decides."""
        return next((line for line in self.lines if not line.is_absent), None)


@dataclass
class Roster:
    """All duties and absences of some grids during a span: two queries for any number of grids and moments."""

    duties: dict[UUID, list[Duty]] = field(default_factory=lambda: defaultdict(list))
    absences: dict[UUID, list[Absence]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def read(cls, grid_ids: Collection[UUID], *, start: datetime, end: datetime) -> "Roster":
        """What holds at some moment from `start` to `end`, both included."""
        span = DateTimeTZRange(start, end, "[]")
        roster = cls()
        found = Duty.objects.filter(grid_id__in=grid_ids, valid__overlap=span, worker__is_active=True)
        for duty in found.select_related("worker"):
            roster.duties[duty.grid_id].append(duty)
        workers = {duty.worker_id for duties in roster.duties.values() for duty in duties}
        for absence in Absence.objects.filter(worker_id__in=workers, period__overlap=span):
            roster.absences[absence.worker_id].append(absence)
        for duties in roster.duties.values():
            duties.sort(key=_place)
        return roster

    def lines_at(self, grid_id: UUID, at: datetime) -> tuple[DutyLine, ...]:
        """The people of the grid at a moment; who is both cover and something else stands there once."""
        lines: list[DutyLine] = []
        for duty in self.duties.get(grid_id, ()):
            if not holds(duty.valid, at) or any(line.worker.pk == duty.worker_id for line in lines):
                continue
            away = next((one for one in self.absences.get(duty.worker_id, ()) if holds(one.period, at)), None)
            lines.append(
                DutyLine(
                    duty.worker,
                    duty.post,
                    is_absent=away is not None,
                    rank=duty.rank,
                    part_time=duty.part_time,
                    away_kind=away.kind if away else "",
                    away_since=away.period.lower if away else None,
                    away_until=away.period.upper if away else None,
                )
            )
        return tuple(lines)

    def moments(self, grid_id: UUID, *, start: datetime, end: datetime) -> list[datetime]:
        """Where the chain may change between `start` and `end`: both of them and every bound between."""
        found = {start, end}
        for duty in self.duties.get(grid_id, ()):
            ranges = [duty.valid, *(absence.period for absence in self.absences.get(duty.worker_id, ()))]
            found.update(bound for one in ranges for bound in (one.lower, one.upper) if bound and start < bound < end)
        return sorted(found)


def _place(duty: Duty) -> tuple[int, int, bool, str]:
    return _ORDER[Duty.Post(duty.post)], duty.rank, duty.part_time, duty.worker.username


def holds(period: DateTimeTZRange, at: datetime) -> bool:
    """Whether the moment lies in the half-open period."""
    return (period.lower is None or period.lower <= at) and (period.upper is None or at < period.upper)


def chains(asked: Iterable[tuple[UUID, datetime]]) -> dict[tuple[UUID, datetime], Chain]:
    """The chain of each (grid, moment); four queries, however many are asked for."""
    pairs = set(asked)
    if not pairs:
        return {}
    moments = [at for _, at in pairs]
    grid_ids = {grid_id for grid_id, _ in pairs}
    roster = Roster.read(grid_ids, start=min(moments), end=max(moments))
    parents = {grid.pk: grid.parent for grid in Area.objects.filter(pk__in=grid_ids).select_related("parent")}
    shifts = _shifts([parent for parent in parents.values() if parent], start=min(moments), end=max(moments))
    return {
        (grid_id, at): Chain(roster.lines_at(grid_id, at), _desk_at(parents.get(grid_id), shifts, at))
        for grid_id, at in pairs
    }


def _shifts(desks: Sequence[Area], *, start: datetime, end: datetime) -> dict[UUID, list[DeskShift]]:
    span = DateTimeTZRange(start, end, "[]")
    shifts: dict[UUID, list[DeskShift]] = defaultdict(list)
    found = DeskShift.objects.filter(desk__in=desks, period__overlap=span, worker__is_active=True)
    for shift in found.select_related("worker").order_by("period", "worker__username"):
        shifts[shift.desk_id].append(shift)
    return shifts


def _desk_at(desk: Area | None, shifts: dict[UUID, list[DeskShift]], at: datetime) -> tuple[DeskLine, ...]:
    if desk is None:
        return ()
    seated = [shift for shift in shifts.get(desk.pk, ()) if holds(shift.period, at)]
    lines = tuple(DeskLine(desk, shift.worker, shift.phone or desk.duty_phone) for shift in seated)
    return lines or (DeskLine(desk, None, desk.duty_phone),)


def chain_of(grid_id: UUID, *, at: datetime) -> Chain:
    """The chain of one grid."""
    return chains([(grid_id, at)])[grid_id, at]


def on_duty(grid_id: UUID, *, at: datetime) -> list[DutyLine]:
    """The people of a grid at `at` in the order in which they answer; each says whether absent then."""
    return list(Roster.read([grid_id], start=at, end=at).lines_at(grid_id, at))


def on_duty_in(grid_ids: Collection[UUID], *, at: datetime) -> dict[UUID, list[DutyLine]]:
    """`on_duty` of many grids in two queries."""
    roster = Roster.read(grid_ids, start=at, end=at)
    return {grid_id: list(roster.lines_at(grid_id, at)) for grid_id in grid_ids}
