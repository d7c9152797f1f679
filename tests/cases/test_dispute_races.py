"""A dispute settled from two sides at once: one of them counts, the others are told, the case moves once."""

from collections.abc import Callable

import pytest

from backend.cases import services
from backend.cases.disputes import raising, settling
from backend.cases.disputes.raising import Ground
from backend.cases.disputes.settling import Outcome, Said
from backend.cases.models import Case, CaseEvent, Dispute
from backend.cases.services import Step
from backend.cases.workflow import Action
from backend.core.models import OutboxMessage
from backend.dispatch.models import Decision, Ruling
from tests.cases.test_disputes import AT_BORDER, EAST, GROUND, OWN, WORDS, case_at, returned
from tests.conftest import NOON
from tests.inspections.test_races import at_once
from tests.world import World, make_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.parametrize("turn", range(4))]


def ruling(world: World, dispute: Dispute, by: str, outcome: Outcome) -> Callable[[], object]:
    grid_code = world.grid(EAST).code if outcome is Outcome.GRID else ""
    actor, said = world.actor(by), Said(outcome, WORDS, grid_code=grid_code)
    return lambda: settling.rule(
        actor=actor, dispute_id=dispute.pk, version=dispute.version, said=said, now=NOON
    ).state  # fmt: skip


def settled_once(case: Case) -> None:
    for rows in (
        CaseEvent.objects.filter(case=case, action="settle"),
        Decision.objects.filter(case=case, cause="dispute"),
        Ruling.objects.filter(case=case),
        OutboxMessage.objects.filter(topic="dispute_settled"),
    ):
        assert rows.count() == 1


def test_two_arbiters_at_once(turn: int) -> None:
    world = make_world(NOON)
    case = case_at(world, AT_BORDER, NOON)
    dispute = returned(world, case, NOON)
    results = at_once(
        ruling(world, dispute, "community:002011", Outcome.GRID),
        ruling(world, dispute, "street:002", Outcome.STAYS),
        ruling(world, dispute, "district", Outcome.GRID),
    )
    assert sorted(map(str, results)) == ["dispute_settled", "dispute_settled", "ruled"]
    settled_once(case)


def test_a_ruling_while_the_neighbour_takes_it(turn: int) -> None:
    world = make_world(NOON)
    case = case_at(world, AT_BORDER, NOON)
    dispute = returned(world, case, NOON)
    neighbour = world.actor(f"leader:{EAST}")
    results = at_once(
        ruling(world, dispute, "community:002011", Outcome.STAYS),
        lambda: settling.accept(actor=neighbour, dispute_id=dispute.pk, now=NOON).state,
    )
    assert sorted(map(str, results)) in (["agreed", "dispute_settled"], ["dispute_settled", "ruled"])
    settled_once(case)
    case.refresh_from_db()
    assert case.grid == world.grid(EAST if "agreed" in results else OWN)


def test_a_ruling_while_the_owner_starts(turn: int) -> None:
    world = make_world(NOON)
    case = case_at(world, AT_BORDER, NOON)
    dispute = returned(world, case, NOON)
    owner, version = world.actor(f"leader:{OWN}"), Case.objects.get(pk=case.pk).version

    def start() -> object:
        step = Step(Action.ACCEPT, version=version)
        return services.act(actor=owner, case_id=case.pk, step=step, now=NOON).state

    results = at_once(ruling(world, dispute, "community:002011", Outcome.GRID), start)
    case.refresh_from_db()
    dispute.refresh_from_db()
    if "ruled" in results:
        # The case has left the owner's grid: it is gone from their sight, or has another version.
        assert set(results) - {"ruled"} <= {"case_not_found", "stale_version"}
        assert (case.state, case.grid, dispute.state) == ("pending_handle", world.grid(EAST), "ruled")
    else:
        assert sorted(map(str, results)) == ["dispute_settled", "handling"]
        assert (case.state, case.grid, dispute.state) == ("handling", world.grid(OWN), "withdrawn")
        assert Ruling.objects.count() == 0


def test_one_decision_returned_by_two_at_once(turn: int) -> None:
    world = make_world(NOON)
    case = case_at(world, AT_BORDER, NOON)

    def send_back(by: str) -> Callable[[], object]:
        actor = world.actor(by)
        return lambda: raising.return_case(actor=actor, case_id=case.pk, ground=Ground(GROUND), now=NOON).state

    results = at_once(send_back(f"leader:{OWN}"), send_back(f"worker:{OWN}"))
    assert sorted(map(str, results)) == ["already_returned", "open"]
    assert CaseEvent.objects.filter(case=case, action="dispute").count() == Dispute.objects.count() == 1
