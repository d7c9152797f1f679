"""Rulings over a publish: told on where the stretch of border still stands, dropped by name where it moved."""

from datetime import datetime, timedelta

import pytest
import shapely
from shapely import LineString

from backend.areas import drafts, edits
from backend.areas.models import Area, Boundary, Division
from backend.cases.models import Case
from backend.cases.routing import verdict_for
from backend.dispatch.models import Ruling, RulingPlace
from backend.inspections import dividing, rehoming
from tests.cases.test_disputes import AT_BORDER, case_at, returned, ruled
from tests.cases.test_rulings import told_at
from tests.inspections.test_divisions import COMMUNITY, FIRST, SECOND, THIRD, draft_of, edited, half_split, published
from tests.world import SIDE, SOUTH, WEST, World

ACROSS = (121.17205, 30.0510)
HEIR = "330281002012004"
CORNER = (WEST + SIDE, SOUTH + SIDE)


@pytest.fixture
def draft(world: World, now: datetime) -> Division:
    return draft_of(world, now)


@pytest.fixture
def case(world: World, now: datetime) -> Case:
    """Lies in the first grid, ruled to be the second one's."""
    case = case_at(world, AT_BORDER, now)
    ruled(world, returned(world, case, now), now)
    return case


def moved_border(world: World, draft: Division, now: datetime) -> Division:
    return edited(world, draft, edits.MoveVertex(CORNER, (WEST + 1.2 * SIDE, SOUTH + SIDE)), now)


def split_at(world: World, draft: Division, now: datetime, columns: float) -> Division:
    """The second grid cut from north to south; the larger part keeps its code."""
    x = WEST + columns * SIDE
    return edited(world, draft, edits.Split(SECOND, LineString([(x, SOUTH - 1e-4), (x, SOUTH + SIDE + 1e-4)])), now)


def reassigned(world: World, now: datetime) -> Division:
    """The second grid goes to the neighbouring community: the same ground under a new code."""
    return edited(world, draft_of(world, now, parent="330281002"), edits.Reassign(SECOND, "330281002012"), now)


def swapped(world: World, draft: Division, now: datetime) -> Division:
    """The second and the third grid change grounds."""
    box = {code: shapely.box(WEST + n * SIDE, SOUTH, WEST + (n + 1) * SIDE, SOUTH + SIDE) for n, code in
           ((2, SECOND), (1, THIRD))}  # fmt: skip
    sheet = drafts.Sheet(draft)
    sheet.reshape(box)
    sheet.save()
    return draft


def owner_of(case: Case, now: datetime) -> tuple[str, str | None]:
    verdict = verdict_for(Case.objects.select_related("matter", "grid").get(pk=case.pk), now=now)
    return verdict.rule, verdict.grid.code if verdict.grid else None


def places_of(case: Case) -> list[tuple[str, str | None]]:
    """Of each place after the first: why it was dropped, and the grid named."""
    found = RulingPlace.objects.filter(ruling__case=case, division__isnull=False).select_related("grid")
    return [(one.dropped, one.grid.code if one.grid else None) for one in found]


def test_an_untouched_border_keeps_its_ruling(world: World, draft: Division, case: Case, now: datetime) -> None:
    published(world, half_split(world, draft, now), now)
    later = now + timedelta(days=1)
    assert [len(told_at(world, later, at=spot)) for spot in (AT_BORDER, ACROSS)] == [1, 1]
    assert owner_of(case, later) == ("dispute_ruling", SECOND)
    assert places_of(case) == [("", SECOND)]


def test_a_ruling_is_carried_over_many_divisions(world: World, draft: Division, case: Case, now: datetime) -> None:
    published(world, half_split(world, draft, now), now)
    for days in (1, 2):
        later = now + timedelta(days=days)
        merged = edited(world, draft_of(world, later), edits.Rename(THIRD, f"第{days}格", ""), later)
        published(world, merged, later)
    assert len(told_at(world, now + timedelta(days=3))) == 1
    assert places_of(case) == [("", SECOND)] * 3


def test_who_takes_over_a_closed_grid_is_named(world: World, case: Case, now: datetime) -> None:
    published(world, reassigned(world, now), now)
    assert Area.objects.get(code=SECOND).closed_at == now
    assert len(told_at(world, now)) == 1
    assert owner_of(case, now) == ("dispute_ruling", HEIR)
    assert places_of(case) == [("", HEIR)]


