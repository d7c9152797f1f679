"""What every form of a coverage map says: title, facts, legend, each grid and each place in words of one language."""

import json
from datetime import datetime
from typing import Any, Final

import shapely

from backend.core.clock import LOCAL
from backend.core.workbooks import Column, Sheet, write_workbook
from backend.stats.coverage import CoverageFacts, GridLine, PlaceSpot
from gis.formats import feature, feature_collection

WALKED: Final = "#15803d"
NOT_WALKED: Final = "#c2410c"
OVERDUE: Final = "#7e22ce"
UNSEEN: Final = "#1d4ed8"
# Share of the streets walked: under 25, 50, 75 %, and from there on.
STEPS: Final = ((0.25, "#f3d9b1"), (0.5, "#e8e3b0"), (0.75, "#c5dfae"), (2.0, "#94c99a"))
WORDS: Final = {
    "zh": {
        "title": "巡查覆盖图", "period": "{since} 至 {until}", "walked": "已走街道", "not_walked": "未走街道",
        "overdue": "走访逾期", "unseen": "{n} 天以上未走访", "grid": "网格", "community": "社区",
        "street_m": "街道（米）",
        "walked_m": "已走（米）", "street_share": "街道覆盖", "ground_share": "面积覆盖", "places": "走访对象",
        "unseen_n": "{n} 天未走访", "overdue_n": "逾期", "all": "合计", "grids": "网格覆盖", "spots": "待走访对象",
        "name": "名称", "unseen_days": "未走访天数", "overdue_days": "逾期天数", "never": "从未",
        "lon": "经度", "lat": "纬度",
        "share": "街道覆盖 {from_} 至 {to}", "made": "{at} 生成",
        "rule": "距巡查轨迹 25 米以内算已覆盖，不分由谁、走过几次。居民住户只计数，不上图、不列名。"
        "走访情况截至生成之时。",
        "gone": "这一时段有 {n} 次巡查的轨迹已按期删除，未计入。", "none": "这一时段没有巡查轨迹。",
        "shares_only": "本图只给出各网格覆盖比例，不画街道。", "more": "另有 {n} 处只画在图上。",
    },
    "en": {
        "title": "Coverage", "period": "{since} to {until}", "walked": "streets walked", "not_walked": "not walked",
        "overdue": "duty overdue", "unseen": "not looked at for {n} days", "grid": "Grid", "community": "Community",
        "street_m": "Streets (m)", "walked_m": "Walked (m)", "street_share": "Of streets", "ground_share": "Of ground",
        "places": "Places", "unseen_n": "Unseen {n} d", "overdue_n": "Overdue", "all": "In all",
        "grids": "Coverage of grids", "spots": "Places that wait", "name": "Name", "unseen_days": "Days unseen",
        "overdue_days": "Days overdue", "never": "never", "lon": "Longitude", "lat": "Latitude",
        "share": "{from_} to {to} of streets walked", "made": "made {at}",
        "rule": "Within 25 m of a patrol counts as covered, by whomever and however often. Homes are counted, "
        "never shown or named. Visits are as of when the map was made.",
        "gone": "{n} patrols of these weeks are left out: their tracks are deleted by now.",
        "none": "No patrol was recorded in these weeks.",
        "shares_only": "This map gives the shares of grids; it draws no streets.",
        "more": "{n} more are on the map alone.",
    },
}  # fmt: skip
LISTED: Final = 120
GRID_COLUMNS: Final = (
    ("community", 18), ("grid", 20), ("street_m", 12), ("walked_m", 12), ("street_share", 12), ("ground_share", 12),
    ("places", 10), ("unseen_n", 14), ("overdue_n", 10),
)  # fmt: skip
SPOT_COLUMNS: Final = (("name", 34), ("grid", 20), ("unseen_days", 14), ("overdue_days", 14))


def words_of(language: str) -> dict[str, Any]:
    return dict(WORDS[language])


def named(thing: Any, language: str) -> str:
    return str(thing.name_en if language == "en" and thing.name_en else thing.name)


def title_of(facts: CoverageFacts, language: str) -> str:
    area = facts.area_name_en if language == "en" and facts.area_name_en else facts.area_name
    return f"{WORDS[language]['title']} · {area}"


def made_text(facts: CoverageFacts, language: str) -> str:
    at = datetime.fromisoformat(facts.made_at).astimezone(LOCAL)
    return str(words_of(language)["made"]).format(at=f"{at:%Y-%m-%d %H:%M}")


def lines_of(facts: CoverageFacts, language: str) -> list[str]:
    """The period with the figures of the whole, and what has to be known to read them."""
    words = words_of(language)
    told = [words["period"].format(since=facts.since, until=facts.until)]
    if facts.street_m:
        share = percent(facts.walked_m / facts.street_m)
        told.append(f"{words['street_share']} {share} ({facts.walked_m / 1000:.1f} / {facts.street_m / 1000:.1f} km)")
    told.append(f"{words['ground_share']} {percent(facts.ground_share)}")
    return told


