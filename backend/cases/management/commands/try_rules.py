"""`manage try_rules`: what a change of the rules would have done to the cases of a past period."""

import json
from argparse import ArgumentParser
from dataclasses import asdict, fields
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from backend.accounts.actor import SYSTEM
from backend.cases import trials
from backend.cases.rule_tables import RulesOf
from backend.cases.trials import Trial
from backend.core.clock import LOCAL
from backend.core.errors import DomainError
from backend.core.ids import uuid7
from backend.dispatch.models import Rule, RuleVersion
from backend.dispatch.rules import RuleChange, RuleWish

_SWITCHES: Final = {
    "on": RuleVersion.Action.SWITCHED_ON,
    "off": RuleVersion.Action.SWITCHED_OFF,
    "end": RuleVersion.Action.ENDED,
}


class Command(BaseCommand):
    help = "Tries a change of the rules on past cases; nothing is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rule", type=UUID, help="the rule that is changed; without it, FILE is a new one")
        parser.add_argument("--file", type=Path, help="JSON of the rule as it is to be, in the fields of the console")
        parser.add_argument("--switch", choices=sorted(_SWITCHES), help="switch --rule on or off, or end it")
        parser.add_argument("--from", dest="start", type=date.fromisoformat, required=True, help="first day")
        parser.add_argument("--to", dest="end", type=date.fromisoformat, required=True, help="last day, included")
        parser.add_argument(
            "--rules", choices=[one.value for one in RulesOf], default=RulesOf.TODAY.value,
            help="the other rules are those of today, or those of each case's moment (then)",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="everything as one JSON object")
        parser.add_argument("--most", type=int, default=20, help="how many cases the table names")

    def handle(self, *args: Any, **options: Any) -> None:
        start = datetime.combine(options["start"], time(), LOCAL)
        end = datetime.combine(options["end"] + timedelta(days=1), time(), LOCAL)
        try:
            trial = trials.try_out(
                actor=SYSTEM, change=_change(options), start=start, end=end, now=timezone.now(),
                rules_of=RulesOf(options["rules"]),
            )  # fmt: skip
        except DomainError as error:
            raise CommandError(f"{error.code}: {error.detail} {json.dumps(error.facts, default=str)}") from error
        self.stdout.write(_as_json(trial) if options["json"] else _as_table(trial, options["most"]))


def _change(options: dict[str, Any]) -> RuleChange:
    rule = Rule.objects.filter(pk=options["rule"]).first() if options["rule"] else None
    if options["rule"] and rule is None:
        raise CommandError(f"no rule {options['rule']}")
    if (options["file"] is None) == (options["switch"] is None):
        raise CommandError("give --file or --switch")
    if options["switch"]:
        if rule is None:
            raise CommandError("--switch needs --rule")
        return RuleChange(_SWITCHES[options["switch"]], rule.pk, rule.version)
    wish = _wish(options["file"])
    if rule is None:
        return RuleChange(RuleVersion.Action.CREATED, uuid7(), wish=wish)
    return RuleChange(RuleVersion.Action.CHANGED, rule.pk, rule.version, wish)


def _wish(path: Path) -> RuleWish:
    """The wish in a file: the names of RuleWish, moments as ISO 8601, hours as HH:MM, days of a season as MM-DD."""
    try:
        said = json.loads(path.read_text("utf-8"))
        unknown = set(said) - {one.name for one in fields(RuleWish)}
        if unknown:
            raise CommandError(f"{path}: no such field: {', '.join(sorted(unknown))}")
        for name in ("hours_from", "hours_until"):
            said[name] = time.fromisoformat(said[name]) if said.get(name) else None
        for name in ("matter_id", "department_id"):
            said[name] = UUID(said[name]) if said.get(name) else None
        until = said.get("valid_until")
        said["valid_until"] = datetime.fromisoformat(until) if until else None
        said["valid_from"] = datetime.fromisoformat(said["valid_from"])
        return RuleWish(**said)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CommandError(f"{path}: {error!r}") from error


def _as_json(trial: Trial) -> str:
    cases = [
        {
            "number": move.case.number,
            "reported_at": move.case.reported_at.isoformat(),
            "before": trials.answering(move.before)[:2],
            "after": trials.answering(move.after)[:2],
            "why": {"zh": move.after.text_zh, "en": move.after.text_en},
        }
        for move in trial.elsewhere
    ]
    loads = [asdict(load) for load in trial.loads]
    content = {
        "rules": trial.rules_of.value,
        "cases": trial.cases,
        "elsewhere": len(cases),
        "moved": cases,
        "loads": loads,
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


def _as_table(trial: Trial, most: int) -> str:
    of = "of today" if trial.rules_of is RulesOf.TODAY else "of each case's moment"
    lines = [f"other rules {of}: {trial.cases} cases, {len(trial.elsewhere)} would have gone elsewhere", ""]
    lines += [f"{'answers':<40} {'before':>8} {'after':>8} {'change':>8}"]
    lines += [
        f"{load.kind + ' ' + load.code:<40} {load.before:>8} {load.after:>8} {load.after - load.before:>+8}"
        for load in trial.loads
    ]
    lines += ["", f"{'case':<24} {'reported':<17} {'before':<32} after"]
    for move in trial.elsewhere[:most]:
        before, after = (" ".join(trials.answering(verdict)[:2]) for verdict in (move.before, move.after))
        at = move.case.reported_at.astimezone(LOCAL)
        lines.append(f"{move.case.number:<24} {at:%Y-%m-%d %H:%M}  {before:<32} {after}")
    if len(trial.elsewhere) > most:
        lines.append(f"… and {len(trial.elsewhere) - most} more; --json names all")
    return "\n".join(lines)