def test_a_new_grid_cut_off_beside_the_border_succeeds(
    world: World, draft: Division, case: Case, now: datetime
) -> None:
    later = now + timedelta(days=1)
    published(world, split_at(world, draft, now, 1.4), later)
    assert (len(told_at(world, later)), places_of(case)) == (1, [("", f"{COMMUNITY}004")])


def test_a_moved_border_drops_it_by_name(world: World, draft: Division, case: Case, now: datetime) -> None:
    published(world, moved_border(world, draft, now), now)
    later = now + timedelta(minutes=1)
    assert [told_at(world, later, at=spot) for spot in (AT_BORDER, ACROSS)] == [[], []]
    assert owner_of(case, later) == ("duty_leader", FIRST)
    assert places_of(case) == [("border_moved", None)]


def test_a_border_that_is_none_any_more_drops_it(world: World, draft: Division, case: Case, now: datetime) -> None:
    published(world, edited(world, draft, edits.Merge((FIRST, SECOND)), now), now)
    assert (told_at(world, now), places_of(case)) == ([], [("border_moved", None)])


def test_another_grid_that_was_there_before_drops_it(world: World, draft: Division, case: Case, now: datetime) -> None:
    published(world, swapped(world, draft, now), now)
    assert (told_at(world, now), places_of(case)) == ([], [("other_grid", None)])


def test_what_one_side_dropped_is_not_brought_back_when_the_other_side_is_published(
    world: World, draft: Division, now: datetime
) -> None:
    """The border with another community: only one of its two boundaries ends at a time."""
    above, inside = "330281002012002", (WEST + 1.5 * SIDE, SOUTH + SIDE - 2e-5)
    case = case_at(world, inside, now)
    dispute = returned(world, case, now, by="leader:002011002", grid_code=above)
    ruled(world, dispute, now, by="street:002", grid_code=above)
    published(world, swapped(world, draft, now), now)
    later = now + timedelta(days=1)
    renamed = edits.Rename(above, "上格", "")
    published(world, edited(world, draft_of(world, later, parent="330281002012"), renamed, later), later)
    assert places_of(case) == [("other_grid", None)]


def test_both_sides_published_for_one_moment_carry_it_once_each(world: World, draft: Division, now: datetime) -> None:
    """The second begins where it held before that moment, and a new grid beside the border succeeds."""
    above, inside, monday = "330281002012002", (WEST + 1.5 * SIDE, SOUTH + SIDE - 2e-5), now + timedelta(days=4)
    case = case_at(world, inside, now)
    dispute = returned(world, case, now, by="leader:002011002", grid_code=above)
    ruled(world, dispute, now, by="street:002", grid_code=above)
    published(world, edited(world, draft, edits.Rename(THIRD, "东格", ""), now), now, at=monday)
    cut = LineString([(WEST + column * SIDE, SOUTH + 1.4 * SIDE) for column in (0.95, 2.05)])
    other = draft_of(world, now, parent="330281002012")
    published(world, edited(world, other, edits.Split(above, cut), now), now, at=monday)
    assert places_of(case) == [("", above), ("", "330281002012004")]
    rehoming.switch_due(now=monday)
    assert places_of(case) == [("", "330281002012004")] * 2


def test_a_ruling_on_a_whole_grid_goes_with_its_ground(world: World, draft: Division, now: datetime) -> None:
    case = case_at(world, AT_BORDER, now)
    dispute = returned(world, case, now)
    type(dispute).objects.filter(pk=dispute.pk).update(stretch=None, other_boundary=None)
    dispute.refresh_from_db()
    ruled(world, dispute, now)
    published(world, half_split(world, draft, now), now)
    assert len(told_at(world, now)) == 1
    later = now + timedelta(days=1)
    published(world, moved_border(world, draft_of(world, later), later), later)
    assert (told_at(world, later), places_of(case)) == ([], [("", SECOND), ("ground_changed", None)])


def test_a_later_moment_leaves_no_gap(world: World, draft: Division, case: Case, now: datetime) -> None:
    """The switch is a sweep; readers follow the boundaries by themselves."""
    monday = now + timedelta(days=4)
    published(world, half_split(world, draft, now), now, at=monday)
    assert [len(told_at(world, at)) for at in (monday - timedelta(seconds=1), monday)] == [1, 1]
    assert owner_of(case, monday) == ("dispute_ruling", SECOND)


