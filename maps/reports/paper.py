"""A4 pages with a drawn map: shapes in WGS84 inside a frame, Chinese text from one embedded font."""

import logging
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from math import cos, radians
from pathlib import Path
from typing import Any, Final, cast

from fpdf import FPDF
from fpdf.enums import WrapMode
from fpdf.fonts import FontFace

from maps.reports.errors import NoFont

# It tells of every table that it leaves out of a font.
logging.getLogger("fontTools").setLevel(logging.WARNING)
FAMILY: Final = "gridward"
MARGIN_MM: Final = 12.0
WIDTH_MM: Final = 210 - 2 * MARGIN_MM
MAP_MM: Final = 112.0
# Of Debian's fonts-wqy-microhei, which `./dev` and the image install; it holds both scripts of a sheet.
FONT: Final = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
_INK: Final = (29, 42, 51)
_QUIET: Final = (81, 96, 107)
_LINE: Final = (221, 227, 231)
_GROUND: Final = {"water": "#bcd9ea", "landuse": "#e3ecd9", "buildings": "#e6e0d7"}
_ROADS: Final = {"primary": 1.1, "secondary": 0.9, "tertiary": 0.8, "residential": 0.6}

Box = tuple[float, float, float, float]
LonLat = Sequence[float]


def font_file() -> Path:
    """The font of printed sheets. Raises NoFont, with what to install."""
    if FONT.is_file():
        return FONT
    raise NoFont("this server has no Chinese font; install fonts-wqy-microhei")


