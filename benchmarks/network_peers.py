"""networkx on the streets that Gridward walks, alone in its environment: `python network_peers.py TASK.npz OUT.npz`.

The task holds an undirected graph with whole milliseconds, the numbers of the places in it and the stops of a round.
Prints its version and CPU seconds; stores the times of every pair (-1: no way). Needs nothing of Gridward.
"""

import json
import sys
import time
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np


def main(argv: list[str]) -> int:
    file, out = argv
    with np.load(file) as held:
        task: dict[str, Any] = {name: held[name] for name in held.files}
    graph = nx.Graph()
    rows = zip(task["tail"].tolist(), task["head"].tolist(), task["ms"].tolist(), strict=True)
    graph.add_weighted_edges_from(rows)
    places = task["places"].tolist()
    started = time.process_time()
    times = np.full((len(places), len(places)), -1, np.int64)
    for row, place in enumerate(places):
        reached = nx.single_source_dijkstra_path_length(graph, place)
        times[row] = [reached.get(other, -1) for other in places]
    matrix_s = time.process_time() - started
    started = time.process_time()
    for a, b in pairwise(task["stops"].tolist()):
        if times[a, b] >= 0:
            nx.bidirectional_dijkstra(graph, places[a], places[b])
    legs_s = time.process_time() - started
    np.savez(out, times=times)
    print(json.dumps({"version": nx.__version__, "matrix_s": matrix_s, "legs_s": legs_s}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
