"""Writes the weekly round sheets as stand-alone HTML files."""

import sys
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from backend.accounts.actor import SYSTEM
from backend.core.clock import week_start_of
from backend.inspections import overview
from maps.reports.round_sheet import round_sheet


class Command(BaseCommand):
    help = "Writes one folium page per grid for a week: map, stops, times, reasons. The pages open without internet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, required=True, help="folder for the pages; made when missing")
        parser.add_argument("--week", type=date.fromisoformat, help="a Monday; this week without")
        parser.add_argument("--grid", default="", help="code of one grid; all without")
        parser.add_argument("--language", choices=["zh", "en"], default="zh")

    def handle(self, *args: Any, **options: Any) -> None:
        week = options["week"] or week_start_of(timezone.now())
        lines = overview.plan_lines(SYSTEM, week_start=week, grid_code=options["grid"])
        if not lines:
            raise CommandError(f"no plan of the week of {week}; make one with plan_week --week {week}")
        out: Path = options["out"]
        out.mkdir(parents=True, exist_ok=True)
        for line in tqdm(lines, unit="page", disable=not sys.stderr.isatty()):
            sheet = round_sheet(overview.plan_detail(SYSTEM, line.plan.pk), language=options["language"])
            (out / f"round-{line.plan.grid.code}-{week:%Y%m%d}.html").write_text(sheet, encoding="utf-8")
        self.stdout.write(f"{len(lines)} pages in {out}")
