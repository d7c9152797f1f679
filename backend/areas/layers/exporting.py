"""Boundaries and drafts as layers: every vertex as it is stored, names and codes as they are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from backend.accounts.actor import Actor
from backend.areas import access
from backend.areas.codes import SCHEMES
from backend.areas.errors import AreaNotFound, BadLayer
from backend.areas.models import Area, Boundary, DraftOutline
from backend.areas.shapes import shape_of, slim
from gis.layers import Feature, LayerError, Written, write_layer

# The same names as `import_areas` reads, so that what goes out comes in again.
FIELDS: Final = ("level", "scheme", "code", "parent_code", "name", "name_en", "class_code", "kind", "duty_phone")
LEVELS: Final = ("street", "community", "grid")


def boundaries_at(actor: Actor, *, at: datetime, level: str, within: str = "") -> list[Feature]:
    """Outlines of one level that hold at the moment, past or to come, in the actor's areas, by code.

    `within` is the code of an area, also of one that is closed by now. Raises AreaNotFound.
    """
    found = Boundary.objects.visible_to(actor).in_force(at).filter(area__level=level)
    if within:
        above = Area.objects.visible_to(actor).filter(code=within).first()
        if above is None:
            raise AreaNotFound("no such area in your areas", code=within)
        found = found.filter(area__path__startswith=above.path)
    rows = found.select_related("area__parent").order_by("area__code")
    return [_feature(number, row.area, row) for number, row in enumerate(rows, start=1)]


def division_outlines(actor: Actor, division_id: UUID) -> tuple[str, list[Feature]]:
    """Parent's code and the outlines of a draft, or of what was published. Raises DivisionNotFound."""
    division = access.get_division(actor, division_id)
    drawn = DraftOutline.objects.filter(division=division).select_related("under", "area").order_by("code")
    features = [_drawn(number, row, division.level) for number, row in enumerate(drawn, start=1)]
    if not features:
        held = division.boundaries.filter(area__level=division.level).select_related("area__parent")
        features = [_feature(number, row.area, row) for number, row in enumerate(held.order_by("area__code"), start=1)]
    return division.parent.code, features


def layer_file(features: Sequence[Feature], *, name: str, file_format: str, crs: str) -> Written:
    """The features as a file. Raises BadLayer for a format or a system that cannot be written, or no feature."""
    try:
        return write_layer(features, fields=FIELDS, name=name, file_format=file_format, crs=crs)
    except LayerError as error:
        field = "crs" if error.code.startswith("crs") else "file_format"
        raise BadLayer(error.detail, field=field, reason=error.code) from error


def _feature(number: int, area: Area, row: Boundary) -> Feature:
    texts = {name: getattr(area, name) for name in FIELDS if name != "parent_code"}
    texts |= {name: getattr(row, name) for name in ("name", "name_en", "kind")}
    attributes = texts | {"parent_code": area.parent.code if area.parent else ""}
    return Feature(number, area.code, attributes, slim(shape_of(row.outline)))


def _drawn(number: int, row: DraftOutline, level: str) -> Feature:
    texts = {name: getattr(row, name) for name in ("code", "name", "name_en", "kind")}
    more = {"scheme": SCHEMES[level], "class_code": "", "duty_phone": ""}
    if row.area is not None:
        more = {name: getattr(row.area, name) for name in more}
    return Feature(
        number, row.code, texts | more | {"level": level, "parent_code": row.under.code}, slim(shape_of(row.outline))
    )
