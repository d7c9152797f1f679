"""From an OpenStreetMap extract (pbf, xml, also packed) to the walking network."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import osmium
from osmium.osm import NODE, RELATION, WAY
from pyproj import Geod

from gis.network.errors import NetworkError
from gis.network.model import ReadingReport, WalkingNetwork
from gis.network.rules import Speeds, WayUse, node_is_closed, way_use

Box = tuple[float, float, float, float]
GEOD = Geod(ellps="WGS84")
METRES_A_SECOND = 1 / 3.6


@dataclass
class _Ways:
    """Way nodes in one flat row, with a new way starting at each entry of `starts`."""

    refs: list[int] = field(default_factory=list)
    lons: list[float] = field(default_factory=list)
    lats: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    way_ids: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    uses: list[WayUse] = field(default_factory=list)
    closed_nodes: set[int] = field(default_factory=set)
    refused: int = 0
    missing: int = 0

    @property
    def closed_uses(self) -> int:
        """How often a way runs through a closed node."""
        return sum(ref in self.closed_nodes for ref in self.refs) if self.closed_nodes else 0


def read_osm(file: Path | str, *, bbox: Box | None = None, speeds: Speeds | None = None) -> WalkingNetwork:
    """Walking network of an extract, simplified to its junctions.

    `bbox` (west, south, east, north) keeps the stretches that touch it. A walkable area is walked along its rings.
    A node closed to walkers (locked gate, wall) cuts every way that runs through it.
    Raises OSError when the file cannot be read, NetworkError `empty_network` when nobody can walk in it.
    """
    if not Path(file).is_file():
        raise FileNotFoundError(f"no extract at {file}")
    try:
        ways = _read_ways(Path(file), bbox)
    except RuntimeError as error:
        raise NetworkError("not_an_extract", f"{file} is no readable OpenStreetMap extract: {error}") from error
    if len(ways.refs) < 2:
        raise NetworkError("empty_network", f"no way a person can walk in {file}")
    return _simplify(ways, speeds or Speeds())


def _read_ways(file: Path, bbox: Box | None) -> _Ways:
    ways = _Ways()
    rings = _area_rings(file)
    tagged_nodes = osmium.filter.EmptyTagFilter()
    tagged_nodes.enable_for(NODE)
    for item in osmium.FileProcessor(str(file), NODE | WAY).with_locations().with_filter(tagged_nodes):
        if not isinstance(item, osmium.osm.Way):
            if node_is_closed(dict(item.tags)):
                ways.closed_nodes.add(item.id)
            continue
        tags = rings.get(item.id) or dict(item.tags)
        use = way_use(tags)
        if use is not None:
            _take(ways, item, use, tags.get("name", ""), bbox)
        elif "highway" in tags:
            ways.refused += 1
    return ways


def _area_rings(file: Path) -> dict[int, dict[str, str]]:
    """Tags of walkable areas drawn as relations, by the way that is part of their rings."""
    rings: dict[int, dict[str, str]] = {}
    areas = osmium.filter.KeyFilter("highway", "railway", "public_transport")
    for relation in osmium.FileProcessor(str(file), RELATION).with_filter(areas):
        tags = dict(relation.tags)
        if (
            isinstance(relation, osmium.osm.Relation)
            and tags.get("type") == "multipolygon"
            and way_use(tags) is not None
        ):
            rings.update({member.ref: tags for member in relation.members if member.type == "w"})
    return rings


def _take(ways: _Ways, way: osmium.osm.Way, use: WayUse, name: str, bbox: Box | None) -> None:
    for stretch in _stretches(way, ways, bbox):
        ways.starts.append(len(ways.refs))
        ways.way_ids.append(way.id)
        ways.names.append(name)
        ways.uses.append(use)
        for ref, lon, lat in stretch:
            ways.refs.append(ref)
            ways.lons.append(lon)
            ways.lats.append(lat)


def _stretches(way: osmium.osm.Way, ways: _Ways, bbox: Box | None) -> Iterator[list[tuple[int, float, float]]]:
    """Runs of nodes that have a place and touch the box; a way leaves the extract where a node is missing."""
    run: list[tuple[int, float, float]] = []
    last_inside = False
    for node in way.nodes:
        if not node.location.valid():
            ways.missing += 1
            if len(run) > 1:
                yield run
            run = []
            continue
        point = (node.ref, node.lon, node.lat)
        if run and point[0] == run[-1][0]:
            continue
        inside = bbox is None or (bbox[0] <= point[1] <= bbox[2] and bbox[1] <= point[2] <= bbox[3])
        if not inside and not last_inside:
            if len(run) > 1:
                yield run
            run = []
        run.append(point)
        last_inside = inside
    if len(run) > 1:
        yield run


def _simplify(ways: _Ways, speeds: Speeds) -> WalkingNetwork:
    """Cut the ways at junctions, at their ends and at closed nodes, and number the junctions."""
    refs = np.array(ways.refs, np.int64)
    lonlat = np.column_stack([ways.lons, ways.lats])
    starts = np.array(ways.starts, np.int64)
    way_of = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(refs))))
    node_ids, node_of, times_used = np.unique(refs, return_inverse=True, return_counts=True)
    is_closed = np.isin(refs, np.fromiter(ways.closed_nodes, np.int64, len(ways.closed_nodes)))
    is_cut = (times_used[node_of] > 1) | is_closed
    is_cut[starts] = True
    is_cut[np.append(starts[1:], len(refs)) - 1] = True
    cuts = np.flatnonzero(is_cut)
    same_way = way_of[cuts[:-1]] == way_of[cuts[1:]]
    first, last = cuts[:-1][same_way], cuts[1:][same_way]
    # A closed node is another junction for every edge that ends there: nobody passes from one side to the other.
    private = len(node_ids) + 2 * np.arange(len(first))
    tail = np.where(is_closed[first], private, node_of[first])
    head = np.where(is_closed[last], private + 1, node_of[last])
    _, at, ends = np.unique(np.concatenate([tail, head]), return_index=True, return_inverse=True)
    position = np.concatenate([first, last])[at]
    pieces = _Pieces(first, last, ends[: len(first)], ends[len(first) :], refs[position], position, way_of[first])
    return _build(ways, pieces, lonlat, speeds)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Edges as runs first..last of way nodes, with the numbers of their junctions; the junctions' ids and places."""

    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    source: npt.NDArray[np.int64]
    target: npt.NDArray[np.int64]
    node_osm_id: npt.NDArray[np.int64]
    node_at: npt.NDArray[np.int64]
    way_row: npt.NDArray[np.int64]


