"""Proposed divisions: connected, exact, no building cut, alike in households, the same again for the same seed."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from shapely import Polygon, STRtree

from gis.coverage import BLOCKING, Buildings, find_faults
from gis.coverage.features import cut_buildings
from gis.division import (
    Demand,
    DivisionError,
    Ground,
    Proposal,
    Street,
    Wish,
    core,
    measure_today,
    propose,
    searching,
    warm_up,
)
from gis.division.atoms import Atoms
from gis.division.laying import lay_atoms
from gis.division.model import Ints
from gis.division.searching import best_division
from gis.division.starting import first_division
from gis.locate import GridShape
from tests.gis.blocks import quarter

QUICK = 0.03
# One process compiles the search, when nobody has.
pytestmark = pytest.mark.xdist_group("division")


def shapes_of(proposal: Proposal) -> list[GridShape]:
    return [GridShape(number, f"{number:03d}", grid.outline) for number, grid in enumerate(proposal.grids)]


def expect_sound(proposal: Proposal, ground: Ground) -> None:
    """What is true of every proposal, seen on its outlines alone."""
    shapes = shapes_of(proposal)
    assert all(isinstance(shape.polygon, Polygon) and shape.polygon.is_valid for shape in shapes)
    faults = find_faults(shapes, parent=ground.parent)
    assert [fault.kind for fault in faults if fault.kind in BLOCKING] == []
    assert shapely.coverage_is_valid([shape.polygon for shape in shapes])
    buildings = Buildings(range(len(ground.buildings)), ground.buildings)
    assert cut_buildings(buildings, shapes, STRtree([shape.polygon for shape in shapes])) == []


@settings(max_examples=12, deadline=None)
@given(st.integers(3, 6), st.integers(2, 5), st.integers(0, 10_000), st.integers(2, 5))
def test_grids_tile_the_land_and_cut_no_building(columns: int, rows: int, seed: int, grids: int) -> None:
    ground = quarter(columns, rows, seed=seed)
    proposal = propose(ground, Wish(grids=grids, seed=seed, effort=QUICK))
    assert len(proposal.grids) == grids
    expect_sound(proposal, ground)
    figures = proposal.figures
    assert figures.is_contiguous
    assert figures.buildings_cut == 0
    assert sum(grid.households for grid in proposal.grids) == pytest.approx(np.sum(ground.demand.households))


def test_blocks_under_one_building_are_never_parted() -> None:
    """Four blocks, three grids: a street would be a border, were it not for the house that stands on it."""
    for seed in range(3):
        ground = quarter(4, 1, seed=seed)
        assert propose(ground, Wish(grids=3, effort=QUICK)).figures.buildings_cut == 0


class Walk:
    """A division of atoms on which single tries of the search are made."""

    def __init__(self, atoms: Atoms, grids: int, *, seed: int = 1) -> None:
        self.atoms, self.home = atoms, first_division(atoms, grids)
        self.graph = searching.graph_of(atoms)
        self.terms = searching._terms(atoms, self.home, grids, Wish(grids=grids))
        self.room = searching._room(self.graph, grids)
        rng = searching._random_state(seed, 0)
        self.state = core.State(self.home, np.zeros((grids, 4)), np.zeros(grids, np.int64), self.home.copy(), rng)
        core.sum_loads(self.graph, self.state)

    def attempt(self, kind: Callable[..., float], heat: float) -> float:
        """One try at a random border; the change of price."""
        a = core.draw(self.state.rng, self.atoms.count)
        row = slice(self.atoms.start[a], self.atoms.start[a + 1])
        b = int(self.atoms.other[row][core.draw(self.state.rng, row.stop - row.start)])
        if self.home[a] == self.home[b]:
            return 0.0
        goal = int(self.home[b]) if kind is core.try_move else b
        return kind(a, goal, heat, self.graph, self.state, self.terms, self.room)

    def price(self) -> float:
        return core.total_price(self.graph, self.state, self.terms, self.room)


def pieces_of(atoms: Atoms, home: Ints) -> int:
    """Connected parts of all grids together."""
    rows = np.repeat(np.arange(atoms.count), np.diff(atoms.start))
    same = home[rows] == home[atoms.other]
    graph = coo_matrix((np.ones(same.sum()), (rows[same], atoms.other[same])), shape=(atoms.count, atoms.count))
    return int(connected_components(graph, directed=False)[0])


TRIES = (core.try_move, core.try_swap, core.try_recombination)


@pytest.mark.parametrize("kind", TRIES)
def test_no_try_takes_a_grid_apart_however_hot(kind: Callable[..., float]) -> None:
    """Every change is welcome, so grids grow ragged and nearly every atom is one that holds its grid together."""
    walk = Walk(lay_atoms(quarter(7, 7, seed=11), Wish(grids=4)), 4)
    changes = 0
    for _ in range(2500):
        changes += walk.attempt(kind, 1e9) != 0.0
        assert pieces_of(walk.atoms, walk.home) == 4
    assert changes > 200


@settings(max_examples=12, deadline=None)
@given(st.integers(2, 7), st.integers(2, 7), st.integers(0, 10_000), st.data())
def test_the_search_keeps_every_grid_in_one_piece(columns: int, rows: int, seed: int, data: st.DataObject) -> None:
    atoms = lay_atoms(quarter(columns, rows, seed=seed), Wish(grids=2))
    grids = data.draw(st.integers(1, min(8, atoms.count)))
    home = best_division(atoms, grids, Wish(grids=grids, seed=seed, effort=QUICK))
    assert np.unique(home).tolist() == list(range(grids))
    assert pieces_of(atoms, home) == grids


@pytest.mark.parametrize("kind", TRIES)
def test_the_search_knows_its_price_to_the_last_try(kind: Callable[..., float]) -> None:
    """Sums and prices kept try by try are those counted anew."""
    walk = Walk(lay_atoms(quarter(7, 7, seed=3), Wish(grids=6)), 6)
    price, changed = walk.price(), 0
    for _ in range(4000):
        change = walk.attempt(kind, 0.5)
        changed += change != 0
        price += change
    load, held = walk.state.load.copy(), walk.state.held.copy()
    core.sum_loads(walk.graph, walk.state)
    assert changed > 20
    np.testing.assert_allclose(load, walk.state.load, rtol=1e-9)
    np.testing.assert_array_equal(held, walk.state.held)
    assert walk.price() == pytest.approx(price)


def test_a_compound_is_priced_by_the_grids_it_lies_in() -> None:
    """Whole compounds cost nothing; the third grid costs less than the second."""
    walk = Walk(lay_atoms(quarter(6, 1, seed=3, straddling=False), Wish(grids=1)), 3)
    assert walk.atoms.count == 6
    free = walk.terms._replace(compounds=0.0)
    for home, split in (([0, 0, 1, 1, 2, 2], 0), ([0, 1, 1, 1, 2, 2], 1), ([0, 1, 1, 2, 2, 2], 2)):
        walk.home[:] = np.array(home)[np.argsort(np.argsort(walk.atoms.x))]
        core.sum_loads(walk.graph, walk.state)
        plain = core.total_price(walk.graph, walk.state, free, walk.room)
        assert walk.price() - plain == pytest.approx(split * walk.terms.compounds)
    one, two, three = (core.parts_price(parts, walk.terms) for parts in (1, 2, 3))
    assert one == 0
    assert two < three < 2 * two


def test_compounds_stay_together_where_that_is_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    ground = quarter(8, 8, seed=5)
    cared = propose(ground, Wish(grids=8, effort=0.2)).figures
    monkeypatch.setattr(searching, "COMPOUNDS", 0.0)
    careless = propose(ground, Wish(grids=8, effort=0.2)).figures
    assert cared.compounds == careless.compounds > 30
    assert cared.compounds_cut < careless.compounds_cut / 2
    assert cared.households_worst < 0.1


def test_the_same_seed_gives_the_same_division_on_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    ground = quarter(8, 8, seed=5)
    found = []
    for threads in (1, 2, 8, 2):
        monkeypatch.setattr(searching.os, "cpu_count", lambda threads=threads: threads)
        found.append(propose(ground, Wish(grids=9, seed=4, effort=QUICK)))
    assert len({tuple(grid.outline.wkb for grid in one.grids) for one in found}) == 1
    assert len({one.figures for one in found}) == 1
    # Several walks find the same best division from any seed; single ones end in different places.
    monkeypatch.setattr(searching, "WALKS", 1)
    others = [propose(ground, Wish(grids=9, seed=seed, effort=QUICK)) for seed in (4, 5, 6, 7)]
    assert len({tuple(grid.outline.wkb for grid in one.grids) for one in others}) > 1


def test_the_better_of_several_walks_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    atoms = lay_atoms(quarter(8, 8, seed=5), Wish(grids=9))
    judge = Walk(atoms, 9)
    prices: dict[int, list[float]] = {1: [], 4: []}
    for walks, seed in itertools.product(prices, range(4)):
        monkeypatch.setattr(searching, "WALKS", walks)
        judge.home[:] = best_division(atoms, 9, Wish(grids=9, seed=seed, effort=0.005))
        core.sum_loads(judge.graph, judge.state)
        prices[walks].append(judge.price())
    assert all(many <= one for one, many in zip(*prices.values(), strict=True))
    assert any(many < one for one, many in zip(*prices.values(), strict=True))


def test_nothing_outside_the_area_is_taken_in_or_counted() -> None:
    """Streets and doors go on beyond the border, one street comes back; the proposal ends at it."""
    wide = quarter(8, 6, seed=7)
    west, south, east, north = wide.parent.bounds
    left = shapely.box(west - 1e-3, south - 1e-3, (west + east) / 2 + 1e-4, north + 1e-3)
    parent = shapely.set_precision(shapely.intersection(wide.parent, left), 1e-7)
    edge = shapely.box(parent.bounds[2] - 1e-3, south + 1e-3, parent.bounds[2] + 1e-3, south + 2e-3)
    loop = Street(shapely.set_precision(edge.exterior, 1e-7), "residential")
    ground = replace(wide, parent=parent, streets=[*wide.streets, loop])
    proposal = propose(ground, Wish(grids=4, effort=QUICK))
    for grid in proposal.grids:
        assert shapely.difference(grid.outline, parent).area < 1e-12
    assert shapely.symmetric_difference(shapely.union_all([g.outline for g in proposal.grids]), parent).area < 1e-12
    inside = shapely.intersects_xy(parent, wide.demand.lons, wide.demand.lats)
    assert 0 < inside.sum() < len(inside)
    expected = np.asarray(wide.demand.households)[inside].sum()
    assert sum(grid.households for grid in proposal.grids) == pytest.approx(expected)


def test_the_search_beats_its_start_in_balance_border_and_shape() -> None:
    ground = quarter(10, 10, seed=8)
    ground = replace(ground, demand=replace(ground.demand, compounds=()))
    wish = Wish(grids=12, effort=0.2)
    atoms = lay_atoms(ground, wish)
    start, end = first_division(atoms, 12), best_division(atoms, 12, wish)

    def worst(home: np.ndarray) -> float:  # type: ignore[type-arg]
        held = np.bincount(home, weights=atoms.households)
        return float(np.abs(held / held.mean() - 1).max())

    def border(home: np.ndarray) -> float:  # type: ignore[type-arg]
        rows_of = np.repeat(np.arange(atoms.count), np.diff(atoms.start))
        return float(atoms.shared_m[home[rows_of] != home[atoms.other]].sum() / 2)

    assert worst(end) < 0.1
    assert border(end) < border(start)


def test_households_tell_the_number_of_grids() -> None:
    ground = quarter(6, 6, seed=1)
    total = float(np.sum(ground.demand.households))
    assert len(propose(ground, Wish(households=total / 4, effort=QUICK)).grids) == 4


def test_no_grid_crosses_a_region() -> None:
    """Communities of a street office are divided each for itself, though their border is no street."""
    ground = quarter(6, 6, seed=2)
    west, south, east, north = ground.parent.bounds
    middle = (south + north) / 2 + 1.3e-4
    regions = [
        shapely.set_precision(shapely.intersection(ground.parent, shapely.box(west, a, east, b)), 1e-7)
        for a, b in ((south, middle), (middle, north))
    ]
    ground = replace(ground, regions=regions, buildings=[])
    proposal = propose(ground, Wish(grids=5, effort=QUICK))
    for grid in proposal.grids:
        inside = shapely.area(shapely.intersection(grid.outline, regions[grid.region]))
        assert inside == pytest.approx(grid.outline.area, rel=1e-3)
    with pytest.raises(DivisionError) as caught:
        propose(ground, Wish(grids=1))
    assert (caught.value.code, caught.value.field) == ("too_few_grids", "grids")


def test_borders_of_today_are_kept_where_that_is_wished() -> None:
    plain = quarter(9, 9, seed=6)
    today = propose(plain, Wish(grids=9, seed=1, effort=QUICK))
    changed = np.array(plain.demand.households, float)
    changed[: len(changed) // 9] *= 1.25
    ground = replace(
        plain, demand=replace(plain.demand, households=changed), existing=[grid.outline for grid in today.grids]
    )
    kept, free = (
        propose(ground, Wish(grids=9, seed=7, keeps_borders=keeps, effort=0.2)).figures for keeps in (True, False)
    )
    assert kept.kept_share is not None
    assert free.kept_share is not None
    assert kept.kept_share > 0.8
    assert kept.kept_share > free.kept_share + 0.1
    assert kept.households_worst < 0.15


def test_a_border_of_today_that_follows_no_street_is_kept_too() -> None:
    ground = quarter(6, 6, seed=2)
    west, south, east, north = ground.parent.bounds
    middle = (south + north) / 2 + 1.3e-4
    today = [
        shapely.set_precision(shapely.intersection(ground.parent, shapely.box(west, low, east, high)), 1e-7)
        for low, high in ((south, middle), (middle, north))
    ]
    ground = replace(ground, existing=today, buildings=[])
    kept, free = (
        propose(ground, Wish(grids=2, tolerance=0.3, keeps_borders=keeps, effort=QUICK)).figures.kept_share
        for keeps in (True, False)
    )
    assert kept is not None
    assert kept > 0.7
    assert not free


def test_a_block_too_heavy_for_balance_is_cut_between_its_buildings() -> None:
    """One block, no street inside: the cut goes through gaps, never through a wall."""
    ground = quarter(1, 1, seed=4, houses=4)
    proposal = propose(ground, Wish(grids=2, tolerance=0.5))
    expect_sound(proposal, ground)
    assert proposal.figures.street_share < 1
    assert proposal.figures.compactness_least > 0.4


def test_dual_carriageways_and_specks_are_no_blocks() -> None:
    ground = quarter(4, 4, seed=9, straddling=False)
    doubled = [Street(shapely.transform(s.line, lambda xy: np.round(xy + 6e-5, 7)), s.kind) for s in ground.streets]
    single, double = (
        lay_atoms(replace(ground, streets=streets), Wish(grids=2))
        for streets in (ground.streets, [*ground.streets, *doubled])
    )
    assert double.area_m2.min() > 400
    assert single.count <= double.count <= single.count + 4


def test_an_island_belongs_to_the_land_beside_it() -> None:
    ground = quarter(4, 3, seed=9, straddling=False)
    west, south, *_ = ground.parent.bounds
    island = shapely.box(west - 1e-3, south, west - 5e-4, south + 5e-4)
    proposal = propose(replace(ground, parent=shapely.union(ground.parent, island)), Wish(grids=2, effort=QUICK))
    assert not proposal.figures.is_contiguous
    assert sum(not isinstance(grid.outline, Polygon) for grid in proposal.grids) == 1


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"parent": Polygon()}, "bad_parent", "parent"),
        ({"parent": Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])}, "bad_parent", "parent"),
        ({"regions": [Polygon()]}, "bad_region", "regions"),
        ({"demand": Demand([121.17], [99.0], [1], [1])}, "bad_demand", "demand"),
        ({"demand": Demand([121.17], [30.05], [-1], [1])}, "bad_demand", "demand"),
        ({"demand": Demand([121.17], [30.05], [1, 2], [1])}, "bad_demand", "demand"),
        ({"demand": Demand([121.17], [30.05], [1], [float("nan")])}, "bad_demand", "demand"),
        ({"demand": Demand([121.17], [30.05], [1], [1], ["a", "b"])}, "bad_demand", "demand"),
        ({"demand": Demand([], [], [], [])}, "nothing_to_divide", "demand"),
        ({"demand": Demand([11.0], [30.05], [1], [1])}, "nothing_to_divide", "demand"),
    ],
)
def test_a_bad_ground_is_refused_by_name(change: dict[str, object], code: str, field: str) -> None:
    ground = replace(quarter(2, 2, seed=1), **change)  # type: ignore[arg-type]
    with pytest.raises(DivisionError) as caught:
        propose(ground, Wish(grids=2))
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"grids": 0}, "grids"),
        ({"grids": 5001}, "grids"),
        ({"households": 0}, "households"),
        ({"tolerance": 0.0}, "tolerance"),
        ({"tolerance": float("nan")}, "tolerance"),
        ({"minutes_share": 2}, "minutes_share"),
        ({"effort": 0}, "effort"),
    ],
)
def test_a_bad_wish_is_refused_by_name(wish: dict[str, float], field: str) -> None:
    with pytest.raises(DivisionError) as caught:
        Wish(**wish)  # type: ignore[arg-type]
    assert caught.value.field == field


def test_more_grids_than_blocks_are_refused() -> None:
    with pytest.raises(DivisionError) as caught:
        propose(quarter(2, 2, seed=1, houses=1), Wish(grids=400))
    assert (caught.value.code, caught.value.field) == ("too_few_blocks", "grids")


def _with_dedicated(ground: Ground, *outlines: Polygon) -> Ground:
    return replace(ground, dedicated=outlines)


def _middle_of(ground: Ground) -> Polygon:
    """A square in the middle of the land that follows no street."""
    west, south, east, north = ground.parent.bounds
    wide, high = east - west, north - south
    return shapely.box(*np.round([west + 0.41 * wide, south + 0.38 * high, west + 0.62 * wide, south + 0.63 * high], 7))


@settings(max_examples=8, deadline=None)
@given(st.integers(4, 7), st.integers(4, 6), st.integers(0, 10_000), st.booleans())
def test_a_dedicated_grid_stays_as_it_is(columns: int, rows: int, seed: int, keeps: bool) -> None:
    ground = quarter(columns, rows, seed=seed, straddling=False)
    school = _middle_of(ground)
    proposal = propose(_with_dedicated(ground, school), Wish(grids=3, seed=seed, effort=QUICK, keeps_borders=keeps))
    assert (len(proposal.grids), len(proposal.dedicated)) == (3, 1)
    assert shapely.symmetric_difference(proposal.dedicated[0], school).area < 1e-7 * school.length
    together = [*(grid.outline for grid in proposal.grids), *proposal.dedicated]
    shapes = [GridShape(number, f"{number:03d}", outline) for number, outline in enumerate(together)]
    assert [one.kind for one in find_faults(shapes, parent=ground.parent) if one.kind in BLOCKING] == []
    assert shapely.coverage_is_valid(together)
    outside = ~shapely.intersects_xy(school, ground.demand.lons, ground.demand.lats)
    held = sum(grid.households for grid in proposal.grids)
    assert held == pytest.approx(np.sum(np.array(ground.demand.households)[outside]))


def test_two_dedicated_grids_side_by_side_stay_two() -> None:
    ground = quarter(6, 6, seed=2, straddling=False)
    west, south, east, north = _middle_of(ground).bounds
    middle = round((west + east) / 2, 7)
    pair = shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)
    proposal = propose(_with_dedicated(ground, *pair), Wish(grids=4, effort=QUICK))
    for kept, given_ in zip(proposal.dedicated, pair, strict=True):
        assert shapely.symmetric_difference(kept, given_).area < 1e-7 * given_.length
    assert shapely.coverage_is_valid([*(grid.outline for grid in proposal.grids), *proposal.dedicated])


def test_land_that_is_all_dedicated_leaves_nothing_to_divide() -> None:
    ground = quarter(3, 3, seed=1, straddling=False)
    with pytest.raises(DivisionError) as caught:
        propose(_with_dedicated(ground, ground.parent), Wish(grids=2))
    assert caught.value.code == "nothing_to_divide"


def test_a_proposal_measured_as_today_has_the_figures_it_came_with() -> None:
    ground = quarter(6, 5, seed=7)
    school = _middle_of(quarter(6, 5, seed=7))
    for around in (ground, _with_dedicated(quarter(6, 5, seed=7, straddling=False), school)):
        made = propose(around, Wish(grids=4, effort=QUICK))
        today = measure_today(replace(around, existing=[grid.outline for grid in made.grids]))
        assert today is not None
        for name, figure in made.figures.as_json().items():
            assert getattr(today, name) == (pytest.approx(figure) if figure is not None else None), name
    assert measure_today(ground) is None


def test_the_engine_warms_up() -> None:
    warm_up()
