"""Writes maps of areas as files: hot spots of cases, coverage of weeks."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from backend.accounts.actor import SYSTEM
from backend.areas import queries as areas
from backend.areas.models import Area
from backend.core.clock import LOCAL, week_start_of
from backend.core.errors import DomainError
from backend.stats.coverage import WEEKS_MOST, coverage_of
from backend.stats.hotspots import CHANNELS, hotspots
from maps.management.arguments import a_day, a_monday, add_formats
from maps.reports.files import ReportFile
from maps.reports.map_files import MAP_FORMATS, coverage_file, hotspot_file

Made = Iterator[ReportFile]


class Command(BaseCommand):
    help = "Writes maps of areas as files; pages open without internet. No person and no household is in them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        kinds = parser.add_subparsers(dest="kind", required=True)
        spots = kinds.add_parser("hotspots", help="where more cases are reported than chance puts there")
        spots.add_argument("--since", type=a_day, help="YYYY-MM-DD; 90 days ago without")
        spots.add_argument("--until", type=a_day, help="YYYY-MM-DD, included; today without")
        spots.add_argument("--matter", default="", help="code of one matter; all without")
        spots.add_argument("--channel", choices=CHANNELS, default="", help="all without")
        spots.add_argument("--cell", type=int, default=150, help="metres from side to side of a hexagon; 150 without")
        weeks = kinds.add_parser("coverage", help="what was walked in some weeks, and which duties wait")
        weeks.add_argument("--week", type=a_monday, help="a Monday; this week without")
        weeks.add_argument("--weeks", type=int, default=1, help=f"how many, up to {WEEKS_MOST}; 1 without")
        weeks.add_argument("--unseen", type=int, default=30, help="days after which a place is unseen; 30 without")
        for one in (spots, weeks):
            one.add_argument("--area", action="append", required=True, help="code of an area; may be given again")
            add_formats(one, MAP_FORMATS)
            one.add_argument("--language", choices=["zh", "en"], default="zh")
            one.add_argument("--out", type=Path, required=True, help="folder for the files; made when missing")

    def handle(self, *args: Any, **options: Any) -> None:
        make, out = _KINDS[options["kind"]], options["out"]
        asked = options["format"] or ["html"]
        found = [_area(code) for code in options["area"]]
        out.mkdir(parents=True, exist_ok=True)
        count = 0
        try:
            with tqdm(total=len(found) * len(asked), unit="file", disable=not sys.stderr.isatty()) as bar:
                for area in found:
                    for file in make(area, asked, options):
                        (out / file.name).write_bytes(file.content)
                        bar.update()
                        count += 1
        except DomainError as error:
            raise CommandError(f"{error.detail} ({error.code})") from error
        self.stdout.write(f"{count} files in {out}")


def _area(code: str) -> Area:
    try:
        return areas.area_below(SYSTEM, code)
    except DomainError as error:
        raise CommandError(f"no area has the code {code}") from error


def _hotspots(area: Area, asked: list[str], said: dict[str, Any]) -> Made:
    now = timezone.now()
    until = said["until"] or now.astimezone(LOCAL).date()
    since = said["since"] or until - timedelta(days=89)
    if since > until or not 50 <= said["cell"] <= 1000:
        raise CommandError("--since lies before --until, and --cell between 50 and 1000")
    found = hotspots(
        SYSTEM,
        since=datetime.combine(since, time(), LOCAL),
        until=datetime.combine(until + timedelta(days=1), time(), LOCAL),
        area=area,
        matter_code=said["matter"],
        channel=said["channel"],
        cell_m=said["cell"],
        now=now,
    )
    for kind in asked:
        yield hotspot_file(found, file_format=kind, language=said["language"], now=now)


def _coverage(area: Area, asked: list[str], said: dict[str, Any]) -> Made:
    now = timezone.now()
    if not 1 <= said["weeks"] <= WEEKS_MOST or not 1 <= said["unseen"] <= 730:
        raise CommandError(f"--weeks lies between 1 and {WEEKS_MOST}, --unseen between 1 and 730")
    facts = coverage_of(
        SYSTEM,
        area=area,
        week_start=said["week"] or week_start_of(now),
        weeks=said["weeks"],
        unseen_days=said["unseen"],
        now=now,
        watch=lambda patrols: tqdm(patrols, unit="patrol", leave=False, disable=not sys.stderr.isatty()),
    )
    for kind in asked:
        yield coverage_file(facts, file_format=kind, language=said["language"])


_KINDS: Final[dict[str, Callable[[Area, list[str], dict[str, Any]], Made]]] = {
    "hotspots": _hotspots,
    "coverage": _coverage,
}
