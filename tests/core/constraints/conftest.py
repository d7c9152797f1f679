"""The world in which every constraint has a row to break."""

from datetime import datetime

import pytest

from tests.core.constraints import cases
from tests.core.constraints.rooms import ROOMS
from tests.core.constraints.scene import Scene
from tests.world import World


@pytest.fixture
def full_world(world: World, now: datetime) -> World:
    """The small world with one row in every table that has a constraint."""
    scene = Scene(world, now, cases.reported(world, now))
    for room in ROOMS:
        room.add_rows(scene)
    return world
