from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.core.management.base import CommandParser
from django.utils import timezone

from backend.accounts.actor import SYSTEM
from backend.cases.division_trials import DivisionTrial, PastMove, try_division
from backend.cases.rule_tables import RulesOf
from backend.cases.trials import answering
from backend.core.clock import LOCAL
from backend.dispatch.services import Verdict
from backend.inspections.division_commands import DivisionCommand, local, refusals, table

_RULES: Final = {RulesOf.THEN: "of each case's moment", RulesOf.TODAY: "of today"}


class Command(DivisionCommand):
    help = "Tries a draft on the cases of a past period, as if it had been in force; nothing is written."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--from", dest="start", type=date.fromisoformat, required=True, help="first day")
        parser.add_argument("--to", dest="end", type=date.fromisoformat, required=True, help="last day, included")
        parser.add_argument(
            "--rules", choices=[one.value for one in RulesOf], default=RulesOf.THEN.value,
            help="the rules of each case's moment (then), or those of today",
        )  # fmt: skip
        parser.add_argument("--most", type=int, default=20, help="how many cases the table names")

    def handle(self, *args: Any, **options: Any) -> None:
        with refusals():
            trial = try_division(
                actor=SYSTEM,
                division_id=options["division"],
                start=datetime.combine(options["start"], time(), LOCAL),
                end=datetime.combine(options["end"] + timedelta(days=1), time(), LOCAL),
                now=timezone.now(),
                rules_of=RulesOf(options["rules"]),
            )
        self.say(_facts(trial), _told(trial, options["most"]), as_json=options["json"])


def _facts(trial: DivisionTrial) -> dict[str, Any]:
    return {
        "rules": trial.rules_of.value,
        "cases": trial.cases,
        "elsewhere": len(trial.elsewhere),
        "other_grid": trial.other_grid,
        "other_person": trial.other_person,
        "nobody": len(trial.nobody),
        "nobody_before": trial.nobody_before,
        "moved": [_move(one) for one in trial.elsewhere],
        "nobody_cases": [_move(one) for one in trial.nobody],
        "loads": [asdict(load) for load in trial.loads],
    }


def _move(move: PastMove) -> dict[str, Any]:
    return {
        "number": move.case.number,
        "reported_at": move.case.reported_at.isoformat(),
        "at": [move.case.lon, move.case.lat],
        "before": _who(move.before),
        "after": _who(move.after),
        "why": {"zh": move.after.text_zh, "en": move.after.text_en} if move.after else None,
    }


def _who(verdict: Verdict | None) -> list[str] | None:
    return list(answering(verdict)[:2]) if verdict else None


def _told(trial: DivisionTrial, most: int) -> str:
    lines = [
        f"rules {_RULES[trial.rules_of]}",
        f"{trial.cases} cases, {len(trial.elsewhere)} would have gone elsewhere: {trial.other_grid} to another grid, "
        f"{trial.other_person} to another person; {len(trial.nobody)} find nobody ({trial.nobody_before} did then)",
        "",
        table(
            ("answers", "code", "before", "after", "change"),
            [(one.kind, one.code, one.before, one.after, f"{one.after - one.before:+d}") for one in trial.loads],
        ),
        "",
        table(
            ("case", "reported", "before", "after"),
            [
                (
                    one.case.number, local(one.case.reported_at), " ".join(_who(one.before) or ("outside",)),
                    " ".join(_who(one.after) or ("outside",)),
                )
                for one in trial.elsewhere[:most]
            ],
        ),
    ]  # fmt: skip
    if len(trial.elsewhere) > most:
        lines.append(f"… and {len(trial.elsewhere) - most} more; --json names all")
    return "\n".join(lines)
