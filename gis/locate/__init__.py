"""Point -> grid, without silent guesses: the rule, its SQL, and the engine that answers single points and batches.

`rule` says what belongs to whom, `sql` says it to PostGIS, `edges` says what covering means to the last bit, `index`
answers from memory, `cells` answers many points at once. The phone's twin lives in web/core/src/locate.
"""

from gis.locate.index import GridIndex
from gis.locate.rule import (
    SNAP_PER_DEGREE,
    Candidate,
    GridId,
    GridShape,
    Kind,
    Located,
    Reach,
    circle_radius_m,
    decide,
    reach_parameters,
    snap_degrees,
)
from gis.locate.sql import COVERING_MANY_SQL, COVERING_SQL, REACHED_SQL, SNAPPED_POINT_SQL

__all__ = [
    "COVERING_MANY_SQL",
    "COVERING_SQL",
    "REACHED_SQL",
    "SNAPPED_POINT_SQL",
    "SNAP_PER_DEGREE",
    "Candidate",
    "GridId",
    "GridIndex",
    "GridShape",
    "Kind",
    "Located",
    "Reach",
    "circle_radius_m",
    "decide",
    "reach_parameters",
    "snap_degrees",
]
