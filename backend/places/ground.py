"""The ground as imported: which extract is in force, and how far it reaches."""

from django.db import connection

from backend.places.models import NetworkImport


def stamp() -> str:
    """Version of walking network and base map: changes with every import."""
    newest = NetworkImport.objects.order_by("-pk").values_list("pk", "digest").first()
    return f"{newest[0]}-{newest[1][:12]}" if newest else "none"


def extent() -> tuple[float, float, float, float] | None:
    """West, south, east, north of the base map in WGS84 degrees; None when nothing is imported."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM (SELECT ST_Transform("
            "ST_SetSRID(ST_Extent(shape)::geometry, 3857), 4326) AS box FROM places_basefeature) AS whole"
        )
        row = cursor.fetchone()
    return None if row is None or row[0] is None else (row[0], row[1], row[2], row[3])
