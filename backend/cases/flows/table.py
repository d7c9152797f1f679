"""A table of steps: read from cells, checked as a whole, asked by state, step and role. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from backend.accounts.roles import Role
from backend.cases.flows.names import CLOCKS_OF, COUNTED, SWEPT, TAKEN_BY_ITSELF, Clock, Guard, Need
from backend.cases.workflow import MEANING, Action, State
from backend.core.errors import Conflict, NotAllowed

COLUMNS: Final = ("from", "action", "to", "roles", "needs", "guards", "clock")
STAYS: Final = "="
NO_LINE: Final = 0
Word = TypeVar("Word", bound=StrEnum)


class TransitionNotAllowed(Conflict):
    """The table has no such row: the case is in another state by now, or never could."""

    code = "transition_not_allowed"


class RoleMayNot(NotAllowed):
    """The step exists, but not for this role."""

    code = "role_may_not"


@dataclass(frozen=True, slots=True)
class Condition:
    """A guard as the table names it; `count` is 0 for guards without a number."""

    guard: Guard
    count: int = 0


@dataclass(frozen=True, slots=True)
class Transition:
    """One step out of one state. `state` is None for the report that opens a case."""

    state: State | None
    action: Action
    to: State
    roles: frozenset[Role]
    needs: tuple[Need, ...] = ()
    guards: tuple[Condition, ...] = ()
    clock: Clock | None = None
    line: int = NO_LINE


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a table is refused. Rows count from 1, the header is row 1."""

    row: int
    column: str
    reason: str


class TableRefused(ValueError):
    """The table has faults; nothing of it holds."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"row {one.row}, {one.column}: {one.reason}" for one in faults))
        self.faults = tuple(faults)


class Flow:
    """A checked table. What it does not name is refused."""

    def __init__(self, transitions: Iterable[Transition]) -> None:
        self.transitions = tuple(transitions)
        self._of: dict[tuple[State | None, Action], list[Transition]] = defaultdict(list)
        for one in self.transitions:
            self._of[one.state, one.action].append(one)
        self.states = frozenset(state for one in self.transitions for state in (one.state, one.to) if state is not None)

    def find(self, state: State | None, action: Action, role: Role) -> Transition:
        """The row for this step. Raises TransitionNotAllowed without one, RoleMayNot for another role's step."""
        rows = self._of.get((state, action), ())
        if not rows:
            raise TransitionNotAllowed(f"a case that is {state} has no step {action}", state=state, action=action)
        for one in rows:
            if role in one.roles:
                return one
        raise RoleMayNot(f"{role} may not {action} a case", role=role, action=action)

    def of(self, state: State, role: Role) -> list[Transition]:
        """What `role` may do with a case in `state`, in the order of the table."""
        return [one for one in self.transitions if one.state == state and role in one.roles]


def read_flow(lines: Sequence[tuple[int, Mapping[str, str]]]) -> Flow:
    """The table in these numbered lines of cells. Raises TableRefused, which names the row and column of each fault."""
    faults: list[Fault] = []
    transitions: list[Transition] = []
    for number, cells in lines:
        transitions += _Line(number, cells, faults).transitions()
    if not faults:
        faults += _faults_of(transitions)
    if faults:
        raise TableRefused(faults)
    return Flow(transitions)


