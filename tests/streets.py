"""A walking network for the small world: streets every 0.0005° over all its grids, kept by the project's own tables."""

from django.contrib.gis.geos import LineString, Point

from backend.places.models import NetworkEdge, NetworkImport, NetworkNode
from gis.coordinates import geodesic_m
from tests.world import SIDE, SOUTH, WEST, World

STEP = 0.0005
COLUMNS, ROWS = 13, 13
WALK_MPS = 4 / 3.6


def lay_streets(world: World) -> NetworkImport:
    """Streets from the south-west corner of the world to 0.006° north and east of it."""
    spots = {
        (row, column): (round(WEST + column * STEP, 7), round(SOUTH + row * STEP, 7))
        for row in range(ROWS)
        for column in range(COLUMNS)
    }
    numbers = {key: number for number, key in enumerate(spots)}
    NetworkNode.objects.bulk_create(
        NetworkNode(number=numbers[key], location=Point(*at, srid=4326)) for key, at in spots.items()
    )
    ends = [(key, other) for key in spots for other in ((key[0], key[1] + 1), (key[0] + 1, key[1])) if other in spots]
    NetworkEdge.objects.bulk_create(
        _edge(number, numbers[a], numbers[b], spots[a], spots[b]) for number, (a, b) in enumerate(ends)
    )
    return NetworkImport.objects.create(source="tests", digest="0" * 64, imported_at=world.began)


def _edge(number: int, tail: int, head: int, a: tuple[float, float], b: tuple[float, float]) -> NetworkEdge:
    length_m = geodesic_m(a, b)
    return NetworkEdge(
        number=number,
        tail_id=tail,
        head_id=head,
        length_m=length_m,
        walk_s=length_m / WALK_MPS,
        ebike_s=None,
        ebike_back_s=None,
        highway="footway",
        name="",
        osm_way=number,
        line=LineString(a, b, srid=4326),
    )


def spot_in(world: World, grid: str, *, east: float = 0.5, north: float = 0.5) -> tuple[float, float]:
    """A point in a grid, by shares of its side from the south-west corner."""
    lon, lat = world.middle_of(grid)
    return round(lon + (east - 0.5) * SIDE, 7), round(lat + (north - 0.5) * SIDE, 7)
