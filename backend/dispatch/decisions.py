"""Decisions as they are kept: stored with their reasons, never edited, and read again for whoever asks "why here?"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.accounts.models import User
from backend.core.ids import uuid7, uuid7_texts
from backend.core.rows import copy_in
from backend.dispatch.models import Decision, Rule
from backend.dispatch.verdicts import Verdict


def keep(*, case_id: UUID, verdict: Verdict, cause: str, now: datetime) -> Decision:
    """Stores the verdict with its reasons; must run in the transaction that acts on it."""
    return Decision.objects.create(id=uuid7(), case_id=case_id, at=now, cause=cause, **_columns(verdict))


def keep_many(verdicts: Sequence[tuple[object, Verdict]], *, cause: str, now: datetime) -> list[str]:
    """`keep` for many cases, given by their ids; the ids of the decisions as text, in the same order."""
    ids = uuid7_texts(len(verdicts))
    shared = _Shared()
    rows = [
        (pk, case_id, now, cause, *shared.columns(verdict).values())
        for pk, (case_id, verdict) in zip(ids, verdicts, strict=True)
    ]
    if rows:
        copy_in(Decision, ("id", "case_id", "at", "cause", *_columns(verdicts[0][1])), rows)
    return ids


class _Shared:
    """Columns of many verdicts, in which those that came from one answer share what they tell of rules and duty."""

    def __init__(self) -> None:
        self._told: dict[tuple[int, int], tuple[Verdict, list[dict[str, object]], dict[str, Any] | None]] = {}

    def columns(self, verdict: Verdict) -> dict[str, Any]:
        key = (id(verdict.beaten), id(verdict.department_duty))
        held = self._told.get(key)
        if held is None:
            held = self._told[key] = (verdict, _beaten(verdict), _duty(verdict))
        return _columns(verdict, beaten=held[1], duty=held[2])


def _columns(
    verdict: Verdict, *, beaten: list[dict[str, object]] | None = None, duty: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What a decision keeps of the verdict, by the names of its columns."""
    return {
        "rule": verdict.rule,
        "kind": verdict.kind.value,
        "grid_id": verdict.grid.pk if verdict.grid else None,
        "boundary_id": verdict.boundary.pk if verdict.boundary else None,
        "border_m": verdict.border_m,
        "candidates": verdict.candidates,
        "owner": verdict.owner.value,
        "worker_id": verdict.worker.pk if verdict.worker else None,
        "department_id": verdict.department.pk if verdict.department else None,
        "duty_chain": verdict.duty_chain,
        "located_grid_id": verdict.located_grid.pk if verdict.located_grid else None,
        "rule_version_id": verdict.applied.version_id if verdict.applied else None,
        "beaten": _beaten(verdict) if beaten is None else beaten,
        "text_zh": verdict.text_zh,
        "text_en": verdict.text_en,
        "rulings": verdict.rulings,
        "department_duty": _duty(verdict) if duty is None else duty,
    }


def _beaten(verdict: Verdict) -> list[dict[str, object]]:
    return [_beaten_facts(one.rule) for one in verdict.beaten]


def _duty(verdict: Verdict) -> dict[str, Any] | None:
    return verdict.department_duty.facts() if verdict.department_duty else None


def _beaten_facts(rule: Rule) -> dict[str, object]:
    """A rule that fitted and was not the first, as a decision keeps it."""
    return {
        "id": str(rule.pk),
        "version": rule.version,
        "name_zh": rule.name_zh,
        "name_en": rule.name_en,
        "priority": rule.priority,
    }


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a case went where it went, in words for everybody."""

    kind: str
    rule: str
    text_zh: str
    text_en: str


def explain(case_id: UUID) -> Explanation | None:
    """The words of the decision in force; None for a case that was imported."""
    decisions = Decision.objects.filter(case_id=case_id).order_by("-at", "-id")
    found = decisions.values_list("kind", "rule", "text_zh", "text_en").first()
    return Explanation(*found) if found else None


def decisions_of(case_id: UUID) -> list[Decision]:
    """Every decision of a case; the first is the one in force."""
    found = Decision.objects.filter(case_id=case_id).select_related("grid", "worker", "department")
    return list(found.select_related("located_grid", "rule_version").order_by("-at", "-id"))


def latest(case_id: UUID) -> Decision | None:
    """The decision in force for a case."""
    return next(iter(decisions_of(case_id)), None)


@dataclass(frozen=True, slots=True)
class DutyPerson:
    """One person of a stored duty chain, by name."""

    post: str
    name: str
    absent: bool


def duty_people(decision: Decision) -> list[DutyPerson]:
    """The duty chain of a decision, read for people: the row keeps accounts, which nobody outside is to see.

    A person who has left has an empty name.
    """
    lines = [_read_line(line) for line in decision.duty_chain]
    users = User.objects.filter(username__in={username for _, username, _ in lines})
    names = {user.username: str(user.name) for user in users}
    return [DutyPerson(post, names.get(username, ""), absent) for post, username, absent in lines]


def _read_line(line: str) -> tuple[str, str, bool]:
    """`post:username` with `:absent` behind it for somebody away; a user name may hold colons itself."""
    post, _, rest = line.partition(":")
    return post, rest.removesuffix(":absent"), rest.endswith(":absent")
