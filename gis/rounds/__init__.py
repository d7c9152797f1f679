"""The weekly round: plan one team's week, check it, probe it for free slots.

    plan = plan_week(Problem(jobs=..., shifts=..., travel_s=costs.seconds, travel_m=costs.metres), seed=1)
    assert check_plan(problem, plan) == []
"""

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
from gis.rounds.planning import plan_week, warm_up
from gis.rounds.probing import Insertion, probe

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
    "warm_up",
]
