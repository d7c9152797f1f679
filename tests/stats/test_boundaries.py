"""Figures by the boundaries of then and of today, around a split and a merge."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from backend.areas import edits
from backend.areas.models import Area
from backend.cases.models import Case
from backend.stats.queries import indicators
from tests.inspections.test_divisions import COMMUNITY, SECOND, THIRD, draft_of, edited, half_split, published, reported
from tests.world import SIDE, SOUTH, WEST, World

FOURTH = f"{COMMUNITY}004"
EAST = (WEST + 1.8 * SIDE, SOUTH + 0.5 * SIDE)


def reported_by_grid(world: World, now: datetime, *, at: datetime | None, area: str = "") -> dict[str, int]:
    rows = indicators(
        world.actor("street:002"), since=now - timedelta(days=2), until=now + timedelta(days=30), group="grid",
        boundaries_of=at, area=Area.objects.get(code=area) if area else None,
    )  # fmt: skip
    return {row.code: row.counts["reported"] for row in rows}


@pytest.fixture
def split(world: World, now: datetime) -> datetime:
    """Reported in the second grid: one closed and one open in its east, one in its west. Then it was cut in two."""
    closed = reported(world, *EAST, now)
    reported(world, *EAST, now)
    reported(world, WEST + 1.2 * SIDE, SOUTH + 0.5 * SIDE, now)
    Case.objects.filter(pk=closed.pk).update(state="closed", closed_at=now)
    later = now + timedelta(days=1)
    published(world, half_split(world, draft_of(world, later), later), later)
    reported(world, *EAST, later)
    return later


def test_a_split(world: World, now: datetime, split: datetime) -> None:
    assert reported_by_grid(world, now, at=None) == {SECOND: 3, FOURTH: 1}
    assert reported_by_grid(world, now, at=split) == {SECOND: 1, FOURTH: 3}
    assert reported_by_grid(world, now, at=now) == {SECOND: 4}
    assert reported_by_grid(world, now, at=split, area=FOURTH) == {FOURTH: 3}
    assert reported_by_grid(world, now, at=None, area=FOURTH) == {FOURTH: 1}


def test_a_merge_after_the_split(world: World, now: datetime, split: datetime) -> None:
    reported(world, *world.middle_of("002011003"), split)
    merged = split + timedelta(days=1)
    published(world, edited(world, draft_of(world, merged), edits.Merge((THIRD, FOURTH), keep=THIRD), merged), merged)
    assert reported_by_grid(world, now, at=None) == {SECOND: 3, THIRD: 1, FOURTH: 1}, "a closed grid keeps its past"
    assert reported_by_grid(world, now, at=merged) == {SECOND: 1, THIRD: 4}


@pytest.mark.parametrize("group", ["", "matter", "channel", "community"])
def test_whole_figures_do_not_depend_on_the_boundaries(
    world: World, now: datetime, split: datetime, group: str
) -> None:
    span = {"since": now - timedelta(days=2), "until": now + timedelta(days=30), "group": group}
    actor, community = world.actor("street:002"), world.areas[COMMUNITY]
    then = indicators(actor, area=community, **span)  # type: ignore[arg-type]
    assert sum(row.counts["reported"] for row in then) == 4
    assert indicators(actor, area=community, boundaries_of=split, **span) == then  # type: ignore[arg-type]


def test_the_api_says_which_boundaries(world: World, now: datetime, split: datetime) -> None:
    client = Client()
    client.force_login(world.people["street:002"])
    said = {"since": f"{now:%Y-%m-%d}", "until": f"{split:%Y-%m-%d}", "group": "grid"}
    path = "/api/v1/console/indicators"
    today = client.get(path, {**said, "boundaries": "today"}).json()
    assert {row["code"]: row["counts"]["reported"] for row in today["items"]} == {SECOND: 1, FOURTH: 3}
    assert (today["boundaries"], client.get(path, said).json()["boundaries"]) == ("today", "then")
    bad = client.get(path, {**said, "boundaries": "tomorrow"})
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "#/boundaries")
