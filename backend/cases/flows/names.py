"""What a table may name besides states, steps and roles: guards, needs, effects on the clock."""

from enum import StrEnum
from typing import Final

from backend.accounts.roles import Role
from backend.cases.workflow import Action, State


class Guard(StrEnum):
    """A condition on the case itself; `guards.CHECKS` says how it is checked."""

    NOT_GONE_TO_DEPARTMENT = "not_gone_to_department"
    CLOSED_WITHIN_DAYS = "closed_within_days"
    NOT_RATED = "not_rated"


# Guards that are written with a number: closed_within_days=15.
COUNTED: Final = frozenset({Guard.CLOSED_WITHIN_DAYS})


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


# An effect works only with the step whose line in the history tells of it (`limits.restate_limit` counts them again).
CLOCKS_OF: Final[dict[Action, frozenset[Clock]]] = {
    Action.DISPATCH: frozenset({Clock.START}),
    Action.SUBMIT: frozenset({Clock.STOP}),
    Action.SUSPEND: frozenset({Clock.PAUSE}),
    Action.RESUME: frozenset({Clock.RESUME}),
    Action.REOPEN: frozenset({Clock.RESTART}),
}
# Without these a report that files itself gets nowhere, and what the sweeps do is refused.
TAKEN_BY_ITSELF: Final = (
    (None, Action.REPORT),
    (State.REPORTED, Action.FILE),
    (State.FILED, Action.DISPATCH),
)
KNOWN_ROLES: Final = frozenset(Role)
