"""A first division: the land is halved by straight lines again and again, each side with its share of households."""

from typing import Final

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components

from gis.division.atoms import Atoms
from gis.division.model import DivisionError, Flags, Floats, Ints

ANGLES: Final = 12
LAND_SHARE: Final = 1e-3
OFF_PRICE: Final = 4.0


def seats(weights: Floats, sizes: Ints, count: int) -> Ints:
    """How many of `count` grids each part gets: one each, then by largest claim, at most one an atom.

    >>> seats(np.array([50.0, 30.0, 20.0]), np.array([9, 9, 9]), 7).tolist()
    [4, 2, 1]
    """
    if count < len(weights):
        detail = f"{len(weights)} separate parts need at least as many grids, not {count}"
        raise DivisionError("too_few_grids", detail, field="grids")
    if count > sizes.sum():
        detail = f"streets and buildings leave {int(sizes.sum())} blocks, too few for {count} grids"
        raise DivisionError("too_few_blocks", detail, field="grids")
    given = np.ones(len(weights), dtype=np.int64)
    exact = weights / weights.sum() * count
    given = np.asarray(np.minimum(np.maximum(given, np.floor(exact).astype(np.int64)), sizes), dtype=np.int64)
    while given.sum() > count:
        given[int(np.argmin(np.where(given > 1, exact - given, np.inf)))] -= 1
    while given.sum() < count:
        given[int(np.argmax(np.where(given < sizes, exact - given, -np.inf)))] += 1
    return given


def first_division(atoms: Atoms, count: int) -> Ints:
    """The grid of every atom: `count` connected grids with nearly equal households, none over two regions."""
    bisection = _Bisection(atoms)
    parts = np.unique(atoms.region)
    groups = [np.flatnonzero(atoms.region == part) for part in parts]
    weights = np.array([bisection.weight[group].sum() for group in groups])
    given = seats(weights, np.array([len(group) for group in groups]), count)
    for group, number in zip(groups, given.tolist(), strict=True):
        bisection.halve(group, number)
    return bisection.home


class _Bisection:
    """Recursive halving; land counts a little, so that empty blocks are shared out too."""

    def __init__(self, atoms: Atoms) -> None:
        self._atoms = atoms
        land = atoms.area_m2 / atoms.area_m2.sum() * atoms.households.sum()
        self.weight = atoms.households + LAND_SHARE * land
        rows = np.repeat(np.arange(atoms.count), np.diff(atoms.start))
        self._graph: csr_matrix = coo_matrix(
            (atoms.price_m + 1e-3, (rows, atoms.other)), shape=(atoms.count, atoms.count)
        ).tocsr()
        self.home = np.full(atoms.count, -1, dtype=np.int64)
        self._next = 0

    def halve(self, group: Ints, count: int) -> None:
        if count == 1:
            self.home[group] = self._next
            self._next += 1
            return
        low = count // 2
        side = self._best_side(group, low, count)
        self.halve(group[side], low)
        self.halve(group[~side], count - low)

    def _best_side(self, group: Ints, low: int, count: int) -> Flags:
        graph = self._graph[group][:, group]
        weight = self.weight[group]
        x, y = self._atoms.x[group], self._atoms.y[group]
        wanted = weight.sum() * low / count
        best: tuple[float, Flags] | None = None
        for angle in np.pi * np.arange(ANGLES) / ANGLES:
            order = np.argsort(np.round(x * np.cos(angle) + y * np.sin(angle), 3), kind="stable")
            for ordered, few, many in ((order, low, count - low), (order[::-1], low, count - low)):
                side = np.zeros(len(group), dtype=np.bool_)
                passed = np.cumsum(weight[ordered])
                cut = int(np.argmin(np.abs(passed - wanted))) + 1
                side[ordered[: min(max(cut, few), len(group) - many)]] = True
                side = _mended(graph, side)
                if side.sum() < few or (~side).sum() < many:
                    continue
                off = abs(weight[side].sum() - wanted) / weight.sum() * count
                price = _border(graph, side) + OFF_PRICE * off * np.sqrt(self._atoms.area_m2[group].sum() / count)
                if best is None or price < best[0]:
                    best = (price, side)
        return best[1] if best is not None else self._tree_side(graph, weight, low, count)

    @staticmethod
    def _tree_side(graph: csr_matrix, weight: Floats, low: int, count: int) -> Flags:
        """For awkward graphs: a branch of a breadth-first tree with enough atoms on both sides."""
        size = len(weight)
        best: tuple[float, Flags] | None = None
        for root in range(min(size, 64)):
            order, parent = breadth_first_order(graph, root, directed=False)
            for top in order[1:]:
                side = np.zeros(size, dtype=np.bool_)
                side[top] = True
                for atom in order:
                    if parent[atom] >= 0 and side[parent[atom]]:
                        side[atom] = True
                for one in (side, ~side):
                    off = abs(weight[one].sum() / weight.sum() - low / count)
                    fits = one.sum() >= low and (~one).sum() >= count - low
                    if fits and (best is None or off < best[0]):
                        best = (off, one)
        if best is None:
            detail = f"{size} blocks hang together too loosely for {count} connected grids"
            raise DivisionError("too_few_blocks", detail, field="grids")
        return best[1]


def _mended(graph: csr_matrix, side: Flags) -> Flags:
    """Both sides in one piece each: smaller pieces change sides."""
    for this in (True, False):
        mine = np.flatnonzero(side == this)
        if mine.size:
            pieces, label = connected_components(graph[mine][:, mine], directed=False)
            if pieces > 1:
                stray = label != np.argmax(np.bincount(label))
                side[mine[stray]] = not this
    return side


def _border(graph: csr_matrix, side: Flags) -> float:
    crossing = graph[side][:, ~side]
    return float(crossing.sum())
