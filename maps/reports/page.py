"""A folium map with Leaflet written into the page once, instead of ten files from elsewhere."""

from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import folium

_LEAFLET = Path(__file__).parent / "leaflet"
FONT = "system-ui, 'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', 'WenQuanYi Micro Hei', sans-serif"

_GROUND = {
    "water": {"color": "#9cc3dd", "fillColor": "#bcd9ea", "weight": 1, "fillOpacity": 1},
    "landuse": {"color": "#d7e3cc", "fillColor": "#e3ecd9", "weight": 0, "fillOpacity": 1},
    "buildings": {"color": "#d5cec4", "fillColor": "#e6e0d7", "weight": 0.6, "fillOpacity": 1},
}
_ROADS = {"primary": 5.0, "secondary": 4.0, "tertiary": 3.5, "residential": 2.6}

# What a page of ours may do when it is served: run what is inside it, load nothing.
POLICY = (
    "sandbox allow-scripts allow-modals allow-downloads; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:"
)


# Folium gives a marker its icon after it is made; until then Leaflet would ask for a picture beside the page.
_NO_PICTURES = "\nL.Marker.prototype.options.icon = L.divIcon({className: ''});"


@cache
def _leaflet() -> tuple[str, str]:
    script = (_LEAFLET / "leaflet.js").read_text(encoding="utf-8")
    style = (_LEAFLET / "leaflet.css").read_text(encoding="utf-8")
    # Leaflet's own icon pictures are not used; without these lines the page would look for files beside it.
    kept = [line for line in style.splitlines() if "url(images/" not in line]
    return script, "\n".join(kept)


class Page(folium.Map):
    """A map page that loads nothing from anywhere. `title` is plain text; `style` and `below` are our own HTML."""

    default_js: list[tuple[str, str]] = []
    default_css: list[tuple[str, str]] = []

    def __init__(
        self, *, title: str, bounds: tuple[float, float, float, float], style: str = "", below: str = ""
    ) -> None:
        west, south, east, north = bounds
        super().__init__(
            location=((south + north) / 2, (west + east) / 2),
            tiles=None,
            zoom_start=16,
            zoom_control=True,
            control_scale=True,
            height="62%",
            attribution_control=False,
            zoom_snap=0.25,
        )
        self._bounds_shown = bounds
        self.fit_bounds([[south, west], [north, east]], padding=(24, 24))
        script, leaflet_style = _leaflet()
        root: Any = self.get_root()
        root.header.add_child(folium.Element(f"<title>{escape(title)}</title>"), name="title")
        root.header.add_child(folium.Element(f"<script>{script}{_NO_PICTURES}</script>"), name="leaflet_script")
        root.header.add_child(folium.Element(f"<style>{leaflet_style}{_STYLE}{style}</style>"), name="page_style")
        root.html.add_child(folium.Element(f"<main>{below}</main>"), name="page_below")

    def add_ground(self, features: dict[str, Any]) -> None:
        """Draws the base map under everything."""
        if features["features"]:
            folium.GeoJson(features, style_function=_ground_style, control=False, interactive=False).add_to(self)

    def html_text(self) -> str:
        root: Any = self.get_root()
        west, south, east, north = self._bounds_shown
        name, corners = self.get_name(), f"[[{south}, {west}], [{north}, {east}]]"
        refit = f"{name}.invalidateSize(false); {name}.fitBounds({corners}, {{animate: false}});"
        # The sheet is narrower than the screen on which the map was laid out.
        on_paper = f"window.matchMedia('print').addEventListener('change', () => {{ {refit} }});"
        root.script.add_child(folium.Element(on_paper), name="page_print")
        return str(root.render())


def _ground_style(feature: dict[str, Any]) -> dict[str, Any]:
    said = feature["properties"]
    if said["layer"] == "roads":
        weight = _ROADS.get(said["kind"], 1.2)
        dashes = {"dashArray": "3 3"} if said["kind"] in ("steps", "path") else {}
        return {
            "color": "#c9c4bb" if weight < 2 else "#f7f3ea" if weight < 3 else "#f3dfae",
            "weight": weight,
            **dashes,
        }
    return _GROUND[said["layer"]]


def safe(text: str) -> str:
    """Text for a tooltip: folium writes it between backticks of a script, inside HTML."""
    return escape(text).replace("`", "&#96;").replace("\\", "&#92;").replace("${", "&#36;{")


_STYLE = f"""
body {{ font: 14px/1.45 {FONT}; color: #1d2a33; background: #fff; }}
.folium-map {{ background: #f4f1ec; }}
main {{ position: absolute; top: 62%; left: 0; right: 0; padding: 12px 20px 32px; }}
main h1 {{ font-size: 20px; margin: 4px 0; }} main h2 {{ font-size: 16px; margin: 18px 0 6px; }}
main p {{ margin: 2px 0; color: #51606b; }}
main table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }}
main th, main td {{ text-align: left; padding: 4px 8px; border-bottom: 1px solid #dde3e7; vertical-align: top; }}
main .private {{ color: #9a3412; font-weight: 600; }} main td small {{ color: #51606b; }}
main th {{ color: #51606b; font-weight: 600; white-space: nowrap; }} main .clock {{ white-space: nowrap; }}
.stop {{ width: 22px; height: 22px; border-radius: 11px; color: #fff; font: 600 12px/22px {FONT}; text-align: center;
  box-shadow: 0 0 0 2px #fff; }}
.stop.appointment {{ border-radius: 4px; }}
.leaflet-tooltip {{ font: 13px/1.4 {FONT}; }}
@media print {{ html, body {{ height: auto; }} body {{ display: flex; flex-direction: column; }}
  main {{ position: static; }}
  .folium-map {{ order: -1; flex: none; position: relative !important; height: 12cm !important; top: 0 !important; }}
  .leaflet-control {{ display: none; }} h2 {{ break-after: avoid; }} tr {{ break-inside: avoid; }} }}
"""
