"""The calendar of a community: rows of grids, and in each local day who answers, who is away, where nobody is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from backend.accounts.actor import Actor
from backend.accounts.models import Membership, User
from backend.accounts.roles import FIELD_ROLES, Role
from backend.areas.duty.chain import Chain, DutyLine, Roster, chains
from backend.areas.errors import AreaNotFound
from backend.areas.models import Absence, Area, DeskShift, Duty, DutyChange
from backend.core.clock import LOCAL

MOST_DAYS: Final = 42


@dataclass(frozen=True, slots=True)
class Span:
    """Part of a day in which the same person answers; `first` is None where nobody does."""

    start: datetime
    end: datetime
    first: DutyLine | None


@dataclass(frozen=True, slots=True)
class DayCell:
    """One grid on one local day."""

    day: date
    spans: tuple[Span, ...]
    away: tuple[DutyLine, ...]


@dataclass(frozen=True, slots=True)
class GridRow:
    """One grid with its team as it stands now, and its days."""

    grid: Area
    team: tuple[DutyLine, ...]
    days: tuple[DayCell, ...]


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Somebody who may be named in a change of duty, and the grids that they serve."""

    worker: User
    role: str
    employment: str
    grids: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """A community from `start` on, as an actor sees it."""

    community: Area
    start: date
    rows: tuple[GridRow, ...]
    shifts: tuple[DeskShift, ...]
    changes: tuple[DutyChange, ...]
    people: tuple[PersonLine, ...]


def midnight_of(day: date) -> datetime:
    """The begin of a day in Shanghai."""
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL)


def community_of(actor: Actor, code: str) -> Area:
    """A community in the actor's areas. Raises AreaNotFound."""
    found = Area.objects.visible_to(actor).filter(level=Area.Level.COMMUNITY, code=code).first()
    if found is None:
        raise AreaNotFound("no such community in your areas", code=code)
    return found


def calendar_of(actor: Actor, *, community_code: str, start: date, days: int, now: datetime) -> Calendar:
    """The calendar of a community; a fixed number of queries for any number of grids and days. Raises AreaNotFound."""
    community = community_of(actor, community_code)
    grids = list(Area.objects.filter(parent=community, level=Area.Level.GRID, closed_at=None).order_by("code"))
    begins = midnight_of(start)
    ends = midnight_of(start + timedelta(days=days))
    ids = [grid.pk for grid in grids]
    roster = Roster.read(ids, start=begins, end=ends)
    today = Roster.read(ids, start=now, end=now)
    rows = tuple(
        GridRow(
            grid,
            today.lines_at(grid.pk, now),
            tuple(_cell(roster, grid.pk, start + timedelta(days=offset)) for offset in range(days)),
        )
        for grid in grids
    )
    span = DateTimeTZRange(begins, ends)
    shifts = DeskShift.objects.filter(desk=community, period__overlap=span).select_related("worker")
    return Calendar(
        community,
        start,
        rows,
        tuple(shifts.order_by("period", "worker__username")),
        _changes(community, begins, ends),
        _people(community, now),
    )


def _cell(roster: Roster, grid_id: UUID, day: date) -> DayCell:
    start, end = midnight_of(day), midnight_of(day + timedelta(days=1))
    moments = roster.moments(grid_id, start=start, end=end)
    spans: list[Span] = []
    away: dict[UUID, DutyLine] = {}
    for at, until in pairwise(moments):
        lines = roster.lines_at(grid_id, at)
        away.update({line.worker.pk: line for line in lines if line.is_absent})
        first = Chain(lines).first
        if spans and _same(spans[-1].first, first):
            spans[-1] = Span(spans[-1].start, until, first)
        else:
            spans.append(Span(at, until, first))
    return DayCell(day, tuple(spans), tuple(away.values()))


def _same(one: DutyLine | None, other: DutyLine | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.worker.pk, one.post, one.rank) == (other.worker.pk, other.post, other.rank)


def _changes(community: Area, start: datetime, end: datetime) -> tuple[DutyChange, ...]:
    """Absences and covers that touch the period and may still be taken back, and transfers of it; the newest first."""
    touching = Q(ends_at=None) | Q(ends_at__gt=start)
    kinds = (DutyChange.Kind.ABSENCE, DutyChange.Kind.COVER, DutyChange.Kind.DESK, DutyChange.Kind.TRANSFER)
    here = Q(area=community) | Q(duties__grid__parent=community) | Q(worker__duties__grid__parent=community)
    living = Q(absences__isnull=False) | Q(duties__isnull=False) | Q(desk_shifts__isnull=False)
    found = DutyChange.objects.filter(touching, here, living, kind__in=kinds, starts_at__lt=end)
    return tuple(found.select_related("worker", "made_by").order_by("-starts_at", "-id").distinct()[:100])


def _people(community: Area, now: datetime) -> tuple[PersonLine, ...]:
    """Field workers and desk clerks that the community employs, by role and name of their grids."""
    roles = [role.value for role in (*FIELD_ROLES, Role.COMMUNITY)]
    held = Membership.objects.filter(area=community, role__in=roles, valid__contains=now, user__is_active=True)
    grids: dict[UUID, list[tuple[str, str]]] = {}
    serving = Duty.objects.filter(worker__memberships__area=community, valid__contains=now).select_related("grid")
    for duty in serving.exclude(post=Duty.Post.DEPUTY).order_by("grid__code").distinct():
        grids.setdefault(duty.worker_id, []).append((duty.grid.code, duty.grid.name))
    return tuple(
        PersonLine(one.user, one.role, one.employment, tuple(grids.get(one.user_id, ())))
        for one in held.select_related("user").order_by("role", "user__username")
    )


def own_chains(worker_id: UUID, *, now: datetime) -> Sequence[tuple[Duty, Chain, Absence | None]]:
    """The grids that a worker serves now, with everybody who answers for them and the worker's absence, if any."""
    held = Duty.objects.filter(worker=worker_id, valid__contains=now).select_related("grid__parent")
    duties = list(held.order_by("grid__code", "post"))
    away = Absence.objects.filter(worker=worker_id, period__contains=now).first()
    found = chains((duty.grid_id, now) for duty in duties)
    return [(duty, found[duty.grid_id, now], away) for duty in duties]
