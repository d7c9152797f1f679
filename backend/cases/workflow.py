"""The words for the life of a case (domain_standards §5): its states and what they mean, its steps, its stages.

What may follow what, by whom and on which conditions stands in the table of `backend.cases.flows`, nowhere else.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from backend.core.errors import Conflict, NotAllowed


class State(StrEnum):
    REPORTED = "reported"
    VERIFYING = "verifying"
    FILED = "filed"
    RETURNED = "returned"
    PENDING_HANDLE = "pending_handle"
    HANDLING = "handling"
    SUSPENDED = "suspended"
    PENDING_CHECK = "pending_check"
    CLOSED = "closed"
    NOT_ACCEPTED = "not_accepted"
    CANCELLED = "cancelled"
    FORCED_CLOSE = "forced_close"


class Action(StrEnum):
    REPORT = "report"
    ROUTE = "route"
    CORRECT = "correct"
    SELF_HANDLE = "self_handle"
    VERIFY = "verify"
    VERIFIED = "verified"
    FILE = "file"
    REFUSE = "refuse"
    DISPATCH = "dispatch"
    RETURN = "return"
    ASSIGN = "assign"
    ACCEPT = "accept"
    HAND_BACK = "hand_back"
    SUBMIT = "submit"
    REWORK = "rework"
    CLOSE = "close"
    ASK_EXTENSION = "ask_extension"
    EXTEND = "extend"
    DENY_EXTENSION = "deny_extension"
    SUSPEND = "suspend"
    RESUME = "resume"
    CANCEL = "cancel"
    FORCE_CLOSE = "force_close"
    SUPERVISE = "supervise"
    APPEAL = "appeal"
    GRANT_APPEAL = "grant_appeal"
    DENY_APPEAL = "deny_appeal"
    REOPEN = "reopen"
    RATE = "rate"
    NOTE = "note"
    ESCALATE = "escalate"
    REBOOK = "rebook"
    DISPUTE = "dispute"
    SETTLE = "settle"
    WITHDRAW = "withdraw"


class Stage(StrEnum):
    """The seven stages that people are shown."""

    COLLECTED = "collected"
    FILED = "filed"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    FEEDBACK = "feedback"
    CHECKED_CLOSED = "checked_closed"
    EVALUATED = "evaluated"


class TransitionNotAllowed(Conflict):
    """The table has no such row: the case is in another state by now, or never could."""

    code = "transition_not_allowed"


class RoleMayNot(NotAllowed):
    """The step exists, but not for this role."""

    code = "role_may_not"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a state is to those who only look: the stage that people are shown, and three yes-or-no questions."""

    stage: Stage
    is_open: bool = True
    is_under_way: bool = False
    clock_runs: bool = False


# Under way: somebody is busy with it, so it keeps its person when duty or boundaries change.
MEANING: Final[dict[State, Meaning]] = {
    State.REPORTED: Meaning(Stage.COLLECTED),
    State.VERIFYING: Meaning(Stage.COLLECTED),
    State.FILED: Meaning(Stage.FILED),
    State.RETURNED: Meaning(Stage.FILED),
    State.PENDING_HANDLE: Meaning(Stage.DISPATCHED, clock_runs=True),
    State.HANDLING: Meaning(Stage.HANDLING, is_under_way=True, clock_runs=True),
    State.SUSPENDED: Meaning(Stage.HANDLING, is_under_way=True),
    State.PENDING_CHECK: Meaning(Stage.FEEDBACK, is_under_way=True),
    State.CLOSED: Meaning(Stage.CHECKED_CLOSED, is_open=False),
    State.NOT_ACCEPTED: Meaning(Stage.CHECKED_CLOSED, is_open=False),
    State.CANCELLED: Meaning(Stage.CHECKED_CLOSED, is_open=False),
    State.FORCED_CLOSE: Meaning(Stage.CHECKED_CLOSED, is_open=False),
}
OPEN_STATES: Final = frozenset(state for state, about in MEANING.items() if about.is_open)
UNDER_WAY: Final = tuple(state for state, about in MEANING.items() if about.is_under_way)
RUNNING: Final = tuple(state for state, about in MEANING.items() if about.clock_runs)

# Steps that say something of the case and take it nowhere.
_BESIDE: Final = frozenset(
    {
        Action.NOTE,
        Action.RATE,
        Action.ESCALATE,
        Action.ROUTE,
        Action.CORRECT,
        Action.REBOOK,
        Action.WITHDRAW,
        Action.ASK_EXTENSION,
        Action.EXTEND,
        Action.DENY_EXTENSION,
        Action.SUPERVISE,
        Action.APPEAL,
        Action.GRANT_APPEAL,
        Action.DENY_APPEAL,
    }
)


def type_of(state: State, action: Action) -> str:
    """The kind of a step in the history: forward, return, cancel, close, assign or note."""
    if action in (Action.RETURN, Action.DISPUTE, Action.HAND_BACK, Action.REWORK, Action.REOPEN):
        return "return"
    if action in (Action.CANCEL, Action.REFUSE):
        return "cancel"
    if action in (Action.CLOSE, Action.FORCE_CLOSE, Action.SELF_HANDLE):
        return "close"
    if action in (Action.ASSIGN, Action.ACCEPT, Action.SETTLE):
        return "assign"
    return "note" if action in _BESIDE else "forward"


def stage_of(state: State, *, rated: bool) -> Stage:
    """The public stage of a state."""
    return Stage.EVALUATED if rated and not MEANING[state].is_open else MEANING[state].stage
