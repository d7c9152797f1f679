from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from backend.core.imports import ImportCommand, Report
from backend.places.imports import PlacesImport


class Command(ImportCommand):
    help = "Import addresses, places and visit duties; the areas must be there."

    def add_files(self, parser: CommandParser) -> None:
        for name in ("addresses", "places", "duties"):
            parser.add_argument(f"--{name}", type=Path, required=True, metavar="FILE")
        parser.add_argument("--targets", type=Path, metavar="FILE", help="the visit catalogue, needed the first time")

    def run_import(self, report: Report, options: dict[str, Any], *, now: datetime) -> None:
        steps = PlacesImport(report, now=now)
        if options["targets"]:
            steps.targets(options["targets"])
        steps.addresses(options["addresses"])
        steps.places(options["places"])
        steps.duties(options["duties"])
