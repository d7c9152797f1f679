"""A proposed division becomes a draft that can be checked and published, by command and by service."""

import json
from datetime import datetime
from io import StringIO

import pytest
import shapely
from django.contrib.gis.geos import LineString, Point
from django.core.management import CommandError, call_command
from shapely import box

from backend.areas.errors import AreaNotFound, CannotPropose, MayNotDivide
from backend.areas.models import Division, DraftOutline
from backend.inspections.dividing import check_draft
from backend.places.models import Address, NetworkEdge, NetworkNode
from backend.places.proposing import drawn_of, propose_draft
from gis.division import GridDraft, Wish
from tests.world import SIDE, SOUTH, WEST, World

COMMUNITY = "330281002011"
pytestmark = pytest.mark.django_db


@pytest.fixture
def streets(world: World) -> World:
    """Streets every fifth of a grid's side over the first community, a door in every block."""
    step = SIDE / 5
    node = NetworkNode.objects.create(number=1, location=Point(WEST, SOUTH, srid=4326))
    lines = [((WEST + k * step, SOUTH), (WEST + k * step, SOUTH + SIDE)) for k in range(16)]
    lines += [((WEST, SOUTH + k * step), (WEST + 3 * SIDE, SOUTH + k * step)) for k in range(6)]
    NetworkEdge.objects.bulk_create(
        NetworkEdge(
            number=number, tail=node, head=node, length_m=1, walk_s=1, highway="residential", osm_way=number,
            line=LineString(*line, srid=4326),
        )
        for number, line in enumerate(lines)
    )  # fmt: skip
    for i in range(15):
        for j in range(5):
            Address.objects.create(
                code=f"D{i:02d}{j}", street="测试路", plate=f"{i}-{j}", households=20 + i % 3,
                location=Point(WEST + (i + 0.5) * step, SOUTH + (j + 0.5) * step, srid=4326),
            )  # fmt: skip
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
    with pytest.raises(CommandError, match="bad_grids"):
        call_command("propose_division", "--area", COMMUNITY, "--grids", "0")
    with pytest.raises(CommandError, match="area_not_found"):
        call_command("propose_division", "--area", "999")
