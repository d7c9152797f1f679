"""Walking network from an OpenStreetMap extract: snapping, cost matrices, path geometry.

network = read_osm(extract).prepare()
places = network.snap(lons, lats)
costs = network.matrix(places)
way = network.path(places[0], places[1])
"""

from gis.network.costs import UNREACHABLE, CostMatrix, Path
from gis.network.errors import NetworkError
from gis.network.model import Island, Mode, ReadingReport, WalkingNetwork
from gis.network.reading import read_osm
from gis.network.rules import Speeds, WayUse, node_is_closed, way_use
from gis.network.snapping import Snapped, SnappedPoint

__all__ = [
    "UNREACHABLE",
    "CostMatrix",
    "Island",
    "Mode",
    "NetworkError",
    "Path",
    "ReadingReport",
    "Snapped",
    "SnappedPoint",
    "Speeds",
    "WalkingNetwork",
    "WayUse",
    "node_is_closed",
    "read_osm",
    "way_use",
]
