"""The coverage map as a page that opens without internet, and on paper."""

from html import escape
from typing import Final

import folium

from backend.places import drawing
from backend.stats.coverage import CoverageFacts, PlaceSpot
from maps.reports import area_map
from maps.reports.coverage_words import (
    GRID_COLUMNS,
    LISTED,
    NOT_WALKED,
    OVERDUE,
    SPOT_COLUMNS,
    UNSEEN,
    WALKED,
    colour_of,
    grid_row,
    head_of,
    legend_of,
    lines_of,
    made_text,
    named,
    remarks_of,
    spot_row,
    title_of,
    words_of,
)
from maps.reports.page import Page, safe
from maps.reports.paper import Box, Frame, Paper

_GRID_WIDTHS: Final = (26, 32, 19, 19, 19, 19, 17, 20, 15)
_SPOT_WIDTHS: Final = (80, 46, 30, 30)


def coverage_sheet(facts: CoverageFacts, *, language: str) -> str:
    """HTML text of the map, in `zh` or `en`."""
    box = _box_of(facts)
    page = Page(title=title_of(facts, language), bounds=box, style=area_map.STYLE, below=_below(facts, language))
    page.add_ground(drawing.features_in(area_map.widened(box), buildings=area_map.is_near(box)))
    _add_grids(page, facts, language)
    _add_streets(page, facts)
    for spot in facts.places:
        _add_spot(page, spot, language)
    area_map.add_legend(page, legend_of(facts, language))
    return page.html_text()


def _box_of(facts: CoverageFacts) -> Box:
    places = [place for grid in facts.grids for ring in grid.outline for place in ring]
    lons, lats = [place[0] for place in places], [place[1] for place in places]
    return area_map.with_margin((min(lons), min(lats), max(lons), max(lats)))


def _add_grids(page: Page, facts: CoverageFacts, language: str) -> None:
    head = head_of(facts, language, GRID_COLUMNS)
    for grid in facts.grids:
        row = grid_row(grid, language)
        told = [
            f"{safe(text)} {safe(row[name])}"
            for (name, _), text in zip(GRID_COLUMNS, head, strict=True)
            if name not in ("community", "grid", "street_m", "walked_m")
        ]
        for ring in grid.outline:
            folium.Polygon(
                [(lat, lon) for lon, lat in ring], color="#334155", weight=1.2, dash_array="5 4", fill=True,
                fill_color=colour_of(grid), fill_opacity=0.5 if facts.walked is None else 0.0,
                tooltip=folium.Tooltip(f"<b>{safe(row['grid'])}</b><br>{'<br>'.join(told)}", sticky=True),
            ).add_to(page)  # fmt: skip


def _add_streets(page: Page, facts: CoverageFacts) -> None:
    for lines, colour, weight in ((facts.not_walked, NOT_WALKED, 2.4), (facts.walked, WALKED, 3.2)):
        if lines:
            ways = [[(lat, lon) for lon, lat in line] for line in lines]
            folium.PolyLine(ways, color=colour, weight=weight, opacity=0.85, interactive=False).add_to(page)  # type: ignore[no-untyped-call]


def _add_spot(page: Page, spot: PlaceSpot, language: str) -> None:
    words = words_of(language)
    row = spot_row(spot, {}, language)
    told = f"<b>{safe(row['name'])}</b><br>{safe(words['unseen_days'])} {safe(row['unseen_days'])}"
    if row["overdue_days"]:
        told += f"<br>{safe(words['overdue_days'])} {safe(row['overdue_days'])}"
    folium.CircleMarker(
        (spot.lat, spot.lon), radius=5, color="#fff", weight=1.2, fill=True,
        fill_color=OVERDUE if spot.overdue_days else UNSEEN, fill_opacity=0.95, tooltip=folium.Tooltip(told),
    ).add_to(page)  # fmt: skip


def _grid_rows(facts: CoverageFacts, language: str) -> list[list[str]]:
    rows = [grid_row(grid, language) for grid in facts.grids]
    return [[row[name] for name, _ in GRID_COLUMNS] for row in rows]


def _spot_rows(facts: CoverageFacts, language: str) -> list[list[str]]:
    grids = {grid.code: named(grid, language) for grid in facts.grids}
    rows = [spot_row(spot, grids, language) for spot in facts.places[:LISTED]]
    return [[row[name] for name, _ in SPOT_COLUMNS] for row in rows]


def _below(facts: CoverageFacts, language: str) -> str:
    words = words_of(language)
    parts = [
        f"<h1>{escape(title_of(facts, language))}</h1>",
        f"<p>{escape(' · '.join(lines_of(facts, language)))}</p>",
        f"<p>{escape(made_text(facts, language))}</p>",
        *(f"<p class='rule'>{escape(text)}</p>" for text in remarks_of(facts, language)),
        f"<h2>{escape(words['grids'])}</h2>",
        area_map.table(head_of(facts, language, GRID_COLUMNS), _grid_rows(facts, language)),
    ]
    if facts.places:
        parts.append(f"<h2>{escape(words['spots'])}</h2>")
        parts.append(area_map.table(head_of(facts, language, SPOT_COLUMNS), _spot_rows(facts, language)))
    if len(facts.places) > LISTED:
        parts.append(f"<p>{escape(words['more'].format(n=len(facts.places) - LISTED))}</p>")
    return "".join(parts)


def coverage_pdf(facts: CoverageFacts, *, language: str) -> bytes:
    """A4 pages: the map with its legend, the grids and the places that wait below. Raises NoFont."""
    words = words_of(language)
    paper = Paper(title=title_of(facts, language), footer_text=made_text(facts, language), language=language)
    paper.add_page()
    paper.words(title_of(facts, language), size=15)
    paper.words(" · ".join(lines_of(facts, language)), size=9, quiet=True)
    frame = Frame(paper, _box_of(facts), top=paper.get_y() + 2)
    frame.ground(drawing.features_in(frame.box, buildings=area_map.is_near(frame.box)))
    for grid in facts.grids:
        if facts.walked is None:
            with paper.local_context(fill_opacity=0.55):
                frame.areas(grid.outline, fill=colour_of(grid))
        frame.lines(grid.outline, colour="#334155", width=0.25, dashes=1.2)
    frame.lines(facts.not_walked or (), colour=NOT_WALKED, width=0.5)
    frame.lines(facts.walked or (), colour=WALKED, width=0.7)
    for spot in facts.places:
        frame.dot((spot.lon, spot.lat), colour=OVERDUE if spot.overdue_days else UNSEEN)
    area_map.print_legend(paper, frame, legend_of(facts, language))
    for text in remarks_of(facts, language):
        paper.words(text, size=8.5, quiet=True)
    paper.ln(2)
    paper.rows(head_of(facts, language, GRID_COLUMNS), _grid_rows(facts, language), widths=_GRID_WIDTHS)
    if facts.places:
        paper.ln(3)
        paper.words(words["spots"], size=10.5)
        paper.rows(head_of(facts, language, SPOT_COLUMNS), _spot_rows(facts, language), widths=_SPOT_WIDTHS)
    if len(facts.places) > LISTED:
        paper.words(words["more"].format(n=len(facts.places) - LISTED), size=8.5, quiet=True)
    return bytes(paper.output())
