"""What every form of a hot-spot map says: title, facts, legend and each cell in words of one language."""

import json
from datetime import date, timedelta
from typing import Any, Final

from backend.core.clock import LOCAL
from backend.core.workbooks import Column, Sheet, write_workbook
from backend.stats.hotspots import LEAST, HotCell, HotspotMap
from gis.formats import feature, feature_collection

# Cells that are told but not hot, then hot with 90, 95 and 99 % confidence: one colour, darker and denser.
COLOURS: Final = ("#f3d9b1", "#f4a261", "#dd5f32", "#9b1c1c")
WORDS: Final = {
    "zh": {
        "title": "事项热点图", "period": "{since} 至 {until} 上报", "matter": "事项：{name}", "channel": "渠道：{name}",
        "all_matters": "全部事项", "all_channels": "全部渠道", "cells": "六边形宽 {m} 米，共 {n} 格",
        "levels": ("未见聚集", "聚集（90% 置信）", "聚集（95% 置信）", "聚集（99% 置信）"),
        "rule": "不足 {least} 件或仅有 1 至 {most} 户的格子不显示数量，也不与空白格子区分，以免指向某一户。",
        "method": "聚集由 Getis-Ord Gi* 局部统计量判定（本格与相邻六格），并按 Benjamini-Hochberg 控制误报率。",
        "none": "这一时段没有可以显示的格子。", "no": "序", "grid": "网格", "community": "社区", "cases": "件数",
        "level": "聚集程度", "hidden": "未显示", "outside": "网格边缘", "more": "另有 {n} 格只画在图上。",
        "sheet": "热点", "lon": "中心经度", "lat": "中心纬度", "made": "{at} 生成",
    },
    "en": {
        "title": "Hot spots of cases", "period": "reported {since} to {until}", "matter": "Matter: {name}",
        "channel": "Channel: {name}", "all_matters": "all matters", "all_channels": "all channels",
        "cells": "hexagons {m} m across, {n} in all",
        "levels": ("no cluster", "cluster (90 % sure)", "cluster (95 % sure)", "cluster (99 % sure)"),
        "rule": "Cells with fewer than {least} cases, or 1 to {most} households, tell no number and look like empty "
        "ones, so that none points at a home.",
        "method": "Clusters by the local statistic Getis-Ord Gi* (a cell with its six neighbours), false alarms held "
        "down after Benjamini and Hochberg.",
        "none": "No cell of this period can be shown.", "no": "No.", "grid": "Grid", "community": "Community",
        "cases": "Cases", "level": "Cluster", "hidden": "not told", "outside": "edge of the grids",
        "more": "{n} more cells are on the map alone.", "sheet": "Hot spots", "lon": "Longitude of the middle",
        "lat": "Latitude of the middle", "made": "made {at}",
    },
}  # fmt: skip
_CHANNELS: Final = {
    "zh": {
        "resident_web": "居民网页", "worker": "网格员", "counter": "窗口", "hotline": "热线", "import": "导入",
        "open311": "Open311",
    },
    "en": {
        "resident_web": "resident's page", "worker": "grid worker", "counter": "counter", "hotline": "hotline",
        "import": "import", "open311": "Open311",
    },
}  # fmt: skip
# Rows of the list below the map; the workbook has them all.
LISTED: Final = 60


def named(thing: Any, language: str) -> str:
    """The name of an area in the asked language, Chinese where it has no other."""
    return str(thing.name_en if language == "en" and thing.name_en else thing.name)


def last_day(found: HotspotMap) -> date:
    return (found.until - timedelta(microseconds=1)).astimezone(LOCAL).date()


def title_of(found: HotspotMap, language: str) -> str:
    return f"{WORDS[language]['title']} · {named(found.ground.area, language)}"


def facts_of(found: HotspotMap, language: str) -> list[str]:
    """What was asked for and how it was made, in short lines."""
    words: Any = WORDS[language]
    matter = words["all_matters"]
    if found.matter is not None:
        zh, en = found.matter.name_zh, found.matter.name_en
        matter = words["matter"].format(name=en if language == "en" and en else zh)
    channel = words["all_channels"]
    if found.channel:
        channel = words["channel"].format(name=_CHANNELS[language][found.channel])
    since = found.since.astimezone(LOCAL).date()
    return [
        words["period"].format(since=since, until=last_day(found)),
        matter,
        channel,
        words["cells"].format(m=found.cell_m, n=found.looked_at),
    ]


def rules_of(language: str) -> list[str]:
    words: Any = WORDS[language]
    return [words["method"], words["rule"].format(least=LEAST, most=LEAST - 1)]


def row_of(number: int, cell: HotCell, language: str) -> dict[str, str]:
    """One cell in words, by the names of the columns."""
    words: Any = WORDS[language]
    community = cell.grid.parent if cell.grid else None
    return {
        "no": str(number),
        "community": named(community, language) if community else "",
        "grid": named(cell.grid, language) if cell.grid else words["outside"],
        "cases": words["hidden"] if cell.cases is None else str(cell.cases),
        "level": words["levels"][cell.level],
        "lon": f"{cell.shape.centroid.x:.6f}",
        "lat": f"{cell.shape.centroid.y:.6f}",
    }


def hotspot_book(found: HotspotMap, *, language: str) -> bytes:
    """XLSX with a row for each cell that is told."""
    words: Any = WORDS[language]
    widths = (("no", 6), ("community", 20), ("grid", 20), ("cases", 10), ("level", 20), ("lon", 16), ("lat", 16))
    columns = [Column(name, words[name], width=width) for name, width in widths]
    rows = [row_of(number, cell, language) for number, cell in enumerate(found.cells, start=1)]
    return write_workbook([Sheet(words["sheet"], (), columns, rows)])


def hotspot_geojson(found: HotspotMap) -> str:
    """A polygon for each cell that is told: `cases` null where only its cluster is, `level` 0 to 3, `grid` a code."""
    features = [
        feature(
            cell.shape,
            properties={"cases": cell.cases, "level": cell.level, "grid": cell.grid.code if cell.grid else None},
        )
        for cell in found.cells
    ]
    said = {
        "area": found.ground.area.code,
        "since": str(found.since.astimezone(LOCAL).date()),
        "until": str(last_day(found)),
        "matter": found.matter.code if found.matter else None,
        "channel": found.channel or None,
        "cell_m": found.cell_m,
        "least": LEAST,
    }
    return json.dumps({**feature_collection(features), "gridward": said}, ensure_ascii=False, separators=(",", ":"))
