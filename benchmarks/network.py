"""The walking network of an extract: the matrix of places and the ways of a round, beside general libraries."""

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from benchmarks.bench_env import peers_python
from benchmarks.figures import CheckFailed, Column, Table
from benchmarks.stage import ROOT, Stage, StageFailed, say
from benchmarks.turns import interleave, middle
from gis.network import CostMatrix, NetworkError, Snapped, WalkingNetwork, read_osm

PLACES: Final = 150
# Half the side of the ground of one team, in degrees: about 3 km to each side of the middle.
TEAM_DEGREES: Final = 0.03
# How far a door stands from the street, as standard deviation in degrees (about 15 m).
DOOR_DEGREES: Final = 1.5e-4
NETWORKX_LIMIT_S: Final = 600

_COLUMNS = (
    Column("spread", "places"),
    Column("method", "method"),
    Column("matrix_s", "matrix CPU-s", 4),
    Column("legs_s", "ways CPU-s", 4),
    Column("whole_s", "both CPU-s", 4),
    Column("ratio", "× ours", 1),
    Column("answers", "answers"),
)
Ints = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Task:
    """Places on the network as an undirected graph of whole milliseconds: what every peer is asked."""

    name: str
    snapped: Snapped
    tail: Ints
    head: Ints
    ms: Ints
    places: Ints
    size: int

    @property
    def stops(self) -> range:
        return range(len(self.places))


def run(stage: Stage) -> Table:
    """Raises StageFailed without an extract, CheckFailed when a single pair differs from a peer's."""
    extract = stage.options.extract
    if extract is None:
        raise StageFailed("network: say which extract: --extract FILE")
    say(f"network: reads {extract.name}")
    started = time.process_time()
    try:
        network = read_osm(extract).prepare()
    except (NetworkError, OSError) as error:
        raise StageFailed(f"network: {error}") from None
    facts: dict[str, Any] = {
        "junctions": network.node_count,
        "edges": network.edge_count,
        "read_and_prepared_cpu_s": time.process_time() - started,
        "islands": len(network.islands()),
    }
    python = peers_python("network")
    facts["peers_missing"] = "none" if python else "networkx: no packages"
    rows: list[dict[str, Any]] = []
    for name, half in (("one team", TEAM_DEGREES), ("whole extract", 180.0)):
        task = _task(network, name, half, places=20 if stage.quick else PLACES)
        rows += _measure(stage, network, task, python)
    return Table("network", f"{len(task.places)} places of {extract.name}", _COLUMNS, rows, facts)


def _task(network: WalkingNetwork, name: str, half: float, *, places: int) -> Task:
    """Seeded places near junctions within `half` degrees of the middle, joined to the junctions of their edges."""
    random = np.random.default_rng(5)
    away_lon = np.abs(network.node_lon - np.median(network.node_lon))
    away_lat = np.abs(network.node_lat - np.median(network.node_lat))
    near = np.flatnonzero((network.components() == 0) & (away_lon < half) & (away_lat < half))
    if len(near) < places:
        raise StageFailed(f"network: fewer than {places} junctions in the middle of the extract")
    at = random.choice(near, places, replace=False)
    lon = network.node_lon[at] + random.normal(0, DOOR_DEGREES, places)
    lat = network.node_lat[at] + random.normal(0, DOOR_DEGREES, places)
    snapped = network.snap(lon, lat)
    edge_ms = np.maximum(1, np.rint(network.edge_walk_s * 1000)).astype(np.int64)
    number = network.node_count + np.arange(places)
    whole = edge_ms[snapped.edge]
    before = np.rint(snapped.fraction * whole).astype(np.int64)
    tail = [network.edge_source, number, number]
    head = [network.edge_target, network.edge_source[snapped.edge], network.edge_target[snapped.edge]]
    ms = [edge_ms, before, whole - before]
    # Places on one edge reach one another without a junction between.
    pairs = [(a, b) for a in range(places) for b in range(a) if snapped.edge[a] == snapped.edge[b]]
    if pairs:
        a, b = np.array(pairs).T
        tail, head, ms = [*tail, number[a]], [*head, number[b]], [*ms, np.abs(before[a] - before[b])]
    ends = np.column_stack([np.concatenate(tail), np.concatenate(head)])
    low, high, cost = ends.min(axis=1), ends.max(axis=1), np.concatenate(ms)
    order = np.lexsort((cost, high, low))
    low, high, cost = low[order], high[order], cost[order]
    first = np.append(True, (np.diff(low) != 0) | (np.diff(high) != 0)) & (low != high)
    return Task(name, snapped, low[first], high[first], cost[first], number, network.node_count + places)


