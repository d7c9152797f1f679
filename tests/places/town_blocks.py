"""Streets every fifth of a grid's side over the first community of the small world, a door in every block."""

from django.contrib.gis.geos import LineString, Point

from backend.places.models import Address, NetworkEdge, NetworkNode
from tests.world import SIDE, SOUTH, WEST

STEP = SIDE / 5
COLUMNS, ROWS = 15, 5


def lay_blocks() -> int:
    """Answers with the number of households in all."""
    node = NetworkNode.objects.create(number=1, location=Point(WEST, SOUTH, srid=4326))
    lines = [((WEST + k * STEP, SOUTH), (WEST + k * STEP, SOUTH + SIDE)) for k in range(COLUMNS + 1)]
    lines += [((WEST, SOUTH + k * STEP), (WEST + 3 * SIDE, SOUTH + k * STEP)) for k in range(ROWS + 1)]
    NetworkEdge.objects.bulk_create(
        NetworkEdge(
            number=number, tail=node, head=node, length_m=1, walk_s=1, highway="residential", osm_way=number,
            line=LineString(*line, srid=4326),
        )
        for number, line in enumerate(lines)
    )  # fmt: skip
    return lay_doors()


def lay_doors() -> int:
    """A door in the middle of every block; answers with the number of households in all."""
    doors = Address.objects.bulk_create(
        Address(
            code=f"D{i:02d}{j}", street="测试路", plate=f"{i}-{j}", households=20 + i % 3,
            location=Point(WEST + (i + 0.5) * STEP, SOUTH + (j + 0.5) * STEP, srid=4326),
        )
        for i in range(COLUMNS)
        for j in range(ROWS)
    )  # fmt: skip
    return sum(door.households for door in doors)
