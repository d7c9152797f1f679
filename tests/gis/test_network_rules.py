"""Which ways are walked and ridden."""

import pytest

from gis.network import Speeds, node_is_closed, way_use


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "residential"},
        {"highway": "footway"},
        {"highway": "steps"},
        {"highway": "cycleway"},
        {"railway": "platform"},
        {"highway": "trunk", "foot": "yes"},
        {"highway": "motorway", "sidewalk": "right"},
        {"highway": "trunk", "sidewalk:left": "yes"},
        {"highway": "service", "access": "private", "foot": "permissive"},
        {"highway": "pedestrian", "area": "yes"},
        {"man_made": "pier"},
    ],
)
def test_people_walk_here(tags):
    assert way_use(tags) is not None


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "motorway"},
        {"highway": "trunk"},
        {"highway": "trunk", "sidewalk": "separate"},
        {"highway": "primary", "foot": "no"},
        {"highway": "service", "access": "private"},
        {"highway": "residential", "foot": "use_sidepath"},
        {"highway": "construction"},
        {"highway": "primary", "motorroad": "yes"},
        {"building": "yes"},
        {},
    ],
)
def test_nobody_walks_here(tags):
    assert way_use(tags) is None


@pytest.mark.parametrize(
    ("tags", "forward", "backward"),
    [
        ({"highway": "residential"}, True, True),
        ({"highway": "residential", "oneway": "yes"}, True, False),
        ({"highway": "residential", "oneway": "-1"}, False, True),
        ({"highway": "residential", "oneway": "yes", "oneway:bicycle": "no"}, True, True),
        ({"highway": "residential", "oneway": "yes", "cycleway:left": "opposite_lane"}, True, True),
        ({"highway": "tertiary", "junction": "roundabout"}, True, False),
        ({"highway": "footway"}, False, False),
        ({"highway": "footway", "bicycle": "yes"}, True, True),
        ({"highway": "residential", "bicycle": "dismount"}, False, False),
        ({"highway": "steps", "bicycle": "yes"}, False, False),
    ],
)
def test_where_an_ebike_is_ridden(tags, forward, backward):
    use = way_use(tags)
    assert (use.ride_forward, use.ride_backward) == (forward, backward)


@pytest.mark.parametrize(
    ("tags", "closed"),
    [
        ({"barrier": "gate"}, False),
        ({"barrier": "gate", "access": "private"}, True),
        ({"barrier": "gate", "locked": "yes"}, True),
        ({"barrier": "gate", "access": "private", "foot": "yes"}, False),
        ({"barrier": "wall"}, True),
        ({"barrier": "bollard"}, False),
        ({"foot": "no"}, True),
        ({"highway": "crossing"}, False),
        ({"barrier": "fence", "access": "yes"}, False),
    ],
)
def test_closed_nodes(tags, closed):
    assert node_is_closed(tags) is closed


def test_speeds_are_refused_by_name():
    with pytest.raises(ValueError, match="walk_kmh is 0"):
        Speeds(walk_kmh=0)
