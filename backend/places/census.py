"""How much there is to look after in a grid."""

from dataclasses import dataclass

from django.db.models import Sum

from backend.areas.models import Area
from backend.places.models import Address, Place


@dataclass(frozen=True, slots=True)
class GridSize:
    """Households behind the grid's door plates, and places with visit duties."""

    households: int
    places: int


def grid_size(grid: Area) -> GridSize:
    households = Address.objects.filter(grid=grid).aggregate(total=Sum("households"))["total"]
    return GridSize(households=households or 0, places=Place.objects.filter(grid=grid, is_active=True).count())
