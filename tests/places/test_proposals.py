"""A proposal asked for from the console: stored once, computed once, ended as a draft or a reason."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from backend.areas import edits
from backend.areas import proposals as known
from backend.areas.errors import (
    AreaNotFound,
    BadMoment,
    CannotPropose,
    MayNotDivide,
    ProposalBegun,
    ProposalNotFound,
    ProposalUnderWay,
)
from backend.areas.models import Boundary, Division, DraftOutline, Proposal
from backend.core.errors import DomainError
from backend.core.models import OutboxMessage
from backend.places import proposals, proposing, tasks
from backend.places.proposals import ProposalWish
from tests.inspections.test_divisions import SECOND, THIRD, draft_of, edited, published
from tests.places.town_blocks import lay_blocks
from tests.world import World, make_world

COMMUNITY, BESIDE, STREET = "330281002011", "330281002012", "330281002"
FIVE = ProposalWish(grids=5)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quick_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis.division.searching.LONG_SEARCH", 100_000)
    monkeypatch.setattr("gis.division.searching.STEPS_PER_ATOM", 1_000)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Tasks that go to the broker, with their options."""
    found: list[tuple[str, dict[str, Any]]] = []

    def send_task(name: str, args: list[str], **options: Any) -> None:
        found.append((args[0], options))

    monkeypatch.setattr(proposals.current_app, "send_task", send_task)
    return found


@pytest.fixture
def town(world: World) -> World:
    lay_blocks()
    return world


def asked(world: World, now: datetime, wish: ProposalWish = FIVE, *, who: str = "street:002") -> Proposal:
    return proposals.ask(actor=world.actor(who), area_code=COMMUNITY, wish=wish, name="建议划分", now=now)


def computed(proposal: Proposal, at: datetime) -> bool:
    return proposals.compute(proposal_id=proposal.pk, clock=lambda: at)


def ended(proposal: Proposal) -> Proposal:
    proposal.refresh_from_db()
    return proposal


def told(proposal: Proposal) -> list[str]:
    """The states that whoever asked is owed a notice of."""
    owed = OutboxMessage.objects.filter(topic="proposal_ended", key=str(proposal.pk))
    return [one.payload["state"] for one in owed]


def drafts() -> int:
    return Division.objects.filter(source="proposal").count()


def test_what_is_asked_for_becomes_a_draft_with_figures_of_then_and_now(town: World, now: datetime) -> None:
    proposal = asked(town, now)
    assert (proposal.state, proposal.division, proposal.asked_by) == ("queued", None, town.people["street:002"])
    assert computed(proposal, now + timedelta(seconds=9))
    done = ended(proposal)
    assert (done.state, done.problem, done.claimed_until) == ("done", {}, None)
    assert (done.begun_at, done.ended_at) == (now + timedelta(seconds=9), now + timedelta(seconds=9))
    assert done.division is not None
    assert (done.division.state, done.division.name) == ("draft", "建议划分")
    assert done.division.created_by == town.people["street:002"]
    assert DraftOutline.objects.filter(division=done.division).count() == 5
    assert done.before is not None
    assert done.after is not None
    assert (done.before["grids"], done.after["grids"]) == (3, 5)
    assert (done.before["households_least"], done.before["households_most"]) == (520, 530)
    assert done.before["households_worst"] == pytest.approx(1 - 520 / 525)
    # Two borders of one grid's side, 0.002° of latitude.
    assert done.before["cut_m"] == pytest.approx(2 * 0.002 * 110_850, rel=1e-3)
    assert done.before["street_share"] == pytest.approx(1)
    assert done.before["kept_share"] is None


def test_a_task_delivered_again_makes_no_second_draft(town: World, now: datetime) -> None:
    proposal = asked(town, now)
    assert [computed(proposal, now) for _ in range(3)] == [True, False, False]
    assert (drafts(), told(proposal)) == (1, ["done"])


