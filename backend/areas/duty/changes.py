"""Writes of duty: absences, covers, transfers, desk shifts, and taking them back.

Every function runs inside the caller's transaction (`backend.inspections.staffing`), which moves the work that follows
with the same rows in sight.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.actor import SYSTEM, Actor
from backend.accounts.models import Membership, User
from backend.accounts.roles import FIELD_ROLES, Role
from backend.areas.duty.chain import chains
from backend.areas.duty.wishes import (
    TRANSFER_POSTS,
    AbsenceWish,
    CoverWish,
    DeskWish,
    TransferWish,
    Wish,
    WithdrawalWish,
    digest_of,
)
from backend.areas.errors import (
    AreaNotFound,
    BadDutyChange,
    DutyChangeNotFound,
    DutyChangeOver,
    DutyOverlaps,
    WorkerNotFound,
)
from backend.areas.models import Absence, Area, DeskShift, Duty, DutyChange
from backend.core import audit, outbox
from backend.core.errors import IdReused
from backend.core.ids import uuid7

MOST_COVERED: Final = 30
_DESK_ROLES: Final = frozenset({Role.COMMUNITY, Role.STREET})
_OVERLAPS: Final = {
    "one_leader_at_a_time": ("the grid has a leader in this period already", "post"),
    "one_cover_at_a_time": ("one of the grids is covered in this period already", "grid_codes"),
    "one_post_a_worker_and_grid": ("this person serves the grid in this period already", "worker_id"),
    "one_absence_at_a_time": ("this person is away in this period already", "starts"),
    "one_desk_a_person_at_a_time": ("this person sits at a desk in this period already", "starts"),
}


@dataclass(frozen=True, slots=True)
class Written:
    """A change that stands in the tables. `workers` are those whose work has to be looked over, from `at` on.

    `taken_from` names for each covered grid who answered first before: their work goes over too.
    """

    change: DutyChange
    at: datetime
    until: datetime | None
    workers: frozenset[UUID] = frozenset()
    grids: frozenset[UUID] = frozenset()
    taken_from: Mapping[UUID, UUID] = field(default_factory=dict)
    is_new: bool = True


def write(*, actor: Actor, change_id: UUID, wish: Wish, now: datetime) -> Written:
    """Writes the wish and names whose work it touches; a repeat of the id writes nothing.

    Raises WorkerNotFound, AreaNotFound, BadDutyChange, DutyOverlaps, DutyChangeNotFound, DutyChangeOver, IdReused.
    """
    worker = _locked_worker(actor, wish, now)
    earlier = DutyChange.objects.filter(pk=change_id).first()
    if earlier is not None:
        if bytes(earlier.digest) != digest_of(wish):
            raise IdReused("this id names another change of duty")
        return Written(earlier, earlier.starts_at, earlier.ends_at, is_new=False)
    with _readable_overlaps():
        written = _WRITERS[wish.kind_of_change](actor, change_id, wish, worker, now)
    audit.record(
        f"duty_{written.change.kind}",
        actor_id=actor.user_id,
        role=actor.role.value,
        subject_kind="duty_change",
        subject_id=written.change.pk,
        now=now,
    )
    outbox.owe("duty_changed", written.change.pk, now=now, area_path=written.change.area.path)
    return written


def _locked_worker(actor: Actor, wish: Wish, now: datetime) -> User:
    """The person of the wish, locked so that changes of one person follow one another.

    The weaker lock: cases that name the person meanwhile need not wait.
    """
    if isinstance(wish, WithdrawalWish):
        found = DutyChange.objects.visible_to(actor).filter(pk=wish.change_id).first()
        if found is None or found.worker_id is None:
            raise DutyChangeNotFound("no such change of duty in your areas")
        return User.objects.select_for_update(no_key=True).get(pk=found.worker_id)
    worker = User.objects.select_for_update(no_key=True).filter(pk=wish.worker_id, is_active=True).first()
    roles = FIELD_ROLES | _DESK_ROLES if isinstance(wish, DeskWish) else FIELD_ROLES
    if worker is None or employer_of(actor, worker.pk, roles=roles, now=now) is None:
        raise WorkerNotFound("no such worker in your areas", field="worker_id")
    return worker


def employer_of(actor: Actor, worker_id: UUID, *, roles: frozenset[Role], now: datetime) -> Area | None:
    """The area that employs the person, when it lies in the actor's areas."""
    held = Membership.objects.filter(user=worker_id, role__in=[role.value for role in roles], valid__contains=now)
    areas = [one.area for one in held.select_related("area").order_by("area__path") if one.area is not None]
    return next((area for area in areas if actor == SYSTEM or actor.covers(area.path)), None)


