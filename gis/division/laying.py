"""From the ground to its atoms."""

from dataclasses import replace
from typing import Final

import numpy as np
import shapely

from gis.coordinates import CoordinateError, MetricZone, check_positions
from gis.division.atoms import Atoms, Held, Merger, build_graph, compound_numbers, edges_of, region_of
from gis.division.dedicated import kept_outlines, open_land
from gis.division.faces import Doors, cut_heavy, faces_of, holders, noded
from gis.division.model import DivisionError, Floats, Ground, Wish

HEAVY_SHARE: Final = 0.25


def lay_atoms(ground: Ground, wish: Wish) -> Atoms:
    """Blocks between streets, water and given borders. Raises DivisionError for a ground that cannot be divided."""
    demand = checked(ground)
    zone = MetricZone.of(ground.parent)
    lons, lats, households, minutes = demand
    land = open_land(ground)
    inside = shapely.intersects_xy(land, lons, lats)
    if not households[inside].sum() > 0:
        raise DivisionError("nothing_to_divide", "no household lies inside the area", field="demand")
    lons, lats, households, minutes = (part[inside] for part in demand)
    compound = compound_numbers(ground.demand.compounds, len(inside))[inside]
    buildings = [one for one in ground.buildings if one.intersects(land)]
    target = float(households.sum()) / wish.grids if wish.grids else wish.households
    lines = noded(ground, with_existing=wish.keeps_borders)
    faces = faces_of(lines, land)
    most = HEAVY_SHARE * target
    cuts = cut_heavy(faces, Doors(lons, lats, households), buildings, most=most, zone=zone)
    if cuts:
        lines = noded(ground, with_existing=wish.keeps_borders, more=cuts)
        faces = faces_of(lines, land)
    region = region_of(faces, ground.regions)
    edges = edges_of(faces, ground, zone, keeps=wish.keeps_borders)
    merger = Merger(faces, region, edges, zone)
    merger.join_under_buildings(buildings, zone)
    merger.join_slivers()
    held = Held(holders(faces, lons, lats), households, minutes, compound)
    atoms = build_graph(faces, region=region, merger=merger, edges=edges, held=held, zone=zone)
    return replace(atoms, dedicated=kept_outlines(lines, ground.dedicated))


def checked(ground: Ground) -> tuple[Floats, Floats, Floats, Floats]:
    """Positions, households and minutes of the doors. Raises DivisionError for a ground that cannot be divided."""
    if ground.parent.is_empty or not ground.parent.is_valid:
        raise DivisionError("bad_parent", "the area has no valid outline", field="parent")
    if any(region.is_empty or not region.is_valid for region in (*ground.regions, *ground.existing, *ground.dedicated)):
        raise DivisionError("bad_region", "an outline inside the area is empty or crosses itself", field="regions")
    try:
        lons, lats = check_positions(ground.demand.lons, ground.demand.lats)
    except CoordinateError as error:
        raise DivisionError("bad_demand", f"{error.field}: {error.detail}", field="demand") from error
    households, minutes = (np.asarray(part, float) for part in (ground.demand.households, ground.demand.minutes))
    for name, part in (("households", households), ("minutes", minutes)):
        if part.shape != lons.shape or not (np.isfinite(part) & (part >= 0)).all():
            raise DivisionError("bad_demand", f"{name}: one number of 0 or more for each door", field="demand")
    if len(ground.demand.compounds) not in (0, len(lons)):
        raise DivisionError("bad_demand", "compounds: one for each door, or none at all", field="demand")
    return lons, lats, households, minutes