class _Line:
    """One line of a table; what cannot be read is named in `faults`."""

    def __init__(self, number: int, cells: Mapping[str, str], faults: list[Fault]) -> None:
        self._number, self._cells, self._faults = number, cells, faults

    def transitions(self) -> list[Transition]:
        """One transition for each state in `from`; none when a cell is faulty."""
        known = len(self._faults)
        states: list[State | None] = [*self._words("from", State)] or [None]
        actions = self._words("action", Action)
        to_text = self._cells.get("to", "").strip()
        to = self._words("to", State) if to_text != STAYS else []
        roles, needs = self._words("roles", Role), self._words("needs", Need)
        guards, clocks = self._guards(), self._words("clock", Clock)
        if len(actions) != 1 and len(self._faults) == known:
            self._refuse("action", "name one step")
        if to_text != STAYS and len(to) != 1 and len(self._faults) == known:
            self._refuse("to", f"name one state, or {STAYS} where the case stays")
        if not roles and len(self._faults) == known:
            self._refuse("roles", "name at least one role")
        if len(self._faults) == known:
            self._fits(states, actions[0], to, clocks)
        if len(self._faults) > known:
            return []
        return [
            Transition(
                state=state,
                action=actions[0],
                to=to[0] if to else state,  # type: ignore[arg-type]  # only a report has no state, and it has a `to`
                roles=frozenset(roles),
                needs=tuple(needs),
                guards=tuple(guards),
                clock=clocks[0] if clocks else None,
                line=self._number,
            )
            for state in states
        ]

    def _fits(
        self, states: Sequence[State | None], action: Action, to: Sequence[State], clocks: Sequence[Clock]
    ) -> None:
        if (states == [None]) != (action is Action.REPORT):
            self._refuse("from", "only `report` begins at nothing, and it begins nowhere else")
        elif action is Action.REPORT and not to:
            self._refuse("to", "a report leads to a state")
        if len(clocks) > 1:
            self._refuse("clock", "name one effect")
        for clock in clocks:
            if clock not in CLOCKS_OF.get(action, ()):
                self._refuse("clock", f"{clock} does not belong to {action}")
        if not clocks and action in (Action.SUSPEND, Action.RESUME, Action.DISPATCH, Action.EXTEND):
            self._refuse("clock", f"{action} has to say {' or '.join(CLOCKS_OF[action])}")

    def _words(self, column: str, among: type[Word]) -> list[Word]:
        found = []
        for word in self._cells.get(column, "").split():
            try:
                found.append(among(word))
            except ValueError:
                self._refuse(column, f"{word!r} is none of {', '.join(among)}")
        doubled = {word for word in found if found.count(word) > 1}
        for word in sorted(doubled):
            self._refuse(column, f"{word} stands there twice")
        return found

    def _guards(self) -> list[Condition]:
        found = []
        for word in self._cells.get("guards", "").split():
            name, _, number = word.partition("=")
            if name not in set(Guard):
                self._refuse("guards", f"{name!r} is none of {', '.join(Guard)}")
                continue
            guard = Guard(name)
            if guard in COUNTED and not (number.isdecimal() and 0 < int(number) <= 999):
                self._refuse("guards", f"{name} takes a number from 1 to 999, like {name}=2")
            elif guard not in COUNTED and "=" in word:
                self._refuse("guards", f"{name} takes no number")
            else:
                found.append(Condition(guard, int(number or 0)))
        return found

    def _refuse(self, column: str, reason: str) -> None:
        self._faults.append(Fault(self._number, column, reason))


def _faults_of(transitions: Sequence[Transition]) -> list[Fault]:
    """What is wrong with the table as a whole."""
    return [*_ambiguous(transitions), *_unreachable(transitions), *_dead_ends(transitions), *_missing(transitions)]


def _ambiguous(transitions: Sequence[Transition]) -> list[Fault]:
    """A state, a step and a role have one row."""
    faults, seen = [], dict[tuple[State | None, Action, Role], int]()
    for one in transitions:
        again = {seen.setdefault((one.state, one.action, role), one.line) for role in sorted(one.roles)} - {one.line}
        for line in sorted(again):
            start = one.state or "nothing"
            faults.append(Fault(one.line, "roles", f"{start} + {one.action} has one of these roles in row {line} too"))
    return faults


def _unreachable(transitions: Sequence[Transition]) -> list[Fault]:
    """Every state that a row begins at can be come to from a report."""
    reached = {one.to for one in transitions if one.state is None}
    while more := {one.to for one in transitions if one.state in reached} - reached:
        reached |= more
    return [
        Fault(one.line, "from", f"no way leads from a report to {one.state}")
        for one in _first_of_each(transitions)
        if one.state is not None and one.state not in reached
    ]


def _dead_ends(transitions: Sequence[Transition]) -> list[Fault]:
    """From every open state a way leads to an end, and not only by a step that nobody but the system takes."""
    ends = {state for state, about in MEANING.items() if not about.is_open}
    finishing = set(ends)
    by_people = [one for one in transitions if one.roles - {Role.SYSTEM}]
    while more := {one.state for one in by_people if one.state and one.to in finishing} - finishing:
        finishing |= more
    faults, told = [], set[State]()
    for one in transitions:
        if one.to not in finishing and one.to not in told:
            told.add(one.to)
            faults.append(Fault(one.line, "to", f"from {one.to} no way leads to an end"))
    return faults


def _missing(transitions: Sequence[Transition]) -> list[Fault]:
    """The steps that the software takes by itself, at once or by a sweep."""
    taken = {(one.state, one.action) for one in transitions if Role.SYSTEM in one.roles}
    used = {one.to for one in transitions}
    swept = [(state, action) for state, action in SWEPT if state in used]
    return [
        Fault(1, "action", f"no row lets system {action} a case from {state or 'nothing'}")
        for state, action in (*TAKEN_BY_ITSELF, *swept)
        if (state, action) not in taken
    ]


def _first_of_each(transitions: Sequence[Transition]) -> list[Transition]:
    """The first row of each state."""
    first: dict[State | None, Transition] = {}
    for one in transitions:
        first.setdefault(one.state, one)
    return list(first.values())
