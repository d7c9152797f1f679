from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser

from backend.accounts.actor import SYSTEM
from backend.areas.drafts import LEVELS
from backend.areas.layers.commands import add_layer_options, layer_of, refuse_faults
from backend.areas.layers.drafting import draft_of, ground_for, sketch
from backend.core.errors import DomainError
from backend.core.imports import ImportCommand, Report


class Command(ImportCommand):
    help = "Make a draft of a division from a layer file, to be checked, repaired and published on the console."

    def add_files(self, parser: CommandParser) -> None:
        add_layer_options(parser)
        parser.add_argument("--under", required=True, metavar="CODE", help="the street, community … that is cut")
        parser.add_argument("--level", default="grid", choices=LEVELS)
        parser.add_argument("--name", default="", help="of the draft; the file's name without")

    def run_import(self, report: Report, options: dict[str, Any], *, now: datetime) -> None:
        file = options["file"]
        try:
            ground = ground_for(SYSTEM, parent_code=options["under"], level=options["level"])
        except DomainError as error:
            report.refuse(file=file, row=0, field="--under", reason=error.detail)
            report.stop_if_bad()
            raise
        layer, mapping = layer_of(report, options, near=ground.bounds)
        found = sketch(layer, mapping, ground)
        own = [fault for fault in found.faults if fault not in layer.faults]
        refuse_faults(report, file, own)
        report.stop_if_bad()
        for note in found.notes[len(layer.notes) :]:
            if note.code == "fields_dropped":
                continue  # said with the mapping
            report.notes.append(f"note: {note.detail} ({note.count}, the first is {note.place or '-'})")
        try:
            division = draft_of(
                actor=SYSTEM, found=found, ground=ground, now=now,
                name=(options["name"] or file.stem)[:120], source=file.name,
            )  # fmt: skip
        except DomainError as error:
            report.refuse(file=file, row=0, field="", reason=error.detail)
            report.stop_if_bad()
            raise
        report.counts |= {"outlines": len(found.drawn)}
        if not options["dry_run"]:
            report.notes.append(f"draft {division.pk} of {ground.parent.name}: check and publish it on the console")
