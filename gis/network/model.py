"""The walking network as arrays: junctions, edges with geometry, islands; snapping, matrices and paths hang on it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path as FilePath
from typing import Any, Final, Literal, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from gis.network import costs, searching, snapping
from gis.network.costs import CostMatrix, Path
from gis.network.errors import NetworkError
from gis.network.snapping import Snapped, SnappedPoint

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.str_]
Mode = Literal["walk", "ebike"]
MODES: Final[tuple[Mode, ...]] = ("walk", "ebike")

ARRAYS: Final = (
    "node_osm_id",
    "node_lon",
    "node_lat",
    "edge_source",
    "edge_target",
    "edge_way_id",
    "edge_length_m",
    "edge_walk_s",
    "edge_ebike_forward_s",
    "edge_ebike_backward_s",
    "edge_highway",
    "edge_name",
    "geometry_start",
    "geometry_lonlat",
)


@dataclass(frozen=True, slots=True)
class ReadingReport:
    """What the reader saw: ways taken and refused, way nodes without a place in the file, nodes closed to walkers."""

    ways_taken: int
    ways_refused: int
    nodes_missing: int
    nodes_closed: int


@dataclass(frozen=True, slots=True)
class Island:
    """A part of the network that cannot be reached from the main part; `lon`, `lat` is one of its junctions."""

    nodes: int
    edges: int
    length_m: float
    lon: float
    lat: float


@dataclass(frozen=True, kw_only=True)
class WalkingNetwork:
    """Junctions (N) and undirected edges (E) with geometry; times in seconds, lengths in metres.

    `edge_ebike_*_s` is `inf` where an e-bike cannot go (steps). `geometry_lonlat[geometry_start[e]:geometry_start[e +
    1]]` runs from `edge_source[e]` to `edge_target[e]`. `order` is the contraction order of the junctions, kept
    because it is slow to compute and does not depend on the times. Two networks are the same object only if they are:
    no comparison by value.
    """

    node_osm_id: Ints
    node_lon: Floats
    node_lat: Floats
    edge_source: Ints
    edge_target: Ints
    edge_way_id: Ints
    edge_length_m: Floats
    edge_walk_s: Floats
    edge_ebike_forward_s: Floats
    edge_ebike_backward_s: Floats
    edge_highway: Texts
    edge_name: Texts
    geometry_start: Ints
    geometry_lonlat: Floats
    walk_kmh: float = 4.0
    order: Ints | None = None
    reading: ReadingReport | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        _check_shapes(self)
        _check_values(self)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.ArrayLike], *, walk_kmh: float = 4.0) -> Self:
        """Network from the arrays that `to_arrays` gave (also out of a database). Raises NetworkError naming the
        array.
        """
        missing = [name for name in ARRAYS if name not in arrays]
        if missing:
            raise NetworkError("array_missing", f"arrays missing: {', '.join(missing)}", names=missing)
        typed: dict[str, Any] = {name: _typed(name, arrays[name]) for name in ARRAYS}
        order = np.asarray(arrays["order"], dtype=np.int64) if "order" in arrays else None
        speed = float(np.asarray(arrays.get("walk_kmh", walk_kmh)))
        return cls(**typed, walk_kmh=speed, order=order)

    def to_arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """All arrays by name, the contraction order included when it is known; texts as numpy unicode."""
        arrays: dict[str, npt.NDArray[np.generic]] = {name: getattr(self, name) for name in ARRAYS}
        arrays["walk_kmh"] = np.asarray(self.walk_kmh)
        if self.order is not None:
            arrays["order"] = self.order
        return arrays

    def save(self, file: FilePath) -> None:
        """Write the network to one .npz file, first beside it and then in its place, so that no reader sees half a
        file.
        """
        part = file.with_name(f".{file.name}.part.npz")
        np.savez(part, allow_pickle=False, **self.to_arrays())
        part.replace(file)

    @classmethod
    def load(cls, file: FilePath) -> Self:
        """Network from a file written by `save`. Raises OSError, or NetworkError for a file with something else."""
        with np.load(file, allow_pickle=False) as stored:
            return cls.from_arrays(dict(stored))

    @property
    def node_count(self) -> int:
        return len(self.node_lon)

    @property
    def edge_count(self) -> int:
        return len(self.edge_source)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of junctions, edges and walking times: equal networks give equal matrices."""
        digest = hashlib.sha256()
        for name in ("node_lon", "node_lat", "edge_source", "edge_target", "edge_walk_s", "geometry_lonlat"):
            digest.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        return digest.hexdigest()

    def edge_coordinates(self, edge: int) -> Floats:
        """Longitude, latitude of an edge from its source to its target, shape (k, 2)."""
        return self.geometry_lonlat[self.geometry_start[edge] : self.geometry_start[edge + 1]]

    def usable_edges(self, mode: Mode = "walk") -> npt.NDArray[np.bool_]:
        """Edges that `mode` can use in at least one direction."""
        if mode == "walk":
            return np.isfinite(self.edge_walk_s)
        return np.isfinite(self.edge_ebike_forward_s) | np.isfinite(self.edge_ebike_backward_s)

    def components(self, mode: Mode = "walk") -> Ints:
        """Part of each junction, numbered by falling number of junctions: 0 is the main part."""
        used = self.usable_edges(mode)
        ends = (self.edge_source[used], self.edge_target[used])
        size = self.node_count
        _, label = connected_components(
            coo_matrix((np.ones(len(ends[0]), np.int8), ends), shape=(size, size)), directed=False
        )
        nodes = np.bincount(label)
        rank: Ints = np.empty(len(nodes), np.int64)
        rank[np.argsort(-nodes, kind="stable")] = np.arange(len(nodes))
        return rank[np.asarray(label, np.int64)]

    def islands(self, mode: Mode = "walk") -> tuple[Island, ...]:
        """Everything that cannot be reached from the main part, longest first."""
        part = self.components(mode)
        used = self.usable_edges(mode)
        nodes = np.bincount(part)
        edge_part = part[self.edge_source[used]]
        edges = np.bincount(edge_part, minlength=len(nodes))
        length_m = np.bincount(edge_part, weights=self.edge_length_m[used], minlength=len(nodes))
        found, first = np.unique(part, return_index=True)
        islands = [
            Island(int(nodes[k]), int(edges[k]), float(length_m[k]), float(self.node_lon[at]), float(self.node_lat[at]))
            for k, at in zip(found, first, strict=True)
            if k > 0
        ]
        return tuple(sorted(islands, key=lambda island: -island.length_m))

    @cached_property
    def hierarchy(self) -> searching.Hierarchy:
        """Contraction hierarchy of the junctions, made once for all modes."""
        return searching.Hierarchy(self)

    @cached_property
    def _snappers(self) -> dict[Mode, snapping.Snapper]:
        return {}

    @cached_property
    def _routers(self) -> dict[tuple[Mode, str], costs.Router]:
        return {}

    def snap(self, lons: npt.ArrayLike, lats: npt.ArrayLike, *, mode: Mode = "walk") -> Snapped:
        """Nearest edge of the main part for every place (WGS84 degrees). Raises NetworkError for coordinates that are
        not finite.
        """
        if mode not in self._snappers:
            part = self.components(mode)
            self._snappers[mode] = snapping.Snapper(self, self.usable_edges(mode) & (part[self.edge_source] == 0))
        return self._snappers[mode].snap(np.asarray(lons, np.float64), np.asarray(lats, np.float64))

    def prepare(self) -> Self:
        """This network with its contraction order, computed when it is not there yet (slow: seconds for a city)."""
        if self.order is not None or not searching.HAS_HIERARCHY:
            return self
        return type(self).from_arrays({**self.to_arrays(), "order": searching.contraction_order(self)})

    def matrix(
        self,
        snapped: Snapped,
        *,
        mode: Mode = "walk",
        with_metres: bool = True,
        engine: searching.Engine | None = None,
    ) -> CostMatrix:
        """Cost of every ordered pair of snapped places; see `CostMatrix`. `engine` None takes the fastest installed."""
        return self._router(mode, engine).matrix(snapped, with_metres=with_metres)

    def path(
        self, a: SnappedPoint, b: SnappedPoint, *, mode: Mode = "walk", engine: searching.Engine | None = None
    ) -> Path:
        """Fastest way from `a` to `b`. Raises NetworkError `unreachable`."""
        path = self._router(mode, engine).path(a, b)
        if path is None:
            raise NetworkError("unreachable", f"no way by {mode} from {a.lon}, {a.lat} to {b.lon}, {b.lat}", mode=mode)
        return path

    def legs(self, snapped: Snapped, stops: Sequence[int], *, mode: Mode = "walk") -> list[Path]:
        """Paths between consecutive `stops` (rows of `snapped`), one fewer than stops."""
        return [self.path(snapped[a], snapped[b], mode=mode) for a, b in pairwise(stops)]

    def _router(self, mode: Mode, engine: searching.Engine | None) -> costs.Router:
        if mode not in MODES:
            raise NetworkError("unknown_mode", f"mode {mode!r} is none of {', '.join(MODES)}", mode=mode)
        chosen: searching.Engine = engine or ("hierarchy" if searching.HAS_HIERARCHY else "dijkstra")
        if (mode, chosen) not in self._routers:
            self._routers[mode, chosen] = costs.Router(self, mode, chosen)
        return self._routers[mode, chosen]


