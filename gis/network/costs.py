"""Cost matrices and paths over the network, in whole numbers, so that every engine gives the same.

A place joins its edge at a fraction of it; the way between the place and its edge is walked in both modes. Times are
kept in milliseconds. The length of a fastest way comes from a second set of weights, 64 * milliseconds + decimetres:
its cheapest way is the fastest one, and of equally fast ones the shortest; the cost less 64 times the time is the
length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from gis.network import drawing
from gis.network.searching import NO_WAY, DijkstraSearch, Ends, Engine, HierarchySearch, Ints, Search, Way

if TYPE_CHECKING:
    from gis.network.model import Mode, WalkingNetwork
    from gis.network.snapping import Snapped, SnappedPoint

UNREACHABLE: Final = -1
# A millisecond outweighs 6.4 m: no fastest way differs from the next by less time and more length.
TIME_UNITS: Final = 64
# Ways longer than this (about 9 hours) cannot be told in the second weights.
LONGEST_MS: Final = NO_WAY // TIME_UNITS - 1_000_000
# Places whose joints with the network are kept at hand, per set of weights.
PLACES_KEPT: Final = 4096


@dataclass(frozen=True, slots=True)
class CostMatrix:
    """Costs from row to column: whole seconds, rounded up so that the triangle inequality holds, and whole metres.

    The metres are those of the fastest way. A pair without a way holds -1 in both and is named in `unreachable` as
    (row, column). `metres` is None when not asked for.
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
class Joint:
    """Where a place joins the network: cost to and from both ends of its edge. None: that way is closed."""

    source: int
    target: int
    to_source: int | None
    to_target: int | None
    from_source: int | None
    from_target: int | None
    # Junctions by which the place is left, with the cost to get there, and those by which it is reached.
    leaving: Ends = field(init=False, compare=False)
    entering: Ends = field(init=False, compare=False)

    def __post_init__(self) -> None:
        leaving = _cheapest((self.source, self.to_source), (self.target, self.to_target))
        entering = _cheapest((self.source, self.from_source), (self.target, self.from_target))
        object.__setattr__(self, "leaving", leaving)
        object.__setattr__(self, "entering", entering)


def _cheapest(a: tuple[int, int | None], b: tuple[int, int | None]) -> Ends:
    ends: dict[int, int] = {}
    for node, cost in (a, b):
        if cost is not None:
            ends[node] = min(cost, ends.get(node, cost))
    return list(ends.items())


def arc_milliseconds(network: WalkingNetwork, mode: Mode) -> Ints:
    """Time per arc (2 * edge, + 1 against it), at least 1 ms so that no way is free; NO_WAY where `mode` may not go."""
    both = (network.edge_walk_s, network.edge_walk_s)
    if mode == "ebike":
        both = (network.edge_ebike_forward_s, network.edge_ebike_backward_s)
    seconds = np.column_stack(both).ravel()
    possible = np.isfinite(seconds)
    weights = np.full(len(seconds), NO_WAY, np.int64)
    weights[possible] = np.clip(np.rint(seconds[possible] * 1000), 1, LONGEST_MS).astype(np.int64)
    return weights


