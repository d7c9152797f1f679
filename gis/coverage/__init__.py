"""Faults of a coverage and their repair: grids that should fill their parent area without overlap and without gap.

`finding` names, measures and draws every fault, with a point to fly to; `features` asks households and buildings;
`spikes` looks at single outlines; `proposing` puts a repair beside a fault; `repairing` carries accepted ones out.
"""

from gis.coverage.finding import find_faults
from gis.coverage.model import (
    BLOCKING,
    SLIVER_WIDTH_M,
    TOLERANCE_M2,
    Buildings,
    Fault,
    FaultKind,
    Points,
    Repair,
    RepairKind,
)
from gis.coverage.repairing import Repaired, apply_repairs, match_edges, repair_all

__all__ = [
    "BLOCKING",
    "SLIVER_WIDTH_M",
    "TOLERANCE_M2",
    "Buildings",
    "Fault",
    "FaultKind",
    "Points",
    "Repair",
    "RepairKind",
    "Repaired",
    "apply_repairs",
    "find_faults",
    "match_edges",
    "repair_all",
]
