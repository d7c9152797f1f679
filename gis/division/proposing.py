"""The door of the room: a proposal from a ground and a wish."""

import numpy as np
from shapely import LineString, box

from gis.coordinates import MetricZone
from gis.division.atoms import Atoms, summed
from gis.division.figures import compactness_of, measure, outlines_of
from gis.division.laying import lay_atoms
from gis.division.model import Demand, GridDraft, Ground, Ints, Proposal, Street, Wish
from gis.division.searching import best_division


def propose(ground: Ground, wish: Wish) -> Proposal:
    """Divides the ground as wished. The grids, with those that are dedicated, tile the parent; neighbours share every
    vertex of a common border.

    Raises DivisionError when the ground holds nothing to divide or too little for so many grids.
    """
    atoms = lay_atoms(ground, wish)
    count = wish.grids or max(1, len(np.unique(atoms.region)), round(float(atoms.households.sum()) / wish.households))
    return proposal_of(ground, atoms, _in_reading_order(atoms, best_division(atoms, count, wish), count), count)


def proposal_of(ground: Ground, atoms: Atoms, home: Ints, count: int) -> Proposal:
    """Outlines and figures of a division of the atoms, however it was made."""
    outlines = outlines_of(atoms, home, count)
    compact = compactness_of(outlines, MetricZone.of(ground.parent))
    region = np.zeros(count, dtype=np.int64)
    region[home] = atoms.region
    households, minutes = (summed(home, part, count) for part in (atoms.households, atoms.minutes))
    grids = [
        GridDraft(outlines[g], int(region[g]), float(households[g]), float(minutes[g]), float(compact[g]))
        for g in range(count)
    ]
    return Proposal(grids, measure(ground, atoms, home, outlines), atoms.count, home, atoms.dedicated)


def _in_reading_order(atoms: Atoms, home: Ints, count: int) -> Ints:
    """The same grids numbered region by region, from north to south, then from west to east."""
    area = summed(home, atoms.area_m2, count)
    x, y = (summed(home, part * atoms.area_m2, count) / area for part in (atoms.x, atoms.y))
    region = np.zeros(count, dtype=np.int64)
    region[home] = atoms.region
    order = np.lexsort((np.round(x, 1), -np.round(y, 1), region))
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    return rank[home]


def warm_up() -> None:
    """Compile the search, or load it from the cache: call it once when a worker process starts."""
    streets = [Street(LineString([(x * 1e-3, 0), (x * 1e-3, 2e-3)]), "residential") for x in (1, 2, 3)]
    spots = [(x + 0.5) * 1e-3 for x in range(4)]
    demand = Demand(spots, [1e-3] * 4, [10.0] * 4, [0.0] * 4)
    propose(Ground(box(0, 0, 4e-3, 2e-3), streets, (), demand), Wish(grids=2, effort=1e-4))
