from typing import Any

from django.utils import timezone

from backend.accounts.actor import SYSTEM
from backend.inspections.division_commands import DivisionCommand, refusals, table
from backend.inspections.impact import KINDS, Impact, impact_of

_NAMED = ("names a closed area", "name", "as", "area", "heir", "why not")
_TITLES = ("old", "new", "how", "ha", *KINDS, "workers")


class Command(DivisionCommand):
    help = "Say what a draft would move from which grid to which; nothing is written."

    def handle(self, *args: Any, **options: Any) -> None:
        with refusals():
            impact = impact_of(actor=SYSTEM, division_id=options["division"], now=timezone.now())
        self.say(_facts(impact), _told(impact), as_json=options["json"])


def _facts(impact: Impact) -> dict[str, Any]:
    return {
        "version": impact.version,
        "pairs": [
            {
                "old": pair.old_code, "new": pair.new_code, "kind": pair.kind, "is_moved": pair.is_moved,
                "shared_m2": round(pair.shared_m2, 1), "counts": pair.counts,
            }
            for pair in impact.pairs
        ],
        "totals": impact.totals,
        "named": [one.facts() for one in impact.named],
    }  # fmt: skip


def _told(impact: Impact) -> str:
    rows: list[tuple[object, ...]] = [
        (
            pair.old_code or "-", pair.new_code or "-", pair.kind, f"{pair.shared_m2 / 10_000:.2f}",
            *(pair.counts[kind] for kind in (*KINDS, "workers")),
        )
        for pair in impact.pairs
        if pair.is_moved
    ]  # fmt: skip
    rows.append(("all moved", "", "", "", *(impact.totals[kind] for kind in (*KINDS, "workers"))))
    told = table(_TITLES, rows)
    if not impact.named:
        return told
    named = [
        (
            one.kind,
            one.name_zh,
            one.field,
            one.area.code,
            one.heir_code or ("-" if one.is_in_the_way else "off"),
            one.reason.value,
        )
        for one in impact.named
    ]
    return f"{told}\n\n{table(_NAMED, named)}"
