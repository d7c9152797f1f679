"""A new area that nobody named is called like its siblings, and so unlike those of the next community."""

import pytest
from django.utils import timezone

from backend.areas.models import Area
from backend.areas.naming import new_name
from tests.world import World


def _community(world: World, name: str, name_en: str, *grids: tuple[str, str, str]) -> Area:
    """An invented community of the street with grids of this number, name and English name."""
    street = world.areas["330281002"]
    community = Area.objects.create(
        level="community", scheme="stats12", code="330281002900", parent=street, path=f"{street.path}900.",
        name=name, name_en=name_en, opened_at=timezone.now(),
    )  # fmt: skip
    for number, grid, grid_en in grids:
        Area.objects.create(
            level="grid", scheme="grid15", code=f"{community.code}{number}", parent=community,
            path=f"{community.path}{number}.", name=grid, name_en=grid_en, opened_at=timezone.now(),
        )  # fmt: skip
    return community


@pytest.mark.parametrize(
    ("grids", "named"),
    [
        ([("001", "姚林第1网格", "Yaolin Grid 1")], ("姚林第7网格", "Yaolin Grid 7")),
        ([("001", "小学专属网格", "School"), ("002", "二村02格", "")], ("二村07格", "")),
        ([("003", "3村第3格", "Three 3")], ("姚林第7网格", "Yaolin Grid 7")),
        ([], ("姚林第7网格", "Yaolin Grid 7")),
    ],
    ids=["as its sibling", "the first that has a number", "a number twice tells nothing", "as its community"],
)
def test_a_new_grid_is_called_like_its_siblings(
    world: World, grids: list[tuple[str, str, str]], named: tuple[str, str]
) -> None:
    community = _community(world, "姚林社区", "Yaolin Community", *grids)
    assert new_name(community, "grid", f"{community.code}007") == named


def test_a_community_without_english_name_makes_none_up(world: World) -> None:
    assert new_name(_community(world, "姚林社区", ""), "grid", "330281002900012") == ("姚林第12网格", "")


def test_a_new_community_is_called_a_community(world: World) -> None:
    street = world.areas["330281003"]
    Area.objects.filter(parent=street).update(name="东门社区")
    assert new_name(street, "community", "330281003041")[0] == "测试街道003第41社区"