@contextmanager
def _readable_overlaps() -> Iterator[None]:
    """The tables have the last word on overlaps; their refusal is told in words."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        diagnostics = getattr(error.__cause__, "diag", None)
        name = str(getattr(diagnostics, "constraint_name", ""))
        if name not in _OVERLAPS:
            raise
        detail, named = _OVERLAPS[name]
        raise DutyOverlaps(detail, field=named, constraint=name) from error


def _change(
    wish: Wish, change_id: UUID, area: Area, worker: User, actor: Actor, *, now: datetime, **more: Any
) -> DutyChange:
    return DutyChange.objects.create(
        id=change_id,
        kind=wish.kind_of_change,
        area=area,
        worker=worker,
        digest=digest_of(wish),
        made_at=now,
        made_by_id=actor.user_id,
        **more,
    )


def _in_order(starts: datetime, ends: datetime | None) -> DateTimeTZRange:
    if ends is not None and ends <= starts:
        raise BadDutyChange("the end lies not after the begin", field="ends")
    return DateTimeTZRange(starts, ends)


def _absence(actor: Actor, change_id: UUID, wish: AbsenceWish, worker: User, now: datetime) -> Written:
    period = _in_order(wish.starts, wish.ends)
    if wish.ends is not None and wish.ends <= now:
        raise BadDutyChange("this absence is over already", field="ends")
    employer = _employer(actor, worker, now)
    change = _change(
        wish, change_id, employer, worker, actor, now=now, starts_at=wish.starts, ends_at=wish.ends,
        facts={"kind": wish.kind},
    )  # fmt: skip
    Absence.objects.create(
        id=uuid7(), worker=worker, period=period, kind=wish.kind, reason=wish.reason.strip(), change=change
    )
    return Written(change, max(wish.starts, now), wish.ends, frozenset({worker.pk}), _grids_of(worker.pk, period))


def _grids_of(worker_id: UUID, period: DateTimeTZRange) -> frozenset[UUID]:
    return frozenset(Duty.objects.filter(worker=worker_id, valid__overlap=period).values_list("grid_id", flat=True))


def _cover(actor: Actor, change_id: UUID, wish: CoverWish, worker: User, now: datetime) -> Written:
    period = _in_order(wish.starts, wish.ends)
    if wish.ends <= now:
        raise BadDutyChange("this period is over already", field="ends")
    codes = list(dict.fromkeys(wish.grid_codes))
    if not 1 <= len(codes) <= MOST_COVERED:
        raise BadDutyChange(f"name 1 to {MOST_COVERED} grids", field="grid_codes")
    grids = [_grid(actor, code, "grid_codes") for code in codes]
    at = max(wish.starts, now)
    before = chains((grid.pk, at) for grid in grids)
    area = _common(grids)
    change = _change(
        wish, change_id, area, worker, actor, now=now, starts_at=wish.starts, ends_at=wish.ends,
        facts={"grid_codes": codes},
    )  # fmt: skip
    Duty.objects.bulk_create(
        Duty(id=uuid7(), grid=grid, worker=worker, post=Duty.Post.COVER, valid=period, change=change) for grid in grids
    )
    firsts = {grid_id: chain.first.worker.pk for (grid_id, _), chain in before.items() if chain.first is not None}
    return Written(
        change,
        at,
        wish.ends,
        frozenset(firsts.values()) - {worker.pk},
        frozenset(grid.pk for grid in grids),
        {grid_id: first for grid_id, first in firsts.items() if first != worker.pk},
    )


def _street_of(area: Area) -> Area:
    while area.level != Area.Level.STREET and area.parent is not None:
        area = area.parent
    return area


def _grid(actor: Actor, code: str, named: str) -> Area:
    grid = (
        Area.objects.filter(level=Area.Level.GRID, code=code, closed_at=None).select_related("parent__parent").first()
    )
    if grid is None or not (actor == SYSTEM or actor.covers(grid.path)):
        raise AreaNotFound("no such grid in your areas", code=code, field=named)
    return grid


def _transfer(actor: Actor, change_id: UUID, wish: TransferWish, worker: User, now: datetime) -> Written:
    left, entered = _grid(actor, wish.from_code, "from_code"), _grid(actor, wish.to_code, "to_code")
    if left.pk == entered.pk:
        raise BadDutyChange("choose another grid", field="to_code")
    if wish.post not in TRANSFER_POSTS:
        raise BadDutyChange(f"choose one of {', '.join(TRANSFER_POSTS)}", field="post")
    if wish.at < now:
        raise BadDutyChange("a transfer takes place now or later", field="at")
    held = (
        Duty.objects.select_for_update()
        .filter(grid=left, worker=worker, post__in=TRANSFER_POSTS, valid__contains=wish.at)
        .first()
    )
    if held is None:
        raise BadDutyChange("this person does not serve the grid then", field="from_code")
    change = _change(
        wish, change_id, _common([left, entered]), worker, actor, now=now, starts_at=wish.at,
        facts={"from": left.code, "to": entered.code, "post": wish.post},
    )  # fmt: skip
    upper = held.valid.upper
    _end(held, wish.at)
    Duty.objects.create(
        id=uuid7(),
        grid=entered,
        worker=worker,
        post=wish.post,
        part_time=held.part_time and wish.post == Duty.Post.WORKER,
        valid=DateTimeTZRange(wish.at, upper),
        change=change,
    )
    return Written(change, wish.at, None, frozenset({worker.pk}), frozenset({left.pk, entered.pk}))


def _common(grids: Sequence[Area]) -> Area:
    """The community of all the grids, or their street."""
    communities = {grid.parent_id: grid.parent for grid in grids if grid.parent is not None}
    return next(iter(communities.values())) if len(communities) == 1 else _street_of(grids[0])


def _employer(actor: Actor, worker: User, now: datetime) -> Area:
    area = employer_of(actor, worker.pk, roles=FIELD_ROLES, now=now)
    if area is None:
        raise WorkerNotFound("no such worker in your areas", field="worker_id")
    return area


def _end(duty: Duty, at: datetime) -> None:
    if duty.valid.lower is not None and duty.valid.lower >= at:
        duty.delete()
        return
    duty.valid = DateTimeTZRange(duty.valid.lower, at)
    duty.save(update_fields=["valid"])


def _desk(actor: Actor, change_id: UUID, wish: DeskWish, worker: User, now: datetime) -> Written:
    period = _in_order(wish.starts, wish.ends)
    desk = Area.objects.filter(code=wish.desk_code, level__in=(Area.Level.COMMUNITY, Area.Level.STREET)).first()
    if desk is None or not (actor == SYSTEM or actor.covers(desk.path)):
        raise AreaNotFound("no such desk in your areas", code=wish.desk_code, field="desk_code")
    change = _change(wish, change_id, desk, worker, actor, now=now, starts_at=wish.starts, ends_at=wish.ends)
    DeskShift.objects.create(
        id=uuid7(), desk=desk, worker=worker, period=period, phone=wish.phone.strip(), change=change
    )
    return Written(change, max(wish.starts, now), wish.ends)


def _withdrawal(actor: Actor, change_id: UUID, wish: WithdrawalWish, worker: User, now: datetime) -> Written:
    undone = DutyChange.objects.select_for_update(of=("self",)).select_related("area").get(pk=wish.change_id)
    if undone.kind in (DutyChange.Kind.TRANSFER, DutyChange.Kind.WITHDRAWAL, DutyChange.Kind.SHEET):
        raise BadDutyChange("this change can't be taken back; enter the opposite one", field="change_id")
    if undone.is_over(now):
        raise DutyChangeOver(
            "this change of duty is over and nothing of it is left to end; look at the calendar again, and enter a new "
            "change for what is to come"
        )
    has_begun = undone.starts_at < now
    covered = _end_rows(undone, now=now, has_begun=has_begun)
    undone.ends_at = now if has_begun else undone.starts_at
    undone.returned_at = None if has_begun else now
    undone.swept_at = undone.swept_at if has_begun else now
    undone.save(update_fields=["ends_at", "returned_at", "swept_at"])
    change = _change(wish, change_id, undone.area, worker, actor, now=now, starts_at=now, facts={"of": str(undone.pk)})
    touched = frozenset({worker.pk}) if undone.kind == DutyChange.Kind.COVER and has_begun else frozenset()
    return Written(change, now, None, touched, covered)


def _end_rows(undone: DutyChange, *, now: datetime, has_begun: bool) -> frozenset[UUID]:
    """Ends or deletes the rows of a change; names the covered grids."""
    covered = frozenset(undone.duties.values_list("grid_id", flat=True))
    for rows, name in ((undone.absences, "period"), (undone.desk_shifts, "period"), (undone.duties, "valid")):
        for row in rows.all():
            if not has_begun:
                row.delete()
            else:
                setattr(row, name, DateTimeTZRange(getattr(row, name).lower, now))
                row.save(update_fields=[name])
    return covered


_WRITERS: Final[dict[str, Callable[..., Written]]] = {
    DutyChange.Kind.ABSENCE: _absence,
    DutyChange.Kind.COVER: _cover,
    DutyChange.Kind.TRANSFER: _transfer,
    DutyChange.Kind.DESK: _desk,
    DutyChange.Kind.WITHDRAWAL: _withdrawal,
}
