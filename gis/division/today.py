"""The quality of the grids of today, measured as that of a proposal is: on outlines, doors and streets."""

from dataclasses import replace

import numpy as np
import shapely

from gis.coordinates import MetricZone
from gis.division.atoms import Held, Merger, build_graph, compound_numbers, edges_of, region_of
from gis.division.dedicated import open_land
from gis.division.faces import faces_of, holders, noded
from gis.division.figures import measure
from gis.division.laying import checked
from gis.division.model import Figures, Ground


def measure_today(ground: Ground) -> Figures | None:
    """Figures of `ground.existing`, dedicated grids left out as in a proposal; None where nothing is drawn yet.

    Land and doors in no grid count with the nearest one. Raises DivisionError for a ground that cannot be divided.
    """
    if not ground.existing:
        return None
    lons, lats, households, minutes = checked(ground)
    zone, land = MetricZone.of(ground.parent), open_land(ground)
    faces = faces_of(noded(ground, with_existing=True), land)
    edges = edges_of(faces, ground, zone, keeps=False)
    inside = shapely.intersects_xy(land, lons, lats)
    compound = compound_numbers(ground.demand.compounds, len(lons))[inside]
    held = Held(holders(faces, lons[inside], lats[inside]), households[inside], minutes[inside], compound)
    one_region = np.zeros(len(faces), dtype=np.int64)
    atoms = build_graph(
        faces, region=one_region, merger=Merger(faces, one_region, edges, zone), edges=edges, held=held, zone=zone
    )
    figures = measure(ground, atoms, region_of(faces, ground.existing), ground.existing)
    return replace(figures, kept_share=None)
