"""What a week has to visit: duties become needs, needs of one place that fall together become one stop.

A duty with an interval of five days or more is visited once in the week: required when it falls due by Sunday, else
optional from half of its interval on, for a price of (days since last / interval) × weight (domain_standards §8, [D]).
A shorter interval gives several visits with that many days between them; a daily one gives every working day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from backend.inspections.shifts import WEEK_DAYS
from backend.places.models import Place, VisitDuty, VisitTarget
from gis.hours import HoursError, parse_hours
from gis.rounds import Reason, Window

# From this interval on a duty is met by one visit a week.
ONCE_A_WEEK_FROM_DAYS = 5
# An optional visit comes into question when this share of its interval has passed.
SOFT_FROM = 0.5
# Walking seconds that an optional visit is worth when its interval has just passed.
SOFT_PRIZE_S = 900
# Walking seconds that a day of delay costs: what is due comes early in the week, what is overdue earlier still.
DUE_DELAY_S = 20
OVERDUE_DELAY_S = 90
# Optional visits that one team's week looks at, the most pressing ones.
MOST_SOFT = 40
# Nobody home twice: the worker phones first (two-strike rule).
STRIKES = 2


@dataclass(frozen=True, slots=True)
class Need:
    """Visits of one place in one week. Days count from Monday; empty `windows` mean any time of a shift."""

    place: Place
    duties: tuple[VisitDuty, ...]
    visits: int
    gap_days: int
    earliest_day: int
    windows: tuple[Window, ...]
    required: bool
    prize_s: int
    delay_cost_s: int
    household_call: bool
    reason: Reason

    @property
    def dwell_s(self) -> int:
        return 60 * sum(duty.dwell_minutes for duty in self.duties)


@dataclass(frozen=True, slots=True)
class Timing:
    """How often and how urgently one duty is to be met in the week."""

    visits: int
    gap_days: int
    earliest_day: int
    required: bool
    prize_s: int
    delay_cost_s: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Refused:
    """A duty that can't be planned at all, and why."""

    duty: VisitDuty
    reason: Reason


@dataclass(frozen=True, slots=True)
class Week:
    """The week to plan: its Monday, the days that still have shifts (0..6), and what is covered already by duty."""

    start: date
    open_days: tuple[int, ...]
    covered: Mapping[UUID, frozenset[int]]


def needs_of(
    duties: Sequence[VisitDuty], *, targets: Mapping[str, VisitTarget], week: Week
) -> tuple[list[Need], list[Refused]]:
    """Needs of the week in a fixed order, optional ones cut to the most pressing; and duties that can't be planned."""
    needs: list[Need] = []
    refused: list[Refused] = []
    for duty in duties:
        found = _need(duty, targets.get(duty.target), week)
        if isinstance(found, Refused):
            refused.append(found)
        elif found is not None:
            needs.append(found)
    merged = _merged(needs)
    soft = sorted((need for need in merged if not need.required), key=lambda need: (-need.prize_s, need.place.code))
    kept = {id(need) for need in soft[:MOST_SOFT]}
    return [need for need in merged if need.required or id(need) in kept], refused


def _need(duty: VisitDuty, target: VisitTarget | None, week: Week) -> Need | Refused | None:
    timing = _several(duty, week) if duty.interval_days < ONCE_A_WEEK_FROM_DAYS else _once(duty, week)
    if timing is None:
        return None
    try:
        windows = _windows(duty, target, week)
    except HoursError as error:
        return Refused(duty, Reason("bad_hours", {"detail": str(error)}))
    if windows is None:
        return Refused(duty, Reason("never_open", {}))
    return Need(
        place=duty.place,
        duties=(duty,),
        windows=windows,
        visits=timing.visits,
        gap_days=timing.gap_days,
        earliest_day=timing.earliest_day,
        required=timing.required,
        prize_s=timing.prize_s,
        delay_cost_s=timing.delay_cost_s,
        reason=timing.reason,
        household_call=duty.place.kind == Place.Kind.RESIDENCE or bool(target and target.at_home),
    )


def _several(duty: VisitDuty, week: Week) -> Timing | None:
    """Several visits a week: as many as fit into the open days with the interval between them."""
    covered = week.covered.get(duty.pk, frozenset())
    last = max(covered, default=None)
    if last is None and duty.last_visit_on is not None:
        last = (duty.last_visit_on - week.start).days
    earliest = 0 if last is None else max(0, last + duty.interval_days)
    days = _spaced([day for day in week.open_days if day >= earliest], duty.interval_days)
    if not days:
        return None
    return Timing(
        visits=len(days),
        gap_days=duty.interval_days,
        earliest_day=days[0],
        required=True,
        prize_s=0,
        delay_cost_s=0,
        reason=_interval_reason(duty),
    )


