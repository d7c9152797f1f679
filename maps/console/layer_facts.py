"""How a layer file is told before a draft is made of it."""

from typing import Any, Final

from backend.areas.layers.drafting import Ground, fault_facts
from backend.areas.layers.uploads import Upload, shown_shapes
from gis.formats import feature, feature_collection, geometry_json

FAULTS_SHOWN: Final = 200
VALUES_SHOWN: Final = 3
# What a draft can take from a file; the other meanings are for `import_areas`.
MEANINGS: Final = ("code", "name", "name_en", "parent_code", "kind")


def preview_facts(upload: Upload, ground: Ground) -> dict[str, Any]:
    layer, mapping, found = upload.layer, upload.mapping, upload.found
    meaning_of = {name: meaning for meaning, name in mapping.fields.items() if meaning in MEANINGS}
    bad = {fault.row for fault in found.faults}
    shapes, is_thinned = shown_shapes(layer)
    good = [one for one in layer.features if one.row in shapes and one.row not in bad]
    return {
        "name": layer.name, "file_format": layer.format.value, "crs": layer.crs, "encoding": layer.encoding,
        "layers": list(layer.layers), "rows": layer.rows, "usable": len(found.drawn),
        "columns": [
            {"name": name, "meaning": meaning_of.get(name, ""), "values": _values(upload, name)}
            for name in layer.fields
        ],
        "meanings": list(MEANINGS),
        "fault_count": len(found.faults),
        "faults": [fault_facts(fault) for fault in found.faults[:FAULTS_SHOWN]],
        "notes": [
            {"code": note.code, "detail": note.detail, "count": note.count, "place": note.place} for note in found.notes
        ],
        "features": feature_collection(
            feature(
                shapes[one.row], feature_id=one.row,
                properties={"row": one.row, "code": mapping.text(one, "code"), "name": mapping.text(one, "name")},
            )
            for one in good
        ),
        "ground": None if ground.outline is None else geometry_json(ground.outline),
        "is_thinned": is_thinned,
    }  # fmt: skip


def _values(upload: Upload, name: str) -> list[str]:
    found = (one.attributes.get(name) for one in upload.layer.features[:VALUES_SHOWN])
    return ["" if value is None else str(value)[:80] for value in found]
