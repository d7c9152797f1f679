"""By which rule table past cases are decided: the one of each case's moment, or the one of today."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import TypeVar
from uuid import UUID

from backend.cases.rule_effects import rolled_back
from backend.dispatch import past_rules

T = TypeVar("T")


class RulesOf(StrEnum):
    """THEN: every rule in the version that it had at the moment of the case. TODAY: as the table stands now."""

    THEN = "then"
    TODAY = "today"


def by_table(
    moments: Sequence[datetime],
    rules_of: RulesOf,
    decide: Callable[[slice], Sequence[T]],
    *,
    keep: UUID | None = None,
) -> list[T]:
    """What `decide` answers for each stretch of `moments` (in order) in which the rule table was the same.

    While it answers the table stands as `rules_of` says; the rule `keep` stays as it is today. Where the table has
    changed since, its old versions are written inside a savepoint and taken back, with what `decide` wrote; meanwhile
    nobody else can change those rules. Where it has not, nothing is written.
    """
    answers: list[T] = []
    for stretch in _stretches(moments, rules_of, keep):
        if rules_of is RulesOf.TODAY or not past_rules.has_changed_since(moments[stretch.start], but=keep):
            answers += decide(stretch)
            continue
        with rolled_back():
            past_rules.put_back(moments[stretch.start], keep=keep)
            answers += decide(stretch)
    return answers


def _stretches(moments: Sequence[datetime], rules_of: RulesOf, keep: UUID | None) -> list[slice]:
    if not moments:
        return []
    if rules_of is RulesOf.TODAY:
        return [slice(0, len(moments))]
    changes = past_rules.changes_between(moments[0], moments[-1] + timedelta(microseconds=1), but=keep)
    grouped = groupby(range(len(moments)), key=lambda n: bisect_right(changes, moments[n]))
    numbers = [list(some) for _, some in grouped]
    return [slice(some[0], some[-1] + 1) for some in numbers]