def _typed(name: str, values: npt.ArrayLike) -> npt.NDArray[np.generic]:
    if name in ("edge_highway", "edge_name"):
        return np.asarray(values, dtype=np.str_)
    integer = name in ("node_osm_id", "edge_source", "edge_target", "edge_way_id", "geometry_start")
    return np.ascontiguousarray(values, dtype=np.int64 if integer else np.float64)


def _check_shapes(network: WalkingNetwork) -> None:
    expected = {"node": network.node_count, "edge": network.edge_count}
    for name in ARRAYS[:-2]:
        if getattr(network, name).shape != (expected[name[:4]],):
            raise NetworkError("array_shape", f"{name} has shape {getattr(network, name).shape}", name=name)
    if network.geometry_start.shape != (network.edge_count + 1,) or network.geometry_lonlat.shape[1:] != (2,):
        raise NetworkError(
            "array_shape", "geometry_start must have edges + 1 entries, geometry_lonlat two columns", name="geometry"
        )
    if network.order is not None and not np.array_equal(np.sort(network.order), np.arange(network.node_count)):
        raise NetworkError("array_shape", "order is no permutation of the junctions", name="order")


def _check_values(network: WalkingNetwork) -> None:
    if network.edge_count == 0:
        raise NetworkError("empty_network", "no edge a person can walk")
    for name in ("edge_source", "edge_target"):
        ends = getattr(network, name)
        if ends.min() < 0 or ends.max() >= network.node_count:
            raise NetworkError("array_value", f"{name} points outside the junctions", name=name)
    for name in ("node_lon", "node_lat", "edge_length_m", "edge_walk_s", "geometry_lonlat"):
        if not np.isfinite(getattr(network, name)).all():
            raise NetworkError("array_value", f"{name} holds a value that is not finite", name=name)
    steps = np.diff(network.geometry_start)
    if network.geometry_start[0] != 0 or network.geometry_start[-1] != len(network.geometry_lonlat) or steps.min() < 2:
        raise NetworkError("array_value", "every edge needs at least two coordinates", name="geometry_start")
    for name in ("edge_length_m", "edge_walk_s", "edge_ebike_forward_s", "edge_ebike_backward_s"):
        if not (getattr(network, name) >= 0).all():
            raise NetworkError("array_value", f"{name} holds a negative value or NaN", name=name)
