"""The life of a case as one table (domain_standards §5): what may follow what, and in which role."""

from enum import StrEnum

from backend.accounts.roles import Role
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
    SUSPEND = "suspend"
    RESUME = "resume"
    CANCEL = "cancel"
    FORCE_CLOSE = "force_close"
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


# Somebody is busy with it: it keeps its person when duty or boundaries change.
UNDER_WAY = (State.HANDLING, State.SUSPENDED, State.PENDING_CHECK)
OPEN_STATES = frozenset(
    {
        State.REPORTED,
        State.VERIFYING,
        State.FILED,
        State.RETURNED,
        State.PENDING_HANDLE,
        State.HANDLING,
        State.SUSPENDED,
        State.PENDING_CHECK,
    }
)

_DESK = frozenset({Role.COMMUNITY, Role.STREET, Role.DISTRICT, Role.CITY, Role.SYSTEM})
_ABOVE = frozenset({Role.STREET, Role.DISTRICT, Role.CITY})
_FIELD = frozenset({Role.GRID_WORKER, Role.GRID_LEADER})
_HANDLERS = _FIELD | {Role.DEPARTMENT}

Row = tuple[State, frozenset[Role]]

TABLE: dict[tuple[State, Action], Row] = {
    (State.REPORTED, Action.SELF_HANDLE): (State.CLOSED, _FIELD),
    (State.REPORTED, Action.VERIFY): (State.VERIFYING, _DESK),
    (State.VERIFYING, Action.VERIFIED): (State.REPORTED, _FIELD),
    (State.VERIFYING, Action.REFUSE): (State.NOT_ACCEPTED, _FIELD | _DESK),
    (State.REPORTED, Action.FILE): (State.FILED, _DESK),
    (State.REPORTED, Action.REFUSE): (State.NOT_ACCEPTED, _DESK),
    (State.FILED, Action.DISPATCH): (State.PENDING_HANDLE, _DESK),
    (State.FILED, Action.RETURN): (State.RETURNED, _DESK),
    (State.PENDING_HANDLE, Action.RETURN): (State.RETURNED, _DESK),
    (State.PENDING_HANDLE, Action.DISPUTE): (State.PENDING_HANDLE, _HANDLERS | _DESK),
    (State.PENDING_HANDLE, Action.SETTLE): (State.PENDING_HANDLE, _HANDLERS | _DESK),
    (State.PENDING_HANDLE, Action.WITHDRAW): (State.PENDING_HANDLE, _HANDLERS | _DESK),
    (State.RETURNED, Action.DISPATCH): (State.PENDING_HANDLE, _DESK),
    (State.RETURNED, Action.FILE): (State.FILED, _DESK),
    (State.RETURNED, Action.REFUSE): (State.NOT_ACCEPTED, _DESK),
    (State.PENDING_HANDLE, Action.ASSIGN): (State.PENDING_HANDLE, _DESK | {Role.GRID_LEADER, Role.DEPARTMENT}),
    (State.PENDING_HANDLE, Action.ACCEPT): (State.HANDLING, _HANDLERS),
    (State.HANDLING, Action.ASSIGN): (State.PENDING_HANDLE, _DESK | {Role.GRID_LEADER, Role.DEPARTMENT}),
    (State.HANDLING, Action.HAND_BACK): (State.PENDING_HANDLE, _HANDLERS),
    (State.HANDLING, Action.SUBMIT): (State.PENDING_CHECK, _HANDLERS),
    (State.HANDLING, Action.SUSPEND): (State.SUSPENDED, _DESK),
    (State.SUSPENDED, Action.RESUME): (State.HANDLING, _DESK),
    (State.PENDING_CHECK, Action.REWORK): (State.HANDLING, _DESK),
    (State.PENDING_CHECK, Action.CLOSE): (State.CLOSED, _DESK),
    (State.CLOSED, Action.REOPEN): (State.PENDING_HANDLE, frozenset({Role.RESIDENT, Role.INTEGRATION}) | _DESK),
    (State.CLOSED, Action.NOTE): (State.CLOSED, frozenset({Role.INTEGRATION})),
    (State.CLOSED, Action.RATE): (State.CLOSED, frozenset({Role.RESIDENT})),
}
for _state in OPEN_STATES:
    TABLE[_state, Action.NOTE] = (_state, _HANDLERS | _DESK | {Role.INTEGRATION})
    TABLE[_state, Action.FORCE_CLOSE] = (State.FORCED_CLOSE, _ABOVE)
    TABLE[_state, Action.ROUTE] = (_state, frozenset({Role.SYSTEM}) | _DESK)
    TABLE[_state, Action.CORRECT] = (_state, _FIELD | _DESK)
for _state in (State.REPORTED, State.VERIFYING, State.FILED, State.PENDING_HANDLE, State.RETURNED):
    TABLE[_state, Action.CANCEL] = (State.CANCELLED, frozenset({Role.RESIDENT}) | _DESK)
for _state in OPEN_STATES - {State.SUSPENDED, State.PENDING_CHECK}:
    TABLE[_state, Action.REBOOK] = (_state, frozenset({Role.RESIDENT, Role.COMMUNITY, Role.STREET}))
for _state in (State.FILED, State.PENDING_HANDLE, State.HANDLING):
    TABLE[_state, Action.ESCALATE] = (_state, frozenset({Role.SYSTEM}))

NEEDS_NOTE = frozenset(
    {
        Action.REFUSE,
        Action.RETURN,
        Action.HAND_BACK,
        Action.REWORK,
        Action.SUSPEND,
        Action.CANCEL,
        Action.FORCE_CLOSE,
        Action.REOPEN,
        Action.NOTE,
        Action.DISPUTE,
        Action.CORRECT,
    }
)
# Steps that say something of the case and take it nowhere.
_BESIDE = frozenset(
    {Action.NOTE, Action.RATE, Action.ESCALATE, Action.ROUTE, Action.CORRECT, Action.REBOOK, Action.WITHDRAW}
)
_STAGE = {
    State.REPORTED: Stage.COLLECTED,
    State.VERIFYING: Stage.COLLECTED,
    State.FILED: Stage.FILED,
    State.RETURNED: Stage.FILED,
    State.PENDING_HANDLE: Stage.DISPATCHED,
    State.HANDLING: Stage.HANDLING,
    State.SUSPENDED: Stage.HANDLING,
    State.PENDING_CHECK: Stage.FEEDBACK,
}


def next_state(state: State, action: Action, role: Role) -> State:
    """State after `action`. Raises TransitionNotAllowed without such a row, RoleMayNot for another role's step."""
    row = TABLE.get((state, action))
    if row is None:
        raise TransitionNotAllowed(f"a case that is {state} has no step {action}", state=state, action=action)
    if role not in row[1]:
        raise RoleMayNot(f"{role} may not {action} a case", role=role, action=action)
    return row[0]


def actions_of(state: State, role: Role) -> list[Action]:
    """What `role` may do with a case in `state`, in the order of the table."""
    return [action for (start, action), (_, roles) in TABLE.items() if start == state and role in roles]


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
    if state in _STAGE:
        return _STAGE[state]
    return Stage.EVALUATED if rated else Stage.CHECKED_CLOSED
