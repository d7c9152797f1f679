"""The same coverage map asked for by one person in two windows at once: one request, and nobody gets an error."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection

from backend.core.models import AuditEntry
from backend.stats import coverage_maps
from backend.stats.models import CoverageMap
from tests.conftest import NOON
from tests.inspections.test_races import at_once
from tests.stats.test_coverage_maps import ask
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage_maps, "_send", lambda map_ids: 0)


def asking(world: World) -> Callable[[], UUID]:
    return lambda: ask(world, "street:002", NOON).pk


def test_two_windows_at_once_are_one_request() -> None:
    world = make_world(NOON)
    found = at_once(*[asking(world)] * 4)
    assert len(set(found)) == 1
    assert CoverageMap.objects.count() == AuditEntry.objects.filter(action="export_coverage").count() == 1


def test_a_request_that_ends_while_it_is_asked_for_again_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(NOON)
    first, create = ask(world, "street:002", NOON), CoverageMap.objects.create

    def end_first() -> None:
        claimed = coverage_maps._claim(first.pk, NOON)
        assert claimed is not None
        coverage_maps._end(claimed, CoverageMap.State.FAILED, NOON)
        connection.close()

    def create_slowly(**given: Any) -> CoverageMap:
        try:
            return create(**given)
        except IntegrityError:
            worker = threading.Thread(target=end_first)
            worker.start()
            worker.join()
            raise

    monkeypatch.setattr(CoverageMap.objects, "create", create_slowly)
    again = ask(world, "street:002", NOON)
    assert (again.state, again.pk == first.pk) == ("queued", False)