def remarks_of(facts: CoverageFacts, language: str) -> list[str]:
    words = words_of(language)
    told = [words["none"]] if not facts.patrols else []
    if facts.patrols_gone:
        told.append(words["gone"].format(n=facts.patrols_gone))
    if facts.walked is None:
        told.append(words["shares_only"])
    return [*told, words["rule"]]


def head_of(facts: CoverageFacts, language: str, columns: tuple[tuple[str, int], ...]) -> list[str]:
    words = words_of(language)
    return [str(words[name]).format(n=facts.unseen_days) for name, _ in columns]


def legend_of(facts: CoverageFacts, language: str) -> list[tuple[str, str]]:
    words = words_of(language)
    lines = [(WALKED, words["walked"]), (NOT_WALKED, words["not_walked"])]
    if facts.walked is None:
        edges = [0.0, *(edge for edge, _ in STEPS[:-1]), 1.0]
        lines = [
            (colour, words["share"].format(from_=percent(edges[number]), to=percent(edges[number + 1])))
            for number, (_, colour) in enumerate(STEPS)
        ]
    return [*lines, (OVERDUE, words["overdue"]), (UNSEEN, words["unseen"].format(n=facts.unseen_days))]


def colour_of(grid: GridLine) -> str:
    """Of a grid by its share of streets walked; the last step where it has no street."""
    share = 1.0 if grid.street_share is None else grid.street_share
    return next(colour for edge, colour in STEPS if share < edge)


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.0f} %"


def grid_row(grid: GridLine, language: str) -> dict[str, str]:
    community = grid.community_en if language == "en" and grid.community_en else grid.community
    return {
        "community": community,
        "grid": named(grid, language),
        "street_m": str(round(grid.street_m)),
        "walked_m": str(round(grid.walked_m)),
        "street_share": percent(grid.street_share),
        "ground_share": percent(grid.ground_share),
        "places": str(grid.places),
        "unseen_n": str(grid.unseen),
        "overdue_n": str(grid.overdue),
    }


def spot_row(spot: PlaceSpot, grids: dict[str, str], language: str) -> dict[str, str]:
    return {
        "name": named(spot, language),
        "grid": grids.get(spot.grid, spot.grid),
        "unseen_days": words_of(language)["never"] if spot.unseen_days is None else str(spot.unseen_days),
        "overdue_days": str(spot.overdue_days) if spot.overdue_days else "",
        "lon": f"{spot.lon:.6f}",
        "lat": f"{spot.lat:.6f}",
    }


def coverage_book(facts: CoverageFacts, *, language: str) -> bytes:
    """XLSX: a sheet of the grids and one of the places that wait."""
    words = words_of(language)
    grid_names = {grid.code: named(grid, language) for grid in facts.grids}
    spot_columns = (*SPOT_COLUMNS, ("lon", 14), ("lat", 14))
    sheets = []
    for title, columns, rows in (
        (words["grids"], GRID_COLUMNS, [grid_row(grid, language) for grid in facts.grids]),
        (words["spots"], spot_columns, [spot_row(spot, grid_names, language) for spot in facts.places]),
    ):
        head = head_of(facts, language, columns)
        shown = [Column(name, text, width=width) for (name, width), text in zip(columns, head, strict=True)]
        sheets.append(Sheet(title, (), shown, rows))
    return write_workbook(sheets)


def coverage_geojson(facts: CoverageFacts) -> str:
    """`kind` says what a feature is: grid, walked, not_walked, place."""
    features = []
    for grid in facts.grids:
        said = {
            "kind": "grid", "code": grid.code, "name": grid.name, "street_m": grid.street_m, "walked_m": grid.walked_m,
            "street_share": grid.street_share, "ground_share": grid.ground_share, "places": grid.places,
            "unseen": grid.unseen, "overdue": grid.overdue,
        }  # fmt: skip
        shape = shapely.MultiPolygon([shapely.Polygon(ring) for ring in grid.outline])
        features.append(feature(shape, properties=said))
    for kind, lines in (("walked", facts.walked), ("not_walked", facts.not_walked)):
        if lines:
            features.append(feature(shapely.MultiLineString(lines), properties={"kind": kind}))
    for spot in facts.places:
        said = {
            "kind": "place", "name": spot.name, "grid": spot.grid, "unseen_days": spot.unseen_days,
            "overdue_days": spot.overdue_days,
        }  # fmt: skip
        features.append(feature(shapely.Point(spot.lon, spot.lat), properties=said))
    head = {"area": facts.area_code, "since": facts.since, "until": facts.until, "made_at": facts.made_at}
    return json.dumps({**feature_collection(features), "gridward": head}, ensure_ascii=False, separators=(",", ":"))
