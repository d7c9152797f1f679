"""The handling limit of a case: when it begins, what stops it, and what another matter makes of it."""

from datetime import datetime
from typing import Final

from backend.cases.flows.names import Clock
from backend.cases.models import Case, CaseEvent
from backend.cases.workflow import Action
from backend.core.calendar import work_calendar
from backend.core.clock import Unit, deadline

# In the facts of a reopening whose table did not start the limit anew.
RUNS_ON: Final = "runs_on"
_WINDING = (Action.SUSPEND, Action.RESUME, Action.REOPEN, Action.EXTEND)
_CLOCK_UNITS = (Unit.CLOCK_HOUR, Unit.CLOCK_DAY)


def start_limit(case: Case, now: datetime) -> list[str]:
    """Sets the deadline from the filing condition as it stands now; a matter without a condition has no limit."""
    if case.condition is None:
        return []
    case.limit_amount, case.limit_unit = case.condition.limit_amount, case.condition.limit_unit
    case.due_at = deadline(work_calendar(), now, float(case.limit_amount), Unit(case.limit_unit))
    return ["limit_amount", "limit_unit", "due_at"]


def shift_over_pause(case: Case, *, paused_at: datetime, resumed_at: datetime) -> list[str]:
    """The deadline moves by the time the clock stood still, in the unit of the limit; a missed one stays missed."""
    if case.due_at is None or case.due_at <= paused_at:
        return []
    if case.limit_unit in _CLOCK_UNITS:
        case.due_at += resumed_at - paused_at
    else:
        calendar = work_calendar()
        left = calendar.working_time_between(paused_at, case.due_at)
        case.due_at = calendar.add_working_time(resumed_at, left)
    return ["due_at"]


def extend_limit(case: Case) -> list[str]:
    """Moves the deadline by the original limit once more (domain_standards §5)."""
    if case.due_at is None or case.limit_amount is None:
        return []
    case.due_at = deadline(work_calendar(), case.due_at, float(case.limit_amount), Unit(case.limit_unit))
    return ["due_at"]


def restate_limit(case: Case, *, now: datetime) -> list[str]:
    """The limit of the case's present matter, as if the first report had named it; a dispatched case only.

    It runs from the report where the matter files itself, else from the first dispatch, from the last reopening where
    there was one, and never from the correction; every suspension and extension since counts. An escalation falls
    away where the new deadline lies ahead, so that the case is escalated again when that one passes.
    """
    begun, wound = _run_of(case)
    case.limit_amount, case.limit_unit, case.due_at = None, "", None
    start_limit(case, begun)
    for clock, at, until in wound:
        if clock is Clock.EXTEND:
            extend_limit(case)
        else:
            shift_over_pause(case, paused_at=at, resumed_at=until)
    if case.due_at is None or case.due_at > now:
        case.escalated_at = None
    return ["limit_amount", "limit_unit", "due_at", "escalated_at"]


Wound = tuple[Clock, datetime, datetime]


def _run_of(case: Case) -> tuple[datetime, list[Wound]]:
    """When the clock began, then the pauses since that are over (from, to) and the extensions, as they came."""
    begun = case.reported_at
    if not case.matter.auto_file and case.dispatched_at is not None:
        begun = case.dispatched_at
    wound: list[Wound] = []
    paused_at: datetime | None = None
    told = CaseEvent.objects.filter(case=case, action__in=_WINDING).order_by("n")
    for action, at, facts in told.values_list("action", "at", "facts"):
        if action == Action.REOPEN:
            if facts.get("clock") == RUNS_ON:
                continue
            begun, wound, paused_at = at, [], None
        elif action == Action.SUSPEND:
            paused_at = at
        elif action == Action.EXTEND:
            wound.append((Clock.EXTEND, at, at))
        elif paused_at is not None:
            wound.append((Clock.RESUME, paused_at, at))
            paused_at = None
    return begun, wound
