from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from backend.core.imports import ImportCommand, Report
from backend.places.ground_imports import import_network


class Command(ImportCommand):
    help = "Import the walking network and the base map from an OpenStreetMap extract (pbf, xml)."

    def add_files(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--force", action="store_true", help="read the file again even when it is in force")

    def run_import(self, report: Report, options: dict[str, Any], *, now: datetime) -> None:
        import_network(report, file=options["file"], now=now, is_forced=options["force"])
