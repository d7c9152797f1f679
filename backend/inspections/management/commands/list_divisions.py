from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from backend.accounts.actor import SYSTEM
from backend.areas import queries as areas
from backend.inspections.division_commands import facts_of, json_of, local, refusals, table


class Command(BaseCommand):
    help = "List drafts and published divisions, the newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--under", default="", metavar="CODE", help="only those of this street, community …")
        parser.add_argument("--state", default="", choices=areas.DIVISION_STATES)
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        with refusals():
            if options["under"]:
                areas.area_below(SYSTEM, options["under"])
            lines = areas.division_lines(SYSTEM, parent_code=options["under"], state=options["state"], now=now)
        if options["json"]:
            facts = [{**facts_of(one.division), "outlines": one.outlines} for one in lines]
            self.stdout.write(json_of(facts))
            return
        rows = [
            (
                one.division.pk, one.division.parent.code, one.division.level,
                "scheduled" if one.is_scheduled else one.division.state, one.division.version, one.outlines,
                local(one.division.effective_at), one.division.name,
            )
            for one in lines
        ]  # fmt: skip
        self.stdout.write(table(("id", "under", "level", "state", "version", "outlines", "begins", "name"), rows))
