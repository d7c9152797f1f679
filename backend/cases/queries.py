"""Reads of cases: lists for the desk and the field, what may be done next, lamps, timelines."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

from django.contrib.gis.geos import Polygon
from django.db.models import Count, F, Q, QuerySet

from backend.accounts.actor import Actor
from backend.accounts.models import Department, User
from backend.areas.models import Area, Duty
from backend.cases import workflow
from backend.cases.disputes import queries as disputes
from backend.cases.flows.names import Need
from backend.cases.flows.steps import open_steps
from backend.cases.flows.table import Transition
from backend.cases.models import Case, CaseEvent, Photo
from backend.cases.workflow import OPEN_STATES, RUNNING, Action, Stage, State
from backend.core.calendar import work_calendar
from backend.core.clock import Lamp, LampCuts, Unit, lamp_cuts
from backend.core.clock import lamp as lamp_of

Order = Literal["-reported_at", "due_at"]
PAGE_MAX = 200
_RUNNING = tuple(state.value for state in RUNNING)


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What a desk looks for. Empty parts do not narrow."""

    states: tuple[str, ...] = ()
    lamp: str = ""
    grid_code: str = ""
    matter_id: UUID | None = None
    q: str = ""
    bbox: tuple[float, float, float, float] | None = None
    responsible_id: UUID | None = None
    open_only: bool = False
    after: tuple[datetime | None, UUID] | None = field(default=None)
    order: Order = "-reported_at"


def list_cases(actor: Actor, wanted: CaseFilter, *, now: datetime, limit: int) -> list[Case]:
    """Up to `limit` cases in the order asked for, after the key of the page before; at most PAGE_MAX."""
    found = _ordered(_filtered(Case.objects.visible_to(actor), wanted, now), wanted)
    found = found.select_related("matter", "grid", "responsible", "department", "condition")
    return list(found[: min(limit, PAGE_MAX)])


def count_cases(actor: Actor, wanted: CaseFilter, *, now: datetime) -> int:
    """How many cases the filter finds, over all pages."""
    return _filtered(Case.objects.visible_to(actor), wanted, now).count()


def sees(actor: Actor, case_id: UUID) -> bool:
    """Whether the case is one of the actor's."""
    return Case.objects.visible_to(actor).filter(pk=case_id).exists()


def cases_in(actor: Actor, wanted: CaseFilter, *, now: datetime) -> QuerySet[Case]:
    """The filtered, scoped query itself, for readers that build their answer in SQL (map layers)."""
    return _filtered(Case.objects.visible_to(actor), wanted, now)


def _filtered(found: QuerySet[Case], wanted: CaseFilter, now: datetime) -> QuerySet[Case]:
    if wanted.states:
        found = found.filter(state__in=wanted.states)
    if wanted.open_only:
        found = found.filter(state__in=[state.value for state in OPEN_STATES])
    if wanted.grid_code:
        found = found.filter(grid__code=wanted.grid_code)
    if wanted.matter_id:
        found = found.filter(matter_id=wanted.matter_id)
    if wanted.responsible_id:
        found = found.filter(responsible_id=wanted.responsible_id)
    if wanted.bbox:
        found = found.filter(location__intersects=Polygon.from_bbox(wanted.bbox))
    if wanted.q:
        found = found.filter(_search(wanted.q.strip()))
    if wanted.lamp:
        found = _with_lamp(found, Lamp(wanted.lamp), now)
    return found


def _search(q: str) -> Q:
    return (
        Q(number__startswith=q)
        | Q(description__icontains=q)
        | Q(address_text__icontains=q)
        | Q(matter__name_zh__icontains=q)
        | Q(matter__name_en__icontains=q)
    )


def _with_lamp(found: QuerySet[Case], wanted: Lamp, now: datetime) -> QuerySet[Case]:
    """The cases of one colour, exact for any number: there are few limits, and each has its cuts at `now`."""
    running = found.filter(state__in=_RUNNING, due_at__isnull=False, limit_amount__isnull=False).exclude(limit_unit="")
    if wanted is Lamp.NONE:
        return found.exclude(pk__in=running.values("pk"))
    if wanted is Lamp.RED:
        return running.filter(due_at__lte=now)
    limits = running.order_by().values_list("limit_amount", "limit_unit").distinct()
    calendar = work_calendar()
    colour = Q(pk__in=[])
    for amount, unit in limits:
        assert amount is not None
        cuts = lamp_cuts(calendar, amount=amount, unit=Unit(unit), now=now)
        colour |= Q(limit_amount=amount, limit_unit=unit) & _between(cuts, wanted)
    return running.filter(colour)


def _between(cuts: LampCuts, wanted: Lamp) -> Q:
    if wanted is Lamp.GREEN:
        return Q(due_at__gt=cuts.green)
    if wanted is Lamp.YELLOW:
        return Q(due_at__gt=cuts.yellow, due_at__lte=cuts.green)
    return Q(due_at__gt=cuts.orange, due_at__lte=cuts.yellow)


def _ordered(found: QuerySet[Case], wanted: CaseFilter) -> QuerySet[Case]:
    if wanted.order == "due_at":
        if wanted.after:
            due, key = wanted.after
            after_null = Q(due_at=None, pk__gt=key)
            found = found.filter(
                after_null if due is None else Q(due_at__gt=due) | Q(due_at=due, pk__gt=key) | Q(due_at=None)
            )
        return found.order_by(F("due_at").asc(nulls_last=True), "pk")
    if wanted.after:
        reported, key = wanted.after
        found = found.filter(Q(reported_at__lt=reported) | Q(reported_at=reported, pk__gt=key))
    return found.order_by("-reported_at", "pk")


