"""Cheapest ways between junctions for whole-number weights: two engines with equal answers.

`hierarchy`: a customisable contraction hierarchy (routingkit-cch), the fast one. `dijkstra`: scipy's, over the same
weights.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

try:
    import routingkit_cch as cch

    HAS_HIERARCHY = True
except ImportError:  # no wheel for this platform: the Dijkstra engine answers
    HAS_HIERARCHY = False

if TYPE_CHECKING:
    from gis.network.model import WalkingNetwork

Ints = npt.NDArray[np.int64]
Engine = Literal["hierarchy", "dijkstra"]
# Weight of an arc that cannot be used; the value the hierarchy itself uses for "no way".
NO_WAY: Final = 2**31 - 1
Ends = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Way:
    """Cheapest way between two sets of junctions: junctions passed, arcs used (arc = 2 * edge, + 1 against it)."""

    cost: int
    nodes: tuple[int, ...]
    arcs: tuple[int, ...]


class Search(Protocol):
    """Cheapest ways between junctions; `ends` are (junction, cost to get there)."""

    def many(self, sources: Sequence[Ends], targets: Ints) -> Ints:
        """Cost from each source set to each target junction, shape (sources, targets); NO_WAY where there is none."""
        ...

    def one(self, sources: Ends, targets: Ends) -> Way | None:
        """Cheapest way from any of the sources to any of the targets, None where there is none."""
        ...


def contraction_order(network: WalkingNetwork) -> Ints:
    """Nested-dissection order of the junctions, for the hierarchy. Depends on the network's shape, not on times."""
    tail, head, _ = _arc_ends(network)
    order = cch.compute_order_inertial(
        network.node_count, tail, head, network.node_lat.tolist(), network.node_lon.tolist()
    )
    return np.asarray(order, dtype=np.int64)


def _arc_ends(network: WalkingNetwork) -> tuple[list[int], list[int], Ints]:
    """Tails, heads and numbers of all arcs that are no loops."""
    tail = np.column_stack([network.edge_source, network.edge_target]).ravel()
    head = np.column_stack([network.edge_target, network.edge_source]).ravel()
    arcs = np.flatnonzero(tail != head)
    return tail[arcs].tolist(), head[arcs].tolist(), arcs


class Hierarchy:
    """Contraction hierarchy of a network, shared by all weights; the order is the network's own when it has one."""

    def __init__(self, network: WalkingNetwork) -> None:
        tail, head, self.arcs = _arc_ends(network)
        order = network.order if network.order is not None else contraction_order(network)
        self.shape = cch.CCH(order.tolist(), tail, head, False)


# Only the thread that made a query may use and drop it, so each keeps its own and lets go of them itself.
_OF_THREAD = threading.local()


class HierarchySearch:
    """Search by a customisable contraction hierarchy; may be asked by several threads."""

    def __init__(self, hierarchy: Hierarchy, weights: Ints) -> None:
        self._arcs = hierarchy.arcs
        self._metric = cch.CCHMetric(hierarchy.shape, weights[self._arcs].tolist())

    def many(self, sources: Sequence[Ends], targets: Ints) -> Ints:
        pinned = cch.CCHOneToMany(self._metric, targets.tolist())
        rows = [pinned.distances_from_multi(ends) if ends else [None] * len(targets) for ends in sources]
        costs = np.array(rows, np.float64).reshape(len(sources), len(targets))
        return np.where(np.isnan(costs), NO_WAY, costs).astype(np.int64)

    def one(self, sources: Ends, targets: Ends) -> Way | None:
        if not sources or not targets:
            return None
        found = self._query().run_multi(sources, targets)
        if found.distance is None:
            return None
        arcs = self._arcs[np.array(found.arc_path, np.int64)]
        return Way(found.distance, tuple(found.node_path), tuple(arcs.tolist()))

    def _query(self) -> Any:
        """This thread's query; its room, as large as the network, is used again for every way."""
        kept: dict[int, tuple[weakref.ref[HierarchySearch], Any]] = _OF_THREAD.__dict__.setdefault("queries", {})
        known = kept.get(id(self))
        if known is None or known[0]() is not self:
            for gone in [key for key, (search, _) in kept.items() if search() is None]:
                del kept[gone]
            known = kept[id(self)] = (weakref.ref(self), cch.CCHQuery(self._metric))
        return known[1]


class DijkstraSearch:
    """Search by scipy's Dijkstra over the same weights: the fallback, and the witness in tests."""

    def __init__(self, network: WalkingNetwork, weights: Ints) -> None:
        tail, head, arcs = _arc_ends(network)
        usable = weights[arcs] < NO_WAY
        ends = np.column_stack([tail, head])[usable]
        arcs = arcs[usable]
        cheapest = np.lexsort((weights[arcs], ends[:, 1], ends[:, 0]))
        ends, arcs = ends[cheapest], arcs[cheapest]
        first = np.ones(len(arcs), np.bool_)
        first[1:] = (ends[1:] != ends[:-1]).any(axis=1)
        ends, arcs = ends[first], arcs[first]
        self._arc_of = {(int(u), int(v)): int(arc) for (u, v), arc in zip(ends, arcs, strict=True)}
        size = network.node_count
        self._graph = csr_matrix((weights[arcs].astype(np.float64), (ends[:, 0], ends[:, 1])), shape=(size, size))

    def many(self, sources: Sequence[Ends], targets: Ints) -> Ints:
        starts = np.unique([node for ends in sources for node, _ in ends]).astype(np.int64)
        rows = np.full((len(sources), len(targets)), NO_WAY, np.int64)
        if not len(starts):
            return rows
        reached = self._reach(starts, targets)
        reach = np.where(np.isfinite(reached), reached, NO_WAY).astype(np.int64)
        row_of = {int(node): row for row, node in enumerate(starts)}
        for row, ends in enumerate(sources):
            for node, lead in ends:
                rows[row] = np.minimum(rows[row], np.minimum(reach[row_of[node]] + lead, NO_WAY))
        return rows

    def _reach(self, starts: Ints, targets: Ints) -> npt.NDArray[np.float64]:
        """Cost from every start to every target, inf where there is none.

        No pair lies further apart than twice the way from one start to the furthest target, if ways back cost the same:
        that bounds the search. A start that misses a target within the bound is asked again without one.
        """
        first = dijkstra(self._graph, indices=starts[0])[targets]
        joined = np.isfinite(first)
        if not joined.any():
            return np.asarray(dijkstra(self._graph, indices=starts)[:, targets])
        reached = np.asarray(dijkstra(self._graph, indices=starts, limit=2 * first[joined].max())[:, targets])
        short = np.flatnonzero(np.isinf(reached[:, joined]).any(axis=1))
        if len(short):
            reached[short] = dijkstra(self._graph, indices=starts[short])[:, targets]
        return reached

    def one(self, sources: Ends, targets: Ends) -> Way | None:
        best: Way | None = None
        for start, lead in sources:
            reached, before = dijkstra(self._graph, indices=start, return_predecessors=True)
            for goal, trail in targets:
                total = lead + reached[goal] + trail
                if np.isfinite(total) and (best is None or total < best.cost):
                    nodes = [goal]
                    while nodes[-1] != start:
                        nodes.append(int(before[nodes[-1]]))
                    nodes.reverse()
                    arcs = tuple(self._arc_of[pair] for pair in pairwise(nodes))
                    best = Way(int(total), tuple(nodes), arcs)
        return best
