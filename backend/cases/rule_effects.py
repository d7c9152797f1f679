"""A change of the rule table and the open cases that it moves: first to look at, then to carry out."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q

from backend.accounts.actor import Actor
from backend.areas.models import within
from backend.areas.publishing import hold_off_publishing
from backend.cases.models import Case
from backend.cases.rerouting import Cause, reroute
from backend.cases.workflow import UNDER_WAY, State
from backend.core.errors import StaleVersion
from backend.core.rows import lock_rows
from backend.dispatch import rules, rulings
from backend.dispatch import services as dispatch
from backend.dispatch.models import Rule, RuleVersion
from backend.dispatch.rules import RuleChange
from backend.dispatch.services import Ask, Verdict

# A case that was sent back waits for a person already, and is not moved under their hands.
MOVABLE: Final = (State.REPORTED, State.VERIFYING, State.FILED, State.PENDING_HANDLE)


@dataclass(frozen=True, slots=True)
class CaseMove:
    """An open case that the change sends elsewhere: where the table sends it now, and where then."""

    case: Case
    before: Verdict
    after: Verdict


@dataclass
class RuleEffect:
    """What a change of the table does to open work. `to_decide`: under way, ruled on, or given by a person."""

    moves: list[CaseMove] = field(default_factory=list)
    to_decide: list[CaseMove] = field(default_factory=list)
    version: RuleVersion | None = None
    moved: int = 0
    is_new: bool = True

    @property
    def stamp(self) -> str:
        """Tells whether what was looked at is still what would be done."""
        said = [f"{one.case.pk}/{one.case.version}/{one.after.holder}/{one.after.area_path}" for one in self.moves]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


@contextmanager
def rolled_back() -> Iterator[None]:
    """Everything written inside is undone at the end."""
    with transaction.atomic():
        mark = transaction.savepoint()
        try:
            yield
        finally:
            transaction.savepoint_rollback(mark)


def preview(*, actor: Actor, change: RuleChange, now: datetime) -> RuleEffect:
    """What the change would move, the rule table left as it is. Raises what `rules.write` raises."""
    with rolled_back():
        effect, _ = _change(actor, change, now, keep=False)
    return effect


@transaction.atomic
def apply(*, actor: Actor, change: RuleChange, now: datetime, move_open: bool, stamp: str = "") -> RuleEffect:
    """Makes the change; with `move_open` open cases follow at once, otherwise only what is decided from now on.

    Raises what `rules.write` raises, and StaleVersion where the effect is not the one of the preview `stamp`.
    """
    hold_off_publishing()
    rules.claim(change.rule_id)
    is_repeat = change.action is RuleVersion.Action.CREATED and Rule.objects.filter(pk=change.rule_id).exists()
    effect, version = _change(actor, change, now, keep=True)
    effect.version, effect.is_new = version, not is_repeat
    if stamp and not is_repeat and stamp != effect.stamp:
        raise StaleVersion("the work has changed since the preview; look at it again", field="stamp")
    if move_open and version is not None:
        for move in effect.moves:
            effect.moved += reroute(
                move.case, verdict=move.after, cause=Cause.RULE, change_id=version.pk, actor=actor, now=now
            )
    return effect


def _change(actor: Actor, change: RuleChange, now: datetime, *, keep: bool) -> tuple[RuleEffect, RuleVersion | None]:
    """Decides for the open cases of the rule's areas without and with the change, which is then in the table."""
    version: RuleVersion | None = None
    cases = _open_cases(areas_touched(actor, change, now))
    asked = [Ask(case.location.x, case.location.y, case.accuracy_m, case.matter) for case in cases]
    moments = [now] * len(cases)
    located = dispatch.locate_at(asked, moments)
    before = dispatch.decide_located(asked, located, moments)
    if keep:
        version = rules.write(actor=actor, change=change, now=now)
    else:
        rules.put(actor=actor, change=change, now=now)
    after = dispatch.decide_located(asked, located, moments)
    return _compare(cases, before, after), version


def areas_touched(actor: Actor, change: RuleChange, now: datetime) -> set[str]:
    """Paths of the areas that the rule holds in before and after the change."""
    paths = set(Rule.objects.filter(pk=change.rule_id).values_list("area__path", flat=True))
    with rolled_back():
        rule, _ = rules.put(actor=actor, change=change, now=now)
        paths.add(rule.area.path)
    return paths


def _open_cases(paths: set[str]) -> list[Case]:
    """Locked in the order of their ids, so that nobody begins with a case while it is moved."""
    ids = lock_rows(Case.objects.filter(within(paths, "area_path"), Q(state__in=[*MOVABLE, *UNDER_WAY])))
    found = Case.objects.filter(pk__in=ids).select_related("matter__department", "grid", "responsible", "department")
    return list(found.order_by("pk"))


def _compare(cases: Sequence[Case], before: Sequence[Verdict | None], after: Sequence[Verdict | None]) -> RuleEffect:
    effect, ruled = RuleEffect(), rulings.ruled_on([case.pk for case in cases])
    for case, old, new in zip(cases, before, after, strict=True):
        if old is None or new is None or (old.holder, old.area_path) == (new.holder, new.area_path):
            continue
        move = CaseMove(case, old, new)
        if case.state in MOVABLE and case.pk not in ruled and _stands_as_decided(case, old):
            effect.moves.append(move)
        else:
            effect.to_decide.append(move)
    return effect


def _stands_as_decided(case: Case, decided: Verdict) -> bool:
    """Whether the case is where dispatch would have it: not given to somebody else by a person."""
    if case.dispatched_at is None:
        return True
    return (case.responsible_id, case.department_id) == (
        decided.worker.pk if decided.worker else None,
        decided.department.pk if decided.department else None,
    )
