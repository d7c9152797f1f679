"""From the rows of a layer to areas: what is mapped is taken, level, scheme and parent may follow from the code."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from backend.areas.models import Area
from gis.layers import Fault, Feature, Layer, Mapping
from gis.outlines import Shape

LEVELS: Final = tuple(level.value for level in Area.Level)
OUTLINED: Final = (Area.Level.STREET.value, Area.Level.COMMUNITY.value, Area.Level.GRID.value)
SCHEMES: Final = {"stats12": (4, 6, 9, 12), "grid15": (15,)}
KINDS: Final = ("", "base", "dedicated")
LONGEST: Final = {"name": 80, "name_en": 120, "class_code": 3, "duty_phone": 30}
# Digits of a code -> level, and digits of the parent's code.
_BY_DIGITS: Final = {4: ("city", 0), 6: ("county", 4), 9: ("street", 6), 12: ("community", 9), 15: ("grid", 12)}


@dataclass
class AreaRow:
    """One area as a layer tells it."""

    row: int
    place: str
    level: str
    scheme: str
    code: str
    parent_code: str
    texts: dict[str, str]
    kind: str
    shape: Shape | None


def area_rows(layer: Layer, mapping: Mapping, *, level: str = "") -> tuple[list[AreaRow], list[Fault]]:
    """Good rows and what is wrong with the others; `level` is that of rows that do not name their own."""
    rows: list[AreaRow] = []
    faults: list[Fault] = []
    for feature in layer.features:
        row = _area_row(feature, mapping, level)
        found = _faults(row)
        faults += found
        if not found:
            rows.append(row)
    return rows, faults + doubled(rows)


def doubled(rows: list[AreaRow]) -> list[Fault]:
    """A fault for each row whose code stood in an earlier one."""
    faults: list[Fault] = []
    for code, count in Counter(row.code for row in rows).items():
        if count > 1:
            same = [row for row in rows if row.code == code]
            faults += [
                Fault(row.row, row.place, "code_twice", f"{code} stands in row {same[0].row} too", "code")
                for row in same[1:]
            ]
    return faults


def _area_row(feature: Feature, mapping: Mapping, level: str) -> AreaRow:
    code = mapping.text(feature, "code")
    level_by_code, parent_digits = _BY_DIGITS.get(len(code), ("", 0))
    scheme = "grid15" if len(code) == 15 else "stats12"
    return AreaRow(
        row=feature.row,
        place=feature.place,
        level=mapping.text(feature, "level") or level_by_code or level,
        scheme=mapping.text(feature, "scheme") or scheme,
        code=code,
        parent_code=mapping.text(feature, "parent_code") or code[:parent_digits],
        texts={name: mapping.text(feature, name) for name in LONGEST},
        kind=mapping.text(feature, "kind"),
        shape=feature.shape,
    )


def _faults(row: AreaRow) -> list[Fault]:
    found: list[Fault] = []

    def refuse(field: str, code: str, detail: str) -> None:
        found.append(Fault(row.row, row.place, code, detail, field))

    if row.level not in LEVELS:
        refuse("level", "bad_level", f"{row.level!r} is none of {', '.join(LEVELS)}")
    if row.scheme not in SCHEMES:
        refuse("scheme", "bad_scheme", f"{row.scheme!r} is none of {', '.join(SCHEMES)}")
    elif not row.code.isdecimal() or not row.code.isascii() or len(row.code) not in SCHEMES[row.scheme]:
        refuse("code", "bad_code", f"{row.code!r} has not the digits of {row.scheme}")
    if row.level != Area.Level.CITY and not row.code.startswith(row.parent_code or "?"):
        detail = f"{row.code} does not begin with the parent's code {row.parent_code!r}"
        refuse("parent_code", "bad_parent", detail)
    if not row.texts["name"]:
        refuse("name", "no_name", "is empty")
    for name, most in LONGEST.items():
        if len(row.texts[name]) > most:
            refuse(name, "too_long", f"has {len(row.texts[name])} characters, {most} are possible")
    if row.kind not in KINDS:
        refuse("kind", "bad_kind", f"{row.kind!r} is none of base, dedicated")
    if row.shape is None and row.level in OUTLINED:
        refuse("geometry", "no_outline", f"a {row.level} needs an outline")
    return found
