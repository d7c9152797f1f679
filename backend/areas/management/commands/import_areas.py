from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser

from backend.areas.imports import bounds_in_force, import_areas
from backend.areas.layers.commands import add_layer_options, layer_of
from backend.areas.layers.rows import LEVELS
from backend.core.imports import ImportCommand, Report


class Command(ImportCommand):
    help = "Import the area tree and its boundaries from a layer file and publish what changed."

    def add_files(self, parser: CommandParser) -> None:
        add_layer_options(parser)
        parser.add_argument("--level", default="", choices=LEVELS, help="of rows that do not name theirs")
        parser.add_argument(
            "--effective-at", type=datetime.fromisoformat, help="when the boundaries come into force, default now"
        )

    def run_import(self, report: Report, options: dict[str, Any], *, now: datetime) -> None:
        layer, mapping = layer_of(report, options, near=bounds_in_force())
        import_areas(
            report,
            layer=layer,
            mapping=mapping,
            file=options["file"],
            effective_at=options["effective_at"] or now,
            now=now,
            level=options["level"],
        )
