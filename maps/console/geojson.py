"""Feature collections for the map: one SQL statement, a limit, no personal field."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.gis.db.models.functions import AsGeoJSON
from django.db.models import F

from backend.accounts.actor import Actor
from backend.cases import queries as cases
from backend.cases.queries import CaseFilter

MEDIA_TYPE = "application/geo+json"
FEATURES_MOST = 10_000


def case_features(actor: Actor, wanted: CaseFilter, *, now: datetime) -> str:
    """GeoJSON text of the cases that the actor may see and the filter finds, newest first, at most FEATURES_MOST."""
    rows = (
        cases.cases_in(actor, wanted, now=now)
        .annotate(point=AsGeoJSON("location", precision=7), name_zh=F("matter__name_zh"), name_en=F("matter__name_en"))
        .order_by("-reported_at")
        .values(
            "id",
            "number",
            "state",
            "point",
            "name_zh",
            "name_en",
            "due_at",
            "limit_amount",
            "limit_unit",
            "grid__code",
            "escalated_at",
        )[:FEATURES_MOST]
    )
    features = [_feature(row, now) for row in rows]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":"))


def _feature(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    due: datetime | None = row["due_at"]
    return {
        "type": "Feature",
        "id": str(row["id"]),
        "geometry": json.loads(row["point"]),
        "properties": {
            "id": str(row["id"]),
            "number": row["number"],
            "state": row["state"],
            "matter_zh": row["name_zh"],
            "matter_en": row["name_en"] or row["name_zh"],
            "lamp": cases.lamp_at(
                state=row["state"], due_at=due, amount=row["limit_amount"], unit=row["limit_unit"], now=now
            ),
            "due_at": due.isoformat() if due else None,
            "grid": row["grid__code"],
            "escalated": row["escalated_at"] is not None,
        },
    }
