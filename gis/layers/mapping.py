"""Which field of a layer means what: what a person says, else the names that such files use."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from gis.layers.model import Feature, LayerError

# Meaning -> names in files, lower case, the likeliest first. Chinese layers shorten to pinyin initials.
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "code": (
        "code", "grid_code", "area_code", "wgbm", "wgdm", "dm", "bm", "bgbm", "编码", "代码", "网格编码", "网格代码",
        "区划代码", "单元网格编码", "单元网格标识码", "bgid", "cid", "adcode", "xzqdm",
    ),
    "name": (
        "name", "name_zh", "wgmc", "mc", "名称", "网格名称", "区划名称", "单元网格名称", "bgname", "objname", "xzqmc",
    ),
    "name_en": ("name_en", "ywmc", "英文名", "英文名称"),
    "level": ("level", "级别", "层级"),
    "scheme": ("scheme", "编码方案"),
    "parent_code": (
        "parent_code", "under", "parent", "sjdm", "sjbm", "上级代码", "上级编码", "sqdm", "sqbm", "社区代码",
        "社区编码",
    ),
    "class_code": ("class_code", "cxfl", "城乡分类代码"),
    "kind": ("kind", "wglx", "网格类型"),
    "duty_phone": ("duty_phone", "zbdh", "值班电话"),
}  # fmt: skip


@dataclass(frozen=True)
class Mapping:
    """Field of the file by meaning; `rest` are fields that nothing is read from."""

    fields: dict[str, str] = field(default_factory=dict)
    rest: tuple[str, ...] = ()

    def text(self, feature: Feature, meaning: str) -> str:
        """The value as text, empty without one. A whole number from a table of floats has no decimals.

        >>> Mapping({"code": "DM"}).text(Feature(1, "fid 1", {"DM": 330281002.0}, None), "code")
        '330281002'
        """
        value = feature.attributes.get(self.fields.get(meaning, ""))
        if value is None:
            return ""
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            value = int(value)
        return str(value).strip()


def suggest_mapping(fields: Iterable[str]) -> Mapping:
    """The likeliest mapping by the names of the fields; each field is used once.

    >>> suggest_mapping(["WGBM", "WGMC", "AREA"]).fields
    {'code': 'WGBM', 'name': 'WGMC'}
    """
    left = {one.strip().lower(): one for one in fields}
    found: dict[str, str] = {}
    for meaning, names in NAMES.items():
        for name in names:
            if name in left:
                found[meaning] = left.pop(name)
                break
    return Mapping(found, tuple(left.values()))


def said_mapping(text: str, fields: Iterable[str]) -> Mapping:
    """The mapping that a person writes as `code=DM,name=MC`, beside what the names suggest.

    An empty right side takes a meaning away (`kind=`). Raises LayerError (bad_mapping).
    """
    known = list(fields)
    suggested = suggest_mapping(known).fields
    for part in filter(None, text.split(",")):
        meaning, _, name = (word.strip() for word in part.partition("="))
        if meaning not in NAMES:
            raise LayerError("bad_mapping", f"{meaning[:40]!r} is none of {', '.join(NAMES)}", field=meaning[:40])
        if name and name not in known:
            raise LayerError(
                "bad_mapping", f"the layer has no field {name[:60]!r}; it has {', '.join(known)[:300]}", field=meaning
            )
        suggested = {key: value for key, value in suggested.items() if key != meaning and value != name}
        if name:
            suggested[meaning] = name
    rest = tuple(one for one in known if one not in suggested.values())
    return Mapping(suggested, rest)
