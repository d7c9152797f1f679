"""Rules and department duty as a draft would hand them over; in memory only, nothing is written."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self
from uuid import UUID

from backend.areas.models import Area
from backend.dispatch import department_duty
from backend.dispatch.department_duty import OnDuty
from backend.dispatch.matching import Fitting, Question, fitting_rules
from backend.dispatch.models import RuleHandover
from backend.dispatch.succession import Naming


@dataclass(frozen=True)
class Handed:
    """What `dispatch.succession` would hand over.

    `targets`: the heir that a rule sends to, by rule. `rules`: by heir, the closed areas and the rules that hold there
    by their condition. `duties`: by heir, the closed areas whose rows of department duty it takes over.
    """

    targets: Mapping[UUID, Area] = field(default_factory=dict)
    rules: Mapping[UUID, Mapping[Area, set[UUID]]] = field(default_factory=dict)
    duties: Mapping[UUID, set[Area]] = field(default_factory=dict)

    @classmethod
    def by(cls, named: Iterable[Naming], areas: Mapping[str, Area]) -> Self:
        """`areas`: those that the draft draws, by the codes that it draws them under."""
        targets: dict[UUID, Area] = {}
        rules: dict[UUID, dict[Area, set[UUID]]] = defaultdict(lambda: defaultdict(set))
        duties: dict[UUID, set[Area]] = defaultdict(set)
        for one in named:
            if not one.heir_code:
                continue
            heir = areas[one.heir_code]
            if one.kind != "rule":
                duties[heir.pk].add(one.area)
            elif one.field == RuleHandover.Field.TARGET:
                targets[one.id] = heir
            else:
                rules[heir.pk][one.area].add(one.id)
        return cls(targets, rules, duties)

    def fitting_rules(self, questions: Sequence[Question], areas: Sequence[Area]) -> list[list[Fitting]]:
        """As `matching.fitting_rules`, for questions that lie in `areas`."""
        found = fitting_rules(questions)
        spots = [(n, closed) for n, area in enumerate(areas) for closed in self.rules.get(area.pk, ())]
        more = fitting_rules([replace(questions[n], path=closed.path) for n, closed in spots])
        for (n, closed), fitting in zip(spots, more, strict=True):
            handed = [one for one in fitting if one.rule.pk in self.rules[areas[n].pk][closed]]
            if handed:
                found[n] = sorted([*found[n], *handed], key=_order)
        turned = {id(one): self._turned(one) for fitting in found for one in fitting}
        return [[turned[id(one)] for one in fitting] for fitting in found]

    def _turned(self, fitting: Fitting) -> Fitting:
        heir = self.targets.get(fitting.rule.pk)
        return fitting if heir is None else fitting.sent_to(heir)

    def on_duty(self, questions: Sequence[department_duty.Question], areas: Sequence[Area]) -> list[OnDuty]:
        """As `department_duty.on_duty`, for questions about `areas`; a row of the closed grid goes first."""
        found = department_duty.on_duty(questions)
        spots = [(n, closed) for n, area in enumerate(areas) for closed in self.duties.get(area.pk, ())]
        more = department_duty.on_duty([replace(questions[n], path=closed.path) for n, closed in spots])
        for (n, closed), one in zip(spots, more, strict=True):
            if one.found is not None and one.found.area_id == closed.pk:
                found[n] = one
        return found


def _order(fitting: Fitting) -> tuple[int, int, UUID]:
    """Which rule goes first: the higher priority, then the narrower area, then the older."""
    rule = fitting.rule
    return -rule.priority, -len(rule.area.path), rule.pk
