"""GeoJSON (RFC 7946): WGS84, 7 decimals, shells counter-clockwise."""

import json
from collections.abc import Sequence

from gis.formats import feature, feature_collection
from gis.layers.model import Feature
from gis.layers.reference import Reference


def write(features: Sequence[Feature], fields: list[str], name: str, reference: Reference) -> bytes:
    """Always WGS84: `reference` was checked to be."""
    drawn = [feature(one.shape, properties={field: one.attributes.get(field) for field in fields}) for one in features]
    whole = {"type": "FeatureCollection", "name": name, "features": feature_collection(drawn)["features"]}
    return json.dumps(whole, ensure_ascii=False).encode()
