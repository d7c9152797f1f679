"""Ways to break what the database states, and who refuses."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.contrib.gis.geos import Point
from django.db import IntegrityError, connection, models, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.core.ids import uuid7

EMPTY = DateTimeTZRange(empty=True)
PARIS, NOWHERE = Point(2.35, 48.86, srid=4326), Point(200, 95, srid=4326)
Break = Callable[[], object]


def row_of(model: type[models.Model], **which: Any) -> Any:
    return model._default_manager.filter(**which).first()


def made_for(row: Any, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value(row) if callable(value) else value for name, value in values.items()}


def changed(model: type[models.Model], which: dict[str, Any] | None = None, **values: Any) -> Break:
    """One row of the model gets these values; a function makes its value from the row."""

    def act() -> None:
        row = row_of(model, **(which or {}))
        assert model._default_manager.filter(pk=row.pk).update(**made_for(row, values)) == 1

    return act


def doubled(model: type[models.Model], which: dict[str, Any] | None = None, **values: Any) -> Break:
    """One row of the model a second time, under a key of its own."""

    def act() -> None:
        row = row_of(model, **(which or {}))
        for name, value in made_for(row, values).items():
            setattr(row, name, value)
        if isinstance(model._meta.pk, models.UUIDField):
            row.pk = uuid7()
        elif isinstance(model._meta.pk, models.AutoField):
            row.pk = None
        row._state.adding = True
        row.save(force_insert=True)

    return act


def our_models() -> list[type[models.Model]]:
    ours = [config for config in apps.get_app_configs() if config.name.startswith("backend.")]
    return [model for config in ours for model in config.get_models()]


def run(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def refused_by(act: Break) -> str | None:
    """The constraint that stops `act`; None where nothing does. Either way nothing stays."""
    try:
        with transaction.atomic():
            act()
            connection.check_constraints()  # those that wait for the end of the transaction
            transaction.set_rollback(True)
    except IntegrityError as error:
        return str(error.__cause__.diag.constraint_name)  # type: ignore[union-attr]
    return None
