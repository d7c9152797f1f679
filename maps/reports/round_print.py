"""The round on paper: a page for each worker and day, with its map above and its stops below."""

import json
from itertools import groupby
from typing import Final

from backend.inspections import overview
from backend.inspections.models import Route
from backend.inspections.overview import PlanDetail
from backend.places import drawing
from maps.reports.paper import MAP_MM, Frame, Paper
from maps.reports.round_sheet import DAY_COLOURS, box_of
from maps.reports.rounds import (
    DAYS,
    WORDS,
    Contacts,
    StopText,
    made_text,
    shift_text,
    stop_text,
    title_of,
    walk_text,
)

_WIDTHS: Final = (9, 24, 78, 75)


def round_pdf(detail: PlanDetail, *, language: str, contacts: Contacts) -> bytes:
    """PDF of the half days of `detail`, in `zh` or `en`. Raises NoFont."""
    words = WORDS[language]
    title = title_of(detail, language)
    foot = " · ".join((made_text(detail, language), *((words["private"],) if contacts else ())))
    paper = Paper(title=title, footer_text=foot, language=language)
    paper.set_creation_date(detail.plan.created_at)
    routes = sorted(detail.routes, key=lambda one: (one.day, one.worker.username, one.shift.lower))
    for (day, _), found in groupby(routes, key=lambda one: (one.day, one.worker.username)):
        half_days = list(found)
        worker = half_days[0].worker.name
        paper.add_page()
        paper.words(f"{worker} · {DAYS[language][day.weekday()]} {day:%Y-%m-%d}", size=15)
        paper.words(title, size=9, quiet=True)
        _draw(paper, detail, half_days)
        for route in half_days:
            _table(paper, route, language, contacts)
    if not routes:
        paper.add_page()
        paper.words(title, size=15)
        paper.words(words["none"], size=10)
    return bytes(paper.output())


def _draw(paper: Paper, detail: PlanDetail, routes: list[Route]) -> None:
    top = paper.get_y() + 2
    frame = Frame(paper, box_of(routes), top=top)
    frame.ground(drawing.features_in(frame.box))
    frame.lines(
        (polygon[0] for polygon in overview.outline_of(detail.plan).coords), colour="#334155", width=0.5, dashes=2
    )
    for number, route in enumerate(routes):
        colour = DAY_COLOURS[number % len(DAY_COLOURS)]
        if route.path:
            frame.lines(json.loads(route.path.json)["coordinates"], colour=colour, width=0.8)
    for number, route in enumerate(routes):
        for stop in route.stops.all():
            place = (stop.location.x, stop.location.y)
            colour = DAY_COLOURS[number % len(DAY_COLOURS)]
            frame.mark(place, str(stop.seq), colour=colour, square=stop.kind == "appointment")
    paper.set_xy(paper.l_margin, top + MAP_MM + 2)


def _table(paper: Paper, route: Route, language: str, contacts: Contacts) -> None:
    words = WORDS[language]
    paper.ln(2)
    paper.words(f"{shift_text(route)}  {walk_text(route, language)}", size=10.5)
    stops = [stop_text(stop, language=language, contacts=contacts) for stop in route.stops.all()]
    head = (words["stop"], words["time"], words["where"], words["why"])
    paper.rows(head, (_line(told) for told in stops), widths=_WIDTHS)


def _line(told: StopText) -> tuple[str, str, str, str]:
    where = "\n".join(part for part in (told.name, told.address, told.details) if part)
    return told.seq, told.clock, where, told.why
