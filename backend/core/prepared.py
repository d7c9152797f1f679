"""Statements that PostgreSQL plans once for each connection, for doors where each call counts.

Planning a statement of several tables takes longer than running it for one row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from django.db import NotSupportedError, connection


@dataclass(frozen=True, eq=False)
class Prepared:
    """A statement with arguments by name, `%(name)s`, whose PostgreSQL types stand in `takes`.

    Outside a transaction one call is a transaction of its own. A connection that is opened anew prepares anew. Where a
    migration has changed the type of a column that it gives, PostgreSQL refuses the plan of before: it is made anew at
    once, or, inside a transaction (which is lost with the refusal), by the next call.
    """

    name: str
    sql: str
    takes: Mapping[str, str]
    # By connection; False where the plan of before has to go.
    _known: "WeakKeyDictionary[Any, bool]" = field(default_factory=WeakKeyDictionary)

    def rows(self, **arguments: Any) -> list[tuple[Any, ...]]:
        """What it gives for these arguments, each of which must be there. Raises KeyError for one that is not."""
        given = [arguments[name] for name in self.takes]
        try:
            return self._run(given)
        except NotSupportedError:
            self._known[connection.connection] = False
            if connection.in_atomic_block:
                raise
            return self._run(given)

    def _run(self, given: Sequence[Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            raw = connection.connection
            if not self._known.get(raw):
                if raw in self._known:
                    cursor.execute(f"DEALLOCATE {self.name}")
                cursor.execute(self._preparing())
                self._known[raw] = True  # a rollback does not undo it
            cursor.execute(f"EXECUTE {self.name} ({', '.join(['%s'] * len(given))})", given)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def _preparing(self) -> str:
        numbered = self.sql % {name: f"${number}" for number, name in enumerate(self.takes, 1)}
        return f"PREPARE {self.name} ({', '.join(self.takes.values())}) AS {numbered}"
