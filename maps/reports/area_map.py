"""What maps of a whole area share: its box and outlines, a legend, a table; on a page and on paper."""

from collections.abc import Iterable, Sequence
from html import escape
from math import cos, radians
from typing import Any, Final

import folium

from backend.areas.shapes import shape_of
from backend.stats.hotspots import Ground
from maps.reports.page import Page
from maps.reports.paper import MAP_MM, MARGIN_MM, Box, Frame, Paper

_MARGIN: Final = 0.03
# Degrees of longitude beside one of latitude on the map of a wide screen, at 30° north.
_SCREEN: Final = 3.0
# Above this height houses are specks, and there are more than a page may hold.
_NEAR_DEG: Final = 0.012
_OUTLINE: Final = "#334155"
STYLE: Final = """
.legend { position: absolute; z-index: 500; right: 12px; top: 12px; padding: 6px 10px; border: 1px solid #c9d1d8;
  border-radius: 6px; background: rgba(255, 255, 255, 0.92); font-size: 12px; }
.legend div { display: flex; align-items: center; gap: 7px; line-height: 1.7; }
.legend i { width: 18px; height: 11px; border: 1px solid rgba(0, 0, 0, 0.25); }
.count { color: #431407; font: 600 12px/16px system-ui, sans-serif; text-align: center;
  text-shadow: 0 0 3px #fff, 0 0 3px #fff; }
main .rule { max-width: 900px; margin-top: 8px; font-size: 12px; }
@media print { .legend { position: static; order: -1; display: flex; flex-wrap: wrap; gap: 2px 14px; border: 0;
  print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { order: 1; } }
"""

Legend = Iterable[tuple[str, str]]


def box_of(ground: Ground) -> Box:
    """West, south, east, north of the ground with a margin."""
    return with_margin(ground.shape.bounds)


def with_margin(box: Box) -> Box:
    west, south, east, north = box
    wide, high = (east - west) * _MARGIN, (north - south) * _MARGIN
    return west - wide, south - high, east + wide, north + high


def widened(box: Box) -> Box:
    """The box with as much ground to either side as a wide screen shows."""
    west, south, east, north = box
    more = max(0.0, _SCREEN * (north - south) - (east - west)) / 2
    return west - more, south, east + more, north


def is_near(box: Box) -> bool:
    """Whether houses are worth drawing."""
    west, south, east, north = box
    return max(north - south, (east - west) * cos(radians(north)) / 2) <= _NEAR_DEG


def add_outlines(page: Page, ground: Ground) -> None:
    """The grids as dashed lines."""
    for grid in ground.grids:
        for polygon in shape_of(grid.outline).geoms:
            ring = [(lat, lon) for lon, lat in polygon.exterior.coords]
            folium.Polygon(
                ring, color=_OUTLINE, weight=1.2, dash_array="5 4", fill=False, interactive=False
            ).add_to(page)  # fmt: skip


def add_legend(page: Page, lines: Legend) -> None:
    """Colours and words in a corner of the map."""
    rows = "".join(f"<div><i style='background:{colour}'></i>{escape(text)}</div>" for colour, text in lines)
    root: Any = page.get_root()
    root.html.add_child(folium.Element(f"<div class='legend'>{rows}</div>"), name="page_legend")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """HTML of a table of texts."""
    top = "".join(f"<th>{escape(text)}</th>" for text in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def print_outlines(frame: Frame, ground: Ground) -> None:
    for grid in ground.grids:
        rings = [list(polygon.exterior.coords) for polygon in shape_of(grid.outline).geoms]
        frame.lines(rings, colour=_OUTLINE, width=0.25, dashes=1.2)


def print_legend(paper: Paper, frame: Frame, lines: Legend) -> None:
    """Colours and words in rows below the map; the next thing begins below them."""
    paper.set_xy(MARGIN_MM, frame.top + MAP_MM + 2.5)
    for colour, text in lines:
        paper.set_font(paper.font_family, size=8.5)
        width = paper.get_string_width(text) + 12
        if paper.get_x() + width > paper.w - MARGIN_MM:
            paper.set_xy(MARGIN_MM, paper.get_y() + 5)
        paper.set_fill_color(colour)
        paper.set_draw_color("#94a3b8")
        paper.rect(paper.get_x(), paper.get_y() + 0.6, 6, 3, style="DF")
        paper.set_x(paper.get_x() + 7)
        paper.cell(width - 7, 4.2, text)
    paper.set_xy(MARGIN_MM, paper.get_y() + 6.5)
