"""Proposed divisions: connected, exact, no building cut, alike in households, the same again for the same seed."""

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
from gis.division.laying import lay_atoms
from gis.division.searching import best_division
from gis.division.starting import first_division
from gis.locate import GridShape
from tests.gis.blocks import quarter

QUICK = 0.03


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
@given(st.integers(3, 7), st.integers(2, 6), st.integers(0, 10_000), st.integers(2, 5))
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


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 7), st.integers(2, 7), st.integers(0, 10_000), st.data())
def test_the_search_keeps_every_grid_in_one_piece(columns: int, rows: int, seed: int, data: st.DataObject) -> None:
    atoms = lay_atoms(quarter(columns, rows, seed=seed), Wish(grids=2))
    grids = data.draw(st.integers(1, min(8, atoms.count)))
    home = best_division(atoms, grids, Wish(grids=grids, seed=seed, effort=QUICK))
    rows_of = np.repeat(np.arange(atoms.count), np.diff(atoms.start))
    same = home[rows_of] == home[atoms.other]
    graph = coo_matrix((np.ones(same.sum()), (rows_of[same], atoms.other[same])), shape=(atoms.count, atoms.count))
    assert np.unique(home).tolist() == list(range(grids))
    assert connected_components(graph, directed=False)[0] == grids


def test_the_search_knows_its_price_to_the_last_move() -> None:
    """Sums kept move by move are those counted anew."""
    atoms = lay_atoms(quarter(7, 7, seed=3), Wish(grids=6))
    home = best_division(atoms, 6, Wish(grids=6, effort=QUICK))
    terms, room = searching._terms(atoms, home, 6, Wish(grids=6)), searching._room(atoms.count)
    own = np.column_stack([atoms.households, atoms.minutes, atoms.area_m2, atoms.perimeter_m])
    graph = core.Graph(np.ascontiguousarray(own), atoms.start, atoms.other, atoms.shared_m, atoms.price_m)
    state = core.State(home, np.zeros((6, 4)), np.zeros(6, np.int64), home.copy(), np.array([9], np.uint64))
    core.sum_loads(graph, state)
    price = core.total_price(graph, state, terms)
    for try_ in (core.try_move, core.try_swap, core.try_recombination):
        changed = 0
        for _ in range(4000):
            a = core.draw(state.rng, atoms.count)
            b = atoms.other[atoms.start[a] + core.draw(state.rng, atoms.start[a + 1] - atoms.start[a])]
            if home[a] != home[b]:
                goal = home[b] if try_ is core.try_move else b
                change = try_(a, goal, 0.5, graph, state, terms, room)
                changed += change != 0
                price += change
        load, count = state.load.copy(), state.held.copy()
        core.sum_loads(graph, state)
        assert changed > 20, try_
        np.testing.assert_allclose(load, state.load, rtol=1e-9)
        np.testing.assert_array_equal(count, state.held)
        assert core.total_price(graph, state, terms) == pytest.approx(price)


def test_the_same_seed_gives_the_same_division_and_another_seed_may_not() -> None:
    ground = quarter(8, 8, seed=5)
    first, again = (propose(ground, Wish(grids=9, seed=4, effort=QUICK)) for _ in range(2))
    assert [grid.outline.wkb for grid in first.grids] == [grid.outline.wkb for grid in again.grids]
    assert first.figures == again.figures


def test_the_search_beats_its_start_in_balance_border_and_shape() -> None:
    ground = quarter(12, 12, seed=8)
    wish = Wish(grids=16)
    atoms = lay_atoms(ground, wish)
    start, end = first_division(atoms, 16), best_division(atoms, 16, wish)

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
    kept, free = (propose(ground, Wish(grids=9, seed=7, keeps_borders=keeps)).figures for keeps in (True, False))
    assert kept.kept_share is not None
    assert free.kept_share is not None
    assert kept.kept_share > 0.8
    assert kept.kept_share > free.kept_share + 0.1
    assert kept.households_worst < 0.15


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
