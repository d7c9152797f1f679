"""`python -m tests.gis.locate_vectors`: writes the points that the engine, PostGIS and the phone must answer alike.

The file lies beside the phone's twin, where vitest reads it; pytest reads it too and refuses one that is out of date.
`--coverages N --out FILE` writes a bigger one of random coverages for a thorough run of both.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from benchmarks.mesh import jittered_mesh
from gis.locate import GridIndex, GridShape, Located

VECTORS = Path(__file__).parents[2] / "web" / "core" / "src" / "locate" / "vectors.json"
BOUNDS = (121.15, 30.03, 121.158, 30.036)
# Metres: unknown, a good fix, a usual one, a bad one, a hopeless one.
ACCURACIES = (None, 3.0, 12.0, 60.0, 1_500.0)
HAIRS = ((0.0, 0.0), (1e-9, 0.0), (0.0, -1e-9), (6e-8, 0.0), (0.0, -6e-8), (3e-7, 2e-7))

Coverage = tuple[str, list[GridShape], list[GridShape]]
Spot = tuple[float, float]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.gis.locate_vectors", description=__doc__)
    parser.add_argument("--out", type=Path, default=VECTORS, metavar="FILE")
    parser.add_argument("--coverages", type=int, default=0, metavar="N", help="random ones, instead of the kept few")
    arguments = parser.parse_args()
    coverages = random_coverages(arguments.coverages) if arguments.coverages else kept_coverages()
    arguments.out.write_text(written(coverages), encoding="utf-8")


def written(coverages: Iterator[Coverage]) -> str:
    """The content of the file, one point a line."""
    parts = []
    for seed, (name, grids, parents) in enumerate(coverages):
        points = ",\n".join(json.dumps(point) for point in points_of(grids, parents, seed=seed))
        pack = json.dumps(pack_of(grids, parents))
        parts.append(f'{{"name": {json.dumps(name)}, "pack": {pack}, "points": [\n{points}]}}')
    return "[" + ",\n".join(parts) + "]\n"


def kept_coverages() -> Iterator[Coverage]:
    """What a district has: blocks side by side, a gap, a hole with a grid in it, a sliver, parts, crooked borders."""
    blocks = [shapely.box(lon, 30.05, round(lon + 0.002, 4), 30.052) for lon in (121.17, 121.172, 121.1745)]
    community = GridShape("p1", "330281002011", shapely.box(121.17, 30.05, 121.1765, 30.053))
    yield "blocks with a gap, inside a community", _coded(blocks, ("011003", "011001", "011002")), [community]
    yard = shapely.box(121.1812, 30.0512, 121.1818, 30.0518)
    around = Polygon(shapely.box(121.18, 30.05, 121.183, 30.053).exterior, [yard.exterior])
    sliver = Polygon([(121.183, 30.05), (121.1830003, 30.0515), (121.183, 30.053)])
    east = Polygon([(121.183, 30.05), (121.186, 30.05), (121.186, 30.053), (121.183, 30.053), (121.1830003, 30.0515)])
    parts = MultiPolygon(
        [shapely.box(121.18, 30.0535, 121.181, 30.054), shapely.box(121.182, 30.0535, 121.183, 30.054)]
    )
    shapes = [around, yard, sliver, east, parts]
    yield "a hole with a grid in it, a sliver, two parts", _coded(shapes, ("3", "5", "4", "1", "2")), []
    for columns, rows, seed in ((3, 2, 5), (5, 4, 8)):
        cells = jittered_mesh(columns, rows, bounds=BOUNDS, seed=seed)
        yield f"crooked, {columns} × {rows}", _coded(cells, _codes(len(cells), seed)), []


def random_coverages(count: int) -> Iterator[Coverage]:
    random = np.random.default_rng(20_261_125)
    for number in range(count):
        columns, rows, seed = int(random.integers(1, 7)), int(random.integers(1, 6)), int(random.integers(0, 1 << 30))
        west, south = random.uniform((-120, -60), (140, 65))
        bounds = (west, south, west + 0.002 * columns, south + 0.002 * rows)
        try:
            cells = jittered_mesh(columns, rows, bounds=bounds, seed=seed)
        except ValueError:  # a seed in a thousand crosses its own sides
            continue
        yield f"random {number}", _coded(cells, _codes(len(cells), seed)), []


def _codes(count: int, seed: int) -> list[str]:
    return [f"{code:03d}" for code in np.random.default_rng(seed).permutation(count)]


def _coded(shapes: Sequence[Polygon | MultiPolygon], codes: Sequence[str]) -> list[GridShape]:
    return [GridShape(code, code, shape) for code, shape in zip(codes, shapes, strict=True)]


def pack_of(grids: Sequence[GridShape], parents: Sequence[GridShape]) -> dict[str, Any]:
    """The grids as a phone gets them."""
    features = [
        {
            "type": "Feature",
            "properties": {"code": shape.code, "level": level},
            "geometry": shape.polygon.__geo_interface__,
        }
        for level, shapes in (("grid", grids), ("community", parents))
        for shape in shapes
    ]
    return {"type": "FeatureCollection", "features": features}


def border_points(shapes: Sequence[GridShape], count: int, *, seed: int) -> list[Spot]:
    """Points where answers are hard: corners, points typed on a side, and a hair beside them."""
    random = np.random.default_rng(seed)
    rings = shapely.get_rings([shape.polygon for shape in shapes])
    points, ring = shapely.get_coordinates(rings, return_index=True)
    sides = np.flatnonzero(ring[1:] == ring[:-1])
    spots = []
    for side, where in zip(random.choice(sides, count), random.integers(0, 4, count), strict=True):
        one, two = points[side], points[side + 1]
        # Whole steps of 1e-7 along the side lie exactly on it as typed, wherever the side has any.
        begin, step = np.rint(one * 1e7).astype(int), np.rint((two - one) * 1e7).astype(int)
        steps = int(np.gcd(*step)) or 1
        on_side = (begin + step // steps * random.integers(0, steps + 1)) / 1e7
        half = np.round(one + (two - one) * random.uniform(), 7)
        lon, lat = (one, on_side, half, half)[where]
        dx, dy = HAIRS[random.integers(len(HAIRS))] if random.uniform() < 0.6 else HAIRS[0]
        spots.append((float(lon + dx), float(lat + dy)))
    return spots


def points_of(grids: Sequence[GridShape], parents: Sequence[GridShape], *, seed: int) -> Iterator[dict[str, Any]]:
    """The points of one coverage with their answers."""
    index = GridIndex(grids, parents=parents)
    random = np.random.default_rng(seed)
    west, south, east, north = shapely.total_bounds([shape.polygon for shape in (*grids, *parents)])
    anywhere = random.uniform((west - 4e-4, south - 4e-4), (east + 4e-4, north + 4e-4), (60, 2)).tolist()
    insides = shapely.get_coordinates(shapely.point_on_surface([grid.polygon for grid in grids])).tolist()
    far = [(2.35, 48.85)]
    for number, (lon, lat) in enumerate([*border_points(grids, 110, seed=seed), *anywhere, *insides, *far]):
        accuracy_m = ACCURACIES[number % len(ACCURACIES)]
        snap_m = (25.0, 0.0)[number % 7 == 0]
        located = index.locate(lon, lat, accuracy_m=accuracy_m, snap_m=snap_m)
        yield {"lon": lon, "lat": lat, "accuracy_m": accuracy_m, "snap_m": snap_m, **answer_of(located)}


def answer_of(located: Located) -> dict[str, Any]:
    return {
        "kind": located.kind.value,
        "code": located.code,
        "border_m": located.border_m,
        "parent_code": located.parent_code,
        "candidates": [[row.code, row.share, row.distance_m] for row in located.candidates],
    }


if __name__ == "__main__":
    main()
