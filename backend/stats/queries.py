"""Indicators of a period (domain_standards §6), counted from the cases themselves; null where nothing is to divide.

A case counts on the ground of the boundaries in force when it was reported, or, on request, on that of one moment's
boundaries for all cases alike (`stats.ground`). No figure is about a worker.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import BooleanField, Count, ExpressionWrapper, F, FloatField, Func, Q
from django.db.models.functions import Coalesce

from backend.accounts.actor import Actor
from backend.areas.models import Area
from backend.cases.models import Case, CaseQuerySet
from backend.cases.workflow import RUNNING, State
from backend.stats import ground

SATISFIED_FROM: Final = 4
_RUNNING = [state.value for state in RUNNING]
# What a group is named by: code and name in both languages.
_NAMES: Final = {
    "matter": ("matter__code", "matter__name_zh", "matter__name_en"),
    "channel": ("channel", "channel", "channel"),
}
_OF_GROUND: Final = ("community", "grid")
GROUPS: Final = (*_OF_GROUND, *_NAMES)


@dataclass(frozen=True, slots=True)
class Indicators:
    """One group's counts and the rates made of them; a rate is a share of 1, or None without a denominator."""

    code: str
    name_zh: str
    name_en: str
    counts: dict[str, int]
    rates: dict[str, float | None]


def indicators(
    actor: Actor,
    *,
    since: datetime,
    until: datetime,
    group: str = "",
    area: Area | None = None,
    boundaries_of: datetime | None = None,
) -> list[Indicators]:
    """Indicators of the actor's cases between two moments (until excluded), whole or per group of GROUPS, by code.

    `area` narrows to what lies in it. Grids and areas are those of when each case was reported; with `boundaries_of`
    all cases are put under the boundaries of that moment.

    "Due" is a deadline inside the period, or handled (closed) inside it; suspended cases are not due to close.
    """
    visible = Case.objects.visible_to(actor)
    conditions = _conditions(since, until)
    if boundaries_of is not None and (area is not None or group in _OF_GROUND):
        return _under(visible, conditions, group=group, area=area, at=boundaries_of)
    then = ground.with_then_code(visible)
    if area is not None:
        then = then.filter(ground.then_within(area))
    counts = {name: Count("pk", filter=condition) for name, condition in conditions.items()}
    if not group:
        return [_indicators("", "", "", then.aggregate(**counts))]
    if group in _OF_GROUND:
        per_grid = then.exclude(then_code=None).values("then_code").annotate(**counts).order_by()
        return _by_ground({row.pop("then_code"): row for row in per_grid}, group)
    code, zh, en = _NAMES[group]
    grouped = then.values(group_code=F(code), group_zh=F(zh), group_en=Coalesce(F(en), F(zh)))
    found = []
    for row in grouped.annotate(**counts).order_by("group_code"):
        named = {key: row.pop(f"group_{key}") for key in ("code", "zh", "en")}
        if any(row.values()):
            found.append(_indicators(str(named["code"]), str(named["zh"]), str(named["en"]), row))
    return found


def _by_ground(per_grid: Mapping[str, Mapping[str, int]], group: str) -> list[Indicators]:
    """Counts of grids as groups of grids or of their communities."""
    grids = ground.grids_by_code(per_grid)
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    named: dict[str, Area] = {}
    for code, counts in per_grid.items():
        area = grids[code] if group == "grid" else grids[code].parent
        if area is not None and any(counts.values()):
            sums[area.code].update({name: int(count) for name, count in counts.items()})
            named[area.code] = area
    return [
        _indicators(code, area.name, area.name_en or area.name, dict(sums[code]))
        for code, area in sorted(named.items())
    ]


def _under(
    visible: CaseQuerySet, conditions: Mapping[str, Q], *, group: str, area: Area | None, at: datetime
) -> list[Indicators]:
    """Every case that counts in the period under the boundaries of one moment: read once, located in one batch."""
    flags = {f"is_{name}": ExpressionWrapper(condition, BooleanField()) for name, condition in conditions.items()}
    counted = visible.filter(reduce(or_, conditions.values())).annotate(**flags, lon=_ordinate("X"), lat=_ordinate("Y"))
    name_fields = _NAMES.get(group, ())
    rows = list(counted.values_list("grid_id", "reported_at", "lon", "lat", "area_path", *name_fields, *flags))
    codes = ground.codes_at([row[:4] for row in rows], at=at)
    inside = ground.grids_by_code({code for code in codes if code})
    sums: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for row, code in zip(rows, codes, strict=True):
        path = inside[code].path if code else row[4]
        if (area is not None and not path.startswith(area.path)) or (group in _OF_GROUND and code is None):
            continue
        key = (code or "", "", "") if group in _OF_GROUND else tuple(row[5 : 5 + len(name_fields)]) or ("", "", "")
        counts = sums[key[0], key[1], key[2] or key[1]]
        counts.update(name for name, is_so in zip(conditions, row[5 + len(name_fields) :], strict=True) if is_so)
    whole = {key: {name: counts[name] for name in conditions} for key, counts in sums.items()}
    if group in _OF_GROUND:
        return _by_ground({key[0]: counts for key, counts in whole.items()}, group)
    if not group:
        return [_indicators("", "", "", whole.get(("", "", ""), dict.fromkeys(conditions, 0)))]
    return [_indicators(*key, counts) for key, counts in sorted(whole.items()) if any(counts.values())]


def _ordinate(axis: str) -> Func:
    return Func(F("location"), function=f"ST_{axis}", output_field=FloatField())


def _conditions(since: datetime, until: datetime) -> dict[str, Q]:
    def within(field: str) -> Q:
        return Q(**{f"{field}__gte": since, f"{field}__lt": until})

    due = within("due_at")
    handled, closed = within("handled_at"), within("closed_at")
    in_time = Q(due_at=None) | Q(handled_at__lte=F("due_at")) | Q(appeal=Case.Appeal.GRANTED)
    return {
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
