"""`manage prove_routing`: whether the decisions of a past period follow from what held at their moments."""

import json
from argparse import ArgumentParser
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from backend.accounts.actor import SYSTEM
from backend.cases.errors import BadPeriod
from backend.cases.proofs import Disagreement, Proof, prove
from backend.core.clock import LOCAL

DISAGREES: Final = 2


class Command(BaseCommand):
    help = "Makes every stored decision of a period once more, as of its moment, and compares; nothing is written."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="start", type=date.fromisoformat, required=True, help="first day")
        parser.add_argument("--to", dest="end", type=date.fromisoformat, required=True, help="last day, included")
        parser.add_argument("--json", action="store_true", help="everything as one JSON object")
        parser.add_argument("--most", type=int, default=20, help="how many disagreements are named")

    def handle(self, *args: Any, **options: Any) -> None:
        start = datetime.combine(options["start"], time(), LOCAL)
        end = datetime.combine(options["end"] + timedelta(days=1), time(), LOCAL)
        try:
            proof = prove(actor=SYSTEM, start=start, end=end)
        except BadPeriod as error:
            raise CommandError(error.detail) from error
        self.stdout.write(_as_json(proof) if options["json"] else _as_text(proof, options["most"]))
        if proof.disagreements:
            raise CommandError(f"{len(proof.disagreements)} decisions do not follow", returncode=DISAGREES)


def _as_json(proof: Proof) -> str:
    facts = {
        "decisions": proof.decisions,
        "agreed": proof.agreed,
        "set_aside": proof.set_aside,
        "causes": proof.causes,
        "disagreements": [_facts(one) for one in proof.disagreements],
    }
    return json.dumps(facts, ensure_ascii=False, default=str)


def _facts(one: Disagreement) -> dict[str, Any]:
    return {
        "case": one.decision.case.number,
        "at": one.decision.at.isoformat(),
        "cause": one.decision.cause,
        "parts": one.parts,
        "then": one.decision.text_zh,
        "again": one.now.text_zh if one.now else None,
    }


def _as_text(proof: Proof, most: int) -> str:
    counts = ", ".join(f"{count} {cause}" for cause, count in sorted(proof.causes.items())) or "none"
    aside = ", ".join(f"{count} {reason}" for reason, count in sorted(proof.set_aside.items())) or "none"
    lines = [
        f"{proof.decisions} decisions ({counts})",
        f"{proof.agreed} follow from their moment",
        f"set aside: {aside}",
    ]
    for one in proof.disagreements[:most]:
        facts = _facts(one)
        lines.append(f"{facts['case']}  {facts['at']}  {facts['cause']}  differs in {', '.join(one.parts)}")
        lines += [f"    then:  {facts['then']}", f"    again: {facts['again']}"]
    return "\n".join(lines)
