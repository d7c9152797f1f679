"""Outlines of a division and its quality, measured on the outlines and doors themselves, not on the search's sums."""

from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon, STRtree

from gis.coordinates import MetricZone
from gis.coverage import Buildings
from gis.coverage.features import cut_buildings
from gis.coverage.model import polygons_of
from gis.division.atoms import Atoms, Edges, summed
from gis.division.model import Figures, Floats, Ground, Ints, Region
from gis.locate import GridShape
from gis.outlines import rounded


def outlines_of(atoms: Atoms, home: Ints, count: int) -> list[Region]:
    """The polygon of every grid; neighbours share every vertex of their common border."""
    faces = np.array(atoms.faces, dtype=object)
    grid = home[atoms.face_of]
    outlines = []
    for number in range(count):
        union = rounded(shapely.coverage_union_all(faces[grid == number]))
        parts = polygons_of(union)
        outlines.append(parts[0] if len(parts) == 1 else MultiPolygon(parts))
    return outlines


def compactness_of(outlines: Sequence[Region], zone: MetricZone) -> Floats:
    """Polsby–Popper 4πA/P² of every outline, holes counted in the perimeter."""
    metric = np.array([zone.project(outline) for outline in outlines], dtype=object)
    return np.asarray(4 * np.pi * shapely.area(metric) / shapely.length(metric) ** 2, dtype=np.float64)


def cut_lengths(edges: Edges, grid: Ints) -> tuple[float, float, float | None]:
    """Metres of border between grids, the part along streets, the part of today's inner borders that is kept.

    `grid`: grid of every face.
    """
    inner = edges.right >= 0
    is_border = np.zeros(len(inner), dtype=np.bool_)
    is_border[inner] = grid[edges.left[inner]] != grid[edges.right[inner]]
    cut_m = float(edges.length_m[is_border].sum())
    street_m = float(edges.length_m[is_border & edges.on_street].sum())
    old = inner & edges.on_existing
    old_m = float(edges.length_m[old].sum())
    kept = float(edges.length_m[old & is_border].sum()) / old_m if old_m > 0 else None
    return cut_m, street_m / cut_m if cut_m > 0 else 1.0, kept


def measure(ground: Ground, atoms: Atoms, home: Ints, outlines: Sequence[Region]) -> Figures:
    """All figures of a division of the atoms; see `Figures`."""
    count = len(outlines)
    households, minutes = (summed(home, part, count) for part in (atoms.households, atoms.minutes))
    compact = compactness_of(outlines, MetricZone.of(ground.parent))
    cut_m, street_share, kept = cut_lengths(atoms.edges, home[atoms.face_of])
    shapes = [GridShape(number, f"{number:05d}", outline) for number, outline in enumerate(outlines)]
    buildings = Buildings(range(len(ground.buildings)), ground.buildings)
    cut = {fault.feature_ids for fault in cut_buildings(buildings, shapes, STRtree(list(outlines)))}
    compounds, divided = _compounds(ground, outlines)
    return Figures(
        grids=count,
        households_worst=_worst(households),
        minutes_worst=_worst(minutes) if minutes.sum() > 0 else None,
        households_least=float(households.min()),
        households_most=float(households.max()),
        cut_m=cut_m,
        compactness_mean=float(compact.mean()),
        compactness_least=float(compact.min()),
        is_contiguous=all(isinstance(outline, Polygon) for outline in outlines),
        street_share=street_share,
        buildings_cut=len(cut),
        compounds=compounds,
        compounds_cut=divided,
        kept_share=kept if ground.existing else None,
    )


def _worst(loads: Floats) -> float:
    return float(np.abs(loads / loads.mean() - 1).max())


def _compounds(ground: Ground, outlines: Sequence[Region]) -> tuple[int, int]:
    """How many compounds have several doors, and how many of them lie in more than one grid."""
    if not ground.demand.compounds:
        return 0, 0
    spots = shapely.points(np.asarray(ground.demand.lons, float), np.asarray(ground.demand.lats, float))
    at, grid = STRtree(list(outlines)).query(spots, predicate="intersects")
    doors: dict[Hashable, int] = defaultdict(int)
    grids: dict[Hashable, list[set[int]]] = defaultdict(list)
    where: dict[int, set[int]] = defaultdict(set)
    for door, number in zip(at.tolist(), grid.tolist(), strict=True):
        where[door].add(number)
    for door, name in enumerate(ground.demand.compounds):
        if name is not None and where[door]:
            doors[name] += 1
            grids[name].append(where[door])
    several = [name for name in doors if doors[name] > 1]
    return len(several), sum(not set.intersection(*grids[name]) for name in several)