def _spaced(days: Iterable[int], gap: int) -> list[int]:
    """The most days with at least `gap` between them, earliest first."""
    chosen: list[int] = []
    for day in days:
        if not chosen or day - chosen[-1] >= gap:
            chosen.append(day)
    return chosen


def _once(duty: VisitDuty, week: Week) -> Timing | None:
    """One visit, required or optional; None when it is covered or far from due."""
    if week.covered.get(duty.pk) or not week.open_days:
        return None
    due = due_on(duty)
    due_day = (due - week.start).days
    if due_day < WEEK_DAYS:
        overdue = due_day < 0
        return Timing(
            visits=1,
            gap_days=1,
            earliest_day=0,
            required=True,
            prize_s=0,
            delay_cost_s=round(duty.weight * (OVERDUE_DELAY_S if overdue else DUE_DELAY_S)),
            reason=_due_reason(duty, due_day),
        )
    share = 1 - (due_day - (WEEK_DAYS - 1)) / duty.interval_days
    if share < SOFT_FROM:
        return None
    return Timing(
        visits=1,
        gap_days=1,
        earliest_day=0,
        required=False,
        prize_s=round(SOFT_PRIZE_S * share * duty.weight),
        delay_cost_s=0,
        reason=_interval_reason(duty),
    )


def due_on(duty: VisitDuty) -> date:
    """The day by which the duty is to be met: an interval after the last visit, or its beginning when never met."""
    if duty.last_visit_on is None:
        return duty.starts_on
    return max(duty.starts_on, duty.last_visit_on + timedelta(days=duty.interval_days))


def _due_reason(duty: VisitDuty, due_day: int) -> Reason:
    if duty.failed_tries >= STRIKES:
        return Reason("phone_first", {"tries": duty.failed_tries})
    if duty.last_visit_on is None:
        return Reason("never_visited", {})
    return Reason("due_this_week", {"day": due_day}) if due_day >= 0 else Reason("due_since", {"days": -due_day})


def _interval_reason(duty: VisitDuty) -> Reason:
    if duty.last_visit_on is None:
        return Reason("never_visited", {})
    return Reason("interval", {"days": duty.interval_days, "last_on": duty.last_visit_on.isoformat()})


def _windows(duty: VisitDuty, target: VisitTarget | None, week: Week) -> tuple[Window, ...] | None:
    """Opening hours of the place ∩ windows of the duty (or of its target), per open day; None when never open."""
    own = duty.windows or (target.windows if target else "")
    if not duty.place.opening_hours and not own:
        return ()
    opening = tuple(Window(*span) for span in parse_hours(duty.place.opening_hours))
    allowed = tuple(Window(*span) for span in parse_hours(own))
    both = _common(opening, allowed) or ()
    return tuple(window for window in both if window.day in week.open_days) or None


def _merged(needs: Iterable[Need]) -> list[Need]:
    """Needs of one place that ask for the same number of visits at times that overlap become one."""
    merged: list[Need] = []
    for need in needs:
        for at, other in enumerate(merged):
            joined = _joined(other, need) if other.place.pk == need.place.pk else None
            if joined is not None:
                merged[at] = joined
                break
        else:
            merged.append(need)
    return merged


def _joined(a: Need, b: Need) -> Need | None:
    """One need for both; None when they differ in frequency or no window holds both."""
    if (a.visits, a.gap_days, a.earliest_day) != (b.visits, b.gap_days, b.earliest_day):
        return None
    windows = _common(a.windows, b.windows)
    dwell_s = a.dwell_s + b.dwell_s
    if windows is None or (windows and max(end - start for _, start, end in windows) < dwell_s):
        return None
    leading = a if a.required or not b.required else b
    return replace(
        leading,
        duties=(*a.duties, *b.duties),
        windows=windows,
        required=a.required or b.required,
        prize_s=a.prize_s + b.prize_s,
        delay_cost_s=max(a.delay_cost_s, b.delay_cost_s),
        household_call=a.household_call or b.household_call,
    )


def _common(a: tuple[Window, ...], b: tuple[Window, ...]) -> tuple[Window, ...] | None:
    """Windows in both; empty windows (any time) leave the other side as it is; None when they never meet."""
    if not a or not b:
        return a or b
    both = [
        Window(one.day, max(one.start_s, two.start_s), min(one.end_s, two.end_s))
        for one in a
        for two in b
        if one.day == two.day and max(one.start_s, two.start_s) < min(one.end_s, two.end_s)
    ]
    return tuple(sorted(both)) or None
