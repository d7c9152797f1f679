from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from backend.accounts.actor import SYSTEM
from backend.areas import drafts
from backend.areas import queries as areas
from backend.areas.models import Division
from backend.inspections.division_commands import division_id, facts_of, json_of, refusals


class Command(BaseCommand):
    help = "Begin a draft: from what is published last under an area, or from the outlines of another division."

    def add_arguments(self, parser: CommandParser) -> None:
        begin = parser.add_mutually_exclusive_group(required=True)
        begin.add_argument("--under", metavar="CODE", help="the street, community … that is cut")
        begin.add_argument("--from", dest="origin", type=division_id, metavar="ID", help="draft or published division")
        parser.add_argument("--level", default="grid", choices=drafts.LEVELS, help="with --under")
        parser.add_argument("--name", default="")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"].strip()
        if len(name) > 120:
            raise CommandError("--name: at most 120 characters")
        with refusals():
            if options["origin"]:
                division = _copied(options["origin"], name)
            else:
                division = drafts.create_draft(
                    actor=SYSTEM, parent_code=options["under"], level=options["level"], name=name or options["under"],
                    now=timezone.now(), source="in_force",
                )  # fmt: skip
        told = f"draft {division.pk} ({division.drawn.count()} outlines); next: check_division {division.pk}"
        self.stdout.write(json_of(facts_of(division)) if options["json"] else told)


def _copied(origin: UUID, name: str) -> Division:
    """The outlines of the other division; those that were to be new areas there will be new ones here."""
    now = timezone.now()
    drawn = areas.division_drawn(SYSTEM, origin, now=now)
    other = drawn.line.division
    return drafts.create_draft(
        actor=SYSTEM, parent_code=other.parent.code, level=other.level, name=name or other.name, now=now,
        source=f"division {other.pk}",
        drawn=[
            drafts.Drawn(one.shape, "" if one.is_new else one.code, one.under, one.name, one.name_en, one.kind)
            for one in drawn.outlines
        ],
    )  # fmt: skip
