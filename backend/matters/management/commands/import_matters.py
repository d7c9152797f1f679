from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from backend.core.imports import ImportCommand, Report
from backend.matters.imports import import_holidays, import_matters


class Command(ImportCommand):
    help = "Import the matter list with limits and conditions, and the calendar of public holidays."

    def add_files(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--holidays", type=Path, required=True, metavar="FILE")

    def run_import(self, report: Report, options: dict[str, Any], *, now: datetime) -> None:
        import_matters(report, file=options["file"])
        import_holidays(report, file=options["holidays"], now=now)
