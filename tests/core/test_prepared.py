"""Statements that are planned once a connection."""

import pytest
from django.db import connection, transaction
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
