"""One rule changed from two sides, at once or again: one change counts, the other is told, no hole in the history."""

from dataclasses import replace

import pytest

from backend.core.errors import IdReused
from backend.dispatch import rules
from backend.dispatch.models import RuleVersion
from backend.dispatch.rules import RuleChange
from tests.conftest import NOON
from tests.dispatch.wishes import creation, wish
from tests.inspections.test_races import at_once
from tests.world import make_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("_turn", range(2))
def test_two_changes_of_one_version_at_once(_turn: int) -> None:
    world = make_world(NOON)
    street, first = world.actor("street:002"), creation(wish(world))
    rules.write(actor=street, change=first, now=NOON)
    changes = [
        RuleChange(RuleVersion.Action.CHANGED, first.rule_id, 1, replace(wish(world), priority=priority))
        for priority in (200, 300, 400)
    ]
    calls = [lambda change=change: rules.write(actor=street, change=change, now=NOON).n for change in changes]
    assert sorted(map(str, at_once(*calls))) == ["2", "stale_version", "stale_version"]
    assert list(RuleVersion.objects.order_by("n").values_list("n", flat=True)) == [1, 2]


def test_one_creation_from_two_sides_at_once_is_one() -> None:
    world = make_world(NOON)
    street, change = world.actor("street:002"), creation(wish(world))
    calls = [lambda: rules.write(actor=street, change=change, now=NOON).n] * 3
    assert at_once(*calls) == [1, 1, 1]
    assert RuleVersion.objects.count() == 1


def test_the_creation_of_somebody_else_is_no_repeat() -> None:
    world = make_world(NOON)
    change = creation(wish(world))
    rules.write(actor=world.actor("street:002"), change=change, now=NOON)
    with pytest.raises(IdReused):
        rules.write(actor=world.actor("district"), change=change, now=NOON)
