"""`manage load_workflow FILE [--area CODE] [--dry-run]`: lets another table of steps hold in a town."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from backend.cases.flows.loading import load_flow
from backend.core.imports import ImportCommand, Report


class Command(ImportCommand):
    help = "Load the table of what may be done with a case, by whom, on which conditions; for an area or everywhere."

    def add_files(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--area", default="", help="code of the area where it holds, and below; without: everywhere"
        )

    def run_import(self, report: Report, options: dict[str, Any], *, now: datetime) -> None:
        version = load_flow(report, options["file"], area_code=options["area"], now=now)
        if version is not None:
            report.notes.append(
                f"version {version.n} holds {'in ' + options['area'] if options['area'] else 'everywhere'}"
            )