def test_what_is_ruled_before_the_moment_comes_along(world: World, draft: Division, now: datetime) -> None:
    monday = now + timedelta(days=4)
    published(world, half_split(world, draft, now), now, at=monday)
    ruled(world, returned(world, case_at(world, AT_BORDER, now), now), now)
    rehoming.switch_due(now=monday)
    assert len(told_at(world, monday)) == 1


def test_what_is_ruled_while_the_switch_runs_comes_along(world: World, draft: Division, now: datetime) -> None:
    """It was not committed when the switch looked."""
    published(world, half_split(world, draft, now), now)
    early = now - timedelta(minutes=1)
    ruled(world, returned(world, case_at(world, AT_BORDER, early), early), early)
    assert told_at(world, now) == []
    rehoming.switch_due(now=now + rehoming.SETTLE_AFTER)
    assert len(told_at(world, now)) == 1


def test_a_dispute_from_before_a_publish_is_ruled_on_the_new_boundaries(
    world: World, draft: Division, now: datetime
) -> None:
    case = case_at(world, AT_BORDER, now)
    dispute = returned(world, case, now)
    published(world, half_split(world, draft, now), now)
    later = now + timedelta(hours=1)
    dispute.refresh_from_db()
    ruled(world, dispute, later)
    assert len(told_at(world, later)) == 1
    assert owner_of(case, later) == ("dispute_ruling", SECOND)
    assert places_of(case) == [("", SECOND)]


def test_the_second_look_leaves_what_was_ruled_after_the_publish(world: World, draft: Division, now: datetime) -> None:
    dispute = returned(world, case_at(world, AT_BORDER, now), now)
    published(world, half_split(world, draft, now), now)
    dispute.refresh_from_db()
    ruled(world, dispute, now + timedelta(minutes=1))
    kept = list(RulingPlace.objects.order_by("at", "id").values_list("id", "at", "division"))
    rehoming.switch_due(now=now + rehoming.SETTLE_AFTER)
    assert list(RulingPlace.objects.order_by("at", "id").values_list("id", "at", "division")) == kept


def test_an_undo_tells_again_what_the_move_had_dropped(
    world: World, draft: Division, case: Case, now: datetime
) -> None:
    division = published(world, moved_border(world, draft, now), now)
    later = now + timedelta(minutes=5)
    dividing.undo_division(actor=world.actor("street:002"), division_id=division.pk, now=later)
    assert [len(told_at(world, later, at=spot)) for spot in (AT_BORDER, ACROSS)] == [1, 1]
    assert owner_of(case, later) == ("dispute_ruling", SECOND)
    assert places_of(case) == [("border_moved", None), ("", SECOND)]
    assert told_at(world, now + timedelta(minutes=1)) == [], "the past is left as it was"


def test_an_undo_names_the_reopened_grid(world: World, case: Case, now: datetime) -> None:
    division = published(world, reassigned(world, now), now)
    later = now + timedelta(minutes=5)
    dividing.undo_division(actor=world.actor("street:002"), division_id=division.pk, now=later)
    assert places_of(case) == [("", HEIR), ("", SECOND)]
    assert len(told_at(world, later)) == 1


def test_taken_back_before_its_moment_a_division_has_dropped_nothing(
    world: World, draft: Division, case: Case, now: datetime
) -> None:
    monday = now + timedelta(days=4)
    division = published(world, moved_border(world, draft, now), now, at=monday)
    assert places_of(case) == [("border_moved", None)]
    dividing.undo_division(actor=world.actor("street:002"), division_id=division.pk, now=now + timedelta(hours=1))
    assert places_of(case) == []
    assert len(told_at(world, monday + timedelta(days=1))) == 1


def test_the_ruling_itself_is_never_edited(world: World, draft: Division, case: Case, now: datetime) -> None:
    before = Ruling.objects.get(case=case)
    published(world, half_split(world, draft, now), now)
    after = Ruling.objects.get(case=case)
    assert (after.boundary_id, after.other_boundary_id) == (before.boundary_id, before.other_boundary_id)
    assert not Boundary.objects.in_force(now).filter(pk=after.boundary_id).exists()
    assert after.grid == world.grid("002011002")
