"""Indicators of a period (domain_standards §6), counted from the cases themselves; null where nothing is to divide.

Areas are those that the cases lie in today. No figure is about a worker.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce

from backend.accounts.actor import Actor
from backend.areas.models import Area
from backend.cases.models import Case
from backend.cases.workflow import State

SATISFIED_FROM: Final = 4
_RUNNING = [State.PENDING_HANDLE.value, State.HANDLING.value]
# What a group is named by: code and name in both languages.
GROUPS: Final = {
    "community": ("grid__parent__code", "grid__parent__name", "grid__parent__name_en"),
    "grid": ("grid__code", "grid__name", "grid__name_en"),
    "matter": ("matter__code", "matter__name_zh", "matter__name_en"),
    "channel": ("channel", "channel", "channel"),
}


@dataclass(frozen=True, slots=True)
class Indicators:
    """One group's counts and the rates made of them; a rate is a share of 1, or None without a denominator."""

    code: str
    name_zh: str
    name_en: str
    counts: dict[str, int]
    rates: dict[str, float | None]


def indicators(
    actor: Actor, *, since: datetime, until: datetime, group: str = "", area: Area | None = None
) -> list[Indicators]:
    """Indicators of the actor's cases between two moments (until excluded), whole or per group of GROUPS, by code.

    `area` narrows to what lies in it.

    "Due" is a deadline inside the period, or handled (closed) inside it; suspended cases are not due to close.
    """
    visible = Case.objects.visible_to(actor)
    if area is not None:
        visible = visible.filter(area_path__startswith=area.path)
    if not group:
        return [_indicators("", "", "", visible.aggregate(**_counts(since, until)))]
    code, zh, en = GROUPS[group]
    grouped = visible.exclude(**{code: None}).values(
        group_code=F(code), group_zh=F(zh), group_en=Coalesce(F(en), F(zh))
    )
    rows: Any = grouped.annotate(**_counts(since, until)).order_by("group_code")
    found = []
    for row in rows:
        named = {key: row.pop(f"group_{key}") for key in ("code", "zh", "en")}
        if any(row.values()):
            found.append(_indicators(str(named["code"]), str(named["zh"]), str(named["en"]), row))
    return found


def _counts(since: datetime, until: datetime) -> dict[str, Count]:
    def within(field: str) -> Q:
        return Q(**{f"{field}__gte": since, f"{field}__lt": until})

    due = within("due_at")
    handled, closed = within("handled_at"), within("closed_at")
    in_time = Q(due_at=None) | Q(handled_at__lte=F("due_at"))
    wanted = {
        "reported": within("reported_at"),
        "filed": within("reported_at") & Q(filed_at__isnull=False),
        "due_to_handle": due | handled,
        "handled": (due | handled) & Q(handled_at__lt=until),
        "handled_in_time": (due | handled) & Q(handled_at__lt=until) & in_time,
        "due_to_close": (due | closed) & ~Q(state=State.SUSPENDED.value),
        "closed": (due | closed) & Q(state=State.CLOSED.value, closed_at__lt=until),
        "closed_in_time": (due | closed) & Q(state=State.CLOSED.value, closed_at__lt=until) & in_time,
        "reworked": handled & Q(rework_count__gt=0),
        "handled_in_period": handled,
        "overdue_open": Q(state__in=_RUNNING, due_at__lt=until),
        "rated": within("rated_at"),
        "responded": within("rated_at") & Q(responded=True),
        "solved": within("rated_at") & Q(solved=True),
        "satisfied": within("rated_at") & Q(satisfied__gte=SATISFIED_FROM),
    }
    return {name: Count("pk", filter=condition) for name, condition in wanted.items()}


_RATES: Final = {
    "filing_rate": ("filed", "reported"),
    "handling_rate": ("handled", "due_to_handle"),
    "on_time_handling_rate": ("handled_in_time", "due_to_handle"),
    "closing_rate": ("closed", "due_to_close"),
    "on_time_closing_rate": ("closed_in_time", "due_to_close"),
    "rework_rate": ("reworked", "handled_in_period"),
    "response_rate": ("responded", "rated"),
    "solving_rate": ("solved", "rated"),
    "satisfaction_rate": ("satisfied", "rated"),
}


def _indicators(code: str, zh: str, en: str, counts: dict[str, int]) -> Indicators:
    rates = {name: _share(counts[part], counts[whole]) for name, (part, whole) in _RATES.items()}
    return Indicators(code, zh, en, dict(counts), rates)


def _share(part: int, whole: int) -> float | None:
    """Never 0 % or 100 % of nothing."""
    return round(part / whole, 4) if whole else None
