import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from backend.accounts.actor import SYSTEM
from backend.core.errors import DomainError
from backend.places.proposing import propose_draft
from gis.division import DivisionError, Figures, Wish


class Command(BaseCommand):
    help = "Let the engine cut a street or community into grids; the draft is checked, edited and published later."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--area", required=True, metavar="CODE", help="the street or community that is cut")
        size = parser.add_mutually_exclusive_group()
        size.add_argument("--grids", type=int, metavar="N", help="how many grids")
        size.add_argument("--households", type=float, default=400.0, metavar="N", help="a grid (default 400)")
        parser.add_argument("--tolerance", type=float, default=0.1, metavar="SHARE", help="off the mean (default 0.1)")
        parser.add_argument("--keep-borders", action="store_true", help="borders of today cost a third of new ones")
        parser.add_argument(
            "--share-dedicated", action="store_true", help="dedicated grids (schools, markets) are cut anew like others"
        )
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="the same gives the same division")
        parser.add_argument("--name", default="自动划分", help="of the draft")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            wish = Wish(
                grids=options["grids"], households=options["households"], tolerance=options["tolerance"],
                keeps_borders=options["keep_borders"], seed=options["seed"],
            )  # fmt: skip
            made = propose_draft(
                actor=SYSTEM, parent_code=options["area"], wish=wish, name=options["name"], now=timezone.now(),
                keeps_dedicated=not options["share_dedicated"],
            )  # fmt: skip
        except (DivisionError, DomainError) as error:
            raise CommandError(f"{error.code}: {error.detail}") from error
        if options["json"]:
            self.stdout.write(json.dumps({"division": str(made.division.pk), **made.figures.as_json()}))
        else:
            self.stdout.write(f"draft {made.division.pk}: check and publish it on the console\n{_told(made.figures)}")


def _told(figures: Figures) -> str:
    lines = [
        f"{figures.grids} grids of {figures.households_least:.0f} to {figures.households_most:.0f} households "
        f"(worst {figures.households_worst:.1%} off the mean)",
        f"{figures.cut_m / 1000:.1f} km of border, {figures.street_share:.0%} of it along streets and water",
        f"compactness {figures.compactness_mean:.2f} on average, {figures.compactness_least:.2f} at least",
        f"{figures.buildings_cut} buildings cut, {figures.compounds_cut} of {figures.compounds} compounds divided",
    ]
    lines += [f"duty minutes: worst {figures.minutes_worst:.1%} off the mean"] if figures.minutes_worst else []
    lines += [f"{figures.kept_share:.0%} of today's borders kept"] if figures.kept_share is not None else []
    lines += [] if figures.is_contiguous else ["a grid lies in several pieces"]
    return "\n".join(lines)
