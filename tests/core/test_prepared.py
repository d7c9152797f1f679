"""Statements that are planned once a connection."""

from collections.abc import Iterator

import pytest
from django.db import NotSupportedError, connection, transaction
from django.test.utils import CaptureQueriesContext

from backend.core.prepared import Prepared


@pytest.mark.django_db
def test_a_statement_is_prepared_once_also_when_its_first_transaction_is_rolled_back() -> None:
    added = Prepared("added", "SELECT %(a)s + %(b)s, %(a)s", takes={"b": "integer", "a": "integer"})
    with CaptureQueriesContext(connection) as sent:
        with transaction.atomic():
            assert added.rows(a=1, b=2) == [(3, 1)]
            transaction.set_rollback(True)
        assert added.rows(a=5, b=6) == [(11, 5)]
    assert sum(query["sql"].startswith("PREPARE") for query in sent.captured_queries) == 1


@pytest.mark.django_db
def test_an_argument_that_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match="b"):
        Prepared("halved", "SELECT %(b)s / 2", takes={"b": "integer"}).rows(a=1)


@pytest.fixture
def drawer() -> Iterator[Prepared]:
    """A statement about a table of its own."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE drawer (label varchar(5))")
        cursor.execute("INSERT INTO drawer VALUES ('nails')")
    try:
        yield Prepared("labels", "SELECT label, %(n)s FROM drawer", takes={"n": "integer"})
    finally:
        altered("DROP TABLE drawer")


def altered(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_closed_prepares_anew(drawer: Prepared) -> None:
    assert drawer.rows(n=1) == [("nails", 1)]
    connection.close()
    assert drawer.rows(n=2) == [("nails", 2)]


@pytest.mark.django_db(transaction=True)
def test_a_column_more_is_no_matter(drawer: Prepared) -> None:
    drawer.rows(n=1)
    altered("ALTER TABLE drawer ADD COLUMN height integer NOT NULL DEFAULT 3")
    altered("CREATE INDEX ON drawer (label)")
    assert drawer.rows(n=2) == [("nails", 2)]


@pytest.mark.django_db(transaction=True)
def test_a_column_of_another_type_is_planned_for_anew(drawer: Prepared) -> None:
    drawer.rows(n=1)
    altered("ALTER TABLE drawer ALTER COLUMN label TYPE varchar(9)")
    assert [drawer.rows(n=number) for number in (2, 3)] == [[("nails", 2)], [("nails", 3)]]


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_the_next_call_plans_for_the_other_type(drawer: Prepared) -> None:
    drawer.rows(n=1)
    altered("ALTER TABLE drawer ALTER COLUMN label TYPE varchar(9)")
    with pytest.raises(NotSupportedError), transaction.atomic():
        drawer.rows(n=2)
    with transaction.atomic():
        assert drawer.rows(n=3) == [("nails", 3)]
