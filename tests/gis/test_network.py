"""Reading an extract, snapping, matrices and paths, on towns of a few streets drawn here."""

import gc
import heapq
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from gis.network import NetworkError, WalkingNetwork, read_osm

GEOD = Geod(ellps="WGS84")
WEST, SOUTH = 121.15, 30.03
STEP = 0.001  # degrees between neighbouring crossings


def write_osm(file: Path, nodes: dict, ways: list, relations: list = ()) -> Path:
    """`nodes`: id -> (lon, lat[, tags]); `ways`: (id, [nodes], tags); `relations`: (id, [way ids], tags)."""

    def tags(pairs):
        return "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in pairs.items())

    lines = ["<osm version='0.6'>"]
    for ref, (lon, lat, *extra) in nodes.items():
        lines.append(
            f"<node id='{ref}' version='1' lon='{lon:.7f}' lat='{lat:.7f}'>{tags(extra[0] if extra else {})}</node>"
        )
    for ref, members, pairs in ways:
        refs = "".join(f"<nd ref='{node}'/>" for node in members)
        lines.append(f"<way id='{ref}' version='1'>{refs}{tags(pairs)}</way>")
    for ref, members, pairs in relations:
        refs = "".join(f"<member type='way' ref='{way}' role='outer'/>" for way in members)
        lines.append(f"<relation id='{ref}' version='1'>{refs}{tags(pairs)}</relation>")
    file.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
    return file


def at(column: float, row: float) -> tuple[float, float]:
    return WEST + column * STEP, SOUTH + row * STEP


STREET = {"highway": "residential"}


def town(
    tmp_path: Path, extra_nodes: dict | None = None, ways: list | None = None, relations: list = ()
) -> WalkingNetwork:
    """3 x 3 crossings 1..9 from south-west, row by row, and the streets between them unless `ways` says otherwise."""
    nodes = {1 + column + 3 * row: at(column, row) for row in range(3) for column in range(3)} | (extra_nodes or {})
    if ways is None:
        ways = [(10 + row, [1 + 3 * row, 2 + 3 * row, 3 + 3 * row], STREET) for row in range(3)]
        ways += [(20 + column, [1 + column, 4 + column, 7 + column], STREET) for column in range(3)]
    return read_osm(write_osm(tmp_path / "town.osm", nodes, ways, relations))


def test_streets_become_edges_between_crossings(tmp_path):
    network = town(tmp_path)
    assert (network.node_count, network.edge_count) == (9, 12)
    assert set(network.edge_way_id) == {10, 11, 12, 20, 21, 22}
    _, _, metres = GEOD.inv(*at(0, 0), *at(1, 0))
    edge = int(np.flatnonzero(network.edge_way_id == 10)[0])
    assert network.edge_length_m[edge] == pytest.approx(metres)
    assert network.edge_walk_s[edge] == pytest.approx(metres / (4 / 3.6))
    assert network.edge_ebike_forward_s[edge] == pytest.approx(metres / (12 / 3.6))


def test_bends_are_kept_as_geometry_not_as_junctions(tmp_path):
    network = town(tmp_path, {50: at(0.5, 0.2)}, [(10, [1, 50, 2], STREET | {"name": "学弄路"})])
    assert (network.node_count, network.edge_count) == (2, 1)
    assert network.edge_coordinates(0) == pytest.approx(np.array([at(0, 0), at(0.5, 0.2), at(1, 0)]))
    assert network.edge_name[0] == "学弄路"


def test_steps_are_slower_and_closed_to_ebikes(tmp_path):
    network = town(tmp_path, ways=[(10, [1, 2], STREET), (11, [2, 3], {"highway": "steps"})])
    assert network.edge_walk_s[1] == pytest.approx(2 * network.edge_walk_s[0], rel=1e-6)
    assert np.isinf(network.edge_ebike_forward_s[1])


