from typing import Any

from django.utils import timezone

from backend.accounts.actor import SYSTEM
from backend.inspections import dividing
from backend.inspections.division_commands import DivisionCommand, facts_of, refusals


class Command(DivisionCommand):
    help = "Take a published division back while nothing has happened on the ground that it changed."

    def handle(self, *args: Any, **options: Any) -> None:
        with refusals():
            division = dividing.undo_division(actor=SYSTEM, division_id=options["division"], now=timezone.now())
        self.say(facts_of(division), "undone; the former boundaries hold", as_json=options["json"])
