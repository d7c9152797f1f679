"""A change of the departments' duty directory and the open cases that it touches: first to look at, then to carry out.

A case stays with its department; what changes is who of it answers. Whoever answers now is told of what is not started.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import NAMESPACE_OID, UUID, uuid5

from django.db import transaction
from django.db.models import F, Q, QuerySet

from backend.accounts.actor import SYSTEM, Actor
from backend.areas.models import within
from backend.cases.history import record_step
from backend.cases.models import Case, Reroute
from backend.cases.rerouting import Cause, Standing
from backend.cases.routing import verdict_for
from backend.cases.rule_effects import rolled_back
from backend.cases.workflow import UNDER_WAY, Action, State
from backend.core import outbox
from backend.core.errors import StaleVersion
from backend.core.ids import uuid7
from backend.core.rows import lock_rows
from backend.dispatch import directory
from backend.dispatch import services as dispatch
from backend.dispatch.department_duty import OnDuty, Question, on_duty
from backend.dispatch.directory import DirectoryChange, Entered
from backend.dispatch.errors import OutsideServedArea
from backend.dispatch.models import DepartmentDuty

_JUST_BEFORE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Told:
    """An open case of a department, who of it answered so far, and who does with the change."""

    case: Case
    before: OnDuty
    after: OnDuty


@dataclass
class DirectoryEffect:
    """What a change of the directory does to open work. `under_way`: begun by the department, not told again."""

    entered: Entered
    begins_now: bool
    tells: list[Told] = field(default_factory=list)
    under_way: list[Told] = field(default_factory=list)
    told: int = 0

    @property
    def stamp(self) -> str:
        """Tells whether what was looked at is still what would be done."""
        said = [f"{one.case.pk}/{one.case.version}/{_named(one.before)}/{_named(one.after)}" for one in self.tells]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def preview(*, actor: Actor, change: DirectoryChange, now: datetime) -> DirectoryEffect:
    """What the change would do, the directory left as it is. Raises what `directory.write` raises."""
    with rolled_back():
        return _change(actor, change, now)


@transaction.atomic
def apply(*, actor: Actor, change: DirectoryChange, stamp: str, now: datetime) -> DirectoryEffect:
    """Makes the change and tells whoever answers now of each case that is not started. What begins later is told by a
    sweep when it begins. Raises what `directory.write` raises, and StaleVersion where the work is not that of `stamp`.
    """
    effect = _change(actor, change, now)
    if not effect.entered.is_new:
        return effect
    if stamp != effect.stamp:
        raise StaleVersion("the work has changed since the preview; look at it again", stamp=effect.stamp)
    if effect.begins_now:
        change_id = uuid5(NAMESPACE_OID, f"{change.entry_id}/{change.step}/{change.version}")
        effect.told = _tell(effect.tells, change_id=change_id, actor=actor, now=now)
    return effect


def _change(actor: Actor, change: DirectoryChange, now: datetime) -> DirectoryEffect:
    with rolled_back():
        entered = directory.write(actor=actor, change=change, now=now)
    effect = DirectoryEffect(entered, begins_now=entered.at <= now)
    if not entered.is_new:
        return effect
    cases = _open_work(entered.touched)
    asked = [_question(case, entered.at) for case in cases]
    before = on_duty(asked)
    effect.entered = directory.write(actor=actor, change=change, now=now)
    _compare(effect, cases, before, on_duty(asked))
    return effect


def _open_work(entries: Sequence[DepartmentDuty]) -> list[Case]:
    """What the departments of these entries have in their areas, locked in the order of their ids."""
    reached = Q(pk__in=[])
    for entry in entries:
        reached |= Q(department=entry.department_id) & within([entry.area.path], "area_path")
    ids = lock_rows(Case.objects.filter(reached, state__in=[State.PENDING_HANDLE, *UNDER_WAY]))
    found = Case.objects.filter(pk__in=ids).select_related("matter__department", "grid", "responsible", "department")
    return list(found.order_by("pk"))


def _question(case: Case, at: datetime) -> Question:
    assert case.department_id is not None  # noqa: S101  (read by department)
    return Question(case.department_id, case.area_path, case.matter, at)


def _compare(effect: DirectoryEffect, cases: Sequence[Case], before: Sequence[OnDuty], after: Sequence[OnDuty]) -> None:
    for case, old, new in zip(cases, before, after, strict=True):
        if _named(old) != _named(new):
            (effect.under_way if case.state in UNDER_WAY else effect.tells).append(Told(case, old, new))


def _named(answering: OnDuty) -> tuple[str, str] | None:
    return (answering.found.person, answering.found.phone) if answering.found else None


def _tell(tells: Sequence[Told], *, change_id: UUID, actor: Actor, now: datetime) -> int:
    """For each case a line, a decision that names the new person, an SMS or the desks' alarm. How many.

    Once a change: an entry has its version for those that edit it, and `looked_at` for the sweep, both read under its
    lock; the table of reroutes refuses a second row where that was forgotten.
    """
    for case in (one.case for one in tells):
        Reroute.objects.create(id=uuid7(), case=case, change_id=change_id, cause=Cause.DUTY.value, at=now)
        facts = {"cause": Cause.DUTY.value, "change_id": str(change_id), **Standing.of(case).facts(case)}
        try:
            verdict = verdict_for(case, now=now)
        except OutsideServedArea:
            verdict = None
        if verdict is not None and verdict.department == case.department:
            kept = dispatch.keep(case_id=case.pk, verdict=verdict, cause=Cause.DUTY.value, now=now)
            facts["decision_id"] = str(kept.pk)
        record_step(case, action=Action.ROUTE, actor=actor, to_state=State(case.state), now=now, facts=facts)
        outbox.owe(
            "case_to_department", case.pk, now=now, area_path=case.area_path, department_id=str(case.department_id)
        )
    return len(tells)


def sweep(*, now: datetime, limit: int = 100) -> int:
    """Follows each entry that has begun or ended since it was looked at, once; how many cases were told on.

    Catches what begins later than it was entered, and what a workbook brought. May run twice, late or side by side.
    """
    return sum(_follow(pk, now=now) for pk in _due(now).order_by("looked_at").values_list("pk", flat=True)[:limit])


def _due(now: datetime) -> QuerySet[DepartmentDuty]:
    begun = Q(valid__startswith__gt=F("looked_at"), valid__startswith__lte=now)
    return DepartmentDuty.objects.filter(begun | Q(valid__endswith__gt=F("looked_at"), valid__endswith__lte=now))


@transaction.atomic
def _follow(entry_id: UUID, *, now: datetime) -> int:
    found = _due(now).select_for_update(skip_locked=True, of=("self",))
    entry = found.select_related("area", "department", "matter").filter(pk=entry_id).first()
    if entry is None:
        return 0
    moment = next(at for at in (entry.valid.upper, entry.valid.lower) if at is not None and entry.looked_at < at <= now)
    cases = [case for case in _open_work([entry]) if case.state == State.PENDING_HANDLE]
    before = on_duty([_question(case, moment - _JUST_BEFORE) for case in cases])
    effect = DirectoryEffect(Entered(entry, [entry], moment), begins_now=True)
    _compare(effect, cases, before, on_duty([_question(case, now) for case in cases]))
    entry.looked_at = now
    entry.save(update_fields=["looked_at"])
    change_id = uuid5(NAMESPACE_OID, f"{entry.pk}/{moment.timestamp()}")
    return _tell(effect.tells, change_id=change_id, actor=SYSTEM, now=now)
