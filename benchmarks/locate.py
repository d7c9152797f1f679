"""Point -> grid: the engine against PostGIS with a GiST index, one point a statement and many, and their agreement.

Beside it, in the same run, what one would reach for instead: `ST_Contains` + first row (a border point belongs to
nobody), shapely's STRtree, an H3 cover with exact outlines where a hexagon crosses a border.
"""

import contextlib
import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import shapely

from benchmarks.bench_env import peers_python
from benchmarks.figures import CheckFailed, Column, Table
from benchmarks.mesh import FloatArray, jittered_mesh
from benchmarks.stage import ROOT, Stage, say
from benchmarks.turns import interleave, middle, seconds_of
from gis.locate import COVERING_MANY_SQL, COVERING_SQL, SNAPPED_POINT_SQL, GridIndex, GridShape

BOUNDS = (121.0, 30.0, 122.0, 30.5)
# Points also fall beside the outermost grids, where the answer is "none".
MARGIN = 0.01

_COLUMNS = (
    Column("grids", "grids"),
    Column("method", "method"),
    Column("points_per_s", "points/s"),
    Column("times_single", "× SQL single row", 1),
    Column("times_batch", "× SQL batch", 1),
    Column("growth", "× slower than at the first size", 1),
)
_TABLE = """
CREATE TABLE bench_grid (id integer, code text, geom geometry(Polygon, 4326));
"""
_INDEX = "CREATE INDEX ON bench_grid USING gist (geom); ANALYZE bench_grid"
_SNAPPED = SNAPPED_POINT_SQL.replace("%(lon)s", "{lon}").replace("%(lat)s", "{lat}")
_ONE_POINT = COVERING_SQL.format(grids="bench_grid", point=_SNAPPED.format(lon="$1", lat="$2"))
_MANY_POINTS = COVERING_MANY_SQL.format(grids="bench_grid")
_CONTAINS = """
SELECT id FROM bench_grid WHERE ST_Contains(geom, ST_SetSRID(ST_MakePoint($1, $2), 4326)) LIMIT 1"""


@dataclass(frozen=True, slots=True)
class Size:
    """Meshes as columns × rows; how many points each method gets in a round."""

    meshes: Sequence[tuple[int, int]]
    single: int
    batch: int
    engine: int
    checked: int
    rounds: int


FULL = Size(((10, 10), (100, 100), (400, 250)), single=2_000, batch=20_000, engine=200_000, checked=50_000, rounds=5)
QUICK = Size(((10, 10), (40, 25)), single=300, batch=3_000, engine=20_000, checked=3_000, rounds=3)


def run(stage: Stage) -> Table:
    """Raises CheckFailed when the engine and ST_Covers disagree about a single point."""
    size = QUICK if stage.quick else FULL
    rows: list[dict[str, Any]] = []
    facts: dict[str, Any] = {}
    python = peers_python("locate", installs=not stage.quick)
    for columns, lines in size.meshes:
        grids = _shapes(columns, lines)
        say(f"locate: {len(grids):,} grids")
        points = _points(size.engine, grids, seed=5)
        with contextlib.ExitStack() as down:
            cover = _Cover(python, stage.folder / "locate.npz", grids, down) if python else None
            if cover is not None:
                cover.start(points, facts)  # Takes minutes: a session that waits in a transaction would be ended.
            with stage.connect() as connection:
                rows += _measure(connection, grids, points=points, size=size, cover=cover, facts=facts)
    first = {row["method"]: row["points_per_s"] for row in reversed(rows)}
    for row in rows:
        row["growth"] = first[row["method"]] / row["points_per_s"]
    return Table("locate", "point → grid (border points, lowest code owns, included)", _COLUMNS, rows, facts)


def _shapes(columns: int, lines: int) -> list[GridShape]:
    cells = jittered_mesh(columns, lines, bounds=BOUNDS, seed=3)
    codes = np.random.default_rng(4).permutation(len(cells))
    return [
        GridShape(number, f"{code:015d}", cell) for number, (code, cell) in enumerate(zip(codes, cells, strict=True))
    ]


