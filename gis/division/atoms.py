"""Atoms: the blocks that a division puts together and never cuts, with what they hold and what their borders cost."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from shapely import Polygon, STRtree
from shapely.geometry.base import BaseGeometry

from gis.coordinates import MetricZone
from gis.division.faces import holders
from gis.division.model import BORDER_PRICE, OPEN_PRICE, Flags, Floats, Ground, Ints, Region, Shapes, Street
from gis.locate import SNAP_PER_DEGREE

LEAST_AREA_M2: Final = 400.0
LEAST_WIDTH_M: Final = 10.0
LEAST_SHARED_M: Final = 1.0
CUT_M2: Final = 0.25
ON_LINE_DEG: Final = 3e-6
KEPT_PRICE: Final = 0.33


@dataclass(frozen=True)
class Edges:
    """Stretches of border between two vertices: the faces on both sides (-1: outside), metres, price, class."""

    left: Ints
    right: Ints
    length_m: Floats
    price_m: Floats
    on_street: Flags
    on_existing: Flags


@dataclass(frozen=True)
class Atoms:
    """Indivisible blocks and their graph.

    Arrays over atoms: households, minutes, area (m²), perimeter (m), `x`, `y` (metres, middle), `region`. The graph is
    in rows: neighbours of atom a are `other[start[a]:start[a + 1]]`, with the shared metres and their price. A shared
    length of 0 ties an island to the nearest land. `face_of[f]` is the atom of a face. `compounds` has a row (atom,
    compound) for every compound with doors in an atom. `dedicated`: outlines of the grids that stay as they are; no
    atom lies in one.
    """

    faces: Sequence[Polygon]
    face_of: Ints
    region: Ints
    households: Floats
    minutes: Floats
    area_m2: Floats
    perimeter_m: Floats
    x: Floats
    y: Floats
    start: Ints
    other: Ints
    shared_m: Floats
    price_m: Floats
    compounds: Ints
    edges: Edges
    dedicated: Sequence[Region] = ()

    @property
    def count(self) -> int:
        return len(self.region)


def summed(group: Ints, values: Floats, count: int) -> Floats:
    """Sum of the values of each group, 0 to count - 1."""
    return np.asarray(np.bincount(group, weights=values, minlength=count), dtype=np.float64)


def region_of(faces: Sequence[Polygon], regions: Sequence[BaseGeometry]) -> Ints:
    """The region of each face, 0 without regions; land in none of them belongs to the nearest."""
    if not regions:
        return np.zeros(len(faces), dtype=np.int64)
    spots = shapely.get_coordinates(shapely.point_on_surface(faces))
    return holders(regions, spots[:, 0], spots[:, 1])


def edges_of(faces: Sequence[Polygon], ground: Ground, zone: MetricZone, *, keeps: bool) -> Edges:
    """Every stretch of border once. The faces must share their vertices exactly."""
    rings, face_of_ring = shapely.get_rings(faces, return_index=True)
    lonlat, ring = shapely.get_coordinates(rings, return_index=True)
    raster = np.rint(lonlat * SNAP_PER_DEGREE).astype(np.int64)
    raster -= raster.min(axis=0)
    _, first, vertex = np.unique(raster[:, 0] * (raster[:, 1].max() + 1) + raster[:, 1], True, True)
    ahead = np.flatnonzero(ring[:-1] == ring[1:])
    ends = np.sort(np.column_stack([vertex[ahead], vertex[ahead + 1]]), axis=1)
    face = face_of_ring[ring[ahead]]
    key = ends[:, 0] * len(first) + ends[:, 1]
    order = np.lexsort((face, key))
    _, at, times = np.unique(key[order], return_index=True, return_counts=True)
    left = face[order[at]]
    right = np.where(times > 1, face[order[np.minimum(at + 1, len(order) - 1)]], -1)
    ends = ends[order[at]]
    xs, ys = zone.project_points(lonlat[first, 0], lonlat[first, 1])
    length_m = np.hypot(xs[ends[:, 0]] - xs[ends[:, 1]], ys[ends[:, 0]] - ys[ends[:, 1]])
    middles: Shapes = np.asarray(shapely.points((lonlat[first[ends[:, 0]]] + lonlat[first[ends[:, 1]]]) / 2))
    factor, on_street = _street_prices(middles, ground.streets)
    on_existing = _near(middles, [outline.boundary for outline in ground.existing])
    if keeps:
        factor = np.where(on_existing, factor * KEPT_PRICE, factor)
    return Edges(left, right, length_m, length_m * factor, on_street, on_existing)


def _street_prices(middles: Shapes, streets: Sequence[Street]) -> tuple[Floats, Flags]:
    price = np.full(len(middles), OPEN_PRICE)
    tree = STRtree([street.line for street in streets])
    at, street = tree.query(middles, predicate="dwithin", distance=ON_LINE_DEG)
    np.minimum.at(price, at, np.array([BORDER_PRICE[street.border_class] for street in streets])[street])
    on_street = np.zeros(len(middles), dtype=np.bool_)
    on_street[at] = True
    return price, on_street


def _near(middles: Shapes, lines: Sequence[BaseGeometry]) -> Flags:
    found = np.zeros(len(middles), dtype=np.bool_)
    if lines:
        found[STRtree(lines).query(middles, predicate="dwithin", distance=ON_LINE_DEG)[0]] = True
    return found


class Merger:
    """Faces that have to stay together: under one building, or too small or too thin to be a block."""

    def __init__(self, faces: Sequence[Polygon], region: Ints, edges: Edges, zone: MetricZone) -> None:
        self._faces, self._region, self._edges = faces, region, edges
        self._metric = np.array([zone.project(face) for face in faces], dtype=object)
        self.area_m2 = shapely.area(self._metric)
        inner = (edges.right >= 0) & (edges.left != edges.right)
        inner[inner] = region[edges.left[inner]] == region[edges.right[inner]]
        self._left, self._right = edges.left[inner], edges.right[inner]
        self._shared_m = edges.length_m[inner]
        self.atom_of = np.arange(len(faces))

    def join_under_buildings(self, buildings: Sequence[BaseGeometry], zone: MetricZone) -> None:
        """One atom of all faces of a region that hold a part of the same building; only faces that share an edge."""
        if not len(buildings):
            return
        at, face = STRtree(self._faces).query(np.array(buildings, dtype=object), predicate="intersects")
        several = np.bincount(at, minlength=len(buildings))[at] > 1
        at, face = at[several], face[several]
        if not at.size:
            return
        walls = np.empty(len(buildings), dtype=object)
        for number in np.unique(at).tolist():
            walls[number] = zone.project(buildings[number])
        pieces = shapely.area(shapely.intersection(walls[at], self._metric[face]))
        at, face = at[pieces > CUT_M2], face[pieces > CUT_M2]
        order = np.lexsort((face, at))
        at, face = at[order], face[order]
        held: dict[int, list[int]] = {}
        for building, number in zip(at.tolist(), face.tolist(), strict=True):
            held.setdefault(building, []).append(number)
        pairs = set(zip(self._left.tolist(), self._right.tolist(), strict=True))
        ties = [
            (a, b)
            for group in held.values()
            for k, a in enumerate(group)
            for b in group[k + 1 :]
            if (a, b) in pairs or (b, a) in pairs
        ]
        self._join(np.array(ties, dtype=np.int64).reshape(-1, 2))

    def join_slivers(self) -> None:
        """Atoms too small or too thin join the neighbour with the longest common border, the smallest first number."""
        for _ in range(20):
            count = int(self.atom_of.max()) + 1
            left, right = self.atom_of[self._left], self.atom_of[self._right]
            apart = left != right
            left, right, shared = left[apart], right[apart], self._shared_m[apart]
            area = np.bincount(self.atom_of, weights=self.area_m2, minlength=count)
            perimeter = self.perimeters(self.atom_of, count)
            small = (area < LEAST_AREA_M2) | (2 * area < LEAST_WIDTH_M * perimeter)
            common = coo_matrix(
                (np.tile(shared, 2), (np.append(left, right), np.append(right, left))), shape=(count, count)
            ).tocsr()
            ties = []
            for atom in np.flatnonzero(small).tolist():
                row = slice(common.indptr[atom], common.indptr[atom + 1])
                if row.stop > row.start:
                    ties.append((atom, int(common.indices[row][np.argmax(common.data[row])])))
            if not ties:
                return
            first = np.unique(self.atom_of, return_index=True)[1]
            self._join(first[np.array(ties, dtype=np.int64)])

    def perimeters(self, atom_of: Ints, count: int) -> Floats:
        """Metres of border around each atom, its holes included."""
        edges = self._edges
        left = atom_of[edges.left]
        right = np.where(edges.right >= 0, atom_of[edges.right], -1)
        outer = left != right
        around = np.bincount(left[outer], weights=edges.length_m[outer], minlength=count)
        both = outer & (right >= 0)
        around += np.bincount(right[both], weights=edges.length_m[both], minlength=count)
        return np.asarray(around, dtype=np.float64)

    def _join(self, ties: Ints) -> None:
        """Faces of a tie, and all that are with them already, become one atom; atoms are numbered by first face."""
        chain = np.unique(self.atom_of, return_index=True)[1][self.atom_of]
        rows = np.append(ties[:, 0], np.arange(len(chain)))
        columns = np.append(ties[:, 1], chain)
        graph = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(chain), len(chain)))
        _, label = connected_components(graph, directed=False)
        _, first, number = np.unique(label, return_index=True, return_inverse=True)
        self.atom_of = np.argsort(np.argsort(first))[number]


@dataclass(frozen=True)
class Held:
    """What the doors bring to the faces they lie in."""

    face: Ints
    households: Floats
    minutes: Floats
    compound: Ints


def compound_numbers(compounds: Sequence[Hashable | None], count: int) -> Ints:
    """A number for each compound in the order of appearance, -1 for doors outside of any."""
    names: dict[Hashable, int] = {}
    return np.array(
        [-1 if name is None else names.setdefault(name, len(names)) for name in compounds] or [-1] * count,
        dtype=np.int64,
    )


def build_graph(
    faces: Sequence[Polygon], *, region: Ints, merger: Merger, edges: Edges, held: Held, zone: MetricZone
) -> Atoms:
    """Atoms with weights and neighbours; parts of a region without a neighbour are tied to the nearest land."""
    face_of = merger.atom_of
    count = int(face_of.max()) + 1
    first = np.unique(face_of, return_index=True)[1]
    home = face_of[held.face]
    households, minutes = (summed(home, part, count) for part in (held.households, held.minutes))
    area = summed(face_of, merger.area_m2, count)
    spots = shapely.get_coordinates(shapely.centroid(faces))
    xs, ys = zone.project_points(spots[:, 0], spots[:, 1])
    x, y = (np.bincount(face_of, weights=part * merger.area_m2, minlength=count) / area for part in (xs, ys))
    atom_region = region[first]
    left, right = face_of[edges.left], np.where(edges.right >= 0, face_of[edges.right], -1)
    inner = (right >= 0) & (left != right)
    inner[inner] = atom_region[left[inner]] == atom_region[right[inner]]
    low, high = np.minimum(left, right)[inner], np.maximum(left, right)[inner]
    pair, where = np.unique(low * count + high, return_inverse=True)
    shared, price = (summed(where, part[inner], len(pair)) for part in (edges.length_m, edges.price_m))
    low, high = pair // count, pair % count
    kept = shared >= LEAST_SHARED_M
    low, high, shared, price = low[kept], high[kept], shared[kept], price[kept]
    ties = _island_ties(low, high, region=atom_region, households=households, faces=faces, face_of=face_of)
    low, high = np.append(low, ties[:, 0]), np.append(high, ties[:, 1])
    shared, price = (np.append(part, np.zeros(len(ties))) for part in (shared, price))
    rows, columns = np.append(low, high), np.append(high, low)
    order = np.lexsort((columns, rows))
    return Atoms(
        faces=faces,
        face_of=face_of,
        region=atom_region,
        households=households,
        minutes=minutes,
        area_m2=area,
        perimeter_m=merger.perimeters(face_of, count),
        x=x,
        y=y,
        start=np.searchsorted(rows[order], np.arange(count + 1)).astype(np.int64),
        other=columns[order].astype(np.int64),
        shared_m=np.tile(shared, 2)[order],
        price_m=np.tile(price, 2)[order],
        compounds=_compounds(home, held.compound),
        edges=edges,
    )


def _compounds(home: Ints, compound: Ints) -> Ints:
    inside = compound >= 0
    return np.unique(np.column_stack([home[inside], compound[inside]]), axis=0).reshape(-1, 2)


def _island_ties(
    low: Ints, high: Ints, *, region: Ints, households: Floats, faces: Sequence[Polygon], face_of: Ints
) -> Ints:
    """Pairs that tie every smaller part of a region to the nearest larger part of it."""
    count = len(region)
    _, part = connected_components(coo_matrix((np.ones(len(low)), (low, high)), shape=(count, count)), directed=False)
    if part.max() + 1 == len(np.unique(region)):
        return np.empty((0, 2), dtype=np.int64)
    weight = np.bincount(part, weights=households)
    size = np.bincount(part)
    ties = []
    for number in np.unique(region).tolist():
        mine = np.unique(part[region == number])
        ordered = sorted(mine.tolist(), key=lambda one: (-weight[one], -size[one], one))
        land = [ordered[0]]
        for island in ordered[1:]:
            near = np.flatnonzero(np.isin(part[face_of], land))
            tree = STRtree([faces[face] for face in near.tolist()])
            own = np.flatnonzero(part[face_of] == island)
            at, to = tree.query_nearest([faces[face] for face in own.tolist()], all_matches=False)
            ties.append(sorted((int(face_of[own[at[0]]]), int(face_of[near[to[0]]]))))
            land.append(island)
    return np.array(ties, dtype=np.int64).reshape(-1, 2)
