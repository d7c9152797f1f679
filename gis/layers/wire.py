"""A layer as JSON between the reading process and ours: numbers, texts and well-known bytes, nothing that runs."""

import base64
import json
from dataclasses import asdict
from typing import Any

import shapely
from shapely import MultiPolygon, Polygon

from gis.layers.model import Fault, Feature, Format, Layer, LayerError, Limits, Note, Shape, Wish


def told(wish: Wish, limits: Limits, name: str) -> str:
    return json.dumps({"wish": asdict(wish), "limits": asdict(limits), "name": name})


def heard(line: str) -> tuple[Wish, Limits, str]:
    said = json.loads(line)
    near = said["wish"].pop("near")
    return Wish(**said["wish"], near=tuple(near) if near else None), Limits(**said["limits"]), said["name"]


def packed(layer: Layer) -> bytes:
    body = {
        **{name: getattr(layer, name) for name in ("name", "format", "crs", "fields", "encoding", "layers", "rows")},
        "features": [
            [
                one.row, one.place, one.attributes,
                None if one.shape is None else base64.b64encode(shapely.to_wkb(one.shape)).decode(),
            ]
            for one in layer.features
        ],
        "faults": [asdict(fault) for fault in layer.faults],
        "notes": [asdict(note) for note in layer.notes],
    }  # fmt: skip
    return json.dumps(body).encode()


def packed_error(error: LayerError) -> bytes:
    return json.dumps({"refused": error.code, "detail": error.detail, "facts": error.facts}).encode()


def unpacked(content: bytes) -> Layer:
    """Raises the LayerError that was packed."""
    body: dict[str, Any] = json.loads(content)
    if "refused" in body:
        raise LayerError(body["refused"], body["detail"], **body["facts"])
    return Layer(
        name=body["name"], format=Format(body["format"]), crs=body["crs"], fields=tuple(body["fields"]),
        features=tuple(
            Feature(row, place, attributes, None if wkb is None else _shape(wkb))
            for row, place, attributes, wkb in body["features"]
        ),
        faults=tuple(_fault(**fault) for fault in body["faults"]),
        notes=tuple(Note(**note) for note in body["notes"]),
        encoding=body["encoding"], layers=tuple(body["layers"]), rows=body["rows"],
    )  # fmt: skip


def _shape(text: str) -> Shape:
    shape = shapely.from_wkb(base64.b64decode(text))
    if not isinstance(shape, Polygon | MultiPolygon):
        raise TypeError(f"a {shape.geom_type} where only polygons are sent")
    return shape


def _fault(*, spot: list[float] | None, **more: Any) -> Fault:
    return Fault(**more, spot=(spot[0], spot[1]) if spot else None)
