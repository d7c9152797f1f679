"""The stamp tells apart two sets of boundaries that agree in number and in every date."""

from datetime import datetime

from backend.areas import queries
from backend.areas.models import Boundary
from backend.core.ids import uuid7
from tests.world import World


def test_a_boundary_that_took_the_place_of_another_for_the_same_period_is_found(world: World, now: datetime) -> None:
    """As when a division is undone and another one published for the same moment."""
    lon, lat = world.middle_of("002011001")
    old = Boundary.objects.in_force(now).get(area=world.grid("002011001"))
    before = queries.boundary_stamp(now)
    assert queries.locate(lon, lat, accuracy_m=None, snap_m=0, now=now).id == old.pk
    new = Boundary.objects.get(pk=old.pk)
    new.pk, new._state.adding = uuid7(), True
    Boundary.objects.filter(pk=old.pk).update(valid=None)
    new.save(force_insert=True)
    assert queries.boundary_stamp(now) != before
    assert queries.locate(lon, lat, accuracy_m=None, snap_m=0, now=now).id == new.pk
