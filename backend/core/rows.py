"""Many rows a statement: COPY for new ones, arrays as one literal for joining with what is there, locks in order."""

import io
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import datetime
from itertools import islice
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import F, Func, Value

Cell = Callable[[Any], str]

COPY_ROWS: Final = 5_000


def copy_in(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Stores rows of these fields (a foreign key by its `_id`) through COPY, several times as fast as `bulk_create`.

    A field that is not named gets the default of the database, not of the model. For text, numbers, moments, ids, JSON
    and arrays of text.
    """
    by_name = {one.attname: one for one in model._meta.concrete_fields}
    cells = [_cell_of(by_name[name]) for name in names]
    columns = ", ".join(f'"{by_name[name].column}"' for name in names)
    statement = f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN'
    waiting = iter(rows)
    with closing(connection.cursor()) as cursor:
        while piece := list(islice(waiting, COPY_ROWS)):
            lines = ["\t".join([cell(value) for cell, value in zip(cells, row, strict=True)]) for row in piece]
            cursor.copy_expert(statement, io.StringIO("\n".join(lines) + "\n"))


def lock_rows(found: "models.QuerySet[Any]") -> list[Any]:
    """Locks the rows in the order of their keys until the transaction ends; the keys of those that still fit then.

    A lock is taken without joins and the rows are read afterwards: after a wait the server checks the new row against
    the joined ones of before, and loses it where it points elsewhere now.
    """
    return list(found.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))


def array(values: Iterable[object]) -> str:
    """A parameter for `%s::uuid[]` and the like: one literal, which the planner reads much faster than a list.

    >>> array(["a", None])
    '{"a",NULL}'
    """
    element = _remembered(lambda value: "NULL" if value is None else _element(str(value)))
    return "{" + ",".join([_element(one) if type(one) is str else element(one) for one in values]) + "}"


def among(field: str, ids: Iterable[object]) -> Func:
    """Condition: the id in `field` is one of many; `field__in` would make a parameter of each."""
    return Func(
        F(field), Value(array(ids)), arg_joiner=" = ANY(", template="(%(expressions)s::uuid[]))",
        output_field=models.BooleanField(),
    )  # fmt: skip


def _cell_of(field: "models.Field[Any, Any]") -> Cell:
    if isinstance(field, models.JSONField):
        # One encoder for all rows: `json.dumps` makes a new one each time.
        encode = (field.encoder or json.JSONEncoder)(ensure_ascii=False).encode
        return _remembered(lambda value: _text(encode(value)))
    if isinstance(field, ArrayField):
        return _remembered(lambda value: _text(array(value)))
    other = _remembered(lambda value: value.isoformat() if isinstance(value, datetime) else str(value))
    return lambda value: _text(value) if type(value) is str else r"\N" if value is None else other(value)


def _remembered(written: Cell) -> Cell:
    """Writes each object once: many rows hold the very same ones (a grid's id, a team, a moment)."""
    known: dict[int, tuple[Any, str]] = {}

    def cell(value: Any) -> str:
        held = known.get(id(value))
        if held is None:
            # The value is kept with its text, so that no other object gets its address meanwhile.
            held = known[id(value)] = (value, written(value))
        return held[1]

    return cell


def _text(value: str) -> str:
    """As COPY reads it: backslash, tab and line ends are written with a backslash."""
    if "\\" in value or "\t" in value or "\n" in value or "\r" in value:
        value = value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return value


def _element(value: str) -> str:
    if "\\" not in value and '"' not in value:
        return f'"{value}"'
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