def test_a_closed_gate_cuts_the_way(tmp_path):
    gate = {50: (*at(0.5, 0), {"barrier": "gate", "access": "private"})}
    network = town(tmp_path, gate, [(10, [1, 50, 2], STREET), (11, [2, 3, 6], STREET)])
    assert len(network.islands()) == 1
    assert network.reading.nodes_closed == 1
    open_gate = {50: (*at(0.5, 0), {"barrier": "gate"})}
    assert town(tmp_path, open_gate, [(10, [1, 50, 2], STREET), (11, [2, 3, 6], STREET)]).islands() == ()


def test_islands_are_reported_and_not_snapped_to(tmp_path):
    network = town(
        tmp_path,
        {50: at(8, 0), 51: at(8, 1)},
        [(10, [1, 2, 3, 6], STREET), (20, [1, 4], STREET), (11, [50, 51], STREET)],
    )
    (island,) = network.islands()
    assert (island.nodes, island.edges) == (2, 1)
    assert (island.lon, island.lat) == pytest.approx(at(8, 0))
    snapped = network.snap(*np.array([at(8, 0.5)]).T)
    assert network.edge_way_id[snapped.edge[0]] == 10


def test_rings_of_a_square_are_walked(tmp_path):
    square = {"type": "multipolygon", "highway": "pedestrian", "area": "yes"}
    network = town(tmp_path, ways=[(10, [1, 2, 5, 4, 1], {}), (11, [2, 3], STREET)], relations=[(99, [10], square)])
    assert "pedestrian" in network.edge_highway
    assert network.islands() == ()


def test_a_box_keeps_what_touches_it(tmp_path):
    nodes = {1 + k: at(k, 0) for k in range(8)}
    file = write_osm(tmp_path / "long.osm", nodes, [(10, list(nodes), STREET)])
    box = (*at(1.5, -1), *at(3.5, 1))
    assert read_osm(file, bbox=box).geometry_lonlat[:, 0] == pytest.approx([at(k, 0)[0] for k in (1, 2, 3, 4)])


def test_nodes_missing_from_the_extract_break_the_way(tmp_path):
    network = town(tmp_path, ways=[(10, [1, 2, 777, 5, 6], STREET)])
    assert network.reading.nodes_missing == 1
    assert len(network.islands()) == 1


def test_unreadable_files_are_refused(tmp_path):
    broken = tmp_path / "broken.osm"
    broken.write_text("<osm version='0.6'><way", encoding="utf-8")
    with pytest.raises(NetworkError) as refused:
        read_osm(broken)
    assert refused.value.code == "not_an_extract"
    with pytest.raises(FileNotFoundError):
        read_osm(tmp_path / "nowhere.osm.pbf")
    with pytest.raises(NetworkError) as empty:
        town(tmp_path, ways=[(10, [1, 2], {"highway": "motorway"})])
    assert empty.value.code == "empty_network"


def test_snapping_names_the_spot_and_the_distance(tmp_path):
    network = town(tmp_path)
    lon, lat = at(0.25, 0.1)
    spot = network.snap([lon], [lat])[0]
    assert (spot.on_lon, spot.on_lat) == pytest.approx(at(0.25, 0), abs=1e-8)
    assert spot.distance_m == pytest.approx(GEOD.inv(lon, lat, *at(0.25, 0))[2], rel=1e-3)
    assert network.edge_way_id[spot.edge] == 10


@pytest.mark.parametrize(("lon", "lat"), [(float("nan"), 30.0), (121.0, float("inf")), (30.0, 121.0)])
def test_bad_coordinates_are_named(tmp_path, lon, lat):
    with pytest.raises(NetworkError) as refused:
        town(tmp_path).snap([121.15, lon], [30.03, lat])
    assert refused.value.facts == {"row": 1}