def test_a_worker_that_was_replaced_writes_nothing(town: World, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first worker sleeps over its claim; a second one finishes before it awakes."""
    proposal, solve = asked(town, now), proposing.solve

    def slow(land: Any, wish: Any) -> Any:
        monkeypatch.setattr(proposing, "solve", solve)
        assert computed(proposal, now + proposals.CLAIM + timedelta(seconds=1))
        return solve(land, wish)

    monkeypatch.setattr(proposing, "solve", slow)
    assert not computed(proposal, now)
    assert (ended(proposal).state, proposal.attempts, drafts(), told(proposal)) == ("done", 2, 1, ["done"])


@pytest.mark.parametrize("fails", [False, True])
def test_a_worker_that_was_replaced_leaves_the_request_to_the_next(
    town: World, now: datetime, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """The first worker ends, well or badly, while the second one still computes."""
    proposal, solve = asked(town, now), proposing.solve

    def slow(land: Any, wish: Any) -> Any:
        assert proposals._claim(proposal.pk, now + proposals.CLAIM + timedelta(seconds=1)) is not None
        if fails:
            raise CannotPropose("too late", reason="too_late")
        return solve(land, wish)

    monkeypatch.setattr(proposing, "solve", slow)
    assert not computed(proposal, now)
    assert (ended(proposal).state, proposal.attempts, drafts(), told(proposal)) == ("running", 2, 0, [])


def test_a_claim_that_holds_is_left_alone(town: World, now: datetime) -> None:
    proposal = asked(town, now)
    Proposal.objects.filter(pk=proposal.pk).update(state="running", claimed_until=now + timedelta(seconds=30))
    assert not computed(proposal, now)
    assert proposals.waiting(now=now) == []


def test_a_lost_worker_is_replaced_and_in_the_end_given_up(
    town: World, now: datetime, sent: list[tuple[str, dict[str, Any]]]
) -> None:
    proposal = asked(town, now)
    later = now
    for attempt in range(1, proposals.MOST_ATTEMPTS + 1):
        assert proposals._claim(proposal.pk, later) is not None
        assert ended(proposal).attempts == attempt
        later += proposals.CLAIM + timedelta(seconds=1)
        if attempt < proposals.MOST_ATTEMPTS:
            assert (proposals.give_up_lost(now=later), proposals.waiting(now=later)) == (0, [proposal.pk])
    assert not computed(proposal, later)
    assert [proposals.give_up_lost(now=later) for _ in range(2)] == [1, 0]
    assert told(proposal) == ["failed"]
    assert (ended(proposal).state, proposal.problem["reason"]) == ("failed", "worker_lost")
    assert (proposals.waiting(now=later), drafts()) == ([], 0)
    asked(town, later)


def test_the_sweep_sends_what_the_broker_missed_with_its_own_limit(
    town: World, now: datetime, sent: list[tuple[str, dict[str, Any]]], settings: Any, time_machine_at_noon: None
) -> None:
    settings.PROPOSE_LIMIT_S = 777
    proposal = asked(town, now - proposals.RETRY_AFTER - timedelta(seconds=1))
    assert sent == []
    assert tasks.free_stuck_proposals() == 1
    assert [(one, options["time_limit"]) for one, options in sent] == [(str(proposal.pk), 777)]


def test_a_worker_renews_its_claim_while_it_computes(
    transactional_db: None, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = make_world(now)
    lay_blocks()
    proposal, solve = asked(town, now), proposing.solve
    moments = iter(now + timedelta(seconds=step) for step in range(1000))
    renewed = threading.Event()
    monkeypatch.setattr(proposals, "RENEW", timedelta(milliseconds=20))

    def slow(land: Any, wish: Any) -> Any:
        claim = ended(proposal).claimed_until
        for _ in range(200):
            if ended(proposal).claimed_until != claim:
                renewed.set()
                break
            threading.Event().wait(0.02)
        return solve(land, wish)

    monkeypatch.setattr(proposing, "solve", slow)
    assert proposals.compute(proposal_id=proposal.pk, clock=lambda: next(moments))
    assert renewed.is_set()
    assert not [one for one in threading.enumerate() if one.name.startswith("renew-")]


def test_a_bug_of_the_engine_ends_the_request_and_is_heard_of(
    town: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(land: Any, wish: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(proposing, "solve", broken)
    proposal = asked(town, now)
    with pytest.raises(ZeroDivisionError):
        computed(proposal, now)
    assert (ended(proposal).state, proposal.problem["reason"], proposal.division) == ("failed", "engine_failed", None)


def test_too_few_blocks_are_a_reason_not_a_draft(town: World, now: datetime) -> None:
    proposal = asked(town, now, ProposalWish(grids=700))
    assert not computed(proposal, now)
    assert (ended(proposal).state, drafts()) == ("failed", 0)
    assert (proposal.problem["reason"], proposal.problem["field"]) == ("too_few_blocks", "grids")
    assert "700 grids" in proposal.problem["detail"]


@pytest.mark.parametrize("whose", ["its worker renews", "its worker ends", "another sweep"])
def test_a_sweep_gives_up_what_is_lost_still(
    town: World, now: datetime, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    """Between its look and its write somebody else writes: then it has nothing to say."""
    proposal, later, give_up = asked(town, now), now + proposals.CLAIM * 1.1, proposals._give_up
    Proposal.objects.filter(pk=proposal.pk).update(attempts=proposals.MOST_ATTEMPTS - 1)
    claimed = proposals._claim(proposal.pk, now)
    assert claimed is not None
    writes = {
        "its worker renews": lambda: Proposal.objects.update(claimed_until=later + proposals.CLAIM),
        "its worker ends": lambda: proposals._fail(claimed, {"code": "no_network"}, now=later),
        "another sweep": lambda: give_up(claimed, later),
    }

    def behind_the_other(found: Proposal, at: datetime) -> bool:
        writes[whose]()
        return give_up(found, at)

    monkeypatch.setattr(proposals, "_give_up", behind_the_other)
    assert proposals.give_up_lost(now=later) == 0
    assert told(proposal) == ([] if whose == "its worker renews" else ["failed"])


def test_boundaries_published_meanwhile_make_no_draft(
    town: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal, solve = asked(town, now), proposing.solve

    def meanwhile(land: Any, wish: Any) -> Any:
        Boundary.objects.get(area=town.grid("002011003")).delete()
        return solve(land, wish)

    monkeypatch.setattr(proposing, "solve", meanwhile)
    assert not computed(proposal, now)
    assert (ended(proposal).state, proposal.problem["reason"], drafts()) == ("failed", "boundaries_changed", 0)
    assert (proposal.after, proposal.division) == (None, None)


def merged_for_later(town: World, now: datetime) -> None:
    """The third grid is to go over into the second in four days."""
    draft = edited(town, draft_of(town, now), edits.Merge((SECOND, THIRD)), now)
    published(town, draft, now, at=now + timedelta(days=4))


def test_a_publish_for_later_made_meanwhile_makes_no_draft(
    town: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal, solve = asked(town, now), proposing.solve

    def meanwhile(land: Any, wish: Any) -> Any:
        merged_for_later(town, now)
        return solve(land, wish)

    monkeypatch.setattr(proposing, "solve", meanwhile)
    assert not computed(proposal, now)
    assert (ended(proposal).state, proposal.problem["reason"], drafts()) == ("failed", "boundaries_changed", 0)


def test_a_proposal_begins_from_what_is_published_for_later(town: World, now: datetime) -> None:
    """A grid that is to be closed gives its code to no outline, and the draft is published behind the other one."""
    merged_for_later(town, now)
    proposal = asked(town, now)
    assert computed(proposal, now)
    draft = ended(proposal).division
    assert draft is not None
    assert THIRD not in set(DraftOutline.objects.filter(division=draft).values_list("code", flat=True))
    with pytest.raises(BadMoment):
        published(town, draft, now, at=now + timedelta(days=3))
    assert published(town, draft, now, at=now + timedelta(days=5)).state == "published"


def test_one_proposal_for_an_area_at_a_time(town: World, now: datetime) -> None:
    first = asked(town, now)
    with pytest.raises(ProposalUnderWay) as caught:
        asked(town, now, who="district")
    assert caught.value.facts == {"proposal_id": str(first.pk)}
    assert computed(first, now)
    second = asked(town, now)
    assert computed(second, now)
    assert drafts() == 2


def test_only_a_waiting_request_is_cancelled(town: World, now: datetime) -> None:
    actor = town.actor("street:002")
    proposal = asked(town, now)
    for _ in range(2):
        assert proposals.cancel(actor=actor, proposal_id=proposal.pk, now=now).state == "cancelled"
    assert not computed(proposal, now)
    begun = asked(town, now)
    assert proposals._claim(begun.pk, now) is not None
    with pytest.raises(ProposalBegun) as caught:
        proposals.cancel(actor=actor, proposal_id=begun.pk, now=now)
    assert caught.value.facts == {"state": "running"}
    assert ended(begun).state == "running"


@pytest.mark.parametrize(
    ("wish", "field", "reason"),
    [
        (ProposalWish(grids=1576), "grids", "too_few_homes"),
        (ProposalWish(households=1600), "households", "too_few_homes"),
        (ProposalWish(grids=6000), "grids", "bad_grids"),
    ],
)
def test_what_cannot_be_is_refused_by_field(
    town: World, now: datetime, wish: ProposalWish, field: str, reason: str
) -> None:
    with pytest.raises(CannotPropose) as caught:
        asked(town, now, wish)
    assert (caught.value.facts["field"], caught.value.facts["reason"]) == (field, reason)
    assert not Proposal.objects.exists()


def test_homes_in_dedicated_grids_do_not_count(town: World, now: datetime) -> None:
    Boundary.objects.filter(area__path__startswith=town.areas[COMMUNITY].path, area__level="grid").update(
        kind="dedicated"
    )
    with pytest.raises(CannotPropose) as caught:
        asked(town, now)
    assert (caught.value.facts["field"], caught.value.facts["reason"]) == ("area", "no_homes")
    assert computed(asked(town, now, ProposalWish(grids=5, keeps_dedicated=False)), now)


def test_every_community_of_a_street_needs_a_grid(town: World, now: datetime) -> None:
    with pytest.raises(CannotPropose) as caught:
        proposals.ask(actor=town.actor("street:002"), area_code=STREET, wish=ProposalWish(grids=1), name="x", now=now)
    assert caught.value.facts == {"field": "grids", "reason": "too_few_grids", "least": 2}


def test_land_without_streets_is_refused_at_once(world: World, now: datetime) -> None:
    with pytest.raises(CannotPropose) as caught:
        asked(world, now)
    assert (caught.value.facts["field"], caught.value.facts["reason"]) == ("area", "no_streets")


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("community:002012", AreaNotFound), ("street:003", AreaNotFound), ("worker:002011001", MayNotDivide)],
)
def test_only_the_land_s_own_office_asks(town: World, now: datetime, who: str, refusal: type[DomainError]) -> None:
    with pytest.raises(refusal):
        asked(town, now, who=who)
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("who", ["community:002012", "street:003"])
def test_others_see_no_request_and_cancel_none(town: World, now: datetime, who: str) -> None:
    proposal, actor = asked(town, now), town.actor(who)
    assert known.latest_proposals(actor, area_code="") == []
    with pytest.raises(ProposalNotFound):
        known.proposal(actor, proposal.pk)
    with pytest.raises(ProposalNotFound):
        proposals.cancel(actor=actor, proposal_id=proposal.pk, now=now)
    assert known.latest_proposals(town.actor("community:002011"), area_code=COMMUNITY) == [proposal]
    assert known.latest_proposals(town.actor("street:002"), area_code=BESIDE) == []


def at_once(*acts: Callable[[], object]) -> list[object]:
    """All acts behind one barrier, each with a connection of its own; refusals by their code."""
    barrier, results = threading.Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=10)
            results.append(act())
        except DomainError as error:
            results.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_draft(now: datetime) -> None:
    town = make_world(now)
    lay_blocks()
    proposal = asked(town, now)
    results = at_once(*[lambda: computed(proposal, now)] * 3)
    assert sorted(results, key=str) == [False, False, True]
    assert (ended(proposal).attempts, drafts()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_ask_once(now: datetime) -> None:
    town = make_world(now)
    lay_blocks()
    results = at_once(*[lambda: asked(town, now).state] * 3)
    assert sorted(map(str, results)) == ["proposal_under_way", "proposal_under_way", "queued"]
    assert Proposal.objects.count() == 1