class Paper(FPDF):
    """A4 upright, one font, page numbers at the foot beside `footer_text`."""

    def __init__(self, *, title: str, footer_text: str, language: str) -> None:
        super().__init__(orientation="portrait", unit="mm", format="A4")
        self.footer_text = footer_text
        self.wrapmode = WrapMode.CHAR if language == "zh" else WrapMode.WORD
        self.set_title(title)
        self.set_lang("zh-CN" if language == "zh" else "en")
        self.set_margins(MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(True, margin=16)
        self.add_font(FAMILY, fname=font_file())

    def footer(self) -> None:
        self.set_y(-11)
        self.words(self.footer_text, size=7.5, quiet=True, width=WIDTH_MM - 20)
        self.set_xy(-MARGIN_MM - 20, -11)
        self.set_font(FAMILY, size=7.5)
        self.cell(20, 4, str(self.page_no()), align="R")

    def words(self, text: str, *, size: float, quiet: bool = False, width: float = WIDTH_MM) -> None:
        """A paragraph in points of `size`; the next one begins below it."""
        self.set_font(FAMILY, size=size)
        self.set_text_color(*(_QUIET if quiet else _INK))
        self.multi_cell(width, size * 0.5, text, new_x="LMARGIN", new_y="NEXT", align="L", wrapmode=self.wrapmode)

    def rows(self, head: Sequence[str], lines: Iterable[Sequence[str]], *, widths: Sequence[float]) -> None:
        """A table; its head is repeated on each page and no row is torn apart."""
        self.set_font(FAMILY, size=8.5)
        self.set_text_color(*_INK)
        self.set_draw_color(*_LINE)
        self.set_fill_color(255, 255, 255)
        self.set_line_width(0.2)
        heading = FontFace(color=_QUIET, emphasis="", fill_color=(244, 246, 248))
        with self.table(
            col_widths=tuple(widths), width=WIDTH_MM, align="LEFT", text_align="LEFT", v_align="TOP", line_height=4.4,
            padding=1, headings_style=heading, borders_layout="HORIZONTAL_LINES", wrapmode=self.wrapmode,
        ) as table:  # fmt: skip
            for line in (head, *lines):
                row = table.row()
                for text in line:
                    row.cell(text)


class Frame:
    """A map inside a rectangle of the page, later shapes above earlier ones; `box` is what fits in it."""

    def __init__(self, paper: Paper, box: Box, *, top: float) -> None:
        west, south, east, north = box
        self.paper, self.top = paper, top
        self._squeeze = cos(radians((south + north) / 2))
        self._scale = min(WIDTH_MM / ((east - west) * self._squeeze), MAP_MM / (north - south))
        half_wide = WIDTH_MM / self._scale / self._squeeze / 2
        half_high = MAP_MM / self._scale / 2
        lon, lat = (west + east) / 2, (south + north) / 2
        self.box: Box = (lon - half_wide, lat - half_high, lon + half_wide, lat + half_high)

    def clipped(self) -> AbstractContextManager[None]:
        """What is drawn inside ends at the edge of the frame."""
        return cast(AbstractContextManager[None], self.paper.rect_clip(MARGIN_MM, self.top, WIDTH_MM, MAP_MM))

    def at(self, place: LonLat) -> tuple[float, float]:
        """Millimetres on the page."""
        return (
            MARGIN_MM + (place[0] - self.box[0]) * self._squeeze * self._scale,
            self.top + (self.box[3] - place[1]) * self._scale,
        )

    def ground(self, features: dict[str, Any]) -> None:
        """Paper, base map, in the order given."""
        self.paper.set_fill_color(244, 241, 236)
        self.paper.rect(MARGIN_MM, self.top, WIDTH_MM, MAP_MM, style="F")
        with self.clipped():
            for feature in features["features"]:
                said, shape = feature["properties"], feature["geometry"]
                if said["layer"] == "roads":
                    self.lines(_lines(shape), colour="#d9d2c4", width=_ROADS.get(said["kind"], 0.25))
                else:
                    self.areas(_shells(shape), fill=_GROUND[said["layer"]])

    def lines(self, lines: Iterable[Sequence[LonLat]], *, colour: str, width: float, dashes: float = 0) -> None:
        self.paper.set_draw_color(colour)
        self.paper.set_line_width(width)
        self.paper.set_dash_pattern(dashes, dashes)
        with self.clipped():
            for line in lines:
                if len(line) > 1:
                    self.paper.polyline([self.at(place) for place in line])
        self.paper.set_dash_pattern()

    def areas(self, shells: Iterable[Sequence[LonLat]], *, fill: str) -> None:
        self.paper.set_fill_color(fill)
        for shell in shells:
            self.paper.polygon([self.at(place) for place in shell], style="F")

    def dot(self, place: LonLat, *, colour: str) -> None:
        """A small disc without a text."""
        x, y = self.at(place)
        self.paper.set_fill_color(colour)
        self.paper.set_draw_color(255, 255, 255)
        self.paper.set_line_width(0.2)
        self.paper.circle(x, y, 1.0, style="DF")

    def word(self, place: LonLat, text: str) -> None:
        """A small word with its middle at the place."""
        x, y = self.at(place)
        self.paper.set_font(FAMILY, size=6.5)
        self.paper.set_text_color(*_INK)
        self.paper.set_xy(x - 6, y - 1.5)
        self.paper.cell(12, 3, text, align="C")

    def mark(self, place: LonLat, text: str, *, colour: str, square: bool = False) -> None:
        """A small disc, or a square, with a text inside."""
        x, y = self.at(place)
        size = 2.1
        self.paper.set_fill_color(colour)
        self.paper.set_draw_color(255, 255, 255)
        self.paper.set_line_width(0.35)
        if square:
            self.paper.rect(x - size, y - size, 2 * size, 2 * size, style="DF")
        else:
            self.paper.circle(x, y, size, style="DF")
        self.paper.set_font(FAMILY, size=7)
        self.paper.set_text_color(255, 255, 255)
        self.paper.set_xy(x - 4, y - 1.5)
        self.paper.cell(8, 3, text, align="C")


def _lines(shape: dict[str, Any]) -> list[list[LonLat]]:
    if shape["type"] == "LineString":
        return [shape["coordinates"]]
    return list(shape["coordinates"]) if shape["type"] == "MultiLineString" else []


def _shells(shape: dict[str, Any]) -> list[list[LonLat]]:
    if shape["type"] == "Polygon":
        return [shape["coordinates"][0]]
    return [rings[0] for rings in shape["coordinates"]] if shape["type"] == "MultiPolygon" else []
