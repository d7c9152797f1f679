from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from backend.accounts.actor import SYSTEM
from backend.inspections import dividing
from backend.inspections.division_commands import DivisionCommand, facts_of, found, local, moment, refusals


class Command(DivisionCommand):
    help = "Publish a checked draft for a moment in the town's time, or for now; open work moves with it."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        when = parser.add_mutually_exclusive_group(required=True)
        when.add_argument("--at", type=moment, metavar="'YYYY-MM-DD HH:MM'", help="Asia/Shanghai")
        when.add_argument("--now", action="store_true", help="in force when this returns")

    def handle(self, *args: Any, **options: Any) -> None:
        with refusals():
            division = found(options["division"])
            division = dividing.publish_division(
                actor=SYSTEM, division_id=division.pk, version=division.version, effective_at=options["at"],
                now=timezone.now(),
            )  # fmt: skip
        moved = ", ".join(f"{count} {kind}" for kind, count in division.moved.items() if count)
        told = f"published, in force from {local(division.effective_at)}"
        if division.switched_at:
            told += f"; moved: {moved or 'nothing'}"
        self.say(facts_of(division), told, as_json=options["json"])
