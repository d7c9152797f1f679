"""What a table may name besides states, steps and roles: guards, needs, effects on the clock."""

from enum import StrEnum
from typing import Final

from backend.cases.workflow import RUNNING, Action, State


class Guard(StrEnum):
    """A condition on the case itself; `guards.CHECKS` says how it is checked."""

    NOT_GONE_TO_DEPARTMENT = "not_gone_to_department"
    CLOSED_WITHIN_DAYS = "closed_within_days"
    NOT_RATED = "not_rated"
    HAS_LIMIT = "has_limit"
    NOT_OVERDUE = "not_overdue"
    EXTENSION_ASKED = "extension_asked"
    NO_EXTENSION_ASKED = "no_extension_asked"
    EXTENDED_LESS_THAN = "extended_less_than"
    SUSPENDED_LESS_THAN = "suspended_less_than"
    HANDLED_LATE = "handled_late"
    APPEALED = "appealed"
    NOT_APPEALED = "not_appealed"


# Guards that are written with a number: closed_within_days=15.
COUNTED: Final = frozenset({Guard.CLOSED_WITHIN_DAYS, Guard.EXTENDED_LESS_THAN, Guard.SUSPENDED_LESS_THAN})


class Need(StrEnum):
    """What has to come with a step."""

    NOTE = "note"
    ASSIGNEE = "assignee"
    PHOTO = "photo"
    BEFORE_AFTER = "before_after"


class Clock(StrEnum):
    """What a step does to the handling limit."""

    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    RESTART = "restart"
    EXTEND = "extend"


# An effect works only with the step whose line in the history tells of it (`limits.restate_limit` counts them again).
CLOCKS_OF: Final[dict[Action, frozenset[Clock]]] = {
    Action.DISPATCH: frozenset({Clock.START}),
    Action.SUBMIT: frozenset({Clock.STOP}),
    Action.SUSPEND: frozenset({Clock.PAUSE}),
    Action.RESUME: frozenset({Clock.RESUME}),
    Action.EXTEND: frozenset({Clock.EXTEND}),
    Action.REOPEN: frozenset({Clock.RESTART}),
}
# Without these a report that files itself gets nowhere.
TAKEN_BY_ITSELF: Final = (
    (None, Action.REPORT),
    (State.REPORTED, Action.FILE),
    (State.FILED, Action.DISPATCH),
)
# What the sweeps do, wherever a table has the state.
SWEPT: Final = ((State.SUSPENDED, Action.RESUME), *((state, Action.ESCALATE) for state in RUNNING))
