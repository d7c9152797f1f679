from typing import Any, Final

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from backend.accounts.actor import SYSTEM
from backend.areas.checking import accept_repairs
from backend.areas.models import Division
from backend.inspections import dividing
from backend.inspections.division_commands import FAULTY, DivisionCommand, found, refusals, table

_TITLES = ("no", "kind", "codes", "size", "unit", "lon", "lat", "stands in the way", "repair")


# `--repair all` looks again so often: ground that one repair hands over may meet a third outline.
MORE_ROUNDS: Final = 5


class Command(DivisionCommand):
    help = "Check a draft and list its faults; exit code 2 while one stands in the way of publishing."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--repair", default="", metavar="all|NUMBERS", help="accept proposed repairs (e.g. 1,4), then check again"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = _wanted(options["repair"])
        with refusals():
            division = _checked(found(options["division"]))
            if options["repair"]:
                division = _repaired(division, wanted)
            for _ in range(MORE_ROUNDS if options["repair"] == "all" else 0):
                if not _repairable(division):
                    break
                division = _repaired(division, None)
        report = division.report
        self.say(report, _told(report), as_json=options["json"])
        if report["blocking"]:
            raise CommandError(f"{report['blocking']} faults stand in the way of publishing", returncode=FAULTY)


def _checked(division: Division) -> Division:
    return dividing.check_draft(actor=SYSTEM, division_id=division.pk, version=division.version, now=timezone.now())


def _repaired(division: Division, fault_ids: list[int] | None) -> Division:
    accept_repairs(
        actor=SYSTEM, division_id=division.pk, version=division.version, fault_ids=fault_ids, now=timezone.now()
    )
    division.refresh_from_db()
    return _checked(division)


def _repairable(division: Division) -> bool:
    """Whether a fault still stands in the way that has a repair: mending one may lay bare another."""
    return any(fault["is_blocking"] and fault["repair"] is not None for fault in division.report["faults"])


def _wanted(word: str) -> list[int] | None:
    """Numbers of faults; None for all of them."""
    if word in ("", "all"):
        return None
    try:
        return [int(number) for number in word.split(",")]
    except ValueError as error:
        raise CommandError(f"--repair {word!r}: 'all', or numbers of the report with commas between") from error


def _told(report: dict[str, Any]) -> str:
    rows = [
        (
            fault["id"], fault["kind"], "/".join(fault["codes"]), f"{fault['size']:.1f}", fault["unit"],
            *(f"{part:.6f}" for part in fault["spot"] or ()), *(() if fault["spot"] else ("", "")),
            "yes" if fault["is_blocking"] else "",
            "" if fault["repair"] is None else f"to {fault['repair']['heir'] or 'nobody'}",
        )
        for fault in report["faults"]
    ]  # fmt: skip
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(report["counts"].items())) or "no fault"
    return "\n".join([*([table(_TITLES, rows)] if rows else []), f"version {report['version']}: {counts}"])
