"""Hexagons, the local statistic on them, and what is kept back."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.hotspots import CELLS_LEAST, HexLattice, TooManyCells, hot_levels, kept_back

GROUND = shapely.box(121.170, 30.050, 121.182, 30.060)
LATTICE = HexLattice.over(GROUND, size_m=100)


def test_cells_cover_the_ground_and_don_t_overlap() -> None:
    cells = LATTICE.polygons()
    assert len(cells) == len(LATTICE) > 100
    whole = shapely.union_all(cells)
    assert whole.buffer(1e-9).covers(GROUND)
    plane = [LATTICE.zone.project(cell) for cell in cells]
    assert sum(cell.area for cell in plane) == pytest.approx(shapely.union_all(plane).area, rel=1e-6)
    assert plane[0].area == pytest.approx(100**2 * np.sqrt(3) / 2)


@given(st.floats(121.1701, 121.1819), st.floats(30.0501, 30.0599))
def test_a_point_lies_in_the_cell_that_it_is_given(lon: float, lat: float) -> None:
    [number] = LATTICE.cells_of([lon], [lat]).tolist()
    assert number >= 0
    cell = LATTICE.zone.project(LATTICE.polygons()[number])
    assert cell.distance(LATTICE.zone.project(shapely.Point(lon, lat))) < 1e-3


def test_a_point_elsewhere_has_no_cell() -> None:
    assert LATTICE.cells_of([121.3], [30.05]).tolist() == [-1]


def test_two_maps_share_their_cells() -> None:
    """Else two maps laid over one another would cut out a piece that is smaller than a cell."""
    other = HexLattice.over(shapely.box(121.175, 30.053, 121.190, 30.066), size_m=100)
    shared = {*zip(LATTICE.q.tolist(), LATTICE.r.tolist(), strict=True)} & {
        *zip(other.q.tolist(), other.r.tolist(), strict=True)
    }
    assert len(shared) > 20


def test_neighbours_are_six_and_mutual() -> None:
    around = LATTICE.around()
    assert (around[:, 0] == np.arange(len(LATTICE))).all()
    whole = (around >= 0).all(axis=1)
    assert whole.any()
    for number in np.flatnonzero(whole)[:20].tolist():
        for beside in around[number, 1:].tolist():
            assert number in around[beside]


def test_a_heap_is_hot_and_an_even_ground_is_not() -> None:
    around = LATTICE.around()
    heap = int(np.flatnonzero((around >= 0).all(axis=1))[40])
    rng = np.random.default_rng(7)
    counts = rng.poisson(2.0, len(LATTICE))
    assert hot_levels(counts, around).max() == 0
    counts[around[heap]] += 20
    levels = hot_levels(counts, around)
    assert levels[heap] == 3
    assert (levels > 0).sum() < 25
    assert hot_levels(np.full(len(LATTICE), 5), around).max() == 0


def test_chance_alone_seldom_calls_a_cell_hot() -> None:
    """The false discovery rate holds over many maps of nothing: about one in ten may show anything at all."""
    around, rng = LATTICE.around(), np.random.default_rng(11)
    alarms = sum(bool(hot_levels(rng.poisson(3.0, len(LATTICE)), around).max()) for _ in range(200))
    assert alarms < 40


def test_the_statistic_is_that_of_the_paper() -> None:
    """Against Ord & Getis' formula 14 written out for one cell."""
    around, rng = LATTICE.around(), np.random.default_rng(3)
    counts = rng.poisson(2.0, len(LATTICE)).astype(float)
    counts[around[60][around[60] >= 0]] += 9
    n, mean, spread = counts.size, counts.mean(), np.sqrt((counts**2).mean() - counts.mean() ** 2)
    scores = []
    for row in around:
        w = np.zeros(n)
        w[row[row >= 0]] = 1
        scale = spread * np.sqrt((n * (w**2).sum() - w.sum() ** 2) / (n - 1))
        scores.append(((w * counts).sum() - mean * w.sum()) / scale)
    levels = hot_levels(counts.astype(np.int64), around)
    assert min(np.array(scores)[levels == 3]) > max(np.array(scores)[levels == 0])


def test_few_cells_are_never_hot() -> None:
    small = HexLattice.over(shapely.box(121.170, 30.050, 121.172, 30.052), size_m=100)
    assert len(small) < CELLS_LEAST
    counts = np.zeros(len(small), dtype=np.int64)
    counts[3] = 50
    assert hot_levels(counts, small.around()).max() == 0


def test_small_cells_are_kept_back_and_look_like_empty_ones() -> None:
    around = LATTICE.around()
    inner = np.flatnonzero((around >= 0).all(axis=1))
    alone, big, few_homes = int(inner[0]), int(inner[len(inner) // 2]), int(inner[-1])
    counts = np.zeros(len(LATTICE), dtype=np.int64)
    counts[[alone, big, few_homes]] = 4, 5, 30
    few = np.arange(len(LATTICE)) == few_homes
    shown = kept_back(counts, np.full(len(LATTICE), 3), around, least=5, is_few=few)
    assert shown.counts[[alone, big, few_homes]].tolist() == [-1, 5, -1]
    assert set(np.delete(shown.counts, big).tolist()) == {-1}
    # Hot is told around the cell that is told, and nowhere else.
    assert set(np.flatnonzero(shown.levels).tolist()) == set(around[big].tolist())


def test_a_ground_too_large_for_its_cells_is_refused() -> None:
    with pytest.raises(TooManyCells):
        HexLattice.over(shapely.box(121.0, 30.0, 122.0, 31.0), size_m=100)
