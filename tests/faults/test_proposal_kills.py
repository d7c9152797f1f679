"""kill -9 of a worker in mid-proposal: nothing half stored; the next one finishes, or it is given up by name."""

from datetime import datetime

import pytest

from backend.areas.models import Division, DraftOutline, Proposal
from backend.core.models import OutboxMessage
from backend.places import proposals
from backend.places.proposals import ProposalWish
from tests.conftest import NOON
from tests.faults.test_halfway import COMMUNITY, Work, killed
from tests.places.town_blocks import lay_blocks
from tests.world import World, make_world

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]
LOST = proposals.CLAIM * 1.1


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("gis.division.searching.LONG_SEARCH", 100_000)
    monkeypatch.setattr("gis.division.searching.STEPS_PER_ATOM", 1_000)
    world = make_world(NOON)
    lay_blocks()
    return world


def asked(world: World, now: datetime) -> Proposal:
    actor = world.actor("community:002011")
    return proposals.ask(actor=actor, area_code=COMMUNITY, wish=ProposalWish(grids=5), name="建议划分", now=now)


def computing(proposal: Proposal, at: datetime) -> Work:
    return lambda: proposals.compute(proposal_id=proposal.pk, clock=lambda: at)


def stored(proposal: Proposal) -> tuple[str, int, int, list[str]]:
    """State, drafts with their outlines, and what whoever asked is owed a notice of."""
    proposal.refresh_from_db()
    owed = OutboxMessage.objects.filter(topic="proposal_ended", key=str(proposal.pk))
    drafts = Division.objects.filter(source="proposal")
    outlines = DraftOutline.objects.filter(division__in=drafts).count()
    return proposal.state, drafts.count(), outlines, [one.payload["state"] for one in owed]


def test_the_next_worker_finishes_what_a_killed_one_had_begun(town: World) -> None:
    proposal, at = asked(town, NOON), NOON
    sent = killed(computing(proposal, at))  # as it wants to commit draft, figures and notice
    assert stored(proposal) == ("running", 0, 0, [])
    for spot in (1, sent // 2, sent - 1):
        Proposal.objects.filter(pk=proposal.pk).update(attempts=1)
        at += LOST
        assert proposals.waiting(now=at) == [proposal.pk]
        killed(computing(proposal, at), at=spot)
        assert stored(proposal) == ("running", 0, 0, [])
        assert proposals.waiting(now=at) == [], "the claim of the killed one holds for a while"
    at += LOST
    assert computing(proposal, at)() is True
    assert stored(proposal) == ("done", 1, 5, ["done"])
    assert computing(proposal, at + LOST)() is False
    assert stored(proposal) == ("done", 1, 5, ["done"])


def test_a_request_that_loses_every_worker_is_given_up_and_may_be_asked_again(town: World) -> None:
    proposal, at = asked(town, NOON), NOON
    for _ in range(proposals.MOST_ATTEMPTS):
        assert proposals.give_up_lost(now=at) == 0
        killed(computing(proposal, at))
        at += LOST
    assert computing(proposal, at)() is False
    assert [proposals.give_up_lost(now=at) for _ in range(2)] == [1, 0]
    assert stored(proposal) == ("failed", 0, 0, ["failed"])
    assert proposal.problem["reason"] == "worker_lost"
    again = asked(town, at)
    assert computing(again, at)() is True
    assert stored(again) == ("done", 1, 5, ["done"])
