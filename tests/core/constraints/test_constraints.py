"""Each constraint refuses what it is there to refuse.

What the database states is read from its catalogue: a new constraint, unique index or trigger without its line in
BREAKS (or APPEND_ONLY) of its room beside this fails. A table that has one needs a row from `add_rows` there.
"""

import pytest
from django.db import IntegrityError, connection, models, transaction

from tests.core.constraints import cases, dispatch, rest
from tests.core.constraints.breaking import Break, doubled, our_models, refused_by, run
from tests.core.constraints.rooms import ROOMS
from tests.world import World

BREAKS: dict[str, Break] = {name: act for room in ROOMS for name, act in room.BREAKS.items()}
APPEND_ONLY = cases.APPEND_ONLY | dispatch.APPEND_ONLY | rest.APPEND_ONLY


def test_each_constraint_has_its_line_in_one_room() -> None:
    assert len(BREAKS) == sum(len(room.BREAKS) for room in ROOMS)


def breaks_of_fields() -> dict[str, Break]:
    """What a field states by itself: PositiveIntegerField and unique=True, under the names that PostgreSQL gives."""
    found: dict[str, Break] = {}
    for model in our_models():
        table = model._meta.db_table
        for field in model._meta.local_concrete_fields:
            if isinstance(field, models.fields.PositiveIntegerRelDbTypeMixin):
                found[f"{table}_{field.column}_check"] = doubled(model, **{field.name: -1})
            if field.unique and not field.primary_key:
                found[f"{table}_{field.column}_key"] = doubled(model)
    return found


def stated() -> set[str]:
    """What the database says of our tables: CHECK, UNIQUE, EXCLUDE, unique indexes with a condition, triggers."""
    tables = [model._meta.db_table for model in our_models()]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT conname FROM pg_constraint
            WHERE contype IN ('c', 'u', 'x') AND conrelid::regclass::text = ANY(%(tables)s)
            UNION SELECT indexrelid::regclass::text FROM pg_index
            WHERE indisunique AND NOT indisprimary AND indrelid::regclass::text = ANY(%(tables)s)
            UNION SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text = ANY(%(tables)s)
            """,
            {"tables": tables},
        )
        return {name for (name,) in cursor.fetchall()}


# Breaks that another constraint refuses too: which.
STATED_TWICE = {"disputed_once_a_decision": "one_open_dispute_a_case"}


def test_each_constraint_refuses(full_world: World) -> None:
    assert {name: refused_by(act) for name, act in BREAKS.items()} == {name: name for name in BREAKS}


def test_each_break_goes_through_once_its_constraint_is_gone(full_world: World) -> None:
    """So none of them is refused for another reason, and a constraint that is lost is seen to be lost."""
    connection.check_constraints()
    named = {one.name: (model, one) for model in our_models() for one in model._meta.constraints}
    refused = {name: _refused_without(*named[name], BREAKS[name]) for name in sorted(named)}
    assert {name: by for name, by in refused.items() if by is not None} == STATED_TWICE


def _refused_without(model: type[models.Model], constraint: models.BaseConstraint, act: Break) -> str | None:
    with transaction.atomic():
        with connection.schema_editor(atomic=False) as editor:
            editor.remove_constraint(model, constraint)
        refused = refused_by(act)
        transaction.set_rollback(True)
    return refused


def test_each_field_refuses_by_itself(full_world: World) -> None:
    """With the named constraints of all tables away, which often say the same and would speak first."""
    connection.check_constraints()
    for model in our_models():
        for constraint in model._meta.constraints:
            with connection.schema_editor(atomic=False) as editor:
                editor.remove_constraint(model, constraint)
    stated_by_fields = breaks_of_fields()
    assert {name: refused_by(act) for name, act in stated_by_fields.items()} == {
        name: name for name in stated_by_fields
    }


def test_everything_that_the_database_states_is_broken_here(db: None) -> None:
    assert stated() == set(BREAKS) | set(breaks_of_fields()) | set(APPEND_ONLY)


@pytest.mark.parametrize("trigger", sorted(APPEND_ONLY))
@pytest.mark.parametrize("statement", ["UPDATE {} SET at = at", "DELETE FROM {}"], ids=["update", "delete"])
def test_history_decisions_and_trail_are_only_added_to(full_world: World, trigger: str, statement: str) -> None:
    table = APPEND_ONLY[trigger]._meta.db_table
    with pytest.raises(IntegrityError, match=f"{table} is append-only"), transaction.atomic():
        run(statement.format(table))