def lamp(case: Case, *, now: datetime) -> Lamp:
    """The colour of a case's clock; none before dispatch, while it stands still, and after handling."""
    return lamp_at(state=case.state, due_at=case.due_at, amount=case.limit_amount, unit=case.limit_unit, now=now)


def lamp_at(*, state: str, due_at: datetime | None, amount: Decimal | None, unit: str, now: datetime) -> Lamp:
    """`lamp` from the columns alone, for readers that do not build case objects."""
    if state not in _RUNNING or due_at is None or amount is None or not unit:
        return Lamp.NONE
    return lamp_of(work_calendar(), amount=amount, unit=Unit(unit), due=due_at, now=now)


def stage(case: Case) -> Stage:
    return workflow.stage_of(State(case.state), rated=case.rated_at is not None)


@dataclass(frozen=True, slots=True)
class AvailableAction:
    """A step that the actor may take now, and what it needs: note, photo, worker, matter."""

    action: Action
    needs: tuple[Need, ...]


_HIDDEN = frozenset(
    {
        Action.ROUTE,
        Action.RATE,
        Action.ESCALATE,
        Action.SELF_HANDLE,
        Action.REBOOK,
        Action.SETTLE,
        Action.WITHDRAW,
    }
)


def available_actions(case: Case, actor: Actor, *, now: datetime) -> list[AvailableAction]:
    """The steps of the table for this state and role; a case is sent back once a decision, by its owner's side."""
    return [
        AvailableAction(row.action, _needs(case, row))
        for row in open_steps(case, actor, now=now)
        if row.action not in _HIDDEN
        and (row.action is not Action.DISPUTE or disputes.return_refusal(case, actor) is None)
    ]


def _needs(case: Case, row: Transition) -> tuple[Need, ...]:
    """A picture only where the matter asks for one."""
    return tuple(need for need in row.needs if need is not Need.PHOTO or case.matter.evidence.get("photo"))


def timeline(case: Case, *, public: bool) -> list[CaseEvent]:
    """The history in order with its photos; the public one leaves out what is between insiders."""
    events = case.events.select_related("actor").prefetch_related("photos").order_by("n")
    return list(events.filter(is_public=True) if public else events)


def photos_of(case: Case) -> list[Photo]:
    return list(case.photos.filter(state=Photo.State.READY).order_by("uploaded_at"))


@dataclass(frozen=True, slots=True)
class AssignCandidate:
    """Somebody who may take the case, with the work already in hand."""

    worker: User
    post: str
    grid_code: str
    grid_name: str
    open_cases: int
    is_own_grid: bool


def assign_candidates(case: Case, actor: Actor, *, now: datetime) -> list[AssignCandidate]:
    """Workers on duty in the case's community (or street) and the actor's areas; the own grid first, then by load."""
    scope = ".".join(case.area_path.split(".")[:4]) + "."
    duties = (
        Duty.objects.filter(valid__contains=now, worker__is_active=True, grid__path__startswith=scope)
        .exclude(worker__absences__period__contains=now)
        .select_related("worker", "grid")
        .order_by("grid__code", "post")[:200]
    )
    loads = dict(
        Case.objects.open()
        .filter(responsible__in=[duty.worker_id for duty in duties])
        .values_list("responsible")
        .annotate(Count("pk"))
    )
    rows = [
        AssignCandidate(
            duty.worker,
            duty.post,
            duty.grid.code,
            duty.grid.name,
            loads.get(duty.worker_id, 0),
            duty.grid_id == case.grid_id,
        )
        for duty in duties
        if actor.covers(duty.grid.path)
    ]
    return sorted(rows, key=lambda row: (not row.is_own_grid, row.open_cases, row.grid_code))


def departments() -> list[Department]:
    return list(Department.objects.filter(is_active=True).order_by("code"))


@dataclass(frozen=True, slots=True)
class CaseCounts:
    """The strip above the queue."""

    by_state: dict[str, int]
    open: int
    overdue: int
    due_today: int
    reported_today: int
    closed_today: int


def counts(actor: Actor, *, now: datetime, day_start: datetime) -> CaseCounts:
    """Open cases by state, overdue ones, and what came and went since `day_start`."""
    visible = Case.objects.visible_to(actor)
    by_state = dict(visible.open().values_list("state").annotate(Count("pk")))
    running = visible.filter(state__in=_RUNNING)
    return CaseCounts(
        by_state=by_state,
        open=sum(by_state.values()),
        overdue=running.filter(due_at__lte=now).count(),
        due_today=running.filter(due_at__gt=now, due_at__lt=day_start + timedelta(days=1)).count(),
        reported_today=visible.filter(reported_at__gte=day_start).count(),
        closed_today=visible.filter(closed_at__gte=day_start).count(),
    )


@dataclass(frozen=True, slots=True)
class GridCounts:
    """Open work of one grid."""

    open: int
    overdue: int


def counts_in_grid(actor: Actor, grid: Area, *, now: datetime) -> GridCounts:
    """Open and overdue cases of a grid, as far as the actor sees them."""
    found = Case.objects.visible_to(actor).filter(grid=grid)
    running = found.filter(state__in=_RUNNING, due_at__lte=now)
    return GridCounts(open=found.open().count(), overdue=running.count())