class Layer:
    """One set of weights: `parts` (unit, amount per arc) are rounded one by one, so that two layers fit together."""

    def __init__(
        self, network: WalkingNetwork, closed: npt.NDArray[np.bool_], parts: list[tuple[int, Ints]], engine: Engine
    ) -> None:
        self._network = network
        self._closed = closed
        self._parts = parts
        total = sum((unit * amount for unit, amount in parts), np.zeros(len(closed), np.int64))
        weights = self._weights = np.where(closed, NO_WAY, np.minimum(total, NO_WAY - 1))
        self._search: Search = (
            HierarchySearch(network.hierarchy, weights) if engine == "hierarchy" else DijkstraSearch(network, weights)
        )
        # A matrix and the ways of its plan ask for the same places again and again.
        self.joint = lru_cache(maxsize=PLACES_KEPT)(self._joint)

    def _joint(self, place: SnappedPoint) -> Joint:
        """Joint of a place; the two shares of an edge add up to the whole edge."""
        ahead, behind = self._shares(2 * place.edge, place), self._shares(2 * place.edge + 1, place)
        source, target = int(self._network.edge_source[place.edge]), int(self._network.edge_target[place.edge])
        return Joint(source, target, behind[0], ahead[1], ahead[0], behind[1])

    def _shares(self, arc: int, place: SnappedPoint) -> tuple[int | None, int | None]:
        """Cost of an arc between the edge's source and the place, and between the place and the edge's target."""
        if self._closed[arc]:
            return None, None
        before = whole = 0
        for unit, amounts in self._parts:
            amount = int(amounts[arc])
            before += unit * round(place.fraction * amount)
            whole += unit * amount
        return before, whole - before

    def along_edge(self, a: SnappedPoint, b: SnappedPoint) -> int:
        """Cost between two places along one edge; NO_WAY when they lie on different edges or against its direction."""
        if a.edge != b.edge:
            return NO_WAY
        start, goal = self.joint(a), self.joint(b)
        more, less = goal.from_source, start.from_source
        if a.fraction > b.fraction:
            more, less = start.to_source, goal.to_source
        return NO_WAY if more is None or less is None else more - less

    def between(self, places: Sequence[SnappedPoint]) -> Ints:
        """Cost of all ordered pairs from edge to edge; NO_WAY where there is none."""
        joints = [self.joint(place) for place in places]
        nodes = np.unique([node for joint in joints for node in (joint.source, joint.target)]).astype(np.int64)
        reached = self._search.many([joint.leaving for joint in joints], nodes)
        cost = np.full((len(places), len(places)), NO_WAY, np.int64)
        for column, joint in enumerate(joints):
            for node, trail in joint.entering:
                cost[:, column] = np.minimum(cost[:, column], reached[:, int(np.searchsorted(nodes, node))] + trail)
        for a, b in _pairs_on_one_edge(places):
            cost[a, b] = min(int(cost[a, b]), self.along_edge(places[a], places[b]))
        return np.minimum(cost, NO_WAY)

    def one(self, a: SnappedPoint, b: SnappedPoint) -> tuple[int, Way | None]:
        """Cost from edge to edge and the way, None when it stays on one edge; cost NO_WAY when there is none."""
        direct = self.along_edge(a, b)
        way = self._search.one(self.joint(a).leaving, self.joint(b).entering)
        if way is None or direct <= way.cost:
            return direct, None
        return way.cost, way

    def cost_of(self, a: SnappedPoint, b: SnappedPoint, way: Way | None) -> int:
        """Cost, in these weights, of a way that `one` of any layer gave."""
        if way is None:
            return self.along_edge(a, b)
        out, into = dict(self.joint(a).leaving)[way.nodes[0]], dict(self.joint(b).entering)[way.nodes[-1]]
        return out + int(self._weights[np.fromiter(way.arcs, np.int64, len(way.arcs))].sum()) + into


