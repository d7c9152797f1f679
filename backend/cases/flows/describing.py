"""A table of steps as people read it: one Markdown table, the same for the same rows."""

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from backend.cases.flows.table import Condition, Flow, Transition

_HEAD: Final = ("from", "action", "to", "who", "needs", "guards", "clock")


def as_markdown(flow: Flow) -> str:
    """The rows in their order; states that share a row stand together. `=` means that the case stays where it is."""
    lines = [_line(_HEAD), _line("---" for _ in _HEAD)]
    for _, rows in groupby(flow.transitions, key=lambda one: one.line):
        lines.append(_described(list(rows)))
    return "\n".join(lines) + "\n"


def _described(rows: list[Transition]) -> str:
    one = rows[0]
    stays = all(row.state == row.to for row in rows)
    return _line(
        (
            ", ".join(f"`{row.state}`" for row in rows if row.state) or "—",
            f"**{one.action}**",
            "=" if stays else f"`{one.to}`",
            ", ".join(sorted(one.roles)),
            ", ".join(one.needs),
            ", ".join(map(_named, one.guards)),
            one.clock or "",
        )
    )


def _named(condition: Condition) -> str:
    return f"{condition.guard} = {condition.count}" if condition.count else condition.guard


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