def _build(ways: _Ways, pieces: _Pieces, lonlat: npt.NDArray[np.float64], speeds: Speeds) -> WalkingNetwork:
    """Lengths, times and geometry of the pieces."""
    _, _, step_m = GEOD.inv(lonlat[:-1, 0], lonlat[:-1, 1], lonlat[1:, 0], lonlat[1:, 1])
    run_m = np.concatenate([[0.0], np.cumsum(step_m)])
    length_m = run_m[pieces.last] - run_m[pieces.first]
    count = pieces.last - pieces.first + 1
    geometry_start = np.concatenate([[0], np.cumsum(count)])
    corner = np.arange(geometry_start[-1]) + np.repeat(pieces.first - geometry_start[:-1], count)
    is_steps, forward, backward = np.array(
        [(use.is_steps, use.ride_forward, use.ride_backward) for use in ways.uses], np.bool_
    )[pieces.way_row].T
    walk_s = length_m / (np.where(is_steps, speeds.steps_kmh, speeds.walk_kmh) * METRES_A_SECOND)
    ride_s = np.where(is_steps, np.inf, length_m / (speeds.ebike_kmh * METRES_A_SECOND))
    push_s = np.where(is_steps, np.inf, walk_s)
    return WalkingNetwork(
        node_osm_id=pieces.node_osm_id,
        node_lon=lonlat[pieces.node_at, 0].copy(),
        node_lat=lonlat[pieces.node_at, 1].copy(),
        edge_source=pieces.source,
        edge_target=pieces.target,
        edge_way_id=np.array(ways.way_ids, np.int64)[pieces.way_row],
        edge_length_m=length_m,
        edge_walk_s=walk_s,
        edge_ebike_forward_s=np.where(forward, ride_s, push_s),
        edge_ebike_backward_s=np.where(backward, ride_s, push_s),
        edge_highway=np.array([use.highway for use in ways.uses], np.str_)[pieces.way_row],
        edge_name=np.array(ways.names, np.str_)[pieces.way_row],
        geometry_start=geometry_start,
        geometry_lonlat=np.ascontiguousarray(lonlat[corner]),
        walk_kmh=speeds.walk_kmh,
        reading=ReadingReport(len(set(ways.way_ids)), ways.refused, ways.missing, ways.closed_uses),
    )
