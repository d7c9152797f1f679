"""Which table holds for a case: the newest loaded one of the nearest area above it, else the one in the tree."""

import csv
import time
from functools import lru_cache
from pathlib import Path
from typing import Final
from uuid import UUID

from backend.accounts.actor import Actor
from backend.cases.flows.table import Flow, Transition, read_flow
from backend.cases.models import Case, FlowVersion
from backend.cases.workflow import Action, State

STANDARD_FILE: Final = Path(__file__).with_name("standard.csv")
_KEPT_S = 5.0
# For readers: the moment, and (path, version) of each area that has a table of its own, the longest path first.
_kept: tuple[float, list[tuple[str, UUID]]] | None = None


@lru_cache(maxsize=1)
def standard() -> Flow:
    """The table in the tree. Raises TableRefused."""
    with STANDARD_FILE.open(encoding="utf-8", newline="") as file:
        return read_flow(list(enumerate(csv.DictReader(file), start=2)))


@lru_cache(maxsize=32)
def _loaded(version_id: UUID) -> Flow:
    """A version never changes, so that it is read once a process."""
    rows = FlowVersion.objects.values_list("rows", flat=True).get(pk=version_id)
    return read_flow([(row["line"], row["cells"]) for row in rows])


def flow_for(area_path: str, *, fresh: bool = False) -> Flow:
    """The table that holds where a case lies.

    Whoever writes asks `fresh`, after the lock on the case: a load waits for that lock and the other way round.
    Readers get what held a few seconds ago at most.
    """
    for path, version_id in _versions() if fresh else _versions_kept():
        if area_path.startswith(path):
            return _loaded(version_id)
    return standard()


def flow_of(case: Case, *, fresh: bool = False) -> Flow:
    """The table that a case follows.

    A case that was moved here in a state which the table of this area lacks follows the one in the tree meanwhile.
    """
    flow = flow_for(case.area_path, fresh=fresh)
    return flow if State(case.state) in flow.states else standard()


def step_of(case: Case, action: Action, actor: Actor) -> Transition:
    """The row for a step on a locked case. Raises TransitionNotAllowed, RoleMayNot."""
    return flow_of(case, fresh=True).find(State(case.state), action, actor.role)


def state_after(case: Case, action: Action, actor: Actor) -> State:
    """`step_of`, for those who only need to know where it leads."""
    return step_of(case, action, actor).to


def _versions() -> list[tuple[str, UUID]]:
    newest = FlowVersion.objects.order_by("area", "-n").distinct("area").values_list("area__path", "pk")
    return sorted(((path or "", key) for path, key in newest), key=lambda one: -len(one[0]))


def _versions_kept() -> list[tuple[str, UUID]]:
    global _kept
    if _kept is None or time.monotonic() - _kept[0] > _KEPT_S:
        _kept = (time.monotonic(), _versions())
    return _kept[1]


def forget_flows() -> None:
    """Drops what readers keep, after a load."""
    global _kept
    _kept = None
