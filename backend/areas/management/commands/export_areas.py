from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.accounts.actor import SYSTEM
from backend.areas.layers.exporting import LEVELS, boundaries_at, layer_file
from backend.core.clock import LOCAL
from backend.core.errors import DomainError
from gis.layers import Format


class Command(BaseCommand):
    help = "Write the boundaries of one level at a moment into a layer file that import_areas reads again."

    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="file to write; a shapefile is written as a zip")
        parser.add_argument("--format", default="gpkg", choices=list(Format))
        parser.add_argument("--crs", default="wgs84", help="wgs84, cgcs2000 or an EPSG number such as 4549")
        parser.add_argument("--at", type=datetime.fromisoformat, metavar="MOMENT", help="default now")
        parser.add_argument("--level", default="grid", choices=LEVELS)
        parser.add_argument("--within", default="", metavar="CODE", help="only below this area")

    def handle(self, *args: Any, **options: Any) -> None:
        at = options["at"] or datetime.now(LOCAL)
        if at.tzinfo is None:
            raise CommandError("--at has no offset from UTC, write 2026-11-23T08:30:00+08:00")
        name = f"{options['level']}-{options['within'] or 'all'}"
        try:
            features = boundaries_at(SYSTEM, at=at, level=options["level"], within=options["within"])
            written = layer_file(features, name=name, file_format=options["format"], crs=options["crs"])
        except DomainError as error:
            raise CommandError(error.detail) from error
        file: Path = options["file"]
        if file.suffix != written.ending:
            raise CommandError(f"a {options['format']} file is named *{written.ending}")
        file.write_bytes(written.content)
        self.stdout.write(f"{len(features):,} areas of level {options['level']} at {at.isoformat()}: {file}")
