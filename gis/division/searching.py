"""From a first division to a good one: the settings of the search and its arrays."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from gis.division import core
from gis.division.atoms import Atoms
from gis.division.model import Ints, Wish
from gis.division.starting import first_division

# Steps an atom: small land is searched longer, up to `LONG_SEARCH` steps in all.
STEPS_PER_ATOM: Final = 15_000
LONG_PER_ATOM: Final = 30_000
LONG_SEARCH: Final = 17_000_000
# Searches with random numbers of their own; the best of them counts, whoever ends first. On small land one walk differs
# much from the next, so six short ones find more than two long ones; on large land luck evens out.
WALKS: Final = 6
WALKED_ATOMS: Final = 12_000
HOT: Final = 0.5
COLD: Final = 0.002
# Of 1000 tries.
SWAPS: Final = 150
CUTS: Final = 12
BALANCE: Final = 0.5
COMPACT: Final = 1.0
BORDER: Final = 0.9
# A compound in two grids.
COMPOUNDS: Final = 0.3
# The price of imbalance is steep from this many tolerances on, and steeper by a wall beyond the tolerance.
BAND: Final = 0.7
STEEP: Final = 8.0
WALL: Final = 40.0
# Minutes differ more than households: their tolerance is this many times as wide.
MINUTES_TOLERANCE: Final = 2.0


def best_division(atoms: Atoms, count: int, wish: Wish) -> Ints:
    """The grid of every atom, 0 to count - 1: connected grids, the same for the same atoms, wish and seed.

    Raises DivisionError (too_few_grids, too_few_blocks).
    """
    home = first_division(atoms, count)
    if count == 1:
        return home
    graph = graph_of(atoms)
    terms = _terms(atoms, home, count, wish)
    steps = int(max(min(LONG_SEARCH, LONG_PER_ATOM * atoms.count), STEPS_PER_ATOM * atoms.count) * wish.effort)

    def walk(number: int) -> tuple[float, Ints]:
        state = core.State(
            home=home.astype(np.int64),
            load=np.zeros((count, 4)),
            held=np.zeros(count, dtype=np.int64),
            best=np.zeros(atoms.count, dtype=np.int64),
            rng=_random_state(wish.seed, number),
        )
        price = core.search(steps, HOT, COLD, SWAPS, CUTS, graph, state, terms, _room(graph, count))
        return price, state.home

    walks = max(1, min(WALKS, WALKED_ATOMS // atoms.count))
    with ThreadPoolExecutor(max_workers=min(walks, os.cpu_count() or 1)) as pool:
        walked = list(pool.map(walk, range(walks)))
    return min(walked, key=lambda one: one[0])[1]


def _random_state(seed: int, walk: int) -> core.Seeds:
    """xorshift must not begin with 0."""
    mixed = seed * 0x9E3779B97F4A7C15 + walk * 0xD1B54A32D192ED03 + 0x1234567
    return np.array([mixed % 2**64 or 1], dtype=np.uint64)


def graph_of(atoms: Atoms) -> core.Graph:
    """The atoms as the compiled search takes them."""
    compound, first_inside, inside = _several(atoms)
    first_compound = np.searchsorted(compound[:, 0], np.arange(atoms.count + 1))
    return core.Graph(
        own=np.column_stack([atoms.households, atoms.minutes, atoms.area_m2, atoms.perimeter_m]),
        start=atoms.start,
        other=atoms.other,
        shared=np.ascontiguousarray(atoms.shared_m, dtype=np.float64),
        price=np.ascontiguousarray(atoms.price_m, dtype=np.float64),
        first_compound=first_compound.astype(np.int64),
        compound=np.ascontiguousarray(compound[:, 1]),
        first_inside=first_inside,
        inside=inside,
    )


def _several(atoms: Atoms) -> tuple[Ints, Ints, Ints]:
    """Compounds in several atoms: rows (atom, compound) by atom, then the atoms by compound with their starts."""
    atom, compound = atoms.compounds.T
    several = np.bincount(compound)[compound] > 1
    _, compound = np.unique(compound[several], return_inverse=True)
    atom = atom[several]
    by_compound = np.lexsort((atom, compound))
    by_atom = np.lexsort((compound, atom))
    starts = np.searchsorted(compound[by_compound], np.arange(int(compound.max(initial=-1)) + 2))
    pairs = np.column_stack([atom[by_atom], compound[by_atom]]).astype(np.int64)
    return pairs, starts.astype(np.int64), atom[by_compound].astype(np.int64)


def _terms(atoms: Atoms, home: Ints, count: int, wish: Wish) -> core.Terms:
    """Each region's grids are compared with the region's own mean: its number of grids is fixed."""
    region = np.zeros(count, dtype=np.int64)
    region[home] = atoms.region
    need = np.empty((count, 2))
    for number in np.unique(region).tolist():
        mine = region == number
        inside = atoms.region == number
        households = max(float(atoms.households[inside].sum()), 1e-6)
        need[mine] = households / mine.sum(), float(atoms.minutes[inside].sum()) / mine.sum()
    return core.Terms(
        need=need,
        balance=BALANCE,
        minutes=BALANCE * wish.minutes_share,
        compact=COMPACT,
        border=BORDER / float(np.sqrt(atoms.area_m2.sum() / count)),
        compounds=COMPOUNDS,
        tolerance=wish.tolerance,
        minutes_tolerance=wish.tolerance * MINUTES_TOLERANCE,
        band=BAND,
        steep=STEEP,
        wall=WALL,
    )


def _room(graph: core.Graph, grids: int) -> core.Room:
    count, compounds = len(graph.own), len(graph.first_inside) - 1
    most = min(core.MOST_MEMBERS, count) + 1
    return core.Room(
        seen=np.zeros(count, dtype=np.int64),
        clock=np.array([1 << 20], dtype=np.int64),
        queue=np.zeros(count, dtype=np.int64),
        member=np.zeros(count, dtype=np.int64),
        place=np.zeros(count, dtype=np.int64),
        parent=np.zeros(most, dtype=np.int64),
        order=np.zeros(most, dtype=np.int64),
        key=np.zeros(most),
        tree=np.zeros((most, 2)),
        side=np.zeros(most, dtype=np.int64),
        sum=np.zeros((2, 4)),
        met=np.zeros(grids, dtype=np.int64),
        beyond=np.zeros(compounds, dtype=np.int64),
        on_side=np.zeros(compounds, dtype=np.int64),
        touched=np.zeros(compounds, dtype=np.int64),
    )
