"""What the commands about divisions share: naming one, moments of the town, refusals in words, tables."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.accounts.actor import SYSTEM
from backend.areas import access
from backend.areas.models import Division
from backend.core.clock import LOCAL
from backend.core.errors import DomainError

MOMENT_FORMATS: Final = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")
# The command did what it was asked; what it found stands in the way.
FAULTY: Final = 2


class DivisionCommand(BaseCommand):
    """A command about one division, as table or JSON. Exit code 1: refused; `FAULTY`: looked at, and not fit."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("division", type=division_id, help="id, as list_divisions shows it")
        parser.add_argument("--json", action="store_true", help="for machines")

    def say(self, facts: Any, told: str, *, as_json: bool) -> None:
        self.stdout.write(json_of(facts) if as_json else told)


def json_of(facts: Any) -> str:
    """For machines, ids and moments as text."""
    return json.dumps(facts, ensure_ascii=False, default=str)


def division_id(word: str) -> UUID:
    """Raises CommandError for a word that is no id."""
    try:
        return UUID(word)
    except ValueError as error:
        raise CommandError(f"{word!r} is no id of a division; list_divisions shows them") from error


def moment(word: str) -> datetime:
    """A moment in the town's time (Asia/Shanghai). Raises CommandError naming the form.

    >>> moment("2026-11-30 00:00").isoformat()
    '2026-11-30T00:00:00+08:00'
    """
    for form in MOMENT_FORMATS:
        try:
            return datetime.strptime(word, form).replace(tzinfo=LOCAL)
        except ValueError:
            continue
    raise CommandError(f"--at {word!r}: write the moment as 'YYYY-MM-DD HH:MM', in the town's time")


@contextmanager
def refusals() -> Iterator[None]:
    """A refusal of the domain in words, with its facts, and exit code 1."""
    try:
        yield
    except DomainError as error:
        more = ", ".join(f"{name}: {value}" for name, value in error.facts.items() if name != "faults")
        raise CommandError(f"{error.detail} [{error.code}{f'; {more}' if more else ''}]") from error


def found(division_id: UUID) -> Division:
    """Raises DivisionNotFound."""
    return access.get_division(SYSTEM, division_id)


def local(at: datetime | None) -> str:
    """The moment in the town's time, to the minute; empty for none."""
    return f"{at.astimezone(LOCAL):%Y-%m-%d %H:%M}" if at else ""


def table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Aligned plain text.

    >>> print(table(["grid", "m2"], [["001", 12], ["002", 7]]))
    grid  m2
    001   12
    002   7
    """
    lines = [[str(cell) for cell in line] for line in (titles, *rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(titles))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def facts_of(division: Division) -> dict[str, Any]:
    """A division as the commands tell of it."""
    return {
        "id": str(division.pk), "name": division.name, "under": division.parent.code, "level": division.level,
        "state": division.state, "version": division.version, "effective_at": local(division.effective_at),
        "switched_at": local(division.switched_at), "moved": division.moved,
    }  # fmt: skip
