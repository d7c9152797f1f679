"""`manage show_workflow [--area CODE]`: the table of steps that holds in an area, as Markdown."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.areas.models import Area
from backend.cases.flows.describing import as_markdown
from backend.cases.flows.holding import flow_for, standard


class Command(BaseCommand):
    help = "Print what may be done with a case, by whom and on which conditions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--area", default="", help="code of an area; without: the table of the software")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["area"]:
            self.stdout.write(as_markdown(standard()), ending="")
            return
        area = Area.objects.filter(code=options["area"], closed_at=None).first()
        if area is None:
            raise CommandError(f"no area has the code {options['area']}")
        self.stdout.write(as_markdown(flow_for(area.path, fresh=True)), ending="")