def _measure(stage: Stage, network: WalkingNetwork, task: Task, python: Path | None) -> list[dict[str, Any]]:
    graph = _graph(task)
    ours = network.matrix(task.snapped)
    network.legs(task.snapped, task.stops)
    contenders: dict[str, Callable[[], tuple[float, float]]] = {
        "ours": lambda: _ours(network, task),
        "scipy": lambda: _scipy(graph, task)[1:],
    }
    taken = interleave(contenders, rounds=1 if stage.quick else 5)
    ours_s = _middle(taken["ours"])
    rows = [_row(task, "Gridward: seconds and metres, ways with corners", ours_s, ours_s, None)]
    theirs, _, _ = _scipy(graph, task)
    said = _compare(network, task, ours, theirs, "scipy")
    rows.append(_row(task, "scipy: milliseconds, ways as junctions", _middle(taken["scipy"]), ours_s, said))
    if python is not None:
        times, seconds, version = _networkx(stage, task, python)
        said = _compare(network, task, ours, times, "networkx")
        rows.append(_row(task, f"networkx {version}: the same", seconds, ours_s, said))
    return rows


def _ours(network: WalkingNetwork, task: Task) -> tuple[float, float]:
    started = time.process_time()
    network.matrix(task.snapped)
    between = time.process_time()
    network.legs(task.snapped, task.stops)
    return between - started, time.process_time() - between


def _graph(task: Task) -> csr_matrix:
    ends = (np.concatenate([task.tail, task.head]), np.concatenate([task.head, task.tail]))
    # A zero would be no edge to scipy; a nanosecond is lost when the sums are rounded down.
    cost = np.where(task.ms == 0, 1e-6, task.ms.astype(np.float64))
    return csr_matrix((np.concatenate([cost, cost]), ends), shape=(task.size, task.size))


def _scipy(graph: csr_matrix, task: Task) -> tuple[Ints, float, float]:
    """One call gives the matrix and the way back to every place: the best that scipy can do."""
    started = time.process_time()
    reached, before = dijkstra(graph, indices=task.places, return_predecessors=True)
    found = reached[:, task.places]
    between = time.process_time()
    for a, b in pairwise(task.stops):
        node, way = int(task.places[b]), []
        while node >= 0:
            way.append(node)
            node = int(before[a, node])
    times = np.where(np.isfinite(found), np.floor(np.where(np.isfinite(found), found, 0) + 1e-3), -1).astype(np.int64)
    return times, between - started, time.process_time() - between


def _networkx(stage: Stage, task: Task, python: Path) -> tuple[Ints, tuple[float, float], str]:
    file, out = stage.folder / "network.npz", stage.folder / "times.npz"
    np.savez(file, tail=task.tail, head=task.head, ms=task.ms, places=task.places, stops=np.array(task.stops))
    say(f"network: {task.name}: networkx")
    argv = [str(python), str(ROOT / "benchmarks" / "network_peers.py"), str(file), str(out)]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=NETWORKX_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        raise StageFailed(f"network: networkx took more than {NETWORKX_LIMIT_S} s") from None
    if done.returncode:
        raise StageFailed(f"network: networkx: {' '.join(done.stderr.strip().splitlines()[-1:])}")
    told = json.loads(done.stdout.splitlines()[-1])
    with np.load(out) as held:
        return held["times"], (told["matrix_s"], told["legs_s"]), told["version"]


def _compare(network: WalkingNetwork, task: Task, ours: CostMatrix, times: Ints, name: str) -> str:
    """Whole seconds from door to door, as ours are, from the peer's milliseconds from edge to edge; all pairs."""
    snapped = task.snapped
    access_ms = np.rint(snapped.distance_m / network.walk_kmh * 3600).astype(np.int64)
    seconds = -(-(times + access_ms[:, None] + access_ms[None, :]) // 1000)
    same = (snapped.lon[:, None] == snapped.lon[None, :]) & (snapped.lat[:, None] == snapped.lat[None, :])
    expected = np.where(same, 0, np.where(times < 0, -1, seconds))
    wrong = np.argwhere(expected != ours.seconds)
    if len(wrong):
        a, b = wrong[0].tolist()
        raise CheckFailed(
            f"network: {task.name}: {len(wrong)} of {expected.size} pairs differ from {name}; "
            f"{a} to {b}: {ours.seconds[a, b]} s against {expected[a, b]} s"
        )
    return f"{expected.size:,} of {expected.size:,} equal"


def _middle(taken: list[tuple[float, float]]) -> tuple[float, float]:
    return middle([matrix_s for matrix_s, _ in taken]), middle([legs_s for _, legs_s in taken])


def _row(
    task: Task, method: str, seconds: tuple[float, float], ours: tuple[float, float], answers: str | None
) -> dict[str, Any]:
    return {
        "spread": task.name, "method": method, "matrix_s": seconds[0], "legs_s": seconds[1], "whole_s": sum(seconds),
        "ratio": sum(seconds) / sum(ours), "answers": answers or "–",
    }  # fmt: skip