def _points(count: int, grids: Sequence[GridShape], *, seed: int) -> FloatArray:
    """Rows of (lon, lat): anywhere in the bounds, every hundredth on a vertex, where several grids meet."""
    random = np.random.default_rng(seed)
    west, south, east, north = BOUNDS
    points = random.uniform((west - MARGIN, south - MARGIN), (east + MARGIN, north + MARGIN), (count, 2))
    on_border = random.integers(0, len(grids), count // 100)
    points[: len(on_border)] = [grids[n].polygon.exterior.coords[int(n) % 8] for n in on_border]
    return random.permutation(points)


class _Cover:
    """An H3 cover in a process and with packages of its own, asked by a line."""

    def __init__(self, python: Path, file: Path, grids: Sequence[GridShape], down: contextlib.ExitStack) -> None:
        self._python, self._file, self._down = python, file, down
        self._order = np.argsort([grid.code for grid in grids], kind="stable")
        self._shapes = [grids[number].polygon for number in self._order.tolist()]

    def start(self, points: FloatArray, facts: dict[str, Any]) -> None:
        _, xy, (rings, parts) = shapely.to_ragged_array(self._shapes)
        np.savez(self._file, xy=xy, rings=rings, parts=parts, points=points)
        argv = [str(self._python), str(ROOT / "benchmarks" / "locate_peer.py"), str(self._file)]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._down.callback(self.end)
        told = json.loads(self._answer())
        facts[f"h3_cover_{len(self._shapes)}"] = (
            f"{told['cells']:,} hexagons of resolution {told['resolution']}, built in {told['build_s']:.1f} s"
        )

    def seconds(self) -> float:
        stdin = cast(IO[str], self._process.stdin)
        stdin.write("again\n")
        stdin.flush()
        return float(self._answer())

    def found(self) -> Any:
        """Ids of the last round, -1 outside; ends the process."""
        self.end()
        found = np.load(self._file.with_suffix(".out.npy"))
        return np.where(found < 0, -1, self._order[found])

    def end(self) -> None:
        self._process.communicate()

    def _answer(self) -> str:
        line = cast(IO[str], self._process.stdout).readline()
        if not line:
            raise CheckFailed("the H3 cover ended; its last words are above")
        return line


def _measure(
    connection: Any,
    grids: list[GridShape],
    *,
    points: FloatArray,
    size: Size,
    cover: _Cover | None,
    facts: dict[str, Any],
) -> list[dict[str, Any]]:
    cursor = connection.cursor()
    _fill(cursor, grids)
    made: list[GridIndex] = []
    build_s = seconds_of(lambda: made.append(GridIndex(grids)))
    index = made[0]
    index.locate_batch([BOUNDS[0]], [BOUNDS[1]])  # compiles, or loads what was compiled
    facts[f"index_build_s_{len(grids)}"] = build_s
    fresh = GridIndex(grids)
    facts[f"cells_build_s_{len(grids)}"] = seconds_of(lambda: fresh.locate_batch([BOUNDS[0]], [BOUNDS[1]]))
    facts[f"points_checked_{len(grids)}"] = _agree(cursor, index, grids, _points(size.checked, grids, seed=9))
    contenders: dict[str, Callable[[], float]] = {
        "SQL single row": lambda: size.single / seconds_of(lambda: _one_by_one(cursor, points[: size.single])),
        "ST_Contains, first row": lambda: (
            size.single / seconds_of(lambda: _one_by_one(cursor, points[: size.single], "contains"))
        ),
        "SQL batch": lambda: size.batch / seconds_of(lambda: _by_batch(cursor, points[: size.batch])),
        "engine": lambda: len(points) / seconds_of(lambda: index.locate_batch(points[:, 0], points[:, 1])),
    }
    tree = shapely.STRtree([grid.polygon for grid in grids])
    contenders["shapely STRtree"] = lambda: (
        len(points) / seconds_of(lambda: tree.query(shapely.points(points), predicate="intersects"))
    )
    if cover is not None:
        contenders["H3 cover"] = lambda: len(points) / cover.seconds()
    rates = {name: middle(found) for name, found in interleave(contenders, rounds=size.rounds).items()}
    if cover is not None:
        same = float((cover.found() == index.locate_batch(points[:, 0], points[:, 1])).mean())
        facts[f"h3_equal_{len(grids)}"] = f"{100 * same:.3f} %"
    cursor.execute("DEALLOCATE ALL; DROP TABLE bench_grid")
    return [
        {
            "grids": len(grids), "method": name, "points_per_s": rate,
            "times_single": rate / rates["SQL single row"], "times_batch": rate / rates["SQL batch"],
        }
        for name, rate in rates.items()
    ]  # fmt: skip


def _fill(cursor: Any, grids: list[GridShape]) -> None:
    cursor.execute(_TABLE)
    outlines = shapely.to_wkb(shapely.set_srid([grid.polygon for grid in grids], 4326), hex=True, include_srid=True)
    lines = [f"{grid.id}\t{grid.code}\t{outline}\n" for grid, outline in zip(grids, outlines, strict=True)]
    cursor.copy_expert("COPY bench_grid FROM STDIN", StringIO("".join(lines)))
    cursor.execute(_INDEX)
    cursor.execute(f"PREPARE one_point (float8, float8) AS {_ONE_POINT}")
    cursor.execute(f"PREPARE contains (float8, float8) AS {_CONTAINS}")


def _one_by_one(cursor: Any, points: FloatArray, statement: str = "one_point") -> None:
    for lon, lat in points.tolist():
        cursor.execute(f"EXECUTE {statement} (%s, %s)", (lon, lat))
        cursor.fetchone()


def _by_batch(cursor: Any, points: FloatArray) -> list[int]:
    # One literal per array: a list of 20,000 expressions takes the planner as long as a quarter of the look-ups.
    lons, lats = ("{" + ",".join(map(repr, column.tolist())) + "}" for column in points.T)
    cursor.execute(_MANY_POINTS, {"lons": lons, "lats": lats})
    return [-1 if owner is None else owner for _, owner in cursor.fetchall()]


def _agree(cursor: Any, index: GridIndex, grids: list[GridShape], points: FloatArray) -> str:
    expected = np.array(_by_batch(cursor, points))
    found = index.locate_batch(points[:, 0], points[:, 1])
    differing = np.flatnonzero(found != expected)
    if differing.size:
        row = int(differing[0])
        raise CheckFailed(
            f"{differing.size} of {len(points)} points differ from ST_Covers among {len(grids)} grids, "
            f"the first at {points[row].tolist()}: {found[row]}, SQL {expected[row]}"
        )
    return f"{len(points):,}, all equal to ST_Covers + lowest code"
