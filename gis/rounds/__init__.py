"""The weekly round: plan one team's week, check it, probe it for free slots.

    plan = plan_week(Problem(jobs=..., shifts=..., travel_s=costs.seconds, travel_m=costs.metres), seed=1)
    assert check_plan(problem, plan) == []

`replan` mends a week from the plan at hand. The compiled search (numba) is loaded with the first use of `plan_week`,
`replan` or `warm_up`: a web process that only probes plans for slots never pays for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gis.rounds.checking import Violation, check_plan
from gis.rounds.model import (
    Commitment,
    CostParts,
    Job,
    Plan,
    PlannedStop,
    Problem,
    ProblemError,
    Reason,
    Route,
    Shift,
    Unserved,
    Weights,
    Window,
)
from gis.rounds.probing import Insertion, probe

if TYPE_CHECKING:
    from gis.rounds.planning import plan_week, warm_up
    from gis.rounds.replanning import replan

__all__ = [
    "Commitment",
    "CostParts",
    "Insertion",
    "Job",
    "Plan",
    "PlannedStop",
    "Problem",
    "ProblemError",
    "Reason",
    "Route",
    "Shift",
    "Unserved",
    "Violation",
    "Weights",
    "Window",
    "check_plan",
    "plan_week",
    "probe",
    "replan",
    "warm_up",
]


def __getattr__(name: str) -> Any:
    if name in ("plan_week", "warm_up"):
        return getattr(import_module("gis.rounds.planning"), name)
    if name == "replan":
        return import_module("gis.rounds.replanning").replan
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
