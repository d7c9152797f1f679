"""The engine in memory and PostGIS give the same answer, and a stale engine is never used."""

import random
from datetime import datetime, timedelta

import pytest
import shapely

from backend.areas import queries
from backend.areas.models import Boundary
from backend.areas.services import Outline, publish_division
from tests.world import SIDE, SOUTH, WEST, World


def spots() -> list[tuple[float, float]]:
    """Inside, on edges and corners, a hair off, near and far outside."""
    chance = random.Random(7)
    lines_x = [WEST + step * SIDE for step in range(4)]
    lines_y = [SOUTH + step * SIDE for step in range(4)]
    hairs = (0.0, 1e-9, -1e-9, 1e-7, -1e-7, 4e-4, -4e-4)
    on_lines = [(x + a, y + b) for x in lines_x for y in lines_y for a in hairs for b in hairs]
    anywhere = [
        (chance.uniform(WEST - 0.002, WEST + 0.008), chance.uniform(SOUTH - 0.002, SOUTH + 0.008)) for _ in range(150)
    ]
    return chance.sample(on_lines, 250) + anywhere


@pytest.mark.parametrize("accuracy_m", [None, 5.0, 60.0])
def test_engine_and_postgis_agree(world: World, now: datetime, accuracy_m: float | None) -> None:
    for lon, lat in spots():
        engine = queries.locate(lon, lat, accuracy_m=accuracy_m, snap_m=25.0, now=now)
        truth = queries.locate_by_sql(lon, lat, accuracy_m=accuracy_m, snap_m=25.0, now=now)
        assert (engine.kind, engine.code) == (truth.kind, truth.code), (lon, lat)
        assert [one.code for one in engine.candidates] == [one.code for one in truth.candidates], (lon, lat)
        assert engine.parent_code == truth.parent_code


def test_an_edge_belongs_to_the_lowest_code_and_names_all(world: World, now: datetime) -> None:
    found = queries.locate(WEST + SIDE, SOUTH + SIDE, accuracy_m=None, snap_m=25.0, now=now)
    assert found.kind == "on_border"
    assert found.code == "330281002011001"
    assert [one.code[-6:] for one in found.candidates] == ["011001", "011002", "012001", "012002"]


def test_a_publish_is_seen_at_once(world: World, now: datetime) -> None:
    """The kept index is dropped with the boundary that it was built from."""
    lon, lat = world.middle_of("002011001")
    assert queries.locate(lon, lat, accuracy_m=None, snap_m=0.0, now=now).code == "330281002011001"
    swapped = [
        Outline(world.grid("002011001"), shapely.box(WEST + SIDE, SOUTH, WEST + 2 * SIDE, SOUTH + SIDE)),
        Outline(world.grid("002011002"), shapely.box(WEST, SOUTH, WEST + SIDE, SOUTH + SIDE)),
        Outline(world.grid("002011003"), shapely.box(WEST + 2 * SIDE, SOUTH, WEST + 3 * SIDE, SOUTH + SIDE)),
    ]
    publish_division(
        parent=world.areas["330281002011"],
        level="grid",
        name="swap",
        source="tests",
        outlines=swapped,
        effective_at=now,
        now=now,
    )
    assert queries.locate(lon, lat, accuracy_m=None, snap_m=0.0, now=now).code == "330281002011002"
    yesterday = now - timedelta(days=1)
    assert queries.locate(lon, lat, accuracy_m=None, snap_m=0.0, now=yesterday).code == "330281002011001"
    assert Boundary.objects.in_force(now).filter(area__level="grid").count() == 8
