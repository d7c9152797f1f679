"""Names of new areas that nobody has named: like those of their siblings, so that no two on a map are alike."""

import re

from backend.areas.models import Area

_ENDINGS = re.compile(r"(社区|村委会|居委会|街道|镇|乡|村)$")
_ENDINGS_EN = re.compile(r"\s+(Community|Village|Street|Town|Township)$", re.IGNORECASE)
_KINDS = {Area.Level.GRID.value: ("网格", "Grid"), Area.Level.COMMUNITY.value: ("社区", "Community")}


def new_name(under: Area, level: str, code: str) -> tuple[str, str]:
    """Chinese and English name of a new area of this level: (姚林第7网格, Yaolin Grid 7) beside 姚林第1网格.

    The pattern is that of the open sibling with the lowest code whose name holds the number of its code; without one,
    the name of the parent without its kind. The English name is empty where sibling or parent has none.
    """
    number = int(code[-3:]) if code[-3:].isdigit() else 0
    if not number:
        return code, ""
    siblings = Area.objects.filter(parent=under, level=level, closed_at=None).order_by("code")
    for sibling in siblings.only("code", "name", "name_en"):
        name = _renumbered(sibling.name, sibling.code, number)
        if name:
            return name, _renumbered(sibling.name_en, sibling.code, number)
    kind, kind_en = _KINDS[level]
    stem_en = _ENDINGS_EN.sub("", under.name_en)
    return f"{_ENDINGS.sub('', under.name)}第{number}{kind}", f"{stem_en} {kind_en} {number}" if stem_en else ""


def _renumbered(name: str, code: str, number: int) -> str:
    """The name with another number in place of that of its code; empty where the name holds it not exactly once."""
    old = int(code[-3:]) if code[-3:].isdigit() else 0
    found = [one for one in re.finditer(r"\d+", name) if int(one.group()) == old]
    if len(found) != 1 or not old:
        return ""
    width = len(found[0].group()) if found[0].group().startswith("0") else 0
    return f"{name[: found[0].start()]}{number:0{width}d}{name[found[0].end() :]}"
