"""The hot-spot map as a page that opens without internet, and on paper."""

from html import escape
from typing import Any

import folium

from backend.places import drawing
from backend.stats.hotspots import HotCell, HotspotMap
from maps.reports import area_map
from maps.reports.hotspots import COLOURS, LISTED, WORDS, facts_of, row_of, rules_of, title_of
from maps.reports.page import Page, safe
from maps.reports.paper import Frame, Paper

_COLUMNS = ("no", "community", "grid", "cases", "level")
_WIDTHS = (12, 50, 50, 24, 50)


def hotspot_sheet(found: HotspotMap, *, language: str, made: str) -> str:
    """HTML text of the map, in `zh` or `en`."""
    box = area_map.box_of(found.ground)
    page = Page(title=title_of(found, language), bounds=box, style=area_map.STYLE, below=_below(found, language, made))
    page.add_ground(drawing.features_in(area_map.widened(box), buildings=area_map.is_near(box)))
    area_map.add_outlines(page, found.ground)
    for number, cell in enumerate(found.cells, start=1):
        _add_cell(page, cell, row_of(number, cell, language), language)
    area_map.add_legend(page, zip(COLOURS, WORDS[language]["levels"], strict=True))
    return page.html_text()


def _add_cell(page: Page, cell: HotCell, told: dict[str, str], language: str) -> None:
    words: Any = WORDS[language]
    ring = [(lat, lon) for lon, lat in cell.shape.exterior.coords]
    text = f"<b>{safe(told['level'])}</b><br>{words['cases']} {safe(told['cases'])} · {safe(told['grid'])}"
    folium.Polygon(
        ring, color="#7c2d12", weight=0.8, fill=True, fill_color=COLOURS[cell.level],
        fill_opacity=0.45 + 0.1 * cell.level, tooltip=folium.Tooltip(text, sticky=True),
    ).add_to(page)  # fmt: skip
    if cell.cases is not None:
        middle = cell.shape.centroid
        mark = folium.DivIcon(
            html=f"<div class='count'>{cell.cases}</div>", icon_size=(40, 16), icon_anchor=(20, 8), class_name=""
        )
        folium.Marker((middle.y, middle.x), icon=mark, interactive=False).add_to(page)


def _below(found: HotspotMap, language: str, made: str) -> str:
    words: Any = WORDS[language]
    facts = " · ".join(facts_of(found, language))
    parts = [f"<h1>{escape(title_of(found, language))}</h1>", f"<p>{escape(facts)}</p>", f"<p>{escape(made)}</p>"]
    if not found.cells:
        parts.append(f"<p>{escape(words['none'])}</p>")
    else:
        parts.append(area_map.table([words[name] for name in _COLUMNS], _rows(found, language)))
        if len(found.cells) > LISTED:
            parts.append(f"<p>{escape(words['more'].format(n=len(found.cells) - LISTED))}</p>")
    parts += [f"<p class='rule'>{escape(rule)}</p>" for rule in rules_of(language)]
    return "".join(parts)


def _rows(found: HotspotMap, language: str) -> list[list[str]]:
    told = [row_of(number, cell, language) for number, cell in enumerate(found.cells[:LISTED], start=1)]
    return [[row[name] for name in _COLUMNS] for row in told]


def hotspot_pdf(found: HotspotMap, *, language: str, made: str) -> bytes:
    """A4 pages: the map with its legend, the cells below. Raises NoFont."""
    words: Any = WORDS[language]
    paper = Paper(title=title_of(found, language), footer_text=made, language=language)
    paper.add_page()
    paper.words(title_of(found, language), size=15)
    paper.words(" · ".join(facts_of(found, language)), size=9, quiet=True)
    frame = Frame(paper, area_map.box_of(found.ground), top=paper.get_y() + 2)
    frame.ground(drawing.features_in(frame.box, buildings=area_map.is_near(frame.box)))
    for cell in reversed(found.cells):
        with frame.clipped(), paper.local_context(fill_opacity=0.45 + 0.1 * cell.level):
            frame.areas([list(cell.shape.exterior.coords)], fill=COLOURS[cell.level])
    area_map.print_outlines(frame, found.ground)
    for cell in found.cells:
        if cell.cases is not None:
            frame.word((cell.shape.centroid.x, cell.shape.centroid.y), str(cell.cases))
    area_map.print_legend(paper, frame, zip(COLOURS, words["levels"], strict=True))
    if found.cells:
        paper.rows([words[name] for name in _COLUMNS], _rows(found, language), widths=_WIDTHS)
    else:
        paper.words(words["none"], size=10)
    if len(found.cells) > LISTED:
        paper.words(words["more"].format(n=len(found.cells) - LISTED), size=8.5, quiet=True)
    for rule in rules_of(language):
        paper.words(rule, size=8.5, quiet=True)
    return bytes(paper.output())
