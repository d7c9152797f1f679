"""What one would pick instead, each in its own process and with packages of its own: `python division_peers.py NAME …`.

Reads the graph of atoms from an npz file and writes the best division met within the time. Every peer gets the same
graph, weights, tolerance and CPU seconds: the machine has other work too. "Best": nearest to the tolerance, then the
shortest cut. Settings: see docs/mechanisms/division.md. Needs nothing of Gridward.
"""

import importlib.metadata
import json
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

Homes = Iterator[Any]
UFACTORS = (5, 10, 20, 30, 50, 80, 100)
GRACE = 3.0


class Task:
    """The graph in rows, households, places, number of grids and tolerance."""

    def __init__(self, file: Path) -> None:
        with np.load(file) as held:
            self.start, self.other, self.shared = held["start"], held["other"], held["shared"]
            self.weight, self.minutes, self.xy = held["weight"], held["minutes"], held["xy"]
            self.count, self.tolerance = int(held["count"]), float(held["tolerance"])
        self.rows = np.repeat(np.arange(len(self.weight)), np.diff(self.start))
        self.target = float(self.weight.sum()) / self.count

    def neighbours(self, atom: int) -> list[int]:
        return [int(b) for b in self.other[self.start[atom] : self.start[atom + 1]]]

    def score(self, home: Any) -> tuple[float, float, float]:
        """Grids short or split, share beyond the tolerance, metres of cut: less is better."""
        found = np.unique(home)
        load = np.bincount(home, weights=self.weight, minlength=self.count)
        worst = float(np.abs(load / self.target - 1).max())
        cut = float(self.shared[home[self.rows] != home[self.other]].sum() / 2)
        broken = abs(len(found) - self.count) + self.splits(home)
        return float(broken), max(0.0, worst - self.tolerance), cut

    def splits(self, home: Any) -> int:
        """Pieces beyond one a grid."""
        label = np.full(len(home), -1)
        pieces = 0
        for first in range(len(home)):
            if label[first] >= 0:
                continue
            pieces += 1
            label[first] = pieces
            todo = [first]
            while todo:
                a = todo.pop()
                for b in self.neighbours(a):
                    if label[b] < 0 and home[b] == home[a]:
                        label[b] = pieces
                        todo.append(b)
        return pieces - len(np.unique(home))


def metis(task: Task, deadline: float) -> Homes:
    """METIS k-way and recursive bisection, contiguous, over seeds and allowed imbalances; border metres as weights."""
    import pymetis  # noqa: PLC0415

    weights = np.maximum(np.round(task.weight * 10), 1).astype(int).tolist()
    edges = np.maximum(np.round(task.shared * 10), 1).astype(int).tolist()
    near = pymetis.CSRAdjacency(task.start.tolist(), task.other.tolist())
    seed = 0
    while time.process_time() < deadline:
        for ufactor in UFACTORS:
            for recursive in (False, True):
                options = pymetis.Options(ufactor=ufactor, seed=seed, niter=50, ncuts=4)
                options.contig = int(not recursive)
                _, home = pymetis.part_graph(
                    task.count, near, vweights=weights, eweights=edges, recursive=recursive, options=options
                )
                yield np.array(home)
        seed += 1


def recom(task: Task, deadline: float) -> Homes:
    """GerryChain's ReCom: short bursts of 10 steps towards a shorter cut, from the best division of METIS.

    Its own ways of seeding find no tree that cuts so few and so unlike atoms evenly; half of the time goes to METIS.
    """
    import networkx as nx  # noqa: PLC0415
    from gerrychain import Graph, Partition, accept, constraints, updaters  # noqa: PLC0415
    from gerrychain.optimization import SingleMetricOptimizer  # noqa: PLC0415
    from gerrychain.proposals import recom as propose  # noqa: PLC0415
    from gerrychain.tree import bipartition_tree  # noqa: PLC0415

    net = nx.Graph()
    for atom, weight in enumerate(task.weight.tolist()):
        net.add_node(atom, pop=weight)
    for a, b, metres in zip(task.rows.tolist(), task.other.tolist(), task.shared.tolist(), strict=True):
        net.add_edge(a, b, metres=metres)
    graph = Graph.from_networkx(net)
    seed = min(metis(task, (time.process_time() + deadline) / 2), key=task.score)
    short, beyond, _ = task.score(seed)
    if short:
        return
    yield seed
    epsilon = task.tolerance + beyond + 1e-9
    keep = {"population": updaters.Tally("pop", alias="population"), "cut_edges": updaters.cut_edges}
    first = Partition(graph, {atom: int(part) for atom, part in enumerate(seed)}, keep)
    rng = random.Random(7)
    halving = partial(bipartition_tree, max_attempts=50, allow_pair_reselection=True)

    def cut_m(partition: Any) -> float:
        return float(sum(net.edges[edge]["metres"] for edge in partition["cut_edges"]))

    def step(partition: Any, *, rng: random.Random) -> Any:
        return propose(partition, "pop", task.target, task.tolerance, bipartition_tree_fn=halving, rng=rng)

    bound = constraints.within_percent_of_ideal_population(first, epsilon)
    search = SingleMetricOptimizer(step, bound, first, cut_m, maximize=False, rng=rng)
    best = float("inf")
    for partition in search.short_bursts(10, 10**9, acceptance_fn=accept.always_accept):
        if time.process_time() >= deadline:
            return
        cut = cut_m(partition)
        if cut < best:
            best = cut
            yield np.array([partition.assignment[atom] for atom in range(len(task.weight))])