@pytest.fixture(scope="module")
def grid(tmp_path_factory) -> WalkingNetwork:
    """Town with a flight of steps as a short cut, a loop, a one-way street, two streets between the same crossings and
    a cul-de-sac.
    """
    nodes = {1 + column + 3 * row: at(column, row) for row in range(3) for column in range(3)}
    nodes |= {
        50: at(1.5, 2.4),
        51: at(2.5, 2.5),
        52: at(2.9, 2.2),
        53: at(2.6, 1.8),
        54: at(-0.7, 0.4),
        55: at(0.4, 1.5),
    }
    ways = [
        (10, [1, 2, 3], STREET),
        (11, [4, 5, 6], STREET | {"oneway": "yes"}),
        (12, [7, 8, 9], STREET),
        (13, [8, 50, 9], STREET),
    ]
    ways += [(20, [1, 4, 7], STREET), (21, [2, 5, 8], {"highway": "footway"}), (22, [3, 6, 9], STREET)]
    ways += [
        (30, [1, 5], {"highway": "steps"}),
        (31, [9, 51, 52, 53, 9], STREET),
        (32, [1, 54], STREET),
        (33, [4, 55, 8], STREET),
    ]
    return read_osm(write_osm(tmp_path_factory.mktemp("osm") / "grid.osm", nodes, ways)).prepare()


places = st.lists(st.tuples(st.floats(-1, 3), st.floats(-0.5, 3)), min_size=2, max_size=7)


def snap(network: WalkingNetwork, points, mode="walk"):
    return network.snap(*np.array([at(*point) for point in points]).T, mode=mode)


@settings(max_examples=30)
@given(places)
def test_walking_costs_are_a_metric_and_both_engines_agree(grid, points):
    snapped = snap(grid, points)
    costs = grid.matrix(snapped)
    seconds = costs.seconds
    assert costs.unreachable == ()
    assert (seconds == seconds.T).all()
    assert (costs.metres == costs.metres.T).all()
    assert (np.diag(seconds) == 0).all()
    assert (seconds[:, None, :] <= seconds[:, :, None] + seconds[None, :, :]).all()
    assert (grid.matrix(snapped, engine="dijkstra", with_metres=False).seconds == seconds).all()


@settings(max_examples=30)
@given(places, st.sampled_from(["walk", "ebike"]))
def test_a_path_is_as_long_as_the_matrix_says(grid, points, mode):
    snapped = snap(grid, points, mode)
    costs = grid.matrix(snapped, mode=mode)
    for a in range(len(points)):
        for b in range(len(points)):
            path = grid.path(snapped[a], snapped[b], mode=mode)
            assert (path.seconds, path.metres) == (costs.seconds[a, b], costs.metres[a, b])
            lons, lats = np.array(path.coordinates).T
            assert GEOD.line_length(lons, lats) == pytest.approx(path.metres, abs=1.5)
            if a != b:
                assert path.coordinates[0] == pytest.approx((snapped.lon[a], snapped.lat[a]))
                assert path.coordinates[-1] == pytest.approx((snapped.lon[b], snapped.lat[b]))


def seconds_by_hand(network: WalkingNetwork, a, b, mode: str) -> float:
    """Independent witness: a textbook Dijkstra over the edge list, with both places put in as junctions."""
    forward = network.edge_walk_s if mode == "walk" else network.edge_ebike_forward_s
    backward = network.edge_walk_s if mode == "walk" else network.edge_ebike_backward_s
    arcs: dict = {}
    for edge in range(network.edge_count):
        cuts = sorted(
            [(0.0, int(network.edge_source[edge])), (1.0, int(network.edge_target[edge]))]
            + [(spot.fraction, name) for name, spot in (("a", a), ("b", b)) if spot.edge == edge],
            key=lambda cut: cut[0],
        )
        for (low, u), (high, v) in pairwise(cuts):
            arcs.setdefault(u, []).append((v, (high - low) * forward[edge]))
            arcs.setdefault(v, []).append((u, (high - low) * backward[edge]))
    best, queue = {"a": 0.0}, [(0.0, 0, "a")]
    while queue:
        cost, _, node = heapq.heappop(queue)
        for other, more in arcs.get(node, []):
            if cost + more < best.get(other, np.inf):
                best[other] = cost + more
                heapq.heappush(queue, (cost + more, id(other), other))
    return best["b"] + (a.distance_m + b.distance_m) / (4 / 3.6)


