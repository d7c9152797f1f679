"""The weekly round sheet: one grid's week as a map with the stops below, to be printed or carried on a stick."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from html import escape

import folium

from backend.core.clock import LOCAL
from backend.inspections import overview
from backend.inspections.models import Route, Stop, WeeklyPlan
from backend.inspections.overview import PlanDetail
from backend.inspections.texts import stop_reason
from backend.places import drawing
from maps.console.plan_facts import stop_name
from maps.reports.page import Page, safe

# Apart also for most colour-blind eyes; the number on each stop and the list below say the same without colour.
DAY_COLOURS = ("#1f6feb", "#c2410c", "#15803d", "#7c3aed", "#b91c1c", "#0e7490", "#854d0e")
_DAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_WORDS = {
    "zh": {
        "title": "每周走访单", "stop": "序", "time": "时间", "where": "走访对象", "why": "原因",
        "walk": "步行 {km:.1f} 公里，{minutes} 分钟",
        "booked": "预约", "none": "本周没有安排走访。", "made": "第 {version} 版，{at} 生成",
    },
    "en": {
        "title": "Weekly round", "stop": "No.", "time": "Time", "where": "Visit", "why": "Why",
        "walk": "on foot {km:.1f} km, {minutes} min",
        "booked": "booked", "none": "No visits are planned this week.", "made": "version {version}, made {at}",
    },
}  # fmt: skip
_MARGIN_DEG = 0.0012


def round_sheet(detail: PlanDetail, *, language: str) -> str:
    """HTML text of the sheet, in `zh` or `en`. Residents' names and phones are not in it; it may be handed round."""
    plan = detail.plan
    routes = [route for route in detail.routes if route.stops.all()]
    words = _WORDS[language]
    title = f"{words['title']} · {plan.grid.name} · {plan.week_start:%Y-%m-%d}"
    box = _box(plan, routes)
    page = Page(title=title, bounds=box, below=_list(plan, routes, language))
    page.add_ground(drawing.features_in(box))
    _add_outline(page, plan)
    by_day: dict[date, list[Route]] = defaultdict(list)
    for route in routes:
        by_day[route.day].append(route)
    for day in sorted(by_day):
        _add_day(page, day, by_day[day], language)
    folium.LayerControl(collapsed=False).add_to(page)
    return page.html_text()


def _box(plan: WeeklyPlan, routes: Sequence[Route]) -> tuple[float, float, float, float]:
    """The grid and every stop, with a margin."""
    west, south, east, north = overview.outline_of(plan).extent
    points = [stop.location for route in routes for stop in route.stops.all()]
    return (
        min([west, *(point.x for point in points)]) - _MARGIN_DEG,
        min([south, *(point.y for point in points)]) - _MARGIN_DEG,
        max([east, *(point.x for point in points)]) + _MARGIN_DEG,
        max([north, *(point.y for point in points)]) + _MARGIN_DEG,
    )


def _add_outline(page: Page, plan: WeeklyPlan) -> None:
    for polygon in overview.outline_of(plan):
        ring = [(lat, lon) for lon, lat in polygon[0]]
        folium.Polygon(ring, color="#334155", weight=2, dash_array="6 4", fill=False, interactive=False).add_to(page)


def _add_day(page: Page, day: date, routes: Sequence[Route], language: str) -> None:
    colour = DAY_COLOURS[day.weekday()]
    label = f"<span style='color:{colour}'>●</span> {_DAYS[language][day.weekday()]} {day:%m-%d}"
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
    told = f"<b>{safe(_clock(stop))} {safe(stop_name(stop)[language])}</b><br>{safe(_reason(stop, language))}"
    folium.Marker(
        (stop.location.y, stop.location.x),
        icon=folium.DivIcon(html=mark, icon_size=(22, 22), icon_anchor=(11, 11), class_name=""),
        tooltip=folium.Tooltip(told, sticky=False),
    ).add_to(layer)


def _list(plan: WeeklyPlan, routes: Sequence[Route], language: str) -> str:
    words = _WORDS[language]
    made = words["made"].format(version=plan.version, at=f"{plan.created_at.astimezone(LOCAL):%Y-%m-%d %H:%M}")
    community = plan.grid.parent.name if plan.grid.parent else ""
    title = f"{words['title']} · {community} {plan.grid.name}"
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{escape(made)}</p>"]
    if not routes:
        parts.append(f"<p>{escape(words['none'])}</p>")
    parts.extend(_half_day(route, language) for route in sorted(routes, key=lambda one: one.shift.lower))
    return "".join(parts)


def _half_day(route: Route, language: str) -> str:
    words = _WORDS[language]
    start, end = (moment.astimezone(LOCAL) for moment in (route.shift.lower, route.shift.upper))
    walk = words["walk"].format(km=route.travel_m / 1000, minutes=round(route.travel_s / 60))
    head = f"{_DAYS[language][route.day.weekday()]} {route.day:%m-%d} {start:%H:%M}–{end:%H:%M}"
    rows = "".join(_row(stop, language) for stop in route.stops.all())
    return (
        f"<h2>{escape(head)} <small>{escape(str(route.worker.name))} · {escape(walk)}</small></h2><table><tr>"
        f"<th>{words['stop']}</th><th>{words['time']}</th><th>{words['where']}</th><th>{words['why']}</th></tr>{rows}</table>"
    )


def _row(stop: Stop, language: str) -> str:
    name = stop_name(stop)[language]
    # An address of a booked visit is somebody's home: it stays out of a sheet that may be handed round.
    address = stop.place.address_text if stop.place is not None else ""
    cells = (str(stop.seq), _clock(stop), f"{name}  {address}".strip(), _reason(stop, language))
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _clock(stop: Stop) -> str:
    return f"{stop.start_at.astimezone(LOCAL):%H:%M}–{stop.leave_at.astimezone(LOCAL):%H:%M}"


def _reason(stop: Stop, language: str) -> str:
    return stop_reason(stop.reason_facts, stop.reason_code)[0 if language == "zh" else 1]