def _frame(task: Task) -> tuple[Any, Any]:
    import geopandas as gpd  # noqa: PLC0415
    from libpysal.weights import W  # noqa: PLC0415
    from shapely import points  # noqa: PLC0415

    place = (task.xy - task.xy.mean(axis=0)) / task.xy.std(axis=0).mean()
    held = {"x": place[:, 0], "y": place[:, 1], "households": task.weight}
    frame = gpd.GeoDataFrame(held, geometry=points(task.xy))
    net = W({atom: task.neighbours(atom) for atom in range(len(task.weight))}, silence_warnings=True)
    return frame, net


def ward(task: Task, deadline: float) -> Homes:
    """spopt WardSpatial on the places of the atoms; it knows no balance."""
    from spopt.region import WardSpatial  # noqa: PLC0415

    frame, net = _frame(task)
    model = WardSpatial(frame, net, ["x", "y"], n_clusters=task.count)
    model.solve()
    yield np.asarray(model.labels_, dtype=int)


def skater(task: Task, deadline: float) -> Homes:
    """spopt SKATER on the places of the atoms; it knows no balance, its floor counts atoms."""
    from spopt.region import Skater  # noqa: PLC0415

    frame, net = _frame(task)
    for floor in (max(1, len(task.weight) // (3 * task.count)), 1):
        model = Skater(frame, net, ["x", "y"], n_clusters=task.count, floor=floor)
        model.solve()
        home = np.asarray(model.labels_, dtype=int)
        if home.min() >= 0:
            yield home
        if time.process_time() >= deadline:
            return


def kmeans(task: Task, deadline: float) -> Homes:
    """spopt RegionKMeans on the places of the atoms, over seeds; it knows no balance."""
    from spopt.region import RegionKMeansHeuristic  # noqa: PLC0415

    frame, net = _frame(task)
    seed = 0
    while time.process_time() < deadline:
        model = RegionKMeansHeuristic(frame[["x", "y"]].to_numpy(), task.count, net, seed=seed)
        model.solve()
        yield np.asarray(model.labels_, dtype=int)
        seed += 1


def maxp(task: Task, deadline: float) -> Homes:
    """spopt MaxP: as many regions as possible above a least number of households; the least is lowered to the count."""
    from spopt.region import MaxPHeuristic  # noqa: PLC0415

    frame, net = _frame(task)
    random.seed(5)
    np.random.seed(5)
    least, low, high = 0.8 * task.target, 0.2 * task.target, task.target
    while time.process_time() < deadline:
        model = MaxPHeuristic(
            frame, net, ["x", "y"], "households", least, top_n=3,
            max_iterations_construction=5, max_iterations_sa=2,
        )  # fmt: skip
        model.solve()
        home = np.asarray(model.labels_, dtype=int)
        _, home = np.unique(home, return_inverse=True)
        yield home
        if model.p > task.count:
            low = least
        elif model.p < task.count:
            high = least
        least = (low + high) / 2 if model.p != task.count else least


def clusters(task: Task, deadline: float) -> Homes:
    """Breadth-first clusters filled up to the mean, as commcare-connect groups buildings; over starting points."""
    seed = 0
    while time.process_time() < deadline and seed < 200:
        yield _filled(task, np.random.default_rng(seed))
        seed += 1


def _filled(task: Task, rng: Any) -> Any:
    home = np.full(len(task.weight), -1)
    order = rng.permutation(len(home)).tolist()
    left = float(task.weight.sum())
    for grid in range(task.count):
        open_atoms = [atom for atom in order if home[atom] < 0]
        if not open_atoms:
            break
        fringe = [a for a in open_atoms if any(home[b] >= 0 for b in task.neighbours(a))]
        queue, held = [(fringe or open_atoms)[0]], 0.0
        wanted = left / (task.count - grid)
        while queue:
            atom = queue.pop(0)
            if home[atom] >= 0:
                continue
            if held > 0 and held + task.weight[atom] / 2 > wanted:
                break
            home[atom] = grid
            held += task.weight[atom]
            queue += [b for b in task.neighbours(atom) if home[b] < 0]
        left -= held
    while (home < 0).any():
        before = int((home < 0).sum())
        for atom in np.flatnonzero(home < 0).tolist():
            near = [home[b] for b in task.neighbours(atom) if home[b] >= 0]
            if near:
                load = np.bincount(home[home >= 0], weights=task.weight[home >= 0], minlength=task.count)
                home[atom] = min(near, key=lambda one: load[one])
        if int((home < 0).sum()) == before:
            home[home < 0] = 0
    return home


PEERS: dict[str, tuple[Callable[[Task, float], Homes], str]] = {
    "METIS": (metis, "pymetis"),
    "GerryChain ReCom": (recom, "gerrychain"),
    "spopt Ward": (ward, "spopt"),
    "spopt SKATER": (skater, "spopt"),
    "spopt MaxP": (maxp, "spopt"),
    "spopt k-means": (kmeans, "spopt"),
    "breadth-first": (clusters, "numpy"),
}


def main(argv: list[str]) -> int:
    """`NAME TASK.npz SECONDS OUT.npz`: stores the best division after each better one, and says how it went.

    A step that began in time may take `GRACE` times the seconds; then the process is ended.
    """
    name, file, seconds, out = argv
    method, package = PEERS[name]
    task = Task(Path(file))
    started, began = time.monotonic(), time.process_time()
    most = int(began + GRACE * float(seconds)) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    best: tuple[float, float, float] | None = None
    tries = 0
    for home in method(task, began + float(seconds)):
        tries += 1
        score = task.score(home)
        if best is None or score < best:
            best = score
            np.savez(out, home=home, seconds=time.monotonic() - started, cpu_s=time.process_time() - began)
    version = importlib.metadata.version(package)
    print(json.dumps({"package": f"{package} {version}", "tries": tries}))
    return 0 if best is not None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
