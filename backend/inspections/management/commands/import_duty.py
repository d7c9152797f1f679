from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from backend.accounts.actor import SYSTEM
from backend.areas.models import Area
from backend.core.imports import ImportCommand, Report
from backend.core.workbooks import BadWorkbook
from backend.inspections import staff_sheets


class Command(ImportCommand):
    help = (
        "Import rosters, absences and desk shifts from an XLSX workbook; what follows for open cases is done with it."
    )

    def add_files(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="workbook with the sheets 网格值守, 请假, 社区值班, 部门值班")

    def run_import(self, report: Report, options: dict[str, Any], *, now: datetime) -> None:
        file: Path = options["file"]
        try:
            content = file.read_bytes()
            seen = staff_sheets.import_sheets(actor=SYSTEM, content=content, version=None, now=now, area=self._top())
            if not seen.report.errors:
                seen = staff_sheets.import_sheets(
                    actor=SYSTEM, content=content, version=seen.version, now=now, area=self._top()
                )
        except OSError as error:
            report.refuse(file=file, row=0, field="", reason=f"cannot be read: {error.strerror}")
            return
        except BadWorkbook as error:
            report.refuse(file=file, row=0, field="", reason=error.detail)
            return
        report.errors += seen.report.errors
        report.counts |= seen.report.counts | {"cases moved": len(seen.moves), "cases to decide": len(seen.to_decide)}

    def _top(self) -> Area:
        return Area.objects.filter(closed_at=None).order_by("path")[0]
