from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.accounts.actor import SYSTEM
from backend.areas.models import Area
from backend.core.clock import LOCAL
from backend.inspections.staff_sheets import export_sheets


class Command(BaseCommand):
    help = "Write rosters, absences and desk shifts as the XLSX workbook that import_duty reads."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--community", metavar="CODE", help="one community; all without")

    def handle(self, *args: Any, **options: Any) -> None:
        community = None
        if options["community"]:
            community = Area.objects.filter(level=Area.Level.COMMUNITY, code=options["community"]).first()
            if community is None:
                raise CommandError(f"no community {options['community']}")
        content = export_sheets(actor=SYSTEM, now=datetime.now(LOCAL), community=community)
        options["file"].write_bytes(content)
        self.stdout.write(f"{options['file']}: {len(content):,} bytes")
