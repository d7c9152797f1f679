"""A benchmark's result: one table with ratios for people, the same figures for machines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Cell: TypeAlias = str | float | int | None


class CheckFailed(Exception):
    """What a benchmark measures is not right, so its speed means nothing."""


@dataclass(frozen=True, slots=True)
class Column:
    """A figure with its unit in the title; `digits` after the point."""

    key: str
    title: str
    digits: int = 0

    def text(self, value: Cell) -> str:
        """The value as it is printed; a dash for what was not measured.

        >>> Column("rate", "points/s").text(1234567.8), Column("ratio", "×", 2).text(None)
        ('1,234,568', '–')
        """
        if value is None:
            return "–"
        return value if isinstance(value, str) else f"{value:,.{self.digits}f}"


@dataclass(frozen=True)
class Table:
    """`rows` hold one cell for every column; `facts` is what was checked and how large the task was."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Cell]]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """The table in aligned plain text, the facts below it.

        >>> print(Table("t", "Things", [Column("what", "what"), Column("n", "n/s")], [{"what": "a", "n": 1200}]).text())
        t: Things
          what    n/s
          a     1,200
        """
        cells = [[column.title for column in self.columns]]
        cells += [[column.text(row[column.key]) for column in self.columns] for row in self.rows]
        widths = [max(len(line[n]) for line in cells) for n in range(len(self.columns))]
        words = [any(isinstance(row[column.key], str) for row in self.rows) for column in self.columns]
        lines = [f"{self.name}: {self.title}"]
        for line in cells:
            parts = [
                text.ljust(width) if is_words else text.rjust(width)
                for text, width, is_words in zip(line, widths, words, strict=True)
            ]
            lines.append(f"  {'  '.join(parts)}".rstrip())
        lines += [f"  {key.replace('_', ' ')}: {_said(value)}" for key, value in self.facts.items()]
        return "\n".join(lines)

    def content(self) -> dict[str, Any]:
        """The same for machines: figures to four significant digits."""
        rows = [{column.key: _rounded(row[column.key]) for column in self.columns} for row in self.rows]
        return {"title": self.title, "rows": rows, "facts": {key: _rounded(value) for key, value in self.facts.items()}}


def _rounded(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _said(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
