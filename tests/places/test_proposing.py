"""A proposed division becomes a draft that can be checked and published, by command and by service."""

import json
from datetime import datetime
from io import StringIO

import pytest
import shapely
from django.core.management import CommandError, call_command
from shapely import box

from backend.areas.errors import AreaNotFound, CannotPropose, MayNotDivide
from backend.areas.models import Boundary, Division, DraftOutline
from backend.inspections.dividing import check_draft
from backend.places.proposing import drawn_of, propose_draft
from gis.division import GridDraft, Wish
from tests.places.town_blocks import lay_blocks
from tests.world import World

COMMUNITY = "330281002011"
pytestmark = pytest.mark.django_db


@pytest.fixture
def streets(world: World) -> World:
    lay_blocks()
    return world


def test_a_proposal_is_a_draft_without_a_blocking_fault(streets: World, now: datetime) -> None:
    actor = streets.actor("street:002")
    made = propose_draft(actor=actor, parent_code=COMMUNITY, wish=Wish(grids=5, effort=0.1), name="自动", now=now)
    assert (made.division.state, made.division.source, made.figures.grids) == ("draft", "proposal", 5)
    assert made.figures.households_worst < 0.1
    outlines = DraftOutline.objects.filter(division=made.division)
    assert outlines.count() == 5
    assert all(one.code.startswith(COMMUNITY) for one in outlines)
    checked = check_draft(actor=actor, division_id=made.division.pk, version=1, now=now)
    assert checked.state == Division.State.CHECKED


def test_grids_that_stay_keep_their_codes(streets: World, now: datetime) -> None:
    actor = streets.actor("street:002")
    wish = Wish(grids=3, keeps_borders=True, effort=0.2)
    made = propose_draft(actor=actor, parent_code=COMMUNITY, wish=wish, name="自动", now=now)
    codes = DraftOutline.objects.filter(division=made.division, area__isnull=False).values_list("code", flat=True)
    assert sorted(codes) == [f"{COMMUNITY}00{k}" for k in (1, 2, 3)]
    assert made.figures.kept_share == pytest.approx(1)


def test_a_code_of_today_goes_to_the_grid_that_fits_best() -> None:
    today = {"A001": box(0, 0, 2, 2), "A002": box(2, 0, 4, 2)}
    west, middle, east = box(0, 0, 1, 2), box(1, 0, 2.2, 2), box(2.2, 0, 4, 2)
    drafts = [GridDraft(outline, 0, 1, 1, 1) for outline in (west, middle, east)]
    drawn = drawn_of(drafts, under=["A"], today=today)
    assert [(one.code, one.under_code) for one in drawn] == [("A001", ""), ("A002", ""), ("", "A")]
    assert shapely.equals(drawn[1].shape, east)


@pytest.mark.parametrize(("name", "refusal"), [("worker:002011001", MayNotDivide), ("street:003", AreaNotFound)])
def test_only_the_land_s_own_office_may_propose(
    streets: World, now: datetime, name: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        propose_draft(actor=streets.actor(name), parent_code=COMMUNITY, wish=Wish(grids=2), name="", now=now)
    assert not Division.objects.filter(source="proposal").exists()


def test_land_without_streets_is_refused_by_name(world: World, now: datetime) -> None:
    with pytest.raises(CannotPropose) as caught:
        propose_draft(actor=world.actor("street:002"), parent_code=COMMUNITY, wish=Wish(grids=2), name="", now=now)
    assert caught.value.facts["reason"] == "no_streets"


def test_the_command_says_what_it_made(streets: World) -> None:
    out = StringIO()
    call_command("propose_division", "--area", COMMUNITY, "--grids", "4", "--json", stdout=out)
    said = json.loads(out.getvalue())
    assert said["grids"] == 4
    assert Division.objects.filter(pk=said["division"], state="draft").exists()
    _dedicate(streets, "002011002")
    for more, outlines in ((), 3), (("--share-dedicated",), 2):
        call_command(
            "propose_division", "--area", COMMUNITY, "--grids", "2", "--json", *more, stdout=(out := StringIO())
        )
        made = json.loads(out.getvalue())["division"]
        assert DraftOutline.objects.filter(division=made).count() == outlines
    with pytest.raises(CommandError, match="bad_grids"):
        call_command("propose_division", "--area", COMMUNITY, "--grids", "0")
    with pytest.raises(CommandError, match="area_not_found"):
        call_command("propose_division", "--area", "999")


def _dedicate(world: World, grid: str) -> Boundary:
    Boundary.objects.filter(area=world.grid(grid)).update(kind="dedicated")
    return Boundary.objects.get(area=world.grid(grid))


def test_a_dedicated_grid_stays_in_the_draft_as_it_is(streets: World, now: datetime) -> None:
    actor, school = streets.actor("street:002"), _dedicate(streets, "002011002")
    made = propose_draft(actor=actor, parent_code=COMMUNITY, wish=Wish(grids=4, effort=0.1), name="自动", now=now)
    outlines = DraftOutline.objects.filter(division=made.division)
    assert (made.figures.grids, outlines.count()) == (4, 5)
    kept = outlines.get(code=f"{COMMUNITY}002")
    assert (kept.kind, kept.area_id, kept.name) == ("dedicated", school.area_id, "第2网格")
    assert kept.outline.sym_difference(school.outline).area < 1e-12
    assert set(outlines.exclude(pk=kept.pk).values_list("kind", flat=True)) == {"base"}
    assert check_draft(actor=actor, division_id=made.division.pk, version=1, now=now).state == Division.State.CHECKED


def test_a_dedicated_grid_is_shared_out_where_that_is_wished(streets: World, now: datetime) -> None:
    actor, school = streets.actor("street:002"), _dedicate(streets, "002011002")
    wish = Wish(grids=3, keeps_borders=True, effort=0.2)
    made = propose_draft(actor=actor, parent_code=COMMUNITY, wish=wish, name="自动", now=now, keeps_dedicated=False)
    outlines = DraftOutline.objects.filter(division=made.division)
    assert (made.figures.grids, outlines.count()) == (3, 3)
    assert not outlines.filter(area=school.area).exists()
    assert set(outlines.values_list("kind", flat=True)) == {"base"}