class Router:
    """Matrices and paths of one mode with one engine."""

    def __init__(self, network: WalkingNetwork, mode: Mode, engine: Engine) -> None:
        self._network = network
        self._symmetric = mode == "walk"
        milliseconds = arc_milliseconds(network, mode)
        closed = milliseconds >= NO_WAY
        decimetres = np.repeat(np.rint(network.edge_length_m * 10).astype(np.int64), 2)
        self._times = Layer(network, closed, [(1, milliseconds)], engine)
        self._ways = Layer(network, closed, [(TIME_UNITS, milliseconds), (1, decimetres)], engine)

    def matrix(self, snapped: Snapped, *, with_metres: bool) -> CostMatrix:
        """Costs of all ordered pairs; see `CostMatrix`."""
        places = [snapped[row] for row in range(len(snapped))]
        time_ms = self._times.between(places)
        far = time_ms >= NO_WAY
        same = (snapped.lon[:, None] == snapped.lon[None, :]) & (snapped.lat[:, None] == snapped.lat[None, :])
        access_ms = np.array([self._access_ms(place) for place in places], np.int64)
        walked_ms = np.where(same, 0, time_ms + access_ms[:, None] + access_ms[None, :])
        seconds = np.where(far & ~same, UNREACHABLE, -(-walked_ms // 1000)).astype(np.int32)
        metres = self._metres(places, time_ms, same) if with_metres else None
        pairs = tuple((int(row), int(column)) for row, column in np.argwhere(far & ~same))
        return CostMatrix(seconds, metres, pairs)

    def _metres(
        self, places: Sequence[SnappedPoint], time_ms: Ints, same: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.int32]:
        length_dm = self._ways.between(places) - TIME_UNITS * time_ms
        access_m = np.array([place.distance_m for place in places])
        metres = np.rint(length_dm / 10 + access_m[:, None] + access_m[None, :]).astype(np.int64)
        metres[same] = 0
        metres[(time_ms >= NO_WAY) & ~same] = UNREACHABLE
        for a, b in np.argwhere((time_ms > LONGEST_MS) & (time_ms < NO_WAY)):
            leg = self._leg(places[a], places[b])
            metres[a, b] = UNREACHABLE if leg is None else leg.metres
        narrow: npt.NDArray[np.int32] = metres.astype(np.int32)
        return narrow

    def path(self, a: SnappedPoint, b: SnappedPoint) -> Path | None:
        """Way from `a` to `b` with its geometry, None when there is none."""
        if (a.lon, a.lat) == (b.lon, b.lat):
            return Path(((a.lon, a.lat), (b.lon, b.lat)), 0, 0)
        # Of several equally good ways the same one is taken in both directions.
        if self._symmetric and _rank(b) < _rank(a):
            back = self.path(b, a)
            return None if back is None else Path(back.coordinates[::-1], back.metres, back.seconds)
        leg = self._leg(a, b)
        if leg is None:
            return None
        return Path(self._coordinates(a, b, leg.way), leg.metres, leg.seconds)

    def _leg(self, a: SnappedPoint, b: SnappedPoint) -> Leg | None:
        cost, way = self._ways.one(a, b)
        if cost < NO_WAY:
            time_ms = self._times.cost_of(a, b, way)
            length_m = (cost - TIME_UNITS * time_ms) / 10
        else:
            time_ms, way = self._times.one(a, b)
            if time_ms >= NO_WAY:
                return None
            length_m = self._length_m(a, b, way)
        access_ms = self._access_ms(a) + self._access_ms(b)
        return Leg(-(-(time_ms + access_ms) // 1000), round(length_m + a.distance_m + b.distance_m), way)

    def _length_m(self, a: SnappedPoint, b: SnappedPoint, way: Way | None) -> float:
        edge_m = self._network.edge_length_m
        if way is None:
            return abs(a.fraction - b.fraction) * float(edge_m[a.edge])
        start, goal = self._ends(a, b, way)
        ends_m = abs(a.fraction - start) * edge_m[a.edge] + abs(b.fraction - goal) * edge_m[b.edge]
        return float(edge_m[np.asarray(way.arcs, np.int64) >> 1].sum() + ends_m)

    def _ends(self, a: SnappedPoint, b: SnappedPoint, way: Way) -> tuple[float, float]:
        """Fractions of both places' edges at which the way leaves the one and joins the other."""
        start, goal = self._times.joint(a), self._times.joint(b)
        out = _end(start, way.nodes[0], at_source=start.to_source, at_target=start.to_target)
        return out, _end(goal, way.nodes[-1], at_source=goal.from_source, at_target=goal.from_target)

    def _access_ms(self, place: SnappedPoint) -> int:
        return round(place.distance_m / self._network.walk_kmh * 3600)

    def _coordinates(self, a: SnappedPoint, b: SnappedPoint, way: Way | None) -> tuple[tuple[float, float], ...]:
        points = [(a.lon, a.lat), (a.on_lon, a.on_lat)]
        if way is None:
            points += drawing.part_of_edge(self._network, a.edge, a.fraction, b.fraction)
        else:
            start, goal = self._ends(a, b, way)
            points += drawing.part_of_edge(self._network, a.edge, a.fraction, start)
            points += drawing.along_arcs(self._network, way.arcs)
            points += drawing.part_of_edge(self._network, b.edge, goal, b.fraction)
        points += [(b.on_lon, b.on_lat), (b.lon, b.lat)]
        return drawing.without_repeats(points)


@dataclass(frozen=True, slots=True)
class Leg:
    """A way between two places before it is drawn; `way` None means along one edge."""

    seconds: int
    metres: int
    way: Way | None


def _end(joint: Joint, node: int, *, at_source: int | None, at_target: int | None) -> float:
    """0.0 when `node` is the source of the place's edge, 1.0 for its target; on a loop, which is both, the cheaper."""
    if joint.source != joint.target:
        return 0.0 if node == joint.source else 1.0
    return 0.0 if at_target is None or (at_source is not None and at_source <= at_target) else 1.0


def _pairs_on_one_edge(places: Sequence[SnappedPoint]) -> list[tuple[int, int]]:
    rows_of: dict[int, list[int]] = {}
    for row, place in enumerate(places):
        rows_of.setdefault(place.edge, []).append(row)
    return [(a, b) for rows in rows_of.values() if len(rows) > 1 for a in rows for b in rows]


def _rank(place: SnappedPoint) -> tuple[int, float, float, float]:
    return place.edge, place.fraction, place.lon, place.lat
