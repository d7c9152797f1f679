"""When duty changes: what is routed to somebody who no longer answers gets a new owner by rule; what is under way waits
for a person's decision."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from backend.accounts.actor import SYSTEM, Actor
from backend.accounts.models import User
from backend.areas import queries as areas
from backend.areas.models import Absence, Duty, DutyChange
from backend.cases.correcting import corrected_to_another
from backend.cases.models import Case, Handover
from backend.cases.rerouting import NOT_STARTED, Cause, carry
from backend.cases.routing import verdict_for
from backend.cases.workflow import UNDER_WAY, State
from backend.core.ids import uuid7
from backend.core.rows import lock_rows
from backend.dispatch.errors import OutsideServedArea
from backend.dispatch.services import Verdict


@dataclass(frozen=True, slots=True)
class Move:
    """A case that goes to another owner, who had it, and the verdict that says to whom."""

    case: Case
    verdict: Verdict
    former: User | None

    @property
    def owner(self) -> str:
        """The new owner as one word, for comparing."""
        worker, department = self.verdict.worker, self.verdict.department
        return str(worker.pk if worker else department.pk if department else self.verdict.owner)


@dataclass
class Look:
    """What a change of duty does to cases: those that move by rule, and those that a person decides on."""

    moves: list[Move] = field(default_factory=list)
    to_decide: list[Case] = field(default_factory=list)


@transaction.atomic
def look(*, workers: Collection[UUID], grids: Collection[UUID], taken_from: Mapping[UUID, UUID], at: datetime) -> Look:
    """What the rosters as they stand now mean at `at` for the open work of these workers, and for the work of these
    grids that nobody has. The cases are locked, in the order of their ids, until the caller's transaction ends.
    """
    cases = list(_open_work(workers, grids))
    chains = areas.chains((case.grid_id, at) for case in cases if case.grid_id is not None)
    found = Look()
    for case in cases:
        chain = chains.get((case.grid_id, at)) if case.grid_id else None
        if case.responsible_id is not None and not _has_lost(case, chain, taken_from):
            continue
        if case.state in UNDER_WAY:
            found.to_decide.append(case)
            continue
        verdict = _decide(case, at)
        if verdict is None:
            found.to_decide.append(case)
        elif (verdict.worker.pk if verdict.worker else None) != case.responsible_id:
            found.moves.append(Move(case, verdict, case.responsible))
    return found


def _open_work(workers: Collection[UUID], grids: Collection[UUID]) -> QuerySet[Case]:
    owned = Q(responsible__in=list(workers), state__in=[*NOT_STARTED, *UNDER_WAY])
    unowned = Q(grid__in=list(grids), responsible=None, department=None, state=State.PENDING_HANDLE)
    ids = lock_rows(Case.objects.filter(owned | unowned))
    found = Case.objects.filter(pk__in=ids).select_related("matter__department", "grid", "responsible", "department")
    return found.order_by("pk")


def _has_lost(case: Case, chain: areas.Chain | None, taken_from: Mapping[UUID, UUID]) -> bool:
    """Whether the case's owner no longer answers: away, no longer of the grid, or somebody covers the grid."""
    if case.grid_id is not None and taken_from.get(case.grid_id) == case.responsible_id:
        return True
    lines = chain.lines if chain else ()
    return not any(line.worker.pk == case.responsible_id and not line.is_absent for line in lines)


def _decide(case: Case, at: datetime) -> Verdict | None:
    try:
        return verdict_for(case, now=at)
    except OutsideServedArea:
        return None


def carry_out(moves: Sequence[Move], *, change: DutyChange, actor: Actor, now: datetime, at_end: bool = False) -> int:
    """Gives each case its new owner, once at the begin and once at the end of a change: decision, history line, notice
    to both. How many moved.
    """
    done = set(Handover.objects.filter(change=change, at_end=at_end).values_list("case_id", flat=True))
    moved = 0
    for move in moves:
        if move.case.pk not in done:
            _hand_over(move, change=change, actor=actor, now=now, at_end=at_end)
            moved += 1
    return moved


def _hand_over(move: Move, *, change: DutyChange, actor: Actor, now: datetime, at_end: bool) -> None:
    case, verdict, former = move.case, move.verdict, move.case.responsible
    Handover.objects.create(
        id=uuid7(), case=case, change=change, from_worker=former, to_worker=verdict.worker,
        to_department=verdict.department, at=now, at_end=at_end,
    )  # fmt: skip
    carry(case, verdict=verdict, cause=Cause.DUTY, change_id=change.pk, actor=actor, now=now)


def give_back(*, change: DutyChange, now: datetime) -> int:
    """After an absence: what it had moved and nobody has started goes where the rule says now. How many went back.

    A case that a person has given to somebody else meanwhile stays.
    """
    rows = list(Handover.objects.filter(change=change, at_end=False, returned_at=None).order_by("case_id"))
    cases = {
        case.pk: case
        for case in Case.objects.filter(
            pk__in=lock_rows(Case.objects.filter(pk__in=[row.case_id for row in rows], state__in=NOT_STARTED))
        )
        .select_related("matter__department", "grid", "responsible", "department")
        .order_by("pk")
    }
    returned = 0
    for row in rows:
        case = cases.get(row.case_id)
        if case is None or case.responsible_id != row.to_worker_id:
            continue
        verdict = _decide(case, now)
        if verdict is None or verdict.worker is None or verdict.worker.pk != row.from_worker_id:
            continue
        carry(case, verdict=verdict, cause=Cause.DUTY, change_id=change.pk, actor=SYSTEM, now=now)
        Handover.objects.filter(pk=row.pk).update(returned_at=now)
        returned += 1
    return returned


def awaiting_decision(actor: Actor, *, at: datetime, limit: int = 200) -> list[Case]:
    """Cases under way whose owner is away, serves no grid any more, or is another since the case was corrected: a
    person of the desk decides.
    """
    away = Absence.objects.filter(worker=OuterRef("responsible"), period__contains=at)
    serving = Duty.objects.filter(worker=OuterRef("responsible"), valid__contains=at)
    found = Case.objects.visible_to(actor).filter(state__in=UNDER_WAY, responsible__isnull=False)
    found = found.filter(Exists(away) | ~Exists(serving) | corrected_to_another())
    return list(found.select_related("matter", "grid", "responsible").order_by("due_at", "pk")[:limit])
