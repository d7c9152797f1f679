"""A change of duty and everything that follows from it, in one transaction: cases, appointments, planned stops.

The preview runs the very same steps and rolls them back, so that it can't say anything else than what applying does.
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import QuerySet

from backend.accounts.actor import SYSTEM, Actor
from backend.areas.duty import changes
from backend.areas.duty.changes import Written
from backend.areas.duty.policy import returns_work
from backend.areas.duty.wishes import Wish
from backend.areas.models import Area, Duty, DutyChange
from backend.cases import handover
from backend.cases.handover import Move
from backend.cases.models import Case
from backend.core.clock import week_start_of
from backend.core.errors import StaleVersion
from backend.inspections import plans
from backend.inspections.models import Appointment, Stop

# A change without an end is looked at for this long where planned stops are concerned: plans reach no farther.
PLANNED_AHEAD: Final = timedelta(days=14)


@dataclass
class Effect:
    """What a change of duty does. `version` names exactly this: applying asks for it again."""

    change: DutyChange
    begins_now: bool
    moves: list[Move] = field(default_factory=list)
    to_decide: list[Case] = field(default_factory=list)
    appointments: list[Appointment] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    version: str = ""
    moved: int = 0
    is_new: bool = True


@transaction.atomic
def preview(*, actor: Actor, change_id: UUID, wish: Wish, now: datetime) -> Effect:
    """What `apply` would do at this moment; nothing is kept. Raises what `areas.duty.changes.write` raises."""
    effect = _effect(changes.write(actor=actor, change_id=change_id, wish=wish, now=now), now=now)
    transaction.set_rollback(True)
    return effect


@transaction.atomic
def apply(*, actor: Actor, change_id: UUID, wish: Wish, version: str, now: datetime) -> Effect:
    """Makes the change, gives away what is not started, owes new plans. A repeat of the id changes nothing.

    `version` is that of the preview. Raises StaleVersion when the work has changed since, and what
    `areas.duty.changes.write` raises. What begins later is moved by a sweep when it begins.
    """
    written = changes.write(actor=actor, change_id=change_id, wish=wish, now=now)
    if not written.is_new:
        return Effect(written.change, begins_now=written.at <= now, is_new=False)
    effect = _effect(written, now=now)
    if effect.version != version:
        raise StaleVersion("the work has changed since the preview; look at it again", version=effect.version)
    if effect.begins_now:
        effect.moved = handover.carry_out(effect.moves, change=written.change, actor=actor, now=now)
    _owe_plans(written, effect, now=now)
    return effect


def _effect(written: Written, *, now: datetime) -> Effect:
    look = handover.look(workers=written.workers, grids=written.grids, taken_from=written.taken_from, at=written.at)
    until = written.until or written.at + PLANNED_AHEAD
    span = DateTimeTZRange(written.at, until) if until > written.at else None
    effect = Effect(
        written.change,
        begins_now=written.at <= now,
        moves=look.moves,
        to_decide=look.to_decide,
        stops=_free_stops(written.workers, span) if span else [],
        is_new=written.is_new,
    )
    effect.appointments = _appointments(effect.stops)
    effect.version = version_of(effect)
    return effect


def _free_stops(workers: Collection[UUID], span: DateTimeTZRange) -> list[Stop]:
    """Stops of the published rounds of these people in the period that nobody has begun or locked."""
    found = Stop.objects.published().filter(
        route__worker__in=list(workers), state=Stop.State.PLANNED, locked=False,
        start_at__gte=span.lower, start_at__lt=span.upper,
    )  # fmt: skip
    related = found.select_related("route__plan__grid", "place", "appointment__grid", "appointment__case__matter")
    return list(related.order_by("start_at", "pk"))


def _appointments(stops: list[Stop]) -> list[Appointment]:
    booked = [stop.appointment for stop in stops if stop.appointment is not None]
    return [one for one in booked if one.state == Appointment.State.BOOKED]


def version_of(effect: Effect) -> str:
    """A name for exactly this work in exactly these hands."""
    said = {
        "moves": [[str(move.case.pk), move.case.version, move.owner] for move in effect.moves],
        "to_decide": [[str(case.pk), case.version] for case in effect.to_decide],
        "stops": [[str(stop.pk), stop.version] for stop in effect.stops],
    }
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:24]


def _owe_plans(written: Written, effect: Effect, *, now: datetime) -> None:
    """New versions of the published weeks that lose or win a walker; the planner reads the rosters as they are now."""
    weeks = {(stop.route.plan.grid_id, stop.route.plan.week_start) for stop in effect.stops}
    walked = written.grids
    if written.change.kind == DutyChange.Kind.WITHDRAWAL:
        # Whoever comes back walks again wherever they serve.
        served = Duty.objects.filter(worker=written.change.worker_id, valid__overlap=DateTimeTZRange(now, None))
        walked |= frozenset(served.values_list("grid_id", flat=True))
    if written.change.kind in (DutyChange.Kind.COVER, DutyChange.Kind.TRANSFER, DutyChange.Kind.WITHDRAWAL):
        until = min(written.until or written.at + PLANNED_AHEAD, now + PLANNED_AHEAD)
        week = week_start_of(written.at)
        while week <= week_start_of(until):
            weeks |= {(grid_id, week) for grid_id in walked}
            week += timedelta(days=7)
    grids = Area.objects.in_bulk({grid_id for grid_id, _ in weeks})
    for grid_id, week in sorted(weeks, key=str):
        if week >= week_start_of(now):
            plans.ask_again(grids[grid_id], week_start=week, now=now)


def sweep_changes(*, now: datetime, limit: int = 100) -> int:
    """Looks over each change that has begun, once, and each that has ended, once; says how many cases moved.

    Catches what begins later than it was entered, what an import brought, and what was dispatched while a change was
    being made. May run twice, late or side by side.
    """
    begun = DutyChange.objects.filter(swept_at=None, starts_at__lte=now)
    ended = DutyChange.objects.filter(returned_at=None, ends_at__lte=now, swept_at__isnull=False)
    moved = sum(_sweep_begun(pk, now=now) for pk in _ids(begun, "starts_at", limit))
    return moved + sum(_sweep_ended(pk, now=now) for pk in _ids(ended, "ends_at", limit))


def _ids(found: QuerySet[DutyChange], order: str, limit: int) -> list[UUID]:
    return list(found.order_by(order).values_list("pk", flat=True)[:limit])


@transaction.atomic
def _sweep_begun(change_id: UUID, *, now: datetime) -> int:
    change = DutyChange.objects.select_for_update(skip_locked=True).filter(pk=change_id, swept_at=None).first()
    if change is None:
        return 0
    grids = frozenset(Duty.objects.filter(change=change).values_list("grid_id", flat=True))
    workers = frozenset([change.worker_id] if change.worker_id else [])
    if change.kind == DutyChange.Kind.COVER:
        workers = _owners_in(grids) - workers
    look = handover.look(workers=workers, grids=grids, taken_from=_covered(change, grids) if grids else {}, at=now)
    moved = handover.carry_out(look.moves, change=change, actor=SYSTEM, now=now)
    change.swept_at = now
    change.save(update_fields=["swept_at"])
    return moved


def _owners_in(grids: Collection[UUID]) -> frozenset[UUID]:
    found = Case.objects.open().filter(grid__in=list(grids), responsible__isnull=False)
    return frozenset(found.values_list("responsible_id", flat=True).distinct())


def _covered(change: DutyChange, grids: Collection[UUID]) -> dict[UUID, UUID]:
    """For a cover: the leader of each grid, whose work it takes over."""
    if change.kind != DutyChange.Kind.COVER:
        return {}
    led = Duty.objects.filter(grid__in=list(grids), post=Duty.Post.LEADER, valid__contains=change.starts_at)
    return dict(led.exclude(worker=change.worker_id).values_list("grid_id", "worker_id"))


@transaction.atomic
def _sweep_ended(change_id: UUID, *, now: datetime) -> int:
    change = (
        DutyChange.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("area")
        .filter(pk=change_id, returned_at=None)
        .first()
    )
    if change is None:
        return 0
    moved = 0
    if change.kind == DutyChange.Kind.COVER and change.worker_id is not None:
        grids = frozenset(Duty.objects.filter(change=change).values_list("grid_id", flat=True))
        found = handover.look(workers={change.worker_id}, grids=grids, taken_from={}, at=now)
        moved = handover.carry_out(found.moves, change=change, actor=SYSTEM, now=now, at_end=True)
    elif change.kind == DutyChange.Kind.ABSENCE and returns_work(change.area):
        moved = handover.give_back(change=change, now=now)
    change.returned_at = now
    change.save(update_fields=["returned_at"])
    return moved