@settings(max_examples=25)
@given(places, st.sampled_from(["walk", "ebike"]))
def test_every_pair_agrees_with_a_textbook_dijkstra(grid, points, mode):
    snapped = snap(grid, points, mode)
    seconds = grid.matrix(snapped, mode=mode, with_metres=False).seconds
    for a in range(len(points)):
        for b in range(len(points)):
            if points[a] != points[b]:
                assert seconds[a, b] == pytest.approx(seconds_by_hand(grid, snapped[a], snapped[b], mode), abs=1.1)


def test_one_way_streets_hold_for_ebikes_only(grid):
    snapped = snap(grid, [(0.2, 1), (0.8, 1)])
    ride = grid.matrix(snapped, mode="ebike").seconds
    assert ride[0, 1] < ride[1, 0]
    walk = grid.matrix(snapped).seconds
    assert walk[0, 1] == walk[1, 0]


def test_unreachable_pairs_are_named(tmp_path):
    network = town(tmp_path, {50: at(8, 0), 51: at(8, 1)}, [(10, [1, 2, 3], STREET), (11, [50, 51], STREET)])
    snapped = network.snap(*np.array([at(0.5, 0), at(1.5, 0)]).T)
    cut_off = type(snapped)(
        snapped.lon,
        snapped.lat,
        np.array([0, 1]),
        *(getattr(snapped, name) for name in ("fraction", "on_lon", "on_lat", "distance_m")),
    )
    for engine in ("hierarchy", "dijkstra"):
        costs = network.matrix(cut_off, engine=engine)
        assert costs.unreachable == ((0, 1), (1, 0))
        assert costs.seconds[0, 1] == costs.metres[0, 1] == -1
    with pytest.raises(NetworkError) as refused:
        network.path(cut_off[0], cut_off[1])
    assert refused.value.code == "unreachable"


def test_a_network_survives_storage(grid, tmp_path):
    grid.save(tmp_path / "network.npz")
    again = WalkingNetwork.load(tmp_path / "network.npz")
    points = [(0.3, 0.2), (1.7, 2.2), (2.8, 2.5)]
    assert (again.matrix(snap(again, points)).seconds == grid.matrix(snap(grid, points)).seconds).all()
    assert again.fingerprint == grid.fingerprint
    assert (again.order == grid.order).all()


def test_broken_arrays_are_refused_by_name(grid):
    arrays = grid.to_arrays()
    with pytest.raises(NetworkError, match="edge_way_id"):
        WalkingNetwork.from_arrays({name: value for name, value in arrays.items() if name != "edge_way_id"})
    with pytest.raises(NetworkError, match="edge_target points outside"):
        WalkingNetwork.from_arrays({**arrays, "edge_target": np.full(grid.edge_count, 999)})


def test_threads_may_share_a_network(grid):
    snapped = snap(grid, [(0.3, 0.2), (1.7, 2.2), (2.8, 2.5), (0.1, 1.9)])
    pairs = [(a, b) for a in range(4) for b in range(4)] * 20
    alone = [grid.path(snapped[a], snapped[b]) for a, b in pairs]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda pair: grid.path(snapped[pair[0]], snapped[pair[1]]), pairs)) == alone


def test_another_thread_than_the_one_that_asked_may_let_go_of_a_network(tmp_path, monkeypatch):
    complaints = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    with ThreadPoolExecutor(1) as pool:
        network = town(tmp_path).prepare()
        snapped = snap(network, [(0.3, 0.2), (1.7, 2.0)])
        assert pool.submit(network.path, snapped[0], snapped[1]).result().metres > 0
        del network, snapped
        gc.collect()
        pool.submit(gc.collect).result()
    assert complaints == []
