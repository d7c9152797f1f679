"""The weekly round sheet: one grid's week as a map with the stops below, to be printed or carried on a stick."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from html import escape

import folium

from backend.inspections import overview
from backend.inspections.models import Route, Stop, WeeklyPlan
from backend.inspections.overview import PlanDetail
from backend.places import drawing
from backend.places.drawing import Box
from maps.reports.page import Page, safe
from maps.reports.rounds import (
    DAYS,
    NO_CONTACTS,
    WORDS,
    Contacts,
    StopText,
    half_day_text,
    made_text,
    stop_text,
    title_of,
    walk_text,
)

# Apart also for most colour-blind eyes; the number on each stop and the list below say the same without colour.
DAY_COLOURS = ("#1f6feb", "#c2410c", "#15803d", "#7c3aed", "#b91c1c", "#0e7490", "#854d0e")
_MARGIN_DEG = 0.0012
# Degrees of longitude beside one of latitude on the map of a wide screen, at 30° north.
_SCREEN = 3.0


def round_sheet(detail: PlanDetail, *, language: str, contacts: Contacts) -> str:
    """HTML text of the sheet, in `zh` or `en`, for the half days of `detail`."""
    plan = detail.plan
    title = title_of(detail, language)
    box = box_of(detail.routes, overview.outline_of(plan).extent)
    page = Page(title=title, bounds=box, below=_list(detail, language, contacts))
    page.add_ground(drawing.features_in(_widened(box)))
    _add_outline(page, plan)
    by_day: dict[date, list[Route]] = defaultdict(list)
    for route in detail.routes:
        by_day[route.day].append(route)
    for day in sorted(by_day):
        _add_day(page, day, by_day[day], language)
    folium.LayerControl(collapsed=False).add_to(page)
    return page.html_text()


def box_of(routes: Sequence[Route], extent: Box | None = None) -> Box:
    """West, south, east, north of every stop and way, and of `extent`, with a margin; not empty."""
    extents = [stop.location.extent for route in routes for stop in route.stops.all()]
    extents += [route.path.extent for route in routes if route.path]
    wests, souths, easts, norths = zip(*extents, *([extent] if extent else []), strict=True)
    return min(wests) - _MARGIN_DEG, min(souths) - _MARGIN_DEG, max(easts) + _MARGIN_DEG, max(norths) + _MARGIN_DEG


def _widened(box: Box) -> Box:
    """The box with as much ground to either side as a wide screen shows."""
    west, south, east, north = box
    more = max(0.0, _SCREEN * (north - south) - (east - west)) / 2
    return west - more, south, east + more, north


def _add_outline(page: Page, plan: WeeklyPlan) -> None:
    for polygon in overview.outline_of(plan):
        ring = [(lat, lon) for lon, lat in polygon[0]]
        folium.Polygon(ring, color="#334155", weight=2, dash_array="6 4", fill=False, interactive=False).add_to(page)


def _add_day(page: Page, day: date, routes: Sequence[Route], language: str) -> None:
    colour = DAY_COLOURS[day.weekday()]
    label = f"<span style='color:{colour}'>●</span> {DAYS[language][day.weekday()]} {day:%m-%d}"
    layer = folium.FeatureGroup(name=label)
    for route in routes:
        for line in json.loads(route.path.json)["coordinates"] if route.path else ():
            way = [(lat, lon) for lon, lat in line]
            folium.PolyLine(way, color=colour, weight=3, opacity=0.85).add_to(layer)  # type: ignore[no-untyped-call]
        for stop in route.stops.all():
            _add_stop(layer, stop, colour, language)
    layer.add_to(page)


def _add_stop(layer: folium.FeatureGroup, stop: Stop, colour: str, language: str) -> None:
    mark = f'<div class="stop {stop.kind}" style="background:{colour}">{stop.seq}</div>'
    told = stop_text(stop, language=language, contacts=NO_CONTACTS)
    said = f"<b>{safe(told.clock)} {safe(told.name)}</b><br>{safe(told.why)}"
    folium.Marker(
        (stop.location.y, stop.location.x),
        icon=folium.DivIcon(html=mark, icon_size=(22, 22), icon_anchor=(11, 11), class_name=""),
        tooltip=folium.Tooltip(said, sticky=False),
    ).add_to(layer)


def _list(detail: PlanDetail, language: str, contacts: Contacts) -> str:
    words = WORDS[language]
    parts = [f"<h1>{escape(title_of(detail, language))}</h1>", f"<p>{escape(made_text(detail, language))}</p>"]
    if contacts:
        parts.append(f"<p class='private'>{escape(words['private'])}</p>")
    if not detail.routes:
        parts.append(f"<p>{escape(words['none'])}</p>")
    parts.extend(_half_day(route, language, contacts) for route in detail.routes)
    return "".join(parts)


def _half_day(route: Route, language: str, contacts: Contacts) -> str:
    words = WORDS[language]
    rows = "".join(_row(stop_text(stop, language=language, contacts=contacts)) for stop in route.stops.all())
    return (
        f"<h2>{escape(half_day_text(route, language))} "
        f"<small>{escape(str(route.worker.name))} · {escape(walk_text(route, language))}</small></h2><table><tr>"
        f"<th>{words['stop']}</th><th>{words['time']}</th><th>{words['where']}</th><th>{words['why']}</th></tr>{rows}</table>"
    )


def _row(told: StopText) -> str:
    where = " · ".join(part for part in (told.name, told.address) if part)
    details = f"<br><small>{escape(told.details)}</small>" if told.details else ""
    return (
        f"<tr><td>{escape(told.seq)}</td><td class='clock'>{escape(told.clock)}</td><td>{escape(where)}{details}</td>"
        f"<td>{escape(told.why)}</td></tr>"
    )
