from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from backend.areas.imports import import_areas
from backend.core.imports import ImportCommand, Report


class Command(ImportCommand):
    help = "Import the area tree and its boundaries from a GeoJSON file and publish what changed."

    def add_files(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--effective-at", type=datetime.fromisoformat, help="when the boundaries come into force, default now"
        )

    def run_import(self, report: Report, options: dict[str, Any], *, now: datetime) -> None:
        import_areas(report, file=options["file"], effective_at=options["effective_at"] or now, now=now)
