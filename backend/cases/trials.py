"""A change of the rules tried on the past: every case of a period decided again, with it and without."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.actor import SYSTEM, Actor
from backend.areas.models import Area, within
from backend.cases.errors import BadPeriod
from backend.cases.models import Case
from backend.cases.rule_effects import CaseMove, areas_touched, rolled_back
from backend.cases.rule_tables import RulesOf, by_table
from backend.dispatch import rules
from backend.dispatch import services as dispatch
from backend.dispatch.models import Decision, Rule, RuleVersion
from backend.dispatch.rules import RuleChange
from backend.dispatch.services import Ask, Verdict

MOST_CASES: Final = 100_000
_ALWAYS: Final = DateTimeTZRange(None, None)
_ENDING: Final = (RuleVersion.Action.ENDED, RuleVersion.Action.SWITCHED_OFF)


@dataclass(frozen=True, slots=True)
class Load:
    """How many cases of the period one grid, department or desk had to answer for."""

    kind: str
    code: str
    name_zh: str
    name_en: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Trial:
    """What a change would have done: cases looked at, those that would have gone elsewhere, loads that differ."""

    cases: int
    elsewhere: list[CaseMove]
    loads: list[Load]
    rules_of: RulesOf


def try_out(
    *,
    actor: Actor,
    change: RuleChange,
    start: datetime,
    end: datetime,
    now: datetime,
    rules_of: RulesOf = RulesOf.TODAY,
) -> Trial:
    """Tries a change on the cases reported from `start` up to `end`. Nothing is kept.

    Boundary and duty are those of each case's own moment. The other rules are those of today, since the change is made
    to them, or with `RulesOf.THEN` those of each case's moment; each counts in its own period. The tried rule is taken
    to hold through the whole period, on both sides, whatever its own period says. Cases are those of the rule's areas
    that the actor sees. Raises BadPeriod, and what `rules.write` raises.
    """
    if end <= start:
        raise BadPeriod("the end lies not after the begin", field="end")
    with rolled_back():
        cases = _past_cases(actor, areas_touched(actor, change, now), start, end)
        asked = [Ask(one.location.x, one.location.y, one.accuracy_m, one.matter) for one in cases]
        moments = [one.reported_at for one in cases]
        located = dispatch.locate_at(asked, moments)

        def both(some: slice) -> list[tuple[Verdict | None, Verdict | None]]:
            said = asked[some], located[some], moments[some]
            Rule.objects.filter(pk=change.rule_id).update(valid=_ALWAYS)
            before = dispatch.decide_located(*said)
            rule, _ = rules.put(actor=actor, change=change, now=now)
            Rule.objects.filter(pk=rule.pk).update(valid=_ALWAYS, enabled=rule.enabled and change.action not in _ENDING)
            return list(zip(before, dispatch.decide_located(*said), strict=True))

        pairs = by_table(moments, rules_of, both, keep=change.rule_id)
    before, after = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return Trial(len(cases), list(_elsewhere(cases, before, after)), _loads(before, after), rules_of)


def _past_cases(actor: Actor, paths: set[str], start: datetime, end: datetime) -> list[Case]:
    found = Case.objects.all() if actor == SYSTEM else Case.objects.visible_to(actor)
    found = found.filter(within(paths, "area_path"), reported_at__gte=start, reported_at__lt=end)
    found = found.select_related("matter__department").defer("description", "answers")
    rows = list(found.order_by("reported_at", "pk")[: MOST_CASES + 1])
    if len(rows) > MOST_CASES:
        raise BadPeriod(f"more than {MOST_CASES} cases; choose a shorter period", field="end")
    return rows


def _elsewhere(
    cases: Sequence[Case], before: Sequence[Verdict | None], after: Sequence[Verdict | None]
) -> Iterator[CaseMove]:
    for case, old, new in zip(cases, before, after, strict=True):
        if old and new and (old.holder, old.area_path) != (new.holder, new.area_path):
            yield CaseMove(case, old, new)


def _loads(before: Sequence[Verdict | None], after: Sequence[Verdict | None]) -> list[Load]:
    """Those that differ, the largest difference first."""
    counted = [Counter(answering(one) for one in verdicts if one is not None) for verdicts in (before, after)]
    loads = [Load(*who, counted[0][who], counted[1][who]) for who in {*counted[0], *counted[1]}]
    changed = [load for load in loads if load.before != load.after]
    return sorted(changed, key=lambda load: (-abs(load.after - load.before), load.kind, load.code))


def answering(verdict: Verdict) -> tuple[str, str, str, str]:
    """Who answers in a verdict: kind (department, grid, desk), code, names."""
    if verdict.department is not None:
        held = verdict.department
        return "department", held.code, held.name_zh, held.name_en
    if verdict.grid is not None and verdict.owner is Decision.Owner.WORKER:
        return "grid", verdict.grid.code, verdict.grid.name, verdict.grid.name_en
    desk = _desk_of(verdict)
    return "desk", desk.code, desk.name, desk.name_en


def _desk_of(verdict: Verdict) -> Area:
    """The desk that a rule names, else that of the community in which the case is seen."""
    rule = verdict.applied.rule if verdict.applied else None
    if rule is not None and rule.target == Rule.Target.DESK and rule.target_area is not None:
        return rule.target_area
    area = verdict.area
    return area.parent if area.level == Area.Level.GRID and area.parent is not None else area
