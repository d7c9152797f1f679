"""How divisions, drafts and impacts are told."""

import json
from collections.abc import Iterable
from typing import Any

import shapely

from backend.areas.queries import DivisionDrawn, DivisionLine
from backend.inspections.impact import Impact, Pair


def geojson(shape: Any) -> dict[str, Any]:
    drawn: dict[str, Any] = json.loads(shapely.to_geojson(shape))
    return drawn


def collection(features: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def _area(area: Any) -> dict[str, Any] | None:
    return None if area is None else {"code": area.code, "name": area.name, "name_en": area.name_en}


def row_facts(line: DivisionLine) -> dict[str, Any]:
    division = line.division
    names = (
        "name", "level", "state", "version", "source", "created_at", "edited_at", "published_at", "effective_at",
        "switched_at", "undone_at", "moved",
    )  # fmt: skip
    return {
        "id": division.pk,
        "parent": _area(division.parent),
        "outlines": line.outlines,
        "is_scheduled": line.is_scheduled,
        "is_undo": division.undoes_id is not None,
        **{name: getattr(division, name) for name in names},
    }


def detail_facts(drawn: DivisionDrawn) -> dict[str, Any]:
    features = [
        {
            "type": "Feature",
            "id": one.code,
            "geometry": geojson(one.shape),
            "properties": {
                "code": one.code, "name": one.name, "name_en": one.name_en, "kind": one.kind, "under": one.under,
                "is_new": one.is_new, "area_m2": one.area_m2, "label": one.label,
            },
        }
        for one in drawn.outlines
    ]  # fmt: skip
    return {
        **row_facts(drawn.line),
        "report": drawn.line.division.report or None,
        "features": collection(features),
        "ground": geojson(drawn.ground) if drawn.ground is not None else None,
        "unders": [_area(area) for area in drawn.unders],
        "lineage": [
            {"old": _area(one.old), "new": _area(one.new), "kind": one.kind, "shared_m2": one.shared_m2}
            for one in drawn.lineage
        ],
    }


def impact_facts(impact: Impact, *, version: int) -> dict[str, Any]:
    def named(code: str) -> dict[str, str] | None:
        zh, en = impact.names.get(code, (code, ""))
        return {"code": code, "name": zh, "name_en": en} if code else None

    def facts(pair: Pair) -> dict[str, Any]:
        return {
            "old": named(pair.old_code), "new": named(pair.new_code), "kind": pair.kind, "is_moved": pair.is_moved,
            "shared_m2": pair.shared_m2, "counts": pair.counts,
        }  # fmt: skip

    moved = [pair for pair in impact.pairs if pair.ground is not None]
    return {
        "version": version,
        "totals": impact.totals,
        "pairs": [facts(pair) for pair in impact.pairs],
        "named": [one.facts() for one in impact.named],
        "features": collection(
            {
                "type": "Feature",
                "geometry": geojson(pair.ground),
                "properties": {"old": pair.old_code, "new": pair.new_code, "kind": pair.kind, **pair.counts},
            }
            for pair in moved
        ),
    }
