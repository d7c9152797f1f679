"""Cut a community or a street office into grids: connected, compact, alike in households and duty minutes.

`laying` makes atoms, the blocks between streets and water that no building straddles; `starting` halves the land into a
first division; `searching` and `core` improve it; `figures` measures what came out; `proposing.propose` does it all.
`dedicated` sets land aside that stays as it is; `today` measures the grids in force the same way.
"""

from gis.division.model import (
    Demand,
    DivisionError,
    Figures,
    GridDraft,
    Ground,
    Proposal,
    Street,
    Wish,
)
from gis.division.proposing import propose, warm_up
from gis.division.today import measure_today

__all__ = [
    "Demand",
    "DivisionError",
    "Figures",
    "GridDraft",
    "Ground",
    "Proposal",
    "Street",
    "Wish",
    "measure_today",
    "propose",
    "warm_up",
]
