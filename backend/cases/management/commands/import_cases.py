from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from backend.cases.imports import CasesImport
from backend.core.imports import ImportCommand, Report


class Command(ImportCommand):
    help = "Import finished cases of the past with their history."

    def add_files(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def run_import(self, report: Report, options: dict[str, Any], *, now: datetime) -> None:
        CasesImport(report, now=now).run(options["file"])
