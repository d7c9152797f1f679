"""Cost matrices and paths over the network, exact in whole milliseconds and millimetres.

Two engines give the same costs: a customisable contraction hierarchy (routingkit-cch, the fast one) and scipy's
Dijkstra. A place joins its edge at a fraction of it; the way between the place and its edge is walked in both modes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, Protocol

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
    from gis.network.model import Mode, WalkingNetwork
    from gis.network.snapping import Snapped, SnappedPoint

Ints = npt.NDArray[np.int64]
Engine = Literal["hierarchy", "dijkstra"]
# Weight of an arc that cannot be used; the value the hierarchy itself uses for "no way".
NO_WAY: Final = 2**31 - 1
UNREACHABLE: Final = -1
Ends = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class CostMatrix:
    """Costs from row to column: whole seconds (rounded up, so that the triangle inequality holds) and whole metres
    along that way.

    A pair without a way holds -1 in both and is named in `unreachable` as (row, column). `metres` is None when not
    asked for.
    """

    seconds: npt.NDArray[np.int32]
    metres: npt.NDArray[np.int32] | None
    unreachable: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Path:
    """A way: (longitude, latitude) points from place to place, whole metres and seconds as in the matrix."""

    coordinates: tuple[tuple[float, float], ...]
    metres: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Way:
    """Fastest way between two sets of junctions: junctions passed and arcs used (arc = 2 * edge, + 1 against its
    direction).
    """

    milliseconds: int
    nodes: tuple[int, ...]
    arcs: tuple[int, ...]


class Search(Protocol):
    """Shortest ways between junctions; `ends` are (junction, milliseconds to get there)."""

    def many(self, sources: Sequence[Ends], targets: Ints) -> Ints:
        """Milliseconds from each source set to each target junction, NO_WAY where there is none; shape (sources,
        targets).
        """
        ...

    def one(self, sources: Ends, targets: Ends) -> Way | None: ...


def contraction_order(network: WalkingNetwork) -> Ints:
    """Nested-dissection order of the junctions, for the hierarchy. Depends on the shape of the network, not on times.
    """
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


def arc_milliseconds(network: WalkingNetwork, mode: Mode) -> Ints:
    """Weight per arc, at least 1 ms so that no way is free; NO_WAY where `mode` may not go."""
    both = (network.edge_walk_s, network.edge_walk_s)
    if mode == "ebike":
        both = (network.edge_ebike_forward_s, network.edge_ebike_backward_s)
    seconds = np.column_stack(both).ravel()
    possible = np.isfinite(seconds)
    weights = np.full(len(seconds), NO_WAY, np.int64)
    weights[possible] = np.clip(np.rint(seconds[possible] * 1000), 1, NO_WAY - 1).astype(np.int64)
    return weights


class HierarchySearch:
    """Search by a customisable contraction hierarchy; the order is taken from the network when it has one."""

    def __init__(self, network: WalkingNetwork, weights: Ints) -> None:
        tail, head, self._arcs = _arc_ends(network)
        order = network.order if network.order is not None else contraction_order(network)
        self._hierarchy = cch.CCH(order.tolist(), tail, head, False)
        self._metric = cch.CCHMetric(self._hierarchy, weights[self._arcs].tolist())
        self._query = cch.CCHQuery(self._metric)

    def many(self, sources: Sequence[Ends], targets: Ints) -> Ints:
        pinned = cch.CCHOneToMany(self._metric, targets.tolist())
        rows = [pinned.distances_from_multi(ends) if ends else [None] * len(targets) for ends in sources]
        return np.array([[NO_WAY if cost is None else cost for cost in row] for row in rows], np.int64).reshape(
            len(sources), -1
        )

    def one(self, sources: Ends, targets: Ends) -> Way | None:
        if not sources or not targets:
            return None
        found = self._query.run_multi(sources, targets)
        if found.distance is None:
            return None
        # The library allows one living result per query: everything is copied out before the next run.
        return Way(found.distance, tuple(found.node_path), tuple(int(self._arcs[arc]) for arc in found.arc_path))


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
        reached = dijkstra(self._graph, indices=starts)[:, targets]
        reach_ms = np.where(np.isfinite(reached), reached, NO_WAY).astype(np.int64)
        row_of = {int(node): row for row, node in enumerate(starts)}
        for row, ends in enumerate(sources):
            for node, lead_ms in ends:
                rows[row] = np.minimum(rows[row], np.minimum(reach_ms[row_of[node]] + lead_ms, NO_WAY))
        return rows

    def one(self, sources: Ends, targets: Ends) -> Way | None:
        best: Way | None = None
        for start, lead_ms in sources:
            reached, before = dijkstra(self._graph, indices=start, return_predecessors=True)
            for goal, tail_ms in targets:
                total = lead_ms + reached[goal] + tail_ms
                if np.isfinite(total) and (best is None or total < best.milliseconds):
                    nodes = [goal]
                    while nodes[-1] != start:
                        nodes.append(int(before[nodes[-1]]))
                    nodes.reverse()
                    arcs = tuple(self._arc_of[pair] for pair in pairwise(nodes))
                    best = Way(int(total), tuple(nodes), arcs)
        return best


@dataclass(frozen=True, slots=True)
class Joint:
    """Where a place joins the network, in ms: to and from both ends of its edge. None: that way is closed."""

    edge: int
    source: int
    target: int
    to_source: int | None
    to_target: int | None
    from_source: int | None
    from_target: int | None

    @property
    def leaving(self) -> Ends:
        return _cheapest((self.source, self.to_source), (self.target, self.to_target))

    @property
    def entering(self) -> Ends:
        return _cheapest((self.source, self.from_source), (self.target, self.from_target))


def _cheapest(a: tuple[int, int | None], b: tuple[int, int | None]) -> Ends:
    ends: dict[int, int] = {}
    for node, cost in (a, b):
        if cost is not None:
            ends[node] = min(cost, ends.get(node, cost))
    return list(ends.items())


class Router:
    """Matrices and paths of one mode with one engine."""

    def __init__(self, network: WalkingNetwork, mode: Mode, engine: Engine) -> None:
        self._network = network
        self._symmetric = mode == "walk"
        self._weights = arc_milliseconds(network, mode)
        self._lengths_mm = np.rint(network.edge_length_m * 1000).astype(np.int64)
        search = HierarchySearch if engine == "hierarchy" else DijkstraSearch
        self._search: Search = search(network, self._weights)

    def matrix(self, snapped: Snapped, *, with_metres: bool) -> CostMatrix:
        """Costs of all ordered pairs; see `CostMatrix`."""
        places = [snapped[row] for row in range(len(snapped))]
        cost_ms = self._milliseconds(places)
        far = cost_ms >= NO_WAY
        seconds = np.where(far, UNREACHABLE, -(-cost_ms // 1000)).astype(np.int32)
        metres = self._metres(places, far) if with_metres else None
        pairs = tuple((int(row), int(column)) for row, column in np.argwhere(far))
        return CostMatrix(seconds, metres, pairs)

    def _milliseconds(self, places: Sequence[SnappedPoint]) -> Ints:
        joints = [self._joint(place) for place in places]
        nodes = np.unique([node for joint in joints for node in (joint.source, joint.target)]).astype(np.int64)
        between = self._search.many([joint.leaving for joint in joints], nodes)
        cost = np.full((len(places), len(places)), NO_WAY, np.int64)
        for column, joint in enumerate(joints):
            for node, tail_ms in joint.entering:
                at = int(np.searchsorted(nodes, node))
                reached = between[:, at]
                cost[:, column] = np.minimum(cost[:, column], np.where(reached < NO_WAY, reached + tail_ms, NO_WAY))
        access_ms = np.array([self._access_ms(place) for place in places], np.int64)
        by_edge: dict[int, list[int]] = {}
        for row, place in enumerate(places):
            by_edge.setdefault(place.edge, []).append(row)
        for rows in by_edge.values():
            for a in rows:
                for b in rows:
                    cost[a, b] = min(int(cost[a, b]), self._along_edge(joints[a], joints[b], places[a], places[b]))
        cost = np.where(cost < NO_WAY, cost + access_ms[:, None] + access_ms[None, :], NO_WAY)
        for rows in by_edge.values():
            for a in rows:
                for b in rows:
                    if (places[a].lon, places[a].lat) == (places[b].lon, places[b].lat):
                        cost[a, b] = 0
        return cost

    def _metres(self, places: Sequence[SnappedPoint], far: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
        metres = np.zeros(far.shape, np.int32)
        for a in range(len(places)):
            for b in range(a + 1 if self._symmetric else 0, len(places)):
                leg = None if far[a, b] else self._leg(places[a], places[b])
                metres[a, b] = UNREACHABLE if leg is None else leg.metres
                if self._symmetric:
                    metres[b, a] = metres[a, b]
        return metres

    def path(self, a: SnappedPoint, b: SnappedPoint) -> Path | None:
        """Way from `a` to `b` with its geometry, None when there is none."""
        leg = self._leg(a, b)
        if leg is None:
            return None
        return Path(self._coordinates(a, b, leg), leg.metres, leg.seconds)

    def _leg(self, a: SnappedPoint, b: SnappedPoint) -> Leg | None:
        if (a.lon, a.lat) == (b.lon, b.lat):
            return Leg(0, 0, None)
        # Of several equally fast ways the same one is taken in both directions.
        turned = self._symmetric and _rank(b) < _rank(a)
        start, goal = (b, a) if turned else (a, b)
        joints = self._joint(start), self._joint(goal)
        way = self._search.one(joints[0].leaving, joints[1].entering)
        direct = self._along_edge(*joints, start, goal)
        if way is None and direct >= NO_WAY:
            return None
        access_ms = self._access_ms(a) + self._access_ms(b)
        length_mm = round(1000 * (a.distance_m + b.distance_m))
        if way is None or direct <= way.milliseconds:
            length_mm += round(abs(a.fraction - b.fraction) * int(self._lengths_mm[a.edge]))
            return Leg(direct + access_ms, length_mm, None)
        length_mm += sum(int(self._lengths_mm[arc >> 1]) for arc in way.arcs)
        length_mm += self._end_mm(start, way.nodes[0], joints[0].leaving) + self._end_mm(
            goal, way.nodes[-1], joints[1].entering
        )
        if turned:
            way = Way(way.milliseconds, way.nodes[::-1], tuple(arc ^ 1 for arc in reversed(way.arcs)))
        return Leg(way.milliseconds + access_ms, length_mm, way)

    def _end_mm(self, place: SnappedPoint, node: int, ends: Ends) -> int:
        length_mm = int(self._lengths_mm[place.edge])
        return round((place.fraction if self._at_source(place, node, ends) else 1 - place.fraction) * length_mm)

    def _at_source(self, place: SnappedPoint, node: int, ends: Ends) -> bool:
        """Whether the way meets the place's edge at its source; on a loop both ends are one junction and the cheaper
        half counts.
        """
        source, target = int(self._network.edge_source[place.edge]), int(self._network.edge_target[place.edge])
        if source != target:
            return node == source
        joint = self._joint(place)
        cost = dict(ends)[node]
        return cost in (joint.to_source, joint.from_source)

    def _joint(self, place: SnappedPoint) -> Joint:
        edge = place.edge
        forward, backward = int(self._weights[2 * edge]), int(self._weights[2 * edge + 1])
        ahead, behind = round(place.fraction * forward), round(place.fraction * backward)
        may_forward, may_backward = forward < NO_WAY, backward < NO_WAY
        return Joint(
            edge, int(self._network.edge_source[edge]), int(self._network.edge_target[edge]),
            to_source=behind if may_backward else None, to_target=forward - ahead if may_forward else None,
            from_source=ahead if may_forward else None, from_target=backward - behind if may_backward else None)

    def _along_edge(self, a: Joint, b: Joint, place_a: SnappedPoint, place_b: SnappedPoint) -> int:
        """Cost between two places of one edge without leaving it; NO_WAY when they lie on different edges."""
        if a.edge != b.edge:
            return NO_WAY
        if place_a.fraction <= place_b.fraction:
            return NO_WAY if a.from_source is None or b.from_source is None else b.from_source - a.from_source
        return NO_WAY if a.to_source is None or b.to_source is None else a.to_source - b.to_source

    def _access_ms(self, place: SnappedPoint) -> int:
        return round(place.distance_m / self._network.walk_kmh * 3600)

    def _coordinates(self, a: SnappedPoint, b: SnappedPoint, leg: Leg) -> tuple[tuple[float, float], ...]:
        if (a.lon, a.lat) == (b.lon, b.lat):
            return (a.lon, a.lat), (b.lon, b.lat)
        points = [(a.lon, a.lat), (a.on_lon, a.on_lat)]
        if leg.way is None:
            points += self._part(a.edge, a.fraction, b.fraction)
        else:
            joint_a, joint_b = self._joint(a), self._joint(b)
            at_source = self._at_source(a, leg.way.nodes[0], joint_a.leaving)
            points += self._part(a.edge, a.fraction, 0.0 if at_source else 1.0)
            for arc in leg.way.arcs:
                edge = self._network.edge_coordinates(arc >> 1)
                points += [(float(x), float(y)) for x, y in (edge[::-1] if arc & 1 else edge)]
            at_source = self._at_source(b, leg.way.nodes[-1], joint_b.entering)
            points += self._part(b.edge, 0.0 if at_source else 1.0, b.fraction)
        points += [(b.on_lon, b.on_lat), (b.lon, b.lat)]
        return tuple(point for point, before in zip(points, [None, *points], strict=False) if point != before)

    def _part(self, edge: int, start: float, stop: float) -> list[tuple[float, float]]:
        """Corners of an edge between two fractions of it, in the direction from `start` to `stop`; the cut ends are
        left out.
        """
        lonlat = self._network.edge_coordinates(edge)
        shrink = np.cos(np.radians(lonlat[0, 1]))
        run = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(lonlat[:, 0]) * shrink, np.diff(lonlat[:, 1])))])
        share = run / run[-1] if run[-1] > 0 else np.linspace(0.0, 1.0, len(run))
        low, high = min(start, stop), max(start, stop)
        inner = lonlat[(share >= low) & (share <= high)]
        return [(float(x), float(y)) for x, y in (inner if start <= stop else inner[::-1])]


@dataclass(frozen=True, slots=True)
class Leg:
    """A way between two places before it is drawn; `way` None means along one edge, or not at all."""

    milliseconds: int
    length_mm: int
    way: Way | None

    @property
    def seconds(self) -> int:
        return -(-self.milliseconds // 1000)

    @property
    def metres(self) -> int:
        return round(self.length_mm / 1000)


def _rank(place: SnappedPoint) -> tuple[int, float, float, float]:
    return place.edge, place.fraction, place.lon, place.lat
