from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from backend.areas.staff_imports import StaffImport, read_passwords
from backend.core.imports import ImportCommand, Report


class Command(ImportCommand):
    help = "Import departments, people, rosters and absences; people get no password unless a file gives one."

    def add_files(self, parser: CommandParser) -> None:
        for name in ("people", "departments", "roster", "absences"):
            parser.add_argument(f"--{name}", type=Path, required=True, metavar="FILE")
        parser.add_argument(
            "--password-file", type=Path, metavar="FILE", help="table username,password of first passwords"
        )
        parser.add_argument("--invented", action="store_true", help="mark them as people of a demo")

    def run_import(self, report: Report, options: dict[str, Any], *, now: datetime) -> None:
        passwords = read_passwords(report, options["password_file"]) if options["password_file"] else {}
        staff = StaffImport(report, now=now, is_invented=options["invented"])
        staff.departments(options["departments"])
        staff.people(options["people"], passwords=passwords)
        staff.roster(options["roster"])
        staff.absences(options["absences"])
