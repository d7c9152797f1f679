"""Proof by history: every stored decision of a period made once more with boundaries, rules and duty of its moment."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from backend.accounts.actor import SYSTEM, Actor
from backend.areas.models import DutyChange
from backend.cases.errors import BadPeriod
from backend.cases.history import FORMER_MATTER
from backend.cases.models import Case, CaseEvent
from backend.cases.rule_tables import RulesOf, by_table
from backend.cases.trials import MOST_CASES
from backend.cases.workflow import Action
from backend.dispatch import services as dispatch
from backend.dispatch.models import Decision, Ruling
from backend.dispatch.services import Ask, Verdict

# A report that was under way while boundaries switched was decided by the old ones and followed at once.
_OVERTAKEN_WITHIN: Final = timedelta(minutes=5)


class SetAside(StrEnum):
    """Why a decision is not made again: a person decided, or the case was another then."""

    RULED = "ruled"  # a dispute was settled on this very case
    CORRECTED = "corrected"  # place or matter was corrected afterwards, or the matter while it was filed
    OVERTAKEN = "overtaken"  # boundaries switched while it was being decided
    TOLD_LATER = "told_later"  # a change of duty that reaches back to it was entered, or taken back, only afterwards


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A stored decision that history does not bear out. `now` None: outside the area that was served."""

    decision: Decision
    now: Verdict | None

    @property
    def parts(self) -> list[str]:
        """What differs: grid, owner, worker, department."""
        return _differences(self.decision, self.now)


@dataclass
class Proof:
    """How many decisions were made again, how many of them came out the same, and the others."""

    decisions: int = 0
    agreed: int = 0
    set_aside: Counter[SetAside] = field(default_factory=Counter)
    disagreements: list[Disagreement] = field(default_factory=list)
    causes: Counter[str] = field(default_factory=Counter)


def prove(*, actor: Actor, start: datetime, end: datetime) -> Proof:
    """Makes every decision stored from `start` up to `end` once more, as of its own moment, and compares.

    Boundaries and duty are kept by their periods, rules by their versions, so the answer of a past moment does not
    depend on what is in force today. Decisions are those of cases that the actor sees. Nothing is kept. Raises
    BadPeriod.
    """
    if end <= start:
        raise BadPeriod("the end lies not after the begin", field="until")
    rows = list(_stored(actor, start, end)[: MOST_CASES + 1])
    if len(rows) > MOST_CASES:
        raise BadPeriod(f"more than {MOST_CASES} decisions; choose a shorter period", field="until")
    proof = Proof(decisions=len(rows), causes=Counter(row.cause for row in rows))
    asked = []
    for row in rows:
        reason = _set_aside(row)
        if reason is None:
            asked.append(row)
        else:
            proof.set_aside[reason] += 1
    moments = [row.at for row in asked]
    again = by_table(moments, RulesOf.THEN, lambda some: _decided(asked[some]))
    for decision, verdict in zip(asked, again, strict=True):
        if not _differences(decision, verdict):
            proof.agreed += 1
        elif _was_told_later(decision, verdict):
            proof.set_aside[SetAside.TOLD_LATER] += 1
        else:
            proof.disagreements.append(Disagreement(decision, verdict))
    return proof


def _was_told_later(decision: Decision, now: Verdict | None) -> bool:
    """Whether only the person differs, and the duty of either of the two was changed afterwards for that moment."""
    if now is None or not set(_differences(decision, now)) <= {"worker", "owner"}:
        return False
    people = [worker_id for worker_id in (decision.worker_id, now.worker and now.worker.pk) if worker_id]
    told = DutyChange.objects.filter(worker__in=people, made_at__gt=decision.at)
    reaching = Q(starts_at__lte=decision.at) & (Q(ends_at=None) | Q(ends_at__gt=decision.at))
    return told.filter(reaching | Q(kind=DutyChange.Kind.WITHDRAWAL)).exists()


def _stored(actor: Actor, start: datetime, end: datetime) -> QuerySet[Decision]:
    seen = Case.objects.all() if actor == SYSTEM else Case.objects.visible_to(actor)
    same_case = {"case": OuterRef("case")}
    filed_otherwise = Q(action=Action.FILE.value, facts__has_key=FORMER_MATTER)
    corrected = CaseEvent.objects.filter(
        Q(action=Action.CORRECT.value) | filed_otherwise, **same_case, at__gt=OuterRef("at")
    )
    overtaking = Decision.objects.filter(
        **same_case, cause="boundary", at__gte=OuterRef("at"), at__lte=OuterRef("at") + _OVERTAKEN_WITHIN
    ).exclude(pk=OuterRef("pk"))
    found = Decision.objects.filter(case__in=seen, at__gte=start, at__lt=end).annotate(
        was_ruled=Exists(Ruling.objects.filter(**same_case, at__lte=OuterRef("at"))),
        was_corrected=Exists(corrected),
        was_overtaken=Exists(overtaking),
    )
    found = found.select_related("case__matter__department", "grid", "worker", "department")
    return found.defer("case__description", "case__answers").order_by("at", "pk")


def _set_aside(row: Decision) -> SetAside | None:
    if row.was_ruled:  # type: ignore[attr-defined]
        return SetAside.RULED
    if row.was_corrected:  # type: ignore[attr-defined]
        return SetAside.CORRECTED
    return SetAside.OVERTAKEN if row.was_overtaken else None  # type: ignore[attr-defined]


def _decided(rows: Sequence[Decision]) -> list[Verdict | None]:
    asked = [Ask(row.case.location.x, row.case.location.y, row.case.accuracy_m, row.case.matter) for row in rows]
    moments = [row.at for row in rows]
    return dispatch.decide_located(asked, dispatch.locate_at(asked, moments), moments)


def _differences(decision: Decision, now: Verdict | None) -> list[str]:
    if now is None:
        return ["grid"]
    pairs = {
        "grid": (decision.grid_id, now.grid.pk if now.grid else None),
        "owner": (decision.owner, now.owner.value),
        "worker": (decision.worker_id, now.worker.pk if now.worker else None),
        "department": (decision.department_id, now.department.pk if now.department else None),
    }
    return [name for name, (then, again) in pairs.items() if then != again]
