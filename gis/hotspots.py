"""Hot spots of points on hexagons: where more happens than chance puts there, without a cell that points at a home.

Cells lie on one lattice of the metric plane for all maps of a size, so that two maps laid over one another (another
period, another area) never cut out a smaller piece of ground than a cell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from scipy.special import ndtr
from scipy.stats import false_discovery_control
from shapely import MultiPolygon, Polygon

from gis.coordinates import FloatArray, MetricZone

IntArray = npt.NDArray[np.int64]

# Below this many cells the normal distribution of the statistic is not to be relied on.
CELLS_LEAST: Final = 30
CELLS_MOST: Final = 20_000
# Chance of a false alarm among the cells that are called hot, for level 1, 2 and 3.
FALSE_ALARMS: Final = (0.10, 0.05, 0.01)
_AROUND: Final = ((0, 0), (1, 0), (1, -1), (0, -1), (-1, 0), (-1, 1), (0, 1))


class TooManyCells(ValueError):
    """The ground needs more than CELLS_MOST cells of this size; `cells` is a close guess."""

    def __init__(self, cells: int) -> None:
        super().__init__(f"about {cells} cells")
        self.cells = cells


@dataclass(frozen=True, eq=False, slots=True)
class HexLattice:
    """Hexagons with a corner up, `size_m` from side to side, that touch a ground. `q`, `r` are axial coordinates."""

    zone: MetricZone
    size_m: float
    q: IntArray
    r: IntArray

    @staticmethod
    def over(ground: Polygon | MultiPolygon, *, size_m: float) -> "HexLattice":
        """The cells that touch a WGS84 ground. Raises ValueError for an empty ground or size, TooManyCells."""
        if ground.is_empty or size_m <= 0:
            raise ValueError(f"no ground, or a size of {size_m} m")
        zone = MetricZone.of(ground)
        plane = zone.project(ground)
        guess = int(plane.area / (size_m**2 * np.sqrt(3) / 2))
        if guess > CELLS_MOST:
            raise TooManyCells(guess)
        west, south, east, north = plane.bounds
        rows = np.arange(np.floor(south / _rise(size_m)) - 1, np.ceil(north / _rise(size_m)) + 2).astype(np.int64)
        found = []
        for row in rows.tolist():
            first, last = west / size_m - row / 2 - 1, east / size_m - row / 2 + 1
            q = np.arange(np.floor(first), np.ceil(last) + 1).astype(np.int64)
            found.append(np.column_stack((q, np.full(q.size, row))))
        cells = np.concatenate(found)
        shapely.prepare(plane)
        touching = shapely.intersects(plane, _hexagons(cells[:, 0], cells[:, 1], size_m))
        return HexLattice(zone, size_m, cells[touching, 0], cells[touching, 1])

    def __len__(self) -> int:
        return int(self.q.size)

    def cells_of(self, lons: npt.ArrayLike, lats: npt.ArrayLike) -> IntArray:
        """The number of the cell of each WGS84 point, -1 outside.

        Cube rounding: fractional axial coordinates to the nearest centre (Patel, "Hexagonal Grids", redblobgames.com).
        """
        xs, ys = self.zone.project_points(lons, lats)
        r = ys / _rise(self.size_m)
        q = xs / self.size_m - r / 2
        s = -q - r
        rounded = np.rint(np.column_stack((q, r, s)))
        away = np.abs(rounded - np.column_stack((q, r, s)))
        off_q = (away[:, 0] > away[:, 1]) & (away[:, 0] > away[:, 2])
        off_r = ~off_q & (away[:, 1] > away[:, 2])
        rounded[off_q, 0] = -rounded[off_q, 1] - rounded[off_q, 2]
        rounded[off_r, 1] = -rounded[off_r, 0] - rounded[off_r, 2]
        return self._numbers(rounded[:, 0].astype(np.int64), rounded[:, 1].astype(np.int64))

    def around(self) -> IntArray:
        """For each cell its own number and those of its six neighbours, -1 where there is none: n × 7."""
        return np.column_stack([self._numbers(self.q + dq, self.r + dr) for dq, dr in _AROUND])

    def polygons(self) -> list[Polygon]:
        """The cells in WGS84."""
        return [self.zone.unproject(cell) for cell in _hexagons(self.q, self.r, self.size_m)]

    def centres(self) -> tuple[FloatArray, FloatArray]:
        """Longitude and latitude of the middle of each cell."""
        xs, ys = _centres(self.q, self.r, self.size_m)
        return self.zone.unproject_points(xs, ys)

    def _numbers(self, q: IntArray, r: IntArray) -> IntArray:
        if not len(self):
            return np.full(q.size, -1, dtype=np.int64)
        order = np.argsort(_key(self.q, self.r))
        keys = _key(self.q, self.r)[order]
        wanted = _key(q, r)
        at = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
        return np.where(keys[at] == wanted, order[at], -1)


def hot_levels(counts: Sequence[int] | IntArray, around: IntArray) -> IntArray:
    """0 for a cell that is not hot, 1 to 3 for one that is, at the FALSE_ALARMS of its level.

    Local statistic Gi* with weight 1 for a cell and each neighbour (`around`, see `HexLattice.around`): Getis & Ord,
    "The Analysis of Spatial Association by Use of Distance Statistics", Geographical Analysis 24 (1992), in the
    standardised form of Ord & Getis, Geographical Analysis 27 (1995), formula 14. As every cell is tested at once, the
    levels bound the false discovery rate (Benjamini & Hochberg, J. R. Statist. Soc. B 57, 1995), as Caldas de Castro &
    Singer (Geographical Analysis 38, 2006) advise for local statistics. Fewer than CELLS_LEAST cells: none is hot.
    """
    x = np.asarray(counts, dtype=np.float64)
    spread = float(x.std())
    if x.size < CELLS_LEAST or spread == 0:
        return np.zeros(x.size, dtype=np.int64)
    known = around >= 0
    total = np.where(known, x[around], 0.0).sum(axis=1)
    weight = known.sum(axis=1).astype(np.float64)
    scale = spread * np.sqrt((x.size * weight - weight**2) / (x.size - 1))
    score = (total - x.mean() * weight) / scale
    chance = false_discovery_control(np.clip(2 * ndtr(-np.abs(score)), 0.0, 1.0))
    levels = np.sum([chance <= one for one in FALSE_ALARMS], axis=0)
    return np.where(score > 0, levels, 0).astype(np.int64)


@dataclass(frozen=True, eq=False, slots=True)
class ShownCells:
    """What may be told of each cell: `counts` is -1 where it is kept back, `levels` 0 where that would point at it."""

    counts: IntArray
    levels: IntArray


def kept_back(counts: IntArray, levels: IntArray, around: IntArray, *, least: int, is_few: npt.ArrayLike) -> ShownCells:
    """Small-cell suppression: a count under `least`, 0 as well, or on ground of few homes (`is_few`), is not told.

    None and few look the same, so nobody learns that there was something at all. A cell is called hot only where its
    neighbourhood holds `least` in cells that are told: a level alone would point at the small one in the middle.
    No sum over all cells goes with it, so nothing can be taken off to find what was kept back.
    """
    counts = np.asarray(counts, dtype=np.int64)
    told = (counts >= least) & ~np.asarray(is_few, dtype=np.bool_)
    visible = np.where((around >= 0) & told[around], counts[around], 0).sum(axis=1)
    return ShownCells(np.where(told, counts, -1), np.where(visible >= least, levels, 0))


def _rise(size_m: float) -> float:
    """Metres from one row of centres to the next."""
    return float(size_m * np.sqrt(3) / 2)


def _key(q: IntArray, r: IntArray) -> IntArray:
    return (q + 2**30) * 2**31 + (r + 2**30)


def _centres(q: IntArray, r: IntArray, size_m: float) -> tuple[FloatArray, FloatArray]:
    return size_m * (q + r / 2), _rise(size_m) * r.astype(np.float64)


def _hexagons(q: IntArray, r: IntArray, size_m: float) -> npt.NDArray[np.object_]:
    xs, ys = _centres(q, r, size_m)
    turns = np.radians(np.arange(30, 390, 60))
    reach = size_m / np.sqrt(3)
    corners = np.stack((xs[:, None] + reach * np.cos(turns), ys[:, None] + reach * np.sin(turns)), axis=-1)
    return np.asarray(shapely.polygons(corners))
